"""What checks the built site finds links that lead nowhere; the site itself is built by `make site`."""

from docs_scripts import loaded


def test_dead_links_are_found_and_live_ones_are_not(tmp_path):
    script = loaded("check_site")
    (tmp_path / "a.html").write_text('<p id="top"><a href="b.html#here">b</a> <a href="#top">up</a></p>')
    (tmp_path / "b.html").write_text('<p id="here"><img src="a.png"> <a href="a.html#no">a</a></p>')
    (tmp_path / "c.html").write_text(
        '<a href="https://example.org/none">elsewhere</a> <a href="b.html?v=1">b</a>'
    )
    found = [line.rpartition("/")[2] for line in script.dead(script.pages(tmp_path))]
    assert found == ["b.html -> a.html#no", "b.html -> a.png"]
    (tmp_path / "a.png").write_bytes(b"")
    assert len(script.dead(script.pages(tmp_path))) == 1

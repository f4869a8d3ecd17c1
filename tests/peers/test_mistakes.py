"""What the page of errors says of PyTorch is what PyTorch says."""

import json

from docs_scripts import loaded


def test_pytorch_says_what_the_page_says(monkeypatch, tmp_path):
    script = loaded("make_errors")
    written = json.loads(script.THEIRS.read_text(encoding="utf-8"))
    monkeypatch.setattr(script, "THEIRS", tmp_path / "theirs.json")
    script.write_theirs()
    found = json.loads(script.THEIRS.read_text(encoding="utf-8"))
    assert found == written

"""What checks the built site finds what is wrong with it; the site itself is built by `make site`."""

import importlib
import types

import pytest
from docs_scripts import DOCS, loaded


@pytest.fixture(scope="module")
def api():
    return loaded("make_api")


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


@pytest.mark.slow  # it imports all of PyTorch's names
def test_every_package_that_lists_public_names_is_on_a_page_or_its_names_are(api):
    pages = {part for _, part, _ in api.public()}
    shown = {id(getattr(api.thing(part), name)) for _, part, name in api.public()}
    left = {}
    for folder in ("tinygrad_cnn", "viz"):
        for file in sorted((DOCS.parent / folder).rglob("__init__.py")):
            package = ".".join(file.relative_to(DOCS.parent).parent.parts)
            if "\n__all__" not in file.read_text(encoding="utf-8") or package in pages:
                continue
            module = importlib.import_module(package)
            values = {name: getattr(module, name) for name in module.__all__}
            left |= {
                f"{package}.{name}": value
                for name, value in values.items()
                if id(value) not in shown and not isinstance(value, types.ModuleType)
            }
    assert {"tinygrad_cnn.devices", "tinygrad_cnn.array_api", "tinygrad_cnn.torch.nn"} <= pages
    assert not left, "put the package into PACKAGES or TABLES of docs/make_api.py"


def test_a_name_that_has_no_docstring_of_its_own_on_a_page_is_written_there(api):
    shown = {}
    first, second = (api.page(f"tinygrad_cnn.{name}", shown) for name in ("graph", "devices"))
    assert '<span id="tinygrad_cnn.graph.OUT"></span>`OUT`: ' in first
    assert '<span id="tinygrad_cnn.devices.CUDA_MEMORY"></span>`CUDA_MEMORY`: `2`' in second
    table = api.table_page("tinygrad_cnn.torch", (".optim",), shown)
    assert '| <span id="tinygrad_cnn.torch.optim.SGD"></span>`SGD` | ' in table
    assert table.count("\n| <span") == len(api.names_of(api.thing("tinygrad_cnn.torch.optim")))


@pytest.mark.slow
def test_public_names_that_a_page_lacks_are_found(tmp_path):
    script = loaded("check_site")
    (tmp_path / "api").mkdir()
    page = tmp_path / "api" / "tinygrad_cnn.transforms.html"
    page.write_text("".join(f'<p id="tinygrad_cnn.transforms.{name}">' for name in ("vjp", "jvp", "hvp")))
    lacking = script.nameless(script.pages(tmp_path), tmp_path)
    here = [line for line in lacking if line.startswith("tinygrad_cnn.transforms:")]
    assert [line.rpartition(".")[2] for line in here] == ["hessian", "jacobian"]
    assert len(lacking) > 2000

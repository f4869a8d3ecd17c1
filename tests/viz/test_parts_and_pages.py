"""Notes, colours, parts, pages and formats of pictures, and what flows back along arrows."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

import viz
from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError
from viz.page_sizes import page_size
from viz.write.arrangement import as_u, in_columns

needs_engine = pytest.mark.skipif(viz.engine() is None, reason="no layout engine installed")


def chain(count: int) -> Tensor:
    y = Tensor([1.0, 2.0], requires_grad=True, name="x")
    for k in range(count):
        y = [F.tanh, F.sigmoid, F.softplus, F.relu][k % 4](y) if k % 5 else y * (k + 2)
    return y


# --------------------------------------------------------------------------- the caller's words
def test_notes_and_colours_of_ones_own() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    y = (x * 2).tanh().sum()
    picture = viz.graph(
        y,
        note=lambda node: f"serial {'even' if node.op is None else 'odd'}" if node.op is None else 0.2513,
        color=lambda node: "#ff0000" if node.op is None else len(node.parents),
    )
    assert "serial even" in picture.source and picture.source.count("0.2513") == 3
    assert 'fillcolor="#ff0000"' in picture.source and "0.2513" in str(picture)
    assert "serial even" not in viz.graph(y, note=lambda n: "serial even", hide="notes").source


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"note": lambda n: []}, DTypeError), ({"color": lambda n: "red"}, ArgumentError),
        ({"color": lambda n: ()}, DTypeError), ({"hide": "everything"}, ArgumentError),
        ({"page": "a99"}, ArgumentError), ({"page": (0, 3)}, ArgumentError),
        ({"between": "x"}, ArgumentError), ({"between": ("nobody", None)}, ArgumentError),
        ({"between": (3, None)}, DTypeError), ({"form": "bmp"}, TypeError),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(options: dict, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        viz.graph(chain(3), **options)


def test_what_is_hidden_is_not_there() -> None:
    net = nn.Sequential(nn.Linear(2, 3, rng=0), nn.ReLU())
    whole = viz.graph(net, inputs=np.ones((4, 2), "f")).source
    bare = viz.graph(net, inputs=np.ones((4, 2), "f"), hide=["shapes", "parameters", "dtypes"]).source
    assert "4×2" in whole and "weight 3×2" in whole and "float32" in whole
    assert not re.search("4×2|weight|float32", bare)


def test_a_part_between_two_places() -> None:
    net = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Sequential(nn.Linear(3, 3, rng=1), nn.ReLU()), nn.Tanh())
    x = np.ones((4, 2), "f")
    part = viz.graph(net, inputs=x, between=("1", "1"))
    assert [box.name for box in part.model.boxes] == ["from Linear", "Linear", "ReLU"]
    assert "2 operations of 4" in part.summary
    same = viz.graph(net, inputs=x, between=(net[1], net[1]))
    assert str(same) == str(part)
    assert viz.graph(net, inputs=x, between=(None, net[0])).model.operations == 1
    a = Tensor([1.0], requires_grad=True, name="a")
    b = a.tanh()
    b.name = "b"
    later = viz.graph(b.exp().sum(), between=(b, None)).model
    assert [box.name for box in later.boxes] == ["a", "Tanh", "Exp", "Sum"]


# --------------------------------------------------------------------------- formats
@needs_engine
@pytest.mark.parametrize(
    ("form", "start"),
    [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("eps", b"%!PS"), ("jpg", b"\xff\xd8"),
     ("webp", b"RIFF"), ("mmd", b"flowchart"), ("json", b"{"), ("txt", b"result"), ("dot", b"digraph")],
)  # fmt: skip
def test_every_format_goes_to_files_and_to_objects(form: str, start: bytes, tmp_path: Path) -> None:
    if form in ("jpg", "webp"):
        pytest.importorskip("PIL", reason="Pillow is not installed, which makes them")
    y = Tensor([1.0], requires_grad=True) * 2
    path = viz.render(y, tmp_path / f"a.{form}")
    buffer = BytesIO()
    assert viz.render(y, buffer, form=form) is buffer
    assert buffer.getvalue() == path.read_bytes() and start in path.read_bytes()[:16]
    other = viz.render(y, tmp_path / "picture.tmp", form=form)
    assert other.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("target", [None, 3, b"a.png"])
def test_a_target_that_is_none_is_refused_by_name(target: object) -> None:
    with pytest.raises(DTypeError, match=r"viz\.render: a path fits"):
        viz.render(Tensor(1.0), target)
    with pytest.raises(ArgumentError, match="dpi is 'big'"):
        viz.render(Tensor(1.0), "a.png", dpi="big")
    with pytest.raises(ArgumentError, match="form is None"):
        viz.render(Tensor(1.0), BytesIO())


def test_json_holds_all_boxes_and_edges() -> None:
    picture = viz.graph(chain(9))
    data = json.loads(picture.drawn("json"))
    assert len(data["boxes"]) == len(picture.model.boxes) and len(data["edges"]) == len(picture.model.edges)


def test_mermaid_closes_its_subgraphs_and_quotes_names() -> None:
    net = nn.Sequential(
        nn.Sequential(nn.Linear(2, 2, rng=0), nn.ReLU()), nn.Sequential(nn.Tanh(), nn.Tanh())
    )
    x = Tensor(np.ones((1, 2), "f"), name='a "b" <c> `d`')
    text = viz.graph(net(x)).drawn("mmd").decode()
    assert text.count("subgraph ") == len(re.findall(r"^\s*end$", text, re.M)) == 2
    assert not re.search('["<>`]', re.findall(r'n0\["(.*)"\]', text)[0])


@needs_engine
def test_beyond_the_engines_limit_is_an_error_with_words(tmp_path: Path) -> None:
    with pytest.raises(viz.DrawingError, match=r"max_nodes=, or page="):
        viz.render(chain(400), tmp_path / "a.png", fold=False, max_nodes=None, dpi=1200)
    assert not (tmp_path / "a.png").exists()


# --------------------------------------------------------------------------- pages
def test_columns_hold_every_box_and_are_cut_in_order() -> None:
    model = viz.graph(chain(30), fold=False).model
    arrangement = in_columns(model, 3)
    assert set(arrangement.columns) == {box.id for box in model.boxes}
    order = [arrangement.columns[box.id] for box in model.boxes if not box.is_leaf]
    assert order == sorted(order) and set(order) == {0, 1, 2}


@needs_engine
@pytest.mark.parametrize("page", ["a4", "16:9", (9, 6)])
def test_a_picture_for_a_page_fits_it_and_is_read(page: object) -> None:
    svg = viz.graph(chain(24), fold=False, page=page).drawn("svg").decode()
    width, height = (
        float(size) / 72 for size in re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg).groups()
    )
    size = page_size(page)
    assert width <= size[0] + 0.02 and height <= size[1] + 0.02
    scale = re.search(r"scale\(([\d.]+)", svg)
    assert scale is None or float(scale[1]) >= 0.6


class UNet(nn.Module):
    def __init__(self) -> None:
        self.a, self.b = nn.Conv2d(1, 2, 3, padding=1, rng=0), nn.Conv2d(2, 4, 3, padding=1, rng=0)
        self.c, self.d = nn.Conv2d(4, 4, 3, padding=1, rng=0), nn.Conv2d(8, 4, 3, padding=1, rng=0)
        self.e = nn.Conv2d(6, 2, 3, padding=1, rng=0)

    def forward(self, x: Tensor) -> Tensor:
        a = self.a(x)
        b = self.b(F.max_pool2d(a, 2))
        c = self.c(F.max_pool2d(b, 2))
        d = self.d(F.concatenate([b, F.interpolate(c, scale_factor=2)], axis=1))
        return self.e(F.concatenate([a, F.interpolate(d, scale_factor=2)], axis=1))


def test_a_u_net_is_a_u_and_a_residual_network_is_not() -> None:
    picture = viz.graph(UNet(), inputs=np.ones((1, 1, 8, 8), "f"))
    u = as_u(picture.model)
    names = {box.id: box.name for box in picture.model.boxes}
    assert u.is_u and [names[k] for k in sorted(u.rising)].count("Concatenate") == 2
    assert "dir=back" in picture.source and "dir=back" not in viz.graph(UNet(), inputs=np.ones(
        (1, 1, 8, 8), "f"), direction="down").source  # fmt: skip
    y = Tensor(np.ones((1, 2, 4, 4)), requires_grad=True)
    for _ in range(4):
        y = y + F.tanh(y * 2)
    assert not as_u(viz.graph(y, fold=False).model).is_u


# --------------------------------------------------------------------------- backward
def test_what_flows_back_stands_at_the_arrows_and_the_total_at_the_leaf() -> None:
    x = Tensor(np.full(20, 2.0), requires_grad=True, name="x")
    t = Tensor(np.ones(20), name="t")
    with viz.record() as recorder:
        y = (x * x + x * t).sum()
        y.backward()
    text = viz.graph(y, recorder=recorder).source
    edges = [line for line in text.splitlines() if " -> " in line]
    assert sum("∂&#160;" in line for line in edges) == 6  # three of x, two of Add, one of Sum
    assert not any("∂" in line for line in edges if line.strip().startswith("n1 "))  # none to t
    assert "total |∂y| 22" in text
    assert "∂" not in viz.graph(y, recorder=recorder, gradients=False).source


def test_two_walks_are_told_apart_from_one() -> None:
    x = Tensor(np.ones(20), requires_grad=True, name="x")
    with viz.record() as recorder:
        y = (x * 2).sum()
        y.backward(retain_graph=True)
        once = viz.graph(y, recorder=recorder).source
        y.backward()
    twice = viz.graph(y, recorder=recorder).source
    assert "of the last of 2 walks back" in twice and "walks back" not in once


def test_kept_arrays_are_named() -> None:
    x = Tensor(np.ones(256), requires_grad=True, name="x")
    y = F.tanh(x * 2) * F.exp(x)
    text = str(viz.graph(y.sum(), memory=True))
    assert "2 KiB kept: result" in text


@needs_engine
def test_a_written_file_shows_itself_in_a_notebook(tmp_path: Path) -> None:
    pytest.importorskip("PIL", reason="Pillow is not installed, which makes the animation")
    x = Tensor(3.0, requires_grad=True, name="x")
    kinds = {"a.png": "image/png", "a.svg": "image/svg+xml", "a.html": "text/html", "a.dot": "text/plain"}
    for name, kind in kinds.items():
        assert kind in viz.render(x * x, tmp_path / name)._repr_mimebundle_()
    for name, kind in {"b.gif": "image/gif", "b.html": "text/html"}.items():
        assert kind in viz.animate(x * x, tmp_path / name)._repr_mimebundle_()
    gone = viz.render(x * x, tmp_path / "c.png")
    gone.unlink()
    assert list(gone._repr_mimebundle_()) == ["text/plain"]

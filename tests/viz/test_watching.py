"""`viz.watch`: healthy runs say nothing, each sickness is named where it is and since when."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import viz
from tinygrad_cnn import Tensor, manual_seed, nn, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.train import Trainer

X = np.random.default_rng(0).standard_normal((32, 8), dtype=np.float32)
T = np.random.default_rng(1).integers(3, size=32)


def net(act: type[nn.Module] = nn.ReLU, depth: int = 2) -> nn.Sequential:
    layers: list[nn.Module] = []
    for k in range(depth):
        layers += [nn.Linear(8, 8, rng=k), act()]
    return nn.Sequential(*layers, nn.Linear(8, 3, rng=9))


def watched(model: nn.Module, lr: float = 0.1, steps: int = 8, **options: int) -> viz.Watch:
    optimizer, seen = optim.SGD(model.parameters(), lr=lr), viz.watch(model, **options)
    with np.errstate(all="ignore"):
        for _ in range(steps):
            with seen:
                loss = F.cross_entropy(model(Tensor(X)), T)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return seen


def test_a_healthy_run_has_nothing_to_report_and_a_series_for_each_layer() -> None:
    seen = watched(net(), every=2)
    assert seen.findings == [] and seen.steps == [1, 3, 5, 7]
    assert [layer.name for layer in seen.layers] == ["0", "0 → ReLU", "2", "2 → ReLU", "4"]
    first = seen.layers[0]
    model = net()
    F.cross_entropy(model(Tensor(X)), T).backward()
    norm = np.sqrt(sum(np.sum(np.square(p.grad.numpy())) for p in model[0].parameters()))
    assert first.gradient[0] == pytest.approx(norm, rel=1e-4)
    size = np.sqrt(sum(np.sum(np.square(p.numpy())) for p in model[0].parameters()))
    assert first.update[0] == pytest.approx(0.1 * norm / size, rel=1e-3)
    assert first.activation[0] == pytest.approx(
        np.sqrt(np.mean(np.square(model[0](Tensor(X)).numpy()))), rel=1e-4
    )  # fmt: skip
    assert seen.losses[0] > seen.losses[-1]


def test_sicknesses_are_named_where_they_are() -> None:
    dead = net()
    dead[2].bias.data = np.full(8, -50.0, np.float32)
    assert any(text.startswith("2 → ReLU: 100 % of the units dead") for text in watched(dead).findings)
    assert any("vanishes" in text and text[0] == "0" for text in watched(net(nn.Sigmoid, 12)).findings)
    broken = net()
    broken[2].weight.data[0, 0] = np.nan
    assert watched(broken).findings[0] == "step 1: 2 gives NaN or infinity first"
    wild = watched(net(nn.Tanh), lr=1e3, steps=3).findings
    assert any("updates of more than half of its weights" in text for text in wild)


def test_a_layer_without_a_gradient_is_named() -> None:
    model = net()
    model.aux = nn.Linear(2, 2, rng=0)
    model.forward = lambda x: nn.Sequential(*list(model)[:5])(x)
    assert watched(model).findings == ["aux: its parameters get no gradient: unused, or cut off"]


def test_as_a_callback_it_sees_what_the_block_sees() -> None:
    manual_seed(0)
    seen = viz.watch(model := net())
    trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1), callbacks=[seen])
    trainer.fit(X, T, epochs=3, batch_size=16)
    assert len(seen.steps) == 6 and seen.findings == []
    assert all(np.isfinite(seen.layers[0].gradient))


@pytest.mark.parametrize("suffix", ["png", "html"])
def test_the_run_as_a_picture_and_as_a_page(suffix: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="Matplotlib is not installed")
    seen = watched(net(), steps=3)
    path = seen.render(tmp_path / f"run.{suffix}")
    assert path.stat().st_size > 2000
    if suffix == "html":
        text = path.read_text("utf-8")
        assert text == seen.render(tmp_path / "again.html").read_text("utf-8")
        assert text.count("<tr>") == 1 + 5 and "Nothing to report" in text and "<script" not in text


@pytest.mark.parametrize("depth", [0, 1, 6])
def test_labels_of_a_colour_bar_do_not_overlap(depth: int) -> None:
    made = watched(net(depth=depth), lr=0.5, steps=4).figure()
    made.canvas.draw()
    bars = [bar for one in made.axes for bar in one.child_axes]
    assert len(bars) >= 4
    for bar in bars:
        texts = [text for text in bar.get_yticklabels() if text.get_text()]
        boxes = sorted((text.get_window_extent() for text in texts), key=lambda box: box.y0)
        assert len(boxes) >= 2
        assert all(low.y1 <= high.y0 for low, high in pairwise(boxes))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(DTypeError, match=r"viz\.watch: model is a int"):
        viz.watch(3)
    with pytest.raises(ArgumentError, match="every is 0"):
        viz.watch(net(), every=0)
    with pytest.raises(ArgumentError, match="no step was noted"):
        viz.watch(net()).render("a.html")

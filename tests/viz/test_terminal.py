"""Text drawings, what notebooks get, and the command line."""

from __future__ import annotations

import inspect
import io
import os
import re
import subprocess
import sys
from base64 import b64decode
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import viz
from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.graph import scope
from viz.__main__ import main
from viz.output import engines
from viz.write import terminal as text

ROOT = Path(__file__).parents[2]
needs_engine = pytest.mark.skipif(viz.engine() is None, reason="no layout engine installed")


def residual(backward: bool = False) -> Tensor:
    x = Tensor(np.ones((2, 3), np.float32), requires_grad=True, name="x")
    with scope("body"):
        with scope("left"):
            left = F.relu(x * 2)
        with scope("right"):
            right = F.tanh(x + 1) * np.ones((2, 3), np.float32)
        y = left + right
    loss = F.sum(y)
    loss.name = "loss"
    if backward:
        loss.backward(retain_graph=True)
    return loss


# --------------------------------------------------------------------------- text
def test_the_drawing_of_branches_in_modules() -> None:
    assert (
        str(viz.graph(residual()))
        == """\
loss · 7 operations

0  x  input float32  requires grad  2×3
   body
   │ body.left
1  │ │ Mul  × 2                     2×3  <- 0
2  │ │ ReLU                         2×3  <- 1
   │ body.right
3  │ │ Add  + 1                     2×3  <- 0
4  │ │ Tanh                         2×3  <- 3
5  constant float32                 2×3
6  │ │ Mul                          2×3  <- 4, 5
7  │ Add                            2×3  <- 2, 6
8  Sum  axis 0, 1                        <- 7
   = loss  17.78                         <- 8"""
    )


def test_parameters_gradients_figures_and_repeats() -> None:
    layers = [layer for _ in range(4) for layer in (nn.Linear(5, 5, rng=0), nn.ReLU())]
    model = nn.Sequential(*layers)
    options = {"max_nodes": 6, "flops": True, "statistics": True}
    drawn = str(viz.graph(model, inputs=np.ones((2, 5), np.float32), **options))
    assert "Linear → ReLU  ×4" in drawn and "weight 5×5 · bias 5 · 4 × 30   200 multiply-adds" in drawn
    assert [line[:5] for line in drawn.splitlines()[2:]] == ["0  x ", "   va", "1  Li", "   = ", "   va"]
    loss = F.cross_entropy(nn.Linear(5, 3, rng=0)(np.ones((2, 5), np.float32)), np.array([0, 1]))
    assert "gradients: not computed; call backward() first" in str(viz.graph(loss, gradients=True))
    loss.backward(retain_graph=True)
    assert "weight 3×5 · bias 3 · 18   |∂w| " in str(viz.graph(loss))
    assert "|∂" not in str(viz.graph(loss, gradients=False))


def test_values_and_gradients_of_a_textbook_drawing() -> None:
    with viz.record() as recorder:
        pay = Tensor(100.0, requires_grad=True, name="price") * Tensor(1.1, requires_grad=True, name="tax")
        pay.backward()
    lines = str(viz.graph(pay, recorder=recorder, title="")).splitlines()
    assert lines[:4] == ["0  price  input float32  requires grad", "   value 100   gradient 1.1",
                         "1  tax  input float32  requires grad", "   value 1.1   gradient 100"]  # fmt: skip


def test_many_operands_and_a_tensor_alone() -> None:
    parts = [Tensor([1.0], requires_grad=True) for _ in range(9)]
    assert "<- 0, 1, 2, 3, 4, 5, 3 more" in str(viz.graph(F.concatenate(parts)))
    assert str(viz.graph(Tensor(2.5))).endswith("\n0  2.5  input float32")
    assert str(viz.graph(Tensor([1.0, 2.0], name="x"))).endswith("\n0  x  input float32  2")


@given(st.lists(st.text(), min_size=2, max_size=2), st.text())
def test_names_stay_in_their_line_and_are_not_obeyed(names: list[str], path: str) -> None:
    path = path.replace(".", "")
    x = Tensor([1.0], requires_grad=True, name=names[0])
    with scope(path):
        y = (x * 2).tanh()
    y.name = names[1]
    drawn = str(viz.graph(y, title="title"))
    assert all(line.isprintable() for line in drawn.split("\n"))
    assert len(drawn.split("\n")) == 6 + (path != "")  # title, gap, three boxes, result, module
    drawn.encode("utf-8")


def test_wide_characters_keep_the_columns() -> None:
    x = Tensor([1.0], requires_grad=True, name="重み")
    lines = str(viz.graph(x * 2, title="")).splitlines()
    assert lines[0] == "0  重み  input float32  requires grad  1" and lines[1].startswith("1  Mul  × 2")
    assert text.width(lines[0]) == len(lines[1].partition("  <-")[0])


@pytest.mark.slow
def test_ten_thousand_boxes() -> None:
    y = Tensor([1.0], requires_grad=True)
    for _ in range(10_000):
        y = y.tanh()
    assert str(viz.graph(y, max_nodes=None, fold=False)).count("\n") == 10_003


def test_a_text_file_needs_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "engine", lambda: None)
    file = viz.render(residual(), tmp_path / "a.TXT")
    assert file.read_text(encoding="utf-8") == f"{viz.graph(residual())}\n"


# --------------------------------------------------------------------------- notebooks
@needs_engine
def test_a_notebook_gets_what_it_asks_for() -> None:
    picture = viz.graph(residual())
    assert set(picture._repr_mimebundle_()) == {"image/png", "image/svg+xml", "text/plain"}
    assert picture._repr_mimebundle_(include={"text/plain"}) == {"text/plain": str(picture)}
    assert list(picture._repr_mimebundle_(exclude=["text/plain"])) == ["image/png", "image/svg+xml"]
    svg = picture._repr_mimebundle_(None, None)["image/svg+xml"]
    assert re.search(r'<svg width="[\d.]+pt" height="[\d.]+pt" style="max-width: 100%; height: auto"', svg)
    assert b64decode(picture._repr_mimebundle_()["image/png"])[:4] == b"\x89PNG"


def test_a_notebook_without_an_engine_gets_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "engine", lambda: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    bundle = viz.graph(residual())._repr_mimebundle_()
    assert list(bundle) == ["text/plain"] and "│ body.left" in bundle["text/plain"]
    assert "tinygrad-cnn[draw]" in bundle["text/plain"]


# --------------------------------------------------------------------------- command line
SCRIPT = """
import sys
import numpy as np
from tinygrad_cnn import Tensor, nn
print("the script speaks", __name__, sys.argv[1:])
x = Tensor(3.0, requires_grad=True, name="x")
loss = (x * x).tanh()
loss.name = "loss"
loss.backward(retain_graph=True)
model = nn.Sequential(nn.Conv2d(1, 2, 3, rng=0), nn.ReLU())
words = nn.Embedding(10, 4, rng=0)
both = [loss, x * 2]
seen = model(Tensor(np.ones((1, 1, 4, 4), "float32")))
number = 3

def share(node):
    return 0.5 if node.op is not None else None
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def process(*words: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, as a user runs it."""
    return subprocess.run(
        [sys.executable, "-m", "viz", *words], capture_output=True, text=True, encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}, timeout=120,
    )  # fmt: skip


def call(*words: str) -> subprocess.CompletedProcess[str]:
    """The same in this process, which takes a hundredth of the time."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code: Any = main(list(words))
        except SystemExit as error:
            code = error.code
    return subprocess.CompletedProcess(list(words), code, out.getvalue(), err.getvalue())


def test_without_a_file_the_text_is_printed(script: Path) -> None:
    done = process(f"{script}:loss", "--title", "My net")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("the script speaks __main__ []\nMy net\n")
    assert "Tanh" in done.stdout and "= loss  1" in done.stdout and "gradient" in done.stdout


def test_a_dash_gives_dot_and_nothing_else(script: Path) -> None:
    done = call(f"{script}:loss", "-o", "-", "--direction", "down")
    assert done.returncode == 0 and done.stdout.startswith("digraph {") and "rankdir=TB" in done.stdout
    assert "the script speaks" in done.stderr


@needs_engine
def test_files_of_each_kind(script: Path, tmp_path: Path) -> None:
    done = call(f"{script}:model", "--input", "1,1,8,8", "-o", str(tmp_path / "a.svg"), "--keep-dot")
    assert done.returncode == 0 and done.stderr.endswith(f"{tmp_path / 'a.svg'}\n")
    assert "<svg" in (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "Sequential" in (tmp_path / "a.dot").read_text(encoding="utf-8")
    assert call(f"{script}:both", "-o", str(tmp_path / "b.html"), "--depth", "0").returncode == 0
    assert "net.py:7" in (tmp_path / "b.html").read_text(encoding="utf-8")
    words = call(
        f"{script}:words", "--input", "2,3:int64", "--max-nodes", "0", "-o", str(tmp_path / "w.txt")
    )
    assert words.returncode == 0 and "2×3×4" in (tmp_path / "w.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(("words", "says"), [
    (["{script}:nothing"], "net.py has loss, model, seen, words, x"),
    (["{script}:number"], "is a int, no Tensor or Module"),
    (["{script}:model"], "give --input"),
    (["{script}:loss", "--input", "1"], "--input is for a Module"),
    (["{script}"], "which Tensor or Module?"),
    (["nowhere.py:loss"], "there is no file nowhere.py"),
    (["model.safetensors"], "there is no file model.safetensors"),
    (["model.npz:net"], "is not a script"),
    (["{script}:model", "--input", "a,b"], "is not a shape"),
    (["{script}:loss", "--max-nodes", "1"], "max_nodes is 1"),
    (["{script}:loss", "--depth", "-1"], "depth is -1"),
    (["{script}:loss", "--direction", "up"], "invalid choice"),
    (["{script}:loss", "--keep-dot"], "give -o FILE"),
    (["{script}:loss", "-o", "{folder}/a.bmp"], "ends in '.bmp'"),
    (["{script}:loss", "--note", "number"], "has no function of that name"),
    (["{script}:loss", "--names", "net=loss"], "has no Module loss"),
    ([], "required"),
])  # fmt: skip
def test_a_wrong_command_line_ends_with_2(script: Path, words: list[str], says: str) -> None:
    done = call(*(word.format(script=script, folder=script.parent) for word in words))
    assert done.returncode == 2 and says in done.stderr
    assert sorted(file.name for file in script.parent.iterdir() if file.is_file()) == ["net.py"]


def test_a_script_that_exits_is_drawn_and_every_option_is_there(script: Path, tmp_path: Path) -> None:
    ended = script.with_name("ends.py")
    ended.write_text(f"import sys\n{script.read_text()}\nif __name__ == '__main__':\n    sys.exit(0)\n")
    flags = ["--values", "--statistics", "--memory", "--flops", "--times", "--legend"]
    done = call(f"{ended}:loss", *flags, "--gradients", "norms", "--fold", "yes")
    assert done.returncode == 0 and "multiply-adds" in done.stdout and " ms forward" in done.stdout
    ended.write_text(ended.read_text().replace("sys.exit(0)", "sys.exit('no')"))
    assert call(f"{ended}:loss").returncode == 1


def test_the_command_line_has_every_option_of_the_functions(script: Path) -> None:
    told = call("--help").stdout
    own = {"thing", "path", "recorder", "options"}  # the first words, -o, and what is always recorded
    words = {"inputs": "input", "max_nodes": "max-nodes"}
    for function in (viz.graph, viz.render):
        for name in inspect.signature(function).parameters:
            assert name in own or f"--{words.get(name, name)}" in told, name
    done = call(f"{script}:loss", "--note", "share", "--color", "share", "-o", "-")
    assert done.returncode == 0 and "#8acb83" in done.stdout and "0.5" in done.stdout
    named = call(f"{script}:seen", "--names", "network=model", "-o", "-")
    assert named.returncode == 0 and "network.0" in named.stdout


def test_a_script_or_a_drawing_that_fails_ends_with_1(script: Path, tmp_path: Path) -> None:
    done = call(f"{script}:loss", "-o", str(tmp_path / "nowhere" / "a.png"))
    assert done.returncode == 1 and "does not exist" in done.stderr and "speaks" not in done.stdout
    done = call(f"{script}:model", "--input", "1,3,8,8")
    assert done.returncode == 1 and "channels" in done.stderr and "Traceback" not in done.stderr
    broken = tmp_path / "broken.py"
    broken.write_text("loss = 1 / 0\n", encoding="utf-8")
    done = call(f"{broken}:loss")
    assert done.returncode == 1 and 'broken.py", line 1' in done.stderr
    assert done.stderr.endswith(f"{broken} ended with ZeroDivisionError: division by zero\n")


def test_a_script_finds_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "layers.py").write_text(
        "from tinygrad_cnn import Tensor\nx = Tensor(2.0)\n", encoding="utf-8"
    )
    (tmp_path / "main.py").write_text("from layers import x\ny = x\n", encoding="utf-8")
    done = process(f"{tmp_path / 'main.py'}:y")
    assert done.returncode == 0 and "0  2  input float32" in done.stdout


def test_help_names_the_kinds_of_files() -> None:
    done = call("--help")
    assert done.returncode == 0 and ".html" in done.stdout and "--keep-dot" in done.stdout

"""Who imports whom: read from the syntax trees, and seen in fresh processes."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import tinygrad_cnn

ROOT = Path(tinygrad_cnn.__file__).parent.parent

#: Each part of the package, and the parts that it may import. `testing` may import all of them.
MAY_IMPORT: dict[str, str] = {
    "errors": "signal_handlers",
    "switches": "errors",
    "devices": "errors",
    "__main__": "errors kernels",
    "restoring": "",
    "signal_handlers": "",
    "steady_threads": "",
    "rng": "errors restoring",
    "half_precision": "",
    "hints": "",
    "other_names": "",
    "graph": "errors devices restoring half_precision",
    "mode": "errors switches graph",
    "anomaly": "errors switches graph",
    "grid": "errors devices",
    "kernels": "errors devices switches restoring grid",
    "ops": "errors devices half_precision graph grid kernels",
    "functional": "errors devices switches hints half_precision graph grid rng ops",
    "tune": "errors grid kernels serial",
    "warm": "errors kernels",
    "backward": "errors devices half_precision graph ops",
    "tensors": "errors devices hints half_precision graph mode ops functional backward",
    "creation": "errors devices functional tensors",
    "random_tensors": "errors devices creation rng functional tensors",
    "windows": "creation functional tensors",
    "array_api": "errors functional tensors",
    "recomputing": "errors restoring graph kernels mode rng backward tensors",
    "transforms": "errors functional mode tensors recomputing",
    "nn": "errors devices restoring hints graph kernels mode rng ops functional tensors serial",
    "optim": "errors devices half_precision graph mode kernels functional tensors",
    "data": "errors devices switches restoring rng serial",
    "serial": "errors devices",
    "train": "errors devices restoring graph mode rng functional tensors nn optim data parallel serial",
    "onnx": "errors devices restoring graph grid kernels mode rng ops functional tensors nn serial",
    "torch": "errors anomaly restoring graph mode rng functional ops tensors nn optim serial torchvision",
    "torchvision": "errors graph mode functional data serial torch",
}
MAY_IMPORT["parallel"] = "errors devices restoring graph mode rng kernels functional tensors nn optim"
for part in [
    "devices",
    "rng",
    "kernels",
    "creation",
    "warm",
    "data",
    "serial",
    "train",
    "onnx",
    "parallel",
]:
    MAY_IMPORT[part] += " signal_handlers"
for part in ["kernels", "data"]:
    MAY_IMPORT[part] += " steady_threads"
for part in ["functional", "nn", "optim", "data", "train", "serial"]:
    MAY_IMPORT[part] += " other_names"
MAY_IMPORT["testing"] = " ".join(MAY_IMPORT)
FILES = sorted((ROOT / "tinygrad_cnn").rglob("*.py"))


def part_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def gathers(path: Path, module: str) -> bool:
    """Whether a package takes over what a module of its own lists as public."""
    place = ROOT.joinpath(*module.split("."))
    listing = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    own = path.parent in place.parents
    return path.name == "__init__.py" and own and "\n__all__" in listing.read_text()


def imports(path: Path, types: bool = False) -> list[tuple[str, bool]]:
    """(module, inside a function) of all imports in a file; with `types` those for checkers, too."""
    return [(module, inside) for module, inside, typing in all_imports(path) if types or not typing]


@cache  # the list and not the tree: the trees of all files are 150 MB
def all_imports(path: Path) -> list[tuple[str, bool, bool]]:
    """(module, inside a function, for type checkers alone) of all imports in a file."""
    found: list[tuple[str, bool, bool]] = []

    def visit(node: ast.AST, inside: bool, typing: bool) -> None:
        if isinstance(node, ast.Import):
            found.extend((alias.name, inside, typing) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            base = node.module or ""
            assert node.names[0].name != "*" or gathers(path, base), f"{path}: star import"
            found.extend((f"{base}.{alias.name}", inside, typing) for alias in node.names)
        inside = inside or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        typing = typing or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.stmt, ast.excepthandler, ast.match_case)):
                visit(child, inside, typing)

    visit(ast.parse(path.read_text()), False, False)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_imports_upwards(path: Path) -> None:
    inside = path.relative_to(ROOT / "tinygrad_cnn").parts
    part = inside[0].removesuffix(".py")
    if part == "__init__":
        return
    assert part in MAY_IMPORT, f"{part}: say in MAY_IMPORT what it may import"
    allowed = {*MAY_IMPORT[part].split(), part}
    for module, in_function in imports(path):
        root = module.split(".")[0]
        if root == "viz":
            pytest.fail(f"{path}: the engine must not import viz")
        if root == "hypothesis" and part != "testing":
            pytest.fail(f"{path}: only testing imports hypothesis")
        if root == "tinygrad_cnn" and part_of(module) in MAY_IMPORT:
            assert part_of(module) in allowed, f"{path} imports {module}"
            assert not in_function, f"{path}: {module} is imported inside a function"


def test_the_table_names_what_is_there() -> None:
    parts = {f.relative_to(ROOT / "tinygrad_cnn").parts[0].removesuffix(".py") for f in FILES}
    assert parts - {"__init__"} == set(MAY_IMPORT)


PACKAGES = sorted(
    ".".join(f.parent.relative_to(ROOT).parts) for f in FILES if f.name == "__init__.py"
)  # fmt: skip
#: Packages whose public names are listed: all of them, in the end.
LISTED = [
    f"tinygrad_cnn.{name}"
    for name in (
        "data",
        "functional",
        "nn",
        "nn.models",
        "optim",
        "parallel",
        "serial",
        "train",
    )
]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_is_hidden_by_a_function_of_its_own_name(package: str) -> None:
    folder = ROOT.joinpath(*package.split("."))
    modules = {file.stem for file in folder.glob("*.py")} | {
        file.parent.name for file in folder.glob("*/*.py")
    }
    found = importlib.import_module(package)
    for name in modules - {"__init__", "__main__"}:
        value = getattr(found, name, None)
        assert value is None or inspect.ismodule(value), f"{package}.{name} is a {type(value).__name__}"


@pytest.mark.parametrize("package", LISTED)
def test_a_star_import_brings_the_public_names_and_no_others(package: str) -> None:
    found = importlib.import_module(package)
    own = {name for name, value in vars(found).items() if name[0] != "_" and not inspect.ismodule(value)}
    public = set(found.__all__)
    assert own <= public and all(inspect.ismodule(getattr(found, name)) for name in public - own)
    assert all(getattr(found, name).__doc__ for name in public)


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    return done.stdout.strip()


def test_the_import_loads_numpy_and_the_standard_library_only() -> None:
    code = """
import sys
import numpy.random
before = set(sys.modules)
import tinygrad_cnn
from tinygrad_cnn import Tensor, functional, nn, optim, transforms
roots = {name.split(".")[0] for name in set(sys.modules) - before}
print(sorted(roots - set(sys.stdlib_module_names) - {"tinygrad_cnn", "numpy"}))
"""
    assert run(code) == "[]"


#: What CPython 3.15 for WASI lacks, asked there; and sockets and processes, which it has and cannot use.
NOT_IN_BROWSERS = (
    "curses", "fcntl", "grp", "multiprocessing", "pwd", "readline", "resource", "socket", "ssl", "syslog",
    "termios", "_curses", "_decimal", "_hashlib", "_multiprocessing", "_posixshmem", "_posixsubprocess",
    "_socket", "_ssl", "_uuid",
)  # fmt: skip


@pytest.mark.slow
def test_a_network_learns_and_is_drawn_as_text_where_a_browser_lacks_modules_and_threads() -> None:
    code = f"""
import sys, _thread
for name in {NOT_IN_BROWSERS!r}:
    sys.modules[name] = None
def none(*args, **options):
    raise RuntimeError("can't start new thread")
_thread.start_new_thread = _thread.start_joinable_thread = none
import numpy as np
sys.platform = "wasi"
import viz
from tinygrad_cnn import functional as F, nn, optim
net = nn.Sequential(nn.Conv2d(1, 2, 3, rng=0), nn.ReLU(), nn.Flatten(), nn.Linear(32, 2, rng=1))
optimizer = optim.Adam(net.parameters(), lr=0.1)
images, losses = np.random.default_rng(0).normal(size=(4, 1, 6, 6)).astype("float32"), []
for step in range(3):
    loss = F.cross_entropy(net(images), np.arange(4) % 2)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print(losses[2] < losses[0], "Conv" in viz.graph(loss).source, sum(v is None for v in sys.modules.values()))
"""
    assert run(code) == f"True True {len(NOT_IN_BROWSERS)}"


def test_star_imports_bring_the_public_names() -> None:
    names: dict[str, object] = {}
    exec("from tinygrad_cnn import *", names)
    assert set(names) - {"__builtins__"} == set(tinygrad_cnn.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Tensr'"):
        _ = tinygrad_cnn.Tensr


def test_the_plugins_load_neither_numpy_nor_the_package() -> None:
    code = """
import sys
import _tinygrad_cnn_plugins.for_pytest, hypothesis
print({"numpy", "tinygrad_cnn"} & set(sys.modules))
"""
    assert run(code) == "set()"


@pytest.mark.parametrize("first", ["hypothesis", "tinygrad_cnn", "tinygrad_cnn.testing.strategies"])
def test_hypothesis_draws_tensors_whichever_is_imported_first(first: str) -> None:
    code = f"""
import {first}
from hypothesis import find, strategies as st
from tinygrad_cnn import Tensor
print(find(st.from_type(Tensor), lambda t: t.shape == (1,)).dtype)
"""
    assert run(code) == "float64"


@pytest.mark.slow
def test_every_part_can_be_imported_first() -> None:
    """An import cycle shows where it is entered: each part is, in a package freshly forgotten."""
    names = [f"tinygrad_cnn.{part}" for part in MAY_IMPORT]
    code = f"""
import importlib, sys
for name in {names!r}:
    for loaded in [m for m in sys.modules if m.startswith("tinygrad_cnn")]:
        del sys.modules[loaded]
    importlib.import_module(name)
print("ok")
"""
    assert run(code) == "ok"


#: Circles that only type checkers see, by a module of each, and why there is one.
CIRCLES_OF_TYPES = {
    "tinygrad_cnn.tensors.tensor_class": "functions return Tensors, whose methods call the functions",
    "tinygrad_cnn.nn.module.module": "the parts that a Module is made of take Modules",
    "tinygrad_cnn.testing.check.comparisons": "a Comparer makes Comparisons, each of which asks it",
    "tinygrad_cnn.testing.stand_in.array": "an array is handed over in a capsule, made of it",
    "tinygrad_cnn.train.trainer": "a Trainer calls its callbacks, which are given the Trainer",
}


def arrows(types: bool) -> dict[str, set[str]]:
    """Each module of the packages, and those that it imports; with or without what is for checkers only."""
    files = {}
    for file in [*FILES, *(ROOT / "viz").rglob("*.py")]:
        parts = file.relative_to(ROOT).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    found: dict[str, set[str]] = {module: set() for module in files}
    for module, file in files.items():
        named = {full for full, inside in imports(file, types) if not inside}
        named |= {full.rpartition(".")[0] for full in named - files.keys()}
        found[module] = (named & files.keys()) - {module}
    return found


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """The sets of modules that reach each other."""
    names = sorted(graph)
    reach = np.array([[other in graph[name] for other in names] for name in names])
    for _ in range(len(names).bit_length()):  # ways of twice the length each time
        reach |= reach.astype(np.float32) @ reach.astype(np.float32) > 0
    both = reach & reach.T
    found = {frozenset(np.flatnonzero(row)) for k, row in enumerate(both) if row[k]}
    return [{names[k] for k in circle} for circle in found]


def test_circles_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"e"}}
    assert sorted(map(sorted, circles(graph))) == [["a", "b", "c"], ["e"]]


def test_the_import_graph_has_no_circle() -> None:
    assert circles(arrows(types=False)) == []


def test_circles_for_types_are_named_and_explained() -> None:
    found = circles(arrows(types=True))
    assert len(found) == len(CIRCLES_OF_TYPES)
    assert all(len(circle & CIRCLES_OF_TYPES.keys()) == 1 for circle in found)


def test_a_line_that_no_test_executes_says_why() -> None:
    """What coverage is told to leave out carries its reason after a colon."""
    for package in ("tinygrad_cnn", "viz", "_tinygrad_cnn_plugins"):
        for path in (ROOT / package).rglob("*.py"):
            for line in path.read_text(encoding="utf-8").splitlines():
                if re.search(r"pragma:?\s*no\s*cover", line, re.IGNORECASE):
                    assert re.search(r"# pragma: no cover: \w+ \w+", line), f"{path}: {line.strip()}"

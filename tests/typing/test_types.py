"""Types that users feel: mypy and pyright see in programs what is there, and find what is wrong."""

import importlib
import inspect
import json
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
REVEALED, PLANTED = HERE / "revealed.py", HERE / "planted.py"

#: Whose public functions, and public methods of classes, reveal what they return.
PACKAGES = [
    "tinygrad_cnn",
    *(f"tinygrad_cnn.{name}" for name in ("functional", "nn", "optim", "train", "data")),
    "viz",
]

#: What may return anything, and why.
ANYTHING = {
    "tinygrad_cnn.Op.forward": "arrays in, an array or a Result out: written by each op",
    "tinygrad_cnn.Op.backward": "written by each op",
    "tinygrad_cnn.Op.__call__": "arrays or Tensors, as the operands are; functions say which",
    "tinygrad_cnn.Op.with_residual": "a residual is what the op needs",
    "tinygrad_cnn.nn.Module.forward": "written by each module; calling one gives a Tensor",
    "tinygrad_cnn.nn.Sequential.forward": "what its last module gives",
    "tinygrad_cnn.nn.AveragedModel.forward": "what the model inside gives",
    **{
        f"tinygrad_cnn.nn.{layer}.{method}": "arrays at first order, Tensors above it"
        for layer in ("GRU", "LSTM", "RNN")
        for method in ("step", "whole")
    },
    "tinygrad_cnn.data.Augmented.read": "the fields of a sample, whatever they are",
    "tinygrad_cnn.data.ImageFolder.read": "an image and its label, transformed as the user likes",
    "tinygrad_cnn.data.StreamedDataset.read": "the fields of a sample, whatever they are",
    "tinygrad_cnn.data.default_collate": "nested as the samples are",
    "tinygrad_cnn.data.split": "two of what was given: datasets, or tuples of arrays",
}


class Report(NamedTuple):
    """What a checker said: lines with an error by file, and the revealed types of the public names."""

    errors: dict[Path, dict[int, str]]
    revealed: dict[int, str]


def by_mypy(names: Path) -> Report:
    pytest.importorskip("mypy", reason="the extra `lint` brings mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context"]
    command += ["--no-pretty", "--follow-imports=silent", *map(str, (REVEALED, PLANTED, names))]
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    errors: dict[Path, dict[int, str]] = {REVEALED: {}, PLANTED: {}, names: {}}
    here = {path.name: path for path in errors}  # mypy's cache may name the folder of the last run
    for path, line, message in re.findall(r"^(.+?):(\d+): error: (.*)$", text, re.M):
        errors[here[Path(path).name]][int(line)] = message
    found = re.findall(r'^(.+?):(\d+): note: Revealed type is "(.*)"$', text, re.M)
    assert errors[PLANTED], text
    return Report(
        errors, {int(line): shown for path, line, shown in found if Path(path).name == names.name}
    )


def by_pyright(names: Path) -> Report:
    pytest.importorskip("basedpyright", reason="the extra `lint` brings basedpyright")
    command = [sys.executable, "-m", "basedpyright", "--outputjson"]
    command += ["--pythonpath", sys.executable, *map(str, (REVEALED, PLANTED, names))]
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    report = Report({REVEALED: {}, PLANTED: {}, names: {}}, {})
    for told in json.loads(text)["generalDiagnostics"]:
        path, line = Path(told["file"]).resolve(), told["range"]["start"]["line"] + 1
        if told["severity"] == "error" and told.get("rule") in RULES:
            report.errors[path][line] = told["message"]
        if told["severity"] == "information" and path == names:
            report.revealed[line] = told["message"].split('" is "', 1)[1].removesuffix('"')
    return report


#: What pyright itself calls an error; basedpyright adds rules of style, which are not asked for here.
RULES = {
    "reportAssertTypeFailure", "reportAttributeAccessIssue", "reportArgumentType", "reportCallIssue",
    "reportOptionalMemberAccess", "reportAssignmentType", "reportIndexIssue", "reportOperatorIssue",
    "reportGeneralTypeIssues", "reportReturnType",
}  # fmt: skip


def public_names() -> Iterator[str]:
    """All public functions, and all methods of public classes that are written in the package."""
    for package in PACKAGES:
        module = importlib.import_module(package)
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isclass(value):
                for method, written in vars(value).items():
                    plain = getattr(written, "__func__", written)
                    if inspect.isfunction(plain) and (method[0] != "_" or method == "__call__"):
                        yield f"{package}.{name}.{method}"
            elif inspect.isfunction(value):
                yield f"{package}.{name}"


def returned(shown: str) -> list[str]:
    """What a revealed function returns, for each of its overloads; arrays as `Array`."""
    kind = r"(?:[^\[\]]|\[[^\[\]]*(?:\[[^\[\]]*\])?\])*"
    shown = re.sub(rf"(numpy\.)?ndarray\[tuple\[Any, \.\.\.\], (numpy\.)?dtype\[{kind}\]\]", "Array", shown)
    shown = re.sub(r"dict\[(builtins\.)?str, Any\]", "Options", shown)
    outer = 1 if shown.startswith("Overload") else 0
    depth, start, found = 0, 0, []
    for place, letter in enumerate(shown):
        arrow = letter == ">" and shown[place - 1] == "-"
        depth += (letter in "([{") - (letter in ")]}")
        if start and (depth < outer or (outer and depth == outer and letter == ",")):
            found.append(shown[start:place])
            start = 0
        if arrow and depth == outer and not start:
            start = place + 2
    return [*found, shown[start:]] if start else found


@pytest.mark.parametrize("checker", [by_mypy, by_pyright], ids=["mypy", "pyright"])
def test_a_checker_sees_what_is_there_and_finds_what_is_wrong(
    checker: Callable[[Path], Report], tmp_path: Path
) -> None:
    names, lines = list(public_names()), tmp_path.resolve() / "public_names.py"
    lines.write_text(
        "".join(f"import {package}\n" for package in PACKAGES)
        + "\n".join(f"reveal_type({n})" for n in names)
    )
    errors, revealed = checker(lines)
    assert not errors[REVEALED] and not errors[lines]
    marked = {
        number
        for number, line in enumerate(PLANTED.read_text(encoding="utf-8").splitlines(), 1)
        if line.endswith("# error")
    }
    assert len(marked) >= 20 and set(errors[PLANTED]) == marked
    shown = {name: revealed[number] for number, name in enumerate(names, len(PACKAGES) + 1)}
    vague = {
        name: types
        for name, types in shown.items()
        if any(re.search(r"\b(Any|Unknown)\b", type) for type in returned(types))
    }
    assert vague.keys() - ANYTHING.keys() == set(), vague
    assert ANYTHING.keys() - vague.keys() == set(), "needless exceptions"


def test_the_program_that_is_checked_runs() -> None:
    runpy.run_path(str(REVEALED))

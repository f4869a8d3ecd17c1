"""Types that users feel: mypy and pyright see in programs what is there, and find what is wrong."""

import json
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
REVEALED, PLANTED = HERE / "revealed.py", HERE / "planted.py"


def by_mypy() -> dict[Path, dict[int, str]]:
    """Lines with an error, by file."""
    pytest.importorskip("mypy", reason="the extra `lint` brings mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context"]
    command += ["--no-pretty", "--follow-imports=silent", str(REVEALED), str(PLANTED)]
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    found: dict[Path, dict[int, str]] = {REVEALED: {}, PLANTED: {}}
    for path, line, message in re.findall(r"^(.+?):(\d+): error: (.*)$", text, re.M):
        found[(ROOT / path).resolve()][int(line)] = message
    assert found[PLANTED], text
    return found


def by_pyright() -> dict[Path, dict[int, str]]:
    """Lines with an error, by file."""
    pytest.importorskip("basedpyright", reason="the extra `lint` brings basedpyright")
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--level", "error"]
    command += ["--pythonpath", sys.executable, str(REVEALED), str(PLANTED)]
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    found: dict[Path, dict[int, str]] = {REVEALED: {}, PLANTED: {}}
    for told in json.loads(text)["generalDiagnostics"]:
        if told["severity"] == "error" and told.get("rule") in RULES:
            found[Path(told["file"]).resolve()][told["range"]["start"]["line"] + 1] = told["message"]
    return found


#: What pyright itself calls an error; basedpyright adds rules of style, which are not asked for here.
RULES = {
    "reportAssertTypeFailure", "reportAttributeAccessIssue", "reportArgumentType", "reportCallIssue",
    "reportOptionalMemberAccess", "reportAssignmentType", "reportIndexIssue", "reportOperatorIssue",
    "reportGeneralTypeIssues", "reportReturnType",
}  # fmt: skip


@pytest.mark.parametrize("checker", [by_mypy, by_pyright], ids=["mypy", "pyright"])
def test_a_checker_sees_what_is_there_and_finds_what_is_wrong(
    checker: Callable[[], dict[Path, dict[int, str]]],
) -> None:
    found = checker()
    assert not found[REVEALED]
    lines = PLANTED.read_text(encoding="utf-8").splitlines()
    marked = {number for number, line in enumerate(lines, 1) if line.endswith("# error")}
    assert len(marked) >= 10 and set(found[PLANTED]) == marked


def test_the_program_that_is_checked_runs() -> None:
    runpy.run_path(str(REVEALED))

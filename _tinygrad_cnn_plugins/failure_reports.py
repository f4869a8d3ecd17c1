"""Reports of wrong gradients, with the tests that failed, and in the folder of `--grad-report`."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from _tinygrad_cnn_plugins.gradcheck_fixture import FIXTURE, UNCHECKED

#: So many tests in which nothing was checked are named.
MANY = 10

#: Key of a test's property: which op is to blame.
BLAMED = "gradcheck_blame"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    """Attach the reports that a failure carries, and say what was left unchecked."""
    report = yield
    fixture = item.config.stash.get(FIXTURE, None)
    if call.when == "call" and fixture is not None and fixture.unchecked:
        report.sections.append(("gradcheck: unchecked", fixture.told()))
        if not fixture.passed and report.passed:
            _note(item, report, UNCHECKED, next(iter(fixture.unchecked)))
    if call.excinfo is None or not report.failed:
        return report
    for number, error in enumerate(_carriers(call.excinfo.value)):
        name = re.sub(r"[^\w.=-]+", "_", item.nodeid).strip("_")[-150:] + (f"_{number}" if number else "")
        lines = _attached(error, name, item.config.getoption("--grad-report"))
        if error is call.excinfo.value:
            _shorten(report, error)
        report.sections.append(("gradcheck report", "\n".join(lines)))
        _note(item, report, "gradcheck", getattr(error, "headline", lines[0].splitlines()[0]))
        blamed = _blamed(error, item.config.rootpath)
        if blamed:
            _note(item, report, BLAMED, blamed)
    return report


def _note(item: pytest.Item, report: Any, name: str, value: str) -> None:
    """Keep a property of a test: with its report for our summaries, with the test for JUnit's file."""
    for owner in (report, item):
        owner.user_properties.append((name, value))


def _blamed(error: Any, root: Path) -> str:
    """The op that is to blame, with the line that called it; '' if none was found."""
    blame = getattr(error, "blame", None)
    op, site = getattr(blame, "op", None), getattr(blame, "site", None)
    if op is None or site is None:
        return op or ""
    file = Path(site[0])
    return f"{op}, called at {file.relative_to(root) if file.is_relative_to(root) else file}:{site[1]}"


def _shorten(report: Any, error: Any) -> None:
    """The traceback ends with one line, because the whole report stands below it."""
    headline = getattr(error, "headline", "")
    crash = getattr(report.longrepr, "reprcrash", None)
    entries = getattr(getattr(report.longrepr, "reprtraceback", None), "reprentries", ())
    if not headline or crash is None or not entries:
        return
    crash.message = headline
    lines = getattr(entries[-1], "lines", [])
    first = next((k for k, line in enumerate(lines) if line.startswith("E ")), None)
    if first is not None:
        lines[first:] = [f"E   {type(error).__name__}: {headline}"]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name the tests in which nothing could be checked, and write GitHub's summary of those that failed."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    told = [(r, dict(r.user_properties)) for r in reports if getattr(r, "when", "") == "call"]
    idle = [(r.nodeid, properties[UNCHECKED]) for r, properties in told if UNCHECKED in properties]
    if idle:
        terminalreporter.section("gradcheck: nothing checked in", sep="-", yellow=True)
        for name, why in idle[:MANY]:
            terminalreporter.write_line(f"{name}: {why}")
        if len(idle) > MANY:
            terminalreporter.write_line(f"and {len(idle) - MANY} more")
        terminalreporter.write_line("--grad-strict fails them")
    failed = [(r.nodeid, _wrong(properties)) for r, properties in told if "gradcheck" in properties]
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary and (failed or idle):
        lines = ["### Gradients", "", "| test | |", "|---|---|"]
        lines += [f"| `{name}` | wrong: {_cell(why)} |" for name, why in failed]
        lines += [f"| `{name}` | nothing checked: {_cell(why)} |" for name, why in idle]
        with open(summary, "a", encoding="utf-8") as file:
            file.write("\n".join([*lines, "", ""]))


def _wrong(properties: dict[str, str]) -> str:
    """What is wrong in a test, and which op is to blame."""
    blamed = properties.get(BLAMED, "")
    return properties["gradcheck"] + (f"; first wrong op: {blamed}" if blamed else "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _carriers(error: BaseException) -> Iterator[Any]:
    """The errors of a failure, and of a group of them, that carry a report."""
    if isinstance(error, AssertionError) and hasattr(error, "report"):
        yield error
    for other in getattr(error, "exceptions", ()):
        yield from _carriers(other)


def _attached(error: Any, name: str, folder: str | None) -> list[str]:
    """The lines of a report; with a folder, it is written there, and so is a picture of the culprit."""
    lines = [str(error.report)]
    if folder is None:
        return lines
    path = _write(Path(folder) / f"{name}.txt", lines[0])
    lines.append(f"report: {path}")
    script = getattr(error, "script", "")
    if script:
        # Of no name that pytest collects, by either of its patterns: the next run would run it, and stop.
        program = path.with_name(f"run_{name}_again.py")
        lines.append(f"program: {_write(program, script)}")
    blame = getattr(error, "blame", None)
    if blame is not None and blame.roots:
        try:
            lines.append(f"picture: {blame.draw(path.with_suffix('.png'))}")
        except Exception as why:  # a missing engine must not hide the report
            lines.append(f"no picture: {type(why).__name__}: {why}")
    return lines


def _write(path: Path, text: str) -> Path:
    """Write a file, whole or not at all; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return path.resolve()

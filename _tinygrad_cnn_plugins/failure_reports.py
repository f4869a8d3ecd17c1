"""Reports of wrong gradients, with the tests that failed, and in the folder of `--grad-report`."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    """Attach the reports that a failure carries, and write them to the folder of --grad-report."""
    report = yield
    if call.excinfo is None or not report.failed:
        return report
    for number, error in enumerate(_carriers(call.excinfo.value)):
        name = re.sub(r"[^\w.=-]+", "_", item.nodeid).strip("_")[-150:] + (f"_{number}" if number else "")
        lines = _attached(error, name, item.config.getoption("--grad-report"))
        report.sections.append(("gradcheck report", "\n".join(lines)))
    return report


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

"""The time that an import takes, in fresh processes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from benchmarks.figures import summary
from benchmarks.race import ENGINES, ROOT, Effort, settle

#: What a user of a package writes, where its name alone would load nothing yet.
_STATEMENTS = {"tinygrad_cnn": "from tinygrad_cnn import Tensor, functional, nn, optim"}
_TIMED = """
import sys
from time import perf_counter
if sys.argv[1] != "import numpy": import numpy
statement = compile(sys.argv[1], "import", "exec")
start = perf_counter()
exec(statement)
print(perf_counter() - start)
"""


def import_seconds(package: str) -> float:
    """Seconds of `import package` in a new process, NumPy's own import not counted."""
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    statement = _STATEMENTS.get(package, f"import {package}")
    done = subprocess.run(
        [sys.executable, "-c", _TIMED, statement], check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
    )  # fmt: skip
    return float(done.stdout)


def race_imports(engines: list[str], effort: Effort) -> dict[str, Any]:
    """Import times by package: NumPy's own, and those of the engines beyond NumPy's.

    The packages take turns, after one import each that is not counted: it may have to compile.
    """
    packages = list(dict.fromkeys(["numpy", *(ENGINES[engine].package for engine in engines)]))
    seconds: dict[str, list[float]] = {package: [] for package in packages}
    for turn in range(1 + 2 * effort.turns):
        for package in packages:
            settle(effort)
            taken = import_seconds(package)
            if turn:
                seconds[package].append(taken)
    return {package: summary(values) for package, values in seconds.items()}

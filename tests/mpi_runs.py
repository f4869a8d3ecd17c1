"""Programs under `mpiexec`, for the tests of several processes."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

#: Pinned where bits are compared: compiled kernels would take over at some step.
KERNELS = "fast" if os.environ.get("TINYGRAD_CNN_KERNELS") == "fast" else "reference"
#: A run that takes so many seconds hangs; one on a loaded machine, which compiles kernels first, is slow.
TOO_LONG = 900
#: The programs that one run of so many ranks goes through.
NAMES = {
    2: ("exact", "networks", "norm", "uneven", "unused", "later", "seeds", "told", "situations",
        "traps", "bits", "measures", "habits", "orders",
        "resumed", "nan", "refused", "begun"),
    3: ("uneven", "situations", "bits", "measures", "habits", "orders", "resumed", "goes_on"),
    4: ("exact",),
}  # fmt: skip
FOLDER = Path(__file__).with_name("parallel")
MPIEXEC = shutil.which(
    "mpiexec", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
)
needs_mpi = pytest.mark.skipif(
    MPIEXEC is None or find_spec("mpi4py") is None,
    reason="MPI is not here: pip install 'tinygrad-cnn[mpi]'",
)


def started(ranks, program, *words, **options):
    """A run of some ranks of a program of tests/parallel, or of any by its whole path."""
    paths = os.pathsep.join([str(FOLDER.parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": paths}
    environment |= options.pop("environment", {})
    options.setdefault("start_new_session", True)  # so that `ended` finds all of them
    command = [MPIEXEC, "-n", str(ranks), sys.executable, str(FOLDER / program), *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment, **options)


@contextmanager
def ended(process):
    """A run that is ended with all its ranks, however the block ends; its pipes are closed."""
    with process:
        try:
            yield process
        finally:  # a rank that did not end would go on for ever
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def finished(ranks, program, *words, **options):
    """What a run that ends well prints."""
    with ended(started(ranks, program, *words, **options)) as process:
        out, err = process.communicate(timeout=TOO_LONG)
    assert process.returncode == 0, out + err
    return out


def failed(ranks, program, *words, **options):
    """What a run that must end badly, and by itself, writes."""
    with ended(started(ranks, program, *words, **options)) as process:
        out, err = process.communicate(timeout=TOO_LONG)
    assert process.returncode != 0, out + err
    return out + err


def outcomes(ranks, names, folder, **options):
    """What rank 0 prints in the end: the outcome of each program, by its name; with the kernels pinned."""
    options.setdefault("environment", {"TINYGRAD_CNN_KERNELS": KERNELS})
    return json.loads(finished(ranks, "run_ranks.py", ",".join(names), folder, **options).splitlines()[-1])


#: What `once` has run, by the number of ranks.
RUNS = {}


def once(ranks, folders):
    """The outcomes of all programs for so many ranks: one run serves all tests."""
    if ranks not in RUNS:
        folder = folders.getbasetemp() / "ranks"
        folder.mkdir(exist_ok=True)
        if ranks == 3:  # goes on with what two have written
            once(2, folders)
        RUNS[ranks] = {**outcomes(ranks, NAMES[ranks], folder), "folder": folder}
    return RUNS[ranks]

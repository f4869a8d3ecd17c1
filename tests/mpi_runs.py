"""Programs under `mpiexec`, for the tests of several processes."""

import json
import os
import shutil
import signal
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

#: Pinned where bits are compared: compiled kernels would take over at some step.
KERNELS = "fast" if os.environ.get("TINYGRAD_CNN_KERNELS") == "fast" else "reference"
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
    command = [MPIEXEC, "-n", str(ranks), sys.executable, str(FOLDER / program), *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment, **options)


def outcomes(ranks, program, names, *words, **options):
    """What rank 0 prints in the end: the outcome of each function of a program, by its name."""
    out = finished(ranks, program, ",".join(names), *words, **options)
    return dict(zip(names, json.loads(out.splitlines()[-1]), strict=True))


def finished(ranks, program, *words, **options):
    """What a run that ends well prints."""
    process = started(ranks, program, *words, start_new_session=True, **options)
    try:
        out, err = process.communicate(timeout=300)
    finally:  # a rank that did not end would go on for ever
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, out + err
    return out


@cache
def once(ranks, program, names, *words, kernels=KERNELS):
    """The same, run once for all tests that look at it, with the kernels pinned."""
    return outcomes(ranks, program, names, *words, environment={"TINYGRAD_CNN_KERNELS": kernels})

"""Programs under `mpiexec`, for the tests of several processes."""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

FOLDER = Path(__file__).with_name("parallel")
MPIEXEC = shutil.which(
    "mpiexec", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
)
needs_mpi = pytest.mark.skipif(
    MPIEXEC is None or find_spec("mpi4py") is None,
    reason="MPI is not here: pip install 'tinygrad-cnn[mpi]'",
)


def started(ranks, program, *words, **options):
    """A run of some ranks of a program of tests/parallel."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", **options.pop("environment", {})}
    command = [MPIEXEC, "-n", str(ranks), sys.executable, str(FOLDER / program), *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment, **options)


def outcomes(ranks, program, names, *words, **options):
    """What rank 0 prints in the end: the outcome of each function of a program, by its name."""
    process = started(ranks, program, ",".join(names), *words, **options)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return dict(zip(names, json.loads(out.splitlines()[-1]), strict=True))


once = cache(outcomes)

"""Examples run as their user runs them, in processes of their own, as many at a time as there are cores."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

import tinygrad_cnn

EXAMPLES = Path(tinygrad_cnn.__file__).parent.parent / "examples"
Done = subprocess.CompletedProcess[str]
#: By script: the folder that it runs in, and the process when it is done.
Runs = dict[str, tuple[Path, "Future[Done]"]]


def run(script: str, *arguments: str, cwd: Path) -> Done:
    """Run examples/`script`; a warning is an error."""
    return subprocess.run(
        [sys.executable, str(EXAMPLES / script), *arguments],
        cwd=cwd,
        # One thread each: two scripts run at a time, and their arrays are small.
        env={**os.environ, "PYTHONWARNINGS": "error", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """The scripts that tests of this module were asked for by the parameter `script`, with --quick."""
    wanted = {
        item.callspec.params["script"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.module is request.module
        and "runs" in item.fixturenames
    }
    folders = {script: tmp_path_factory.mktemp(script.removesuffix(".py")) for script in sorted(wanted)}
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        yield {
            script: (folder, pool.submit(run, script, "--quick", cwd=folder))
            for script, folder in folders.items()
        }

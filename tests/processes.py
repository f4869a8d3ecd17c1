"""The same program in processes that differ in what must not matter."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent


def outputs_with_two_hash_seeds(program: str, folder: Path = TESTS) -> list[bytes]:
    """What a program writes to standard output under two seeds of `hash`.

    It can import the test files in `folder`, and what test files share.
    """
    path = os.pathsep.join(map(str, (folder, TESTS, TESTS.parent)))
    return [
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
        ).stdout
        for seed in ("1", "2")
    ]

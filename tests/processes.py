"""The same program in processes that differ in what must not matter."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent


def outputs_with_two_hash_seeds(program: str) -> list[bytes]:
    """What a program writes to standard output under two seeds of `hash`; it can import the test files."""
    return [
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"},
        ).stdout
        for seed in ("1", "2")
    ]

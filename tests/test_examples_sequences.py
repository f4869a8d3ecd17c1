"""The examples of sequences run with --quick, learn, and draw what they promise."""

from pathlib import Path

import pytest
from example_runs import Runs
from example_runs import runs as runs

pytestmark = pytest.mark.slow

#: By script: what it writes, and words of its output.
EXPECTED: dict[str, tuple[set[str], str]] = {
    "character_lstm.py": ({"loss.png"}, "After 'thirty, ' it writes:"),
    "gru_classifier.py": ({"curves.png", "rows.png"}, "right after each row:"),
    "small_transformer.py": ({"loss.png", "attention.png"}, "->"),
}


@pytest.mark.parametrize("script", EXPECTED)
def test_example_of_sequences(script: str, runs: Runs) -> None:
    files, words = EXPECTED[script]
    where, future = runs[script]
    done = future.result()
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert done.stderr == "" and words in done.stdout
    folder = where / "runs" / script.removesuffix(".py")
    assert {path.name for path in Path(folder).iterdir()} == files
    losses = [
        float(line.split("loss ")[1].split()[0]) for line in done.stdout.splitlines() if "  loss " in line
    ]
    assert losses[-1] < losses[0] / 2, losses

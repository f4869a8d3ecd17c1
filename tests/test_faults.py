"""The table of faults names tests that are there, and every row has some."""

import ast
import re
from pathlib import Path

import pytest

from tinygrad_cnn import ArgumentError, manual_seed

TESTS = Path(__file__).parent
ROWS = [
    line.split("|")[1:-1]
    for line in (TESTS / "faults.md").read_text().splitlines()
    if line[:3] in ("| E", "| R")
]


def names(file: str) -> set[str]:
    """All functions of a file, methods of classes of tests too."""
    tree = ast.parse((TESTS / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_kind_has_a_row() -> None:
    numbers = [row[0].strip() for row in ROWS]
    assert numbers == [*(f"E{k}" for k in range(1, 32)), *(f"R{k}" for k in range(1, 20))]


def test_every_row_names_tests_that_are_there() -> None:
    known: dict[str, set[str]] = {}
    for number, _, tests in ROWS:
        named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", tests)
        assert named and len(named) == tests.count("`") // 2, number
        for file, test in named:
            assert test in known.setdefault(file, names(file)), f"{number}: {file}::{test}"


def test_a_seed_below_zero_is_refused_in_words() -> None:
    with pytest.raises(ArgumentError, match="manual_seed: a seed must be at least 0, got -1"):
        manual_seed(-1)

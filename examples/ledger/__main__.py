"""Checks: rows that no example shows, each measured by a short function.

    python -m ledger TOPIC [--rows 12,13] [--quick] [--data-dir MNIST] --out DIR

runs those of checks_TOPIC.py and writes claims.json, as the examples do. A check that ends with an error
is a claim that fails; one that lacks an optional package is left open, and says which.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import time
import traceback
from pathlib import Path

from claims import Claims

from ledger.check import Given, Shown
from tinygrad_cnn import MissingExtraError, manual_seed
from tinygrad_cnn.serial import writing


def rows_of(topic: str) -> dict[str, Shown]:
    """The functions of a topic, by the keys of their rows."""
    module = importlib.import_module(f"ledger.checks_{topic}")
    return {str(value.row): value for value in vars(module).values() if hasattr(value, "row")}


def run(function: Shown, given: Given, claims: Claims) -> None:
    """One check; its claims get their share of its seconds."""
    row, first = function.row, len(claims.found)
    print(f"\n{(function.__doc__ or '').splitlines()[0]}")
    manual_seed(given.seed)
    started = time.perf_counter()
    try:
        function(functools.partial(claims.check, row), given)
    except MissingExtraError as reason:
        print(f"  row {row}  open: {reason}")
        claims.found.append({"row": row, "what": str(reason), "claimed": "", "measured": "", "holds": None})
    except Exception as error:
        traceback.print_exc()
        said = f"{type(error).__name__}: {error}"
        claims.check(row, "the check runs", "to its end", said, holds=False)
    seconds = time.perf_counter() - started
    for claim in claims.found[first:]:
        claim["seconds"] = seconds


def main() -> None:
    """Run the checks of a topic."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("topic")
    parser.add_argument("--rows", help="keys, with commas between; all of the topic if left out")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--data-dir", type=Path, help="folder of MNIST's four IDX files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    functions: dict[str, Shown] = rows_of(options.topic)
    keys = options.rows.split(",") if options.rows else list(functions)
    claims = Claims(options.out)
    for key in keys:
        run(functions[key], Given(options.out, options.quick, options.data_dir, options.seed), claims)
    with writing(options.out / "claims.json") as temporary:
        temporary.write_text(json.dumps(claims.found, indent=2) + "\n", encoding="utf-8")
    if any(claim["holds"] is False for claim in claims.found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()

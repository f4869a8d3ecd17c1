"""What gradcheck says of many right and wrong functions: `python tests/verdicts/table.py --seeds 200`.

It prints each right function that fails for some seed, each wrong one that does not or is blamed on
something else, and a table. `tests/testing/test_verdicts.py` runs a part of it.
"""

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))  # run as a script, it finds its neighbours
from verdicts.right_compositions import COMPOSED
from verdicts.right_functions import RIGHT
from verdicts.wrong_rules import WRONG

from tinygrad_cnn.testing import blame, gradcheck

#: All right functions.
FUNCTIONS = RIGHT | COMPOSED


def judge_right(name: str, seeds: Iterable[int]) -> tuple[str, str, Counter[str], str]:
    """Name, type, how often which status, and the first failure."""
    function, points = FUNCTIONS[name]
    found: Counter[str] = Counter()
    failure, kind = "", ""
    for seed in seeds:
        inputs = points(np.random.default_rng(seed))
        kind = inputs[0].dtype.name
        result = gradcheck(function, *inputs, seed=seed)
        found[result.status] += 1
        if result.status == "fail" and not failure:
            failure = f"seed {seed}: {result}"
    return name, kind, found, failure


def judge_wrong(name: str, seeds: Iterable[int]) -> tuple[str, Counter[str], str]:
    """Name, how often which status, and what blame says where that is not who is to blame."""
    wrong = WRONG[name]
    found: Counter[str] = Counter()
    for seed in seeds:
        inputs = wrong.points(np.random.default_rng(seed))
        found[gradcheck(wrong.fn, *inputs, order=wrong.order, seed=seed).status] += 1
    if wrong.reason:
        return name, found, ""
    culprit = blame(wrong.fn, *wrong.points(np.random.default_rng(0)), order=wrong.order)
    return (
        name,
        found,
        "" if culprit.op == wrong.op else f"{culprit.op} instead of {wrong.op}: {culprit.reason}",
    )


def main() -> int:
    """Print the tables; returns 1 if a right function fails, or a wrong one is not caught."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="points for each function")
    parser.add_argument("--first", type=int, default=0, help="seed of the first point: other points")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--only", default="", help="functions whose name holds this")
    options = parser.parse_args()
    seeds, bad = range(options.first, options.first + options.seeds), 0
    by_type: dict[str, Counter[str]] = {}
    with ProcessPoolExecutor(options.jobs, initializer=warnings.simplefilter, initargs=("ignore",)) as pool:
        names = [name for name in FUNCTIONS if options.only in name]
        for name, kind, found, failure in pool.map(judge_right, names, [seeds] * len(names)):
            by_type.setdefault(kind, Counter()).update(found)
            if failure:
                bad += 1
                print(f"FALSE FAILURE of {name}, {dict(found)}\n{failure}\n")
        wrong = [name for name in WRONG if options.only in name]
        few = seeds[:20]
        caught = blamed = 0
        for name, found, instead in pool.map(judge_wrong, wrong, [few] * len(wrong)):
            if WRONG[name].reason:
                print(f"not seen: {name}: {WRONG[name].reason}; {dict(found)}")
                continue
            caught += set(found) == {"fail"}
            blamed += not instead
            if set(found) != {"fail"}:
                bad += 1
                print(f"NOT CAUGHT each time: {name}, {dict(found)}")
            if instead:
                print(f"BLAMED {name}: {instead}")
    for kind, found in by_type.items():
        total = sum(found.values())
        shares = ", ".join(f"{status} {found[status]}" for status in ("pass", "unchecked", "fail"))
        print(f"right, {kind}: {shares} of {total}; unchecked {found['unchecked'] / total:.1%}")
    seen = sum(not WRONG[name].reason for name in wrong)
    print(f"{seen} wrong functions: {caught} caught at each point, {blamed} blamed rightly")
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())

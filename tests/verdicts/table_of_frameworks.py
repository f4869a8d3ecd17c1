"""Who catches which wrong function, in which framework: `python tests/verdicts/table_of_frameworks.py`.

Beside the verdicts on functions of PyTorch and JAX stand those of `torch.autograd.gradcheck` (and
`gradgradcheck` where the second derivative is wrong) and of `jax.test_util.check_grads`, with their
defaults, in reverse mode. Frameworks that are not installed are left out.
"""

import argparse
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))  # run as a script, it finds its neighbours
from verdicts.in_frameworks import MAKERS, function, right
from verdicts.wrong_functions import ONE, SQUARE, normal
from verdicts.wrong_rules import WRONG

from tinygrad_cnn.testing import gradcheck


def ours(framework: str, name: str, seed: int) -> str:
    """'caught', 'missed', or why it cannot be said."""
    fn, points, why = function(framework, name)
    if fn is None:
        return f"- ({why})"
    inputs = points(np.random.default_rng(seed))
    found = gradcheck(fn, *inputs, framework=framework, order=WRONG[name].order, seed=seed)
    return "caught" if found.status == "fail" else "missed"


def of_jax(name: str, seed: int) -> str:
    """What JAX's own check says."""
    from jax.test_util import check_grads

    fn, points, why = function("jax", name)
    if fn is None:
        return f"- ({why})"
    inputs = points(np.random.default_rng(seed))
    try:
        check_grads(fn, inputs, WRONG[name].order, modes=["rev"])
    except AssertionError:
        return "caught"
    except Exception as error:  # it stops where a function breaks its own shapes and types
        return f"caught ({type(error).__name__})"
    return "missed"


def of_torch(name: str, seed: int) -> str:
    """What PyTorch's own check says."""
    import torch

    fn, points, why = function("torch", name)
    if fn is None:
        return f"- ({why})"
    inputs = points(np.random.default_rng(seed))
    if any(x.dtype != np.float64 for x in inputs):
        return "- (it takes float64)"
    check: Any = torch.autograd.gradcheck if WRONG[name].order == 1 else torch.autograd.gradgradcheck
    tensors = tuple(torch.tensor(x, requires_grad=True) for x in inputs)
    try:
        return "missed" if check(fn, tensors, raise_exception=False) else "caught"
    except Exception as error:  # it stops where a function damages what it works on
        return f"caught ({type(error).__name__})"


#: The checks that frameworks have of their own.
THEIRS = {"torch": ("gradcheck of torch", of_torch), "jax": ("check_grads of jax", of_jax)}


def main() -> int:
    """Print the table and the sums; returns 1 if a right one fails, or a wrong one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="functions whose name holds this")
    parser.add_argument("--rows", nargs=2, type=int, default=(0, len(WRONG)), metavar=("FIRST", "END"))
    parser.add_argument("--frameworks", nargs="+", default=list(MAKERS), choices=list(MAKERS))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    frameworks, bad = [name for name in options.frameworks if find_spec(name)], 0
    for framework in frameworks:
        for name, fn in right(framework).items():
            inputs = normal(*([SQUARE, SQUARE] if name == "matmul" else [ONE]))(np.random.default_rng(1))
            found = gradcheck(fn, *inputs, framework=framework)
            if found.status != "pass":
                bad += 1
                print(f"FALSE: {name} in {framework}: {found}")
    theirs = [THEIRS[name] for name in frameworks if name in THEIRS]
    columns = [*frameworks, *(column for column, _ in theirs)]
    sums: dict[str, list[str]] = {column: [] for column in columns}
    print(f"| wrong function | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    first, last = options.rows
    for name, wrong in list(WRONG.items())[first:last]:
        if options.only not in name:
            continue
        told = [ours(framework, name, options.seed) for framework in frameworks]
        told += [check(name, options.seed) for _, check in theirs]
        print(f"| {name} | {' | '.join(told)} |", flush=True)
        for column, said in zip(columns, told, strict=True):
            if wrong.reason:
                continue
            sums[column].append(said.split()[0])
            bad += said == "missed" and column in frameworks
    for column, said in sums.items():
        print(f"{column}: {said.count('caught')} caught, {said.count('missed')} missed of "
              f"{len(said) - said.count('-')}; {said.count('-')} cannot be said there")  # fmt: skip
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())

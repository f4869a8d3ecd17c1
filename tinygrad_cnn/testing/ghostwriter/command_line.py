"""The command `python -m tinygrad_cnn.testing.ghostwriter`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.testing.ghostwriter.written_tests import gradient_tests


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns 2 if a name is wrong, or no inputs were found.

    >>> main(["numpy.nonsense"])
    2
    """
    parser = argparse.ArgumentParser(
        prog="python -m tinygrad_cnn.testing.ghostwriter",
        description="Write tests of the gradients of some functions.",
    )
    parser.add_argument("functions", nargs="+", metavar="NAME", help="such as jax.nn.softplus, mine.loss")
    parser.add_argument("--framework", help="whose functions they are, where their modules do not tell")
    for kind in ("gradient", "vjp", "jvp"):
        parser.add_argument(f"--{kind}", metavar="NAME", help="the derivative of a NumPy function by hand")
    parser.add_argument("--out", metavar="FILE", help="write there; without, print")
    options = parser.parse_args(arguments)
    sys.path.insert(0, "")  # as `python -m` has it, also where this is called
    try:
        text = gradient_tests(
            *options.functions, framework=options.framework, gradient=options.gradient, vjp=options.vjp,
            jvp=options.jvp,
        )  # fmt: skip
    except ArgumentError as error:  # of the user's names, not of this program
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    finally:
        sys.path.remove("")
    if options.out:
        Path(options.out).write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0

"""`python -m tinygrad_cnn.torch [options] script.py [arguments of the script]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tinygrad_cnn.torch.comparison import compare
from tinygrad_cnn.torch.scripts import run


def main(argv: list[str] | None = None) -> int:
    """Read the options, run the script; the status to exit with."""
    parser = argparse.ArgumentParser(
        "python -m tinygrad_cnn.torch", description="Run a PyTorch script as it is, without PyTorch."
    )
    parser.add_argument(
        "--draw", metavar="FILE", help="draw the graph of the first backward() (.png, .svg, .html, ...)"
    )
    parser.add_argument("--profile", action="store_true", help="print where the time went")
    parser.add_argument(
        "--compare",
        action="store_true",
        help="run it with PyTorch too, which must be installed, and print what differs first",
    )
    parser.add_argument("script")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args(argv)
    if not Path(options.script).is_file():
        parser.error(f"there is no file {options.script}")
    if options.compare:
        return compare(options.script, options.arguments)
    return run(options.script, options.arguments, draw=options.draw, profile=options.profile)


if __name__ == "__main__":
    sys.exit(main())

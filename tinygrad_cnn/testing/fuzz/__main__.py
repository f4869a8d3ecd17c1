"""The command line; see the package."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from tinygrad_cnn.kernels import cache
from tinygrad_cnn.testing.fuzz.against_torch import AgainstTorch
from tinygrad_cnn.testing.fuzz.interrupts import Interrupts
from tinygrad_cnn.testing.fuzz.kernel_sets import KernelSets
from tinygrad_cnn.testing.fuzz.optimizer_runs import OptimizerRuns
from tinygrad_cnn.testing.fuzz.shrinking_search import Fuzzer, SkippedError, failing, search
from tinygrad_cnn.testing.fuzz.writes import Writes

FUZZERS: dict[str, Fuzzer] = {
    fuzzer.name: fuzzer
    for fuzzer in (AgainstTorch(), KernelSets(), Writes(), OptimizerRuns(), Interrupts())
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the fuzzers one after the other; returns 1 if a program failed.

    >>> main(["writes", "--seconds", "0"])
    writes: 1 programs, 0 failures
    0
    """
    parser = argparse.ArgumentParser(
        prog="python -m tinygrad_cnn.testing.fuzz", description="Random programs against what is known."
    )
    parser.add_argument("fuzzers", nargs="*", metavar="FUZZER", help=f"some of {', '.join(FUZZERS)}")
    parser.add_argument("--seconds", type=float, default=60, help="for all of them together")
    parser.add_argument("--seed", type=int, default=0, help="other programs; the same number repeats a run")
    parser.add_argument("--first", type=int, default=0, help="number of the first program")
    parser.add_argument("--replay", nargs=2, metavar=("FUZZER", "STEPS"), help="one program, as printed")
    options = parser.parse_args(arguments)
    if options.replay:
        fuzzer = FUZZERS[options.replay[0]]
        fuzzer.prepare()
        error = failing(fuzzer, json.loads(options.replay[1]))
        print("passes" if error is None else f"{type(error).__name__}: {error}")
        return int(error is not None)
    unknown = [name for name in options.fuzzers if name not in FUZZERS]
    if unknown:
        parser.error(f"no fuzzer {', '.join(unknown)}; there are {', '.join(FUZZERS)}")
    chosen, failed = options.fuzzers or list(FUZZERS), 0
    for name in chosen:
        try:
            if name in ("kernels", "interrupts"):
                announce_compiling(name)
            FUZZERS[name].prepare()
            count, failures = search(
                FUZZERS[name], options.seconds / len(chosen), options.seed, first=options.first
            )
        except SkippedError as why:
            print(f"{name}: not run: {why}")
            continue
        print(f"{name}: {count} programs, {len(failures)} failures", flush=True)
        for failure in failures:
            print(failure, flush=True)
        failed += len(failures)
    return int(failed > 0)


def announce_compiling(name: str) -> None:
    """Say what a fuzzer waits for before its first program, where the cache lacks kernels."""
    if find_spec("numba") is None:
        return
    try:
        complete, place = cache.is_complete(), str(cache.folder())
    except OSError:
        return
    if not complete:
        print(
            f"{name}: first the kernels are compiled, or another process is waited for that compiles into "
            f"{place}; --seconds count from then on",
            file=sys.stderr, flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())

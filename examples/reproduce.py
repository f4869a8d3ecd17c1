"""The ledger: run every claim of the source documents, and show the figure claimed beside the measured.

    python examples/reproduce.py                                # quick: no download, under 3 minutes
    python examples/reproduce.py --full --data-dir DIR          # MNIST and photographs, for hours
    python examples/reproduce.py --only 64,22,41-50,D1          # some of the rows

DIR holds mnist/ (the four IDX files) and cats_vs_dogs/{train,test}/{cat,dog}/*.jpg. Each row holds, fails,
or is open, with the reason. Writes index.html, ledger.md and ledger.json, beside the pictures of each
program; ends with status 1 if a row fails.
"""

from __future__ import annotations

import argparse
import os
import time
from importlib.util import find_spec
from pathlib import Path

from ledger.page import page
from ledger.programs import PROGRAMS
from ledger.report import as_json, counted, folder_note, lines, markdown, mode, progress, slowest
from ledger.rows import KEYS, ROWS
from ledger.run import STOPPED, Outcome, Result, Setting, chosen_keys, judge, run_all

from tinygrad_cnn.serial import writing


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options; bad ones end the program with status 2."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="small data, no download (this is the default)")
    size.add_argument("--full", action="store_true", help="each recipe as it is written")
    parser.add_argument("--only", metavar="ROWS", help="such as 64,22 or 41-50 or D1-D10")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="with mnist/ and cats_vs_dogs/ in it")
    parser.add_argument("--out", type=Path, default=Path("runs", "reproduce"), metavar="DIR")
    parser.add_argument("--jobs", type=int, help="programs at a time (2, with --full 1)")
    chosen = parser.parse_args(arguments)
    try:
        chosen.keys = chosen_keys(chosen.only) if chosen.only is not None else list(KEYS)
    except ValueError as error:
        parser.error(f"--only: {error}")
    if chosen.full and chosen.data_dir is None:
        parser.error("--full needs --data-dir, a folder with mnist/ and cats_vs_dogs/ in it")
    if chosen.data_dir is not None and not chosen.data_dir.is_dir():
        parser.error(f"--data-dir: there is no folder {chosen.data_dir}")
    if chosen.jobs is None:
        chosen.jobs = 1 if chosen.full else 2
    if chosen.jobs < 1:
        parser.error(f"--jobs must be at least 1, got {chosen.jobs}")
    return chosen


def write(setting: Setting, results: list[Result], outcomes: list[Outcome]) -> None:
    """The page, the Markdown and the JSON, each whole or not at all."""
    for name, text in {
        "index.html": page(results, setting.full),
        "ledger.md": markdown(results, setting.full),
        "ledger.json": as_json(results, outcomes, setting.full),
    }.items():
        with writing(setting.out / name) as temporary:
            temporary.write_text(text, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run, print, write; 1 if a row fails, 130 after Ctrl-C, otherwise 0."""
    chosen = options(arguments)
    setting = Setting(chosen.full, chosen.data_dir, chosen.out)
    setting.out.mkdir(parents=True, exist_ok=True)
    # Fixed, so that figures do not depend on when a compiler was ready; the programs inherit it.
    fast = setting.full and find_spec("numba") is not None
    os.environ.setdefault("TINYGRAD_CNN_KERNELS", "fast" if fast else "reference")
    programs = [program for program in PROGRAMS if set(program.keys) & set(chosen.keys)]
    started = time.perf_counter()

    def tell(outcome: Outcome, number: int, total: int) -> None:
        print(progress(outcome, number, total), flush=True)

    print(f"{mode(setting.full)}\n")
    outcomes = run_all(programs, setting, chosen.keys, chosen.jobs, tell)
    results = [judge(row, outcomes) for row in ROWS if row.key in chosen.keys]
    write(setting, results, outcomes)  # before a pipe can close
    for result in results:
        print("", *lines(result), sep="\n")
    print(f"\n{counted(results)}, after {time.perf_counter() - started:.0f} s.")
    print(f"{slowest(outcomes)}.\n{folder_note(setting.out)}")
    if any(outcome.missing == STOPPED for outcome in outcomes):
        return 130
    return int(any(result.verdict == "fails" for result in results))


if __name__ == "__main__":
    raise SystemExit(main())

"""Running programs and gathering what they say of each row."""

from __future__ import annotations

import json
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger.process import Done, Process
from ledger.programs import Program
from ledger.rows import KEYS, Row

EXAMPLES = Path(__file__).resolve().parent.parent
#: Why a row is open when the run was ended.
STOPPED = "stopped by Ctrl-C"


@dataclass
class Setting:
    """The setting of a run of the ledger: full or quick, the folders of data and of results."""

    full: bool
    data: Path | None
    out: Path


@dataclass
class Outcome:
    """A program that ran, or could not: its claims, its pictures, and what went wrong.

    Attributes:
        command: as a user would type it.   trouble: why its rows fail, or ''.
        missing: why it was not run, or ''.   claims: as in claims.json.
    """

    program: Program
    folder: Path
    command: str = ""
    done: Done | None = None
    claims: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    trouble: str = ""
    missing: str = ""


@dataclass
class Result:
    """A row, with its verdict ('holds', 'fails' or 'open'), what was measured, and what it took."""

    row: Row
    verdict: str
    claims: list[dict[str, Any]]
    reasons: list[str]
    outcomes: list[Outcome]
    seconds: float

    @property
    def seeds(self) -> str:
        """The seeds of its programs; 'fixed' where a script has its own, which no option changes."""
        found = {"fixed" if o.program.seed is None else str(o.program.seed) for o in self.outcomes}
        return ", ".join(sorted(found)) or "–"

    @property
    def pictures(self) -> list[tuple[str, str]]:
        """Paths from the folder of results, with captions: those of the row.

        A picture that the table of programs does not name goes to the first row of its program.
        """
        found = []
        for outcome in self.outcomes:
            for name in outcome.pictures:
                other = outcome.program.keys[0], re.sub("[_-]", " ", Path(name).stem).capitalize()
                key, caption = outcome.program.pictures.get(name, other)
                if key == self.row.key:
                    found.append((f"{outcome.folder.name}/{name}", caption))
        return found


# --------------------------------------------------------------------------- choosing
def chosen_keys(text: str) -> list[str]:
    """Keys of rows from '64,22', '41-50' or 'D1-D10', in the order of the ledger.

    Raises:
        ValueError: there is no such row.

    >>> chosen_keys("22, 3-5, d1")
    ['3', '4', '5', '22', 'D1']
    """
    wanted: set[str] = set()
    for part in text.split(","):
        ends = [end.strip().upper() for end in part.split("-")]
        unknown = [end for end in ends if end not in KEYS]
        if unknown or len(ends) > 2 or KEYS.index(ends[0]) > KEYS.index(ends[-1]):
            raise ValueError(f"no row {part.strip()!r}; there are 1 to 78 and D1 to D10, as in 22,41-50,D3")
        wanted.update(KEYS[KEYS.index(ends[0]) : KEYS.index(ends[-1]) + 1])
    return [key for key in KEYS if key in wanted]


def command_of(program: Program, setting: Setting, keys: Iterable[str]) -> tuple[list[str], str]:
    """The arguments after `python`, and why it cannot run, or ''."""
    rows = [key for key in program.keys if key in keys]
    run = ["-m", "ledger", program.name, "--rows", ",".join(rows)]
    arguments = run if program.checks else [str(EXAMPLES / f"{program.name}.py")]
    if not setting.full:
        arguments.append("--quick")
    elif program.data:
        folder = Path(setting.data or "", program.data)
        if not folder.is_dir():
            return arguments, f"there is no folder {folder}"
        arguments += ["--data-dir", str(folder)]
    if program.seed is not None:
        arguments += ["--seed", str(program.seed)]
    return [*arguments, "--out", str(folder_of(program, setting))], ""


def folder_of(program: Program, setting: Setting) -> Path:
    """Where it writes."""
    return setting.out / (f"checks-{program.name}" if program.checks else program.name)


def typed(program: Program, arguments: Sequence[str], rows: Sequence[str]) -> str:
    """The command as a user would type it, without the folder of this run."""
    if program.checks:
        full = "" if "--quick" in arguments else " --full --data-dir DIR"
        return f"python examples/reproduce.py{full} --only {','.join(rows)}"
    shown = list(arguments[1 : arguments.index("--out")] if "--out" in arguments else arguments[1:])
    if "--data-dir" in shown:
        shown[shown.index("--data-dir") + 1] = f"DIR/{program.data}"
    return shlex.join(["python", f"examples/{program.name}.py", *shown])


# --------------------------------------------------------------------------- running
def run_all(
    programs: Sequence[Program], setting: Setting, keys: Sequence[str], jobs: int,
    tell: Callable[[Outcome, int, int], None],
) -> list[Outcome]:  # fmt: skip
    """Run the programs, so many at a time; `tell` is called with each, its number and how many.

    Ctrl-C ends those that run; they and those that wait are left open.
    """
    waiting, running = list(programs), list[tuple[Outcome, Process]]()
    outcomes: list[Outcome] = []

    def over(outcome: Outcome) -> None:
        outcomes.append(outcome)
        tell(outcome, len(outcomes), len(programs))

    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                outcome, process = started(waiting.pop(0), setting, keys)
                if process is None:
                    over(outcome)
                else:
                    running.append((outcome, process))
            for outcome, process in list(running):
                outcome.done = process.poll()
                if outcome.done is not None:
                    running.remove((outcome, process))
                    read(outcome, process.limit)
                    over(outcome)
            time.sleep(0.02)
    except KeyboardInterrupt:
        found = {outcome.program.name for outcome in outcomes}
        left = [program for program in programs if program.name not in found]
        outcomes += [Outcome(program, folder_of(program, setting), missing=STOPPED) for program in left]
    finally:
        for _, process in running:
            process.stop()
    return sorted(outcomes, key=lambda outcome: programs.index(outcome.program))


def started(program: Program, setting: Setting, keys: Sequence[str]) -> tuple[Outcome, Process | None]:
    """A program on its way, in a folder without what an earlier run has left; or None if it cannot run."""
    arguments, missing = command_of(program, setting, keys)
    folder = folder_of(program, setting)
    rows = [key for key in program.keys if key in keys]
    outcome = Outcome(program, folder, typed(program, arguments, rows), missing=missing)
    if missing:
        return outcome, None
    folder.mkdir(parents=True, exist_ok=True)
    for path in (folder / "claims.json", *folder.glob("*.png")):
        path.unlink(missing_ok=True)
    limit = 60 * program.minutes[setting.full]
    return outcome, Process([sys.executable, *arguments], folder / "output.txt", limit, EXAMPLES)


def read(outcome: Outcome, limit: float) -> None:
    """Read what a program has left: its claims and pictures, or its trouble."""
    path, done = outcome.folder / "claims.json", outcome.done
    assert done is not None
    try:
        outcome.claims = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        outcome.claims = []
    outcome.pictures = sorted(
        (picture.name for picture in outcome.folder.glob("*.png")),
        key=lambda name: (list(outcome.program.pictures).index(name) if name in outcome.program.pictures
                          else len(outcome.program.pictures), name),
    )  # fmt: skip
    failed = any(claim["holds"] is False for claim in outcome.claims)
    if done.status is None:
        outcome.trouble = f"stopped at its time limit of {limit / 60:g} minutes"
    elif done.status and not failed:
        last = last_line(outcome.folder / "output.txt")
        if last.startswith("tinygrad_cnn.errors.MissingExtraError: "):
            outcome.missing = last.split(": ", 1)[1]
        else:
            outcome.trouble = f"ended with status {done.status}: {last}"


def last_line(path: Path) -> str:
    """The last line of a file that is not empty: of a crash, the error."""
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "it printed nothing"


# --------------------------------------------------------------------------- judging
def judge(row: Row, outcomes: Sequence[Outcome]) -> Result:
    """The verdict on a row from all programs that show it.

    It fails if a claim does not hold or a program broke; it is open if something could not be
    measured, or if nothing was; otherwise it holds.
    """
    concerned = [outcome for outcome in outcomes if row.key in outcome.program.keys]
    claims, reasons, seconds = [], [row.later] if row.later else [], 0.0
    for outcome in concerned:
        own = [claim for claim in outcome.claims if str(claim["row"]) == row.key]
        claims += [claim for claim in own if claim["holds"] is not None]
        reasons += [claim["what"] for claim in own if claim["holds"] is None]
        if outcome.trouble or outcome.missing:
            reasons.append(f"{outcome.program.name}: {outcome.trouble or outcome.missing}")
        taken = outcome.done.seconds if outcome.done else 0.0
        seconds += own[0]["seconds"] if own and "seconds" in own[0] else taken
    if not claims and not reasons:
        names = ", ".join(outcome.program.name for outcome in concerned)
        reasons.append(f"{names}: ran, and measured nothing for it" if names else "nothing shows it yet")
    broken = any(outcome.trouble for outcome in concerned)
    if broken or any(claim["holds"] is False for claim in claims):
        verdict = "fails"
    else:
        verdict = "open" if reasons else "holds"
    return Result(row, verdict, claims, reasons, concerned, seconds)

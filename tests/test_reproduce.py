"""The ledger: every row is there, what breaks fails its row and nothing else, and the page is whole."""

import ast
import doctest
import html.parser
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import tinygrad_cnn

EXAMPLES = Path(tinygrad_cnn.__file__).parent.parent / "examples"
sys.path.insert(0, str(EXAMPLES))  # the ledger is a neighbour of the scripts, no part of the package
try:
    import reproduce
    from ledger import check, programs, report, rows, run
finally:
    sys.path.remove(str(EXAMPLES))


# --------------------------------------------------------------------------- the tables
def test_every_row_is_there_once() -> None:
    wanted = [str(n) for n in range(1, 79)] + [f"D{n}" for n in range(1, 11)]
    assert list(rows.KEYS) == wanted
    count = {source: sum(row.source == source for row in rows.ROWS) for source in rows.SOURCES}
    assert list(count.values()) == [10, 12, 10, 7, 38, 1, 10]
    assert len({row.claim for row in rows.ROWS}) == 88 and all(row.claim for row in rows.ROWS)


def test_every_row_has_a_program_or_a_reason() -> None:
    shown = {key for program in programs.PROGRAMS for key in program.keys}
    assert shown <= set(rows.KEYS)
    assert {row.key for row in rows.ROWS if row.later} == {"14"}
    assert set(rows.KEYS) - shown == {"14"}


def rows_named(path: Path) -> set[str]:
    """The rows of the calls claims.check(row, ...) and task.judge(claims, row, ...), and of @shows(row)."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            place = {"check": 0, "shows": 0, "judge": 1}.get(name)
            if place is not None and len(node.args) > place and isinstance(node.args[place], ast.Constant):
                found.add(str(node.args[place].value))
    return found


def test_the_table_of_programs_fits_the_scripts() -> None:
    listed = {program.name: set(program.keys) for program in programs.PROGRAMS if not program.checks}
    named = {path.stem: rows_named(path) for path in sorted(EXAMPLES.glob("*.py"))}
    assert listed == {name: keys for name, keys in named.items() if keys}, "see examples/ledger/programs.py"
    topics = {program.name: set(program.keys) for program in programs.PROGRAMS if program.checks}
    paths = sorted((EXAMPLES / "ledger").glob("checks_*.py"))
    own = {path.stem.removeprefix("checks_"): decorated(path) for path in paths}
    assert topics == own


def decorated(path: Path) -> set[str]:
    """The rows of a file's functions that are marked @shows(row)."""
    marks = [
        mark
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
        for mark in node.decorator_list
    ]
    return {str(mark.args[0].value) for mark in marks}  # type: ignore[attr-defined]


def test_captions_belong_to_rows_of_their_program() -> None:
    for program in programs.PROGRAMS:
        assert {key for key, _ in program.pictures.values()} <= set(program.keys), program.name


# --------------------------------------------------------------------------- options
@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("64,22", ["22", "64"]),
        ("3-5, d1", ["3", "4", "5", "D1"]),
        ("77-D2", ["77", "78", "D1", "D2"]),
        ("7,7", ["7"]),
    ],
)
def test_only(text: str, keys: list[str]) -> None:
    assert run.chosen_keys(text) == keys


@pytest.mark.parametrize("text", ["79", "D11", "", "5-3", "1-2-3", "x", "1,,2"])
def test_only_with_rows_that_are_not_there(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        reproduce.main(["--only", text])
    assert ended.value.code == 2
    assert "--only: no row" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--full"], "--full needs --data-dir"),
        (["--full", "--data-dir", "nowhere"], "no folder nowhere"),
        (["--quick", "--full"], "not allowed with"),
        (["--jobs", "0"], "--jobs must be at least 1, got 0"),
    ],
)
def test_bad_options(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        reproduce.main(arguments)
    assert ended.value.code == 2 and message in capsys.readouterr().err


# --------------------------------------------------------------------------- what goes wrong
CLAIM = """
import json, pathlib, sys
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
def say(row, measured):
    claim = dict(row=row, what="a <figure>", claimed=1, measured=measured, holds=measured == 1)
    (out / "claims.json").write_text(json.dumps([claim]))
"""
SCRIPTS = {
    "well": CLAIM + "say(1, 1)",
    "wrong": CLAIM + "say(2, 3); sys.exit('These claims fail')",
    "crash": CLAIM + "say(3, 1); raise RuntimeError('out of ideas')",
    "slow": CLAIM + "import time; say(4, 1); time.sleep(600)",
    "lacking": CLAIM + "from tinygrad_cnn import MissingExtraError as E; raise E('needs x: pip install x')",
    "silent": CLAIM + "say(99, 1)",
    "garbled": CLAIM + "(out / 'claims.json').write_text('[')",
}


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The scripts above in place of the examples, each for a row of its own."""
    for number, (name, text) in enumerate(SCRIPTS.items(), 1):
        (tmp_path / f"{name}.py").write_text(text)
        assert f"say({number}," in text or number > 4
    made = [programs.Program(name, str(number)) for number, name in enumerate(SCRIPTS, 1)]
    made[3] = made[3]._replace(minutes=(0.03, 1))
    made.append(programs.Program("well", "8", data="mnist"))
    monkeypatch.setattr(run, "EXAMPLES", tmp_path)
    monkeypatch.setattr(reproduce, "PROGRAMS", made)
    return tmp_path


def results(out: Path) -> dict[str, Any]:
    found = json.loads((out / "ledger.json").read_text(encoding="utf-8"))
    return {row["row"]: row for row in found["rows"]} | {"summary": found["summary"]}


def test_what_breaks_fails_its_own_row(made_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = made_up / "out"
    assert reproduce.main(["--out", str(out), "--jobs", "2"]) == 1
    found = results(out)
    assert [key for key in found if key != "summary"] == list(rows.KEYS)
    verdicts = {key: found[key]["verdict"] for key in "1234567"}
    assert verdicts == dict(zip("1234567", ["holds", *["fails"] * 3, "open", "open", "open"], strict=True))
    reasons = {key: " ".join(found[key]["reasons"]) for key in "1234567"}
    assert reasons["1"] == reasons["2"] == ""
    assert found["2"]["measured"] == [{"what": "a <figure>", "claimed": 1, "measured": 3, "holds": False}]
    assert reasons["3"] == "crash: ended with status 1: RuntimeError: out of ideas"
    assert reasons["4"] == "slow: stopped at its time limit of 0.03 minutes"
    assert reasons["5"] == "lacking: needs x: pip install x"
    assert reasons["6"] == "silent: ran, and measured nothing for it"
    assert found["summary"] == {"holds": 1, "fails": 3, "open": 84}
    printed = capsys.readouterr().out
    assert "1 hold, 3 fail, 84 open" in printed and "a <figure>: 1 → 3  FAILS" in printed
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "a &lt;figure&gt;" in page and "<figure>" not in page.replace("<figure><a", "")
    assert "a &lt;figure>: 3 (claimed 1) **fails**" in (out / "ledger.md").read_text(encoding="utf-8")


def test_a_row_that_holds_ends_well(made_up: Path) -> None:
    assert reproduce.main(["--out", str(made_up / "out"), "--only", "1,6"]) == 0
    assert results(made_up / "out")["summary"] == {"holds": 1, "fails": 0, "open": 1}


def test_a_full_run_without_one_kind_of_data(made_up: Path) -> None:
    (made_up / "data" / "cats_vs_dogs").mkdir(parents=True)
    arguments = [
        "--full",
        "--data-dir",
        str(made_up / "data"),
        "--out",
        str(made_up / "out"),
        "--only",
        "1,8",
    ]
    assert reproduce.main(arguments) == 0
    found = results(made_up / "out")
    assert found["1"]["verdict"] == "holds" and found["8"]["verdict"] == "open"
    assert found["8"]["reasons"] == [f"well: there is no folder {made_up / 'data' / 'mnist'}"]


def test_what_an_earlier_run_left_does_not_count(made_up: Path) -> None:
    out = made_up / "out"
    assert reproduce.main(["--out", str(out), "--only", "1"]) == 0
    (out / "well" / "old.png").write_bytes(b"")
    (made_up / "well.py").write_text("raise SystemExit(3)")
    assert reproduce.main(["--out", str(out), "--only", "1"]) == 1
    assert not (out / "well" / "old.png").exists()
    assert results(out)["1"]["reasons"] == ["well: ended with status 3: it printed nothing"]


def test_ctrl_c_keeps_what_is_done(made_up: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, sleep = made_up / "out", run.time.sleep

    def until_the_first_is_done(seconds: float) -> None:
        sleep(seconds)
        if told:
            raise KeyboardInterrupt

    told: list[str] = []
    monkeypatch.setattr(reproduce, "progress", lambda outcome, *_: told.append(outcome.program.name))
    monkeypatch.setattr(run.time, "sleep", until_the_first_is_done)
    began = time.monotonic()
    assert reproduce.main(["--out", str(out), "--only", "1,4", "--jobs", "2"]) == 130
    assert time.monotonic() - began < 300  # the one that sleeps for ten minutes was ended
    found = results(out)
    assert (told, found["1"]["verdict"]) == (["well"], "holds")
    assert (found["4"]["verdict"], found["4"]["reasons"]) == ("open", ["slow: stopped by Ctrl-C"])


def test_figures_in_few_characters() -> None:
    assert report.said([1, 0.1 + 0.2, True, "x"]) == "[1, 0.3, yes, x]"
    assert report.as_said({"claimed": "worse than 20 %", "measured": [0.5, 0.25]}) == "50.00 %, 25.00 %"
    assert report.said(list(range(100))).endswith(" …") and len(report.said("x" * 500)) == 72


@pytest.mark.parametrize("module", [check, report, run])
def test_the_examples_in_docstrings(module: Any) -> None:
    found = doctest.testmod(module)
    assert found.attempted and not found.failed


# --------------------------------------------------------------------------- for real
class Page(html.parser.HTMLParser):
    """Addresses, ids and the elements that are still open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.links += [str(given[name]) for name in ("href", "src") if name in given]
        self.ids += [str(given["id"])] if "id" in given else []
        if tag not in {"meta", "img", "input", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Some of the quickest rows, as a user would run them."""
    folder = tmp_path_factory.mktemp("ledger")
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "reproduce.py"), "--only", "14,30,40,44,53,D3"],
        cwd=folder,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done, folder / "runs" / "reproduce"


@pytest.mark.slow
def test_some_rows(real: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, out = real
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    found = results(out)
    assert found["summary"] == {"holds": 5, "fails": 0, "open": 1}
    assert found["14"]["reasons"] == ["holds on the stand-in, not yet seen on a GPU"]
    assert found["53"]["measured"][0] == {
        "what": "bill",
        "claimed": 220,
        "measured": 220.0,
        "holds": True,
    } or (abs(found["53"]["measured"][0]["measured"] - 220) < 1e-4)
    assert {found[key]["seed"] for key in ("30", "44")} == {"0", "fixed"}
    assert found["D3"]["commands"] == ["python examples/reproduce.py --only 30,40,D3"]
    assert found["44"]["commands"] == ["python examples/three_layers.py --quick"]
    programs_run = json.loads((out / "ledger.json").read_text())["programs"]
    assert all(one["seconds"] > 0 and one["trouble"] == "" for one in programs_run)
    if hasattr(os, "wait4"):
        assert all(one["cpu_seconds"] > 0 and 20 < one["peak_mib"] < 2000 for one in programs_run)


@pytest.mark.slow
def test_the_page(real: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    out = real[1]
    text = (out / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == [] and len(page.ids) == len(set(page.ids))
    assert {"14", "30", "40", "44", "53", "D3"} <= set(page.ids)
    assert any(link.endswith("apple.png") for link in page.links)
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.ids
        else:
            assert (out / link).is_file(), link
    assert "http" not in text and "<script" not in text and str(out) not in text


@pytest.mark.slow
def test_the_markdown(real: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    lines = (real[1] / "ledger.md").read_text(encoding="utf-8").splitlines()
    assert lines[2].startswith("5 hold, 0 fail, 1 open.")
    table = [line for line in lines if re.match(r"\| [0-9D]", line)]
    assert len(table) == 6
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 7 for line in table)

"""Pages that run Python in the browser: their parts fit together, and in a headless Chromium they work.

The second half needs a site that `make site-live` has built, and Chromium on PATH.
"""

import html
import re

import pytest
from browser_runs import CHROMIUM, SITE, opened, report
from docs_scripts import DOCS

LIVE = DOCS / "live"

needs_live_site = pytest.mark.skipif(
    CHROMIUM is None or not (SITE / "live" / "vendor" / "python.wasm").is_file(),
    reason="needs chromium on PATH, and a site built by make site and make site-live",
)


def test_scripts_of_the_pages_and_what_they_import_are_there():
    opener = (DOCS / "_static" / "open.js").read_text(encoding="utf-8")
    scripts = re.findall(r'\? "(\w+)"|: "(\w+)"', opener)
    assert sorted(map("".join, scripts)) == ["cells", "examples", "playground"]
    for script in LIVE.glob("*.js"):
        code = script.read_text(encoding="utf-8")
        for imported in re.findall(r"""(?:from|import\(|new URL\()\s*"\./([\w./-]+)\"""", code):
            assert imported.startswith("vendor/") or (LIVE / imported).is_file()


def test_the_places_that_the_playground_writes_to_are_on_its_page():
    code = (LIVE / "playground.js").read_text(encoding="utf-8")
    page = (DOCS / "playground.md").read_text(encoding="utf-8")
    names = set(re.findall(r'(?:find|sheet)\("([\w-]+)"', code))
    assert {"drawing", "train", "teach", "answer", "graph", "filters", "maps"} <= names
    assert all(f'id="{name}"' in page for name in names)


def test_cells_of_the_page_are_programs():
    text = (DOCS / "live.md").read_text(encoding="utf-8")
    cells = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", text, re.S)
    assert len(cells) >= 4
    for cell in cells:
        compile(html.unescape(cell), "cell", "exec")


@pytest.mark.slow
@needs_live_site
def test_every_cell_runs_and_what_one_makes_the_next_finds():
    found = report(
        "live.html",
        """
        await until(() => document.body.dataset.live);
        const said = [];
        for (const box of document.querySelectorAll(".live-cell")) {
          const output = box.querySelector("output");
          if (said.length % 2) box.querySelector("button").click();
          else box.querySelector("textarea").dispatchEvent(
            new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true }));
          await until(() => output.dataset.status);
          said.push([output.dataset.status, output.textContent]);
        }
        return [document.body.dataset.live, said];""",
        300,
    )
    assert found["wrong"] == []
    state, said = found["found"]
    assert state == "ready" and [status for status, _ in said] == ["0"] * len(said)
    assert said[0][1] == "(29.0, Tensor([12., 30.]))" and "Pow" in said[1][1]
    assert said[-1][1].startswith("Tensor([2., 8.]")


@pytest.mark.slow
@needs_live_site
@pytest.mark.parametrize("size", ["1200,900", "390,800"])
def test_the_playground_learns_and_answers_to_what_is_drawn_by_keys_and_by_hand(size):
    found = report(
        "playground.html",
        """
        const at = (id) => document.querySelector("#" + id);
        await until(() => document.body.dataset.live);
        at("train").click();
        await until(() => document.body.dataset.loss);
        const first = Number(document.body.dataset.loss);
        await until(() => at("answer").textContent && at("graph").querySelector("svg"));
        const last = Number(document.body.dataset.loss), before = at("answer").textContent;
        for (const key of ["ArrowDown", " ", "ArrowRight", " ", "ArrowDown", " "])
          at("drawing").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
        await until(() => at("answer").textContent !== before);
        const by_keys = at("answer").textContent, box = at("drawing").getBoundingClientRect();
        for (const share of [0.3, 0.5, 0.7, 0.9])
          at("drawing").dispatchEvent(new PointerEvent("pointermove", { buttons: 1, bubbles: true,
            clientX: box.left + share * box.width, clientY: box.top + 0.7 * box.height }));
        await until(() => at("answer").textContent !== by_keys);
        const guess = () => at("answer").textContent.split("\\n").map((row) => Number(row.split(" ").at(-2)));
        const other = (guess().indexOf(Math.max(...guess())) + 1) % 10, loss = document.body.dataset.loss;
        at("label").value = other;
        at("teach").click();
        await until(() => document.body.dataset.loss !== loss);
        await until(() => guess()[other] === Math.max(...guess()));
        return { first, last, filters: at("filters").children.length, maps: at("maps").children.length,
                 words: at("graph").textContent, beyond: document.documentElement.scrollWidth - innerWidth };""",
        300,
        size,
    )
    assert found["wrong"] == []
    seen = found["found"]
    assert seen["last"] < seen["first"] and seen["filters"] == seen["maps"] == 8
    assert "Conv" in seen["words"] and seen["beyond"] <= 0


@pytest.mark.slow
@needs_live_site
@pytest.mark.parametrize(
    "page",
    [
        "index",
        "start",
        "backward",
        "errors",
        "exercises/02_im2col",
        "zh/backward",
        "api/tinygrad_cnn.nn",
        "operations",
    ],
)
def test_a_page_loads_without_an_error_and_fits_a_phone(page):
    found = report(
        f"{page}.html",
        """
        await until(() => document.body.dataset.examples);
        const moves = (box) => ["auto", "scroll"].includes(getComputedStyle(box).overflowX);
        const cut = [...document.querySelectorAll("article *")].filter((part) => {
          const { right, width } = part.getBoundingClientRect();
          if (width === 0 || right <= innerWidth + 1) return false;
          for (let box = part.parentElement; box.tagName !== "ARTICLE"; box = box.parentElement)
            if (moves(box)) return false;
          return true;
        });
        return { title: document.title, beyond: document.documentElement.scrollWidth - innerWidth,
                 cut: cut.map((part) => part.outerHTML.slice(0, 80)) };""",
        120,
        "390,800",
    )
    assert found["wrong"] == [] and found["found"]["title"]
    assert found["found"]["beyond"] <= 0 and found["found"]["cut"] == []


@pytest.mark.slow
@needs_live_site
@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("backward", "[(4, 1, 3, 3), (4,), (3, 36), (3,)]"),
        ("exercises/01_gradient_by_hand", "NotYetError: slope(2.0) gives nothing yet"),
    ],
)
def test_an_example_runs_with_what_stands_above_it_and_can_be_changed(page, words):
    found = report(
        f"{page}.html",
        """
        await until(() => document.querySelector("button.runnable"));
        const blocks = [...document.querySelectorAll(".highlight-python")];
        const one = blocks[Math.min(blocks.length, page_limit) - 1], output = one.querySelector("output");
        one.querySelector("button.runnable").click();
        await until(() => output.dataset.status);
        const said = output.textContent;
        const key = (place, name, ctrlKey) => place.dispatchEvent(
          new KeyboardEvent("keydown", { key: name, ctrlKey, bubbles: true, cancelable: true }));
        key(blocks[0].querySelector("pre"), "Enter", false);
        blocks[0].querySelector("textarea").value = "print(6 * 7)";
        key(blocks[0].querySelector("textarea"), "Enter", true);
        await until(() => blocks[0].querySelector("output").textContent === "42");
        return said;""".replace("page_limit", "3" if page.startswith("exercises") else "99"),
        300,
    )
    assert found["wrong"] == [] and words in found["found"]


@pytest.mark.slow
@needs_live_site
@pytest.mark.parametrize(("page", "result"), [("backward", "result"), ("zh/backward", "结果")])
def test_the_picture_below_an_example_is_drawn_anew_with_the_numbers_of_the_reader(page, result):
    found = report(
        f"{page}.html",
        """
        await until(() => document.querySelector("button.runnable"));
        const block = [...document.querySelectorAll(".highlight-python")][3];
        const key = (place, name, ctrlKey) => place.dispatchEvent(
          new KeyboardEvent("keydown", { key: name, ctrlKey, bubbles: true, cancelable: true }));
        key(block.querySelector("pre"), "Enter", false);
        const area = block.querySelector("textarea");
        area.value = area.value.replace("2.0", "5.0");
        key(area, "Enter", true);
        const output = block.querySelector("output");
        await until(() => document.querySelector(".laid-out svg") || output.dataset.status > 0
          || output.dataset.status < 0);
        return [output.textContent, document.querySelector(".laid-out")?.textContent];""",
        300,
    )
    assert found["wrong"] == []
    said, drawn = found["found"]
    assert said == "150.0" and "225" in drawn and result in drawn  # 2 · 15 · 5, and 15²


def test_a_site_without_python_offers_no_buttons():
    assert "present = false" in (LIVE / "present.js").read_text(encoding="utf-8")
    assert 'import("../live/present.js")' in (DOCS / "_static" / "open.js").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.skipif(
    CHROMIUM is None or not SITE.is_dir(), reason="needs chromium on PATH, and a built site"
)
def test_from_a_folder_pages_load_without_an_error_and_are_searched():
    found, said = opened("search.html?q=dropout2d")
    assert not said and "tinygrad_cnn.nn.Dropout2d" in found
    found, said = opened("live.html")
    assert not said and "Python runs here when a server shows the site" in found
    for page in ("index", "zh/backward", "operations", "exercises/01_gradient_by_hand"):
        found, said = opened(f"{page}.html")
        assert not said and "</article>" in found

"""The Chinese pages have the code, the figures and the pictures of the English ones."""

import re

import pytest
from docs_scripts import DOCS, loaded

PAGES = {"README.zh.md": "README.md"}
for found in sorted((DOCS / "zh").rglob("*.md")):
    same = found.relative_to(DOCS / "zh").as_posix()
    PAGES[f"docs/zh/{same}"] = f"docs/{same}"
del PAGES["docs/zh/index.md"]


def text_of(path):
    return (DOCS.parent / path).read_text(encoding="utf-8")


def without_comments(code):
    """Code without what is said about it; directives of doctest count as code."""
    return re.sub(r"#(?! doctest:).*", "#", code)


def test_the_pages_that_must_be_there_are_there():
    names = {page.removeprefix("docs/zh/") for page in PAGES}
    wanted = {"start.md", "backward.md", "coming_from_pytorch.md", "questions.md", "README.zh.md"}
    wanted |= {f"sources/{page.name}" for page in (DOCS / "sources").glob("*.md")}
    assert wanted <= names


@pytest.mark.parametrize("page", PAGES)
def test_code_is_equal_apart_from_its_comments(page):
    here, there = (
        [without_comments(block) for block in re.findall(r"^```.*?^```", text_of(path), re.M | re.S)]
        for path in (page, PAGES[page])
    )
    assert here == there


@pytest.mark.parametrize("page", PAGES)
def test_pictures_are_equal(page):
    marks = re.compile(r"<!-- picture: .*? -->|<!-- count: .*? -->\d+<!-- end -->|(?<=src=)\S+")
    here = [mark.replace(".zh.svg", ".png") for mark in marks.findall(text_of(page))]
    assert here == marks.findall(text_of(PAGES[page]))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_as_many_parts_and_rows_and_is_in_chinese(page):
    here, there = text_of(page), text_of(PAGES[page])
    assert len(re.findall(r"^## ", here, re.M)) == len(re.findall(r"^## ", there, re.M))
    if page != "README.zh.md":  # whose table leads to fewer pages
        assert here.count("\n| ") == there.count("\n| ")
    prose = re.sub(r"```.*?```|`.*?`", "", here, flags=re.S)
    assert len(re.findall(r"[\u4e00-\u9fff]", prose)) > 100


@pytest.mark.parametrize("page", [*PAGES, "docs/zh/index.md"])
def test_links_lead_somewhere(page):
    folder = (DOCS.parent / page).parent
    for target in re.findall(r"\]\((?!http)([^)#]+)", text_of(page)):
        assert (folder / target).exists() or target.endswith("api/index.md"), target


def test_labels_of_figures_are_in_chinese_and_attributes_stay():
    lesson = loaded("make_lesson")
    drawn = 'n0 [label=<<FONT COLOR="red">total 3, axis 1</FONT> normal> total=2]\n\tn1 [label=result]'
    assert lesson.in_chinese(drawn) == (
        'n0 [label=<<FONT COLOR="red">合计 3, 轴 1</FONT> normal> total=2]\n\tn1 [label=结果]'
    )
    text = text_of("docs/zh/backward.md")
    shown = lesson.with_pictures(text, "../backward", "zh.svg")
    assert shown.count(".zh.svg)") == len(lesson.MARK.findall(text)) == shown.count("![计算图：")


def test_each_of_the_twelve_steps_has_a_picture():
    text = text_of("docs/backward.md")
    steps = text.split("\n## ")[1:]
    assert len(steps) == 12 and all(step.count("<!-- picture: ") == 1 for step in steps)
    pictures = [name for name, _ in re.findall(r"<!-- picture: (\w+) (\w+) -->", text)]
    assert len(set(pictures)) == 12


@pytest.mark.parametrize("page", [*PAGES, "docs/zh/index.md"])
def test_every_picture_of_a_chinese_page_has_chinese_labels(page):
    for source in re.findall(r"!\[[^]]*\]\(([^)]+)\)|<img src=\"([^\"]+)\"", text_of(page)):
        drawn = (DOCS.parent / page).parent / "".join(source)
        assert drawn.name.endswith(".zh.svg") and re.search(
            r">[^<]*[\u4e00-\u9fff]", drawn.read_text("utf-8")
        )

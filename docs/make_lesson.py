"""Draw the pictures of docs/backward.md from its own code, and put them where its marks stand."""

from __future__ import annotations

import doctest
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import viz
from viz.output.engines import draw as laid_out

PAGE = Path(__file__).with_name("backward.md")
MARK = re.compile(r"<!-- picture: (\w+) (\w+) -->")
#: The words of the pictures in Chinese; operations and types keep the names that the code has.
CHINESE = {"total": "合计", "norm": "范数", "axis": "轴", "mean": "平均", "result": "结果"}


def in_chinese(source: str) -> str:
    """DOT text with the words of its labels in Chinese; attributes stand before "=", and stay."""
    return re.sub(rf"(?<![\w-])({'|'.join(CHINESE)})\b(?!=)", lambda word: CHINESE[word[0]], source)


def draw(folder: Path) -> list[Path]:
    """Run the page, and at each mark draw the value that it names.

    Args:
        folder: where the pictures are written.
    """
    folder.mkdir(exist_ok=True)
    names: dict[str, Any] = {}
    drawn = []
    parts = MARK.split(PAGE.read_text(encoding="utf-8"))
    for text, picture, value in zip(parts[::3], parts[1::3], parts[2::3], strict=False):
        with (
            redirect_stdout(StringIO()),
            viz.record() as recorder,
        ):  # values and gradients of every node, not of the leaves only
            for example in doctest.DocTestParser().get_examples(text):
                exec(compile(example.source, PAGE.name, "single"), names)
        options = {"title": "", "recorder": recorder, "values": True, "gradients": "arrows"}
        shown = viz.graph(names[value], **options)
        drawn.append(shown.render(folder / f"{picture}.png"))
        # The reader's own fonts draw the Chinese words.
        drawn.append(folder / f"{picture}.zh.svg")
        drawn[-1].write_bytes(laid_out(in_chinese(shown.source), "svg"))
    return drawn


def with_pictures(text: str, folder: str = "backward", ending: str = "png") -> str:
    """The page with a picture in the place of each mark; the folder is named from the page's own."""
    return MARK.sub(rf"![\1]({folder}/\1.{ending})", text)


if __name__ == "__main__":
    draw(PAGE.with_suffix(""))

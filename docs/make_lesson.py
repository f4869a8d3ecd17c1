"""Draw the pictures of docs/backward.md from its own code, and put them where its marks stand."""

from __future__ import annotations

import doctest
import re
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from chinese_labels import in_chinese

import viz
from viz.output.engines import draw as laid_out

PAGE = Path(__file__).with_name("backward.md")
MARK = re.compile(r"<!-- picture: (\w+) (\w+) -->")


def draw(folder: Path) -> list[Path]:
    """Run the page, and at each mark draw the value that it names.

    Args:
        folder: where the pictures are written.
    """
    folder.mkdir(exist_ok=True)
    names: dict[str, Any] = {}
    drawn = []
    parts = MARK.split(PAGE.read_text(encoding="utf-8"))
    # One recorder for the page: values and gradients of every node, not of the leaves only.
    with viz.record() as recorder:
        for text, picture, value in zip(parts[::3], parts[1::3], parts[2::3], strict=False):
            with redirect_stdout(StringIO()):
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
    """The page with a picture in the place of each mark; the folder is named from the page's own.

    The text in a picture's place ends with the name of the value: `live/examples.js` draws it anew.
    """
    words = "计算图：" if ending == "zh.svg" else "The graph of "
    return MARK.sub(rf"![{words}\2]({folder}/\1.{ending})", text)


if __name__ == "__main__":
    draw(PAGE.with_suffix(""))

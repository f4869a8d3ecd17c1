"""Write docs/programs.md, its pictures and the DOT texts that tests compare: `make docs`.

The programs are those of `drawn_programs/`; `python docs/make_programs.py NAME ...` draws some anew.
"""

from __future__ import annotations

import inspect
import re
import struct
import sys
from pathlib import Path

import drawn_programs
from few_colours import few_colours

import viz
from tinygrad_cnn.serial import writing

HERE = Path(__file__).parent
PAGE, PICTURES = HERE / "programs.md", HERE / "programs"
GOLDEN = HERE.parent / "tests" / "viz" / "golden" / "programs"

HEAD = """\
# Programs of many kinds, drawn

Each picture is what `viz.graph` makes of the program below it, with the options that the program gives and
no others. `array(*shape)` stands for numbers from −1 to 1; the layers that several programs share are in
`docs/drawn_programs/`. [The gallery](gallery.md) shows what else `viz` draws.

This page is made by `make docs`: change `docs/drawn_programs/`, not this.
"""


def dot(name: str) -> str:
    """DOT text of a program without the places in the code, which change with every line."""
    return re.sub(r' tooltip="[^"]*"', "", drawn_programs.draw(name).source)


def picture(name: str) -> bytes:
    """The PNG of a program."""
    return few_colours(drawn_programs.draw(name).drawn("png"))


def page() -> str:
    """The whole page; it gives each picture the size that it has there."""
    parts = [HEAD]
    for name, program in drawn_programs.PROGRAMS.items():
        title = (inspect.getdoc(program) or "").rstrip(".")
        start = (PICTURES / f"{name}.png").read_bytes()[:24]
        width = int(struct.unpack(">I", start[16:20])[0] / 1.5)
        code = inspect.getsource(program).removeprefix("@program\n")
        image = f'<img src="programs/{name}.png" width="{width}" alt="{title}">'
        parts.append(f"## {title}\n\n{image}\n\n```python\n{code}```\n")
    return "\n".join(parts)


def main(names: list[str]) -> None:
    """Draw the programs of these names, or all, and write the page."""
    assert viz.engine() is not None, "no layout engine: pip install 'tinygrad-cnn[draw]'"
    for folder in (PICTURES, GOLDEN):
        folder.mkdir(exist_ok=True)
    for name in names or drawn_programs.PROGRAMS:
        (PICTURES / f"{name}.png").write_bytes(picture(name))
        (GOLDEN / f"{name}.dot").write_text(dot(name), encoding="utf-8")
    with writing(PAGE) as temporary:
        temporary.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

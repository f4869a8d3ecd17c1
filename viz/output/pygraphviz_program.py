"""The in-process engine, run as a program of its own: DOT text from stdin, a picture to stdout.

    python pygraphviz_program.py FORMAT [-Gname=value ...]

Several texts, with a NUL character between each two, give their pictures one after the other.

A process of its own has its own environment and its own end: fonts are set for it alone, a time
limit can stop it, and a crash in the C code does not take the caller with it. It imports nothing of
this project.
"""

from __future__ import annotations

import sys


def draw(source: str, form: str, arguments: str = "") -> bytes:
    """Lay out DOT text and draw it with the engine inside pygraphviz.

    Args:
        source: DOT text.   form: 'png', 'svg' or 'pdf'.   arguments: as `dot` takes them, `-Gdpi=144`.
    Returns:
        The picture's bytes.
    Raises:
        ImportError: pygraphviz is not installed.   ValueError: Graphviz refused.
    """
    import pygraphviz

    drawn = pygraphviz.AGraph(string=source).draw(format=form, prog="dot", args=arguments)
    return bytes(drawn)


def main() -> None:
    """Read, draw, write."""
    source = sys.stdin.buffer.read().decode("utf-8")
    for one in source.split("\0"):
        sys.stdout.buffer.write(draw(one, sys.argv[1], " ".join(sys.argv[2:])))


if __name__ == "__main__":
    main()

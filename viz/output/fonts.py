"""Fonts for the characters that DejaVu Sans lacks: Chinese, Japanese and Korean."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

#: Wheels that hold one font file and nothing else; the first is what the extra [cjk] installs.
_WHEELS = (
    "noto_cjk_sans_jp_regular", "noto_cjk_sans_sc_regular", "noto_cjk_sans_tc_regular",
    "noto_cjk_sans_kr_regular", "noto_cjk_sans_otc", "matplotlib_fontja",
)  # fmt: skip
#: Families that systems bring, in the order of their coverage.
_FAMILIES = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "Source Han Sans", "Noto Sans SC",
    "Noto Sans JP", "PingFang SC", "Hiragino Sans", "Hiragino Sans GB", "Microsoft YaHei", "Yu Gothic",
    "Meiryo", "MS Gothic", "SimHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback",
    "IPAexGothic", "IPAGothic", "Arial Unicode MS",
)  # fmt: skip
_INSTALL = "pip install 'tinygrad-cnn[cjk]'"
_BASE = "DejaVu Sans"
_BOLD = ("600", "700", "800", "900", "bold", "semibold", "black", "heavy")
_SUFFIXES = (".otf", ".ttf", ".ttc")

_told: set[str] = set()


def installed() -> Path | None:
    """The font file of an installed wheel that holds Chinese and Japanese, or None.

    Nothing is imported: the wheel is asked for its folder only.

    >>> found = installed()
    >>> found is None or found.suffix in (".otf", ".ttf", ".ttc")
    True
    """
    for name in _WHEELS:
        spec = find_spec(name)
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            files = sorted(file for file in Path(folder).rglob("*") if file.suffix.lower() in _SUFFIXES)
            if files:
                return files[0]
    return None


def families() -> list[str]:
    """Families for Matplotlib to look for a character in, one after the other.

    DejaVu Sans, which Matplotlib brings, comes first; then the wheel's font, which is the same on
    every machine; without it, those of the system that are known to hold Chinese or Japanese.

    >>> families()[0]
    'DejaVu Sans'
    """
    from matplotlib import font_manager

    manager = font_manager.fontManager
    file = installed()
    if file is not None and not any(Path(entry.fname) == file for entry in manager.ttflist):
        manager.addfont(file)
    there = {entry.name: entry for entry in manager.ttflist}
    wanted = [entry.name for entry in manager.ttflist if file is not None and Path(entry.fname) == file]
    wanted = wanted[:1] or [name for name in _FAMILIES if name in there]
    for name in wanted:
        if not any(entry.name == name and str(entry.weight) in _BOLD for entry in manager.ttflist):
            # Said to be bold too, or Matplotlib would complain of it in each process.
            manager.ttflist.append(replace(there[name], weight=700))
    return [_BASE, *wanted]


def missing(texts: Iterable[str]) -> str:
    """The characters that no family can draw, each once, sorted.

    >>> missing(["αβγ", "accuracy"])
    ''
    """
    from matplotlib import font_manager

    wanted = {character for text in texts for character in text if ord(character) > 32}
    for name in families():
        if all(ord(character) < 128 for character in wanted):
            return ""  # the usual case needs no font opened
        file = font_manager.findfont(font_manager.FontProperties(family=[name]))
        wanted -= set(map(chr, font_manager.get_font(file).get_charmap()))
    return "".join(sorted(wanted))


def tell(function: str, characters: str) -> None:
    """Warn that characters will show as boxes, and how to mend it; of each character once.

    >>> tell("viz.curves", "")
    """
    new = "".join(c for c in characters if c not in _told)
    if not new:
        return
    _told.update(new)
    warnings.warn(
        f"{function}: no font here can draw {new!r}, which will show as boxes; "
        f"{_INSTALL} brings one for Chinese, Japanese and Korean",
        stacklevel=4,
    )

"""DOT text to PNG, SVG or PDF: which engine draws, with which fonts, and how a file is written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from html import escape
from importlib.util import find_spec
from io import BytesIO
from numbers import Real
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tinygrad_cnn.errors import ArgumentError, MissingExtraError, TinygradCnnError
from tinygrad_cnn.serial.atomic import writing
from tinygrad_cnn.serial.paths import path_of
from viz.output import fonts

#: What a file may be. The last ones are texts, which need no engine: DOT, Mermaid, plain data, a drawing.
FORMATS = ("png", "svg", "pdf", "eps", "jpg", "jpeg", "webp", "html", "dot", "gv", "mmd", "json", "txt")
_TEXT = ("dot", "gv")
#: Formats that Pillow makes of a PNG, and how.
_BY_PILLOW: dict[str, dict[str, Any]] = {
    "jpg": {"format": "JPEG", "quality": 92}, "jpeg": {"format": "JPEG", "quality": 92},
    "webp": {"format": "WEBP", "lossless": True},
}  # fmt: skip
#: Pixels per inch of a PNG: small text stays readable.
DPI = 144
_INSTALL = (
    "pip install 'tinygrad-cnn[draw]' brings one, or install Graphviz itself "
    "(apt install graphviz, brew install graphviz) so that `dot` is on PATH"
)

#: Characters of Chinese, Japanese and Korean, and names of files of fonts that hold them.
_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
)
_CJK_FILE = re.compile(
    "cjk|han|wqy|ipa|gothic|mincho|ming|song|hei|kai|fallback|unifont|nanum|batang|msyh|meiryo"
)


class DrawingError(TinygradCnnError, RuntimeError):
    """The layout engine refused the graph, crashed, or did not finish in time."""


def save(text: str, path: str | Path, *, dpi: int = DPI, timeout: float = 60.0) -> Path:
    """Draw DOT text into a file; arguments and errors are those of `viz.render`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save("digraph {}", f"{folder}/empty.gv").name
    'empty.gv'
    """
    target, form = target_of(path, dpi, timeout)
    if form not in _TEXT:
        need_engine(target, text)
    drawn = text.encode("utf-8") if form in _TEXT else draw(text, form, dpi=dpi, timeout=timeout)
    return write(target, drawn)


def need_engine(target: Path, text: str) -> None:
    """Where no engine can draw `target`, save the DOT text beside it, so that nothing is lost.

    Raises:
        MissingExtraError: no engine.
    """
    if engine() is None:
        beside = write(target.with_suffix(".dot"), text.encode("utf-8"))
        raise MissingExtraError(
            f"viz.render: no layout engine to draw {target.name}: {_INSTALL}. The DOT text is in {beside}"
        )


def engine() -> str | None:
    """Name the engine that draws: 'dot' (the program on PATH), 'pygraphviz', or None.

    >>> engine() in ("dot", "pygraphviz", None)
    True
    """
    if shutil.which("dot"):
        return "dot"
    return "pygraphviz" if find_spec("pygraphviz") else None


def draw(text: str, form: str, *, dpi: int = DPI, timeout: float = 60.0) -> bytes:
    """DOT text as the bytes of a picture, drawn by a program that cannot take this one down.

    Args:
        text: DOT text.   form: 'png', 'svg' or 'pdf'.
        dpi: pixels per inch of a PNG.   timeout: seconds.
    Raises:
        MissingExtraError: no engine.   DrawingError: the engine failed or took too long.

    >>> b"</svg>" in draw("digraph {a -> b}", "svg") if engine() else True
    True
    """
    if form in _BY_PILLOW:
        image = pillow(f"viz.render: .{form}").open(BytesIO(draw(text, "png", dpi=dpi, timeout=timeout)))
        buffer = BytesIO()
        image.convert("RGB").save(buffer, **_BY_PILLOW[form])
        return buffer.getvalue()
    if form != "svg":  # of which the text is drawn where it is shown
        _tell_of_missing_fonts(text)
    done = _run(_command(form, dpi), text, form, timeout)
    if form == "pdf":  # of the same length, because a PDF counts its bytes
        return re.sub(rb"(?<=/CreationDate \(D:)\d{14}", b"19700101000000", done)
    return re.sub(rb"(?m)^%%CreationDate:.*\n", b"", done) if form == "eps" else done


def pillow(what: str) -> Any:
    """Pillow's module for images.

    Args:
        what: needs it, for the error.
    Raises:
        MissingExtraError: it is not installed.

    >>> callable(pillow("viz.animate").open)
    True
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError(f"{what} needs Pillow: pip install 'tinygrad-cnn[images]'") from error
    return Image


def draw_all(texts: Sequence[str], *, timeout: float = 60.0) -> list[str]:
    """Several DOT texts as SVG documents, by one start of the engine; errors are those of `draw`.

    >>> len(draw_all(["digraph {a -> b}", "digraph {c}"])) if engine() else 2
    2
    """
    command = _command("svg", DPI)
    # The program reads one graph after the other, the in-process engine is told where each ends.
    between = "\n" if engine() == "dot" else "\0"
    drawn = _run(command, between.join(texts), "svg", timeout).decode("utf-8")
    parts = [f"<?xml{part}" for part in drawn.split("<?xml")[1:]]
    if len(parts) != len(texts):
        raise DrawingError(f"viz.render: {engine()} drew {len(parts)} of {len(texts)} parts")
    return parts


def _run(command: Sequence[str], text: str, form: str, timeout: float) -> bytes:
    """Run the engine."""
    with TemporaryDirectory(prefix="viz-") as folder:
        try:
            done = subprocess.run(
                command, input=text.encode("utf-8"), capture_output=True, timeout=timeout,
                env=_environment(Path(folder)), check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise DrawingError(
                f"viz.render: the layout did not finish in {timeout:g} s; give it a larger timeout, "
                "draw an earlier tensor, or write a .dot file, which needs no layout"
            ) from None
        except OSError as error:
            raise DrawingError(f"viz.render: {command[0]} does not start: {error}") from error
    if done.returncode or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-3:]
        raise DrawingError(
            f"viz.render: {engine()} ended with status {done.returncode} and drew no {form}: "
            + " | ".join(said)
        )
    if b"too large" in done.stderr:
        raise DrawingError(
            f"viz.render: the drawing is larger than a {form} of 32,767 pixels a side, and would be shrunk "
            "until it cannot be read: give a smaller dpi=, fewer boxes by max_nodes=, or page=; or write "
            ".svg, .pdf or .html, which have no such limit"
        )
    return done.stdout


def _command(form: str, dpi: int) -> list[str]:
    options = [f"-Gdpi={dpi}"] if form == "png" else []
    program = shutil.which("dot")
    if program:
        return [program, f"-T{form}", *options]
    if engine() is None:
        raise MissingExtraError(f"viz.render: no layout engine: {_INSTALL}")
    # -P keeps this folder off the child's path, where its modules could hide others of their name.
    return [sys.executable, "-P", str(Path(__file__).with_name("pygraphviz_program.py")), form, *options]


# --------------------------------------------------------------------------- fonts
def _environment(folder: Path) -> dict[str, str]:
    """The engine's environment: the one package that it needs, no local time, and a font to write with."""
    environment = dict(os.environ)
    found = find_spec("pygraphviz")
    if found is not None and found.origin is not None:
        # Not all of sys.path: a file beside the user's script, such as re.py, would hide Python's own.
        environment["PYTHONPATH"] = str(Path(found.origin).parents[1])
    environment["TZ"] = "UTC"  # a PDF holds the time zone of its making
    if not sys.platform.startswith("linux"):
        return environment  # other systems always come with fonts
    folders = _font_folders()
    if folders:
        config = folder / "fonts.conf"
        config.write_text(_font_config(folders), encoding="utf-8")
        environment["FONTCONFIG_FILE"] = str(config)
    elif not _chosen() and not any(True for _ in _system_fonts()):
        warnings.warn(
            "viz: this system seems to have no font, so that text may show as empty boxes; "
            "pip install 'tinygrad-cnn[plots]' brings one, or apt install fonts-dejavu-core",
            stacklevel=2,
        )
    return environment


def _font_folders() -> list[Path]:
    """Where installed packages bring fonts: DejaVu Sans, and one for Chinese, Japanese and Korean."""
    latin, cjk = _matplotlib_fonts(), fonts.installed()
    return [folder for folder in (latin, cjk.parent if cjk else None) if folder is not None]


def _font_config(folders: Sequence[Path]) -> str:
    """The system's own configuration, and behind it the fonts that installed packages bring along."""
    system = os.environ.get("FONTCONFIG_FILE") or "/etc/fonts/fonts.conf"
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>\n'
        f'<include ignore_missing="yes">{escape(system, quote=False)}</include>\n'
        + "".join(f"<dir>{escape(str(folder), quote=False)}</dir>\n" for folder in folders)
        + '<cachedir prefix="xdg">fontconfig</cachedir>\n</fontconfig>\n'
    )


def _matplotlib_fonts() -> Path | None:
    """The folder of DejaVu Sans inside Matplotlib, found without importing it."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
    return folder if (folder / "DejaVuSans.ttf").is_file() else None


def _tell_of_missing_fonts(text: str) -> None:
    """Warn where Chinese, Japanese or Korean would show as boxes."""
    wanted = "".join(sorted(set(_CJK.findall(text))))
    if wanted and sys.platform.startswith("linux") and fonts.installed() is None:
        if not _chosen() and not any(_CJK_FILE.search(file.name.lower()) for file in _system_fonts()):
            fonts.tell("viz.render", wanted)


def _chosen() -> bool:
    """Whether somebody chose the fonts by hand."""
    return "FONTCONFIG_FILE" in os.environ or "FONTCONFIG_PATH" in os.environ


def _system_fonts() -> Iterator[Path]:
    home = Path.home()
    folders = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".fonts",
               home / ".local/share/fonts", Path("/run/current-system/sw/share/X11/fonts"))  # fmt: skip
    kinds = {".ttf", ".otf", ".ttc", ".pfb", ".pcf", ".gz"}
    return (file for folder in folders for file in folder.rglob("*") if file.suffix in kinds)


# --------------------------------------------------------------------------- files
def target_of(
    path: str | Path, dpi: int, timeout: float, forms: Sequence[str] = FORMATS, function: str = "viz.render"
) -> tuple[Path, str]:
    """The path and its format, refused before anything is computed or written.

    Args:
        path, dpi, timeout: as for `viz.render`.   forms: suffixes that fit.
        function: named in errors.
    Raises:
        ArgumentError, FileNotFoundError, IsADirectoryError, PermissionError: as for `viz.render`.

    >>> target_of("graph.svg", DPI, 60.0)[1]
    'svg'
    """
    target = Path(path_of(function, path))
    form = target.suffix.lower().lstrip(".")
    if form not in forms:
        raise ArgumentError(
            f"{function}: {target} ends in {target.suffix or 'no suffix'!r}; "
            f"{', '.join('.' + one for one in forms)} fit"
        )
    check_drawing(function, dpi, timeout)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{function}: the folder {target.parent} does not exist")
    if target.is_dir():
        raise IsADirectoryError(f"{function}: {target} is a folder; a file's path fits")
    if not os.access(target.parent, os.W_OK):
        raise PermissionError(f"{function}: the folder {target.parent} cannot be written to")
    return target, form


def check_drawing(function: str, dpi: Any, timeout: Any) -> None:
    """Refuse dots per inch and seconds that are none.

    Raises:
        ArgumentError: no number, or one out of its range.

    >>> check_drawing("viz.render", 144, 60.0)
    """
    for name, value, fits in (("dpi", dpi, "1 to 1200"), ("timeout", timeout, "more than 0 seconds")):
        number = isinstance(value, Real) and not isinstance(value, bool)
        if not number or not (1 <= value <= 1200 if name == "dpi" else value > 0):
            raise ArgumentError(f"{function}: {name} is {value!r}; {fits} fits")


def write(target: Path, content: bytes) -> Path:
    """Write a file, whole or not at all; gives its path."""
    with writing(target) as temporary:
        Path(temporary).write_bytes(content)
    return target

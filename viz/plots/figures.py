"""Matplotlib without its global state: figures of our own look, and files with the same bytes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from tinygrad_cnn.errors import ArgumentError, MissingExtraError
from tinygrad_cnn.serial.atomic import writing
from tinygrad_cnn.serial.paths import path_of
from viz.output import fonts

#: What each format would note about its making; None leaves it out.
_NOTES: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
_LOOK: dict[str, Any] = {
    # Names are shown as they are: a dollar sign starts no formula.
    "text.parse_math": False, "font.size": 10.0, "axes.titlesize": 11.0, "axes.titleweight": "bold",
    "figure.titlesize": 11.0, "figure.titleweight": "bold",
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#8c8c8c",
    "axes.axisbelow": True, "xtick.color": "#555555", "ytick.color": "#555555",
    "axes.labelcolor": "#555555", "svg.hashsalt": "viz",
}  # fmt: skip


@contextmanager
def look() -> Iterator[None]:
    """Matplotlib's defaults with our look, whatever the user's settings; theirs come back after.

    Raises:
        MissingExtraError: Matplotlib is not installed.

    >>> with look():
    ...     figure("viz.curves", (2.0, 1.0)).get_size_inches().tolist()
    [2.0, 1.0]
    """
    matplotlib = _matplotlib("viz")
    with matplotlib.style.context(["default", {**_LOOK, "font.family": fonts.families()}]):
        yield


def figure(function: str, size: tuple[float, float]) -> Any:
    """An empty Figure with a canvas of its own, unknown to pyplot.

    Args:
        function: named in errors.   size: (width, height) in inches.
    Raises:
        MissingExtraError: Matplotlib is not installed.

    >>> len(figure("viz.curves", (2.0, 1.0)).axes)
    0
    """
    _matplotlib(function)
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    made = _figure_class()(figsize=size, dpi=144, layout="constrained")
    FigureCanvasAgg(made)
    return made


@cache
def _figure_class() -> Any:
    """Matplotlib's Figure, which also shows itself in a notebook where nobody set up Matplotlib."""
    from matplotlib.figure import Figure

    class ShownFigure(Figure):
        def _repr_png_(self) -> bytes:
            buffer = BytesIO()
            self.savefig(buffer, format="png", metadata=_NOTES["png"])
            return buffer.getvalue()

        def __reduce__(self) -> Any:  # saved and copied as a Figure of Matplotlib
            return Figure.__new__, (Figure,), self.__getstate__()

    return ShownFigure


def save(function: str, drawn: Any, path: str | Path) -> Path:
    """Write a Figure, whole or not at all; the same bytes for the same figure.

    Raises:
        ArgumentError: a suffix other than .png, .svg and .pdf.
        FileNotFoundError: the folder does not exist.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save("viz.curves", figure("viz.curves", (1.0, 1.0)), f"{folder}/empty.png").name
    'empty.png'
    """
    target = Path(path_of(function, path))
    form = target.suffix.lower().lstrip(".")
    if form not in _NOTES:
        raise ArgumentError(
            f"{function}: {target} ends in {target.suffix or 'no suffix'!r}; .png, .svg, .pdf fit"
        )
    with writing(target) as temporary:
        drawn.savefig(temporary, format=form, metadata=_NOTES[form])
    return target


def finish(function: str, drawn: Any, path: str | Path | None) -> Any:
    """The Figure itself, saved when a path is given; characters without a font are told of.

    Raises:
        ArgumentError, FileNotFoundError: as for `save`.

    >>> finish("viz.curves", figure("viz.curves", (1.0, 1.0)), None).axes
    []
    """
    lost = fonts.missing(_texts(drawn))
    fonts.tell(function, lost)
    if path is not None:
        with warnings.catch_warnings():
            if lost:  # said above, once, with what to do
                warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
            save(function, drawn, path)
    return drawn


def _texts(drawn: Any) -> list[str]:
    from matplotlib.text import Text

    ticks = [
        label
        for axes in drawn.axes
        for axis in (axes.xaxis, axes.yaxis)
        if axes.axison and axis.get_visible()
        for label in axis.get_ticklabels()
    ]
    return [text.get_text() for text in [*drawn.findobj(Text), *ticks]]


def _matplotlib(function: str) -> Any:
    try:
        import matplotlib.style
    except ImportError as error:
        raise MissingExtraError(
            f"{function} needs Matplotlib: pip install 'tinygrad-cnn[plots]'"
        ) from error
    return matplotlib

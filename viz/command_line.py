"""Draw a graph from the command line: `python -m viz script.py:loss -o out.png`.

Ends with status 0 when it was drawn, 1 when the script or the drawing failed, 2 when the command line
asks for something that there is not.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tinygrad_cnn import Tensor
from tinygrad_cnn.errors import ArgumentError, TinygradCnnError
from tinygrad_cnn.graph import Node
from tinygrad_cnn.nn import Module
from tinygrad_cnn.onnx import OnnxModule
from viz.compare.difference import Difference, diff
from viz.graphs import MAX_NODES, graph
from viz.model_files import SUFFIXES, inputs_of, module_of
from viz.options import DIRECTIONS, PARTS
from viz.output.engines import DPI, FORMATS, target_of, write
from viz.picture import Picture
from viz.recording.recorder import record

_ABOUT = """Draw the computation graph of a Tensor, or of a Module, that a Python script makes.

The script runs as `python script.py` would, watched by viz.record(), so that gradients are drawn too
if it calls backward(). Then what it left under NAME is drawn."""

_EPILOG = """examples:
  python -m viz train.py:loss -o loss.png
  python -m viz net.py:model --input 1,1,28,28 -o net.html
  python -m viz net.safetensors --input 1,1,28,28 -o net.png
  python -m viz net.onnx -o net.png
  python -m viz before.onnx --diff after.onnx -o change.html
  python -m viz train.py:loss                  a text drawing, here
  python -m viz train.py:loss -o - | dot -Tx11"""


#: Options of `viz.graph` that are on or off, and what each shows.
_FLAGS = {
    "values": "elements of small tensors", "statistics": "min, mean, max, norm, zeros and NaN of tensors",
    "memory": "bytes kept for backward", "flops": "multiply-adds", "times": "milliseconds",
    "legend": "what the colours mean",
}  # fmt: skip


#: Options of `viz.graph` that are functions, and what each gives.
_FUNCTIONS = {"note": "text or a number for its box", "color": "the fill of its box, or a number"}


class _UsageError(Exception):
    """The command line asks for something that there is not."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: the words after `python -m viz`; None takes those of the process.
    Returns:
        0 when it was drawn, 1 when the script or the drawing failed, 2 for a wrong command line.
    Raises:
        SystemExit: with status 2, for options that there are not; with 0 after --help.

    >>> main(["nowhere.py:loss"])
    2
    """
    options = _parser().parse_args(arguments)
    try:
        _draw(options)
    except _UsageError as error:
        print(f"python -m viz: {error}", file=sys.stderr)
        return 2
    except (TinygradCnnError, OSError) as error:
        print(f"python -m viz: {error}", file=sys.stderr)
        return 1
    except _ScriptError as error:
        traceback.print_exception(error.__cause__, file=sys.stderr)
        print(f"python -m viz: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m viz", description=_ABOUT, epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add(
        "thing",
        metavar="SCRIPT.py:NAME",
        help="a script and the name of a Tensor or Module in it; or a file of save_model, or an ONNX file",
    )
    add(
        "-o", "--out", metavar="FILE",
        help=f"{', '.join('.' + form for form in FORMATS)}; '-' writes DOT to standard output; "
        "without it a text drawing is printed",
    )  # fmt: skip
    add(
        "--input", metavar="SHAPE", action="append", type=_shape,
        help="for a Module: shape of an input, such as 1,1,28,28, filled with normal random numbers of a "
        "fixed seed; 2,16:int64 gives zeros of that type, :int64=16000 one number; once for "
        "each argument, if an ONNX file does not say it",
    )  # fmt: skip
    add("--diff", metavar="FILE", help="for a file: what would make it into this one")
    _add_contents(add)
    _add_output(add)
    return parser


def _add_contents(add: Callable[..., Any]) -> None:
    """Add the options of `graph`: what the picture shows."""
    add("--title", help="the line above the picture; '' leaves it out")
    add("--direction", choices=sorted(DIRECTIONS), help="where results lie")
    add("--depth", type=int, help="how many levels of modules are opened")
    add("--page", help="fit a page: a4, letter, 16:9, 'a4 landscape', or WIDTHxHEIGHT in inches")
    add("--hide", metavar="PARTS", help=f"leave out some of {','.join(PARTS)}")
    add(
        "--between", metavar="A:B",
        help="only what lies between two names or paths of modules; either may be empty",
    )  # fmt: skip
    add(
        "--names", metavar="NAMES",
        help="variables of the script with modules that no other holds, such as G,D or generator=G",
    )  # fmt: skip
    for option, words in _FUNCTIONS.items():
        add(
            f"--{option}",
            metavar="FUNCTION",
            help=f"a function of the script: told each node, gives {words}",
        )
    for name, words in _FLAGS.items():
        add(f"--{name}", action="store_true", help=f"show {words}")
    add("--gradients", choices=("norms", "none", "arrows"), help="how gradients are shown")
    add(
        "--fold",
        choices=("yes", "no"),
        help="draw equal blocks once; by default where there are many boxes",
    )


def _add_output(add: Callable[..., Any]) -> None:
    """Add the options of `render`: what is written, and within which bounds."""
    add("--dpi", type=int, default=DPI, help="pixels per inch of a picture (default %(default)s)")
    add("--timeout", type=float, default=60.0, help="seconds for the layout (default %(default)g)")
    add("--form", choices=FORMATS, help="the format, where the name of FILE does not say it")
    add(
        "--max-nodes",
        type=int,
        default=MAX_NODES,
        help="the most boxes; 0 sets no limit (default %(default)s)",
    )
    add("--keep-dot", action="store_true", help="also write the DOT text, beside FILE")


def _shape(text: str) -> Any:
    """An array for '1,1,28,28', '2,16:int64' or ':int64=16000'."""
    form, equals, number = text.partition("=")
    sizes, _, dtype = form.partition(":")
    try:
        shape = tuple(int(size) for size in sizes.split(",") if size.strip())
        kind = np.dtype(dtype or "float32")
        if kind.kind not in "fiub" or any(size < 0 for size in shape):
            raise ValueError(text)
        if equals:
            return np.full(shape, float(number) if kind.kind == "f" else int(number), kind)
    except (ValueError, TypeError, OverflowError):
        fits = "1,1,28,28, 2,16:int64 or :int64=16000"
        raise argparse.ArgumentTypeError(f"{text!r} is not a shape; {fits} fits") from None
    drawn = np.random.default_rng(0).standard_normal(shape)
    return drawn.astype(kind) if kind.kind == "f" else np.zeros(shape, kind)


def _draw(options: argparse.Namespace) -> None:
    saved = Path(options.thing).suffix.lower() in SUFFIXES
    if options.diff and not saved:
        raise _UsageError("--diff compares two files that hold models, not scripts")
    script, name = (Path(options.thing), "") if saved else _script(options.thing)
    to_file = options.out not in (None, "-")
    if to_file:
        try:
            # Refused before the script runs.
            forms = FORMATS if options.form is None else (Path(options.out).suffix.lower().lstrip("."),)
            target_of(options.out, options.dpi, options.timeout, forms)
        except ArgumentError as error:
            raise _UsageError(str(error)) from error
    if options.keep_dot and not to_file:
        raise _UsageError("--keep-dot writes beside a file; give -o FILE")
    # What the script prints must not get into the DOT text.
    with redirect_stdout(sys.stderr) if options.out == "-" else nullcontext():
        picture: Picture | Difference = (
            _picture_of_file(script, options) if saved else _picture(script, name, options)
        )
    source = picture.picture.source if isinstance(picture, Difference) else picture.source
    if options.out is None:
        print(picture)
    elif options.out == "-":
        print(source, end="")
    else:
        chosen = {"dpi": options.dpi, "timeout": options.timeout}
        if isinstance(picture, Picture) and options.form is not None:
            chosen["form"] = options.form
        path = picture.render(options.out, **chosen)
        if options.keep_dot:
            write(path.with_suffix(".dot"), source.encode("utf-8"))
        print(path, file=sys.stderr)


def _script(thing: str) -> tuple[Path, str]:
    """The script and the name after the last colon."""
    file, colon, name = thing.rpartition(":")
    if not colon or not name.isidentifier():
        file, name = thing, ""
    path = Path(file)
    if path.suffix.lower() in (*SUFFIXES, ".npy"):
        raise _UsageError(f"{path} is not a script; a file that save_model wrote is given without :NAME")
    if not path.is_file():
        raise _UsageError(f"there is no file {path}; SCRIPT.py:NAME fits")
    if not name:
        raise _UsageError(f"{thing}: which Tensor or Module? {path}:loss fits, if it is called loss there")
    return path, name


class _ScriptError(Exception):
    """The script raised; its error is the cause."""


def _picture(script: Path, name: str, options: argparse.Namespace) -> Picture:
    before = sys.argv, list(sys.path)
    sys.argv, sys.path[0:0] = [str(script)], [str(script.resolve().parent)]
    try:
        with record() as recorder:
            names = _run(script)
    except (Exception, SystemExit) as error:
        raise _ScriptError(f"{script} ended with {type(error).__name__}: {error}") from error
    finally:
        sys.argv, sys.path[:] = before
    thing = _named(names, script, name)
    if isinstance(thing, Module) and not options.input:
        raise _UsageError(
            f"{name} is a Module, which must be run to be drawn: give --input, such as 1,1,28,28"
        )
    if options.input and not isinstance(thing, Module):
        raise _UsageError(f"--input is for a Module; {name} is a {type(thing).__name__}")
    try:
        return graph(
            thing, **_shown(options), **_of_script(names, script, options),
            inputs=tuple(options.input) if options.input else None,
            recorder=None if options.input else recorder,
        )  # fmt: skip
    except ArgumentError as error:
        raise _UsageError(str(error)) from error


def _of_script(left: dict[str, Any], script: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The options of `viz.graph` that are objects of the script."""
    chosen: dict[str, Any] = {}
    for option in _FUNCTIONS:
        name = getattr(options, option)
        if name is not None:
            chosen[option] = left.get(name)
            if not callable(chosen[option]):
                raise _UsageError(f"--{option} {name}: {script} has no function of that name")
    for word in (options.names or "").split(","):
        name, _, variable = word.strip().rpartition("=")
        module = left.get(variable)
        if variable and not isinstance(module, Module):
            raise _UsageError(f"--names {word.strip()}: {script} has no Module {variable}")
        if variable:
            chosen.setdefault("names", {})[name or variable] = module
    return chosen


def _run(script: Path) -> dict[str, Any]:
    """Run a script as `python script.py` would; what it leaves, also where it ends by `sys.exit()`."""
    module = ModuleType("__main__")
    module.__file__ = str(script)
    before, sys.modules["__main__"] = sys.modules["__main__"], module
    try:
        exec(compile(script.read_bytes(), str(script), "exec"), vars(module))
    except SystemExit as error:
        if error.code not in (None, 0):
            raise
    finally:
        sys.modules["__main__"] = before
    return vars(module)


def _shown(options: argparse.Namespace) -> dict[str, Any]:
    """The options of `viz.graph` that the command line has."""
    chosen = {name: getattr(options, name) for name in (*_FLAGS, "title", "direction", "depth")}
    gradients = {None: None, "norms": True, "none": False, "arrows": "arrows"}[options.gradients]
    fold = {None: None, "yes": True, "no": False}[options.fold]
    chosen |= {"gradients": gradients, "fold": fold, "max_nodes": options.max_nodes or None}
    chosen["hide"] = [word for word in (options.hide or "").split(",") if word]
    if options.page is not None:
        sides = options.page.lower().split("x")
        chosen["page"] = tuple(sides) if len(sides) == 2 else options.page
    if options.between is not None:
        chosen["between"] = tuple(place or None for place in options.between.split(":"))
    return chosen


def _picture_of_file(path: Path, options: argparse.Namespace) -> Picture | Difference:
    """The model in a file, or what makes it into another one."""
    files = [path, *([Path(options.diff)] if options.diff else [])]
    for file in files:
        if not file.is_file():
            raise _UsageError(f"there is no file {file}")
    given = [f"--{option}" for option in (*_FUNCTIONS, "names") if getattr(options, option)]
    if given:
        raise _UsageError(f"{given[0]} is about a script; {path} is a file that holds a model")
    try:
        models = [module_of(file) for file in files]
        inputs = inputs_of(models[0], path, options.input)
        if len(models) == 2:
            return diff(
                models[0], models[1], inputs=inputs, title=options.title, direction=options.direction,
                max_nodes=options.max_nodes or None,
            )  # fmt: skip
        names = {path.name: models[0]} if isinstance(models[0], OnnxModule) else None
        return graph(models[0], **_shown(options), inputs=inputs, names=names)
    except ArgumentError as error:
        raise _UsageError(str(error)) from error


def _named(names: dict[str, Any], script: Path, name: str) -> Any:
    """Find what the script left under a name, if it can be drawn."""
    kinds = (Tensor, Module, Node)
    fit = sorted(key for key, value in names.items() if isinstance(value, kinds) and key[:1] != "_")
    there = f"{script} has {', '.join(fit[:12])}" if fit else f"{script} leaves no Tensor and no Module"
    if name not in names:
        raise _UsageError(f"{script} has no {name}; {there}")
    thing = names[name]
    many = isinstance(thing, (list, tuple)) and thing and all(isinstance(one, kinds[::2]) for one in thing)
    if not isinstance(thing, kinds) and not many:
        raise _UsageError(f"{name} in {script} is a {type(thing).__name__}, no Tensor or Module; {there}")
    return thing

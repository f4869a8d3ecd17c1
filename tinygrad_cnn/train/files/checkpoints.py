"""Checkpoints: everything that a training needs to go on, in one file, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cnn.errors import ArgumentError, FormatError, StateError, TinygradCnnError
from tinygrad_cnn.nn import Module, to_json
from tinygrad_cnn.optim import Optimizer
from tinygrad_cnn.rng import Generators, find_generators, generator, set_states, states
from tinygrad_cnn.serial import Decoder, Encoder, load_content, save_tensors
from tinygrad_cnn.serial.paths import path_of
from tinygrad_cnn.signal_handlers import let_through
from tinygrad_cnn.train.files.state_checks import check_alike, check_optimizer
from tinygrad_cnn.train.files.undo import Undo

#: The metadata names of a checkpoint, and the version that is written.
FORMAT, VERSION = "tinygrad_cnn.checkpoint", "1"
STATE = "tinygrad_cnn.state"
#: What the names begin with under which texts are kept: the structure of each module, and others.
TEXT = "tinygrad_cnn.text."


def save_checkpoint(path: str | os.PathLike[str], **parts: Any) -> None:
    """Write the states of the parts of a training, and of all random generators, to one file.

    Tensors are stored as tensors under 'part.name', everything else as JSON in the metadata. Beside
    the parts, the state of the default generator is kept, and of each generator that a module or a
    loader among them holds; and the structure of each module, for `load_model`, if all its classes
    are registered. `kill -9` at any moment leaves the old file or the new one.

    Args:
        path: a `.safetensors` (or `.npz`) file in a folder that exists.
        parts: each by the name that `load_checkpoint` will use: what has a `state_dict` (model,
            optimizer, scheduler, `Trainer`), a loader or a generator, whose random state is kept, or
            plain values (numbers, text, lists, dicts, arrays), such as a History.
    Raises:
        ArgumentError: no part.   DTypeError: a value that cannot be written.
        FormatError: another suffix.   MissingExtraError: `.safetensors` without its package.

    >>> import tempfile; from tinygrad_cnn import nn, optim
    >>> model = nn.Linear(2, 1); optimizer = optim.Adam(model.parameters())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_checkpoint(f"{folder}/a.npz", model=model, optimizer=optimizer, epoch=3)
    ...     load_checkpoint(f"{folder}/a.npz", model=model, optimizer=optimizer)
    {'epoch': 3}
    """
    if not parts:
        raise ArgumentError("save_checkpoint: got nothing to save; model=model, say, fits")
    write_checkpoint(path_of("save_checkpoint", path), parts, {})


def write_checkpoint(
    path: str | os.PathLike[str], parts: Mapping[str, Any], texts: Mapping[str, str]
) -> None:
    """`save_checkpoint`, with texts to save with the parts.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_checkpoint(f"{folder}/a.npz", {"epoch": 3}, {"note": "tried"})
    ...     read_checkpoint(f"{folder}/a.npz").texts
    {'note': 'tried'}
    """
    texts = dict(texts)
    packed: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    encoder = Encoder("save_checkpoint", arrays)
    for name, part in parts.items():
        if _has_state(part):
            packed[name] = {"class": type(part).__name__, "state": encoder.value(part.state_dict(), name)}
            if isinstance(part, Module):
                text, why = _structure(part)
                packed[name]["structure"] = why
                texts |= {} if text is None else {f"structure.{name}": text}
        elif _only_random(part):
            packed[name] = {"class": type(part).__name__}
        else:
            packed[name] = {"value": encoder.value(part, name)}
    random = encoder.value(states(_generators(parts)), "random")
    tree = {"parts": packed, "random": random, "texts": list(texts)}
    text = json.dumps(tree, separators=(",", ":"), allow_nan=False)
    kept = {TEXT + name: text for name, text in texts.items()}
    save_tensors(path, arrays, {FORMAT: VERSION, STATE: text, **kept})


def _structure(module: Module) -> tuple[str | None, str]:
    """The structure of a module as JSON, or None and the reason why there is none."""
    try:
        return to_json(module), ""
    except TinygradCnnError as error:
        return None, str(error)


def load_checkpoint(path: str | os.PathLike[str], **parts: Any) -> dict[str, Any]:
    """Put the parts of a training, and the random generators, into the states that a file holds.

    Whatever fails, nothing has been changed. Parts of the file that are not asked for are left;
    with only `model=model` the random generators stay as they are, too.

    Args:
        path: what `save_checkpoint` wrote.
        parts: the objects to load into, by the names that they were saved under.
    Returns:
        The plain values of the file, by name.
    Raises:
        FormatError: a truncated, altered or foreign file; the message names it.
        StateError: a part that is not in the file, or of another kind or architecture; the message
            lists the keys that differ.   FileNotFoundError: no such file.

    >>> import tempfile; from tinygrad_cnn import nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_checkpoint(f"{folder}/a.npz", model=nn.Linear(2, 1), note="tried")
    ...     load_checkpoint(f"{folder}/a.npz", model=nn.Linear(2, 1))
    {'note': 'tried'}
    """
    path = path_of("load_checkpoint", path)
    return restore(f"load_checkpoint: {path}", read_checkpoint(path), parts)


class Saved(NamedTuple):
    """The content of a checkpoint's file: entries of parts, states of generators, and texts."""

    parts: dict[str, Any]
    random: dict[str, Any]
    texts: dict[str, str]


def restore(function: str, checkpoint: Saved, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Put parts into the states of a checkpoint that was read; what `load_checkpoint` does.

    >>> restore("example", Saved({"epoch": {"value": 3}}, {}, {}), {})
    {'epoch': 3}
    """
    saved, random, _ = checkpoint
    missing = [name for name in parts if "class" not in saved.get(name, {})]
    if missing:
        held = [name for name, entry in saved.items() if "class" in entry]
        raise StateError(f"{function}: holds no {', '.join(missing)}; it holds {', '.join(held)}")
    for name, part in parts.items():
        # A model's keys say what it is; an optimizer's or a scheduler's could fit by accident.
        if not isinstance(part, Module) and saved[name]["class"] != type(part).__name__:
            raise StateError(
                f"{function}: {name} is the state of {saved[name]['class']}, not {type(part).__name__}"
            )
    generators = {} if all(isinstance(part, Module) for part in parts.values()) else _generators(parts)
    wanted = {key: random[key] for key in random if key.split(".")[0] in {"default", *parts}}
    undo, random_before = Undo(parts.values()), states(generators)
    try:
        # Schedulers write learning rates; the optimizer, loaded last, has the last word.
        for name, part in sorted(parts.items(), key=lambda item: isinstance(item[1], Optimizer)):
            if _has_state(part):
                _load_part(function, name, part, saved[name].get("state"))
        if generators:
            set_states(function, generators, wanted)
    except BaseException:
        undo.restore()
        set_states(function, generators, random_before)
        raise
    return {name: entry["value"] for name, entry in saved.items() if "value" in entry}


def read_checkpoint(path: str | os.PathLike[str]) -> Saved:
    """Read the file of a checkpoint, once, and check it.

    Raises:
        FormatError: a truncated, altered or foreign file.   FileNotFoundError: no such file.

    >>> read_checkpoint("nowhere.npz")
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] No such file or directory: 'nowhere.npz'
    """
    arrays, metadata = load_content(path)
    where = os.fspath(path)
    if FORMAT not in metadata or STATE not in metadata:
        raise FormatError(
            f"{where}: expected a checkpoint, found a file without its metadata, of {len(arrays)} tensors"
        )
    if metadata[FORMAT] != VERSION:
        raise FormatError(f"{where}: expected a checkpoint of version {VERSION}, found {metadata[FORMAT]}")
    decoder = Decoder(f"{where}: a checkpoint whose metadata cannot be read")
    try:
        tree = json.loads(metadata[STATE])
    except (ValueError, RecursionError) as error:
        decoder.refuse("", str(error))
    decoder.keys("", tree, ("parts", "random"), ("texts",))
    names = decoder.list(tree.get("texts", []), "texts")
    absent = [str(name)[:40] for name in names if not isinstance(name, str) or TEXT + name not in metadata]
    if absent:
        decoder.refuse("texts", f"{absent[0]!r} is not there")
    values = Decoder(decoder.where, arrays).value({"parts": tree["parts"], "random": tree["random"]}, "")
    _check_entries(decoder, values["parts"], values["random"])
    return Saved(values["parts"], values["random"], {name: metadata[TEXT + name] for name in names})


def _check_entries(decoder: Decoder, parts: Any, random: Any) -> None:
    """See that the parts of a checkpoint are objects of the right keys."""
    for path, tree in (("parts", parts), ("random", random)):
        if not isinstance(tree, dict) or not all(isinstance(name, str) for name in tree):
            decoder.refuse(path, "expected an object")
        for name, entry in tree.items():
            if not isinstance(entry, dict):
                decoder.refuse(f"{path}.{name}", "expected an object")
    for name, entry in parts.items():
        decoder.keys(f"parts.{name}", entry, (), ("value", "class", "state", "structure"))
        for key in ("class", "structure"):
            if not isinstance(entry.get(key, ""), str):
                decoder.refuse(f"parts.{name}.{key}", "expected text")


def _load_part(function: str, name: str, part: Any, state: Any) -> None:
    try:
        if not isinstance(state, Mapping):
            raise FormatError("no object")
        if not isinstance(part, Module):
            check_alike(part.state_dict(), state)
        if isinstance(part, Optimizer):
            check_optimizer(part, state)
        part.load_state_dict(state)
    except StateError as error:
        raise StateError(f"{function}: {name}: {error}") from error
    except Exception as error:  # what a class does with a state that is none of its own
        let_through(error)
        reason = str(error) if isinstance(error, TinygradCnnError) else repr(error)
        raise FormatError(f"{function}: {name} has a state that cannot be read: {reason[:400]}") from error


def _has_state(part: Any) -> bool:
    return hasattr(part, "state_dict") and hasattr(part, "load_state_dict")


def _only_random(part: Any) -> bool:
    """Whether a part is kept for its generators: an object that is not a plain value."""
    return (
        not isinstance(part, (dict, list, tuple, str, int, float, np.ndarray, np.generic))
        and part is not None
    )


def _generators(parts: Mapping[str, Any]) -> Generators:
    """The default generator, and those of modules and of loaders; a Trainer keeps its own."""
    roots = {
        n: p for n, p in parts.items() if isinstance(p, Module) or (not _has_state(p) and _only_random(p))
    }
    return {"default": generator(), **find_generators(**roots)}

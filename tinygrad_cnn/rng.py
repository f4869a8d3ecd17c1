"""Random generators: the default one, those inside objects, and their states.

`manual_seed` seeds the default generator; `generator` turns any `rng` argument into one. `find_generators`
finds the generators that objects hold, and `undisturbed` puts them back after a block.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError, DTypeError, StateError
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.signal_handlers import let_through

#: What an `rng` argument takes: a generator, a seed for a new one, or None for the default one.
Seed = np.random.Generator | int | None
#: Generators by the path of attributes that leads to each.
Generators = dict[str, np.random.Generator]

#: What holds no generator: a list of a million numbers is passed over quickly.
_PLAIN = (int, float, str, bytes, type(None), np.generic, np.ndarray)

_default = np.random.default_rng()

#: Where `noting_used` notes generators, by id; None outside.
_used: ContextVar[dict[int, tuple[np.random.Generator, Any]] | None] = ContextVar(
    "generators", default=None
)


def manual_seed(seed: int) -> np.random.Generator:
    """Start the default generator anew: weights, dropout and shuffling then repeat exactly.

    Args:
        seed: an integer of at least 0.
    Returns:
        The default generator.
    Raises:
        DTypeError: no integer.   ArgumentError: below 0.

    >>> first = manual_seed(1).random()
    >>> first == manual_seed(1).random()
    True
    """
    global _default
    if isinstance(seed, (bool, np.random.Generator)) or not isinstance(seed, (int, np.integer)):
        raise DTypeError(f"manual_seed: an integer of at least 0 fits, got {seed!r}")
    _default = _seeded("manual_seed", int(seed))
    return _default


def generator(rng: Seed = None) -> np.random.Generator:
    """The generator that an `rng` argument stands for.

    Raises:
        DTypeError: neither a generator, nor an integer, nor None.   ArgumentError: a seed below 0.

    >>> generator(7).integers(10) == generator(7).integers(10)
    np.True_
    """
    if rng is None or isinstance(rng, np.random.Generator):
        one = _default if rng is None else rng
        used = _used.get()
        if used is not None and id(one) not in used:
            used[id(one)] = one, one.bit_generator.state
        return one
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool):
        return _seeded("rng", int(rng))
    raise DTypeError(f"rng: a numpy.random.Generator, a seed or None fits, got {rng!r}")


def own_generator(owner: str, name: str, rng: Seed) -> np.random.Generator | None:
    """A check of an option: a generator for a layer alone; None shares the default one.

    >>> own_generator("Dropout", "rng", None)
    """
    return None if rng is None else generator(rng)


def _seeded(name: str, seed: int) -> np.random.Generator:
    """A new generator; NumPy's error for a negative seed names nobody."""
    if seed < 0:
        raise ArgumentError(f"{name}: a seed must be at least 0, got {seed}")
    return np.random.default_rng(seed)


def noting_used(*roots: Any) -> Restoring[list[tuple[np.random.Generator, Any]]]:
    """Note which generators the block draws from, and their states before it.

    Those that objects hold are noted too, as they may be drawn from directly.

    Args:
        roots: objects, as for `find_generators`.
    Returns:
        Pairs of a generator and its state; complete when the block ends.

    >>> with noting_used() as noted: first = generator().random()
    >>> one, state = noted[0]; one.bit_generator.state = state; one.random() == first
    True
    """
    held = (_default, *find_generators(**{str(k): root for k, root in enumerate(roots)}).values())
    used: dict[int, tuple[np.random.Generator, Any]] = {
        id(one): (one, one.bit_generator.state) for one in held
    }
    noted: list[tuple[np.random.Generator, Any]] = []
    around = _used.get()

    def begin() -> list[tuple[np.random.Generator, Any]]:
        _used.set(used)
        return noted

    def end() -> None:
        if _used.get() is used:
            _used.set(around)
        noted[:] = used.values()
        if around is not None:
            for key, pair in used.items():
                around.setdefault(key, pair)  # what is drawn inside is drawn inside of both

    return Restoring(begin, end)


# --------------------------------------------------------------------------- generators inside objects
def find_generators(**roots: Any) -> Generators:
    """Find all NumPy generators that objects hold.

    Attributes (also in `__slots__`), lists, tuples, deques, dicts, partial functions, bound methods and
    closures are followed. Arrays, Tensors, classes, modules of Python and what a running generator
    function holds are not.

    Args:
        roots: the objects, each under the name that its paths begin with.
    Returns:
        path -> generator. One that is reached by several attributes has several paths.

    >>> list(find_generators(model=[1, {"dropout": np.random.default_rng(0)}]))
    ['model.1.dropout']
    """
    found: Generators = {}
    seen: set[int] = set()
    waiting = [(name, root) for name, root in reversed(roots.items())]
    while waiting:  # no recursion: what objects hold may be nested deeply
        path, value = waiting.pop()
        if isinstance(value, np.random.Generator):
            found[path] = value
        elif (parts := _parts(value)) and id(value) not in seen:
            seen.add(id(value))
            waiting.extend((f"{path}.{n}", p) for n, p in reversed(parts) if not isinstance(p, _PLAIN))
    return found


def _parts(value: Any) -> list[tuple[Any, Any]]:
    """List what an object holds, by name."""
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, (list, tuple, deque)):
        return list(enumerate(value))
    if isinstance(value, (str, bytes, type, ModuleType)) or hasattr(value, "__array__"):
        return []
    if isinstance(value, partial):
        return [("func", value.func), *enumerate(value.args), *value.keywords.items()]
    if isinstance(value, MethodType):
        return [("self", value.__self__)]
    if isinstance(value, FunctionType):
        return _closure(value)
    parts = list(vars(value).items()) if hasattr(value, "__dict__") else []
    if not type(value).__module__.startswith("tinygrad_cnn."):  # nodes of a graph lead to all of it
        for cls in type(value).__mro__:
            slots = vars(cls).get("__slots__", ())
            for name in [slots] if isinstance(slots, str) else slots:
                if isinstance(name, str) and not name.startswith("__") and hasattr(value, name):
                    parts.append((name, getattr(value, name)))
    return parts


def _closure(function: FunctionType) -> list[tuple[Any, Any]]:
    """The variables that a function has from around it; one that has no value yet is left out."""
    parts = []
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            parts.append((name, cell.cell_contents))
        except ValueError:
            continue
    return parts


def undisturbed(*roots: Any) -> Restoring[None]:
    """Let what the block draws at random be forgotten: all generators are as before when it ends.

    Args:
        roots: objects whose generators are meant, as `find_generators` finds them. The default
            generator is always meant, also if `manual_seed` replaces it inside the block.

    >>> rng = np.random.default_rng(0); before = states({"a": rng})
    >>> with undisturbed([rng]): _ = rng.random()
    >>> states({"a": rng}) == before
    True
    """
    return put_back(find_generators(**{str(k): root for k, root in enumerate(roots)}).values())


def put_back(generators: Iterable[np.random.Generator]) -> Restoring[None]:
    """Let what the block draws of these generators, and of the default one, be forgotten.

    >>> rng = np.random.default_rng(0)
    >>> with put_back([rng]): first = rng.random()
    >>> rng.random() == first
    True
    """
    default = _default
    met = {id(one): one for one in (default, *generators)}
    before = [(one, one.bit_generator.state) for one in met.values()]

    def end() -> None:
        global _default
        _default = default
        for one, state in before:
            one.bit_generator.state = state

    return Restoring(lambda: None, end)


# --------------------------------------------------------------------------- states
def states(generators: Mapping[str, np.random.Generator]) -> dict[str, Any]:
    """The state of each generator, as plain data.

    >>> states({"a": np.random.default_rng(0)})["a"]["bit_generator"]
    'PCG64'
    """
    return {path: one.bit_generator.state for path, one in generators.items()}


def set_states(function: str, generators: Mapping[str, np.random.Generator], saved: Any) -> None:
    """Put generators into the states that `states` gave.

    Args:
        function: whose name an error begins with.   generators: path -> generator.
        saved: path -> state, of the same paths.
    Raises:
        StateError: other paths, another kind of generator, or no state; nothing changed.

    >>> rng = np.random.default_rng(0)
    >>> before = states({"a": rng}); first = rng.random()
    >>> set_states("example", {"a": rng}, before); first == rng.random()
    True
    """
    kept = saved if isinstance(saved, Mapping) else {}
    missing, unexpected = generators.keys() - kept.keys(), kept.keys() - generators.keys()
    if missing or unexpected:
        raise StateError(
            f"{function}: the random generators differ; not saved: {_few(missing)}, saved but not here: "
            f"{_few(unexpected)}"
        )
    before = states(generators)
    try:
        for path, one in generators.items():
            one.bit_generator.state = kept[path]
    except Exception as error:  # NumPy raises many kinds on what is not a state
        let_through(error)
        for path, one in generators.items():
            one.bit_generator.state = before[path]
        text = str(error)[:200]
        raise StateError(f"{function}: {path[:200]} cannot take the saved state: {text}") from error


def _few(paths: set[str]) -> str:
    """Some of the paths, for a message."""
    listed = ", ".join(str(path)[:80] for path in sorted(paths, key=str)[:6])
    return f"{listed} and {len(paths) - 6} more" if len(paths) > 6 else listed or "none"

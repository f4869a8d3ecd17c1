"""The mode of the code that runs now: whether ops are recorded, who watches, which module runs."""

from __future__ import annotations

from contextvars import ContextVar, Token
from operator import itemgetter
from typing import Any, Generic, TypeVar

from tinygrad_cnn.graph.nodes import Call, Observer
from tinygrad_cnn.restoring import Ended

__all__ = ["MODE", "Block", "Mode", "Watcher", "observe", "scope"]

Watcher = TypeVar("Watcher", bound=Observer)


class Mode(list[Any]):
    """The mode of the code that runs now, in this thread and this async task.

    A list, which unpacks as fast as a tuple: `recording, observers, call, order = MODE.get()`. Only a
    block that is left elsewhere than it was entered writes to one; see `Block`.
    """

    __slots__ = ()

    recording: bool = property(itemgetter(0))  # type: ignore[assignment]
    observers: tuple[Observer, ...] = property(itemgetter(1))  # type: ignore[assignment]
    call: Call | None = property(itemgetter(2))  # type: ignore[assignment]
    order: int = property(itemgetter(3))  # type: ignore[assignment]

    def replaced(self, **changes: Any) -> Mode:
        """Another mode, with some parts changed.

        >>> Mode((True, (), None, 0)).replaced(recording=False)
        [False, (), None, 0]
        """
        recording, observers, call, order = self
        parts = {"recording": recording, "observers": observers, "call": call, "order": order, **changes}
        return Mode(parts.values())


MODE: ContextVar[Mode] = ContextVar("tinygrad_cnn_mode", default=Mode((True, (), None, 0)))  # noqa: B039


class Block(Ended):
    """A `with` block that changes the mode inside, and changes it back wherever it is left.

    A block inside a generator may be left in another thread or task than it was entered in, or after
    a block that began later; and an exception may come at any moment, also out of a signal handler.
    The thread in which it was entered then still holds the block's mode, which is written over with
    what was before. A task begins with a copy of the mode around it: having the block's mode does not
    tell that the block was entered there, but its token does.
    """

    def __init__(self) -> None:
        self._entered: dict[int, tuple[Mode, Mode]] = {}  # inside and before, by the id of the one inside
        self._tokens: dict[int, Token[Mode]] = {}

    def changed(self, mode: Mode) -> Mode:
        """The mode inside; written by each subclass."""
        raise NotImplementedError

    def enter(self) -> Mode:
        """Change the mode, and give the one inside."""
        before = MODE.get()
        inside = self.changed(before)
        self._entered[id(inside)] = inside, before
        self._tokens[id(inside)] = MODE.set(inside)
        return inside

    #: Gives the mode before.
    mark = staticmethod(MODE.get)

    def leave(self, mark: Mode | None = None) -> None:
        """Change the mode back to the one before, which is `mark` in a `with` statement."""
        now = MODE.get()
        modes = self._entered.get(id(now))
        if modes is None or modes[1] is not mark:
            modes = self._to_leave(now, mark)
            if modes is None:
                return
        inside, before = modes
        if inside is now:
            self._set_back(inside, before)
        else:
            inside[:] = before
        self._tokens.pop(id(inside), None)
        self._entered.pop(id(inside), None)  # last: until here it can be done again

    def _set_back(self, inside: Mode, before: Mode) -> None:
        """Change the mode back here, and where the block was entered."""
        token = self._tokens.get(id(inside))
        if token is None:  # an exception came right after it was entered
            MODE.set(before)
            return
        try:
            MODE.reset(token)
        except (ValueError, RuntimeError):  # entered by the task that made this one; or done already
            MODE.set(before)
            inside[:] = before

    def _to_leave(self, now: Mode, mark: Mode | None) -> tuple[Mode, Mode] | None:
        """Find what to leave in another thread or task, after one that began later, or outside `with`."""
        entered = list(self._entered.values())
        fitting = [modes for modes in entered if modes[1] is mark] or entered
        return next((modes for modes in fitting if modes[0] is now), fitting[-1] if fitting else None)

    def lost(self, mark: Mode) -> None:
        """Change the mode back, if that was not reached."""
        if any(before is mark for _, before in list(self._entered.values())):
            self.leave(mark)

    def __enter__(self) -> Any:
        self.enter()


class observe(Block, Generic[Watcher]):
    """Tell `observer` of each node recorded and of each step of a walk, inside the `with` block.

    >>> class Count(Observer):
    ...     nodes = 0
    ...     def recorded(self, node, arrays, result): self.nodes += 1
    >>> from tinygrad_cnn import Tensor
    >>> with observe(Count()) as seen:
    ...     y = Tensor([1.0], requires_grad=True) * 2 + 1
    >>> seen.nodes
    2
    """

    def __init__(self, observer: Watcher) -> None:
        super().__init__()
        self.observer = observer

    def changed(self, mode: Mode) -> Mode:
        """The mode with one more observer."""
        return mode.replaced(observers=(*mode.observers, self.observer))

    def __enter__(self) -> Watcher:
        return self.enter().observers[-1]  # type: ignore[return-value]


class scope(Block):
    """Put `name` on the path of the nodes recorded inside; modules do so by themselves.

    >>> from tinygrad_cnn import Tensor
    >>> with scope("encoder"), scope("block"):
    ...     y = Tensor([1.0], requires_grad=True) * 2
    >>> y.node.scope
    'encoder.block'
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def changed(self, mode: Mode) -> Mode:
        """The mode inside one more call."""
        return mode.replaced(call=Call(mode.call, self.name))

    def __enter__(self) -> Call:
        return self.enter().call  # type: ignore[return-value]

"""Where in a program its operations ran: calls of modules inside each other, and walks back.

Identity is that of the module object and of its call: two modules of one name are two places, and a
module that is called twice is two places too, the second of which knows that it is the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tinygrad_cnn.graph import Call, Node


class Place(NamedTuple):
    """A call of a module, a `with scope(...)` block, or a walk back.

    Attributes:
        key: tells places apart; each lies in one other place, always the same.
        name: of the module inside the one around it, such as 'features' or '3'.
        call: 2 for the second call of a module in the place around it.
        kind: name of the module's class; '' where there is no module.
        times: how many equal places it stands for.
    """

    key: int
    name: str
    call: int = 1
    kind: str = ""
    times: int = 1


#: The places that something lies in, the outermost first.
Group = tuple[Place, ...]


def path_text(group: Sequence[Place]) -> str:
    """The path of a place in words.

    >>> path_text((Place(0, "features"), Place(1, "3", call=2)))
    'features.3, 2nd call'
    """
    name = ".".join(place.name for place in group if place.name)
    call = group[-1].call if group else 1
    return f"{name}, {ordinal(call)} call" if call > 1 else name


def ordinal(number: int) -> str:
    """A number as one counts.

    >>> [ordinal(n) for n in (2, 3, 11, 21, 112)]
    ['2nd', '3rd', '11th', '21st', '112th']
    """
    last = "" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "")
    return f"{number}{last or 'th'}"


def order_word(order: int) -> str:
    """The word for a derivative's order.

    >>> order_word(1), order_word(2), order_word(4)
    ('derivative', 'second derivative', '4th derivative')
    """
    return {0: "", 1: "derivative", 2: "second derivative", 3: "third derivative"}.get(
        order, f"{order}th derivative"
    )


class Places:
    """The places of nodes, found one by one in the order of their creation.

    Args:
        nodes: all that will be asked for; a single model around everything is no place of its own.
        names: what the caller calls modules that nobody else has a name for.
    """

    def __init__(self, nodes: Iterable[Node], names: Mapping[str, Any] | None = None) -> None:
        self._made: dict[object, Place] = {}
        self._calls: Counter[tuple[int, int]] = Counter()
        self._classes: dict[tuple[int, str], dict[int, int]] = {}
        self._given = {id(module): name for name, module in (names or {}).items()}
        self._numbers: dict[int, int] = {}  # of calls, by id
        self._names: dict[int, str] = {}
        self._last: Group = ()
        self._walk: tuple[object, Place | None] = (None, None)
        chains = [chain(node.call) for node in nodes if node.op is not None and not node.order]
        roots = {id(calls[0]): calls[0] for calls in chains if calls}
        only = next(iter(roots.values())) if len(roots) == 1 else None
        self._around = only if only is not None and not only.name and self._named(only) is None else None
        # A class with several objects side by side is numbered: 'Linear 1', 'Linear 2'.
        self._several = self._unnamed([call for calls in chains for call in calls])

    def _unnamed(self, calls: Iterable[Call]) -> set[tuple[int, str]]:
        """Classes of which several objects without a name are called from the same call."""
        objects: dict[tuple[int, str], set[int]] = {}
        for call in {id(call): call for call in calls}.values():
            if not call.name and call.module is not None and self._named(call) is None:
                key = id(call.around), _class(call)
                objects.setdefault(key, set()).add(id(call.module))
        return {key for key, found in objects.items() if len(found) > 1}

    def of(self, node: Node) -> Group:
        """The group of an operation of the program itself."""
        self._walk = (None, None)
        self._last = self._group(node.call, (), None)
        return self._last

    def of_derivative(self, node: Node, walk: object, inside: Call | None) -> Group:
        """The group of an operation that a walk recorded.

        Args:
            walk: tells walks apart.   inside: the call of the node whose derivative it belongs to.
        """
        if self._walk[0] != (walk, node.order):
            self._walk = ((walk, node.order), self._new(order_word(node.order)))
            self._last = ()
        place = self._walk[1]
        assert place is not None
        self._last = self._group(inside, (place,), place.key)
        return self._last

    def _new(self, name: str, call: int = 1, kind: str = "") -> Place:
        # The keys of places are below 0, so that they can stand beside the ids of boxes.
        place = Place(-2 - len(self._made), name, call, kind)
        self._made[place.key, "key"] = place
        return place

    def _group(self, call: Call | None, outermost: Group, walk: int | None) -> Group:
        """The places of a call, of which those around the last one are known."""
        group = outermost
        for one in chain(call):
            if one is not self._around:
                group = self._inside(one, group, walk)
        return group

    def _inside(self, call: Call, group: Group, walk: int | None) -> Group:
        known = self._names.get(id(call))
        if known is None:
            known = self._names[id(call)] = self._name(call)
        *containers, name = known.split(".")
        for container in containers:
            group = (*group, self._again(container, group))
        if call.module is None:
            return (*group, self._again(name, group)) if name else group
        key = id(call), walk, group[-1].key if group else None
        place = self._made.get(key)
        if place is None:
            if id(call) not in self._numbers:
                around = group[-1].key if group else 0
                self._calls[around, id(call.module)] += 1
                self._numbers[id(call)] = self._calls[around, id(call.module)]
            place = self._made[key] = self._new(name, self._numbers[id(call)], _class(call))
        return (*group, place)

    def _again(self, name: str, group: Group) -> Place:
        """The block of that name in which the last node lay, or a new one."""
        depth = len(group)
        if len(self._last) > depth and self._last[:depth] == group:
            last = self._last[depth]
            if last.name == name and not last.kind:
                return last
        return self._new(name)

    def _named(self, call: Call) -> str | None:
        """Find how the caller, or the module around, calls a module."""
        module = call.module() if call.module is not None else None
        return None if module is None else self._given.get(id(module))

    def _name(self, call: Call) -> str:
        if call.module is None:
            return call.name
        module, around = call.module(), call.around
        holder = around.module() if around is not None and around.module is not None else None
        if module is not None and holder is not None:
            names = [name for name, held in vars(holder).items() if held is module]
            if names and call.name not in names[:1]:  # the same module under several names: its first
                return names[0]
        if call.name:
            return call.name
        given, kind = self._named(call), _class(call)
        if given is not None:
            return given
        key = id(around), kind
        if key not in self._several:
            return kind
        numbers = self._classes.setdefault(key, {})
        return f"{kind} {numbers.setdefault(id(call.module), len(numbers) + 1)}"


def chain(call: Call | None) -> list[Call]:
    """A call and those around it, the outermost first.

    >>> outer = Call(None, "net")
    >>> [call.name for call in chain(Call(outer, "0"))]
    ['net', '0']
    """
    found = []
    while call is not None:
        found.append(call)
        call = call.around
    return found[::-1]


def _class(call: Call) -> str:
    """Name of the class of a call's module."""
    return call.kind.__name__ if call.kind is not None else ""

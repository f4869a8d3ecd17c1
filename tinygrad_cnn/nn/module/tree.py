"""The tree of a module: modules, parameters and buffers, by path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.functional.arguments import flag
from tinygrad_cnn.hints import say
from tinygrad_cnn.nn.module.parameters import Buffer, Parameter
from tinygrad_cnn.tensors.tensor_class import Tensor

if TYPE_CHECKING:
    from tinygrad_cnn.nn.module.module import Module


#: Models whose attributes were looked at for modules in plain lists.
_LOOKED_AT: WeakSet[Any] = WeakSet()


def _look_at(root: Any) -> None:
    """Say it once if modules or parameters lie in a plain list or dict, where nobody finds them."""
    _LOOKED_AT.add(root)
    for path, module in root.named_modules():
        for name, value in vars(module).items():
            if name[0] == "_" or not isinstance(value, (list, tuple, dict)):
                continue
            held = list(value.values() if isinstance(value, dict) else value)
            if held and all(isinstance(v, (ModuleTree, Parameter)) for v in held):
                kind = "Module" if isinstance(held[0], ModuleTree) else "Parameter"
                fitting = f"nn.{kind}{'Dict' if isinstance(value, dict) else 'List'}"
                say(
                    "plain list",
                    f"{type(module).__name__}: {f'{path}.{name}' if path else name} is a plain "
                    f"{type(value).__name__} of {len(held)} {kind.lower()}s, which are neither trained nor "
                    f"saved: {fitting} fits",
                )


class ModuleTree:
    """The part of `Module` that finds what is below it, and sets it by name."""

    _name: str = ""
    _transient: tuple[str, ...] = ()  # names of buffers that state dicts leave out

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules that are its attributes, by name.

        >>> from tinygrad_cnn import nn
        >>> [name for name, child in nn.Sequential(nn.ReLU(), nn.ReLU()).named_children()]
        ['0', '1']
        """
        return ((name, value) for name, value in vars(self).items() if isinstance(value, ModuleTree))  # type: ignore[misc]

    def children(self) -> Iterator[Module]:
        """The modules that are its attributes.

        >>> from tinygrad_cnn.nn import Module
        >>> list(Module().children())
        []
        """
        return (child for _, child in self.named_children())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Itself and all modules below it, each once, by path.

        >>> from tinygrad_cnn import nn
        >>> [path for path, _ in nn.Sequential(nn.ReLU(), nn.Sequential(nn.ReLU())).named_modules()]
        ['', '0', '1', '1.0']
        """
        return self._walk(prefix, set())

    def modules(self) -> Iterator[Module]:
        """Itself and all modules below it, each once.

        >>> from tinygrad_cnn.nn import Module
        >>> len(list(Module().modules()))
        1
        """
        return (module for _, module in self.named_modules())

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """All parameters, each once, by path: a module's own before its children's.

        >>> from tinygrad_cnn import nn
        >>> [path for path, _ in nn.Sequential(nn.Linear(2, 3)).named_parameters()]
        ['0.weight', '0.bias']
        """
        seen: set[int] = set()
        for path, value in self._state(Parameter, prefix):
            if id(value) not in seen:
                seen.add(id(value))
                yield path, value

    def parameters(self) -> Iterator[Parameter]:
        """All parameters, each once.

        >>> from tinygrad_cnn import nn
        >>> [p.shape for p in nn.Linear(2, 3).parameters()]
        [(3, 2), (3,)]
        """
        if self not in _LOOKED_AT:
            _look_at(self)
        return (parameter for _, parameter in self.named_parameters())

    def named_buffers(self, prefix: str = "") -> Iterator[tuple[str, Buffer]]:
        """All buffers by path.

        >>> from tinygrad_cnn import nn
        >>> [path for path, _ in nn.BatchNorm2d(3).named_buffers()]
        ['running_mean', 'running_var', 'num_batches_tracked']
        """
        return self._state(Buffer, prefix)

    def buffers(self) -> Iterator[Buffer]:
        """All buffers.

        >>> from tinygrad_cnn.nn import Module
        >>> list(Module().buffers())
        []
        """
        return (buffer for _, buffer in self.named_buffers())

    def _walk(self, prefix: str, seen: set[int]) -> Iterator[tuple[str, Module]]:
        if id(self) in seen:
            return
        seen.add(id(self))
        yield prefix, self  # type: ignore[misc]
        for name, child in self.named_children():
            yield from child._walk(f"{prefix}.{name}" if prefix else name, seen)

    def _saved(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """Parameters, and buffers that are not transient, by path, also those that are reached twice."""
        for name, value in vars(self).items():
            if isinstance(value, (Parameter, Buffer)) and name not in self._transient:
                yield (f"{prefix}.{name}" if prefix else name), value
        for name, child in self.named_children():
            yield from child._saved(f"{prefix}.{name}" if prefix else name)

    def _state(
        self, kind: type[Any] | tuple[type[Any], ...], prefix: str = ""
    ) -> Iterator[tuple[str, Any]]:
        """Parameters or buffers by path, also those that are reached twice."""
        for name, value in vars(self).items():
            if isinstance(value, kind):
                yield (f"{prefix}.{name}" if prefix else name), value
        for name, child in self.named_children():
            yield from child._state(kind, f"{prefix}.{name}" if prefix else name)

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Set a buffer: state that is not learnt. `self.name = Buffer(tensor)` does the same.

        Args:
            name: of the attribute.   tensor: its values, copied; None for a buffer that is not there.
            persistent: whether state dicts hold it.
        Raises:
            ArgumentError: no name, or that of another attribute.

        >>> from tinygrad_cnn.nn import Module
        >>> module = Module(); module.register_buffer("steps", [0.0], persistent=False)
        >>> list(module.state_dict()), [name for name, _ in module.named_buffers()]
        ([], ['steps'])
        """
        lasting = flag("register_buffer", "persistent", persistent)
        self._check_name("register_buffer", name, Buffer)
        setattr(self, name, None if tensor is None else Buffer(tensor))
        others = tuple(other for other in self._transient if other != name)
        object.__setattr__(self, "_transient", others if lasting else (*others, name))

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Set a parameter by name: `setattr(self, name, parameter)`, with a check of both.

        Raises:
            ArgumentError: no name, or that of another attribute.   DTypeError: no Parameter.

        >>> from tinygrad_cnn.nn import Module
        >>> module = Module(); module.register_parameter("scale", Parameter([1.0])); module.scale
        Tensor([1.], requires_grad=True)
        """
        self._check_name("register_parameter", name, Parameter)
        if parameter is not None and not isinstance(parameter, Parameter):
            raise DTypeError(f"register_parameter: a Parameter fits, got {type(parameter).__name__}")
        setattr(self, name, parameter)

    def add_module(self, name: str, module: Module | None) -> None:
        """Set a module by name: `setattr(self, name, module)`, with a check of both.

        Raises:
            ArgumentError: no name, or that of another attribute.   DTypeError: no Module.

        >>> from tinygrad_cnn.nn import Module
        >>> module = Module(); module.add_module("inner", Module()); list(dict(module.named_children()))
        ['inner']
        """
        self._check_name("add_module", name, ModuleTree)
        if module is not None and not isinstance(module, ModuleTree):
            raise DTypeError(f"add_module: a Module fits, got {type(module).__name__}")
        setattr(self, name, module)

    register_module = add_module

    def _check_name(self, function: str, name: Any, kind: type[Any]) -> None:
        fits = isinstance(name, str) and name != "" and "." not in name
        if not fits or not isinstance(getattr(self, name, None), (kind, type(None))):
            raise ArgumentError(
                f"{function}: {name!r} cannot be a name in a {type(self).__name__}; a string without "
                "a dot fits that is no other attribute's"
            )

    def get_submodule(self, target: str) -> Module:
        """The module at a path; '' is the module itself.

        Raises:
            ArgumentError: no module is there.

        >>> from tinygrad_cnn import nn
        >>> nn.Sequential(nn.Sequential(nn.ReLU())).get_submodule("0.0")
        ReLU()
        """
        found: Any = self
        for name in target.split(".") if target else ():
            child = dict(found.named_children()).get(name)
            if child is None:
                raise ArgumentError(f"get_submodule: {type(self).__name__} has no module at {target!r}")
            found = child
        return found

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path.

        Raises:
            ArgumentError: no parameter is there.

        >>> from tinygrad_cnn import nn
        >>> nn.Sequential(nn.Linear(3, 2)).get_parameter("0.bias").shape
        (2,)
        """
        return self._at("get_parameter", target, Parameter)

    def get_buffer(self, target: str) -> Buffer:
        """The buffer at a path.

        Raises:
            ArgumentError: no buffer is there.

        >>> from tinygrad_cnn import nn
        >>> nn.Sequential(nn.BatchNorm2d(2)).get_buffer("0.running_mean").shape
        (2,)
        """
        return self._at("get_buffer", target, Buffer)

    def _at(self, function: str, target: str, kind: type[Any]) -> Any:
        path, _, name = target.rpartition(".")
        found = vars(self.get_submodule(path)).get(name)
        if not isinstance(found, kind):
            what = kind.__name__.lower()
            raise ArgumentError(f"{function}: {type(self).__name__} has no {what} at {target!r}")
        return found

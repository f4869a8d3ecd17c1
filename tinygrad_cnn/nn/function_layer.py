"""Layers that only call a function: they are written as the function and its options."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from typing import Any, ClassVar, NamedTuple, dataclass_transform

from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.functional.arguments import flag, integer, number
from tinygrad_cnn.functional.checks import Check, one_of
from tinygrad_cnn.functional.layout import FORMATS
from tinygrad_cnn.nn.module import Buffer, Module
from tinygrad_cnn.tensors.tensor_class import Tensor


class Option(NamedTuple):
    """An argument of a layer's constructor, kept as the attribute of its name."""

    default: Any = Parameter.empty
    check: Check | None = None
    kw_only: bool = False


def option(*, default: Any = Parameter.empty, check: Check | None = None, kw_only: bool = False) -> Any:
    """An option of a `FunctionLayer` that is more than an annotated default.

    Args:
        default: the value that serves where none is given; without, the argument is required.
        check: what checks the value and returns it; None goes by the annotation: float, int or bool.
        kw_only: whether the argument is given by name only.

    >>> from tinygrad_cnn.functional.checks import above_0
    >>> class Scaled(FunctionLayer, function=lambda x, factor: x * factor):
    ...     factor: float = option(check=above_0)
    >>> Scaled(2)
    Scaled(factor=2.0)
    """
    return Option(default, check, kw_only)


#: What an option is checked by where nothing else is said, by its annotation.
CHECKS: dict[str, Check] = {"float": number, "int": integer, "bool": flag}


@dataclass_transform(field_specifiers=(option,))
class FunctionLayer(Module):
    """Base of layers that only call a function; a subclass names it, and annotates its options.

    The options are the constructor's arguments, in this order, each checked at once and kept as the
    attribute of its name. `forward` calls the function with its operands and the options.

    >>> from tinygrad_cnn import functional as F
    >>> class Leaky(FunctionLayer, function=F.leaky_relu):
    ...     negative_slope: float = 0.01
    >>> Leaky(0.5), Leaky()([-1.0])
    (Leaky(negative_slope=0.5), Tensor([-0.01]))
    """

    _options: ClassVar[dict[str, Option]] = {}
    _arguments: ClassVar[Signature] = Signature()

    def __init_subclass__(cls, function: Callable[..., Any] | None = None, **others: Any) -> None:
        super().__init_subclass__(**others)
        own = {name: note for name, note in vars(cls).get("__annotations__", {}).items() if name[0] != "_"}
        found = {n: _option(cls, n, note) for n, note in own.items() if "ClassVar" not in str(note)}
        cls._options = {**cls._options, **found}
        notes = {n: t for c in reversed(cls.__mro__) for n, t in vars(c).get("__annotations__", {}).items()}
        cls._arguments = Signature(
            [
                Parameter(
                    name, Parameter.KEYWORD_ONLY if o.kw_only else Parameter.POSITIONAL_OR_KEYWORD,
                    default=o.default, annotation=notes[name],
                )
                for name, o in cls._options.items()
            ]
        )  # fmt: skip
        if "__init__" not in vars(cls):  # what help() and inspect.signature() show
            cls.__signature__ = cls._arguments  # type: ignore[attr-defined]
        else:
            own_parameters = list(signature(vars(cls)["__init__"]).parameters.values())[1:]
            cls.__signature__ = Signature(own_parameters)  # type: ignore[attr-defined]
        if function is not None and "forward" not in vars(cls):
            cls.forward = _calling(function, list(cls._options))  # type: ignore[method-assign]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        cls = type(self)
        try:
            given = cls._arguments.bind(*args, **kwargs)
        except TypeError as error:
            raise DTypeError(f"{cls.__name__}: {error}; the arguments are {cls._arguments}") from None
        given.apply_defaults()
        for name, value in given.arguments.items():
            check = cls._options[name].check
            setattr(self, name, value if check is None else check(cls.__name__, name, value))
        self.check()

    def check(self) -> None:
        """Refuse options that do not fit together; for subclasses."""

    def forward(self, *operands: Any, **options: Any) -> Tensor:
        """Call the layer's function on the operands, with the layer's options.

        >>> from tinygrad_cnn import nn
        >>> nn.ReLU().forward([-1.0, 2.0])
        array([0., 2.], dtype=float32)
        """
        raise NotImplementedError(f"{type(self).__name__}.forward is not written")

    def extra_repr(self) -> str:
        """The options, in order.

        >>> from tinygrad_cnn import nn
        >>> nn.Hardtanh()
        Hardtanh(min_val=-1.0, max_val=1.0)
        """
        shown = {name: getattr(self, name) for name in self._options if name != "data_format"}
        parts = [f"{k}={v!r}" for k, v in shown.items() if not isinstance(v, Buffer)]
        return ", ".join(parts) + format_note(self)


def format_note(layer: Any) -> str:
    """Add to the repr of a layer of images whose channels come last.

    >>> from tinygrad_cnn import nn
    >>> format_note(nn.MaxPool2d(2)), format_note(nn.MaxPool2d(2, data_format="NHWC"))
    ('', ", data_format='NHWC'")
    """
    return ", data_format='NHWC'" if getattr(layer, "data_format", "NCHW") == "NHWC" else ""


def image_format() -> Any:
    """The option of layers of images that says where the channels lie.

    >>> image_format().default
    'NCHW'
    """
    return option(default="NCHW", check=one_of(*FORMATS), kw_only=True)


def _option(cls: type, name: str, annotation: Any) -> Option:
    """An annotated attribute of a class as an option; the class keeps the plain default, if any."""
    given = vars(cls).get(name, Option())
    found = given if isinstance(given, Option) else Option(given)
    if isinstance(given, Option) and name in vars(cls):
        if given.default is Parameter.empty:
            delattr(cls, name)
        else:
            setattr(cls, name, given.default)
    word = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return found if found.check else found._replace(check=CHECKS.get(word))


def _calling(function: Callable[..., Any], names: list[str]) -> Callable[..., Any]:
    """A `forward` that calls a function with its operands, and the attributes of these names."""

    def forward(self: Any, *operands: Any) -> Any:
        return function(*operands, **{name: getattr(self, name) for name in names})

    def forward_plain(self: Any, x: Any) -> Any:  # such layers are on the way of every image
        return function(x)

    made: Callable[..., Any] = forward if names else forward_plain
    made.__name__, made.__qualname__ = "forward", "FunctionLayer.forward"
    made.__doc__ = FunctionLayer.forward.__doc__
    return made

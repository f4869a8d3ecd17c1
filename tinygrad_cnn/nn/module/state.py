"""The values of a module: state dicts, modes, element types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.devices import naming
from tinygrad_cnn.errors import DTypeError, StateError
from tinygrad_cnn.functional.arguments import as_array, flag, integer
from tinygrad_cnn.functional.storage import float_type
from tinygrad_cnn.nn.module.parameters import Buffer, Parameter
from tinygrad_cnn.nn.module.tree import ModuleTree
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.tensors.tensor_class import Tensor

if TYPE_CHECKING:
    from tinygrad_cnn.nn.module.module import Module

M = TypeVar("M", bound="ModuleState")


class LoadResult(NamedTuple):
    """Left by `load_state_dict(strict=False)`: keys without a value, and values without a place."""

    missing: list[str]
    unexpected: list[str]


class ModuleState(ModuleTree):
    """The part of `Module` that reads and writes values."""

    training: bool = True

    def train(self: M, mode: bool = True) -> M:
        """Set `training` here and below: dropout drops, batch norm uses the batch. Returns itself.

        >>> from tinygrad_cnn import nn
        >>> nn.Dropout().train().training
        True
        """
        training = flag("train", "mode", mode)
        for module in self.modules():
            module.training = training
        return self

    def eval(self: M) -> M:
        """`train(False)`: dropout passes, batch norm uses its running statistics. Returns itself.

        >>> from tinygrad_cnn import nn
        >>> nn.Dropout().eval().training
        False
        """
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Freeze (False) or thaw all parameters. Returns itself.

        >>> from tinygrad_cnn import nn
        >>> [p.requires_grad for p in nn.Linear(1, 1).requires_grad_(False).parameters()]
        [False, False]
        """
        wanted = flag("requires_grad_", "requires_grad", requires_grad)
        for parameter in self.parameters():
            parameter.requires_grad_(wanted)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the `grad` of all parameters to None, or to zeros.

        >>> from tinygrad_cnn import nn
        >>> nn.Linear(1, 1).zero_grad()
        """
        drop = flag("zero_grad", "set_to_none", set_to_none)
        for parameter in self.parameters():
            if drop or parameter.grad is not None:
                parameter.grad = None if drop else parameter.detached(np.zeros_like(parameter._array))

    def apply(self: M, function: Callable[[Module], Any]) -> M:
        """Call `function` on each module, children before parents. Returns itself.

        >>> from tinygrad_cnn import nn
        >>> _ = nn.Sequential(nn.ReLU()).apply(lambda m: print(type(m).__name__))
        ReLU
        Sequential
        """
        for child in self.children():
            child.apply(function)
        function(self)  # type: ignore[arg-type]  # each is a Module
        return self

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Copies of all parameters and buffers, by path: later training does not change them.

        They are NumPy arrays wherever the module lies, so that they fit one on any device.

        >>> from tinygrad_cnn import nn
        >>> list(nn.Linear(2, 3).state_dict())
        ['weight', 'bias']
        """
        return {path: devices.to_host(value.array).copy() for path, value in self._saved()}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> LoadResult:
        """Write the values of a state dict into the parameters and buffers of the same paths.

        Args:
            state: arrays or Tensors by path.
            strict: insist that the paths are exactly this module's.
        Returns:
            The paths that were left over on either side; both lists are empty when strict.
        Raises:
            StateError: shapes differ or, when strict, paths do; all of them are listed.
            DTypeError: no mapping, or a value that is not an array of numbers.
            Whatever is raised, nothing has been changed.

        >>> from tinygrad_cnn import nn
        >>> nn.Linear(2, 1).load_state_dict({"weight": np.ones((1, 2)), "bias": np.zeros(1)})
        LoadResult(missing=[], unexpected=[])
        """
        if not isinstance(state, Mapping):
            raise DTypeError(
                f"load_state_dict: a mapping of paths to arrays fits, got {type(state).__name__}; "
                "read a file first, as in load_state_dict(tinygrad_cnn.serial.load_tensors(path))"
            )
        if other := [path for path in state if not isinstance(path, str)]:
            raise StateError(f"load_state_dict: paths are text, got {other[0]!r:.60}")
        own = dict(self._saved())
        values = {path: as_array(f"load_state_dict: {path}", _plain(v)) for path, v in state.items()}
        missing = [path for path in own if path not in values]
        unexpected = [path for path in values if path not in own]
        shapes = [
            f"{path}: got {values[path].shape}, expected {tensor.shape}"
            for path, tensor in own.items()
            if path in values and values[path].shape != tensor.shape
        ]
        problems = [("shapes that differ", shapes)]
        if flag("load_state_dict", "strict", strict):
            problems += [("missing", missing), ("unexpected", unexpected)]
        lines = [f"  {title}: {'; '.join(found)}" for title, found in problems if found]
        if lines:
            raise StateError(
                f"load_state_dict: the state does not fit {type(self).__name__}:\n" + "\n".join(lines)
            )
        for path, tensor in own.items():
            if path in values:
                tensor._writable()[...] = devices.moved(values[path], devices.device_of(tensor.array))
        return LoadResult(missing, unexpected)

    # ------------------------------------------------------------------ element types
    def astype(self: M, dtype: Any) -> M:
        """Convert all float parameters, their gradients, and float buffers, in place. Returns itself.

        A graph that was recorded before keeps the arrays that it needs.

        Args:
            dtype: a float type.
        Raises:
            DTypeError: no float type; nothing has been changed.

        >>> from tinygrad_cnn import nn
        >>> nn.Linear(2, 1).astype("float64").weight.dtype
        dtype('float64')
        """
        wanted = float_type("astype", dtype)
        for _, tensor in self._state((Parameter, Buffer)):
            for each in (tensor, tensor.grad):
                if each is not None and each.dtype.kind == "f":
                    _convert(each, wanted)
        return self

    def to(self: M, *targets: Any) -> M:
        """Move parameters, their gradients and buffers to a device, or convert them to a dtype.

        The Tensors stay the same objects, so that an optimizer goes on with them. Returns itself.

        Args:
            targets: names of devices, as `tinygrad_cnn.device` takes them, and float types, for `astype`;
                of a Tensor, its device and its type.
        Raises:
            ArgumentError, DeviceError, MissingExtraError: no such device.   DTypeError: no float type.

        >>> from tinygrad_cnn import nn
        >>> nn.Linear(2, 1).to("cpu").to(np.float16).weight.dtype
        dtype('float16')
        """
        for target in targets:
            if isinstance(target, Tensor):
                self.to(target.device, target.dtype)
            elif isinstance(target, str) and naming.names_a_device(target):
                place = naming.device(target)
                for _, tensor in self._state((Parameter, Buffer)):
                    for each in (tensor, tensor.grad):
                        if each is not None:
                            each._array = devices.moved(each._array, place)
            else:
                self.astype(target)
        return self

    def cpu(self: M) -> M:
        """`to("cpu")`. Returns itself.

        >>> from tinygrad_cnn import nn
        >>> nn.Linear(2, 1).cpu().weight.device
        'cpu'
        """
        return self.to(devices.HOST)

    def cuda(self: M, index: int = 0) -> M:
        """`to("cuda:<index>")`. Returns itself."""
        return self.to(f"cuda:{integer('cuda', 'index', index, 0)}")

    def half(self: M) -> M:
        """`astype("float16")`. Returns itself.

        >>> from tinygrad_cnn import nn
        >>> nn.Linear(1, 1).half().bias.dtype
        dtype('float16')
        """
        return self.astype(np.float16)

    def float(self: M) -> M:
        """`astype("float32")`. Returns itself.

        >>> from tinygrad_cnn import nn
        >>> nn.Linear(1, 1, dtype="float64").float().bias.dtype
        dtype('float32')
        """
        return self.astype(np.float32)

    def double(self: M) -> M:
        """`astype("float64")`. Returns itself.

        >>> from tinygrad_cnn import nn
        >>> nn.Linear(1, 1).double().bias.dtype
        dtype('float64')
        """
        return self.astype(np.float64)


def _plain(value: Any) -> Any:
    return value.array if isinstance(value, Tensor) else value


def _convert(tensor: Tensor, dtype: np.dtype[Any]) -> None:
    """Give a leaf elements of another type: a new array at the old node."""
    tensor._array = tensor._array.astype(dtype)
    if tensor._node is not None:
        tensor._node.dtype = dtype


def unchanged_buffers(model: Any) -> Restoring[None]:
    """Let what the block writes to a module's buffers be forgotten, such as running averages.

    A buffer that is as before is not written: graphs that hold it would be told of a write.

    >>> from tinygrad_cnn import nn
    >>> norm = nn.BatchNorm1d(1)
    >>> with unchanged_buffers(norm): _ = norm(np.ones((4, 1), np.float32))
    >>> norm.running_mean.tolist()
    [0.0]
    """
    before = [(buffer, buffer.array.copy()) for buffer in model.buffers()]

    def end() -> None:
        for buffer, values in before:
            if not np.array_equal(buffer.array, values, equal_nan=True):
                buffer.data = Tensor(values)  # under PyTorch's names, too, where an array would not fit

    return Restoring(lambda: None, end)

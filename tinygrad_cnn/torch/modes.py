"""Settings and contexts of `torch`: recording, seeds, threads, compiling."""

from __future__ import annotations

import contextlib
from typing import Any

from tinygrad_cnn.graph import MODE, Block, Mode
from tinygrad_cnn.mode import enable_grad, no_grad, set_grad_enabled
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.torch import devices, dtypes
from tinygrad_cnn.torch.autograd.anomaly_mode import is_anomaly_check_nan_enabled, is_anomaly_enabled
from tinygrad_cnn.torch.generators import default_generator
from tinygrad_cnn.torch.old_types import of_name
from tinygrad_cnn.torch.tensors import Tensor


class inference_mode(Block, contextlib.ContextDecorator):
    """A block, or a decorator, without recording.

    >>> with inference_mode(): is_grad_enabled()
    False
    """

    def __new__(cls, mode: Any = True) -> Any:
        return no_grad(mode) if callable(mode) else super().__new__(cls)

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.mode = mode

    def changed(self, mode: Mode) -> Mode:
        """The mode that does not record, or the one that is."""
        return mode.replaced(recording=mode.recording and not self.mode)


def is_grad_enabled() -> bool:
    """Whether ops are recorded.

    >>> is_grad_enabled()
    True
    """
    return MODE.get().recording


def is_inference_mode_enabled() -> bool:
    """Whether recording is off."""
    return not is_grad_enabled()


def get_rng_state() -> Any:
    """Where the default generator is."""
    return Tensor.detached(default_generator.get_state())


def set_rng_state(new_state: Any) -> None:
    """Go where the default generator was."""
    default_generator.set_state(new_state._array)


def fork_rng(devices: Any = None, enabled: bool = True, **_: Any) -> Restoring[None]:
    """A block after which the default generator is where it was."""
    state = default_generator.get_state()
    return Restoring(lambda: None, lambda: default_generator.set_state(state) if enabled else None)


def compile(model: Any = None, **options: Any) -> Any:
    """Give back the function: programs run as they are written.

    >>> compile(abs) is abs
    True
    """
    return (lambda function: function) if model is None else model


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Nothing: everything is deterministic.

    >>> use_deterministic_algorithms(True)
    """


def are_deterministic_algorithms_enabled() -> bool:
    """Yes."""
    return True


def set_float32_matmul_precision(precision: str) -> None:
    """Nothing: products are computed in full float32."""


def get_float32_matmul_precision() -> str:
    """'highest'."""
    return "highest"


def set_num_threads(number: int) -> None:
    """Nothing here; `tinygrad_cnn.kernels` chooses its threads."""


def get_num_threads() -> int:
    """1."""
    return 1


def set_flush_denormal(mode: bool) -> bool:
    """No: small numbers are kept."""
    return False


def set_warn_always(b: bool) -> None:
    """Nothing: Python's filter of warnings decides."""


def set_num_interop_threads(number: int) -> None:
    """Nothing: ops run one after the other."""


def set_default_device(device: Any) -> None:
    """The CPU, or an error."""
    devices.check(device)


def get_default_device() -> Any:
    """The CPU."""
    return devices.CPU


def set_default_tensor_type(t: Any) -> None:
    """The type of tensors made from Python floats, named as `torch.FloatTensor`."""
    dtypes.set_default_dtype((of_name(t) if isinstance(t, str) else t).kind_of)


#: What `torch` has of this module.
NAMES: dict[str, Any] = {
    f.__name__: f
    for f in (
        inference_mode, is_grad_enabled, is_inference_mode_enabled, get_rng_state, set_rng_state, compile,
        use_deterministic_algorithms, are_deterministic_algorithms_enabled, set_float32_matmul_precision,
        get_float32_matmul_precision, set_num_threads, get_num_threads, set_default_device, get_default_device,
        set_default_tensor_type, set_flush_denormal, set_warn_always, set_num_interop_threads, no_grad, enable_grad, set_grad_enabled, is_anomaly_enabled,
        is_anomaly_check_nan_enabled,
    )
}  # fmt: skip
NAMES["get_num_interop_threads"] = get_num_threads

"""Answers to questions about accelerators: there are none, and the answers let them go on on the CPU."""

from __future__ import annotations

import types
from typing import Any

from tinygrad_cnn.mode import no_grad as no_grad
from tinygrad_cnn.torch import devices
from tinygrad_cnn.torch.refusals import guard


class OutOfMemoryError(RuntimeError):
    """An accelerator had too little memory; programs name it, and it does not happen here."""


class autocast:
    """A block of mixed precision; here everything stays in its type.

    >>> with autocast("cuda"): pass
    """

    def __init__(
        self, device_type: str = "cpu", dtype: Any = None, enabled: bool = True, cache_enabled: Any = None
    ) -> None:
        self.device, self.fast_dtype, self._enabled = device_type, dtype, enabled

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def __call__(self, function: Any) -> Any:
        return function


class GradScaler:
    """A scaler of losses that does not scale: gradients are not in half precision.

    >>> GradScaler().scale(3.0), GradScaler().is_enabled()
    (3.0, False)
    """

    def __init__(
        self,
        device: Any = "cuda",
        init_scale: float = 65536.0,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        pass

    def scale(self, outputs: Any) -> Any:
        """Give back its argument."""
        return outputs

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """The optimizer's step."""
        return optimizer.step(*args, **kwargs)

    def unscale_(self, optimizer: Any) -> None:
        """Nothing: nothing was scaled."""

    def update(self, new_scale: Any = None) -> None:
        """Nothing: there is no scale."""

    def get_scale(self) -> float:
        """1."""
        return 1.0

    def is_enabled(self) -> bool:
        """No."""
        return False

    def state_dict(self) -> dict[str, Any]:
        """Nothing to keep."""
        return {}

    def load_state_dict(self, state_dict: Any) -> None:
        """Nothing to take."""


def _module(name: str, **content: Any) -> Any:
    made = types.ModuleType(f"tinygrad_cnn.torch.{name}", f"`torch.{name}`: answers for programs that ask.")
    vars(made).update(content)
    made.__getattr__ = guard(f"torch.{name}", vars(made))  # type: ignore[method-assign]
    return made


def _nothing(*_: Any, **__: Any) -> None:
    """Nothing to do."""


def _no(*_: Any, **__: Any) -> bool:
    """No."""
    return False


def _zero(*_: Any, **__: Any) -> int:
    """None of it."""
    return 0


def _refused(*_: Any, **__: Any) -> Any:
    """Refused: there is no such device."""
    devices.check("cuda")


amp = _module(
    "amp", autocast=autocast, GradScaler=GradScaler, autocast_mode=None, is_autocast_available=_no
)
_cuda_amp = _module("cuda.amp", autocast=lambda enabled=True, dtype=None, cache_enabled=None: autocast("cuda", dtype, enabled),
                    GradScaler=lambda *a, **k: GradScaler())  # fmt: skip
cuda = _module(
    "cuda", amp=_cuda_amp, is_available=_no, device_count=_zero, manual_seed=_nothing, manual_seed_all=_nothing,
    seed_all=_nothing, empty_cache=_nothing, synchronize=_nothing, set_device=_nothing, memory_allocated=_zero,
    max_memory_allocated=_zero, memory_reserved=_zero, max_memory_reserved=_zero, reset_peak_memory_stats=_nothing,
    current_device=_refused, get_device_name=_refused, get_device_capability=_refused, get_device_properties=_refused,
    is_bf16_supported=_no, is_initialized=_no, is_current_stream_capturing=_no, device=lambda *_: autocast(),
    ipc_collect=_nothing, init=_nothing, OutOfMemoryError=OutOfMemoryError, get_arch_list=lambda: [], memory_summary=lambda *_, **__: "",
    memory_stats=lambda *_: {}, reset_max_memory_allocated=_nothing, mem_get_info=lambda *_: (0, 0),
)  # fmt: skip
mps = _module(
    "mps",
    is_available=_no,
    manual_seed=_nothing,
    empty_cache=_nothing,
    synchronize=_nothing,
    device_count=_zero,
)
xpu = _module(
    "xpu",
    is_available=_no,
    manual_seed=_nothing,
    manual_seed_all=_nothing,
    empty_cache=_nothing,
    device_count=_zero,
)
accelerator = _module(
    "accelerator",
    is_available=_no,
    device_count=_zero,
    current_accelerator=_nothing,
    synchronize=_nothing,
    current_device_index=_zero,
    set_device_index=_nothing,
    empty_cache=_nothing,
)
backends = _module(
    "backends",
    cudnn=types.SimpleNamespace(benchmark=False, deterministic=True, enabled=False, allow_tf32=False, version=_nothing,
                                is_available=_no, flags=lambda **_: autocast()),
    cuda=types.SimpleNamespace(matmul=types.SimpleNamespace(allow_tf32=False), is_built=_no, sdp_kernel=lambda **_: autocast(),
                               enable_flash_sdp=_nothing, enable_math_sdp=_nothing, enable_mem_efficient_sdp=_nothing),
    mps=types.SimpleNamespace(is_available=_no, is_built=_no), mkl=types.SimpleNamespace(is_available=_no),
    mkldnn=types.SimpleNamespace(is_available=_no, enabled=False), openmp=types.SimpleNamespace(is_available=_no),
    quantized=types.SimpleNamespace(engine="none", supported_engines=[]),
)  # fmt: skip

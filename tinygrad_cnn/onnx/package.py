"""The onnx package, loaded when it is first needed."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.errors import MissingExtraError


def onnx_package(function: str) -> Any:
    """The package `onnx`, with the parts of it that are used here.

    Args:
        function: the public function that needs it, for the message.
    Raises:
        MissingExtraError: it is not installed, or older than 1.21, whose loading of external data
            could be led out of the model's folder.
    """
    try:
        import onnx
        import onnx.checker
        import onnx.defs
        import onnx.external_data_helper
        import onnx.numpy_helper
    except ImportError as error:
        raise MissingExtraError(f"{function} needs onnx: pip install 'tinygrad-cnn[onnx]'") from error
    version = tuple(int(part) for part in onnx.__version__.split(".")[:2])
    if version < (1, 21):
        raise MissingExtraError(
            f"{function} needs onnx 1.21 or newer, this is {onnx.__version__}: "
            "pip install -U 'tinygrad-cnn[onnx]'"
        )
    return onnx

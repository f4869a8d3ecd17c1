"""Files: arrays by name in safetensors and npz, each written whole or not at all. No pickle.

`save_tensors` and `load_tensors` keep arrays by name; `writing` replaces any file as a whole; `Encoder` and
`Decoder` turn plain values into JSON and back.
"""

import typing as _typing

from tinygrad_cnn.other_names import guard as _guard
from tinygrad_cnn.serial.atomic import writing
from tinygrad_cnn.serial.content import Content
from tinygrad_cnn.serial.regular_files import opened, read_file
from tinygrad_cnn.serial.tensors import load_content, load_metadata, load_tensors, save_tensors
from tinygrad_cnn.serial.values import Decoder, Encoder

__all__ = [
    "Content", "Decoder", "Encoder", "load_content", "load_metadata", "load_tensors", "opened",
    "read_file", "save_tensors", "writing",
]  # fmt: skip

if not _typing.TYPE_CHECKING:  # a checker knows the names as they are
    __getattr__ = _guard(globals())

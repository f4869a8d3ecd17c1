"""The content of a file of arrays, whatever its format."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from numpy.typing import NDArray

Array = NDArray[Any]

#: Where safetensors keeps text beside the tensors; in an npz it is a member of this name.
METADATA = "__metadata__"
#: The element types that can be saved, under the names that safetensors gives them.
PACKED = {
    "BOOL": "bool",
    "U8": "uint8", "U16": "uint16", "U32": "uint32", "U64": "uint64",
    "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64",
    "F16": "float16", "F32": "float32", "F64": "float64",
}  # fmt: skip
DTYPES = tuple(PACKED.values())


class Content(NamedTuple):
    """The content of a file: arrays by name, and the texts beside them."""

    tensors: dict[str, Array]
    metadata: dict[str, str]


def as_json(value: Any) -> bytes:
    """A plain value as JSON without spaces, the same bytes each time.

    >>> as_json({"a": [1, None]})
    b'{"a":[1,null]}'
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()

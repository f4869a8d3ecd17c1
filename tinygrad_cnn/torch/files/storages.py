"""What both directions know of storages: PyTorch's names of them, and the types of their elements."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Types of elements by the name of the storage's class.
TYPES: dict[str, Any] = {
    "FloatStorage": np.dtype("<f4"), "DoubleStorage": np.dtype("<f8"), "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"), "IntStorage": np.dtype("<i4"), "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("<i1"), "ByteStorage": np.dtype("<u1"), "BoolStorage": np.dtype("?"),
    "BFloat16Storage": np.dtype("<u2"),
}  # fmt: skip
#: The class's name by the type.
NAMES: dict[Any, str] = {kind: name for name, kind in TYPES.items() if name != "BFloat16Storage"}

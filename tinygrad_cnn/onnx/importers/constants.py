"""Values that come from the file, from shapes, from another type, or from a random generator."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.onnx.importers.call import Call, array, ints, is_float, is_float_type, scalar
from tinygrad_cnn.onnx.importers.registry import importer
from tinygrad_cnn.onnx.importers.small_floats import to_small_float
from tinygrad_cnn.rng import generator


@importer("Constant")
def _constant(call: Call) -> Any:
    for name, dtype in (
        ("value", None), ("sparse_value", None), ("value_float", call.dtype(1)), ("value_int", np.int64),
        ("value_floats", call.dtype(1)), ("value_ints", np.int64), ("value_string", object),
        ("value_strings", object),
    ):  # fmt: skip
        if name in call.attributes:
            return np.asarray(call.attributes[name], dtype)
    raise FormatError("the node has no value")


@importer("ConstantOfShape")
def _constant_of_shape(call: Call, shape: Any) -> Any:
    value = call.get("value")
    filling = np.zeros(1, call.dtype(1)) if value is None else array(value)
    return np.full(call.room(ints(shape)), scalar(filling), filling.dtype)


@importer("Shape")
def _shape(call: Call, x: Any) -> Any:
    return np.array(x.shape[call.get("start", 0) : call.get("end")], np.int64)


@importer("Size")
def _size(call: Call, x: Any) -> Any:
    return np.array(prod(x.shape), np.int64)


@importer("Range", options=(0, 1, 2))
def _range(call: Call, start: Any, limit: Any, step: Any) -> Any:
    first, last, delta = (scalar(v) for v in (start, limit, step))
    if not delta:
        raise FormatError("the step is 0")
    count = max(int(np.ceil((last - first) / delta)), 0)
    call.room((count,))
    if start.dtype.kind == "V":  # bfloat16: rounded once, at the end
        return (first + np.arange(count) * delta).astype(start.dtype)
    return (first + np.arange(count) * np.asarray(delta, start.dtype)).astype(start.dtype)


@importer("EyeLike")
def _eye_like(call: Call, x: Any) -> Any:
    dtype = call.dtype(call.get("dtype")) if call.get("dtype") else x.dtype
    rows, columns = call.room(x.shape)
    return np.eye(rows, columns, call.get("k", 0)).astype(dtype)


# --------------------------------------------------------------------------- other types
@importer("Cast")
def _cast(call: Call, x: Any) -> Any:
    return cast(call, x, call.dtype(call.get("to")))


@importer("CastLike")
def _cast_like(call: Call, x: Any, like: Any) -> Any:
    return cast(call, x, like.dtype)


def cast(call: Call, x: Any, dtype: np.dtype[Any]) -> Any:
    """x with another element type; floats stay floats with their gradient."""
    if is_float(x) and is_float_type(dtype):
        return x if x.dtype == dtype else F.astype(x, dtype)
    values = array(x)
    if dtype.kind in "OU" or values.dtype.kind in "OU":
        return _of_text(values, dtype)
    if dtype.name.startswith("float8") and values.dtype.kind == "f":
        saturate = bool(call.get("saturate", 1))
        return to_small_float(values, dtype, saturate, call.get("round_mode", "up"))
    return values.astype(dtype)


def _of_text(values: Any, dtype: np.dtype[Any]) -> Any:
    if dtype.kind not in "OU":
        return np.array([float(v) for v in values.reshape(-1)]).astype(dtype).reshape(values.shape)
    words = [_text_of(v) if values.dtype.kind == "f" else str(v) for v in values.reshape(-1)]
    return np.array(words, object).reshape(values.shape)


def _text_of(number: Any) -> str:
    """A float as ONNX writes it: infinities are INF and -INF."""
    text = f"{number:.8g}"
    return {"nan": "NaN"}.get(text, text.upper() if text.endswith("inf") else text)


@importer("BitCast")
def _bit_cast(call: Call, x: Any) -> Any:
    return array(x).view(call.dtype(call.get("to")))


# --------------------------------------------------------------------------- random
def _generator(call: Call) -> np.random.Generator:
    """The node's own where it has a seed, else the one that `manual_seed` sets."""
    seed = call.get("seed")
    if seed is None:
        return generator()
    return np.random.default_rng(int(np.float64(seed).view(np.uint64)))


@importer("Dropout", options=(1, 2))
def _dropout(call: Call, x: Any, ratio: Any = None, training: Any = None) -> Any:
    """Passes on; drops in training mode, or where the file says that it is training."""
    p = float(call.get("ratio", 0.5) if ratio is None else scalar(ratio))
    drops = call.training or (training is not None and bool(scalar(training)))
    if not drops or p == 0:
        return x, np.ones(x.shape, bool)
    kept = _generator(call).random(x.shape) >= p
    return x * (kept / (1 - p) if p < 1 else kept).astype(x.dtype), kept


def _random_type(call: Call, x: Any = None) -> np.dtype[Any]:
    if call.get("dtype"):
        return call.dtype(call.get("dtype"))
    return call.dtype(1) if x is None else x.dtype


def _normal(call: Call, shape: Any, dtype: Any) -> Any:
    drawn = _generator(call).standard_normal(call.room(shape))
    return (drawn * call.get("scale", 1.0) + call.get("mean", 0.0)).astype(dtype)


def _uniform(call: Call, shape: Any, dtype: Any) -> Any:
    low, high = call.get("low", 0.0), call.get("high", 1.0)
    return (_generator(call).random(call.room(shape)) * (high - low) + low).astype(dtype)


@importer("RandomNormal")
def _random_normal(call: Call) -> Any:
    return _normal(call, call.get("shape", ()), _random_type(call))


@importer("RandomNormalLike")
def _random_normal_like(call: Call, x: Any) -> Any:
    return _normal(call, x.shape, _random_type(call, x))


@importer("RandomUniform")
def _random_uniform(call: Call) -> Any:
    return _uniform(call, call.get("shape", ()), _random_type(call))


@importer("RandomUniformLike")
def _random_uniform_like(call: Call, x: Any) -> Any:
    return _uniform(call, x.shape, _random_type(call, x))


@importer("Bernoulli")
def _bernoulli(call: Call, x: Any) -> Any:
    return (_generator(call).random(x.shape) < array(x)).astype(_random_type(call, x))


@importer("Multinomial")
def _multinomial(call: Call, x: Any) -> Any:
    """Draws from the classes of each row, whose logits x holds, by adding Gumbel noise."""
    rows, classes = x.shape
    shape = call.room((rows, call.get("sample_size", 1), classes))
    noise = _generator(call).gumbel(size=shape)
    return (array(x)[:, None, :] + noise).argmax(-1).astype(call.dtype(call.get("dtype", 6)))

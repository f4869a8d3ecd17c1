"""Images of another size: Resize in all its modes."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.onnx.importers.call import Call, array, ints, is_float
from tinygrad_cnn.onnx.importers.registry import importer


@importer("Resize", "Upsample", options=(1, 2, 3))
def _resize(call: Call, x: Any, *settings: Any) -> Any:
    """Along each axis in turn: every new pixel is a weighted sum of old ones."""
    roi, scales, sizes = _settings(call, settings)
    axes = call.axes(x.ndim) or tuple(range(x.ndim))
    factors, new = _targets(call, x, axes, scales, sizes)
    shape = list(x.shape)
    for axis, size in zip(axes, new, strict=True):
        shape[axis] = size
    call.room(shape)
    native = _native(call, x, axes, factors, new)
    if native is not None:
        return native
    y: Any = x if is_float(x) else array(x).astype(np.float64)
    outside = np.zeros((1,) * x.ndim, bool)
    for k, axis in enumerate(axes):
        crop = None if roi is None else (roi[k], roi[k + len(axes)])
        if factors[k] == 1 and new[k] == x.shape[axis] and crop is None:
            continue
        positions = _positions(call, x.shape[axis], new[k], factors[k], crop)
        if crop is not None:
            missing = (positions < 0) | (positions > x.shape[axis] - 1)
            outside = outside | missing.reshape([-1 if i == axis else 1 for i in range(x.ndim)])
        y = _resampled(call, y, axis, positions, factors[k])
    if outside.any():
        filling = np.asarray(call.get("extrapolation_value", 0.0)).astype(y.dtype)
        y = F.where(np.broadcast_to(outside, y.shape), filling, y)
    return y if is_float(x) else np.round(array(y)).astype(x.dtype)


def _settings(call: Call, settings: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    """The region, the factors and the sizes, each None if it is not given."""
    if call.version < 11:
        scales = settings[0] if settings else np.array(call.get("scales", ()), np.float32)
        return None, scales, None
    given = [None if s is None or not array(s).size else array(s) for s in settings]
    roi, scales, sizes = (*given, None, None, None)[:3]
    if call.get("coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize":
        roi = None
    elif roi is None:
        raise FormatError("tf_crop_and_resize needs a region")
    return roi, scales, sizes


def _targets(
    call: Call, x: Any, axes: tuple[int, ...], scales: Any, sizes: Any
) -> tuple[list[float], list[int]]:
    """Per axis the factor and the new size."""
    old = [x.shape[axis] for axis in axes]
    if scales is None and sizes is None:
        raise FormatError("neither factors nor sizes are given")
    if sizes is None:
        factors = [float(factor) for factor in array(scales).reshape(-1)]
        if len(factors) != len(axes) or not all(0 < factor < 1e6 for factor in factors):
            raise FormatError(f"factors {factors} do not fit {len(axes)} axes")
        # Sizes are computed in single precision, as other programs do.
        return factors, [floor(np.float32(n) * np.float32(f)) for n, f in zip(old, factors, strict=True)]
    new = ints(sizes)
    if len(new) != len(axes) or min(new) < 0:
        raise FormatError(f"sizes {new} do not fit {len(axes)} axes")
    factors = [m / n if n else 1.0 for m, n in zip(new, old, strict=True)]
    policy = call.get("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return factors, new
    factor = min(factors) if policy == "not_larger" else max(factors)
    return [factor] * len(axes), [floor(factor * n + 0.5) for n in old]


def _native(call: Call, x: Any, axes: Any, factors: list[float], new: list[int]) -> Any:
    """By `interpolate`, where that computes the same: enlarged images, in the usual modes."""
    spatial = {axis: k for k, axis in enumerate(axes)}
    others = [factors[k] == 1 and new[k] == x.shape[axis] for axis, k in spatial.items() if axis < 2]
    if x.ndim != 4 or not is_float(x) or not all(others) or 2 not in spatial or 3 not in spatial:
        return None
    pair = (factors[spatial[2]], factors[spatial[3]])
    size = (new[spatial[2]], new[spatial[3]])
    mode = call.get("mode", "nearest")
    coordinates = _coordinates(call)
    nearest = call.get("nearest_mode", "round_prefer_floor" if call.version >= 11 else "floor")
    whole = all(f == int(f) for f in pair)
    if min(*pair, *size) < 1 or x.size == 0 or call.get("exclude_outside"):
        return None
    if mode == "nearest" and whole:
        # With whole factors these place every new pixel inside the old one that it is a copy of.
        same = (coordinates, nearest) == ("asymmetric", "floor") or (
            coordinates == "half_pixel" and nearest.startswith("round")
        )
        return F.interpolate(x, scale_factor=tuple(map(int, pair))) if same else None
    if mode == "linear" and coordinates in ("half_pixel", "pytorch_half_pixel") and (
        coordinates == "half_pixel" or min(size) > 1
    ):  # fmt: skip
        return F.interpolate(x, scale_factor=pair, mode="bilinear") if whole else None
    if mode == "linear" and coordinates == "align_corners" and min(size) > 1 and whole:
        return F.interpolate(x, size=size, mode="bilinear", align_corners=True)
    return None


def _coordinates(call: Call) -> str:
    default = "half_pixel" if call.version >= 11 else "asymmetric"
    return str(call.get("coordinate_transformation_mode", default))


def _positions(call: Call, old: int, new: int, factor: float, crop: Any) -> Any:
    """Where the new pixels lie on the old axis."""
    i, mode, length = np.arange(new, dtype=np.float64), _coordinates(call), factor * old
    if mode == "half_pixel":
        return (i + 0.5) / factor - 0.5
    if mode == "asymmetric":
        return i / factor
    if mode == "align_corners":
        return i * (old - 1) / (length - 1) if length != 1 else i * 0
    if mode == "pytorch_half_pixel":
        return (i + 0.5) / factor - 0.5 if length > 1 else i * 0
    if mode == "half_pixel_symmetric":
        return old / 2 * (1 - new / length) + (i + 0.5) / factor - 0.5
    if mode == "tf_half_pixel_for_nn":
        return (i + 0.5) / factor
    if mode != "tf_crop_and_resize":
        raise FormatError(f"coordinate_transformation_mode is {mode!r}")
    start, end = (float(edge) for edge in crop)
    if new > 1:
        return start * (old - 1) + i * (end - start) * (old - 1) / (new - 1)
    return np.full(new, 0.5 * (start + end) * (old - 1))


def _resampled(call: Call, x: Any, axis: int, positions: Any, factor: float) -> Any:
    """x read at positions along one axis."""
    old, mode = x.shape[axis], call.get("mode", "nearest")
    before = (slice(None),) * axis
    if mode == "nearest":
        chosen = np.clip(_nearest(call, positions), 0, old - 1).astype(np.intp)
        return F.index(x, (*before, chosen))
    matrix = _weights(call, positions, old, min(factor, 1.0) if call.get("antialias") else 1.0)
    moved = F.matmul(F.moveaxis(x, axis, -1), matrix.T.astype(x.dtype))
    return F.moveaxis(moved, -1, axis)


def _nearest(call: Call, positions: Any) -> Any:
    mode = call.get("nearest_mode", "round_prefer_floor" if call.version >= 11 else "floor")
    if mode == "round_prefer_floor":
        return np.ceil(positions - 0.5)
    if mode == "round_prefer_ceil":
        return np.floor(positions + 0.5)
    if mode not in ("floor", "ceil"):
        raise FormatError(f"nearest_mode is {mode!r}")
    return np.floor(positions) if mode == "floor" else np.ceil(positions)


def _weights(call: Call, positions: Any, old: int, squeeze: float) -> Any:
    """The matrix (new, old) of linear or cubic interpolation; wider kernels where pixels shrink."""
    mode = call.get("mode")
    if mode not in ("linear", "cubic"):
        raise FormatError(f"mode is {mode!r}")
    reach = ceil((1 if mode == "linear" else 2) / squeeze)
    call.room((len(positions), max(old, 2 * reach)))
    near = np.floor(positions)[:, None] + np.arange(-reach + 1, reach + 1)  # (new, taps)
    distance = np.abs(positions[:, None] - near) * squeeze
    weights = _linear(distance) if mode == "linear" else _cubic(distance, call.get("cubic_coeff_a", -0.75))
    if call.get("exclude_outside"):
        weights = np.where((near < 0) | (near >= old), 0, weights)
    if call.get("exclude_outside") or squeeze < 1:
        weights = weights / weights.sum(axis=1, keepdims=True)
    matrix = np.zeros((len(positions), old))
    rows = np.arange(len(positions))[:, None]
    np.add.at(matrix, (rows, np.clip(near, 0, old - 1).astype(np.intp)), weights)
    return matrix


def _linear(distance: Any) -> Any:
    return np.maximum(1 - distance, 0)


def _cubic(distance: Any, a: float) -> Any:
    inner = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    outer = a * (((distance - 5) * distance + 8) * distance - 4)
    return np.where(distance <= 1, inner, np.where(distance < 2, outer, 0))

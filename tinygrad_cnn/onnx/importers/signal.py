"""Signals: Fourier transforms, windows, mel filters."""

from __future__ import annotations

from math import tau
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.onnx.importers.call import Call, array, axis_of, scalar
from tinygrad_cnn.onnx.importers.registry import importer
from tinygrad_cnn.onnx.importers.shape import taken


@importer("DFT", options=())
def _dft(call: Call, x: Any, length: Any = None, axis: Any = None) -> Any:
    """Complex numbers as a last axis of 2 (1 for real ones); as products with cosines and sines."""
    named = call.get("axis", 1) if call.version < 20 else (-2 if axis is None else int(scalar(axis)))
    along = axis_of(named, x.ndim)
    inverse, half = bool(call.get("inverse", 0)), bool(call.get("onesided", 0))
    given = x.shape[along]
    if inverse and half:
        return _real_inverse(call, x, length, along)
    size = given if length is None else int(scalar(length))
    count = size // 2 + 1 if half else size
    call.room((max(size, 1), count))
    moved = _fitted(call, F.moveaxis(x, along, -2), size)  # (..., size, parts)
    angle = tau / max(size, 1) * (np.outer(np.arange(size), np.arange(count)) % max(size, 1))
    cos, sin = np.cos(angle).astype(x.dtype), (np.sin(angle) * (1 if inverse else -1)).astype(x.dtype)
    real = F.matmul(moved[..., 0], cos)
    imaginary = F.matmul(moved[..., 0], sin)
    if x.shape[-1] == 2:
        real = real - F.matmul(moved[..., 1], sin)
        imaginary = imaginary + F.matmul(moved[..., 1], cos)
    y = F.stack([real, imaginary], -1)
    y = y / size if inverse else y
    return F.moveaxis(y, -2, along)


def _real_inverse(call: Call, x: Any, length: Any, along: int) -> Any:
    """The real signal whose spectrum has this half."""
    size = (x.shape[along] - 1) * 2 if length is None else int(scalar(length))
    moved = F.moveaxis(x, along, -2)
    half = size // 2 + 1
    moved = _fitted(call, moved, half)
    call.room((half, size))
    angle = tau / max(size, 1) * np.outer(np.arange(half), np.arange(size))
    twice = np.where((np.arange(half) == 0) | (2 * np.arange(half) == size), 1, 2)[:, None] / max(size, 1)
    real = F.matmul(moved[..., 0], (np.cos(angle) * twice).astype(x.dtype))
    real = real - F.matmul(moved[..., 1], (np.sin(angle) * twice).astype(x.dtype))
    return F.moveaxis(F.expand_dims(real, -1), -2, along)


def _fitted(call: Call, x: Any, size: int) -> Any:
    """The axis before the last cut, or filled up with zeros."""
    call.room((*x.shape[:-2], size, x.shape[-1]))
    missing = size - x.shape[-2]
    if missing <= 0:
        return x[..., :size, :]
    return F.pad(x, [(0, 0)] * (x.ndim - 2) + [(0, missing), (0, 0)])


@importer("STFT", options=(1,))
def _stft(call: Call, x: Any, step: Any, window: Any = None, length: Any = None) -> Any:
    """The transform of each frame (N, frames, bins, 2)."""
    hop = int(scalar(step))
    size = int(scalar(length)) if length is not None else array(window).shape[0]
    if hop < 1 or not 1 <= size <= x.shape[1]:
        raise FormatError(f"frames of {size} every {hop} do not fit {x.shape[1]} samples")
    frames = (x.shape[1] - size) // hop + 1
    call.room((x.shape[0], frames, size, x.shape[-1]))
    places = np.arange(frames)[:, None] * hop + np.arange(size)
    cut = taken(x, (slice(None), places))  # (N, frames, size, parts)
    if window is not None:
        cut = cut * F.reshape(window, (-1, 1))
    count = size // 2 + 1 if call.get("onesided", 1) else size
    call.room((size, count))
    angle = tau / size * np.outer(np.arange(size), np.arange(count))
    cos, sin = np.cos(angle).astype(x.dtype), -np.sin(angle).astype(x.dtype)
    real, imaginary = F.matmul(cut[..., 0], cos), F.matmul(cut[..., 0], sin)
    if x.shape[-1] == 2:
        real = real - F.matmul(cut[..., 1], sin)
        imaginary = imaginary + F.matmul(cut[..., 1], cos)
    return F.stack([real, imaginary], -1)


def _window(kind: str, *parts: float) -> None:
    """A window as a sum of cosines: parts[0] - parts[1] cos(t) + parts[2] cos(2t)."""

    def compute(call: Call, size: Any) -> Any:
        count = int(scalar(size))
        call.room((count,))
        period = count if call.get("periodic", 1) else count - 1
        t = tau * np.arange(count) / max(period, 1)
        y = sum(part * (-1) ** k * np.cos(k * t) for k, part in enumerate(parts))
        return np.asarray(y).astype(call.dtype(call.get("output_datatype", 1)))

    importer(kind)(compute)


_window("HannWindow", 0.5, 0.5)
_window("HammingWindow", 25 / 46, 21 / 46)
_window("BlackmanWindow", 0.42, 0.5, 0.08)


@importer("MelWeightMatrix", options=())
def _mel_weight_matrix(call: Call, bins: Any, length: Any, rate: Any, low: Any, high: Any) -> Any:
    """Triangles, evenly spaced in mel, over the bins of a spectrum."""
    count, size = int(scalar(bins)), int(scalar(length)) // 2 + 1
    call.room((size, count))
    edges = [2595 * np.log10(1 + float(scalar(edge)) / 700) for edge in (low, high)]
    mels = np.arange(count + 2) * (edges[1] - edges[0]) / (count + 2) + edges[0]
    hertz = 700 * (10 ** (mels / 2595) - 1)
    places = ((int(scalar(length)) + 1) * hertz / float(scalar(rate))).astype(np.int64)
    y = np.zeros((size, count))
    for k in range(count):
        lower, centre, higher = places[k : k + 3]
        rise = max(centre - lower, 0)
        if rise == 0:
            y[centre, k] = 1
        else:
            rows = np.arange(lower, centre + 1)
            y[rows, k] = (rows - lower) / rise
        rows = np.arange(centre, higher)
        if higher > centre:
            y[rows, k] = (higher - rows) / (higher - centre)
    return y.astype(call.dtype(call.get("output_datatype", 1)))

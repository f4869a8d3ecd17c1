"""PyTorch's generator of random numbers: the same seed gives the same numbers.

The Mersenne Twister is NumPy's; how its 32-bit words become uniform, normal or integer numbers follows
PyTorch's CPU generator, so that a program with `torch.manual_seed` repeats what it does there.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_FLOAT = np.float32(2**-24)
_GROUP = 16  # PyTorch turns uniform numbers into normal ones 16 at a time


class Generator:
    """A stream of random numbers.

    Args:
        device: the CPU.

    >>> g = Generator().manual_seed(1)
    >>> first = g.uniform(3); g = g.manual_seed(1); bool((g.uniform(3) == first).all())
    True
    """

    def __init__(self, device: Any = None) -> None:
        from_device(device)
        self._bits = np.random.MT19937()
        self._seed = 0
        self.manual_seed(67280421310721)

    def manual_seed(self, seed: int) -> Generator:
        """Start anew. Returns itself.

        >>> Generator().manual_seed(3).initial_seed()
        3
        """
        self._seed = int(seed)
        legacy: Any = np.random.RandomState(self._seed & 0xFFFFFFFF).get_state(legacy=False)
        self._bits.state = {"bit_generator": "MT19937", "state": legacy["state"]}
        self._spare: float | None = None
        return self

    def seed(self) -> int:
        """Start anew from the clock; the seed that was taken.

        >>> Generator().seed() > 0
        True
        """
        return self.manual_seed(time.time_ns() & 0xFFFFFFFFFFFF).initial_seed()

    def initial_seed(self) -> int:
        """The seed that it started from.

        >>> Generator().initial_seed()
        67280421310721
        """
        return self._seed

    def get_state(self) -> Array:
        """Where the stream is, as bytes.

        >>> g = Generator(); state = g.get_state(); a = g.uniform(2); g.set_state(state)
        >>> bool((g.uniform(2) == a).all())
        True
        """
        state: Any = self._bits.state["state"]
        spare = np.array([np.nan if self._spare is None else self._spare])
        words = np.append(state["key"], np.uint32(state["pos"])).astype(np.uint32)
        head = np.array([self._seed & 0xFFFFFFFFFFFFFFFF], np.uint64)
        return np.frombuffer(head.tobytes() + spare.tobytes() + words.tobytes(), np.uint8).copy()

    def set_state(self, state: Any) -> None:
        """Go where `get_state` was.

        Raises:
            RuntimeError: no such state.
        """
        data = np.ascontiguousarray(state, np.uint8).tobytes()
        if len(data) != 16 + 625 * 4:
            raise RuntimeError("set_state: this is not a state of a Generator; get_state() gives one")
        words = np.frombuffer(data[16:], np.uint32)
        self._seed = int(np.frombuffer(data[:8], np.uint64)[0])
        spare = float(np.frombuffer(data[8:16], np.float64)[0])
        self._spare = None if np.isnan(spare) else spare
        self._bits.state = {
            "bit_generator": "MT19937",
            "state": {"key": words[:624], "pos": int(words[624])},
        }

    # ------------------------------------------------------------------ words
    def words(self, count: int) -> Array:
        """32-bit words, as uint64.

        >>> Generator().manual_seed(0).words(1)
        array([2357136044], dtype=uint64)
        """
        return self._bits.random_raw(count) if count else np.zeros(0, np.uint64)

    def numpy_stream(self) -> np.random.Generator:
        """A generator of NumPy seeded by the next word, for draws that follow another stream than PyTorch's.

        >>> Generator().manual_seed(0).numpy_stream().integers(10) < 10
        np.True_
        """
        return np.random.default_rng(int(self.words(1)[0]))

    def long_words(self, count: int) -> Array:
        """64-bit words.

        >>> Generator().manual_seed(0).long_words(1)
        array([10123822223749065263], dtype=uint64)
        """
        words = self.words(2 * count)
        return (words[0::2] << np.uint64(32)) | words[1::2]

    # ------------------------------------------------------------------ numbers
    def uniform(self, count: int, kind: Any = np.float32) -> Array:
        """Numbers from 0 to below 1.

        >>> Generator().manual_seed(0).uniform(2)
        array([0.4962566, 0.7682218], dtype=float32)
        """
        if np.dtype(kind) == np.float64:
            return (self.long_words(count) & np.uint64(2**53 - 1)).astype(np.float64) * 2.0**-53
        if np.dtype(kind) == np.float16:
            return self.uniform(count, np.float32).astype(kind)  # rounded, as PyTorch does
        return (self.words(count) & np.uint64(2**24 - 1)).astype(np.float32) * _FLOAT

    def normal(self, count: int, kind: Any = np.float32) -> Array:
        """Numbers of mean 0 and variance 1: 16 at a time by Box and Muller, fewer than 16 one by one.

        >>> Generator().manual_seed(0).normal(1).round(3)
        array([1.541], dtype=float32)
        """
        kind = np.dtype(kind)
        if count < _GROUP:
            return np.array([self.one_normal() for _ in range(count)], kind)
        work = np.dtype(np.float64) if kind == np.float64 else np.dtype(np.float32)
        drawn = self.uniform(count, work)
        whole = count - count % _GROUP
        drawn[:whole] = _normal(drawn[:whole])
        if whole != count:  # the last 16 are drawn once more
            drawn[-_GROUP:] = _normal(self.uniform(_GROUP, work))
        return drawn.astype(kind, copy=False)

    def one_normal(self) -> float:
        """One normal number; they come in pairs, and the second waits.

        >>> round(Generator().manual_seed(0).one_normal(), 3)
        1.541
        """
        if self._spare is not None:
            drawn, self._spare = self._spare, None
            return drawn
        u, v = self.uniform(2, np.float64)
        radius, angle = np.sqrt(-2.0 * np.log1p(-v)), 2.0 * np.pi * u
        self._spare = float(radius * np.sin(angle))
        return float(radius * np.cos(angle))

    def integers(self, low: int, high: int, count: int) -> Array:
        """Whole numbers from `low` to below `high`.

        >>> Generator().manual_seed(0).integers(0, 10, 3)
        array([4, 9, 3])
        """
        span = high - low
        words = self.long_words(count) if span >= 2**28 else self.words(count)
        return (words % np.uint64(span)).astype(np.int64) + low

    def permutation(self, count: int) -> Array:
        """The numbers below `count` in a random order.

        >>> Generator().manual_seed(0).permutation(5)
        array([4, 0, 1, 3, 2])
        """
        order = list(range(count))
        left = np.arange(count, 1, -1, dtype=np.uint64)
        for i, step in enumerate((self.words(len(left)) % left).tolist()):
            j = i + step
            order[i], order[j] = order[j], order[i]
        return np.array(order, np.int64)

    def bernoulli(self, p: float, count: int) -> Array:
        """True with probability p.

        >>> Generator().manual_seed(0).bernoulli(1.0, 2)
        array([ True,  True])
        """
        return self.uniform(count, np.float64) < p

    def exponential(self, count: int) -> Array:
        """Numbers of the density e^-x.

        >>> bool((Generator().exponential(100) > 0).all())
        True
        """
        return -np.log1p(-self.uniform(count, np.float64))


def _normal(uniform: Array) -> Array:
    """Box and Muller's transform within groups of 16: the first 8 give radii, the last 8 angles."""
    u, v = uniform.reshape(-1, 2, _GROUP // 2).transpose(1, 0, 2)
    one = uniform.dtype.type(1)
    radius = np.sqrt(uniform.dtype.type(-2) * np.log(one - u))
    angle = uniform.dtype.type(2 * np.pi) * v
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).reshape(-1)


def from_device(device: Any) -> None:
    """Refuse a device that is not the CPU."""
    if device is not None and str(getattr(device, "type", device)).partition(":")[0] != "cpu":
        raise RuntimeError(f"Generator: device {device}; random numbers are drawn on the CPU here")


#: The generator that is used where none is given.
default_generator = Generator()


def of(generator: Generator | None) -> Generator:
    """The generator that an argument stands for.

    >>> of(None) is default_generator
    True
    """
    return default_generator if generator is None else generator


def manual_seed(seed: int) -> Generator:
    """Start the default generator anew.

    >>> manual_seed(0) is default_generator
    True
    """
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Start the default generator from the clock.

    >>> seed() > 0
    True
    """
    return default_generator.seed()


def initial_seed() -> int:
    """The default generator's seed.

    >>> _ = manual_seed(5); initial_seed()
    5
    """
    return default_generator.initial_seed()


class Draws(np.random.Generator):
    """The default generator in NumPy's form, for native layers that draw while they run.

    >>> _ = manual_seed(0); bool(DRAWS.random((2,)).shape == (2,))
    True
    """

    def __init__(self) -> None:
        super().__init__(np.random.MT19937(0))

    def random(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:
        """Numbers above 0, up to 1: those of at least p stay in a dropout of probability p."""
        shape = () if size is None else tuple(np.atleast_1d(size).tolist())
        return 1 - default_generator.uniform(int(np.prod(shape)), np.float64).reshape(shape)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        """Numbers from `low` to below `high`, in float32."""
        shape = () if size is None else tuple(np.atleast_1d(size).tolist())
        drawn = default_generator.uniform(int(np.prod(shape))).reshape(shape)
        return drawn * (np.float32(high) - np.float32(low)) + np.float32(low)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """Normal numbers, in float32."""
        shape = () if size is None else tuple(np.atleast_1d(size).tolist())
        return default_generator.normal(int(np.prod(shape))).reshape(shape) * scale + loc

    def exponential(self, scale: Any = 1.0, size: Any = None) -> Any:
        """Numbers of the density e^(-x / scale) / scale."""
        shape = () if size is None else tuple(np.atleast_1d(size).tolist())
        return default_generator.exponential(int(np.prod(shape))).reshape(shape) * scale

    def __deepcopy__(self, memo: Any) -> Draws:
        return self


#: The one object of that class.
DRAWS = Draws()

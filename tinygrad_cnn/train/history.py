"""The history of a training: a list of numbers per epoch under each name."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any

from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.serial import read_file, writing
from tinygrad_cnn.serial.paths import path_of
from tinygrad_cnn.signal_handlers import let_through


class History(dict[str, list[float]]):
    """A dict of lists, one number an epoch; `viz.curves` draws it.

    Names are 'train_loss', 'val_loss', 'train_accuracy' and so on. All lists have the same length:
    an epoch without a value has NaN.

    >>> history = History()
    >>> history.append({"train_loss": 2.5}); history.append({"train_loss": 1.5, "val_loss": 2.0})
    >>> history
    {'train_loss': [2.5, 1.5], 'val_loss': [nan, 2.0]}
    """

    @property
    def epochs(self) -> int:
        """The number of epochs.

        >>> History({"train_loss": [2.5, 1.5]}).epochs
        2
        """
        return max(map(len, self.values()), default=0)

    def append(self, values: Mapping[str, float]) -> None:
        """Add an epoch.

        Args:
            values: name -> number.

        >>> history = History(); history.append({"train_loss": 2.5}); history.epochs
        1
        """
        count = self.epochs
        for name in [*self, *(name for name in values if name not in self)]:
            self.setdefault(name, [math.nan] * count).append(float(values.get(name, math.nan)))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as JSON, whole or not at all; NaN becomes null, infinity the text 'inf'.

        Args:
            path: the file, in a folder that exists.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     History({"train_loss": [2.5, 1.5]}).save(f"{folder}/history.json")
        ...     History.load(f"{folder}/history.json")
        {'train_loss': [2.5, 1.5]}
        """
        path = path_of("History.save", path)
        plain = {name: [_to_json(value) for value in values] for name, values in self.items()}
        with writing(path) as temporary:
            temporary.write_text(json.dumps(plain, indent=2, allow_nan=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> History:
        """Read what `save` wrote.

        Raises:
            FormatError: another file.   FileNotFoundError: no such file.

        >>> import tempfile; from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "history.json").write_text('{"val_loss": [null, 2]}')
        ...     History.load(f"{folder}/history.json")
        {'val_loss': [nan, 2.0]}
        """
        path = path_of("History.load", path)
        expected = f"{path}: expected a history, an object of lists of numbers of one length"
        try:
            read = json.loads(read_file(path))
            history = cls({name: _from_json(values) for name, values in read.items()})
        except FormatError:
            raise
        except (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            let_through(error)
            raise FormatError(f"{expected}; {str(error)[:400]}") from error
        if len({len(values) for values in history.values()}) > 1:
            lengths = str({name: len(values) for name, values in history.items()})
            raise FormatError(f"{expected}; found {lengths[:400]}")
        return history


def _to_json(value: float) -> Any:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)


def _from_json(values: Any) -> list[float]:
    if not isinstance(values, list):
        raise ValueError(f"found {str(values)[:80]!r}")
    return [_number(value) for value in values]


def _number(value: Any) -> float:
    if value is None:
        return math.nan
    if value in ("inf", "-inf") or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return float(value)
    raise ValueError(f"found {str(value)[:80]!r}")

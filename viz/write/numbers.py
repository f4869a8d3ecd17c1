"""Shapes, numbers and sizes as one reads them."""

from __future__ import annotations


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as one reads it; nothing for a single number.

    >>> shape_text((128, 8, 28, 28))
    '128×8×28×28'
    """
    return "×".join(map(str, shape))


def size_text(norm: float) -> str:
    """A gradient's size in two or three digits.

    >>> size_text(0.3123), size_text(2.2), size_text(110.4), size_text(2.4e-7), size_text(0.0)
    ('0.31', '2.2', '110', '2.4e-07', '0')
    """
    return f"{norm:,.0f}" if 99.5 <= norm < 1e6 else f"{norm:.2g}"


def number_text(number: float) -> str:
    """A number of a tensor, in four digits.

    >>> number_text(220.0), number_text(-0.123456), number_text(float("nan"))
    ('220', '−0.1235', 'nan')
    """
    return f"{number + 0.0:.4g}".replace("-", "−")


def count_text(count: int) -> str:
    """A large number as one reads it: all digits below a million, then three.

    >>> count_text(416_520), count_text(19_632_062_464)
    ('416,520', '19.6 G')
    """
    if count < 10**6:
        return f"{count:,}"
    power = min((len(str(count)) - 1) // 3, 5)
    return f"{count / 1000**power:.3g} {'kMGTP'[power - 1]}"


def bytes_text(count: int) -> str:
    """A size in memory.

    >>> bytes_text(512), bytes_text(3 * 2**20)
    ('512 B', '3 MiB')
    """
    power = 0
    while count >= 1024 ** (power + 1) and power < 4:
        power += 1
    return f"{count / 1024**power:.3g} {('B', 'KiB', 'MiB', 'GiB', 'TiB')[power]}"

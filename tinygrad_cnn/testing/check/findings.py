"""One comparison of a derivative with another, and its verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Finding:
    """One comparison of an analytic with a numerical derivative, or of reverse with forward mode.

    Attributes:
        status: 'pass', 'fail' or 'unchecked'.   order: 1 or 2.
        where: which input, and along what: 'all inputs, direction 0' or 'input 1, entry (0, 2)'.
        analytic: the derivative by reverse mode.
        numeric: what it is compared with.   error: estimated error of that.
        reason: why it failed or could not be checked.
        against: 'numeric'; 'forward' if it was forward mode that it was compared with; 'itself' if it is a
            side effect, with no numbers.
    """

    status: str
    order: int
    where: str
    analytic: float
    numeric: float
    error: float
    reason: str = ""
    against: str = "numeric"

    def __str__(self) -> str:
        if np.isnan(self.analytic) and np.isnan(self.numeric):
            order = "" if self.against == "itself" else f"order {self.order}, "
            return f"{self.status}: {order}{self.where}: {self.reason}"
        absolute = abs(self.analytic - self.numeric)
        scale = max(abs(self.analytic), abs(self.numeric))
        relative = absolute / scale if scale else 0.0
        ratio = self.analytic / self.numeric if self.numeric else np.nan
        ours, other = ("reverse", "forward") if self.against == "forward" else ("analytic", "numeric")
        text = (
            f"{self.status}: order {self.order}, {self.where}: {ours} {self.analytic:.10g}, {other} "
            f"{self.numeric:.10g} ± {self.error:.1g}, difference {absolute:.3g} (relative {relative:.3g}), "
            f"ratio {ratio:.6g}"
        )
        return f"{text}; {self.reason}" if self.reason else text

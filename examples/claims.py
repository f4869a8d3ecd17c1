"""Shared by the examples: their options, and the list of what a text claims beside what is measured.

A script says `claims.check(row, what, claimed, measured)` for each figure, and `claims.finish()` at its
end: that writes claims.json beside the pictures, and ends with status 1 if a claim does not hold. Rows
are those of the project's list of source systems; D1 to D10 are its list of defects in the sources.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cnn import Tensor
from tinygrad_cnn.serial import writing


def options(
    doc: str | None, name: str, quick: str = "the same: it is quick already"
) -> argparse.ArgumentParser:
    """A parser with --quick and --out, described by the first line of the script's docstring."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument(
        "--out", type=Path, default=Path("runs", name), help=f"folder to write (runs/{name})"
    )
    return parser


class Claims:
    """Figures of a text, each printed with the one measured here, and kept for claims.json."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.found: list[dict[str, Any]] = []

    def check(
        self, row: int | str, what: str, claimed: Any, measured: Any, *,
        within: float = 0.0, holds: bool | None = None,
    ) -> None:  # fmt: skip
        """Print one line. Numbers may differ by `within`; `holds` decides where a claim is in words."""
        if holds is None:
            a, b = np.asarray(_plain(claimed)), np.asarray(_plain(measured))
            numeric = a.dtype.kind in "iuf" and b.dtype.kind in "iuf"
            close = numeric and a.shape == b.shape and np.allclose(b, a, rtol=0, atol=within)
            holds = bool(close or np.array_equal(a, b))
        self.found.append(
            {
                "row": row,
                "what": what,
                "claimed": _plain(claimed),
                "measured": _plain(measured),
                "holds": bool(holds),
            }
        )
        label = f"row {row}" if isinstance(row, int) else row
        print(f"  {label:>6}  {'holds' if holds else 'FAILS'}  {what}")
        print(f"{'claimed':>22}  {_said(claimed)}\n{'measured':>22}  {_said(measured)}")

    def finish(self) -> None:
        """Write claims.json, say what was written, and exit with status 1 if a claim failed."""
        with writing(self.folder / "claims.json") as temporary:
            temporary.write_text(json.dumps(self.found, indent=2) + "\n", encoding="utf-8")
        failed = [claim["what"] for claim in self.found if not claim["holds"]]
        print(f"\n{len(self.found) - len(failed)} of {len(self.found)} claims hold. In {self.folder}:")
        for path in sorted(self.folder.iterdir()):
            print(f"  {path.name}")
        if failed:
            raise SystemExit("These claims fail: " + "; ".join(failed))


def _plain(value: Any) -> Any:
    """Arrays and Tensors as lists and numbers, which JSON can hold."""
    if isinstance(value, Tensor):
        value = value.numpy()
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return list(map(_plain, value)) if isinstance(value, (list, tuple)) else value


def _said(value: Any) -> str:
    value = _plain(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.8g}"
    return f"[{', '.join(map(_said, value))}]" if isinstance(value, list) else str(value)

"""Draw docs/digits.png, and docs/digits.zh.svg for the Chinese pages: what examples/digits.py draws.

It trains with NumPy's kernels, as a new user's `make demo` does, so the numbers are the same each time.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parent))
from chinese_labels import in_chinese

import viz
from tinygrad_cnn import use_kernels
from tinygrad_cnn.serial import writing
from viz.output.engines import draw

FOLDER = Path(__file__).parent
EXAMPLE = FOLDER.parent / "examples" / "digits.py"


def run(folder: str) -> str:
    """Run the example with a folder for what it writes; the DOT text of its graph."""
    spec = importlib.util.spec_from_file_location("digits_example", EXAMPLE)
    assert spec is not None and spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    drawn: list[str] = []
    render = viz.render

    def noted(thing: Any, path: Path, **options: Any) -> Path:
        drawn.append(viz.graph(thing, **options).source)
        return render(thing, path, **options)

    use_kernels("reference")
    with patch.object(viz, "render", noted), patch.object(sys, "argv", [str(EXAMPLE), "--out", folder]):
        example.main()
    return drawn[0]


if __name__ == "__main__":
    with TemporaryDirectory() as made:
        source = run(made)
        shutil.copyfile(Path(made) / "graph.png", FOLDER / "digits.png")
    with writing(FOLDER / "digits.zh.svg") as temporary:
        temporary.write_bytes(draw(in_chinese(source), "svg"))

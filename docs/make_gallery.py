"""Write docs/gallery.md and the pictures in docs/gallery: `python docs/make_gallery.py`, or `make docs`.

Each function below is one picture: its docstring is the text, its body the code that the page shows,
and the code that is run. A test runs them all, and compares the page with a new one.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import shutil
import struct
import subprocess
import tempfile
import textwrap
from pathlib import Path

import numpy as np
from few_colours import few_colours

import viz
from tinygrad_cnn import Tensor, grad, manual_seed, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.nn import models
from tinygrad_cnn.serial import writing

PAGE, PICTURES = Path(__file__).with_name("gallery.md"), Path(__file__).with_name("gallery")

HEAD = """\
# Gallery

What `viz` draws, with the code that draws it. All of it begins with

```python
import numpy as np

import viz
from tinygrad_cnn import Tensor, grad, manual_seed, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.nn import models
```

The pictures are drawn by `dot` where it is installed and by pygraphviz otherwise; `viz.engine()` says
which. Any of them can be made from a terminal too, for what a script leaves under a name, or for a file
that `tinygrad_cnn.train.save_model` wrote:

```
python -m viz train.py:loss -o loss.png
python -m viz net.py:model --input 1,1,28,28 -o net.html
python -m viz net.safetensors --input 1,1,28,28 -o net.png
```

Names in Chinese, Japanese or Korean need a font that holds them: where the system has none,
`pip install 'tinygrad-cnn[cjk]'` brings one.

[Programs of many kinds](programs.md) has some forty more.

This page is made by `make docs`: change `make_gallery.py`, not this.
"""


def apples() -> None:
    """# Forward and backward in one picture

    Two apples at 100 each, and 10 % tax. Values run forward on black arrows, gradients back on red
    ones: if an apple were 1 dearer, the bill would rise by 2.2.
    """
    with viz.record() as recorder:
        price = Tensor(100.0, requires_grad=True, name="apple price")
        count = Tensor(2.0, requires_grad=True, name="number of apples")
        tax = Tensor(1.1, requires_grad=True, name="tax")
        bill = price * count * tax
        bill.name = "to pay"
        bill.backward()
    viz.render(bill, "apples.png", recorder=recorder, title="Two apples, with tax")


def apples_backward() -> None:
    """# The walk back, step by step

    The same as an animation: one frame for each operation. With a name that ends in `.html` it is
    one page to step through, with buttons and keys.
    """
    price = Tensor(100.0, requires_grad=True, name="apple price")
    with viz.record() as recorder:
        bill = price * Tensor(2.0, requires_grad=True, name="number of apples") * 1.1
        bill.name = "to pay"
        bill.backward()
    viz.animate(bill, "apples_backward.gif", recorder, title="Two apples, with tax", seconds=1.5)


def second_derivative() -> None:
    """# A derivative of a derivative

    z = (x + y)², its slope by x, and the slope's slope. What each walk computed has a frame.
    """
    with viz.record() as recorder:
        x = Tensor(1.0, requires_grad=True, name="x")
        y = Tensor(2.0, requires_grad=True, name="y")
        z = (x + y) ** 2
        slope = grad(z, x, create_graph=True)
        curvature = grad(slope, x, create_graph=True)
        z.name, slope.name, curvature.name = "z", "∂z/∂x", "∂²z/∂x²"
    viz.render(
        [z, slope, curvature],
        "second_derivative.png",
        recorder=recorder,
        values=True,
        direction="right",
        title="z = (x + y)² and its derivatives",
    )


def digits() -> None:
    """# A training step

    The small CNN for the handwritten digits, after `backward()`. The darker the blue, the larger the
    gradient; `legend`, `flops` and `memory` say more.
    """
    manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * 2 * 2, 10),
    )
    images = Tensor(np.random.default_rng(0).random((16, 1, 8, 8), dtype="float32"), name="images")
    with viz.record() as recorder:
        loss = F.cross_entropy(model(images), np.arange(16) % 10)
        loss.backward()
    viz.render(
        loss,
        "digits.png",
        recorder=recorder,
        legend=True,
        flops=True,
        memory=True,
        title="A training step of the digits CNN",
    )


def lenet5() -> None:
    """# LeNet-5

    A module is run once on the inputs; its parts have names and their parameters stand inside.
    `depth=0` draws each part as one box, `depth=1` opens the outermost ones.
    """
    model = models.lenet5(padding=2, output="dense", rng=0)
    image = np.random.default_rng(0).random((1, 1, 28, 28), dtype="float32")
    viz.render(model, "lenet5.png", inputs=image, depth=0, flops=True, title="LeNet-5, 1998")


def simple_convnet() -> None:
    """# SimpleConvNet

    With activations and poolings in the box of their layer, and equal layers drawn once: `fold=True`.
    """
    model = models.simple_convnet(rng=0)
    image = np.random.default_rng(0).random((1, 1, 28, 28), dtype="float32")
    viz.render(model, "simple_convnet.png", inputs=image, fold=True, flops=True, title="SimpleConvNet")


def vgg19() -> None:
    """# A large network on one page

    VGG-19, with an eighth of its channels. Nothing is asked for: what does not fit is folded, and
    `×3` stands for three equal layers. Parameters and multiply-adds are the sums of what is inside.
    """
    model = models.thin_vgg(19, in_channels=3, batch_norm=False, rng=0)
    image = np.random.default_rng(0).random((1, 3, 32, 32), dtype="float32")
    viz.render(model, "vgg19.png", inputs=image, flops=True)


def difference() -> None:
    """# What has changed

    Two networks as one picture: added, removed, changed. `print(viz.diff(a, b))` says it in words.
    """
    before = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.Sigmoid(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 10),
    )
    after = nn.Sequential(
        nn.Conv2d(1, 4, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(64, 10),
    )
    viz.diff(before, after, "difference.png", inputs=np.zeros((2, 1, 8, 8), "float32"))


def difference_of_networks() -> None:
    """# What has changed in a large network

    VGG-16 to VGG-19: what is equal and far from any change stands in one box.
    """
    image = np.zeros((1, 1, 32, 32), "float32")
    before, after = models.thin_vgg(16, batch_norm=False), models.thin_vgg(19, batch_norm=False)
    viz.diff(before, after, "difference_of_networks.png", inputs=image, max_nodes=30)


def network_backward() -> None:
    """# The walk back through a network

    Without a recorder a walk is made for the picture, which changes nothing.
    """
    manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 10)
    )
    images = Tensor(np.random.default_rng(0).random((2, 1, 8, 8), dtype="float32"), name="images")
    loss = F.cross_entropy(model(images), [3, 7])
    viz.animate(loss, "network_backward.gif", title="A small CNN")


def in_a_browser() -> None:
    """# In a browser

    One file, which works offline: zoom and pan, search, the details of each box, and every module to
    fold and unfold by itself, by mouse or by keys. `viz.diff` and `viz.animate` write pages too.
    """
    model = models.small_resnet(rng=0)
    image = np.random.default_rng(0).random((1, 3, 32, 32), dtype="float32")
    viz.render(model, "in_a_browser.html", inputs=image, flops=True, title="A small residual network")


def without_dot() -> None:
    """# Without Graphviz

    With nothing on PATH pygraphviz draws, which `pip install 'tinygrad-cnn[draw]'` brings. This one
    runs to the right.
    """
    x = Tensor(np.ones((4, 3), dtype="float32"), name="x")
    loss = F.cross_entropy(nn.Sequential(nn.Linear(3, 4, rng=0), nn.Tanh())(x), [0, 1, 2, 3])
    loss.backward()
    viz.render(loss, "without_dot.png", direction="right", title=f"Drawn by {viz.engine()}")


ENTRIES = (
    apples, apples_backward, second_derivative, digits, network_backward, lenet5, simple_convnet, vgg19,
    difference, difference_of_networks, in_a_browser, without_dot,
)  # fmt: skip

#: What opens a page and writes what it shows; the picture stays as it is where none is there.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def make(folder: Path) -> None:
    """Run the code of every entry in a folder, where it leaves its picture."""
    with contextlib.chdir(folder):
        for entry in ENTRIES:
            path = os.environ.get("PATH", "")
            try:
                os.environ["PATH"] = "" if entry is without_dot else path
                entry()
            finally:
                os.environ["PATH"] = path


def photograph(folder: Path) -> None:
    """A picture of each page in a folder, in its place, as a browser shows it."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    for page in sorted(folder.glob("*.html")):
        if browser is not None:
            with tempfile.TemporaryDirectory() as profile:
                command = [
                    browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
                    "--window-size=1000,640", "--force-device-scale-factor=1.5",
                    "--virtual-time-budget=3000", f"--screenshot={page.with_suffix('.png').resolve()}",
                    f"{page.resolve().as_uri()}#box=n1",
                ]  # fmt: skip
                subprocess.run(command, check=True, capture_output=True, timeout=120)
        page.unlink()


def code(entry: object) -> str:
    """The body of an entry, as the page shows it."""
    lines = inspect.getsource(entry).splitlines()  # type: ignore[arg-type]
    start = [k for k, line in enumerate(lines) if '"""' in line][1] + 1
    return textwrap.dedent("\n".join(lines[start:]))


def page() -> str:
    """The whole page; it gives each picture the size that it has there."""
    parts = [HEAD]
    for entry in ENTRIES:
        (file,) = PICTURES.glob(f"{entry.__name__}.*")
        head, _, text = (inspect.getdoc(entry) or "").partition("\n\n")
        title = head.removeprefix("# ")
        image = f'<img src="gallery/{file.name}" width="{width(file)}" alt="{title}">'
        parts.append(f"## {title}\n\n{text}\n\n{image}\n\n```python\n{code(entry)}\n```\n")
    return "\n".join(parts)


def width(file: Path) -> int:
    """Width on the page in pixels: files of 144 dots per inch are drawn smaller, for sharp screens."""
    start = file.read_bytes()[:24]
    if file.suffix == ".gif":
        return int(struct.unpack("<H", start[6:8])[0])
    return int(struct.unpack(">I", start[16:20])[0] / 1.5)


def main() -> None:
    """Draw the pictures and write the page."""
    PICTURES.mkdir(exist_ok=True)
    make(PICTURES)
    for drawing in PICTURES.glob("*.png"):
        with writing(drawing) as temporary:
            temporary.write_bytes(few_colours(drawing.read_bytes()))
    photograph(PICTURES)
    with writing(PAGE) as temporary:
        temporary.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()

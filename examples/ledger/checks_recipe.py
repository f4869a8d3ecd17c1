"""The recipe of a tutorial for MNIST: data, device, network, training, evaluation."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
from training import enlarged

from ledger.check import Check, Given, difference, shows
from tinygrad_cnn import ArgumentError, FormatError, GraphError, Tensor, nn, optim, set_grad_enabled
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import ArrayDataset, DataLoader, digits, mnist, write_idx
from tinygrad_cnn.train import Log, Trainer, accuracy


def small_net(seed: int) -> nn.Sequential:
    """Convolution, batch norm, dropout and a linear layer for images of 8×8."""
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, rng=rng),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.25, rng=rng),
        nn.Linear(64, 10, rng=rng),
    )


@shows(12)
def batches_of_mnist(check: Check, given: Given) -> None:
    """Files of MNIST's size and format, read in batches."""
    with tempfile.TemporaryDirectory() as made:
        folder = given.mnist or Path(made)
        if given.mnist is None:
            pixels = np.zeros((60_000, 28, 28), np.uint8)
            pixels[:, 14] = np.arange(28) * 9 + 12  # 12 to 255
            write_idx(folder / "train-images-idx3-ubyte.gz", pixels)
            write_idx(folder / "train-labels-idx1-ubyte.gz", (np.arange(60_000) % 10).astype(np.uint8))
        train = mnist(folder)
        loader = DataLoader(train, 128, shuffle=True, rng=given.seed)
        images, labels = next(iter(loader))
        of = "MNIST" if given.mnist else "made-up files of its size, read offline"
        check(f"batches of {of}", 469, len(loader))
        check(
            "shape of a batch, and of its labels",
            "(128, 1, 28, 28), (128,)",
            f"{images.shape}, {labels.shape}",
        )
        check("smallest and largest pixel", [0.0, 1.0], [images.min(), images.max()])
        plain = DataLoader(train, 128)
        same = [
            np.array_equal(next(iter(plain))[1], train.arrays[1][:128]),
            np.array_equal(labels, train.arrays[1][:128]),
        ]
        check("labels in the order of the file: without shuffling, with it", [True, False], same)
    checksums(check, given)


def checksums(check: Check, given: Given) -> None:
    """A broken file is refused; the files of MNIST are the original ones."""
    with tempfile.TemporaryDirectory() as made:
        path = Path(made, "t10k-images-idx3-ubyte.gz")
        write_idx(path, np.ones((3, 28, 28), np.uint8))
        write_idx(path.with_name("t10k-labels-idx1-ubyte.gz"), np.ones(3, np.uint8))
        content = bytearray(path.read_bytes())
        content[-8] ^= 1  # in the checksum that gzip keeps
        path.write_bytes(content)
        try:
            mnist(made, train=False)
            said = "read as if nothing were wrong"
        except FormatError as error:
            said = "FormatError" if path.name in str(error) else str(error)
    check("a file with one wrong bit, named in the error", "FormatError", said)
    if given.mnist is not None:
        plain = mnist(given.mnist, train=False, normalize=False).arrays[0]
        header = np.array([0x803, len(plain), 28, 28], ">i4").tobytes()
        found = hashlib.md5(header + plain.tobytes()).hexdigest()
        check("md5 of the test images", "2646ac647ad5339dbf082846283269ea", found)


#: Trains a small net for 100 steps and prints a digest of its weights.
TRAINS = """
import hashlib
from ledger.checks_recipe import hundred_steps
state = hundred_steps({seed}).state_dict()
print(hashlib.sha256(b"".join(value.tobytes() for value in state.values())).hexdigest())
"""


def hundred_steps(seed: int) -> nn.Sequential:
    """The small net after 100 batches of digits: weights, order and dropout from one seed."""
    model = small_net(seed)
    trainer = Trainer(model, optim.Adam(model.parameters(), lr=1e-3), metrics=())
    trainer.fit(DataLoader(digits()[0], 32, shuffle=True, rng=seed), epochs=1, steps_per_epoch=100)
    return model


@shows(13)
def same_seed(check: Check, given: Given) -> None:
    """100 steps in two new processes, with other hash seeds."""
    found = []
    for seed, hashed in ((1, "0"), (1, "77"), (2, "0")):
        code = TRAINS.format(seed=seed)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                              env={**environment(), "PYTHONHASHSEED": hashed}, check=True)  # fmt: skip
        found.append(done.stdout.strip())
    check("seed 1, in two processes: the bits of all weights agree", True, found[0] == found[1])
    check("seed 2 gives the same", False, found[0] == found[2])


def environment() -> dict[str, str]:
    """This process's own, with the places where Python looks for modules."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


@shows(15)
def same_padding(check: Check, given: Given) -> None:
    """The padding p that turns w pixels into o."""
    check("28 → 28, kernel 3; 28 → 14, kernel 2, stride 2", [1, 0],
          [nn.same_padding(28, 28, 3), nn.same_padding(28, 14, 2, stride=2)])  # fmt: skip
    agree = tried = refused = 0
    for w, o, k, s in np.ndindex(12, 12, 5, 3):
        w, o, k, s = w + 1, o + 1, k + 1, s + 1
        try:
            p = nn.same_padding(w, o, k, s)
        except ArgumentError:
            refused += ((s * (o - 1) - w + k) % 2 == 1) or (s * (o - 1) - w + k < 0)
        else:
            # A convolution with that padding has windows enough for o, and ends with them.
            agree += s * (o - 1) + k == w + 2 * p
        tried += 1
    check(f"of {tried:,} cases: those that fit, and those refused with reason", tried, agree + refused)


@shows(16)
def the_convnet(check: Check, given: Given) -> None:
    """The net of the tutorial, layer by layer."""
    model = nn.models.ConvNet(rng=given.seed)
    table = nn.summary(model, (1, 1, 28, 28))
    check("parameters", 9_098, table.parameters)
    shapes = {row.path: "×".join(map(str, row.output[1:])) for row in table.rows if row.path}
    wanted = {
        "conv_1": "8×28×28",
        "pool_1": "8×14×14",
        "conv_2": "16×14×14",
        "pool_2": "16×7×7",
        "linear_1": "10",
    }
    check(f"after {', '.join(wanted)}", list(wanted.values()), [shapes[name] for name in wanted])


@shows(17)
def every_module(check: Check, given: Given) -> None:
    """Weights started again by a walk over the modules."""
    model = nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 64, 3, rng=0), nn.ReLU()), nn.Flatten(), nn.Linear(1600, 100, rng=0)
    )
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.normal_(layer.weight, 0.0, 0.01, rng=given.rng())
            layer.bias.data[:] = 0.0
    check("modules found, the inner ones too", 6, len(list(model.modules())))
    check("spread of the weights", 0.01, float(model[2].weight.numpy().std()), within=1e-4)
    check(
        "largest bias",
        0.0,
        float(max(np.abs(layer.bias.numpy()).max() for layer in (model[0][0], model[2]))),
    )
    w = Tensor([2.0], requires_grad=True)
    square = w * w
    w.data *= 2.0
    check("after w.data *= 2, w is still where the graph begins", [True, 4.0], [w.is_leaf, w.item()])
    (3 * w * w.detach()).backward()
    check("slope of 3·w·detach(w) at 4: the second factor is a constant", 12.0, w.grad.item())
    try:
        square.backward()
        said = "a slope of numbers that are gone"
    except GraphError:
        said = "GraphError"
    check("slope of w·w from before the edit", "GraphError", said)


@shows(18)
def scores_and_shares(check: Check, given: Given) -> None:
    """A forward with two results."""
    model = nn.models.ConvNet(probabilities=True, rng=given.seed)
    scores, shares = model(Tensor(given.rng().random((4, 1, 28, 28), np.float32)))
    check("shapes of scores and shares", [[4, 10], [4, 10]], [scores.shape, shares.shape])
    check("shares of an image add up to", 1.0, float(shares.sum(axis=1).numpy().mean()), within=1e-6)
    x = Tensor(np.zeros((4, 16, 7, 7), np.float32))
    check("reshape(-1, 784)", [4, 784], x.reshape(-1, 784).shape)
    check("softmax(dim=1) is softmax(axis=1); difference", 0.0,
          difference(F.softmax(scores, dim=1), F.softmax(scores, axis=1)))  # fmt: skip


@shows(19)
def one_step(check: Check, given: Given) -> None:
    """A step of SGD on cross-entropy, beside the formulas in NumPy."""
    rng = given.rng()
    for dtype, within in ((np.float32, 1e-6), (np.float64, 1e-12)):
        x, labels = rng.normal(size=(16, 20)).astype(dtype), rng.integers(0, 10, 16)
        layer = nn.Linear(20, 10, rng=1, dtype=dtype)
        w, b = layer.weight.numpy().astype(float), layer.bias.numpy().astype(float)
        optimizer = optim.SGD(layer.parameters(), lr=0.05)
        loss = F.cross_entropy(layer(Tensor(x)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scores = x.astype(float) @ w.T + b
        shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        g = (shares - np.eye(10)[labels]) / 16
        check(
            f"loss, {np.dtype(dtype)}",
            float(-np.log(shares[range(16), labels]).mean()),
            loss.item(),
            within=within * 10,
        )
        farthest = max(
            difference(layer.weight, w - 0.05 * g.T @ x), difference(layer.bias, b - 0.05 * g.sum(axis=0))
        )
        check(f"weights after the step, {np.dtype(dtype)}; difference", 0.0, farthest, within=within)
    print("  (the same beside PyTorch itself: make test-peers)")


@shows(20)
def modes_and_lines(check: Check, given: Given) -> None:
    """Check what train() and eval() change, and the lines of a log."""
    x = Tensor(given.rng().normal(size=(8, 1, 8, 8)).astype(np.float32))
    model, plain = small_net(1), nn.Sequential(nn.Conv2d(1, 2, 3, rng=1), nn.ReLU(), nn.Flatten())
    changed = [difference(net.train()(x), net.eval()(x)) > 0 for net in (model, plain)]
    check("train and eval differ: with dropout and batch norm, without", [True, False], changed)
    lines = io.StringIO()
    data = ArrayDataset(np.zeros((60 * 4, 1, 8, 8), np.float32), np.zeros(60 * 4, np.int64))
    Trainer(model, optim.SGD(model.parameters(), lr=0.0), callbacks=[Log(50, lines)]).fit(
        data, epochs=2, batch_size=4
    )
    found = lines.getvalue().splitlines()
    pattern = r"Epoch: 00[12]/002 \| Batch 0[05]0/060 \| Cost: \d+\.\d{4}"
    check("lines 'Epoch: 001/002 | Batch 050/060 | Cost: ...' in two epochs of 60 batches", 4,
          sum(bool(re.fullmatch(pattern, line)) for line in found))  # fmt: skip
    ends = [line for line in found if "train accuracy" in line and "min elapsed" in line]
    check("lines with the accuracy and the minutes of an epoch", 2, len(ends))


@shows(21)
def no_recording(check: Check, given: Given) -> None:
    """Evaluation with and without a graph."""
    model = nn.Sequential(*[nn.Sequential(nn.Linear(256, 256, rng=0), nn.ReLU()) for _ in range(12)])
    x = Tensor(given.rng().normal(size=(512, 256)).astype(np.float32))
    peaks = {}
    for recorded in (True, False):
        tracemalloc.start()
        with set_grad_enabled(recorded):
            y = model(x)
        peaks[recorded] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        check(
            f"set_grad_enabled({recorded}): the result remembers how it was made", recorded, y.requires_grad
        )
        del y
    check("peak memory without a graph, as a share of that with one", "below 1/3",
          peaks[False] / peaks[True], holds=peaks[False] < peaks[True] / 3)  # fmt: skip


@shows(22)
def trained(check: Check, given: Given) -> None:
    """The exact recipe: N(0, 0.01), SGD at 0.05, batches of 128."""
    if given.mnist is not None:
        train, test = mnist(given.mnist), mnist(given.mnist, train=False)
        batch, epochs, floor, claimed = 128, 10, 0.975, "97.97 %; at least 97.5 %"
    else:  # few images: smaller batches, for as many steps
        train, test = (ArrayDataset(enlarged(part.arrays[0]), part.arrays[1]) for part in digits())
        batch, epochs, floor, claimed = 16, 12, 0.9, "at least 90 %"
    model = nn.models.ConvNet(rng=given.seed)
    trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.05), callbacks=[Log(0)])
    trainer.fit(DataLoader(train, batch, shuffle=True, rng=given.seed), epochs=epochs)
    right = accuracy(trainer.predict(test.arrays[0]), test.arrays[1])
    of = "MNIST's test images" if given.mnist else f"{len(test)} digits held back (MNIST with --full)"
    what = f"accuracy on {of}; {epochs} epochs, batches of {batch}"
    check(what, claimed, float(right), holds=right >= floor)


@shows("D9")
def bias_first(check: Check, given: Given) -> None:
    """A layer without a bias, and a walk that sets biases to 0."""
    model = nn.Sequential(nn.Conv2d(1, 2, 3, bias=False, rng=0), nn.Linear(4, 2, rng=0))
    try:
        for layer in model:
            layer.bias.data[:] = 0  # the document: first this, then `if m.bias is not None`
        said = "runs"
    except AttributeError as error:
        said = type(error).__name__
    check("the bias is set before one asks whether there is one", "AttributeError", said)
    for layer in model:
        if layer.bias is not None:
            layer.bias.data[:] = 0
    check("the other way round: largest bias", 0.0, float(np.abs(model[1].bias.numpy()).max()))
    check("and layers without one", 1, sum(layer.bias is None for layer in model))

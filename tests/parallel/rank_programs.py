"""What each rank runs: `mpiexec -n 2 python rank_programs.py NAME,NAME`; rank 0 prints outcomes as JSON."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise

import numpy as np

from tinygrad_cnn import Tensor, grad, manual_seed, nn, optim, parallel
from tinygrad_cnn import functional as F
from tinygrad_cnn.rng import generator

WORLD = parallel.world()
OPTIMIZERS = {
    "SGD": {"lr": 0.05, "momentum": 0.9},
    "Adam": {"lr": 0.01},
    "AdamW": {"lr": 0.01},
    "RMSprop": {"lr": 0.01},
    "Adagrad": {"lr": 0.01},
    "Adadelta": {},
    "Adamax": {"lr": 0.01},
    "NAdam": {"lr": 0.01},
}
BATCH = 12


def network():
    """A small convolutional network, the same for one seed."""
    manual_seed(5)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 8), nn.ReLU(),
        nn.Linear(8, 3),
    )  # fmt: skip


def data(steps):
    """Images and labels."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(steps * BATCH, 1, 8, 8)).astype("f4"), rng.integers(0, 3, steps * BATCH)


def digest(model):
    """The bits of all parameters and buffers, in short."""
    parts = [t.numpy().tobytes() for t in (*model.parameters(), *model.buffers())]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def trained(name, world, micro=1, steps=4):
    """A network after some steps on this rank's shares, or on as many micro-batches in turn."""
    model = network()
    world.share_state(model)
    optimizer = getattr(optim, name)(model.parameters(), **OPTIMIZERS[name])
    average = parallel.average_gradients(optimizer, world, bucket_bytes=256)
    x, y = data(steps)
    for start in range(0, len(x), BATCH):
        batch = x[start : start + BATCH], y[start : start + BATCH]
        optimizer.zero_grad()
        cuts = [BATCH * k // micro for k in range(micro + 1)]
        shares = [tuple(a[i:j] for a in batch) for i, j in pairwise(cuts)]
        for a, b in [world.shard(*batch)] if micro == 1 else shares:
            F.cross_entropy(model(Tensor(a)), b).backward()
        for p in model.parameters() if micro > 1 else ():
            p.grad = Tensor(p.grad.numpy() / np.float32(micro))
        optimizer.step()
    average.remove()
    return model


def exact():
    """Digests of each optimizer's result: of every rank, and of one process with micro-batches."""
    found = {}
    for name in OPTIMIZERS:
        ranks = WORLD.each(np.frombuffer(digest(trained(name, WORLD)).encode(), np.uint8))
        alone = digest(trained(name, parallel.World(), micro=WORLD.size))
        found[name] = sorted({bytes(row).decode() for row in ranks}), alone
    return found


def norm():
    """Largest differences of batch norm over the ranks from batch norm over the whole batch."""
    rng = np.random.default_rng(0)
    whole = rng.normal(size=(5, 3, 2, 2))
    ours, plain = parallel.SyncBatchNorm2d(3, dtype=np.float64), nn.BatchNorm2d(3, dtype=np.float64)
    for p in ours.parameters():
        p.data = rng.normal(size=p.shape)
    plain.load_state_dict(ours.state_dict())
    x, y = Tensor(WORLD.shard(whole), requires_grad=True), Tensor(whole, requires_grad=True)

    def orders(layer, x):
        out = layer(x)
        first = grad((out**3).sum(), x, create_graph=True)
        return out, first, grad((first * first).sum(), x)

    found = [abs(a.numpy() - WORLD.shard(b.numpy())).max() for a, b in
             zip(orders(ours, x), orders(plain, y), strict=True)]  # fmt: skip
    buffers = [
        abs(a.numpy() - b.numpy()).max() for a, b in zip(ours.buffers(), plain.buffers(), strict=True)
    ]
    return WORLD.each(np.array([*found, *buffers], float)).max(axis=0).tolist()


def uneven():
    """A gradient from shares of different sizes, one of them empty, and that of the whole batch."""
    x = np.arange(2 * WORLD.size - 1, dtype="f8").reshape(-1, 1) if WORLD.size > 1 else np.ones((1, 1))
    w, whole = (Tensor([[2.0]], requires_grad=True, dtype="float64") for _ in range(2))
    optimizer = optim.SGD([w], lr=0.0)
    average = parallel.average_gradients(optimizer)
    for part in (x, x[:1]):  # of one sample, one rank only has a share
        optimizer.zero_grad()
        whole.grad = None
        share = WORLD.shard(part)
        loss = ((share @ w) ** 2).mean() if len(share) else None
        factor = WORLD.weighted(1.0, len(share))
        if loss is not None:
            (loss * factor).backward()
        average.finish()
        ((part @ whole) ** 2).mean().backward()
        optimizer.step()
    return [w.grad.item(), whole.grad.item()]


def unused():
    """Gradients where one rank uses a parameter, and where none does."""
    used, idle, never = (Tensor([1.0], requires_grad=True) for _ in range(3))
    average = parallel.average_gradients(optim.SGD([used, idle, never], lr=0.1))
    (used * 2 + (idle * 4 if WORLD.rank == 0 else 0)).sum().backward()
    average.finish()
    return [None if p.grad is None else p.grad.item() for p in (used, idle, never)]


def later():
    """The gradient of two backward passes in one step."""
    w = Tensor([1.0], requires_grad=True)
    average = parallel.average_gradients(optim.SGD([w], lr=0.1))
    with average.later():
        (w * (WORLD.rank + 1)).sum().backward()
    (w * 10).sum().backward()
    average.finish()
    return w.grad.item()


def seeds():
    """The first number that each rank draws, and the one of a single process."""
    WORLD.manual_seed(4)
    mine = WORLD.each(np.array(manual_seed(4).random() if WORLD.rank == 0 else 0.0))
    WORLD.manual_seed(4)
    return [*WORLD.each(np.array(generator().random())).tolist(), float(mine[0])]


# --------------------------------------------------------------------------- what goes wrong
def error():
    """Rank 1 raises, the others wait for a sum."""
    if WORLD.rank == 1:
        raise ValueError("planted on rank 1")
    WORLD.sum(np.ones(3))


def early():
    """Rank 1 ends its loop a step before the others."""
    for _ in range(3 - WORLD.rank):
        WORLD.sum(np.ones(3))


def exits():
    """Rank 1 calls sys.exit."""
    if WORLD.rank == 1:
        sys.exit(0)
    WORLD.sum(np.ones(3))


def different():
    """The ranks have different parameters of one size."""
    names = ("weight", "other")
    parallel.average_gradients(
        optim.SGD([Tensor([1.0], requires_grad=True, name=names[WORLD.rank % 2])], lr=0.1)
    )


def mismatch():
    """The ranks sum arrays of different sizes."""
    WORLD.sum(np.ones(2 + WORLD.rank))


def deaf():
    """The launcher of rank 0 reads nothing for a while, then finds the words and the end together."""
    if WORLD.rank == 0:
        launcher = str(os.getppid())
        os.kill(int(launcher), signal.SIGSTOP)
        wake = "import os, signal, sys, time; time.sleep(0.5); os.kill(int(sys.argv[1]), signal.SIGCONT)"
        subprocess.Popen([sys.executable, "-c", wake, launcher], stderr=subprocess.DEVNULL)
        raise ValueError("planted on rank 0")
    WORLD.sum(np.ones(3))


def again():
    """Two backward passes without `later`."""
    w = Tensor([1.0], requires_grad=True)
    parallel.average_gradients(optim.SGD([w], lr=0.1))
    for _ in range(2):
        (w * 2).sum().backward()


def full():
    """Rank 0 finds no room to write."""
    if WORLD.rank == 0:
        with open("/dev/full", "w") as file:
            file.write("x" * 100_000)
            file.flush()
    WORLD.sum(np.ones(3))


def killed():
    """Rank 1 dies at once."""
    if WORLD.rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    WORLD.sum(np.ones(3))


def endless():
    """All ranks sum until they are told to stop."""
    WORLD.sum(np.ones(3))
    if WORLD.rank == 0:
        print("ready", flush=True)
    while True:
        WORLD.sum(np.ones(3))
        time.sleep(0.01)


if __name__ == "__main__":
    outcomes = [globals()[name]() for name in sys.argv[1].split(",")]
    if WORLD.rank == 0:
        print(json.dumps(outcomes))

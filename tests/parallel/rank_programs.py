"""What each rank runs: `mpiexec -n 2 python rank_programs.py FAULT`, or by `run_ranks.py` others."""

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise

import numpy as np
from rank_networks import digest, network

from tinygrad_cnn import Tensor, grad, manual_seed, nn, optim, parallel
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import TinygradCnnError
from tinygrad_cnn.nn import models
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
    "ASGD": {"lr": 0.05},
    "Adafactor": {"lr": 0.01},
    "Lion": {"lr": 0.001},
    "LARS": {"lr": 1.0, "trust_coefficient": 0.02, "weight_decay": 0.01},
    "Muon": {"lr": 0.01},
    "RAdam": {"lr": 0.01},
    "Rprop": {"lr": 0.01},
}
#: The CNNs of the literature, without dropout, which draws other numbers on each rank; and their images.
NETWORKS = {
    "lenet5": (lambda: models.lenet5(output="dense", rng=0), (4, 1, 32, 32)),
    "ConvNet": (lambda: models.ConvNet(rng=0), (4, 1, 28, 28)),
    "simple_convnet": (lambda: models.simple_convnet(rng=0), (4, 1, 28, 28)),
    "deep_convnet": (lambda: models.deep_convnet(dropout=0, rng=0), (4, 1, 28, 28)),
    "thin_vgg": (lambda: models.thin_vgg(dropout=0, rng=0), (4, 1, 32, 32)),
    "vgg16": (
        lambda: models.vgg16(divisor=16, hidden=32, pooled=1, dropout=0, batch_norm=False, rng=0),
        (4, 3, 32, 32),
    ),
    "small_resnet": (lambda: models.small_resnet(1, rng=0), (4, 3, 32, 32)),
    "inception": (lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3, rng=0), models.Inception(4, 4, 4, 4, 2, 2, 2, rng=0), nn.Flatten(),
        nn.Linear(432, 10, rng=0),
    ), (4, 1, 8, 8)),
}  # fmt: skip
#: In full size: minutes; `mpiexec -n 2 python run_ranks.py large`.
LARGE = {
    "alexnet_like": (lambda: models.alexnet_like(dropout=0, rng=0), (4, 3, 224, 224)),
    "vgg19": (lambda: models.vgg19(hidden=512, pooled=1, dropout=0, rng=0), (4, 3, 64, 64)),
    "resnet18": (lambda: models.resnet18(rng=0), (4, 3, 64, 64)),
}
BATCH = 12


def data(steps):
    """Images and labels."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(steps * BATCH, 1, 8, 8)).astype("f4"), rng.integers(0, 3, steps * BATCH)


def trained(name, world, micro=1, steps=4):
    """A network after some steps on this rank's shares, or on as many micro-batches in turn."""
    model = network()
    world.share_state(model)
    chosen = [p for p in model.parameters() if p.ndim == 2 or name != "Muon"]  # which takes matrices
    optimizer = getattr(optim, name)(chosen, **OPTIMIZERS[name])
    average = parallel.average_gradients(optimizer, world, bucket_bytes=256)
    x, y = data(steps)
    for start in range(0, len(x), BATCH):
        batch = x[start : start + BATCH], y[start : start + BATCH]
        one_step(model, optimizer, world, micro, *batch)
    average.remove()
    return model


def texts(text):
    """The texts of all ranks, of one length."""
    return [bytes(row).decode() for row in WORLD.each(np.frombuffer(text.encode(), np.uint8))]


def compared(names, together, alone):
    """Digests by name: of each rank's result, and of one process's, which the ranks share among them."""
    ranks = {name: texts(together(name)) for name in names}
    single = [
        texts(alone(name) if k % WORLD.size == WORLD.rank else "-" * 16) for k, name in enumerate(names)
    ]
    return {name: (ranks[name], single[k][k % WORLD.size]) for k, name in enumerate(names)}


def exact():
    """The bits of every optimizer."""
    return compared(
        OPTIMIZERS,
        lambda name: digest(trained(name, WORLD)),
        lambda name: digest(trained(name, parallel.World(), micro=WORLD.size)),
    )


def networks(table=NETWORKS):
    """The bits of parameters and buffers after two steps, of every network; buffers are rank 0's."""

    def bits(name, world, micro):
        build, shape = table[name]
        rng = np.random.default_rng(3)
        batches = [(rng.normal(size=shape).astype("f4"), rng.integers(0, 2, shape[0])) for _ in range(2)]
        model = build()
        optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
        average = parallel.average_gradients(optimizer, world)
        for x, y in batches:
            one_step(model, optimizer, world, micro, x, y)
        average.remove()
        return digest(model)

    found = compared(
        table, lambda name: bits(name, WORLD, 1), lambda name: bits(name, parallel.World(), WORLD.size)
    )
    return {name: (ranks[:1], alone) for name, (ranks, alone) in found.items()}


def large():
    """The same of networks in full size."""
    return networks(LARGE)


def one_step(model, optimizer, world, micro, x, y):
    """One step on this rank's share, or on as many micro-batches in turn; buffers are the first one's."""
    optimizer.zero_grad()
    cuts = [len(x) * k // micro for k in range(micro + 1)]
    shares = [world.shard(x, y)] if micro == 1 else [(x[i:j], y[i:j]) for i, j in pairwise(cuts)]
    kept = None
    for a, b in shares:
        out = model(Tensor(a))
        F.cross_entropy(out[0] if isinstance(out, tuple) else out, b).backward()
        kept = [t.numpy().copy() for t in model.buffers()] if kept is None else kept
    for tensor, first in zip(model.buffers(), kept, strict=True):
        tensor.data = first
    for p in model.parameters() if micro > 1 else ():
        p.grad = Tensor(p.grad.numpy() / np.float32(micro))
    optimizer.step()


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
def told():
    """What each rank is told where they do different things: the words of all ranks."""

    def different():
        name = ("weight", "other")[WORLD.rank % 2]
        parallel.average_gradients(optim.SGD([Tensor([1.0], requires_grad=True, name=name)], lr=0.1))

    def mismatch():
        WORLD.sum(np.ones(2 + WORLD.rank))

    said = []
    for wrong in (different, mismatch):
        try:
            wrong()
        except TinygradCnnError as error:
            said.append(texts(f"{error!s:300.300}"))
    return said


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


def deaf():
    """The launcher of rank 0 reads nothing for a while, then finds the words and the end together."""
    if WORLD.rank == 0:
        launcher = str(os.getppid())
        os.kill(int(launcher), signal.SIGSTOP)
        wake = "import os, signal, sys, time; time.sleep(0.5); os.kill(int(sys.argv[1]), signal.SIGCONT)"
        subprocess.Popen([sys.executable, "-c", wake, launcher], stderr=subprocess.DEVNULL)
        raise ValueError("planted on rank 0")
    WORLD.sum(np.ones(3))


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
    globals()[sys.argv[1]]()

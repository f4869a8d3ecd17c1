"""What each rank runs: `mpiexec -n 2 python training_programs.py FAULT FOLDER`, or by `run_ranks.py`."""

import json
import os
import signal
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from rank_networks import digest, network

from tinygrad_cnn import Tensor, manual_seed, nn, optim, parallel
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import Augmented, DataLoader, HorizontalFlip, IterableDataset
from tinygrad_cnn.train import (
    Callback,
    Checkpoint,
    CSVLogger,
    EarlyStopping,
    Log,
    Metric,
    NaNStop,
    Trainer,
    load_checkpoint,
    load_trainer,
)

WORLD = parallel.world()
ALONE = parallel.World()


def everywhere(value):
    """A value of each rank, as JSON can hold it."""
    return [
        bytes(row).decode().strip() for row in WORLD.each(np.frombuffer(f"{value!s:64.64}".encode(), "u1"))
    ]


def data(count):
    """Images and labels."""
    rng = np.random.default_rng(1)
    return rng.normal(size=(count, 1, 8, 8)).astype("f4"), rng.integers(0, 3, count)


def drawing():
    """A network with dropout and batch norm."""
    manual_seed(6)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3), nn.Linear(144, 3)
    )


def trainer(world, model=None, metrics=("accuracy", "f1"), callbacks=()):
    """A training of a network."""
    model = network() if model is None else model
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    return Trainer(model, optimizer, metrics=metrics, callbacks=callbacks, world=world)


def micro_batches(model, optimizer, batches, ranks):
    """Steps of one process that goes through the shares of as many ranks, one after the other."""
    for x, y in batches:
        optimizer.zero_grad()
        for i, j in pairwise(len(x) * k // ranks for k in range(ranks + 1)):
            F.cross_entropy(model(Tensor(x[i:j])), y[i:j]).backward()
        for p in model.parameters():
            p.grad = Tensor(p.grad.numpy() / np.float32(ranks))
        optimizer.step()


# --------------------------------------------------------------------------- the same training
def bits(folder):
    """Digests of a training on all ranks, and of one process with micro-batches in the same order."""
    x, y = data(36)
    loader = DataLoader((x, y), 12, shuffle=True, rng=3, shard=WORLD)
    together = trainer(WORLD)
    together.fit(loader, epochs=2)
    alone = trainer(ALONE)
    for batches in [DataLoader((x, y), 12, shuffle=True, rng=3)]:
        for _ in range(2):
            micro_batches(alone.model, alone.optimizer, batches, WORLD.size)
    return everywhere(digest(together.model)), digest(alone.model)


def measures(folder):
    """Histories of all ranks and of one process: with a last batch of one image, so of empty shares."""
    x, y = data(37)
    found = []
    for world in (WORLD, ALONE):
        one = trainer(world)
        own = everywhere if world is WORLD else str
        history = one.fit(x, y, epochs=3, batch_size=12, rng=5, validation={"val": (x[:7], y[:7])})
        found.append({
            "history": dict(history),
            "same": own(json.dumps({k: v[-1] for k, v in history.items()})),
            "weights": np.concatenate([p.numpy().ravel() for p in one.model.parameters()]).tolist(),
            "evaluated": one.evaluate(x, y, batch_size=5),
            "one batch": one.train_on_batch(x[:5], y[:5]),
            "list of batches": dict(trainer(world).fit([(x[:7], y[:7]), (x[7:9], y[7:9])], epochs=1)),
        })  # fmt: skip
    return found


def habits(folder):
    """Histories of all ranks and of one process, with Keras's options of `fit`."""
    x, y = data(37)
    found = []
    for world in (WORLD, ALONE):
        own = everywhere if world is WORLD else str
        one = trainer(world)
        history = one.fit(
            x, y, epochs=4, initial_epoch=1, batch_size=12, rng=5, validation_split=0.3,
            validation_batch_size=5, validation_steps=2, validation_freq=[2, 4],
            sample_weight=np.linspace(0.0, 2.0, 37), class_weight={1: 3.0},
        )  # fmt: skip
        found.append({
            "history": {k: np.nan_to_num(v, nan=-1.0).tolist() for k, v in history.items()},
            "same": own(json.dumps({k: v[-1] for k, v in history.items()})),
            "weights": np.concatenate([p.numpy().ravel() for p in one.model.parameters()]).tolist(),
        })  # fmt: skip
    return found


def orders(folder):
    """The samples that the ranks take together, of each batch: of every kind of data and order."""

    class Stream(IterableDataset):
        def __iter__(self):
            return iter(np.arange(11))

    class Squares:
        def __len__(self):
            return 11

        def __getitem__(self, index):
            return {"square": index**2}

    def flipped():
        images = np.random.default_rng(0).normal(size=(11, 1, 2, 2)).astype("f4")
        return Augmented(images, transform=HorizontalFlip(), seed=3)

    kinds = {
        "arrays": {"dataset": np.arange(11), "shuffle": True},
        "a seed": {"dataset": np.arange(11), "shuffle": True, "rng": 4, "drop_last": True},
        "stream": {"dataset": Stream()},
        "samples": {"dataset": Squares(), "shuffle": True, "prefetch": 2},
        "processes": {"dataset": Squares(), "num_workers": 1, "shuffle": True, "start_method": "fork"},
        "augmented": {"dataset": flipped, "shuffle": True},
        "batch sampler": {"dataset": np.arange(11), "batch_sampler": [[3, 1, 2], [0], [9, 8, 7, 6]]},
    }
    found = {}
    for name, options in kinds.items():
        size = {} if "batch_sampler" in options else {"batch_size": 5}
        both = []
        for world in (WORLD, ALONE):
            own = {**options, **size}
            own["dataset"] = own["dataset"]() if own["dataset"] is flipped else own["dataset"]
            manual_seed(WORLD.rank if world is WORLD else 0)  # rank 0's default generator decides
            both.append([whole(batch, world) for batch in DataLoader(**own, shard=world)])
        found[name] = len(both[0]) == len(both[1]) and all(map(np.array_equal, *both))
    return found


def whole(batch, world):
    """The first field of a batch, that of all ranks."""
    field = next(iter(batch.values())) if isinstance(batch, dict) else batch[0]
    padded = np.zeros((5, *field.shape[1:]), field.dtype)
    padded[: len(field)] = field
    pairs = zip(world.each(padded), world.each(np.array(len(field))), strict=True)
    return np.concatenate([rows[:count] for rows, count in pairs])


# --------------------------------------------------------------------------- files
class StopAt(Callback):
    """Stops after a batch, on one rank only."""

    def __init__(self, batch):
        self.batch = batch

    def on_batch_end(self, trainer, loss):
        if WORLD.rank == WORLD.size - 1 and (trainer.epoch, trainer.batch) == (1, self.batch):
            trainer.stop("here")


def resumed(folder):
    """Digests of a training in one go, and of one that was saved in the middle of an epoch and loaded."""
    x, y = data(40)
    digests, histories = [], []
    for stops in (False, True):
        one = trainer(WORLD, drawing(), callbacks=[StopAt(2)] if stops else ())
        one.fit(x, y, epochs=3, batch_size=8, rng=2)
        if stops:
            where, reasons = (one.epoch, one.batch), everywhere(one.stop_reason)
            one.save(f"{folder}/middle.npz")
            manual_seed(99)
            one = load_trainer(f"{folder}/middle.npz", world=WORLD)
            one.fit(x, y, epochs=3, batch_size=8, rng=2)
        digests.append(everywhere(digest(one.model)))
        histories.append(dict(one.history))
    return {"digests": digests, "histories": histories, "where": where, "reasons": reasons}


def begun(folder):
    """A training that another number of ranks shall go on with."""
    x, y = data(36)
    one = trainer(WORLD, callbacks=[Checkpoint(folder, suffix=".npz", best="train_loss", every=1)])
    one.fit(DataLoader((x, y), 12, shuffle=True, rng=3, shard=WORLD), epochs=1)
    return len(list(Path(folder).iterdir()))


def goes_on(folder):
    """Digests after another epoch: of these ranks, and of one process with micro-batches; and the files."""
    x, y = data(36)
    callbacks = [Checkpoint(f"{folder}/more", suffix=".npz"), CSVLogger(f"{folder}/{WORLD.rank}.csv"),
                 EarlyStopping("train_loss"), Log(0, file=sys.stderr)]  # fmt: skip
    together = trainer(WORLD, callbacks=callbacks[:1])
    together.load(f"{folder}/last.npz")
    together.callbacks = callbacks
    together.fit(DataLoader((x, y), 12, shuffle=True, rng=3, shard=WORLD), epochs=2)
    alone, loader = trainer(ALONE), DataLoader((x, y), 12, shuffle=True, rng=3)
    load_checkpoint(f"{folder}/last.npz", model=alone.model, optimizer=alone.optimizer)
    list(loader)  # the first epoch's order
    micro_batches(alone.model, alone.optimizer, loader, WORLD.size)
    written = sorted(str(f.relative_to(folder)) for f in Path(folder).rglob("*") if f.is_file())
    return {
        "together": everywhere(digest(together.model)),
        "alone": digest(alone.model),
        "written": written,
        "history": dict(together.history),
    }


# --------------------------------------------------------------------------- what goes wrong
def nan(folder):
    """One rank's images give NaN: all stop before the step, and the weights stay."""
    x, y = data(24)
    one = trainer(WORLD, callbacks=[NaNStop()])
    before = digest(one.model)

    def loss(outputs, targets):
        return F.cross_entropy(outputs, targets) * (np.nan if WORLD.rank else 1.0)

    one = Trainer(one.model, one.optimizer, loss, metrics=(), callbacks=[NaNStop()], world=WORLD)
    one.fit(x, y, epochs=1, batch_size=8)
    return {"reasons": everywhere(one.stop_reason), "same": everywhere(before == digest(one.model))}


def refused(folder):
    """What is refused before the first step, on every rank."""
    x, y = data(8)
    said = []

    class Kept(Metric):
        name = "kept"

        def reset(self):
            self.all = []

        def update(self, outputs, targets):
            self.all.append(outputs)

        def value(self):
            return 0.0

    def tried(function):
        try:
            function()
        except Exception as error:
            said.append(f"{type(error).__name__}: {error}")

    tried(lambda: trainer(WORLD).fit(DataLoader((x, y), 4), epochs=1))
    tried(lambda: Trainer(network(), "sgd", world=3))
    tried(lambda: DataLoader((x, y), shard=3))
    tried(lambda: trainer(WORLD, metrics=[Kept()]).fit(x, y, epochs=1))
    model = network()
    tried(lambda: Trainer(model, optim.LBFGS(model.parameters()), world=WORLD).fit(x, y, epochs=1))
    one = trainer(WORLD)
    if WORLD.rank:
        one.epoch = 1
    tried(lambda: one.fit(x, y, epochs=3))
    tried(lambda: trainer(WORLD).fit([(x, y)] * (1 + WORLD.rank), epochs=1))
    return said


class Full(Callback):
    """Rank 0 finds no room from the second epoch on."""

    def on_epoch_begin(self, trainer):
        if trainer.epoch and WORLD.rank == 0:
            import resource

            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writes fail, as on a full disk
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


class Die(Callback):
    """The last rank is killed in the second epoch."""

    def on_batch_end(self, trainer, loss):
        if trainer.epoch and WORLD.rank == WORLD.size - 1:
            os.kill(os.getpid(), signal.SIGKILL)


class Ready(Callback):
    """Rank 0 says that the second epoch has begun."""

    everywhere = False

    def on_batch_end(self, trainer, loss):
        if (trainer.epoch, trainer.batch) == (1, 1):
            print("ready", flush=True)
        if trainer.epoch:  # few epochs until the signal comes: what resumes goes through all of them
            time.sleep(0.05)


def _until(folder, callback, epochs=4):
    x, y = data(48)
    one = trainer(WORLD, drawing(), callbacks=[callback, Checkpoint(folder, suffix=".npz")])
    one.fit(x, y, epochs=epochs, batch_size=8, rng=2)
    return [one.ending, one.epoch]


def full(folder):
    """The disk is full at rank 0."""
    return _until(folder, Full())


def killed(folder):
    """A rank is killed."""
    return _until(folder, Die())


def interrupted(folder):
    """Ctrl-C ends it, after rank 0 has saved."""
    return _until(folder, Ready(), epochs=1_000_000)


def resumed_after(folder):
    """Digests after an epoch more than a fault left, by fault: in one go, and from the file."""
    x, y = data(48)
    found = {}
    for fault in ("full", "killed", "interrupted"):
        parted = trainer(WORLD, drawing(), callbacks=[Checkpoint(f"{folder}/more", suffix=".npz")])
        parted.load(f"{folder}/{fault}/last.npz")
        epochs = parted.epoch + 1
        parted.fit(x, y, epochs=epochs, batch_size=8, rng=2)
        whole = trainer(WORLD, drawing())
        whole.fit(x, y, epochs=epochs, batch_size=8, rng=2)
        found[fault] = [everywhere(digest(one.model)) for one in (whole, parted)]
    return found


if __name__ == "__main__":
    outcome = globals()[sys.argv[1]](sys.argv[2])
    if WORLD.rank == 0:
        print(json.dumps(outcome))

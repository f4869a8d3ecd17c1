"""One training on several processes: the ConvNet of `mnist_convnet.py`, with `mpiexec` before it.

    python examples/mnist_mpi.py                                  # one process; scikit-learn's digits
    mpiexec -n 2 python examples/mnist_mpi.py --data-dir PATH     # two, on MNIST's four IDX files

Each process takes its share of every batch. What differs from a program for one process is the word
`world`: in the loader, which gives each rank its share, and in the trainer, which averages the gradients
and adds what the ranks have measured. Rank 0 alone prints and writes. With 2, 4 or 8 ranks the weights
after a step are, bit for bit, those of one process that goes through as many micro-batches; so the accuracy
is that of one process, up to rounding. docs/parallel.md says when several processes pay.
"""

from __future__ import annotations

import time

import training
from claims import Claims
from mnist_convnet import build_model

from tinygrad_cnn import optim, parallel
from tinygrad_cnn.data import DataLoader
from tinygrad_cnn.train import Log, Trainer


def main() -> None:
    """Train by the recipe on all ranks, and judge on their shares of the test images."""
    parser = training.options(__doc__, "mnist_mpi", 10, quick="a few epochs on small data")
    chosen = parser.parse_args()
    world = parallel.world()
    claims = Claims(chosen.out)
    task = training.task(chosen, epochs=10, bar=0.975, quick_epochs=5, quick_bar=0.85)

    world.manual_seed(chosen.seed)
    model = build_model(recipe=task.whole)
    batch = 128 if task.whole else 16  # small data has few batches to learn from
    loader = DataLoader(task.train, batch, shuffle=True, rng=chosen.seed, shard=world)
    test = DataLoader(task.test, 1000, shard=world)
    trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.05), callbacks=[Log(every=0)], world=world)

    started = time.perf_counter()
    history = trainer.fit(loader, epochs=task.epochs, validation={"test": test})
    if world.rank == 0:
        seconds = time.perf_counter() - started
        print(f"ranks: {world.size}; images: {len(task.train):,}; {seconds:.1f} s")
        task.judge(claims, 22, "several processes", history["test_accuracy"][-1])
        claims.finish()


if __name__ == "__main__":
    main()

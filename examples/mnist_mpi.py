"""One training on several processes: the ConvNet of `mnist_convnet.py`, with `mpiexec` before it.

    python examples/mnist_mpi.py                                  # one process; scikit-learn's digits
    mpiexec -n 2 python examples/mnist_mpi.py --data-dir PATH     # two, on MNIST's four IDX files

Each process takes its share of every batch. What differs from a program for one process are four lines:
the world, the shared first weights, the average of the gradients, and the share of the batch. Rank 0 alone
prints and writes. With 2, 4 or 8 ranks the weights after a step are, bit for bit, those of one process that
goes through as many micro-batches; so the accuracy is that of one process, up to rounding.
"""

from __future__ import annotations

import time

import numpy as np
import training
from claims import Claims
from mnist_convnet import build_model

from tinygrad_cnn import Tensor, no_grad, optim, parallel
from tinygrad_cnn import functional as F


def main() -> None:
    """Train by the recipe on all ranks, and judge on their shares of the test images."""
    parser = training.options(__doc__, "mnist_mpi", 10, quick="a few epochs on small data")
    chosen = parser.parse_args()
    world = parallel.world()
    claims = Claims(chosen.out)
    task = training.task(chosen, epochs=10, bar=0.975, quick_epochs=5, quick_bar=0.85)

    world.manual_seed(chosen.seed)
    model = build_model(recipe=task.whole)
    world.share_state(model)
    batch = 128 if task.whole else 16  # small data has few batches to learn from
    optimizer = optim.SGD(model.parameters(), lr=0.05)
    parallel.average_gradients(optimizer, world)

    images, labels = task.train.arrays
    order = np.random.default_rng(chosen.seed)  # the same on all ranks, which share each batch
    started = time.perf_counter()
    for epoch in range(1, task.epochs + 1):
        rows = order.permutation(len(images))
        for start in range(0, len(rows), batch):
            share = world.shard(rows[start : start + batch])
            optimizer.zero_grad()
            factor = world.weighted(1.0, len(share))
            if len(share):  # the last batch may have fewer images than there are ranks
                (F.cross_entropy(model(Tensor(images[share])), labels[share]) * factor).backward()
            optimizer.step()
        right = accuracy(model, world, *task.test.arrays)
        if world.rank == 0:
            print(f"epoch {epoch}: {right:.2%} of the test images, {time.perf_counter() - started:.1f} s")
    if world.rank == 0:
        print(f"ranks: {world.size}; images: {len(images):,}")
        task.judge(claims, 22, "several processes", right)
        claims.finish()


@no_grad()
def accuracy(model: object, world: parallel.World, images: np.ndarray, labels: np.ndarray) -> float:
    """The share of right answers over all ranks, each of which looks at its own images."""
    mine, answers = world.shard(images, labels)
    right = sum(
        int((model(Tensor(mine[k : k + 1000])).numpy().argmax(axis=1) == answers[k : k + 1000]).sum())
        for k in range(0, len(mine), 1000)
    )
    return float(world.sum(np.array(right))) / len(images)


if __name__ == "__main__":
    main()

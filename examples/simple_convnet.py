"""SimpleConvNet, a book's first CNN: one convolution of 30 windows, and two linear layers.

    python examples/simple_convnet.py                      # the digits of scikit-learn
    python examples/simple_convnet.py --data-dir PATH      # MNIST's four IDX files, 20 epochs: 98.7 %

You learn where 433,890 parameters sit (in the linear layer, nearly all of them), see the shapes along
the way in a drawing with a frame around each block, train with Adam, and look at the 30 windows before
and after: noise has become edges and blobs. Writes blocks.png, filters.png, curves.png, history.json
and model.safetensors.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
import training
from claims import Claims

import viz
from tinygrad_cnn import Tensor, nn, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.nn import models
from tinygrad_cnn.serial import load_tensors, save_tensors


def counts(claims: Claims, path: Path) -> None:
    """The parameters, and the network as a row of blocks."""
    print("SimpleConvNet, for 28×28 pixels:")
    model = models.simple_convnet(rng=0)
    print(nn.summary(model, (1, 1, 28, 28)))
    found = [training.parameters(layer) for layer in model if training.parameters(layer)]
    claims.check(64, "parameters: 30·25 + 30; 4,320·100 + 100; 100·10 + 10", [780, 432_100, 1010], found)
    claims.check(64, "parameters in all", 433_890, training.parameters(model))
    # The same layers in named blocks: conv-ReLU-pool, then affine-ReLU, then affine.
    blocks = nn.Sequential(
        OrderedDict(
            features=nn.Sequential(*list(model)[:4]),
            hidden=nn.Sequential(*list(model)[4:6]),
            scores=list(model)[6],
        )
    )
    image = np.random.default_rng(0).random((1, 1, 28, 28)).astype(np.float32)
    drawn = viz.graph(blocks, inputs=image, title="SimpleConvNet in blocks")
    drawn.render(path)
    frames = [name for name in ("features", "hidden", "scores") if name in drawn.source]
    claims.check(59, "blocks that the drawing frames or names", ["features", "hidden", "scores"], frames)


def by_hand(claims: Claims) -> None:
    """Seven lines of arithmetic give what the model gives."""
    print("\nThe same by hand, from the weights:")
    model = models.simple_convnet(rng=0)
    state = model.state_dict()
    names = ["0.weight", "0.bias", "4.weight", "4.bias", "6.weight", "6.bias"]
    claims.check(64, "names of the weights, as in PyTorch", names, list(state))
    x = np.random.default_rng(0).normal(size=(2, 1, 28, 28)).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(x[:, 0], (5, 5), axis=(1, 2))
    y = np.einsum("nijuv,fuv->nfij", windows, state["0.weight"][:, 0]) + state["0.bias"][:, None, None]
    y = np.maximum(y, 0).reshape(2, 30, 12, 2, 12, 2).max(axis=(3, 5)).reshape(2, -1)
    y = np.maximum(y @ state["4.weight"].T + state["4.bias"], 0)
    y = y @ state["6.weight"].T + state["6.bias"]
    farthest = float(np.abs(model(x).numpy() - y).max())
    claims.check(64, "farthest from the model", "below 1e-6", farthest, holds=farthest < 1e-6)


def learn(claims: Claims, folder: Path, task: training.Task, seed: int) -> None:
    """Adam, batches of 100."""
    print(f"\nTraining, Adam with 0.001, {task.epochs} epochs:")
    model = models.simple_convnet(rng=seed)
    before = model[0].weight.numpy().copy()
    trainer = training.fit(model, optim.Adam(model.parameters(), lr=1e-3), task, 100, seed)
    task.judge(claims, 64, "SimpleConvNet", training.report(trainer, folder))
    viz.filters(model[0], folder / "filters.png", before=before)

    save_tensors(folder / "model.safetensors", model.state_dict())
    again = models.simple_convnet(rng=seed + 1)
    again.load_state_dict(load_tensors(folder / "model.safetensors"))
    images = task.test.arrays[0][:8]
    same = bool((again(images).numpy() == model(images).numpy()).all())
    claims.check(64, "saved, and loaded into another: the same scores, bit by bit", True, same)
    shares = F.softmax(model(Tensor(images[:1])), axis=1).numpy()[0]
    print(f"  the first test image: {shares.argmax()}, at {shares.max():.1%}")


def main() -> None:
    """Counts, arithmetic, training."""
    parser = training.options(__doc__, "simple_convnet", 20, quick="two epochs")
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    task = training.task(
        chosen, epochs=20, bar=0.986, quick_epochs=4 if chosen.quick else 15, quick_bar=0.75
    )
    counts(claims, chosen.out / "blocks.png")
    by_hand(claims)
    learn(claims, chosen.out, task, chosen.seed)
    claims.finish()


if __name__ == "__main__":
    main()

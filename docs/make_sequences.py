"""Write docs/sequences.png: the losses of the examples of sequences beside PyTorch's, from equal weights.

    python docs/make_sequences.py       # needs PyTorch: pip install 'tinygrad-cnn[examples,peers]'

The networks of both sides begin with the same weights and see the same batches in the same order.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

PICTURE = Path(__file__).with_name("sequences.png")
sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.peers.test_sequence_examples import CASES, losses  # noqa: E402
from tinygrad_cnn.serial.atomic import writing  # noqa: E402

#: Of float64, where the lines stay together, few are enough.
STEPS = {"float32": 40, "float64": 12}
TITLES = {
    "character_lstm": "character LSTM",
    "gru_classifier": "GRU classifier",
    "small_transformer": "small transformer",
}
BLUE, ORANGE, GREY = "#1f6fb4", "#e8871e", "#666666"


def drawn() -> None:
    """A column for each example: both losses, and how far they are apart in two types."""
    figure, axes = plt.subplots(2, 3, figsize=(9.6, 4.8), sharex=True, height_ratios=(2, 1))
    for (name, title), (above, below) in zip(TITLES.items(), axes.T, strict=True):
        assert name in CASES
        for dtype, colour in (("float32", ORANGE), ("float64", GREY)):
            ours, theirs = losses(name, dtype, STEPS[dtype])
            apart = np.abs(ours - theirs) / theirs
            below.semilogy(np.maximum(apart, 1e-17), color=colour, lw=1, label=dtype)
            print(
                f"{name}, {dtype}: relative difference at most {apart.max():.2g}, last loss {ours[-1]:.4f}"
            )
            if dtype == "float32":
                above.plot(theirs, color=ORANGE, lw=4, alpha=0.5, label="PyTorch")
                above.plot(ours, color=BLUE, lw=1, label="tinygrad-cnn")
        above.set(title=title, ylim=(0, None))
        below.set(xlabel="step", ylim=(1e-17, 1))
    axes[0, 0].set_ylabel("loss (nats)")
    axes[1, 0].set_ylabel("relative\ndifference")
    axes[0, 0].legend(frameon=False)
    axes[1, 0].legend(frameon=False, ncols=2, loc="upper right", fontsize="small")
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    with writing(PICTURE) as temporary:
        figure.savefig(temporary, dpi=110, format="png", metadata={"Software": None})


if __name__ == "__main__":
    drawn()

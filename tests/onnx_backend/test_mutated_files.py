"""2,000 mutated files: each is refused by an error of the package, or runs; in little time and memory.

`make test` tries a hundred of them. It takes a minute, so it does not collect this: `make test-onnx`.
"""

import tracemalloc
from collections import Counter

import pytest
from onnx_files.test_hostile_files import altered, lying
from onnx_models import network, normal, onnx

from tinygrad_cnn import nn
from tinygrad_cnn.onnx import save

#: No run may take more at its peak: the budget of elements, twice over, and the files themselves.
MOST_BYTES = 64 * 2**20


class Recurrent(nn.Module):
    """Layers that the small network of the tests does not have."""

    def __init__(self):
        self.conv = nn.Conv1d(2, 4, 3, stride=2, rng=0)
        self.lstm = nn.LSTM(4, 3, batch_first=True, rng=0)
        self.norm = nn.LayerNorm(3)

    def forward(self, x):
        y = self.lstm(self.conv(x).transpose((0, 2, 1)))[0]
        return self.norm(y).max(axis=1), y.argmax(axis=2)


@pytest.fixture(scope="module")
def recurrent(tmp_path_factory):
    path = tmp_path_factory.mktemp("net") / "net.onnx"
    save(Recurrent(), path, normal(0, 2, 2, 9))
    return path.read_bytes()


@pytest.mark.parametrize("first", range(0, 2000, 200))
def test_two_hundred_mutated_files(tmp_path, recurrent, first):
    outcomes = Counter()
    tracemalloc.start()
    for seed in range(first, first + 200):
        if seed % 4 < 2:
            outcomes[altered(tmp_path, seed)] += 1
        else:
            made = network() if seed % 4 == 2 else onnx.ModelProto.FromString(recurrent)
            outcomes[lying(tmp_path, seed, made)] += 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert outcomes["refused"] > 100 and outcomes["ran"] > 5 and peak < MOST_BYTES

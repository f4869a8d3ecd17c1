"""Data that ends, fails or stops in an odd way: never a shorter epoch without a word, never a hang."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tinygrad_cnn import Tensor, nn, no_grad, optim
from tinygrad_cnn.data import DataLoader, StreamedDataset
from tinygrad_cnn.data.prefetch import prefetched
from tinygrad_cnn.errors import TinygradCnnError
from tinygrad_cnn.train import Trainer

X, Y = np.zeros((6, 2), "f4"), np.arange(6) % 2


class Rows:
    """Six samples; the one at `at` raises, or is, something else."""

    def __init__(self, at=6, then=None):
        self.at, self.then = at, then

    def __len__(self):
        return 6

    def __getitem__(self, index):
        if index == self.at:
            if isinstance(self.then, type):
                raise self.then("from a sample")
            return self.then
        return X[index], Y[index]


class Streamed(StreamedDataset):
    def __init__(self, workers):
        super().__init__(workers=workers)

    def __len__(self):
        return 6

    def read(self, index):
        if index == 3:
            raise StopIteration
        return X[index], Y[index]


def trainer():
    model = nn.Linear(2, 2)
    return Trainer(model, optim.SGD(model.parameters(), lr=0.1))


@pytest.mark.parametrize("prefetch", [0, 2])
def test_stop_iteration_of_a_sample_is_an_error_and_not_the_end(prefetch):
    for data in (Rows(3, StopIteration), Streamed(0), Streamed(2)):
        loader = DataLoader(data, 2, prefetch=prefetch)
        with pytest.raises(RuntimeError, match="StopIteration"):
            list(loader)
    with pytest.raises(RuntimeError, match="StopIteration"):
        trainer().fit(DataLoader(Rows(3, StopIteration), 2, prefetch=prefetch), epochs=1)


def test_none_among_the_batches_is_an_error_and_not_the_end():
    one = trainer()
    with pytest.raises(TinygradCnnError, match="a batch must be"):
        one.fit([(X, Y), None, (X, Y)], epochs=1)
    assert one.batch == 1 and one.ending == "failed"


def test_none_in_place_of_a_sample_is_an_error():
    for then in (None, (X[0], None)):
        with pytest.raises(TinygradCnnError, match="DataLoader: "):
            list(DataLoader(Rows(3, then), 2))


ENDS = {
    "half way": "batches = iter(DataLoader(np.arange(100), 1, prefetch=2)); print(next(batches))",
    "an error in fit": """
from tinygrad_cnn import nn, optim
from tinygrad_cnn.train import Callback, Trainer
class Fails(Callback):
    def on_batch_end(self, trainer, loss): raise KeyError("mine")
model = nn.Linear(2, 2)
loader = DataLoader((np.zeros((50, 2), "f4"), np.zeros(50, int)), 1, prefetch=2)
Trainer(model, optim.SGD(model.parameters(), lr=0.1), callbacks=[Fails()]).fit(loader, epochs=2)
""",
    "a thread that is left": """
from tinygrad_cnn.data import StreamedDataset
class Numbers(StreamedDataset):
    def __len__(self): return 50
    def read(self, index): return np.float32(index), index
batches = iter(DataLoader(Numbers(workers=3), 2, prefetch=2)); print(next(batches)[1])
""",
}


@pytest.mark.parametrize("name", ENDS)
def test_a_program_ends_whatever_was_left_half_way(name):
    code = "import numpy as np; from tinygrad_cnn.data import DataLoader\n" + ENDS[name]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == (1 if name == "an error in fit" else 0), done.stderr
    assert "KeyError: 'mine'" in done.stderr if done.returncode else not done.stderr


def test_no_grad_in_a_generator_is_left_where_it_was_entered():
    """The generator is closed by the thread that ran it, also when nobody asks for the rest."""
    failed = []

    def items():
        with no_grad():
            yield from range(100)

    hook, sys.unraisablehook = sys.unraisablehook, failed.append
    try:
        batches = prefetched(items(), 2)
        assert [next(batches), next(batches)] == [0, 1]
        batches.close()
        del batches
    finally:
        sys.unraisablehook = hook
    assert not failed and threading.active_count() >= 1
    assert (Tensor([1.0], requires_grad=True) * 2).requires_grad


def test_float64_data_is_told_of_once_and_by_its_name():
    model = nn.Linear(2, 2)
    one = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
    says = r"the array \(6, 2\) is float64, weight is float32: .* x.astype\(np.float32\)"
    with pytest.warns(UserWarning, match=says):
        one.fit(X.astype(np.float64), Y, epochs=1)
    with pytest.warns(UserWarning, match=says):
        model(X.astype(np.float64))
    double = nn.Linear(2, 2, dtype=np.float64)
    double(X.astype(np.float64)), model(X), nn.ReLU()(X.astype(np.float64))  # nothing to tell


def test_the_warning_of_float64_names_the_callers_line_however_it_is_called() -> None:
    model = nn.Bilinear(2, 2, 1)
    x = np.ones((3, 2))
    calls = (lambda: model(x, x), lambda: model(x1=x, x2=x), lambda: model(x, x2=x))
    for call in calls:
        with pytest.warns(UserWarning, match="is float64") as seen:
            call()
        assert {Path(one.filename).name for one in seen} == {Path(__file__).name}

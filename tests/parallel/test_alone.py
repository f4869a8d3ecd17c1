"""What several processes do at their ends, seen in one."""

import os
import signal
import sys

import numpy as np
import pytest

from tinygrad_cnn import ArgumentError, ShapeError, Tensor, nn, parallel
from tinygrad_cnn.errors import MissingExtraError
from tinygrad_cnn.parallel import last_words, worlds
from tinygrad_cnn.parallel.average import GradientAverage
from tinygrad_cnn.parallel.sync_batch_norm import convert_sync_batchnorm


class Two(parallel.World):
    """Two ranks that say the same."""

    size = 2

    def each(self, array):
        return np.stack([array, array])


def test_what_does_not_fit_is_named(monkeypatch):
    with pytest.raises(ArgumentError, match=r"shard: arrays of one length fit, got \[2, 3\]"):
        parallel.World().shard(np.zeros(2), np.zeros(3))
    assert repr(Two()) == "<World: rank 0 of 2>"
    with pytest.raises(ShapeError, match=r"SyncBatchNorm1d: x has shape \(2, 4\), 3 channels fit"):
        convert_sync_batchnorm(nn.BatchNorm1d(3), Two())(np.ones((2, 4), "f4"))

    def missing(name):
        raise RuntimeError("cannot load MPI library")

    monkeypatch.setattr(worlds, "import_module", missing)
    with pytest.raises(
        MissingExtraError, match=r"cannot load MPI library.*pip install 'tinygrad-cnn\[mpi\]'"
    ):
        worlds._launched()


def test_a_gradient_that_is_written_over_after_it_was_sent_is_sent_again():
    w = Tensor([1.0], requires_grad=True)
    average = GradientAverage([w], Two())
    average._channel = parallel.World()
    (w * 3).sum().backward()
    if not average._running:
        average._send()
    assert not average._outdated()
    w.grad.data = np.array([5.0], "f4")
    assert average._outdated()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system's pipes do not tell what was read")
def test_last_words_wait_until_they_are_read(monkeypatch, capsys):
    """Bytes of a pipe that nobody has read are counted; of what is no pipe, or closed, none is."""
    reads, writes = os.pipe()
    try:
        assert last_words._unread(writes) == 0
        os.write(writes, b"words")
        assert last_words._unread(writes) == 5 and last_words._unread(-1) == 0
    finally:
        os.close(reads)
        os.close(writes)
    counts = iter([3, 0, 0, 0])
    waited = []
    monkeypatch.setattr(last_words, "_unread", lambda descriptor: next(counts))
    monkeypatch.setattr(last_words.time, "sleep", waited.append)
    last_words.last_words("the end\n")
    assert capsys.readouterr().err == "the end\n" and waited == [0.01, 0.1]


def test_before_there_is_a_world_a_signal_ends_the_process(monkeypatch):
    """A launcher notices a process that a signal has ended."""
    said, sent = [], []
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setenv("PMI_RANK", "1")
    monkeypatch.setenv("PMI_SIZE", "2")
    monkeypatch.setattr(last_words, "last_words", said.append)
    monkeypatch.setattr(signal, "signal", lambda *given: sent.append(given))
    monkeypatch.setattr(os, "kill", lambda *given: sent.append(given))
    last_words.end_all_before_world()
    sys.excepthook(ValueError, ValueError("no"), None)
    assert said == ["[rank 1] ValueError: no\n[rank 1] this error ends all 2 ranks\n"]
    assert sent == [(signal.SIGTERM, signal.SIG_DFL), (os.getpid(), signal.SIGTERM)]

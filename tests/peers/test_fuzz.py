"""Random programs of this package and of PyTorch give the same values, gradients and second gradients."""

import numpy as np
import pytest

from tinygrad_cnn.testing.fuzz.against_torch import CALLS, AgainstTorch


def test_programs_of_each_call_agree():
    fuzzer = AgainstTorch()
    fuzzer.prepare()
    for number in range(5):
        fuzzer.run(fuzzer.draw(np.random.default_rng(number)))
    for number, name in enumerate(CALLS):
        fuzzer.run([[name, 0, 1, number]])


def test_a_difference_is_found(monkeypatch):
    fuzzer = AgainstTorch()
    fuzzer.prepare()
    theirs = CALLS["tanh"][1]
    monkeypatch.setitem(CALLS, "tanh", (lambda a, b, w: a.tanh() * 1.001, theirs))
    with pytest.raises(AssertionError, match="value 0"):
        fuzzer.run([["tanh", 0, 1, 3]])

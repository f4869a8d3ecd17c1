"""Blocks that end, whatever interrupts their end; and are usable as any other."""

import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import enable_grad, manual_seed, no_grad, rng, set_grad_enabled
from tinygrad_cnn.mode import is_grad_enabled
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.testing.fuzz.signal_points import Points, StopError


def test_an_exception_in_the_end_is_followed_by_the_whole_end() -> None:
    done: list[str] = []

    def end() -> None:
        done.append("begun")
        if len(done) == 1:
            raise StopError
        done.append("ended")

    with pytest.raises(StopError) as caught, Restoring(lambda: None, end):
        pass
    assert done == ["begun", "begun", "ended"]  # though the traceback is still there
    assert caught.traceback


def test_an_exception_before_the_end_has_begun() -> None:
    """Where `__exit__` starts, Python looks for signals."""
    raised: list[str] = []

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_name == "_end" and not raised:
            raised.append("here")
            raise StopError
        return None

    before = sys.gettrace()
    try:
        with no_grad():
            sys.settrace(trace)
    except StopError as error:
        assert is_grad_enabled() and error.__traceback__ is not None
    finally:
        sys.settrace(before)
    assert raised and is_grad_enabled()


def test_blocks_by_hand_stay_until_they_are_left() -> None:
    no_grad().__enter__()
    assert not is_grad_enabled()
    block = enable_grad()
    block.__enter__()
    assert is_grad_enabled()
    block.__exit__(None, None, None)
    assert not is_grad_enabled()
    set_grad_enabled(True)
    assert is_grad_enabled()
    with ExitStack() as stack:
        stack.enter_context(no_grad())
        assert not is_grad_enabled()
    assert is_grad_enabled()


def test_one_block_inside_itself_and_in_two_threads() -> None:
    block, seen = no_grad(), []
    with block:
        with block:
            pass
        assert not is_grad_enabled()
    assert is_grad_enabled()
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with block:
            inside.set()
            leave.wait()
            seen.append(is_grad_enabled())
        seen.append(is_grad_enabled())

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait()
    with block:
        leave.set()
        thread.join()
        assert not is_grad_enabled()
    assert is_grad_enabled() and seen == [False, True]


def test_generators_are_put_back_at_every_place_of_an_interrupt() -> None:
    own = np.random.default_rng(0)
    before = own.bit_generator.state, manual_seed(3).bit_generator.state

    def draw() -> None:
        with rng.undisturbed([own]):
            own.random()
            rng.generator().random()

    points, at = Points(), 1
    while not points.run(draw, at):
        assert (own.bit_generator.state, rng.generator().bit_generator.state) == before, at
        at += 1
    assert at > (20 if sys.version_info < (3, 13) else 5)  # 3.13 looks for signals at fewer places


def test_recording_goes_on_after_an_interrupt_between_a_call_and_its_with() -> None:
    def switched() -> None:
        with set_grad_enabled(False):
            assert not is_grad_enabled()
        with set_grad_enabled(False), set_grad_enabled(True):
            assert is_grad_enabled()

    points, at = Points(str(Path(__file__).parents[1])), 1
    while not points.run(switched, at):
        assert is_grad_enabled(), at
        at += 1
    assert at > 10


def test_what_is_drawn_in_a_block_inside_is_noted_by_both() -> None:
    loose = np.random.default_rng(0)
    with rng.noting_used() as outer, rng.noting_used() as inner:
        rng.generator(loose)
    assert [any(one is loose for one, _ in noted) for noted in (outer, inner)] == [True, True]


def test_who_asks_for_the_end_of_a_block_does_not_end_it() -> None:
    undone: list[int] = []
    block = Restoring(lambda: None, lambda: undone.append(1))
    assert hasattr(block, "__exit__") and not undone
    with block:
        assert not undone
    assert undone == [1]

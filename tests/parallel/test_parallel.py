"""Several processes by `mpiexec`: the same bits as one process, and one clear end when something fails."""

import os
import signal
import sys

import numpy as np
import pytest
from mpi_runs import FOLDER, TOO_LONG, ended, failed, finished, needs_mpi, once, outcomes, started

from tinygrad_cnn import nn, optim, parallel
from tinygrad_cnn.optim import Optimizer

PROGRAMS = "rank_programs.py"


@pytest.fixture
def outcome(tmp_path_factory):
    """What a program gives on some ranks."""
    return lambda ranks, name: once(ranks, tmp_path_factory)[name]


# --------------------------------------------------------------------------- one process
def test_alone_nothing_changes():
    world = parallel.world()
    assert (world.rank, world.size) == (0, 1)
    model = nn.Linear(2, 1, rng=0)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    average = parallel.average_gradients(optimizer)
    (model(np.ones((3, 2), "f4")) ** 2).mean().backward()
    before = model.weight.grad.numpy().copy()
    average.finish()
    optimizer.step()
    assert np.array_equal(model.weight.grad.numpy(), before)


def test_a_step_uses_the_average_and_removing_ends_it():
    class Twice(parallel.World):
        size = 2

        def start_sum(self, flat):
            return super().start_sum(flat + flat * 2)

        def each(self, array):
            return np.stack([array, array])

    w = nn.Parameter([1.0])
    optimizer = optim.SGD([w], lr=1.0)
    average = parallel.average_gradients(optimizer, Twice())
    (w * 2).sum().backward()
    optimizer.step()
    assert w.item() == 1 - (2 + 4) / 2
    average.remove()
    optimizer.zero_grad()
    (w * 2).sum().backward()
    optimizer.step()
    assert w.item() == -2 - 2


# --------------------------------------------------------------------------- several
def have_the_bits(found):
    """Insist that every optimizer's or network's bits on ranks are those of micro-batches."""
    for name, (ranks, alone) in found.items():
        assert set(ranks) == {alone}, name


@needs_mpi
@pytest.mark.parametrize("ranks", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_ranks_give_the_bits_of_one_process_with_micro_batches(outcome, ranks):
    found = outcome(ranks, "exact")
    have_the_bits(found)
    every = {
        name for name, one in vars(optim).items() if isinstance(one, type) and issubclass(one, Optimizer)
    }
    assert every == {*found, "LBFGS", "Optimizer"}  # LBFGS is refused


@needs_mpi
def test_networks_of_the_literature_have_those_bits_too(outcome):
    found = outcome(2, "networks")
    assert len(found) == 8
    have_the_bits(found)


@pytest.mark.slow
@needs_mpi
@pytest.mark.parametrize(("ranks", "name"), [(3, "exact"), (4, "networks")])
def test_more_ranks_have_those_bits(ranks, name, tmp_path):
    have_the_bits(outcomes(ranks, (name,), tmp_path)[name])


@needs_mpi
def test_batch_norm_over_the_ranks_is_batch_norm_over_the_batch_to_second_order(outcome):
    assert max(outcome(2, "norm")) < 1e-9


@needs_mpi
@pytest.mark.parametrize("ranks", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_uneven_and_empty_shares_are_weighted(outcome, ranks):
    ours, whole = outcome(ranks, "uneven")
    assert ours == pytest.approx(whole, rel=1e-12)


@needs_mpi
def test_parameters_that_some_or_no_rank_uses(outcome):
    assert outcome(2, "unused") == [2.0, 2.0, None]


@needs_mpi
def test_several_backward_passes_in_one_step(outcome):
    assert outcome(2, "later") == 11.5


@needs_mpi
def test_each_rank_draws_numbers_of_its_own_and_rank_0_those_of_one_process(outcome):
    *ranks, alone = outcome(2, "seeds")
    assert ranks[0] == alone and len(set(ranks)) == 2


@pytest.mark.slow
@needs_mpi
def test_the_example_learns_on_two_ranks(tmp_path):
    script = FOLDER.parents[1] / "examples" / "mnist_mpi.py"
    assert "ranks: 2" in finished(2, script, "--quick", cwd=tmp_path)


@needs_mpi
def test_ranks_that_do_different_things_are_all_told_so(outcome):
    different, mismatch = outcome(2, "told")
    for rank in (0, 1):
        assert "the parameters of ranks [1] are not those of rank 0" in different[rank]
        words = (
            "rank 0 is at sum, with 16 bytes (float64 (2,)); rank 1 is at sum, with 24 bytes (float64 (3,))"
        )
        assert words in mismatch[rank]


@needs_mpi
@pytest.mark.parametrize("ranks", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_loops_as_people_write_them_have_the_bits_of_one_process(outcome, ranks):
    found = outcome(ranks, "situations")
    assert len(found) == 9
    have_the_bits(found)


@needs_mpi
def test_what_would_silently_train_different_networks_is_an_error_on_every_rank(outcome):
    said = outcome(2, "traps")
    for trap, words in {
        "other_values": "the parameters of ranks [1] have other values than those of rank 0; call world",
        "other_state": "the optimizers of ranks [1] have another state than that of rank 0",
        "other_rates": "rank 1 is at step, with 4 bytes (lr=0.2,",
        "other_members": "only ranks [1] have frozen, unfrozen or added parameters since the last step",
        "other_types": "(float32 (2,)); rank 1 is at sum, with 16 bytes (int64 (2,))",
        "other_shapes": "(float64 (3, 2)); rank 1 is at broadcast, with 48 bytes (float64 (2, 3))",
        "no_numbers": "each: got <U4; numbers and truths fit",
        "twice": "this optimizer averages already; remove() of its average ends that",
        "in_backward": "hooks that wait for step() would not be called",
        "in_backward_before": "the optimizer steps in backward(), before the ranks meet",
    }.items():
        assert all(words in one for one in said.pop(trap)), trap
    assert not said


#: What ends all ranks, and the words that are found then.
FAULTS = {
    "error": ["[rank 1] ValueError: planted on rank 1", "ends all 2 ranks"],
    "early": ["rank 0 is at sum, with 24 bytes (float64 (3,)); rank 1 is at the end of the program"],
    "exits": ["rank 1 is at the end of the program"],
    "deaf": ["[rank 0] ValueError: planted on rank 0", "ends all 2 ranks"],
    "full": ["[rank 0] OSError", "No space left"],
    "killed": [""],
}
SLOW = ("exits", "deaf", "full", "killed")  # the last two: as trainings, in test_training.py


@needs_mpi
def test_an_exception_before_the_world_ends_the_ranks_that_wait_in_it():
    said = failed(2, "no_world.py")
    assert "[rank 1] ValueError: planted before the world" in said and "ends all 2 ranks" in said


@needs_mpi
@pytest.mark.parametrize(
    "fault", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in FAULTS]
)
def test_a_fault_on_one_rank_ends_all_with_words(fault):
    said = failed(2, PROGRAMS, fault)
    for words in FAULTS[fault]:
        assert words in said


@pytest.mark.slow
@needs_mpi
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_ctrl_c_at_mpiexec_ends_all_ranks():
    with ended(started(2, PROGRAMS, "endless")) as process:
        assert process.stdout.readline().strip() == "ready"
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=TOO_LONG)
    assert process.returncode != 0

"""`Trainer(world=)` and `DataLoader(shard=)` on several processes: the same training; faults survived."""

import os
import re
import signal
import sys

import pytest
from mpi_runs import TOO_LONG, ended, needs_mpi, once, outcomes, started

from tinygrad_cnn import nn, optim, parallel
from tinygrad_cnn.data import DataLoader
from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.train import Checkpoint, Trainer

PROGRAMS = "training_programs.py"


@pytest.fixture
def two(tmp_path_factory):
    """Outcomes on two ranks, and the folder that they wrote to."""
    return once(2, tmp_path_factory)


@pytest.fixture
def three(tmp_path_factory):
    """Outcomes on three ranks, which go on with what two have written."""
    return once(3, tmp_path_factory)


@pytest.fixture(params=[2, pytest.param(3, marks=pytest.mark.slow)])
def found(request):
    """Outcomes on two ranks, then on three."""
    return request.getfixturevalue({2: "two", 3: "three"}[request.param])


@needs_mpi
def test_a_training_on_ranks_has_the_bits_of_one_process_with_micro_batches(found):
    everywhere, alone = found["bits"]
    assert set(everywhere) == {alone}


@needs_mpi
def test_measures_are_those_of_one_process_with_uneven_and_empty_shares(found):
    together, alone = found["measures"]
    assert together["weights"] == pytest.approx(alone["weights"], abs=1e-5)
    assert len(set(together["same"])) == 1
    for name in ("history", "evaluated", "one batch", "list of batches"):
        assert together[name].keys() == alone[name].keys()
        for key, value in alone[name].items():
            exact = "loss" not in key and name != "list of batches"
            assert together[name][key] == (value if exact else pytest.approx(value, rel=1e-4)), key


@needs_mpi
def test_keras_options_of_fit_mean_on_ranks_what_they_mean_on_one_process(found):
    together, alone = found["habits"]
    assert together["weights"] == pytest.approx(alone["weights"], abs=1e-5)
    assert len(set(together["same"])) == 1
    assert together["history"].keys() == alone["history"].keys()
    for key, value in alone["history"].items():
        assert together["history"][key] == pytest.approx(value, rel=1e-4), key
    assert [loss == -1.0 for loss in alone["history"]["val_loss"]] == [False, True, False]


@needs_mpi
def test_ranks_share_the_batches_that_one_process_takes_in_rank_0s_order(found):
    assert found["orders"] == dict.fromkeys(found["orders"], True) and len(found["orders"]) == 7


@needs_mpi
def test_a_training_that_one_rank_stops_is_saved_and_goes_on_bit_by_bit_with_dropout(found):
    whole, parted = found["resumed"]["digests"]
    assert whole == parted and len(set(whole)) == 1
    assert found["resumed"]["histories"][0] == found["resumed"]["histories"][1]
    assert found["resumed"]["where"] == [1, 2]
    *others, last = found["resumed"]["reasons"]
    assert last == "here" and set(others) == {"another rank has stopped"}


@pytest.mark.slow
@needs_mpi
def test_another_number_of_ranks_goes_on_with_the_bits_of_as_many_micro_batches(two, three):
    assert two["begun"] == 4  # last, best, the first epoch's, and the other test's
    found = three["goes_on"]
    assert set(found["together"]) == {found["alone"]}
    assert len(found["history"]["train_loss"]) == 2
    assert "0.csv" in found["written"] and "1.csv" not in found["written"]
    assert os.path.join("more", "last.npz") in found["written"]


@needs_mpi
def test_one_process_goes_on_with_what_ranks_have_written(two):
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 8), nn.ReLU(),
        nn.Linear(8, 3),
    )  # fmt: skip
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    callbacks = [Checkpoint(two["folder"] / "alone", suffix=".npz")]
    trainer = Trainer(
        model, optimizer, metrics=("accuracy", "f1"), callbacks=callbacks, world=parallel.world()
    )
    trainer.load(two["folder"] / "last.npz")
    assert trainer.epoch == 1 and len(trainer.history["train_f1"]) == 1


@needs_mpi
def test_a_loss_that_is_no_number_on_one_rank_stops_all_before_the_step(two):
    assert two["nan"]["same"] == ["True", "True"]
    assert all(reason.startswith("the loss is nan in batch 1") for reason in two["nan"]["reasons"])


@needs_mpi
def test_what_ranks_cannot_do_together_is_refused_with_words(two):
    said = iter(two["refused"])
    for words in (
        "DataLoader(..., shard=parallel.world()) gives each its share",
        "world must be a World",
        "shard must be a World",
        "kept.all is list; the sums of several processes are added",
        "LBFGS evaluates the loss inside its step",
        "ranks [1] are at another place than rank 0",
        "the data of ranks [0] has ended, the others' goes on",
    ):
        assert words in next(said)


def test_one_process_ignores_shard_and_world():
    world = parallel.world()
    assert DataLoader([1, 2], shard=world).shard is None
    model = nn.Linear(2, 2)
    assert Trainer(model, optim.SGD(model.parameters(), lr=0.1), world=world).world is world
    with pytest.raises(DTypeError, match="shard must be a World"):
        DataLoader([1, 2], shard=2)
    with pytest.raises(DTypeError, match="world must be a World"):
        Trainer(model, optim.SGD(model.parameters(), lr=0.1), world=2)


# --------------------------------------------------------------------------- faults
@pytest.fixture(scope="session")
def faults(tmp_path_factory):
    """Trainings that a full disk, a kill and Ctrl-C ended, and what two ranks made of their files."""
    folder = tmp_path_factory.mktemp("faults")
    ends = {}
    for fault in ("full", "killed", "interrupted"):
        (folder / fault).mkdir()
        with ended(started(2, PROGRAMS, fault, folder / fault)) as process:
            if fault == "interrupted":
                assert process.stdout.readline().strip() == "ready", process.stderr.read()
                os.kill(process.pid, signal.SIGINT)  # as Ctrl-C, which mpiexec sends on
            out, err = process.communicate(timeout=TOO_LONG)
        ends[fault] = process.returncode, out, err, sorted(f.name for f in (folder / fault).iterdir())
    resumed = outcomes(2, ("resumed_after",), folder)["resumed_after"]
    return ends, resumed


@needs_mpi
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are POSIX's")
@pytest.mark.parametrize("fault", ["full", "killed", "interrupted"])
def test_what_a_fault_leaves_is_whole_and_the_training_goes_on_from_it_bit_by_bit(faults, fault):
    ends, resumed = faults
    code, out, err, files = ends[fault]
    assert files == ["last.npz"], err
    whole, parted = resumed[fault]
    assert whole == parted and len(set(whole)) == 1
    if fault == "full":
        assert code and "[rank 0] OSError" in err and "this error ends all 2 ranks" in err
    if fault == "killed":
        assert code
    if fault == "interrupted":
        assert re.search(r'\["interrupted", \d+\]', out), out + err

"""What training, its measures and its files refuse, and what they do where little is known of the data."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from refusals import check_refusals

from tinygrad_cnn import ArgumentError, DTypeError, FormatError, StateError, nn, optim, train
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import DataLoader, ImageFolder
from tinygrad_cnn.errors import MissingExtraError
from tinygrad_cnn.nn.rebuild import Builder
from tinygrad_cnn.parallel import World
from tinygrad_cnn.rng import generator
from tinygrad_cnn.train import Evaluator, Log, Trainer
from tinygrad_cnn.train.batches import as_batches, inputs_for, labels_of
from tinygrad_cnn.train.callbacks import reports
from tinygrad_cnn.train.callbacks.base import Callbacks, direction
from tinygrad_cnn.train.evaluation import check_labels
from tinygrad_cnn.train.files.checkpoints import Saved, _check_entries, _load_part
from tinygrad_cnn.train.files.first_format import upgraded_recipe
from tinygrad_cnn.train.files.models import _model
from tinygrad_cnn.train.files.recipe import Recipe, recipe_of
from tinygrad_cnn.train.files.schedules import made_scheduler, scheduler_tree
from tinygrad_cnn.train.files.state_checks import check_optimizer
from tinygrad_cnn.train.loop import Loop
from tinygrad_cnn.train.losses import fitting_targets
from tinygrad_cnn.train.metrics_over_batches import Running, as_metric
from tinygrad_cnn.train.progress import Progress
from tinygrad_cnn.train.ranks import Ranks

X, LABELS = np.zeros((4, 2), "float32"), np.array([0, 1, 0, 1])
MODEL = nn.Linear(2, 2, rng=0)


class Two(World):
    """Two ranks, of which the other one says the same but for what a test changes."""

    size = 2

    def __init__(self, other=lambda array: array):
        self.other = other

    def each(self, array):
        return np.stack([array, self.other(array)])


def progress(**changes):
    found = Progress(Running([]))
    found.load_state_dict({**found.state_dict(), **changes})


def steps(depth):
    optimizer = optim.SGD(MODEL.parameters(), lr=0.1)
    tree = scheduler_tree(optim.StepLR(optimizer, 3))
    for _ in range(depth):
        tree = {"class": "SequentialLR", "attributes": {}, "schedulers": [tree]}
    return made_scheduler(Builder("a.npz", generator(0), 0), tree, optimizer)


def mad_rates():
    optimizer = optim.SGD(MODEL.parameters(), lr=0.1)
    tree = scheduler_tree(optim.StepLR(optimizer, 1, gamma=10.0))
    tree["attributes"]["gamma"] = 1e305
    made_scheduler(Builder("a.npz", generator(0), 0), tree, optimizer)


def running(state):
    return Running([train.TopK(2)]).load_state_dict(
        {"loss": 0.0, "count": 0, "metrics": {"top_2_accuracy": state}}
    )


REFUSED = [
    (
        ArgumentError,
        "batch_size and rng are for arrays and datasets, not for batches",
        lambda: as_batches("fit", [(X, LABELS)], batch_size=2),
    ),
    (StateError, "the state of the callbacks is not an object", lambda: Callbacks([]).check_state(3)),
    (
        ArgumentError,
        "EarlyStopping: mode must be 'min', 'max' or None, got 'least'",
        lambda: direction("EarlyStopping", "loss", "least"),
    ),
    (
        ArgumentError,
        "evaluate: the data is empty, it gives no batch",
        lambda: Evaluator(MODEL).evaluate(iter([])),
    ),
    (
        DTypeError,
        "predict: an array or an iterable of batches fits, got int",
        lambda: Evaluator(MODEL).predict(3),
    ),
    (ArgumentError, "predict: the data is empty, it holds no sample", lambda: Evaluator(MODEL).predict([])),
    (
        FormatError,
        "a.npz: parts: expected an object",
        lambda: _check_entries(Builder("a.npz", generator(0), 0), [], {}),
    ),
    (
        FormatError,
        "load: model has a state that cannot be read: no object",
        lambda: _load_part("load", "model", MODEL, []),
    ),
    (
        FormatError,
        "a.npz: holds no state of 'model'",
        lambda: _model(
            "a.npz", Saved({"model": {"structure": ""}}, {}, {"structure.model": "{}"}), "model"
        ),
    ),
    (FormatError, "expected version 1 to 2, found 9", lambda: Recipe.read("a.npz", '{"version": 9}')),
    (
        FormatError,
        "two of one name among",
        lambda: Recipe("a.npz", {"metrics": ["accuracy"] * 2}).metrics(),
    ),
    (FormatError, "nested more than 10 deep", lambda: steps(11)),
    (FormatError, "it gives the rates", mad_rates),
    (DTypeError, "a metric is a name, a function or a Metric, got 3", lambda: as_metric(3)),
    (StateError, "the metric 'top_2_accuracy' has the sums", lambda: running({"others": 1})),
    (StateError, "the metric 'top_2_accuracy' has the sums", lambda: running(5)),
    (StateError, "Trainer: epoch must be a count, got '-1'", lambda: progress(epoch=-1)),
    (StateError, "the history must be lists of numbers by name", lambda: progress(history={"loss": ["a"]})),
    (
        StateError,
        "lists of the history must be of one length",
        lambda: progress(history={"loss": [1.0], "accuracy": []}),
    ),
    (StateError, "the place in the data must be an object", lambda: progress(place=3)),
    (StateError, "must be counts of batches and epochs", lambda: progress(place={"taken": -1})),
    (StateError, "must hold states of generators", lambda: progress(place={"taken": 1, "start": 5})),
    (ArgumentError, "fit: a batch without samples on all ranks", lambda: Ranks("fit", Two()).mean(0.0, 0)),
    (
        ArgumentError,
        "Trainer: sums has another shape or type on another rank",
        lambda: Ranks("fit", Two(lambda a: a + 1))._sum(np.ones(2), "sums"),
    ),
]


def test_what_does_not_fit_is_named():
    check_refusals(REFUSED)


def test_an_optimizer_with_parameters_of_another_model_is_noted_as_missing():
    other = optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1)
    tree = recipe_of(MODEL, other, F.cross_entropy, [], [])
    assert tree["optimizer"] == {"missing": "the optimizer has parameters that are not of the model"}


def test_a_first_recipe_that_is_damaged_stays_damaged_for_who_reads_it():
    made = upgraded_recipe({"loss": {"missing": "own"}, "rates": [3, {"missing": "own"}, {"scheduler": 5}]})
    assert made["callbacks"] == [3, {"missing": "own"}, {"class": "LearningRate", "scheduler": 5}]


def test_a_state_that_no_step_of_zeros_can_judge_is_left_to_the_optimizer():
    optimizer = optim.LBFGS(MODEL.parameters())
    assert check_optimizer(optimizer, {**optimizer.state_dict(), "state": {0: {"n_iter": 1}}}) is None


def test_targets_that_fit_no_binary_loss_are_left_to_it():
    targets = np.zeros((3, 2))
    assert fitting_targets(F.binary_cross_entropy, np.zeros((2, 1), "f4"), targets) is targets
    check_labels(
        "train", LABELS, np.zeros((4, 2, 3), "f4"), F.cross_entropy
    )  # of each pixel: not looked at


def test_a_validation_image_that_cannot_be_read_is_told_of_by_the_epoch(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.png").write_bytes(b"no image")
    data = DataLoader(ImageFolder(tmp_path, size=2), 1)
    Evaluator(nn.Flatten()).rehearse("val", data, None)
    with pytest.raises(FormatError, match=r"0\.png"):
        Evaluator(nn.Flatten()).measure("fit", data)


def test_without_tqdm_a_line_takes_the_place_of_the_bar(monkeypatch):
    def missing():
        raise MissingExtraError("tqdm is not there")

    monkeypatch.setattr(reports, "ProgressBar", missing)
    (line,) = reports.reporting(1)
    assert type(line) is Log


def test_parts_are_shown_by_their_names():
    trainer = Trainer(MODEL, optim.SGD(MODEL.parameters(), lr=0.1), callbacks=[Log()])
    assert repr(Evaluator(MODEL)) == "Evaluator(Linear, loss=cross_entropy, metrics=['accuracy'])"
    assert repr(trainer) == (
        "Trainer(Linear, SGD, loss=cross_entropy, metrics=['accuracy'], epoch=0, callbacks=[Log])"
    )


def test_ranks_that_are_not_the_first_say_nothing_and_add_nothing(tmp_path):
    bad = nn.Linear(1, 1)
    bad.weight.data = np.full((1, 1), np.nan, "f4")
    seen = SimpleNamespace(model=bad, world=SimpleNamespace(rank=1), batch=1, epoch=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train.Checkpoint(tmp_path)._save(seen, "last")
    assert not list(tmp_path.iterdir())
    loop = object.__new__(Loop)
    stops = []
    loop._trainer = SimpleNamespace(stop_reason=None, stop=stops.append, callbacks=Callbacks([]))
    loop._ranks = SimpleNamespace(all=lambda yes: False)
    assert loop._judge_loss(0.5) is False and stops == ["another rank has stopped"]

    class Theirs(Two):
        def each(self, array):
            return np.stack([array, [ord("d"), 1, 3, *array[3:]]])  # they have three numbers, we have none

        def sum(self, array):
            return np.add(array, [1.0, 2.0, 3.0])

    assert Ranks("fit", Theirs())._sum(None, "sums").tolist() == [1, 2, 3]


def test_a_model_without_parameters_takes_inputs_where_they_lie(monkeypatch):
    monkeypatch.setattr("tinygrad_cnn.devices.ON_DEVICES", {object})
    (found,) = inputs_for(nn.ReLU(), [X])
    assert found is X


def test_data_that_does_not_know_its_labels():
    assert labels_of([(X, LABELS)]) is None and labels_of(DataLoader((X, LABELS))).tolist() == [0, 1, 0, 1]
    assert labels_of(DataLoader((X,))) is None


def test_a_learner_is_shown_and_wants_an_optimizer():
    learner = train.Learner(MODEL, optim.SGD(MODEL.parameters(), lr=0.1))
    assert repr(learner) == "Learner(Linear, SGD, loss=cross_entropy)"
    with pytest.raises(DTypeError, match="Learner: the optimizer must be an Optimizer, got 3"):
        train.Learner(MODEL, 3)


def test_a_training_that_stands_within_an_epoch_goes_on_from_there() -> None:
    trainer = Trainer(MODEL, optim.SGD(MODEL.parameters(), lr=0.0), F.cross_entropy)
    trainer._progress.batch = 1
    with pytest.raises(ArgumentError, match="stands in epoch 1, after 1 batches"):
        trainer.fit(X, LABELS, epochs=3, initial_epoch=2)

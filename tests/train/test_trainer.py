"""The training loop: three ways to the same weights, modes, bad data, metrics and history."""

import json
import math

import numpy as np
import pytest

import viz
from tinygrad_cnn import Tensor, nn, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import ArrayDataset, DataLoader
from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError, ShapeError
from tinygrad_cnn.train import (
    Callback,
    Confusion,
    History,
    TopK,
    Trainer,
    accuracy,
    confusion_matrix,
    f1,
    precision,
    recall,
    top_k_accuracy,
)

RNG = np.random.default_rng(3)
X = RNG.standard_normal((20, 1, 6, 6)).astype(np.float32)
Y = RNG.integers(0, 3, 20)


def small(seed=0, **options):
    """A Trainer of a net with everything that has state: batch norm, dropout, momentum."""
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, rng=seed), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(),
        nn.Dropout(0.3, rng=seed), nn.Linear(64, 3, rng=seed),
    )  # fmt: skip
    return Trainer(model, optim.Adam(model.parameters(), lr=0.01), **options)


def weights(trainer):
    return {name: value.tobytes() for name, value in trainer.model.state_dict().items()}


# --------------------------------------------------------------------------- the loops
def test_all_loops_give_the_same_weights_bit_by_bit():
    batches = [(X[i : i + 8], Y[i : i + 8]) for i in (0, 8, 16)]
    by_hand = small()
    for _ in range(2):
        by_hand.model.train()
        for x, y in batches:
            loss = F.cross_entropy(by_hand.model(Tensor(x)), y)
            by_hand.optimizer.zero_grad()
            loss.backward()
            by_hand.optimizer.step()

    arrays, generated, single, listed = small(), small(), small(), small()
    history = arrays.fit(X, Y, epochs=2, batch_size=8, shuffle=False)
    again = generated.fit((b for _ in range(2) for b in batches), epochs=2, steps_per_epoch=3)
    for _ in range(2):
        for x, y in batches:
            single.train_on_batch(x, y)
    listed.fit(batches, epochs=2)
    for trainer in (arrays, generated, single, listed):
        assert weights(trainer) == weights(by_hand)
    assert weights(by_hand) != weights(small())
    assert history == again == listed.history


def test_a_loader_and_arrays_shuffle_alike():
    one, other = small(), small()
    one.fit(X, Y, epochs=3, batch_size=6, rng=5)
    other.fit(DataLoader((X, Y), 6, shuffle=True, rng=5), epochs=3)
    assert weights(one) == weights(other)


def test_steps_per_epoch_go_on_through_the_data():
    one, other = small(), small()
    one.fit(X, Y, epochs=3, batch_size=5, rng=5, steps_per_epoch=2)  # 6 batches of passes of 4
    other.fit(X, Y, epochs=6, batch_size=5, rng=5, steps_per_epoch=1)
    assert weights(one) == weights(other) and one.history.epochs == 3


def test_history_holds_the_means_of_the_epoch():
    trainer = small()
    losses = []

    class Note(Callback):
        def on_batch_end(self, trainer, loss):
            losses.append(loss)

    trainer.callbacks.append(Note())
    history = trainer.fit(X, Y, epochs=1, batch_size=8, shuffle=False, validation=(X, Y))
    assert list(history) == ["train_loss", "train_accuracy", "val_loss", "val_accuracy"]
    np.testing.assert_allclose(history["train_loss"], [np.average(losses, weights=[8, 8, 4])])
    scores = trainer.predict(X)
    assert history["val_accuracy"] == [accuracy(scores, Y)]
    np.testing.assert_allclose(history["val_loss"], [float(F.cross_entropy(scores, Y))], rtol=1e-6)


def test_modes_are_set_and_put_back():
    seen = []

    class Watch(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(2, 2)

        def forward(self, x):
            result = self.fc(x)
            seen.append((self.training, result.requires_grad))
            return result

    model = Watch().eval()
    model.fc.training = True  # a mixture must come back as it was
    trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
    x, y = np.ones((4, 2), "float32"), [0, 1, 0, 1]
    trainer.fit(x, y, epochs=1, validation=(x, y))
    # First a sample of the validation data, to see that it fits; then training, then validation.
    assert seen == [(False, False), (True, True), (False, False)]
    trainer.train_on_batch(x, y), trainer.evaluate(x, y), trainer.predict(x)
    assert seen[3:] == [(True, True), (False, False), (False, False)]
    assert (model.training, model.fc.training) == (False, True)


def test_evaluate_and_predict_do_not_depend_on_the_batch_size():
    trainer = small()
    assert trainer.evaluate(X, Y, batch_size=7)["accuracy"] == trainer.evaluate(X, Y)["accuracy"]
    np.testing.assert_allclose(trainer.predict(X, 3), trainer.predict(DataLoader((X, Y), 20)), rtol=1e-5)
    assert trainer.evaluate([(X[:5], Y[:5])] * 3, steps=1) == trainer.evaluate(X[:5], Y[:5])


def test_several_inputs_other_losses_and_own_metrics():
    class Sum(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(2, 1, rng=0)

        def forward(self, a, b):
            return self.fc(a + b)

    model = Sum()
    gap = lambda outputs, targets: np.abs(outputs - targets).mean()  # noqa: E731
    trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1), F.mse_loss, [gap])
    x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    history = trainer.fit((x, x, y), epochs=20)
    assert history["train_<lambda>"][-1] < 0.1 < history["train_<lambda>"][0]


# --------------------------------------------------------------------------- bad input
NAN = X.copy()
NAN[7, 0, 1, 2] = np.nan


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        ((X, Y[:-1]), ShapeError, "one length"),
        ((X[:0], Y[:0]), ArgumentError, "empty"),
        ((NAN, Y), ArgumentError, "sample 7"),
        (
            (X, np.where(np.arange(20) == 19, 3, Y)),
            ArgumentError,
            "0 to 3, do not fit the model's 3 outputs",
        ),
        ((X, None), DTypeError, "without y"),
        (("text", None), DTypeError, "str"),
        ((iter([]), None), ArgumentError, "empty"),
        (([], None), ArgumentError, "empty"),
        (([X], None), DTypeError, "inputs, targets"),
        (([(NAN, Y)], None), ArgumentError, "NaN"),
        (([(X, Y[:-1])], None), ShapeError, "one length"),
        ((DataLoader((X, Y), 50, drop_last=True), None), ArgumentError, "empty"),
    ],
)
def test_bad_data_is_refused_before_the_first_step(data, error, says):
    trainer = small()
    before = weights(trainer)
    with pytest.raises(error, match=says):
        trainer.fit(*data, epochs=1)
    stay = {name: value for name, value in before.items() if "running" not in name and "num_" not in name}
    assert stay.items() <= weights(trainer).items()


def test_bad_validation_is_refused_before_the_first_step():
    trainer = small()
    before = weights(trainer)["0.weight"]
    for validation, says in [
        ((X, Y + 9), "labels of the val data, 9 to 11"),
        ((X[:0], Y[:0]), "empty"),
        (iter([(X, Y)]), "generator"),
        ({"train": (X, Y)}, "taken"),
    ]:
        with pytest.raises(ArgumentError, match=says):
            trainer.fit(X, Y, epochs=1, validation=validation)
    assert weights(trainer)["0.weight"] == before


def test_a_bad_label_in_a_stream_names_its_batch():
    with pytest.raises(ArgumentError) as caught:
        small().fit([(X, Y), (X, Y + 5)], epochs=1)
    assert caught.value.__notes__ == ["in batch 2 of epoch 1 of fit"]


def test_a_generator_that_ends_too_early():
    with pytest.raises(ArgumentError, match="steps_per_epoch"):
        small().fit(iter([(X, Y)]), epochs=2)
    with pytest.raises(ArgumentError, match="ended after 1 of 2"):
        small().fit(iter([(X, Y)]), epochs=1, steps_per_epoch=2)


def test_a_loss_that_is_no_number_warns():
    trainer = small(loss=lambda outputs, targets: F.cross_entropy(outputs, targets) * np.inf, metrics=())
    with np.errstate(invalid="ignore"), pytest.warns(RuntimeWarning, match="inf in batch 1 of epoch 1"):
        trainer.fit(X, Y, epochs=1)


def test_epochs_count_those_before():
    trainer = small()
    trainer.fit(X, Y, epochs=2, rng=0)
    assert trainer.fit(X, Y, epochs=3, rng=0).epochs == 3
    with pytest.warns(UserWarning, match="3 epochs are done already"):
        trainer.fit(X, Y, epochs=3)


def test_the_trainer_checks_its_parts():
    model, other = nn.Linear(2, 2), nn.Linear(2, 2)
    sgd = optim.SGD(model.parameters(), lr=0.1)
    for arguments, error, says in [
        ((other, sgd), ArgumentError, "no parameter of this model"),
        ((sgd, model), DTypeError, "model must be a Module"),
        ((model, sgd, 3), DTypeError, "loss"),
        ((model, sgd, F.mse_loss, ["f2"]), ArgumentError, "f2"),
        ((model, sgd, F.mse_loss, "f1"), DTypeError, "tuple"),
        ((model, sgd, F.mse_loss, ["f1", f1]), ArgumentError, "of its own"),
        ((model, sgd, F.mse_loss, (), ["bar"]), DTypeError, "callback"),
    ]:
        with pytest.raises(error, match=says):
            Trainer(*arguments)
    with pytest.raises(ShapeError, match="one number"):
        Trainer(model, sgd, lambda a, b: a, ()).train_on_batch(np.ones((2, 2), "float32"), [0, 1])
    with pytest.raises(ArgumentError, match="DataLoader"):
        small().fit(DataLoader((X, Y), 5), epochs=1, batch_size=5)


# --------------------------------------------------------------------------- metrics
def test_metrics_against_sums_written_out():
    rng = np.random.default_rng(0)
    scores, labels = rng.standard_normal((200, 5)), rng.integers(0, 5, 200)
    guess = scores.argmax(axis=1)
    M = confusion_matrix(labels, guess)
    each = np.zeros((5, 5), int)
    for true, said in zip(labels, guess, strict=True):
        each[true, said] += 1
    np.testing.assert_array_equal(M, each)
    P = [np.mean(labels[guess == k] == k) for k in range(5)]
    R = [np.mean(guess[labels == k] == k) for k in range(5)]
    np.testing.assert_allclose(precision(M, "none"), P)
    np.testing.assert_allclose(recall(M, "none"), R)
    np.testing.assert_allclose(f1(M, "none"), [2 * p * r / (p + r) for p, r in zip(P, R, strict=True)])
    np.testing.assert_allclose([precision(M), recall(M)], [np.mean(P), np.mean(R)])
    share = np.mean(labels == guess)
    np.testing.assert_allclose([f(M, "micro") for f in (precision, recall, f1)], [share] * 3)
    assert accuracy(scores, labels) == share == top_k_accuracy(scores, labels, 1)
    best = np.argsort(scores, axis=1)[:, -3:]
    assert top_k_accuracy(scores, labels, 3) == np.mean(
        [y in row for y, row in zip(labels, best, strict=True)]
    )
    assert top_k_accuracy(scores, labels, 5) == 1


def test_metrics_over_batches_equal_those_of_all_at_once():
    rng = np.random.default_rng(1)
    scores, labels = rng.standard_normal((50, 4)), rng.integers(0, 4, 50)
    for metric, whole in [
        (TopK(1), accuracy(scores, labels)),
        (TopK(2), top_k_accuracy(scores, labels, 2)),
        (Confusion(f1), f1(confusion_matrix(labels, scores.argmax(axis=1)))),
    ]:
        metric.reset()
        for i in range(0, 50, 7):
            metric.update(scores[i : i + 7], labels[i : i + 7])
        assert metric.value() == whole


def test_division_by_zero_is_defined():
    M = [[2, 0, 0], [1, 0, 0], [0, 0, 0]]  # class 1 never predicted, class 2 neither there
    assert precision(M, "none").tolist() == [2 / 3, 0, 0]
    assert recall(M, "none", zero_division=1.0).tolist() == [1, 0, 1]
    assert f1(M, "none").tolist() == [0.8, 0, 0]
    assert f1(np.zeros((2, 2), int), "micro") == 0
    assert math.isnan(accuracy(np.zeros((0, 3)), np.zeros(0, int)))


def test_labels_of_metrics():
    pixels = np.zeros((1, 2, 2, 2))
    pixels[:, 1] = 1
    assert accuracy(pixels, [[[1, 0], [1, -100]]]) == 2 / 3  # -100 counts nothing
    assert top_k_accuracy(pixels, np.array([[[1, 0], [1, -100]]]), 2) == 1
    assert accuracy([[0.0, 1.0]], [[0.0, 1.0]]) == 1
    for call, error in [
        (lambda: accuracy(np.zeros((2, 1)), [0, 0]), ShapeError),
        (lambda: accuracy(np.zeros((2, 3)), [0, 0, 0]), ShapeError),
        (lambda: accuracy(np.zeros((2, 3)), [0.5, 0.5]), DTypeError),
        (lambda: top_k_accuracy(np.zeros((2, 3)), [0, 1], 4), ArgumentError),
        (lambda: top_k_accuracy(np.zeros((2, 3)), [0, 3], 2), ArgumentError),
        (lambda: confusion_matrix([0, 2], [0, 1], 2), ArgumentError),
        (lambda: confusion_matrix([0, 2], [0]), ShapeError),
        (lambda: f1([[1, 2]]), ShapeError),
        (lambda: f1([[1]], "mean"), ArgumentError),
    ]:
        with pytest.raises(error):
            call()


# --------------------------------------------------------------------------- history
def test_history_there_and_back(tmp_path):
    history = History()
    history.append({"train_loss": 0.1 + 0.2})
    history.append({"train_loss": math.inf, "val_loss": 1})
    history.append({"val_loss": math.nan})
    history.save(tmp_path / "h.json")
    loaded = History.load(tmp_path / "h.json")
    np.testing.assert_equal(dict(loaded), dict(history))
    assert loaded["train_loss"][:2] == [0.1 + 0.2, math.inf] and loaded.epochs == 3
    json.loads((tmp_path / "h.json").read_text(), parse_constant=pytest.fail)
    viz.curves(loaded, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "text", ["", "[1]", '{"a": 3}', '{"a": ["b"]}', '{"a": [1], "b": []}', '{"a": [true]}']
)
def test_a_foreign_history_is_refused(tmp_path, text):
    (tmp_path / "h.json").write_text(text)
    with pytest.raises(FormatError, match=r"h\.json"):
        History.load(tmp_path / "h.json")


def test_a_dataset_of_samples_is_batched():
    class Squares:
        def __len__(self):
            return 20

        def __getitem__(self, i):
            return X[i], Y[i]

    one, other = small(), small()
    one.fit(Squares(), epochs=1, batch_size=8, rng=2)
    other.fit(ArrayDataset(X, Y), epochs=1, batch_size=8, rng=2)
    assert weights(one) == weights(other)

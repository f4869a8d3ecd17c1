"""Habits from Keras: names of losses, a share for validation, weights of classes, one output."""

import numpy as np
import pytest

from tinygrad_cnn import functional as F
from tinygrad_cnn import manual_seed, nn, optim
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.train import Callback, EarlyStopping, Trainer, mae

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4)).astype("f4")
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


def model(outputs, *last):
    manual_seed(1)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, outputs), *last)


def test_losses_and_optimizers_by_name():
    one = Trainer(net := model(2), "adam", "cross_entropy")
    other = Trainer(same := model(2), optim.Adam(same.parameters()), F.cross_entropy)
    for trainer in (one, other):
        trainer.fit(X, Y, epochs=2, rng=0)
    np.testing.assert_equal(net.state_dict(), same.state_dict())
    for name, says in (("adm", "unknown optimizer 'adm'; .*Adam"), ("", "unknown optimizer")):
        with pytest.raises(ArgumentError, match=says):
            Trainer(model(2), name)
    with pytest.raises(ArgumentError, match=r"takes probabilities in Keras; here .* takes scores"):
        Trainer(model(2), "SGD", "sparse_categorical_crossentropy")
    with pytest.raises(ArgumentError, match="unknown loss 'entropy'"):
        Trainer(model(2), "SGD", "entropy")


@pytest.mark.parametrize("labels", [Y, Y[:, None], Y.astype("f4"), Y.astype("f4")[:, None], Y.tolist()])
@pytest.mark.parametrize(
    ("loss", "last"),
    [("binary_crossentropy", [nn.Sigmoid()]), (nn.BCELoss(), [nn.Sigmoid()]), (nn.BCEWithLogitsLoss(), [])],
)
def test_one_output_is_trained_and_measured(loss, last, labels):
    trainer = Trainer(model(1, *last), "adam", loss, ("accuracy", "f1"))
    trainer.optimizer.param_groups[0]["lr"] = 0.05
    history = trainer.fit(X, labels, epochs=12, validation_data=(X, labels), rng=0)
    assert history["val_accuracy"][-1] > 0.9 and history["val_f1"][-1] > 0.85
    found = trainer.predict(X)[:, 0]
    threshold = 0.5 if last else 0.0
    assert trainer.evaluate(X, labels)["accuracy"] == np.mean((found > threshold) == Y)


def test_a_share_is_held_back_for_validation():
    one, other = Trainer(model(2), "adam"), Trainer(model(2), "adam")
    history = one.fit(X, Y, epochs=2, validation_split=0.25, rng=0)
    assert history == other.fit(X[:45], Y[:45], epochs=2, validation=(X[45:], Y[45:]), rng=0)
    for options, says in (
        ({"validation_split": 0.2, "validation": (X, Y)}, "exclude each other"),
        ({"validation_data": (X, Y), "validation": (X, Y)}, "exclude each other"),
        ({"validation_split": 1.0}, r"must lie in \[0, 1\)"),
        ({"validation_split": 0.001}, "leaves a part empty"),
    ):
        with pytest.raises(ArgumentError, match=says):
            one.fit(X, Y, epochs=9, **options)
    with pytest.raises(ArgumentError, match=r"validation_split is for arrays"):
        one.fit([(X, Y)], epochs=9, validation_split=0.5)


def test_weights_of_classes_multiply_the_losses_of_their_samples():
    weights = {1: 4.0}
    weighted, by_hand = Trainer(model(2), "sgd"), model(2)
    weighted.fit(X, Y, epochs=1, batch_size=60, shuffle=False, class_weight=weights)
    optimizer = optim.SGD(by_hand.parameters())
    each = F.cross_entropy(by_hand(X), Y, reduction="none")
    (each * np.where(Y == 1, 4.0, 1.0).astype("f4")).mean().backward()
    optimizer.step()
    np.testing.assert_equal(weighted.model.state_dict(), by_hand.state_dict())
    for loss, last in ((nn.CrossEntropyLoss(), 2), ("binary_cross_entropy_with_logits", 1)):
        Trainer(model(last), "sgd", loss).fit(X, Y, epochs=1, class_weight=weights)
    one_hot = np.eye(2, dtype="f4")[Y]
    Trainer(model(2), "sgd").fit(X, one_hot, epochs=1, class_weight=weights)
    for bad, error in (([1, 2], DTypeError), ({"a": 1}, DTypeError), ({0: -1.0}, ArgumentError)):
        with pytest.raises(error, match="class_weight"):
            weighted.fit(X, Y, epochs=9, class_weight=bad)
    with pytest.raises(ArgumentError, match="needs a loss with the option reduction"):
        Trainer(model(2), "sgd", lambda x, y: F.cross_entropy(x, y)).fit(
            X, Y, epochs=1, class_weight=weights
        )


def test_verbose_shows_lines_or_nothing(capsys):
    trainer = Trainer(model(2), "adam")
    trainer.fit(X, Y, epochs=1, verbose=2)
    assert "Epoch: 001/001 | train loss" in capsys.readouterr().out
    trainer.fit(X, Y, epochs=2, verbose=0)
    trainer.fit(X, Y, epochs=3, verbose=1)  # a bar, on a terminal only
    assert capsys.readouterr().out == "" and trainer.callbacks == []
    with pytest.raises(ArgumentError, match="verbose is 0, 1, 2"):
        trainer.fit(X, Y, epochs=4, verbose=7)


def test_a_loss_of_numbers_is_measured_alone_unless_asked():
    for loss in ("mse", nn.L1Loss(), F.huber_loss):
        assert list(Trainer(model(1), "adam", loss).fit(X, X[:, :1], epochs=1)) == ["train_loss"]
    asked = Trainer(model(2), "adam", "mse", ["accuracy"]).fit(X, np.eye(2, dtype="f4")[Y], epochs=1)
    assert list(asked) == ["train_loss", "train_accuracy"]


def test_measures_of_numbers_have_names():
    trainer = Trainer(model(1), "adam", "mse", ["mae", "mean_squared_error"])
    trainer.fit(X, X[:, :1], epochs=1)
    found, away = trainer.evaluate(X, X[:, :1]), trainer.predict(X) - X[:, :1]
    assert found["mae"] == pytest.approx(np.mean(abs(away))) and found["mse"] == pytest.approx(
        found["loss"]
    )
    assert list(Trainer(model(2), "adam", metrics=["acc"]).evaluate(X, Y)) == ["loss", "accuracy"]
    with pytest.raises(ShapeError, match=r"mae: outputs \(60, 1\) and targets \(60,\)"):
        mae(trainer.predict(X), X[:, 0])


def test_callbacks_of_one_call_are_told_of_it_alone():
    class Counted(Callback):
        epochs = 0

        def on_epoch_end(self, *_):
            self.epochs += 1

    of_all, of_one = Counted(), Counted()
    trainer = Trainer(model(2), "adam", callbacks=[of_all])
    trainer.fit(X, Y, epochs=2, callbacks=[of_one])
    trainer.fit(X, Y, epochs=3)
    assert (of_all.epochs, of_one.epochs) == (3, 2) and trainer.callbacks == [of_all]
    with pytest.raises(DTypeError, match="fit: callbacks is a list"):
        trainer.fit(X, Y, epochs=4, callbacks=of_one)


def test_weights_of_samples_multiply_their_losses():
    weights = np.linspace(0.0, 3.0, 60)
    weighted, by_hand = Trainer(model(2), "sgd"), model(2)
    weighted.fit(X, Y, epochs=1, batch_size=60, shuffle=False, sample_weight=weights)
    optimizer = optim.SGD(by_hand.parameters())
    each = F.cross_entropy(by_hand(X), Y, reduction="none")
    (each * weights.astype("f4")).mean().backward()
    optimizer.step()
    np.testing.assert_equal(weighted.model.state_dict(), by_hand.state_dict())
    left_out, without = Trainer(model(2), "sgd"), Trainer(model(2), "sgd")  # shuffled beside their samples
    left_out.fit(X, Y, epochs=2, batch_size=60, sample_weight=np.where(Y == 1, 2, 1), rng=3)
    without.fit(X, Y, epochs=2, batch_size=60, class_weight={1: 2.0}, rng=3)
    np.testing.assert_equal(left_out.model.state_dict(), without.model.state_dict())
    both = Trainer(model(1), "sgd", "mse").fit(
        X, X[:, :1], epochs=1, sample_weight=weights, validation_split=0.5
    )
    assert np.isfinite(both["val_loss"]).all()
    for bad, error, says in (
        (weights[:3], ShapeError, r"one number a sample, \(60,\), got \(3,\)"),
        (-weights, ArgumentError, "at least 0"), (weights * np.nan, ArgumentError, "finite"),
        (weights > 1, DTypeError, "must hold numbers"),
    ):  # fmt: skip
        with pytest.raises(error, match=says):
            weighted.fit(X, Y, epochs=9, sample_weight=bad)
    with pytest.raises(ArgumentError, match="sample_weight is for arrays"):
        weighted.fit([(X, Y)], epochs=9, sample_weight=weights)
    with pytest.raises(ArgumentError, match="labels of the train data"):
        weighted.fit(X, Y + 1, epochs=9, sample_weight=weights)
    with pytest.raises(ArgumentError, match="sample_weight needs a loss with the option reduction"):
        Trainer(model(2), "sgd", lambda x, y: F.cross_entropy(x, y)).fit(
            X, Y, epochs=1, sample_weight=weights
        )


def test_validation_after_some_epochs_on_some_batches():
    trainer = Trainer(model(2), "adam", callbacks=[EarlyStopping("val_loss", patience=5)])
    history = trainer.fit(X, Y, epochs=5, validation=(X, Y), validation_freq=2)
    assert np.isnan(history["val_loss"]).tolist() == [True, False, True, False, True]
    history = Trainer(model(2), "adam").fit(X, Y, epochs=3, validation=(X, Y), validation_freq=[1, 3])
    assert np.isnan(history["val_loss"]).tolist() == [False, True, False]
    still = optim.SGD((net := model(2)).parameters(), lr=0.0)
    options = {"validation": (X, Y), "validation_batch_size": 7, "validation_steps": 2}
    history = Trainer(net, still).fit(X, Y, epochs=1, **options)
    assert history["val_loss"][0] == pytest.approx(Trainer(net, still).evaluate(X[:14], Y[:14])["loss"])
    for options, error in (
        ({"validation_freq": 0}, ArgumentError), ({"validation_freq": []}, ArgumentError),
        ({"validation_freq": 1.5}, DTypeError), ({"validation_steps": 0}, ArgumentError),
        ({"validation_batch_size": 0}, ArgumentError),
    ):  # fmt: skip
        with pytest.raises(error):
            Trainer(net, still).fit(X, Y, epochs=1, validation=(X, Y), **options)
    with pytest.raises(ArgumentError, match="batch_size"):
        Trainer(net, still).fit(X, Y, epochs=1, validation=[(X, Y)], validation_batch_size=4)


def test_epochs_count_from_a_number():
    trainer = Trainer(model(2), "adam")
    assert trainer.fit(X, Y, epochs=5, initial_epoch=3).epochs == 2 and trainer.epoch == 5
    assert trainer.fit(X, Y, epochs=2, initial_epoch=0).epochs == 4 and trainer.epoch == 2
    with pytest.warns(UserWarning, match="7 epochs are done already"):
        trainer.fit(X, Y, epochs=5, initial_epoch=7)
    with pytest.raises(ArgumentError, match="initial_epoch"):
        trainer.fit(X, Y, epochs=5, initial_epoch=-1)

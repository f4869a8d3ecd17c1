"""Crafted files: whatever stands in a text, loading gives an object that works, or a FormatError.

Each text in a file is JSON. Every piece of it is replaced in turn by values of other kinds, removed, or
doubled, and the file gets a right checksum: this is what somebody does on purpose, not damage.
"""

import contextlib
import copy
import json
import random
import warnings

import numpy as np
import pytest

from tinygrad_cnn import manual_seed, nn, optim
from tinygrad_cnn.errors import FormatError, StateError, TinygradCnnError
from tinygrad_cnn.serial import load_content, save_tensors
from tinygrad_cnn.train import (
    EarlyStopping,
    History,
    LearningRate,
    TopK,
    Trainer,
    load_checkpoint,
    load_model,
    load_notes,
    load_trainer,
    save_model,
)

DRAWS = np.random.default_rng(3)
X, Y = DRAWS.standard_normal((8, 1, 4, 4)).astype("f4"), DRAWS.integers(0, 3, 8)
OTHERS = (None, True, -7, 2.5, 1e308, 10**400, "x", "", [], {}, [[]], {"x": 1}, 10**12, {"$tuple": 3},
          {"$tensor": "nowhere"}, {"$float": "nan"}, {"$items": [[[], 1]]}, [0] * 5)  # fmt: skip


def make():
    manual_seed(7)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.2, rng=1), nn.Flatten(), nn.Linear(8, 3)
    )
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    two = optim.SequentialLR(
        optimizer, [optim.LinearLR(optimizer, 0.1, total_iters=2), optim.StepLR(optimizer, 2)], [2]
    )
    rates = [
        LearningRate(two),
        LearningRate(optim.ReduceLROnPlateau(optimizer), monitor="val_loss", record=False),
    ]
    return Trainer(
        model, optimizer, nn.CrossEntropyLoss(np.array([1.0, 2.0, 3.0])), ("accuracy", TopK(2), "f1"),
        [*rates, EarlyStopping()],
    )  # fmt: skip


def fit(trainer, epochs):
    return trainer.fit(X, Y, epochs=epochs, batch_size=4, rng=9, validation=(X, Y))


def places(value, path=()):
    yield path
    inner = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, part in inner:
        yield from places(part, (*path, key))


def mutants(text, seed, count):
    """Texts with one piece changed, removed, doubled or renamed."""
    whole, rng = json.loads(text), random.Random(seed)
    spots = list(places(whole))[1:]
    for _ in range(count):
        changed = copy.deepcopy(whole)
        *above, last = rng.choice(spots)
        holder = changed
        for key in above:
            holder = holder[key]
        how = rng.randrange(10)
        if how == 0:
            del holder[last]
        elif how == 1 and isinstance(holder, list):
            holder.append(holder[last])
        elif how == 2 and isinstance(holder, dict):
            holder["other"] = holder.pop(last)
        else:
            holder[last] = copy.deepcopy(rng.choice(OTHERS))
        yield json.dumps(changed)


def tried(load, use):
    """Whether it loads; then it must work, too."""
    try:
        loaded = load()
    except (FormatError, StateError) as error:
        assert len(str(error)) < 3000 and "a.npz" in str(error), str(error)
        return False
    # What it describes need not fit the data below: then an error of the library says so.
    with warnings.catch_warnings(), contextlib.suppress(TinygradCnnError):
        warnings.simplefilter("ignore")
        use(loaded)
    return True


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "a.npz"
    trainer = make()
    fit(trainer, 2)
    save_model(path, trainer, classes=["a", "b"], pair=(1, {3: float("inf")}))
    return load_content(path)


NAMES = ("tinygrad_cnn.state", "tinygrad_cnn.text.training", "tinygrad_cnn.text.structure.model")


@pytest.mark.parametrize("name", NAMES)
def test_altered_texts_give_something_that_works_or_a_named_error(content, tmp_path, name):
    tensors, texts = content
    path = tmp_path / "a.npz"
    path.touch()
    refused = 0
    for text in mutants(texts[name], 1, 25):
        save_tensors(path, tensors, {**texts, name: text})
        used = [
            tried(lambda: load_model(path), lambda model: model.eval()(X)),
            tried(lambda: load_trainer(path, callbacks=[EarlyStopping()]), lambda t: fit(t, t.epoch + 1)
                  if t.epoch < 10**6 else None),
            tried(lambda: load_notes(path), len),
        ]  # fmt: skip
        trainer = make()
        before = (trainer.state_dict(), trainer.optimizer.state_dict(), trainer.model.state_dict())
        if not tried(lambda: trainer.load(path), lambda _: None):  # noqa: B023, called at once
            after = (trainer.state_dict(), trainer.optimizer.state_dict(), trainer.model.state_dict())
            np.testing.assert_equal(after, before)
            refused += 1
        refused += not all(used)
    assert refused > 8


def test_altered_histories(tmp_path):
    path = tmp_path / "a.npz"
    text = json.dumps({"train_loss": [2.5, 1.5], "val_loss": [None, "inf"]})
    for changed in mutants(text, 2, 100):
        path.write_text(changed)
        tried(lambda: History.load(path), lambda history: history.append({"train_loss": 1.0}))


def test_checkpoints_with_parts_of_another_kind(content, tmp_path):
    tensors, texts = content
    path = tmp_path / "a.npz"
    for text in mutants(texts[NAMES[0]], 3, 25):
        save_tensors(path, tensors, {**texts, NAMES[0]: text})
        tried(lambda: load_checkpoint(path, model=make().model), len)

"""What a user gets wrong is said clearly, before time is wasted, and nothing that was saved is lost."""

import warnings

import numpy as np
import pytest
from PIL import Image

from tinygrad_cnn import nn, optim
from tinygrad_cnn.data import Augmented, DataLoader, ImageFolder, Transform
from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError, ShapeError
from tinygrad_cnn.nn import models
from tinygrad_cnn.serial import load_tensors
from tinygrad_cnn.train import Callback, Checkpoint, NaNStop, Trainer, load_model

RNG = np.random.default_rng(0)
X, Y = RNG.random((12, 1, 4, 4), dtype="f4"), np.arange(12) % 3


def linear(features=16, classes=3):
    return nn.Sequential(nn.Flatten(), nn.Linear(features, classes))


class Count(Callback):
    """How many steps were taken, before the error."""

    steps = 0

    def on_batch_end(self, trainer, loss):
        self.steps += 1


def refused(error, says, *data, model=None, **options):
    """`fit` raises before the first step, and changes no weight."""
    model = model or linear()
    before = model.state_dict()
    count = Count()
    trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1), callbacks=[count])
    with pytest.raises(error, match=says) as caught:
        trainer.fit(*data, epochs=2, **options)
    assert count.steps == 0
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    return caught.value


def photographs(folder, *names, per_class=3, size=(9, 7)):
    for k, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for i in range(per_class):
            Image.new("RGB", size, (40 * k, 50 * i, 9)).save(folder / name / f"{i}.png")
    return folder


# --------------------------------------------------------------------------- folders
def test_a_wrong_data_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"ImageFolder: there is no such folder.*nowhere"):
        ImageFolder(tmp_path / "nowhere", 8)
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotADirectoryError, match="this is a file, not a folder"):
        ImageFolder(tmp_path / "file", 8)
    data = photographs(tmp_path / "data" / "train", "cat", "dog").parent
    photographs(data / "test", "cat", "dog")
    with pytest.raises(
        FormatError, match=r"expected one folder per class, found \['test', 'train'\], parts of"
    ):
        ImageFolder(data, 8)
    assert ImageFolder(data, 8, classes=["train", "test"]).classes == ["train", "test"]
    with pytest.raises(FormatError, match=r"train.cat: expected one folder per class, found 0.png, 1.png"):
        ImageFolder(data / "train" / "cat", 8)


def test_an_empty_class(tmp_path):
    photographs(tmp_path, "cat", "dog")
    (tmp_path / "fish").mkdir()
    with pytest.raises(FormatError, match=r"fish: expected at least one image \(.*\), found no file"):
        ImageFolder(tmp_path, 8)
    (tmp_path / "fish" / "notes.txt").write_text("none yet")
    with pytest.raises(FormatError, match=r"fish: expected at least one image .* found 1 other files"):
        ImageFolder(tmp_path, 8)


# --------------------------------------------------------------------------- labels
@pytest.mark.parametrize("wrong", [3, -1, 10])
def test_a_label_out_of_range_anywhere_in_the_data(wrong):
    labels = Y.copy()
    labels[-1] = wrong  # in the last batch
    says = f"labels of the train data, .* do not fit the model's 3 outputs.* label {wrong} is out"
    refused(ArgumentError, says, X, labels, batch_size=2, shuffle=False)
    refused(ArgumentError, says, DataLoader(Augmented(X, labels), 2))
    refused(ArgumentError, says.replace("train", "val"), X, Y, batch_size=2, validation=(X, labels))


def test_more_classes_in_the_folder_than_outputs(tmp_path):
    data = ImageFolder(photographs(tmp_path, "ant", "bee", "cat"), 4)
    says = "labels of the train data, 0 to 2, do not fit the model's 2 outputs"
    refused(ArgumentError, says, DataLoader(data, 2), model=linear(48, 2))


def test_labels_of_a_wrong_kind():
    refused(DTypeError, "labels have dtype float32, integers fit", X, Y.astype("f4"))
    refused(ShapeError, r"x \(12, 3\), labels \(12, 1\)", X, Y[:, None])
    refused(ShapeError, "of one length fit", X, Y[:5])
    refused(ArgumentError, "the data is empty", X[:0], Y[:0])


# --------------------------------------------------------------------------- images too small
SMALL = {
    "kernel": (
        nn.Sequential(nn.Sequential(nn.Conv2d(1, 2, 5))),
        (1, 3, 3),
        r"^0\.0: conv2d: .*covers 5×5 .*only 3×3",
    ),
    "LeNet-5": (models.lenet5(), (1, 28, 28), "^c5: conv2d: .*covers 5×5 pixels .*only 4×4"),
    "VGG": (models.thin_vgg(), (1, 16, 16), r"^features\.\d+: max_pool2d: .*covers 2×2 pixels .*only 1×1"),
    "SimpleConvNet": (
        models.simple_convnet(),
        (1, 20, 20),
        "^4: linear: x has 1920 features, w expects 4320",
    ),
    "pooling": (
        nn.Sequential(nn.AvgPool2d(2), nn.AvgPool2d(3)),
        (1, 4, 4),
        "^1: avg_pool2d: .*3×3 .*only 2×2",
    ),
    "border": (nn.Sequential(nn.ReflectionPad2d(3)), (1, 2, 2), r"^0: ReflectionPad2d: .*at most 1 fits"),
}


@pytest.mark.parametrize("name", SMALL)
def test_an_image_too_small_for_the_network_names_layer_and_size(name):
    model, shape, says = SMALL[name]
    with pytest.raises(ShapeError, match=says):
        model(np.zeros((2, *shape), "f4"))


def test_validation_images_of_another_size_are_refused_before_training():
    error = refused(ShapeError, "1: linear: x has 25 features, w expects 16", X, Y,
                    validation=(np.ones((4, 1, 5, 5), "f4"), np.zeros(4, int)))  # fmt: skip
    assert "in the first sample of the validation data 'val' of fit, before training" in error.__notes__


def test_looking_at_validation_data_moves_no_generator(tmp_path):
    """With a rehearsal or without (an iterable, which is not looked at), weights are the same."""
    made = []
    data = DataLoader((X, Y), 4, shuffle=True, rng=3)
    for validation in (data, [(X, Y)]):
        model = nn.Sequential(nn.Flatten(), nn.Dropout(0.5, rng=1), nn.Linear(16, 3, rng=2))
        trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
        trainer.fit(X, Y, epochs=2, rng=5, validation=validation)
        made.append(model.state_dict())
    np.testing.assert_equal(*made)


# --------------------------------------------------------------------------- NaN
def test_nan_in_the_data():
    bad = X.copy()
    bad[7, 0, 1, 1] = np.nan
    refused(ArgumentError, "fit: x holds NaN or infinity, first in sample 7; clean the data first", bad, Y)
    refused(
        ArgumentError, "fit: val: x holds NaN or infinity, first in sample 7", X, Y, validation=(bad, Y)
    )
    refused(
        ArgumentError, "fit: x of a batch holds NaN or infinity, first in sample 1", [(bad[6:9], Y[6:9])]
    )


def test_nan_from_a_transform(tmp_path):
    class Log(Transform):
        def apply(self, image, rng):
            with np.errstate(divide="ignore"):
                return np.log(image)

    data = ImageFolder(photographs(tmp_path, "cat", "dog"), 4, transform=Log())
    refused(ArgumentError, "x of a batch holds NaN or infinity", DataLoader(data, 2), model=linear(48, 2))


def diverging(folder, *more, **options):
    """A training whose weights are NaN from the second epoch on, and that saves."""
    model = linear()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    class Spoil(Callback):
        def on_epoch_begin(self, trainer):
            if trainer.epoch == 1:
                optimizer.param_groups[0]["lr"] = 1e38

    return Trainer(model, optimizer, callbacks=[Spoil(), *more, Checkpoint(folder, **options)])


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
@pytest.mark.parametrize("options", [{}, {"every_batches": 1}, {"best": "val_loss", "every": 1}])
def test_a_loss_that_becomes_nan_is_told_once_and_spoils_no_file(tmp_path, options):
    trainer = diverging(tmp_path, **options)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trainer.fit(X * 1e4, Y, epochs=6, batch_size=4, rng=0, validation=(X, Y))
    told = [str(w.message) for w in caught if issubclass(w.category, RuntimeWarning)]
    losses = [text for text in told if "the loss is" in text]
    assert len(losses) == 1 and "NaNStop() stops before that" in losses[0]
    kept = [text for text in told if text.startswith("Checkpoint: 1.weight holds NaN or infinity")]
    assert len(kept) == 1 and "stay as they were" in kept[0]
    assert not all(np.isfinite(p.numpy()).all() for p in trainer.model.parameters())
    for path in tmp_path.iterdir():
        assert all(np.isfinite(p.numpy()).all() for p in load_model(path).parameters())
    assert (tmp_path / "last.safetensors").exists()


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_nan_stop_ends_before_the_weights_and_keeps_the_files(tmp_path):
    trainer = diverging(tmp_path, NaNStop())
    with pytest.warns(RuntimeWarning, match="NaNStop: the loss is .* of epoch 2"):
        trainer.fit(X * 1e4, Y, epochs=6, batch_size=4, rng=0)
    assert trainer.epoch == 1 and trainer.history.epochs == 1
    saved = load_tensors(tmp_path / "last.safetensors")
    assert np.isfinite(saved["model.1.weight"]).all()

"""Datasets, loaders, the 8×8 digits, and MNIST from small files made here."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn
from tinygrad_cnn.data import ArrayDataset, DataLoader, Dataset, digits, mnist, split, write_idx
from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError, MissingExtraError, ShapeError


# --------------------------------------------------------------------------- ArrayDataset
def test_array_dataset_indexes_all_arrays_alike():
    x, y = np.arange(12.0).reshape(4, 3), np.arange(4)
    data = ArrayDataset(x, y)
    assert len(data) == 4 and isinstance(data, Dataset)
    for index in (2, -1, np.int64(1), slice(1, 3), [3, 0], np.array([1, 1]), x[:, 0] > 2):
        rows, labels = data[index]
        assert np.array_equal(rows, x[index]) and np.array_equal(labels, y[index])
    assert data[[]][0].shape == (0, 3)
    assert [int(label) for _, label in data] == [0, 1, 2, 3]
    assert repr(data) == "ArrayDataset((4, 3) float64, (4,) int64)"


@pytest.mark.parametrize(
    "arrays", [(), (np.zeros(3), np.zeros(4)), (np.float32(1),), (np.zeros(1), np.ones(()))]
)
def test_array_dataset_refuses_arrays_that_do_not_match(arrays):
    with pytest.raises(ShapeError, match=r"ArrayDataset: .*got shapes"):
        ArrayDataset(*arrays)


def test_array_dataset_refuses_what_is_no_number_and_no_index():
    with pytest.raises(DTypeError, match="object"):
        ArrayDataset(np.array([None, 1]))
    for index in ((0, 1), True, 1.0, "a", None):
        with pytest.raises(DTypeError, match="ArrayDataset: an int, a slice"):
            ArrayDataset(np.zeros((3, 3)))[index]
    with pytest.raises(IndexError):
        ArrayDataset(np.zeros(3))[3]


# --------------------------------------------------------------------------- split
@given(
    size=st.integers(2, 200), fraction=st.floats(0.01, 0.99), seed=st.integers(0, 9), stratify=st.booleans()
)
def test_split_puts_every_sample_in_one_part(size, fraction, seed, stratify):
    data = ArrayDataset(np.arange(size), np.arange(size) % 3)
    held_back = int(np.floor(size * fraction + 0.5 + 1e-9))
    if not 0 < held_back < size:
        with pytest.raises(ArgumentError, match="both parts"):
            split(data, fraction, seed, stratify=stratify)
        return
    train, test = split(data, fraction, seed, stratify=stratify)
    assert len(test) == held_back
    assert sorted([*train.arrays[0], *test.arrays[0]]) == list(range(size))
    for part in (train, test):
        assert np.array_equal(part.arrays[0] % 3, part.arrays[1])


@given(st.lists(st.integers(0, 4), min_size=2, max_size=120), st.floats(0.1, 0.9), st.integers(0, 5))
def test_stratified_split_gives_each_class_its_share(labels, fraction, seed):
    labels = np.array(labels)
    size = np.floor(len(labels) * fraction + 0.5 + 1e-9)
    if not 0 < size < len(labels):
        return
    _, test = split(ArrayDataset(labels), fraction, seed, stratify=True)
    for label in set(labels):
        share = np.sum(labels == label) * fraction
        assert abs(np.sum(test.arrays[0] == label) - share) < 1 + 1e-6


def test_a_half_sample_is_held_back_whatever_floats_make_of_it():
    assert 0.7 * 45 < 31.5
    assert len(split(ArrayDataset(np.arange(45)), 0.7, 0)[1]) == 32


def test_split_is_fixed_by_its_seed_and_shuffles():
    data = ArrayDataset(np.arange(100))
    first, again, other = (split(data, 0.3, seed)[0].arrays[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, np.sort(first))


def test_split_refuses_bad_fractions_and_labels():
    for fraction in (0, 1, -0.5, 1.5, float("nan"), 0.01):
        with pytest.raises(ArgumentError, match="test_fraction"):
            split(ArrayDataset(np.arange(10)), fraction)
    with pytest.raises(DTypeError, match="test_fraction must be a number"):
        split(ArrayDataset(np.arange(10)), "0.5")
    with pytest.raises(ShapeError, match="stratify"):
        split(ArrayDataset(np.zeros((10, 2))), 0.5, stratify=True)


# --------------------------------------------------------------------------- DataLoader
class Squares:
    """A dataset that is not an ArrayDataset: a pair of an array and a Python number."""

    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return np.full(2, index, np.float32), index * index


@given(
    size=st.integers(0, 60), batch_size=st.integers(1, 70), shuffle=st.booleans(), drop_last=st.booleans(),
    seed=st.integers(0, 99), kind=st.sampled_from(["arrays", "dataset", "items"]),
)  # fmt: skip
def test_an_epoch_gives_every_sample_once_in_batches_of_the_right_size(
    size, batch_size, shuffle, drop_last, seed, kind
):
    arrays = np.repeat(np.arange(size, dtype=np.float32)[:, None], 2, axis=1), np.arange(size) ** 2
    dataset = {"arrays": arrays, "dataset": ArrayDataset(*arrays), "items": Squares(size)}[kind]
    loader = DataLoader(dataset, batch_size, shuffle=shuffle, drop_last=drop_last, rng=seed)
    for _ in range(2):
        batches = list(loader)
        assert len(batches) == len(loader)
        sizes = [len(rows) for rows, _ in batches]
        whole, rest = divmod(size, batch_size)
        assert sizes == [batch_size] * whole + ([rest] if rest and not drop_last else [])
        for rows, labels in batches:
            assert rows.shape == (len(labels), 2) and rows.dtype == np.float32
            assert np.array_equal(rows[:, 0] ** 2, labels)
        seen = [int(row[0]) for rows, _ in batches for row in rows]
        assert len(set(seen)) == len(seen) == sum(sizes)
        if not drop_last:
            assert set(seen) == set(range(size))
        if not shuffle:
            assert seen == list(range(len(seen)))


def orders(loader, epochs=4):
    return [np.concatenate([batch[0] for batch in loader]).tolist() for _ in range(epochs)]


def test_the_seed_fixes_the_orders_of_all_epochs_and_each_epoch_is_new():
    first = orders(DataLoader(np.arange(50), 7, shuffle=True, rng=3))
    assert first == orders(DataLoader(np.arange(50), 7, shuffle=True, rng=3))
    assert first == orders(DataLoader(np.arange(50), 7, shuffle=True, rng=np.random.default_rng(3)))
    assert first != orders(DataLoader(np.arange(50), 7, shuffle=True, rng=4))
    assert len({tuple(order) for order in first}) == 4
    # The order does not depend on how it is cut into batches.
    assert first == orders(DataLoader(np.arange(50), 50, shuffle=True, rng=3))


def test_without_a_seed_manual_seed_decides_even_after_the_loader_was_made():
    loader = DataLoader(np.arange(50), 7, shuffle=True)
    tinygrad_cnn.manual_seed(5)
    first = orders(loader)
    tinygrad_cnn.manual_seed(5)
    assert first == orders(loader)


def test_an_epoch_can_be_resumed_from_the_state_of_the_generator():
    loader = DataLoader(np.arange(50), 7, shuffle=True, rng=3)
    orders(loader, 2)
    state = loader.rng.bit_generator.state
    following = orders(loader, 2)
    resumed = DataLoader(np.arange(50), 7, shuffle=True, rng=0)
    resumed.rng.bit_generator.state = state
    assert orders(resumed, 2) == following


@pytest.mark.parametrize("shuffle", [False, True])
def test_writing_to_a_batch_changes_no_sample(shuffle):
    x = np.ones((6, 2))
    for (batch,) in DataLoader(x, 3, shuffle=shuffle, rng=0):
        batch[...] = 7
    assert np.array_equal(x, np.ones((6, 2)))


def test_samples_that_are_one_value_or_python_numbers_are_stacked():
    (batch,) = DataLoader([0.5, 1.5], 2)
    assert batch[0].dtype == np.float32 and batch[0].tolist() == [0.5, 1.5]
    (batch,) = DataLoader([np.float64(0.5), np.float64(1.5)], 2)
    assert batch[0].dtype == np.float64
    (batch,) = DataLoader([(np.zeros(2), 1), (np.ones(2), 2)], 2)
    assert batch[0].shape == (2, 2) and batch[1].tolist() == [1, 2]


@pytest.mark.parametrize("samples", [[np.zeros(2), np.zeros(3)], [(1, 2), (3,)]])
def test_samples_that_do_not_match_are_refused(samples):
    with pytest.raises(ShapeError, match="DataLoader: the samples"):
        list(DataLoader(samples, 2))


def test_loader_checks_its_arguments():
    x = np.zeros(4)
    for bad in (0, -3):
        with pytest.raises(ArgumentError, match=f"DataLoader: batch_size must be at least 1, got {bad}"):
            DataLoader(x, bad)
    for bad in (1.0, True, "2", None):
        with pytest.raises(DTypeError, match="DataLoader: batch_size must be an integer"):
            DataLoader(x, bad)
    with pytest.raises(DTypeError, match="shuffle"):
        DataLoader(x, 2, shuffle=1)
    with pytest.raises(DTypeError, match="drop_last"):
        DataLoader(x, 2, drop_last="no")
    with pytest.raises(DTypeError, match="rng"):
        DataLoader(x, 2, rng="seed")
    with pytest.raises(DTypeError, match="got int"):
        DataLoader(3)
    with pytest.raises(ShapeError, match=r"\(3,\), \(4,\)"):
        DataLoader((np.zeros(3), x))


# --------------------------------------------------------------------------- digits
def test_digits_are_the_1797_real_ones_in_two_parts():
    train, test = digits()
    for part in (train, test):
        images, labels = part.arrays
        assert images.shape[1:] == (1, 8, 8) and images.dtype == np.float32
        assert images.min() == 0 and images.max() == 1
        assert labels.shape == (len(images),) and labels.dtype == np.int64
    assert (len(train), len(test)) == (1348, 449)
    counts = np.bincount(np.concatenate([train.arrays[1], test.arrays[1]]))
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert np.all(np.abs(np.bincount(test.arrays[1]) - counts / 4) < 1)
    # No image of the held-back part was put in the training part (the source repeats none).
    rows = {image.tobytes() for part in (train, test) for image in part.arrays[0]}
    assert len(rows) == 1797


def test_digits_are_fixed_by_the_seed():
    first, again, other = (digits(rng)[1].arrays for rng in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    assert len(digits(test_fraction=0.1)[1]) == 180
    with pytest.raises(ArgumentError):
        digits(test_fraction=2)


def test_digits_without_scikit_learn_say_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tinygrad-cnn\[data\]'"):
        digits()


# --------------------------------------------------------------------------- MNIST
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 28, 28), dtype=np.uint8)
LABELS = np.array([5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5], np.uint8)


def make(folder, images=IMAGES, labels=LABELS, mark="-", end=""):
    for part, count in (("train", 12), ("t10k", 5)):
        write_idx(folder / f"{part}-images{mark}idx3-ubyte{end}", images[:count])
        write_idx(folder / f"{part}-labels{mark}idx1-ubyte{end}", labels[:count])
    return folder


@pytest.mark.parametrize("mark", ["-", "."])
@pytest.mark.parametrize("end", ["", ".gz"])
def test_mnist_reads_every_usual_name(tmp_path, mark, end):
    make(tmp_path, mark=mark, end=end)
    images, labels = mnist(tmp_path).arrays
    assert images.shape == (12, 1, 28, 28) and images.dtype == np.float32
    assert np.array_equal(images[:, 0], IMAGES.astype(np.float32) / np.float32(255))
    assert images.min() == 0 and images.max() == 1
    assert labels.dtype == np.int64 and np.array_equal(labels, LABELS)
    assert len(mnist(str(tmp_path), train=False)) == 5


def test_mnist_options(tmp_path):
    make(tmp_path)
    raw, _ = mnist(tmp_path, normalize=False).arrays
    assert raw.dtype == np.uint8 and np.array_equal(raw[:, 0], IMAGES)
    flat, rows = mnist(tmp_path, flatten=True, one_hot=True).arrays
    assert flat.shape == (12, 784) and np.array_equal(flat[3], mnist(tmp_path)[3][0].ravel())
    assert rows.shape == (12, 10) and rows.dtype == np.float32
    assert np.array_equal(rows.argmax(1), LABELS) and np.array_equal(rows.sum(1), np.ones(12))


def test_mnist_names_the_files_that_are_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no such folder.*absent"):
        mnist(tmp_path / "absent")
    with pytest.raises(FileNotFoundError, match="found nothing"):
        mnist(tmp_path)
    write_idx(tmp_path / "train-images-idx3-ubyte", IMAGES)
    with pytest.raises(FileNotFoundError) as caught:
        mnist(tmp_path)
    for part in (
        "train-labels-idx1-ubyte",
        "train-labels.idx1-ubyte.gz",
        "train-images-idx3-ubyte",
        str(tmp_path),
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("images", "labels", "name", "words"),
    [
        (LABELS, LABELS, "images-idx3", "expected images, magic number 0x00000803.*found 0x00000801"),
        (IMAGES, IMAGES, "labels-idx1", "expected labels, magic number 0x00000801.*found 0x00000803"),
        (IMAGES.astype(np.float32), LABELS, "images-idx3", "0x00000803 .*found 0x00000d03"),
        (IMAGES[:, :27], LABELS, "images-idx3", r"\(28, 28\) pixels, found \(27, 28\)"),
        (IMAGES, LABELS + 5, "labels-idx1", "from 0 to 9, found 10 at 0"),
        (IMAGES, LABELS[:11], "labels-idx1", "expected 12 labels.*found 11"),
    ],
)
def test_mnist_refuses_files_that_are_not_what_their_names_say(tmp_path, images, labels, name, words):
    make(tmp_path, images, labels)
    with pytest.raises(FormatError, match=words) as caught:
        mnist(tmp_path)
    assert str(caught.value).startswith(str(tmp_path / f"train-{name}-ubyte"))

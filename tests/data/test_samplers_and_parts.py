"""Samplers, parts of datasets, samples of any form, streams, and worker processes."""

import random
from collections import Counter, namedtuple

import numpy as np
import pytest
from PIL import Image

from tinygrad_cnn import Tensor, manual_seed, nn, optim
from tinygrad_cnn.data import (
    ArrayDataset,
    Augmented,
    BatchSampler,
    ConcatDataset,
    DataLoader,
    HorizontalFlip,
    ImageFolder,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    StreamedDataset,
    Subset,
    SubsetRandomSampler,
    WeightedRandomSampler,
    default_collate,
    get_worker_info,
    random_split,
    split,
)
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.train import Trainer

Point = namedtuple("Point", "x y")


def folder(path, count=4):
    for k, name in enumerate(("cat", "dog", "emu")):
        (path / name).mkdir()
        for n in range(count):
            Image.new("L", (4, 4), 80 * k + n).save(path / name / f"{n}.png")
    return ImageFolder(path, 4, 1, workers=2)


# --------------------------------------------------------------------------- samplers
def test_samplers_give_each_index_as_they_promise():
    assert list(SequentialSampler(range(4))) == [0, 1, 2, 3]
    sampler = RandomSampler(range(50), rng=0)
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(50)) and first != second
    assert list(RandomSampler(range(50), rng=0)) == first
    drawn = list(RandomSampler(range(3), replacement=True, num_samples=300, rng=0))
    assert len(drawn) == 300 and min(Counter(drawn).values()) > 60
    assert sorted(SubsetRandomSampler([3, 9, 4], rng=1)) == [3, 4, 9]
    manual_seed(5)
    one = list(RandomSampler(range(20)))
    manual_seed(5)
    assert list(RandomSampler(range(20))) == one


def test_weights_decide_how_often_an_index_comes():
    counts = Counter(WeightedRandomSampler([1, 0, 3], 4000, rng=0))
    assert set(counts) == {0, 2} and abs(counts[2] / 4000 - 0.75) < 0.03
    assert sorted(WeightedRandomSampler(Tensor([0.5, 0.25, 0.0, 9.0]), 3, False, rng=0)) == [0, 1, 3]
    for weights in ([], [-1.0, 2.0], [0.0, 0.0], [np.nan, 1.0]):
        with pytest.raises(ArgumentError, match="WeightedRandomSampler: weights"):
            WeightedRandomSampler(np.array(weights), 1)
    with pytest.raises(ArgumentError, match="3 samples without replacement, but 2 weights"):
        WeightedRandomSampler([1, 1, 0], 3, replacement=False)
    with pytest.raises(DTypeError, match="weights"):
        WeightedRandomSampler(["a"], 1)


def test_a_loader_takes_samplers():
    data = np.arange(10)

    class Backwards(Sampler):
        def __iter__(self):
            return iter(range(9, -1, -1))

        def __len__(self):
            return 10

    def batches(**options):
        return [batch.tolist() for (batch,) in DataLoader(data, **options)]

    assert batches(batch_size=4, sampler=Backwards()) == [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]]
    assert len(DataLoader(data, 4, sampler=[1, 2, 3, 4, 5], drop_last=True)) == 1
    assert batches(batch_sampler=BatchSampler(Backwards(), 6)) == [[9, 8, 7, 6, 5, 4], [3, 2, 1, 0]]
    assert batches(batch_sampler=[[1], [2, 3]], prefetch=2) == [[1], [2, 3]]
    own = {"batch_sampler": [[1]]}
    for options in ({"shuffle": True, "sampler": [1]}, {"sampler": [1], **own}, {**own, "batch_size": 2},
                    {**own, "drop_last": True}):  # fmt: skip
        with pytest.raises(ArgumentError, match="exclude"):
            DataLoader(data, **options)
    with pytest.raises(DTypeError, match="sampler must give indices"):
        DataLoader(data, sampler=3)


def test_a_training_with_a_sampler_goes_on_where_it_was(tmp_path):
    x, y = np.random.default_rng(0).standard_normal((12, 3)).astype("f4"), np.arange(12) % 3

    def make():
        manual_seed(1)
        model = nn.Linear(3, 3)
        return Trainer(model, optim.SGD(model.parameters(), lr=0.1))

    def loader():
        return DataLoader((x, y), 4, sampler=WeightedRandomSampler(np.ones(12), 12, rng=3))

    whole, half = make(), make()
    whole.fit(loader(), epochs=4)
    half.fit(loader(), epochs=2)
    half.save(tmp_path / "a.npz")
    again = make()
    again.load(tmp_path / "a.npz")
    again.fit(loader(), epochs=4)
    np.testing.assert_equal(again.model.state_dict(), whole.model.state_dict())


# --------------------------------------------------------------------------- parts
def test_a_subset_has_some_samples_and_copies_none():
    data = ArrayDataset(np.arange(10.0), np.arange(10))
    part = Subset(data, [7, -1, 2])
    assert len(part) == 3 and part[1] == (9.0, 9) and [int(y) for _, y in part] == [7, 9, 2]
    assert [int(y) for _, y in part[1:]] == [9, 2] and "3 of 10 samples" in repr(part)
    for bad, error in (([10], IndexError), ([-11], IndexError), ([1.5], DTypeError), ([[1]], DTypeError)):
        with pytest.raises(error, match="Subset"):
            Subset(data, bad)
    with pytest.raises(DTypeError, match=r"got .*int"):
        Subset(3, [0])
    (batch, _), *_ = DataLoader(part, 2)
    assert batch.tolist() == [7.0, 9.0]


def test_datasets_one_after_the_other():
    both = ConcatDataset([ArrayDataset(np.arange(3)), ArrayDataset(np.arange(10, 12))])
    assert [int(one[0]) for one in (both[0], both[2], both[3], both[-1])] == [0, 2, 10, 11]
    assert sum(len(batch) for (batch,) in DataLoader(both, 2, shuffle=True, rng=0)) == 5
    for bad in (5, -6):
        with pytest.raises(IndexError, match="out of range for 5"):
            both[bad]
    with pytest.raises(ArgumentError, match="got none"):
        ConcatDataset([])
    with pytest.raises(DTypeError, match="int among them"):
        ConcatDataset([3])


def test_random_split_by_numbers_and_by_shares():
    for lengths, counts in (([7, 3], [7, 3]), ([0.5, 0.25, 0.25], [6, 2, 2]), ([10], [10]), ([1.0], [10])):
        parts = random_split(range(10), lengths, rng=0)
        assert [len(part) for part in parts] == counts
        assert sorted(i for part in parts for i in part) == list(range(10))
    for bad in ([5, 4], [0.5, 0.4], [], [1.5, -0.5]):
        with pytest.raises(ArgumentError, match="random_split"):
            random_split(range(10), bad)


@pytest.mark.parametrize("stratify", [False, True])
def test_a_folder_of_images_is_split_sliced_and_subset_like_any_other(tmp_path, stratify):
    data = folder(tmp_path)
    train, test = split(data, 0.25, rng=0, stratify=stratify)
    assert (len(train), len(test)) == (9, 3) and train.classes == data.classes
    if stratify:
        assert sorted(test.labels.tolist()) == [0, 1, 2]
    seen = [int(y) for part in (train, test) for _, labels in DataLoader(part, 2) for y in labels]
    assert sorted(seen) == [0] * 4 + [1] * 4 + [2] * 4 and data.epoch == 0 and train.epoch == 1
    parts = [
        (data[2:6], [0, 0, 1, 1]), (data[[0, -1]], [0, 2]), (data[data.labels == 1], [1] * 4),
        (Subset(data, [5, 0]), [1, 0]), (data[2:6][1:3], [0, 1]), (data[[]], []),
    ]  # fmt: skip
    for part, labels in parts:
        assert isinstance(part, StreamedDataset) and part.labels.tolist() == labels
        assert [int(part[k][1]) for k in range(len(part))] == labels
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
    trainer.fit(train, epochs=1, validation=test)
    with pytest.raises(IndexError):
        Subset(data, [12])


def test_images_in_memory_are_split_with_their_transform():
    data = Augmented(np.zeros((8, 1, 2, 2), "f4"), np.arange(8) % 2, transform=HorizontalFlip(), seed=3)
    train, test = split(data, 0.25, rng=0, stratify=True)
    assert train.transform is data.transform and sorted(test.labels) == [0, 1]
    with pytest.raises(ShapeError, match="stratify needs labels"):
        split([1, 2, 3, 4], 0.5, stratify=True)
    assert len(split([1, 2, 3, 4], 0.5, rng=0)[0]) == 2
    with pytest.raises(DTypeError, match="split: a dataset"):
        split(3, 0.5)


# --------------------------------------------------------------------------- samples of any form
def test_samples_are_put_together_as_they_are_nested():
    samples = [
        {"image": np.full((2, 2), k, "f4"), "name": f"n{k}", "boxes": (k, [1.0, k]), "point": Point(k, 0.5),
         "list": [np.zeros(3), k], "tensor": Tensor([float(k)]), "deep": {"flag": True}} for k in (1, 2)
    ]  # fmt: skip
    made = default_collate(samples)
    assert made["image"].shape == (2, 2, 2) and made["name"] == ["n1", "n2"]
    assert made["boxes"][0].tolist() == [1, 2] and made["boxes"][1].shape == (2, 2)
    assert isinstance(made["point"], Point) and made["point"].y.dtype == np.float32
    assert made["list"][0].shape == (2, 3) and made["list"][1].tolist() == [1, 2]
    assert made["tensor"].shape == (2, 1) and made["deep"]["flag"].dtype == bool
    (batch,) = DataLoader(samples, 2)
    assert batch["name"] == ["n1", "n2"]
    for bad in (
        [{"a": 1}, {"b": 1}],
        [(1, 2), (1,)],
        [object(), object()],
        [{"a": None}],
        [[None], [None]],
    ):
        with pytest.raises((ShapeError, DTypeError), match="DataLoader: "):
            default_collate(bad)


def test_a_collate_function_of_ones_own():
    def padded(samples):
        longest = max(map(len, samples))
        return np.array([list(s) + [0] * (longest - len(s)) for s in samples]), [len(s) for s in samples]

    found = list(DataLoader([[1], [2, 3], [4]], 2, collate_fn=padded))
    assert found[0][0].tolist() == [[1, 0], [2, 3]] and found[1][1] == [1]


# --------------------------------------------------------------------------- streams
class Numbers(IterableDataset):
    def __init__(self, count):
        self.count = count

    def __iter__(self):
        info = get_worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        return ((np.float32(k), k % 2) for k in range(first, self.count, step))


def test_a_stream_is_gone_through():
    loader = DataLoader(Numbers(5), 2)
    assert [x.tolist() for x, _ in loader] == [[0, 1], [2, 3], [4]] == [x.tolist() for x, _ in loader]
    assert [len(x) for x, _ in DataLoader(Numbers(5), 2, drop_last=True, prefetch=2)] == [2, 2]
    with pytest.raises(TypeError, match="Numbers has no length"):
        len(loader)
    for options in ({"shuffle": True}, {"sampler": [1]}):
        with pytest.raises(ArgumentError, match="a stream has an order of its own"):
            DataLoader(Numbers(5), **options)


def test_a_stream_is_trained_on():
    model = nn.Sequential(nn.Unflatten(0, (-1, 1)), nn.Linear(1, 2))
    trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.01))
    assert trainer.fit(DataLoader(Numbers(6), 2), epochs=2).epochs == 2 and trainer.steps is None
    trainer.fit(Numbers(6), epochs=3, batch_size=3, validation=Numbers(4))


# --------------------------------------------------------------------------- processes
class Drawing:
    """Draws from everything that it can."""

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def __len__(self):
        return 9

    def __getitem__(self, index):
        draws = (
            self.rng.random(),
            np.random.random(),
            random.random(),
            nn.init.uniform_(Tensor([0.0])).item(),
        )
        return (index, *draws)


class Failing(Drawing):
    def __getitem__(self, index):
        if index == 5:
            raise KeyError("sample five")
        return index


def test_processes_give_the_same_whatever_their_number_and_no_two_draw_alike():
    def all_of(workers, epochs=2):
        loader = DataLoader(Drawing(), 2, shuffle=True, rng=4, num_workers=workers)
        return [[field.tolist() for field in batch] for _ in range(epochs) for batch in loader]

    one, three = all_of(1), all_of(3)
    assert one == three
    for k in range(1, 5):
        drawn = [number for batch in one for number in batch[k]]
        assert len(set(drawn)) == len(drawn) == 18


def test_processes_go_through_streams_and_tell_who_they_are():
    found = [x.tolist() for x, _ in DataLoader(Numbers(7), 2, num_workers=2)]
    assert found == [[0, 2], [1, 3], [4, 6], [5]] and get_worker_info() is None


def test_an_error_in_a_process_comes_in_place_of_its_batch():
    batches = iter(DataLoader(Failing(), 2, num_workers=2))
    assert [next(batches)[0].tolist() for _ in range(2)] == [[0, 1], [2, 3]]
    with pytest.raises(KeyError, match="sample five"):
        next(batches)


def test_a_loader_with_processes_can_be_left(tmp_path):
    batches = iter(DataLoader(Drawing(), 1, num_workers=2))
    next(batches)
    batches.close()
    with pytest.raises(ArgumentError, match="makes its batches itself"):
        DataLoader(folder(tmp_path), num_workers=2)


def test_reprs_say_what_they_are():
    loader = DataLoader((np.zeros((4, 2)), np.arange(4)), 2, shuffle=True, prefetch=2)
    assert (
        repr(loader)
        == "DataLoader(ArrayDataset((4, 2) float64, (4,) int64), batch_size=2, shuffle=True, \
prefetch=2)"
    )
    assert repr(DataLoader(Drawing(), 3)) == "DataLoader(Drawing, batch_size=3)"
    assert repr(WeightedRandomSampler([1.0], 3)) == "WeightedRandomSampler(num_samples=3, replacement=True)"


@pytest.mark.parametrize(
    "given", [[0.0, 1.7], [True, False], np.array([True, False]), ["a"], [None], [[0, 1]]]
)
def test_what_is_no_index_is_refused(given: object) -> None:
    for options in ({"batch_size": 2, "sampler": given}, {"batch_sampler": [given]}):
        with pytest.raises(DTypeError, match="a sampler gives indices, which are integers"):
            list(DataLoader(np.arange(4.0), **options))


def test_an_array_of_indices_is_a_sampler_and_one_out_of_range_is_told_of() -> None:
    ((batch,),) = DataLoader(np.arange(4.0), 2, sampler=np.array([3, 1]))
    assert batch.tolist() == [3, 1]
    with pytest.raises(IndexError, match="ArrayDataset: index 9"):
        list(DataLoader(np.arange(4.0), 2, sampler=[0, 9]))


def test_masked_elements_are_no_samples() -> None:
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    with pytest.raises(DTypeError, match="masked elements"):
        ArrayDataset(masked)
    with pytest.raises(DTypeError, match="a sample holds an array with masked elements"):
        default_collate([masked, masked])

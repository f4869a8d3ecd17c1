"""Image files, folders of them, and augmentation: right for every kind of file, the same in every run."""

import itertools
import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import viz
from tinygrad_cnn import Tensor
from tinygrad_cnn.data import (
    Augmented,
    CenterCrop,
    Compose,
    DataLoader,
    Geometric,
    HorizontalFlip,
    ImageFolder,
    Normalize,
    RandomCrop,
    Rescale,
    Rotation,
    Shear,
    Shift,
    StreamedDataset,
    Transform,
    Zoom,
    load_image,
)
from tinygrad_cnn.data.affine import resample
from tinygrad_cnn.data.worker_threads import in_order
from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError, MissingExtraError, ShapeError

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

RGB = np.array(
    [[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[0, 0, 0], [255, 255, 255], [51, 102, 153]]], "u1"
)
PLANES = (RGB / np.float32(255)).transpose(2, 0, 1)
GREY = np.array([[0, 51, 255], [102, 153, 204]], "u1")


@pytest.fixture(autouse=True)
def no_thread_stays():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def tree(folder: Path, counts: dict[str, int], side: int = 12) -> Path:
    """One folder per class, with photographs of noise."""
    rng = np.random.default_rng(0)
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for k in range(count):
            noise = rng.integers(0, 256, (side, side + 3, 3), dtype=np.uint8)
            Image.fromarray(noise).save(folder / name / f"{k:03}.png")
    return folder


# --------------------------------------------------------------------------- one file
@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tiff", "a.ppm", "a.webp"])
def test_rgb_files_come_exactly(tmp_path, name):
    Image.fromarray(RGB).save(tmp_path / name, **({"lossless": True} if name == "a.webp" else {}))
    found = load_image(tmp_path / name)
    assert found.dtype == np.float32 and found.flags.c_contiguous and found.flags.writeable
    assert np.array_equal(found, PLANES)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_grey_palette_and_two_valued_files(tmp_path, channels):
    path = tmp_path / "a.png"
    for mode, expected in (("L", GREY), ("P", GREY), ("1", np.where(GREY > 127, 255, 0))):
        image = Image.fromarray(GREY)
        (image.convert("1", dither=Image.Dither.NONE) if mode == "1" else image.convert(mode)).save(path)
        found = load_image(path, channels=channels)
        assert found.shape == (channels, 2, 3)
        for plane in found[:3]:
            assert np.allclose(plane, expected / np.float32(255), atol=1e-7)
        assert (found[3:] == 1).all()


def test_grey_of_colours_is_luma(tmp_path):
    Image.fromarray(RGB).save(tmp_path / "a.png")
    grey = load_image(tmp_path / "a.png", channels=1)
    assert np.allclose(grey[0], np.tensordot([0.299, 0.587, 0.114], PLANES, 1), atol=1 / 255)


def test_sixteen_bits_and_floats_are_not_cut_off(tmp_path):
    deep = np.array([[0, 65535], [257, 32896]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "a.png")
    assert np.allclose(load_image(tmp_path / "a.png"), deep / 65535, atol=1e-7)
    assert load_image(tmp_path / "a.png", (4, 3), 1).shape == (1, 4, 3)
    Image.fromarray(np.float32([[0, 0.25], [0.5, 1]])).save(tmp_path / "a.tiff")
    assert load_image(tmp_path / "a.tiff", channels=4)[:, 1, 0].tolist() == [0.5, 0.5, 0.5, 1]
    Image.fromarray(np.float32([[0, 300]])).save(tmp_path / "far.tiff")
    with pytest.raises(FormatError, match=r"far.tiff: .*pixels from 0 to 300; 0 to 1 fit"):
        load_image(tmp_path / "far.tiff")


def test_transparent_pixels_lie_on_white_or_keep_their_opacity(tmp_path):
    pixels = np.array([[[255, 0, 0, 255], [9, 9, 9, 0], [0, 0, 0, 51]]], "u1")
    Image.fromarray(pixels).save(tmp_path / "a.png")
    expected = np.array([[[1, 1, 0.8]], [[0, 1, 0.8]], [[0, 1, 0.8]]])
    assert np.allclose(load_image(tmp_path / "a.png"), expected, atol=1 / 255)
    kept = load_image(tmp_path / "a.png", channels=4)
    assert np.allclose(kept, pixels.transpose(2, 0, 1) / np.float32(255))
    # The same for one transparent colour of a palette, and for grey with opacity.
    Image.fromarray(np.array([[0, 1]], "u1"), "L").convert("P").save(tmp_path / "p.png", transparency=1)
    assert np.allclose(load_image(tmp_path / "p.png")[:, 0], [[0, 1]] * 3)
    Image.fromarray(np.array([[[0, 255], [0, 0]]], "u1")).save(tmp_path / "la.png")
    assert load_image(tmp_path / "la.png", channels=1).tolist() == [[[0, 1]]]


@pytest.mark.parametrize("name", ["a.jpg", "a.tiff"])
def test_cmyk(tmp_path, name):
    ink = np.zeros((16, 16, 4), "u1")
    ink[:, :8] = (0, 255, 255, 0)  # magenta and yellow make red
    ink[:, 8:] = (0, 0, 0, 255)
    Image.fromarray(ink, "CMYK").save(tmp_path / name)
    found = load_image(tmp_path / name)
    assert np.allclose(found[:, 8, 3], [1, 0, 0], atol=0.03) and np.allclose(found[:, 8, 12], 0, atol=0.03)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_upright(tmp_path, orientation, name):
    upright = np.zeros((24, 16), "u1")
    upright[:8, :8], upright[:8, 8:] = 255, 128  # top left is white, top right is grey
    # What a camera that was held so stores: the inverse of what a viewer does.
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1], 5: upright.T,
        6: np.rot90(upright), 7: upright[::-1, ::-1].T, 8: np.rot90(upright, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).convert("RGB").save(tmp_path / name, exif=exif)
    for size in (None, (24, 16)):
        found = load_image(tmp_path / name, size, channels=1)
        assert found.shape == (1, 24, 16)
        assert np.allclose(found[0, [4, 4, 16], [4, 12, 8]], [1, 128 / 255, 0], atol=0.1)


def test_damaged_exif_does_not_cost_the_image(tmp_path):
    Image.fromarray(RGB).save(tmp_path / "a.png", exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\xff\x01")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow may say that the entry is damaged
        assert np.array_equal(load_image(tmp_path / "a.png"), PLANES)


@given(
    height=st.integers(1, 40), width=st.integers(1, 40),
    size=st.tuples(st.integers(1, 50), st.integers(1, 50)),
)  # fmt: skip
def test_resizing_keeps_range_and_constants(tmp_path_factory, height, width, size):
    path = tmp_path_factory.mktemp("resize") / "a.png"
    noise = np.random.default_rng(height * 50 + width).integers(40, 200, (height, width), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    found = load_image(path, size, channels=1)
    assert found.shape == (1, *size)
    assert noise.min() / 255 - 1e-6 <= found.min() and found.max() <= noise.max() / 255 + 1e-6
    Image.fromarray(np.full_like(noise, 51)).save(path)
    assert np.allclose(load_image(path, size), 0.2)


def test_a_large_photograph_is_averaged_and_not_picked_from(tmp_path):
    stripes = np.zeros((512, 512, 3), "u1")
    stripes[:, ::2] = 255  # every second column: picking would give all black or all white
    for name in ("a.png", "a.jpg"):
        Image.fromarray(stripes).save(tmp_path / name, quality=95)
        assert np.allclose(load_image(tmp_path / name, 16), 0.5, atol=0.03)


@pytest.mark.parametrize("size", [(200, 40), 100, 30])
def test_a_jpeg_decoded_at_a_part_of_its_size_keeps_its_detail(tmp_path, size):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (128, 128), dtype=np.uint8).repeat(4, axis=0).repeat(4, axis=1)
    Image.fromarray(pixels).save(tmp_path / "a.jpg", quality=98)
    with Image.open(tmp_path / "a.jpg") as whole:
        whole.save(tmp_path / "a.png")
    found, expected = (load_image(tmp_path / name, size, 1) for name in ("a.jpg", "a.png"))
    assert np.abs(found - expected).mean() < 0.02


def test_an_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert load_image(tmp_path / "a.gif")[:, 0, 0].tolist() == [1, 0, 0]


def damaged(folder: Path) -> dict[str, str]:
    """Files that are no whole images, and what an error says of each."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for name in ("short.jpg", "short.png", "altered.png"):
        Image.fromarray(noise).save(folder / name)
        whole = (folder / name).read_bytes()
        half = len(whole) // 2
        middle = whole[half:] if name == "altered.png" else b""
        (folder / name).write_bytes(whole[:half] + bytes(b ^ 255 for b in middle))
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("no image")
    kinds = dict.fromkeys(("short.jpg", "short.png", "altered.png"), "found damage")
    return {**kinds, "empty.jpg": "found an empty file", "text.jpg": "found a file of another kind"}


def test_files_that_are_no_whole_images(tmp_path):
    for name, reason in damaged(tmp_path).items():
        with pytest.raises(FormatError, match=f"{name}: .*{reason}"):
            load_image(tmp_path / name, 8)
    with pytest.raises(FileNotFoundError, match=r"nowhere\.png"):
        load_image(tmp_path / "nowhere.png")
    with pytest.raises(IsADirectoryError):
        load_image(tmp_path)


def test_an_image_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    Image.new("1", (300, 300)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(FormatError, match=r"bomb.png: .*exceeds limit"):
        load_image(tmp_path / "bomb.png")


@pytest.mark.parametrize("arguments", [{"size": 0}, {"size": (3, -1)}, {"channels": 2}, {"channels": True}])
def test_load_image_wrong_values(arguments):
    with pytest.raises(ArgumentError, match="load_image: "):
        load_image("unused.png", **arguments)


@pytest.mark.parametrize("size", [1.5, (1, 2, 3), "8", (True, 2)])
def test_load_image_wrong_types(size):
    with pytest.raises(DTypeError, match="load_image: size"):
        load_image("unused.png", size)


def test_without_pillow_the_error_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "PIL", None)
    image = np.zeros((1, 4, 4), np.float32)
    for call in (
        lambda: load_image("unused.png"),
        lambda: ImageFolder(tmp_path, 4),
        lambda: Rotation(20)(image, rng=0),
    ):
        with pytest.raises(MissingExtraError, match=r"needs Pillow: pip install 'tinygrad-cnn\[images\]'"):
            call()
    assert HorizontalFlip(1.0)(image).shape == image.shape  # needs none


# --------------------------------------------------------------------------- folders
def test_a_folder_of_classes(tmp_path):
    tree(tmp_path, {"dog": 3, "cat": 2, "Ant eater": 1})
    (tmp_path / "cat" / "more").mkdir()
    Image.fromarray(RGB).save(tmp_path / "cat" / "more" / "a.PNG")
    (tmp_path / "cat" / "notes.txt").write_text("left alone")
    (tmp_path / "cat" / ".hidden.png").write_text("left alone")
    (tmp_path / ".cache").mkdir()
    data = ImageFolder(tmp_path, (6, 5))
    assert data.class_indices == {"Ant eater": 0, "cat": 1, "dog": 2}
    assert data.labels.tolist() == [0, 1, 1, 1, 2, 2, 2] and data.labels.dtype == np.int64
    assert data.path(3) == tmp_path / "cat" / "more" / "a.PNG" and len(data) == 7
    assert "Ant eater: 1, cat: 3, dog: 3, size=(6, 5)" in repr(data)
    image, label = data[-1]
    assert np.array_equal(image, load_image(tmp_path / "dog" / "002.png", (6, 5))) and label == 2
    images, labels = next(iter(DataLoader(data, 7)))
    assert images.shape == (7, 3, 6, 5) and images.dtype == np.float32
    assert labels.dtype == np.int64 and np.array_equal(labels, data.labels)
    rows = next(iter(DataLoader(ImageFolder(tmp_path, 4, 1, one_hot=True), 7)))[1]
    assert rows.dtype == np.float32 and np.array_equal(rows, np.eye(3)[labels])
    assert ImageFolder(tmp_path, 4, classes=["dog", "cat"]).labels.tolist() == [0, 0, 0, 1, 1, 1]
    for index in (7, -8):
        with pytest.raises(IndexError, match="ImageFolder: index"):
            data[index]
    for index in (True, 1.0):
        with pytest.raises(DTypeError, match="ImageFolder: an integer fits"):
            data[index]


def epochs(data, count=2, **options):
    """All batches of some epochs."""
    loader = DataLoader(data, 4, shuffle=True, rng=5, **options)
    return [batch for _ in range(count) for batch in loader]


def same(ours, theirs):
    pairs = list(zip(itertools.chain(*ours), itertools.chain(*theirs), strict=True))
    return all(x.dtype == y.dtype and np.array_equal(x, y) for x, y in pairs)


CHANGE = Compose(Rotation(20), Shift(0.2, 0.2), HorizontalFlip(), RandomCrop(6))


@pytest.mark.parametrize("transform", [None, CHANGE])
def test_order_and_values_do_not_depend_on_threads(tmp_path, transform):
    tree(tmp_path, {"cat": 9, "dog": 14})

    def made(workers, prefetch=0, seed=1):
        return epochs(ImageFolder(tmp_path, 8, transform=transform, workers=workers, seed=seed),
                      prefetch=prefetch)  # fmt: skip

    alone = made(0)
    for workers, prefetch in ((1, 0), (2, 0), (7, 0), (3, 2)):
        assert same(alone, made(workers, prefetch))
    assert same(alone, made(2, seed=2)) == (transform is None)


def test_a_draw_belongs_to_the_seed_the_epoch_and_the_sample():
    images = np.random.default_rng(0).random((10, 1, 6, 6), np.float32)
    labels = np.arange(10)

    def made(seed=0, epoch=0, **options):
        data = Augmented(images, labels, transform=CHANGE, seed=seed)
        data.epoch = epoch
        found = [batch for batch in DataLoader(data, **options)]
        assert data.epoch == epoch + 1
        order = np.concatenate([batch[1] for batch in found]).argsort()
        return np.concatenate([batch[0] for batch in found])[order]

    first = made(batch_size=10)
    assert np.array_equal(first, made(batch_size=3, shuffle=True, rng=9))
    assert not np.array_equal(first, made(batch_size=10, epoch=1))
    assert not np.array_equal(first, made(batch_size=10, seed=1))
    data = Augmented(images, labels, transform=CHANGE)
    assert np.array_equal(np.stack([data[i][0] for i in range(10)]), first)
    alike = Augmented(np.broadcast_to(images[:1], images.shape), transform=Rotation(20))
    (turned,) = next(iter(DataLoader(alike, 10)))
    assert all(not np.array_equal(x, y) for x, y in itertools.combinations(turned, 2))
    # Later epochs are those of one long run, so a run can go on where another stopped.
    both = [np.concatenate([batch[0] for batch in DataLoader(data, 4)]) for _ in range(2)]
    assert np.array_equal(both[0], first) and np.array_equal(both[1], made(batch_size=1, epoch=1))


def test_two_epochs_side_by_side_have_numbers_of_their_own():
    data = Augmented(np.random.default_rng(0).random((6, 1, 6, 6), np.float32), transform=CHANGE)
    loader = DataLoader(data, 2, prefetch=1)
    pairs = list(zip(loader, loader, strict=True))
    assert data.epoch == 2 and not any(np.array_equal(x, y) for (x,), (y,) in pairs)


def spoilt(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    tree(tmp_path, {"cat": 6, "dog": 5})
    return tmp_path, {f"cat/{name}": reason for name, reason in damaged(tmp_path / "cat").items()}


@pytest.mark.parametrize("workers", [0, 3])
@pytest.mark.parametrize("prefetch", [0, 2])
def test_unreadable_files_are_left_out_and_listed_once_at_the_end(tmp_path, workers, prefetch):
    folder, bad = spoilt(tmp_path)
    data = ImageFolder(folder, 8, workers=workers)
    loader = DataLoader(data, 4, prefetch=prefetch)
    seen = 0
    with pytest.warns(UserWarning, match=r"ImageFolder: 5 of 16 files in .* left out:") as caught:
        for images, labels in loader:
            # With `prefetch` the last batch is made, and the warning given, ahead of its use.
            assert len(images) == len(labels) and (prefetch or not caught.list)
            seen += len(images)
    assert seen == 11 and len(caught) == 1
    assert set(data.unreadable_files) == set(bad)
    for name, reason in bad.items():
        assert reason in data.unreadable_files[name] and f"\n  {name}: " in str(caught[0].message)
    assert sum(len(labels) for _, labels in loader) == 11  # and no second warning: it would be an error
    for batch_size in (1, 16):
        assert sum(len(labels) for _, labels in DataLoader(data, batch_size)) == 11


def test_an_epoch_that_was_left_early_tells_later(tmp_path):
    folder, _ = spoilt(tmp_path)
    loader = DataLoader(ImageFolder(folder, 8), 10)
    for _ in loader:
        break
    with pytest.warns(UserWarning, match="5 of 16"):
        list(loader)


@pytest.mark.parametrize("workers", [0, 3])
def test_unreadable_files_raise_in_place_of_their_batch_where_chosen(tmp_path, workers):
    tree(tmp_path, {"cat": 6})
    (tmp_path / "cat" / "003.png").write_bytes(b"")
    batches = iter(DataLoader(ImageFolder(tmp_path, 8, workers=workers, unreadable="raise"), 2))
    assert len(next(batches)[1]) == 2
    with pytest.raises(FormatError, match=r"003.png: .*an empty file"):
        next(batches)
    data = ImageFolder(tmp_path, 8)
    with pytest.raises(FormatError, match=r"003\.png"):
        data[3]  # a single sample cannot be left out


def test_a_file_that_went_away_is_unreadable(tmp_path):
    data = ImageFolder(tree(tmp_path, {"cat": 3}), 8)
    data.path(1).unlink()
    with pytest.warns(UserWarning, match="cat/001.png: .*No such file"):
        assert sum(len(labels) for _, labels in DataLoader(data, 3)) == 2


def test_no_readable_file_is_an_error(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.png").touch()
    with pytest.raises(FormatError, match=r"none of 1 files can be read; cat/a.png: .*empty file"):
        list(DataLoader(ImageFolder(tmp_path, 8)))


def test_an_error_of_the_transform_is_not_taken_for_a_bad_file(tmp_path):
    data = ImageFolder(tree(tmp_path, {"cat": 3}), 8, transform=RandomCrop(9))
    with pytest.raises(ShapeError, match="RandomCrop: an image of at least"):
        list(DataLoader(data, 2))
    assert not data.unreadable_files


def test_wrong_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no such folder.*nowhere"):
        ImageFolder(tmp_path / "nowhere", 8)
    with pytest.raises(FormatError, match="expected one folder per class, found nothing"):
        ImageFolder(tmp_path, 8)
    (tmp_path / "a.png").touch()
    with pytest.raises(FormatError, match=r"expected one folder per class, found a\.png"):
        ImageFolder(tmp_path, 8)
    with pytest.raises(NotADirectoryError, match="a file, not a folder"):
        ImageFolder(tmp_path / "a.png", 8)
    tree(tmp_path, {"cat": 1, "dog": 0})
    with pytest.raises(FormatError, match=r"dog: expected at least one image .* found no file"):
        ImageFolder(tmp_path, 8)
    (tmp_path / "dog" / "notes.txt").touch()
    with pytest.raises(FormatError, match="found 1 other files"):
        ImageFolder(tmp_path, 8)
    with pytest.raises(FormatError, match=r"expected folders \['cow'\], found \['cat', 'dog'\]"):
        ImageFolder(tmp_path, 8, classes=["cat", "cow"])


@pytest.mark.parametrize(
    "kind, arguments",
    [
        (ArgumentError, {"unreadable": "ignore"}), (ArgumentError, {"channels": 5}),
        (ArgumentError, {"size": 0}), (ArgumentError, {"workers": -1}), (ArgumentError, {"seed": -1}),
        (ArgumentError, {"classes": []}), (ArgumentError, {"classes": ["cat", "cat"]}),
        (DTypeError, {"classes": "cat"}), (DTypeError, {"one_hot": 1}), (DTypeError, {"workers": 1.0}),
        (DTypeError, {"transform": np.flip}), (DTypeError, {"seed": None}), (DTypeError, {"size": None}),
    ],
)  # fmt: skip
def test_image_folder_wrong_arguments(tmp_path, kind, arguments):
    tree(tmp_path, {"cat": 1})
    with pytest.raises(kind, match="ImageFolder: "):
        ImageFolder(tmp_path, **{"size": 8, **arguments})


PEAK = """
import resource, sys
from tinygrad_cnn.data import DataLoader, ImageFolder
loader = DataLoader(ImageFolder(sys.argv[1], 64, workers=2), 8, prefetch=1)
print(sum(len(labels) for _, labels in loader), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss has another unit elsewhere")
def test_memory_does_not_grow_with_the_number_of_files(tmp_path):
    peaks = []
    for count in (16, 800):
        folder = tmp_path / str(count) / "cat"
        folder.mkdir(parents=True)
        Image.new("RGB", (200, 200), "red").save(folder / "first.png")
        for k in range(count - 1):
            os.link(folder / "first.png", folder / f"{k}.png")
        done = subprocess.run(
            [sys.executable, "-c", PEAK, str(folder.parent)], capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        seen, peak = map(int, done.stdout.split())
        assert seen == count
        peaks.append(peak)
    # 784 images more are 37 MB resized, and 360 MB as they are decoded.
    assert peaks[1] - peaks[0] < 12_000, peaks


@pytest.mark.parametrize("workers", [1, 3])
def test_so_many_samples_are_read_ahead_and_no_more(workers):
    begun, lock = [], threading.Lock()

    def note(item):
        with lock:
            begun.append(item)
        return -item

    results = in_order(note, range(100), workers)
    for k in range(20):
        assert next(results)() == -k
        assert len(begun) <= k + 1 + 2 * workers
    results.close()  # and the fixture sees that no thread stays


def test_samples_are_read_by_several_threads_at_once():
    barrier = threading.Barrier(3, timeout=300)  # passes only when three wait together

    class Rows(StreamedDataset):
        def __len__(self):
            return 6

        def read(self, index):
            barrier.wait()
            return np.geterr()["divide"] == "raise", index

    with np.errstate(divide="raise"):
        held, order = next(iter(DataLoader(Rows(workers=3), 6)))
    assert held.all() and order.tolist() == list(range(6))


def test_an_iterator_left_half_way_does_not_hold_up_the_end_of_the_program(tmp_path):
    code = (
        "import sys; from tinygrad_cnn.data import DataLoader, ImageFolder\n"
        "batches = iter(DataLoader(ImageFolder(sys.argv[1], 8), 1, prefetch=2)); print(next(batches)[1])"
    )
    tree(tmp_path, {"cat": 40})
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[0]\n", "")


# --------------------------------------------------------------------------- augmentation
SEEDS = st.integers(0, 10_000)
AMOUNTS = st.floats(0, 0.9)


@st.composite
def images(draw, batches=True):
    """An image or a batch, float32 in [0, 1]."""
    shape = (draw(st.sampled_from([1, 3])), draw(st.integers(1, 12)), draw(st.integers(1, 12)))
    if batches and draw(st.booleans()):
        shape = (draw(st.integers(0, 3)), *shape)
    return np.random.default_rng(draw(SEEDS)).random(shape, np.float32)


def moves(amount, fill="nearest"):
    return [
        Rotation(180 * amount, fill), Shift(amount, amount, fill), Shear(amount, fill), Zoom(amount, fill),
        Zoom(amount, fill, separate=True),
    ]  # fmt: skip


@given(x=images(), amount=AMOUNTS, seed=SEEDS, fill=st.sampled_from(["nearest", 0, 0.5]))
def test_moves_keep_shape_type_range_and_input_and_repeat_by_seed(x, amount, seed, fill):
    before = x.copy()
    every = moves(amount, fill)
    for change in [
        *every,
        HorizontalFlip(amount),
        Compose(*every),
        Compose(every[0], HorizontalFlip(), every[3]),
    ]:
        y = change(x, seed)
        assert y.shape == x.shape and y.dtype == np.float32
        if x.size:
            assert min(x.min(), 0.5 if fill == "nearest" else fill) <= y.min()
            assert y.max() <= max(x.max(), 0.5 if fill == "nearest" else fill)
        if fill == "nearest" and x.size:
            assert x.min() <= y.min() and y.max() <= x.max()
        assert np.array_equal(y, change(x, seed)) and np.array_equal(x, before)


@given(x=images(), seed=SEEDS, fill=st.sampled_from(["nearest", 0]))
def test_no_change_at_zero(x, seed, fill):
    size = x.shape[-2:]
    for change in [
        *moves(0, fill), Compose(*moves(0, fill)), Compose(), HorizontalFlip(0), RandomCrop(size),
        CenterCrop(size), Rescale(1), Normalize(0, 1),
    ]:  # fmt: skip
        assert np.array_equal(change(x, seed), x)


@given(x=images(), amount=AMOUNTS, seed=SEEDS)
def test_a_constant_image_stays_so(x, amount, seed):
    flat = np.full_like(x, 0.3)
    for change in moves(amount):
        assert np.array_equal(change(flat, seed), flat)


def bilinear(image, matrix, fill):
    """What `resample` computes, pixel by pixel, from its definition."""
    height, width = image.shape[1:]
    result = np.empty_like(image, dtype=np.float64)
    for i, j in np.ndindex(height, width):
        x, y, _ = matrix @ [j + 0.5 - width / 2, i + 0.5 - height / 2, 1]
        x, y = x + width / 2, y + height / 2
        if fill != "nearest" and not (0 <= x < width and 0 <= y < height):
            result[:, i, j] = fill
            continue
        left, top = np.floor([x - 0.5, y - 0.5])
        right, down = x - 0.5 - left, y - 0.5 - top
        columns = np.clip([left, left + 1], 0, width - 1).astype(int)
        rows = np.clip([top, top + 1], 0, height - 1).astype(int)
        corner = image[:, rows[:, None], columns].astype(np.float64)
        result[:, i, j] = np.einsum("cij,i,j->c", corner, [1 - down, down], [1 - right, right])
    return result


@given(x=images(batches=False), seed=SEEDS, fill=st.sampled_from(["nearest", 0.25]))
def test_resampling_is_bilinear(x, seed, fill):
    rng = np.random.default_rng(seed)
    matrix = np.eye(3)
    matrix[:2, :2] += rng.uniform(-0.7, 0.7, (2, 2))
    matrix[:2, 2] = rng.uniform(-4, 4, 2)
    assert np.allclose(resample("test", x, matrix, fill), bilinear(x, matrix, fill), atol=1e-5)


class Once(np.random.Generator):
    """A generator whose even draws are all the upper end."""

    def __init__(self):
        super().__init__(np.random.PCG64(0))

    def uniform(self, low=0.0, high=1.0, size=None):
        return high if size is None else np.full(size, high)


def test_each_move_goes_the_way_its_formula_says():
    x = np.random.default_rng(0).random((2, 6, 6), np.float32)
    # By a quarter turn, M (x, y) = (-y, x): the right end of the top row shows the image's lower right.
    assert np.allclose(Rotation(90)(x, Once()), np.rot90(x, 1, (1, 2)), atol=1e-5)
    assert np.allclose(Rotation(180)(x, Once()), x[:, ::-1, ::-1], atol=1e-5)
    moved = Shift(1 / 3, 1 / 6, fill=0)(x, Once())  # two pixels of six, and one
    assert np.allclose(moved[:, :4, :5], x[:, 2:, 1:], atol=1e-6) and not moved[:, 4:].any()
    tall = np.tile(np.arange(9, dtype=np.float32), (1, 5, 1))
    slanted = Shear(1)(tall, Once())  # each row moves one pixel further than the row above
    assert np.allclose(slanted[0, :, 4], [2, 3, 4, 5, 6])
    assert np.allclose(Zoom(0.5)(tall, Once())[0, 0], np.clip(np.arange(-2, 11.5, 1.5), 0, 8))
    matrix = Zoom(0.5, separate=True).matrix(4, 4, np.random.default_rng(0))
    assert matrix[0, 0] != matrix[1, 1]
    matrix = Zoom(0.5).matrix(4, 4, np.random.default_rng(0))
    assert matrix[0, 0] == matrix[1, 1]


def test_draws_fill_their_range_evenly():
    rng = np.random.default_rng(0)
    angles = [np.arcsin(Rotation(20).matrix(8, 8, rng)[1, 0]) for _ in range(2000)]
    moves = np.array([Shift(0.2, 0.1).matrix(10, 30, rng)[:2, 2] for _ in range(2000)])
    zooms = [Zoom(0.5).matrix(8, 8, rng)[0, 0] for _ in range(2000)]
    shears = [Shear(0.2).matrix(8, 8, rng)[0, 1] for _ in range(2000)]
    for found, low, high in (
        (np.rad2deg(angles), -20, 20), (moves[:, 0], -3, 3), (moves[:, 1], -2, 2), (zooms, 0.5, 1.5),
        (shears, -0.2, 0.2),
    ):  # fmt: skip
        assert low <= min(found) and max(found) <= high
        quarters = np.quantile(found, [0.25, 0.5, 0.75])
        assert np.allclose(
            quarters, low + (high - low) * np.array([0.25, 0.5, 0.75]), atol=(high - low) / 25
        )


def test_neighbouring_moves_are_joined_into_one():
    x = np.random.default_rng(0).random((1, 12, 12), np.float32)
    there, back = Zoom(0.5), Zoom(0.5)
    there.matrix = lambda *_: np.diag([1 / 4, 1 / 4, 1])
    back.matrix = lambda *_: np.diag([4.0, 4.0, 1])
    assert np.allclose(Compose(there, back)(x), x, atol=1e-6)  # nothing that left the picture is lost
    assert not np.allclose(back(there(x)), x, atol=0.1)
    # The order counts: first the image is turned, then what is seen of it moves.
    turn, move = Rotation(90), Shift(0, 0.25)
    one = Compose(turn, move)(x, Once())
    assert np.allclose(one[:, :, :9], np.rot90(x, 1, (1, 2))[:, :, 3:], atol=1e-5)
    # Other fills, and other transforms between, keep them apart.
    assert np.allclose(
        Compose(Shift(0.5, 0, fill=0), Shift(0.5, 0, fill=1))(x, Once())[0, [2, 8]], [[0] * 12, [1] * 12]
    )


@given(x=images(), seed=SEEDS)
def test_flips(x, seed):
    assert np.array_equal(HorizontalFlip(1)(x, seed), x[..., ::-1])
    for before, after in zip(x if x.ndim == 4 else [], HorizontalFlip()(x, seed), strict=False):
        assert np.array_equal(after, before) or np.array_equal(after, before[..., ::-1])


def test_half_of_the_images_flip():
    x = np.broadcast_to(np.float32([0, 1]), (2000, 1, 1, 2))
    assert 900 < HorizontalFlip()(x, 0)[:, 0, 0, 0].sum() < 1100


@given(x=images(), seed=SEEDS, data=st.data())
def test_crops_are_parts_of_the_image(x, seed, data):
    H, W = x.shape[-2:]
    size = (data.draw(st.integers(1, H)), data.draw(st.integers(1, W)))
    parts = [(i, j) for i in range(H - size[0] + 1) for j in range(W - size[1] + 1)]
    random, middle = RandomCrop(size)(x, seed), CenterCrop(size)(x)
    assert random.shape == middle.shape == (*x.shape[:-2], *size)
    for whole, part in zip(x if x.ndim == 4 else [x], random if x.ndim == 4 else [random], strict=True):
        assert any(np.array_equal(whole[:, i : i + size[0], j : j + size[1]], part) for i, j in parts)
    i, j = (H - size[0]) // 2, (W - size[1]) // 2
    assert np.array_equal(middle, x[..., i : i + size[0], j : j + size[1]])


def test_random_crops_reach_every_place_and_padding_is_zero():
    x = np.arange(1, 13, dtype=np.uint8).reshape(1, 3, 4)
    rng = np.random.default_rng(0)
    assert {int(RandomCrop(2)(x, rng)[0, 0, 0]) for _ in range(300)} == {1, 2, 3, 5, 6, 7}
    padded = [RandomCrop((3, 4), padding=1)(x, rng) for _ in range(300)]
    assert {int((part == 0).sum()) for part in padded} == {0, 3, 4, 6} and padded[0].dtype == np.uint8


@given(x=images(), mean=st.floats(-2, 2), std=st.floats(0.1, 3))
def test_normalize_is_its_formula(x, mean, std):
    found = Normalize(mean, std)(x)
    assert found.dtype == np.float32
    assert np.allclose(found, (x.astype(np.float64) - mean) / std, rtol=1e-4, atol=1e-5)
    means, stds = np.linspace(0, 1, x.shape[-3]), np.linspace(1, 2, x.shape[-3])
    expected = (x - means[:, None, None]) / stds[:, None, None]
    assert np.allclose(Normalize(means, list(stds))(x), expected, atol=1e-6)


def test_rescale():
    x = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    found = Rescale()(x)
    assert found.dtype == np.float32 and found.min() == 0 and found.max() == 1
    assert np.allclose(found, x / 255) and Rescale(2)(x.astype(np.float64)).dtype == np.float64


def test_a_batch_has_a_draw_for_each_image():
    x = np.broadcast_to(np.random.default_rng(0).random((1, 8, 8), np.float32), (4, 1, 8, 8))
    for change in (Rotation(20), Compose(Shift(0.2, 0.2), HorizontalFlip(0))):
        y = change(x, 0)
        assert all(not np.array_equal(a, b) for a, b in itertools.combinations(y, 2))
        assert np.array_equal(y[0], change(x[0], 0))


class Twice(Geometric):
    """A move of someone else's, with an `apply` that does more."""

    def matrix(self, height, width, rng):
        return np.diag([0.5, 0.5, 1])

    def apply(self, image, rng):
        return super().apply(image, rng) / 2


def test_a_transform_of_ones_own():
    x = np.ones((1, 4, 4), np.float32)
    assert np.array_equal(Compose(Rotation(20), Twice(), Rotation(20))(x, 0), x / 2)
    assert repr(Compose(Shift(0.25, 0.5), HorizontalFlip())) == (
        "Compose(Shift(fill='nearest', down=0.25, right=0.5), HorizontalFlip(p=0.5))"
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: Rotation(-1), lambda: Rotation(181), lambda: Rotation(np.nan), lambda: Shift(1.5, 0),
        lambda: Shear(-0.1), lambda: Zoom(1), lambda: HorizontalFlip(2), lambda: Rotation(1, fill="wrap"),
        lambda: Rotation(1, fill=np.inf), lambda: RandomCrop(0), lambda: RandomCrop(2, padding=-1),
        lambda: Normalize(0, 0), lambda: Normalize(np.nan, 1), lambda: Normalize([], 1),
        lambda: Rescale(np.inf),
    ],
)  # fmt: skip
def test_wrong_amounts(make):
    with pytest.raises(ArgumentError, match=r"^\w+: \w+ must be .*got"):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Rotation("20"), lambda: Rotation(True), lambda: Zoom(0.5, separate=1),
        lambda: Shift(0, None),
        lambda: RandomCrop(2.5), lambda: RandomCrop(2, padding=0.5), lambda: CenterCrop((1, 2, 3)),
        lambda: Normalize(["a"], 1), lambda: Compose(np.flip), lambda: Rotation(1, fill=None),
        lambda: Rotation(1)(np.zeros((1, 4, 4), np.uint8)), lambda: Rescale()(np.array([[["a"]]])),
    ],
)  # fmt: skip
def test_wrong_types(make):
    with pytest.raises(DTypeError, match=r"^\w+: .*(must be|fit|is True or False)"):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Rotation(1)(np.zeros((4, 4), np.float32)), lambda: Rescale()(np.zeros((1, 1, 1, 4, 4))),
        lambda: HorizontalFlip()(np.zeros((1, 0, 4))), lambda: RandomCrop(5)(np.zeros((1, 4, 8))),
        lambda: CenterCrop((2, 5))(np.zeros((2, 1, 4, 4))),
        lambda: Normalize([0, 0], 1)(np.zeros((3, 2, 2))),
        lambda: Augmented(), lambda: Augmented(np.zeros((2, 4, 4))),
        lambda: Augmented(np.zeros((2, 1, 4, 4)), np.zeros(3)),
    ],
)  # fmt: skip
def test_wrong_shapes(make):
    with pytest.raises(ShapeError, match=r"^\w+: .*\w"):
        make()


# --------------------------------------------------------------------------- the sheet
def test_sheet(tmp_path):
    pytest.importorskip("matplotlib", reason="Matplotlib is not installed")
    x = np.random.default_rng(0).random((5, 3, 16, 24), np.float32)
    after = np.stack([HorizontalFlip(1)(x), Rotation(20)(x, 0)])
    drawn = viz.sheet(x, after, tmp_path / "a.png")
    viz.sheet(Tensor(x), after, tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    shown = [axes.images[0].get_array() for axes in drawn.axes]
    expected = [image.transpose(1, 2, 0) for row in (x, *after) for image in row]
    assert len(shown) == 15 and all(map(np.allclose, shown, expected))
    titles = [axes.get_title(loc="left") for axes in drawn.axes]
    assert titles == ["Before", *[""] * 4, "After", *[""] * 9]
    assert viz.sheet(x[:, :1], CenterCrop(8)(x[:, :1])).axes[5].images[0].get_array().shape == (8, 8)


def test_sheet_wrong_arguments(tmp_path):
    pytest.importorskip("matplotlib", reason="Matplotlib is not installed")
    x = np.zeros((2, 3, 4, 4))
    for before, after in (
        (x[0], x), (x, x[:1]), (x, x[0]), (x[:, :2], x[:, :2]), (x[:0], x[:0]),
        (np.zeros((13, 1, 2, 2)),) * 2,
    ):  # fmt: skip
        with pytest.raises(ShapeError, match=r"viz.sheet: before has shape"):
            viz.sheet(before, after)
    with pytest.raises(ArgumentError, match=r"viz.sheet: after has values from -1 to -1; 0 to 1 fit"):
        viz.sheet(x, x - 1)
    with pytest.raises(ArgumentError, match=r"viz.sheet: before has values from nan"):
        viz.sheet(x * np.nan, x)
    with pytest.raises(DTypeError, match=r"viz.sheet: before has dtype"):
        viz.sheet([["a"]], x)
    with pytest.raises(ArgumentError, match=r"viz.sheet: .*\.gif"):
        viz.sheet(x, x, tmp_path / "a.gif")


def test_any_transform_can_be_written_in_three_lines():
    class Negative(Transform):
        def apply(self, image, rng):
            return 1 - image

    x = np.random.default_rng(0).random((3, 1, 4, 4), np.float32)
    assert np.array_equal(Compose(Negative(), Negative())(x), 1 - (1 - x))

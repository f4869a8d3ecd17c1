"""MNIST and Fashion-MNIST over the network: from a server of the test's own, never a real one."""

import functools
import hashlib
import http.server
import os
import sys
import threading

import numpy as np
import pytest

from tinygrad_cnn.data import fashion_mnist, mnist, write_idx
from tinygrad_cnn.data.mnist_files import SOURCES, Source
from tinygrad_cnn.errors import FormatError, MissingExtraError

READERS = pytest.mark.parametrize("read", [mnist, fashion_mnist])
NAMES = [f"{part}-{what}-ubyte.gz" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1")]


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and notes what was asked for."""

    def do_GET(self):
        self.server.asked.append(self.path.lstrip("/"))
        super().do_GET()

    def log_message(self, *args):
        """No lines on stderr."""


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server of both datasets' files, small ones, with their checksums in place of the real."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    rng = np.random.default_rng(0)
    for name in NAMES:
        images = "images" in name
        array = rng.integers(0, 256 if images else 10, (6, 28, 28) if images else 6, dtype=np.uint8)
        write_idx(shelf / name, array)
    # A proxy of the environment must not stand between a test and its own machine.
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=shelf)
    ) as made:
        made.asked, made.shelf = [], shelf
        made.url = f"http://127.0.0.1:{made.server_address[1]}/"
        sums = {name: f"md5:{hashlib.md5((shelf / name).read_bytes()).hexdigest()}" for name in NAMES}
        for dataset in SOURCES:
            monkeypatch.setitem(SOURCES, dataset, Source(made.url, sums))
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@READERS
def test_missing_files_are_fetched_once_and_kept(read, server, tmp_path):
    folder = tmp_path / "new" / "folder"
    images, labels = read(folder, download=True).arrays
    assert images.shape == (6, 1, 28, 28) and labels.shape == (6,)
    assert sorted(os.listdir(folder)) == sorted(NAMES[:2]) and server.asked == NAMES[:2]
    for name in NAMES[:2]:
        assert (folder / name).read_bytes() == (server.shelf / name).read_bytes()
    again = read(folder, download=True).arrays
    assert np.array_equal(images, again[0]) and server.asked == NAMES[:2]
    assert len(read(folder)) == 6  # and without `download`, they are simply there
    read(folder, train=False, download=True, normalize=False)
    assert server.asked == NAMES


@READERS
def test_a_file_that_is_there_is_read_as_it_is(read, server, tmp_path):
    write_idx(tmp_path / "train-labels.idx1-ubyte", np.full(6, 3, np.uint8))
    _, labels = read(tmp_path, download=True).arrays
    assert labels.tolist() == [3] * 6 and server.asked == NAMES[:1]


@READERS
def test_another_checksum_is_refused_and_nothing_kept(read, server, tmp_path):
    write_idx(server.shelf / NAMES[0], np.zeros((6, 28, 28), np.uint8))
    folder = tmp_path / "kept"
    words = rf"{read.__name__}: http://127.*{NAMES[0]}: expected a file with md5:.*found"
    with pytest.raises(FormatError, match=words):
        read(folder, download=True)
    assert os.listdir(folder) == []


@READERS
def test_a_download_that_fails_says_what_to_do_by_hand(read, server, tmp_path):
    (server.shelf / NAMES[1]).unlink()
    with pytest.raises(ConnectionError, match=rf"{read.__name__}: http.*{NAMES[1]}.*by hand"):
        read(tmp_path, download=True)
    assert NAMES[0] in os.listdir(tmp_path) and NAMES[1] not in os.listdir(tmp_path)


def test_a_progress_bar_is_shown(server, tmp_path, capfd):
    mnist(tmp_path, download=True)
    assert "100%" in capfd.readouterr().err


@READERS
@pytest.mark.parametrize("package", ["pooch", "tqdm"])
def test_without_the_extra_it_says_how_to_get_it(read, package, server, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    words = rf"{read.__name__} .*pip install 'tinygrad-cnn\[download\]'"
    with pytest.raises(MissingExtraError, match=words):
        read(tmp_path, download=True)
    assert server.asked == []


@READERS
def test_without_download_nothing_is_fetched(read, server, tmp_path):
    with pytest.raises(FileNotFoundError, match=rf"{read.__name__}: looked for.*download=True fetches it"):
        read(tmp_path)
    assert server.asked == []


def test_the_real_sources_name_every_file():
    for source in SOURCES.values():
        assert source.url.endswith("/") and sorted(source.checksums) == sorted(NAMES)
        assert all(len(sum) == len("md5:") + 32 for sum in source.checksums.values())
    real = [sum for source in SOURCES.values() for sum in source.checksums.values()]
    assert len(set(real)) == 8

"""What a process that was killed while saving left behind is removed at the next save, and nothing else."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tinygrad_cnn.serial import load_tensors, save_tensors, writing
from tinygrad_cnn.serial.atomic import check_writable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signals and no such locks there")

HOLDING = """
import sys
from tinygrad_cnn.serial import writing
with writing(sys.argv[1]) as temporary:
    temporary.write_bytes(bytes(1000))
    print(temporary, flush=True)
    sys.stdin.read()
"""


def holding(path):
    """A process that is in the middle of writing, and its temporary file."""
    child = subprocess.Popen([sys.executable, "-c", HOLDING, path], stdin=-1, stdout=-1, text=True)
    return child, child.stdout.readline().strip()


def test_a_killed_writer_s_file_is_removed_and_a_living_one_s_is_not(tmp_path):
    path, other = tmp_path / "a.npz", tmp_path / "b.npz"
    (dead, left), (alive, held), (elsewhere, beside) = holding(path), holding(path), holding(other)
    for child in (dead, elsewhere):
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert all(map(os.path.exists, (left, held, beside)))
    save_tensors(path, {"w": np.ones(3)})
    assert not os.path.exists(left) and os.path.exists(held) and os.path.exists(beside)
    alive.communicate("go on")
    assert alive.returncode == 0 and path.read_bytes() == bytes(1000)
    save_tensors(other, {"w": np.ones(3)})
    assert sorted(os.listdir(tmp_path)) == ["a.npz", "b.npz"]
    for child in (dead, alive, elsewhere):
        child.stdin.close(), child.stdout.close()


def test_other_hidden_files_stay(tmp_path):
    names = [".a.npz.swp", ".a.npz", ".hidden", ".b.npz.writing-0123.npz"]
    for name in names:
        (tmp_path / name).touch()
    link = tmp_path / ".a.npz.writing-1.npz"
    link.symlink_to(tmp_path / ".hidden")  # not followed
    save_tensors(tmp_path / "a.npz", {"w": np.ones(3)})
    assert sorted(os.listdir(tmp_path)) == sorted([*names, "a.npz", link.name])


def test_many_writers_at_once_leave_whole_files_and_nothing_else(tmp_path):
    path, errors = tmp_path / "a.npz", []

    def write(number):
        try:
            for _ in range(20):
                save_tensors(path, {"w": np.full(50, number)})
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and len(set(load_tensors(path)["w"])) == 1 and os.listdir(tmp_path) == ["a.npz"]


def test_a_name_as_long_as_names_can_be(tmp_path):
    path = tmp_path / ("n" * 250 + ".npz")
    save_tensors(path, {"w": np.ones(3)})
    assert os.listdir(tmp_path) == [path.name]


def test_it_is_seen_beforehand_whether_a_file_can_be_written(tmp_path):
    check_writable(tmp_path / "a")
    assert not os.listdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        check_writable(tmp_path / "no" / "a")
    with writing(tmp_path / "a") as temporary:
        temporary.write_text("kept")
    check_writable(tmp_path / "a")
    assert (tmp_path / "a").read_text() == "kept"


def test_a_name_as_long_as_the_system_allows_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 120 + ".npz")
    with writing(path) as temporary:
        temporary.write_text("whole")
    assert path.read_text() == "whole" and len(list(tmp_path.iterdir())) == 1


def test_links_in_a_circle_are_refused_and_stay(tmp_path: Path) -> None:
    one, other = tmp_path / "a", tmp_path / "b"
    one.symlink_to(other), other.symlink_to(one)
    with pytest.raises(OSError, match="in a circle"), writing(one):
        pass
    assert one.is_symlink() and other.is_symlink()

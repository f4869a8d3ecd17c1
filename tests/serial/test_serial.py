"""Files written whole or not at all; arrays by name, bit by bit, and damaged files refused."""

import io
import json
import os
import stat
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_cnn import Tensor
from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError, MissingExtraError
from tinygrad_cnn.serial import load_content, load_metadata, load_tensors, save_tensors, writing
from tinygrad_cnn.serial.content import DTYPES
from tinygrad_cnn.serial.safetensors_format import CHECKSUM

SUFFIXES = (".safetensors", ".npz")
each_suffix = pytest.mark.parametrize("suffix", SUFFIXES)


# --------------------------------------------------------------------------- atomic
def test_a_new_file_appears_whole_and_alone(tmp_path):
    path = tmp_path / "a.txt"
    with writing(path) as temporary:
        assert temporary.parent == tmp_path and temporary.suffix == ".txt" and temporary.exists()
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole" and os.listdir(tmp_path) == ["a.txt"]


def test_an_open_file_is_one_line_more(tmp_path):
    with writing(str(tmp_path / "a")) as temporary, temporary.open("wb") as file:
        file.write(b"12")
        file.write(b"3")
    assert (tmp_path / "a").read_bytes() == b"123"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_everything_as_it_was(tmp_path, error):
    (tmp_path / "old").write_text("old")
    for name in ("old", "new"):
        with pytest.raises(error), writing(tmp_path / name) as temporary:
            temporary.write_text("half")
            raise error
    assert os.listdir(tmp_path) == ["old"] and (tmp_path / "old").read_text() == "old"


def test_a_failing_replacement_removes_the_temporary_file(tmp_path, monkeypatch):
    def fail(*paths):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"), writing(tmp_path / "a"):
        pass
    assert os.listdir(tmp_path) == []


def test_content_reaches_the_disk_before_the_name(tmp_path, monkeypatch):
    calls, fsync, replace = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (calls.append("fsync"), fsync(fd)))
    monkeypatch.setattr(os, "replace", lambda *paths: (calls.append("replace"), replace(*paths)))
    with writing(tmp_path / "a"):
        pass
    assert calls == ["fsync", "replace"]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_permissions_are_those_of_a_new_file_or_of_the_old_one(tmp_path):
    for umask in (0o022, 0o077):
        before = os.umask(umask)
        try:
            with writing(tmp_path / f"{umask}"):
                pass
        finally:
            os.umask(before)
        assert mode(tmp_path / f"{umask}") == 0o666 & ~umask
    (tmp_path / "18").chmod(0o640)
    with writing(tmp_path / "18"):
        pass
    assert mode(tmp_path / "18") == 0o640


def test_a_symbolic_link_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "file")
    for text in ("new", "again"):
        with writing(tmp_path / "link") as temporary:
            temporary.write_text(text)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "folder" / "file").read_text() == text


def test_places_that_cannot_be_written_to_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder .*absent.*make it first.*absent/a"):
        writing(tmp_path / "absent" / "a").__enter__()
    with pytest.raises(IsADirectoryError, match="this is a folder"):
        writing(tmp_path).__enter__()
    with pytest.raises(OSError, match=r"not a regular file.*null"):
        writing("/dev/null").__enter__()


def test_a_read_only_folder_and_a_read_only_file_are_named():
    # Root may write anywhere, so a fresh process of another user tries it.
    code = """
import os, sys
from tinygrad_cnn.serial import writing
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)
for name in ("closed/new", "open/read-only"):
    try:
        with writing(f"{sys.argv[1]}/{name}"): pass
    except PermissionError as error:
        print(error)
"""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for part, permissions in (("closed", 0o555), ("open", 0o777)):
            (folder / part).mkdir()
            (folder / part).chmod(permissions)
        (folder / "open" / "read-only").touch(0o444)
        ran = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True, check=True)
        lines = ran.stdout.splitlines()
        assert len(lines) == 2, ran.stdout + ran.stderr
        assert "cannot write in folder" in lines[0] and lines[0].endswith(f"'{name}/closed/new'")
        assert "the file is read-only" in lines[1] and lines[1].endswith(f"'{name}/open/read-only'")
        assert [file.name for file in folder.rglob("*") if file.is_file()] == ["read-only"]


# --------------------------------------------------------------------------- round trips
@st.composite
def tensors(draw):
    """Any names, element types, shapes and bit patterns, strided and transposed arrays among them."""
    names = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)
    result = {}
    for name in draw(st.lists(names, unique=True, max_size=5)):
        dtype = np.dtype(draw(st.sampled_from(DTYPES)))
        shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
        rng = np.random.default_rng(draw(st.integers(0, 9)))
        bits = rng.bytes(int(np.prod(shape)) * dtype.itemsize)
        array = np.frombuffer(bits, dtype).reshape(shape) if dtype.kind != "b" else rng.random(shape) < 0.5
        how = draw(st.sampled_from(["plain", "transposed", "reversed"]))
        array = np.asarray(array)
        result[name] = {
            "plain": array,
            "transposed": array.T,
            "reversed": array[..., ::-1] if shape else array,
        }[how]
    return result


def same(found, expected):
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape, name
        assert found[name].tobytes() == array.tobytes(), name
    return True


@given(
    tensors(),
    st.sampled_from(SUFFIXES),
    st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=3),
)
def test_round_trip_is_bit_exact_and_keeps_the_order(arrays, suffix, metadata):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m" + suffix)
        save_tensors(path, arrays, metadata)
        assert same(load_tensors(path), arrays)
        assert load_metadata(path) == metadata
        assert os.listdir(folder) == [path.name]


@each_suffix
def test_loaded_arrays_are_new_native_and_writable(tmp_path, suffix):
    path = tmp_path / f"m{suffix}"
    save_tensors(path, {"big": np.arange(3, dtype=">f4"), "0-d": np.float64(2.5), "none": np.zeros((0, 3))})
    found = load_tensors(path)
    assert found["big"].dtype == np.float32 and found["big"].dtype.isnative
    assert found["0-d"].shape == () and found["none"].shape == (0, 3)
    for array in found.values():
        array[...] = 7
    assert load_tensors(path)["0-d"] == 2.5


@each_suffix
def test_tensors_and_all_printable_names_are_saved(tmp_path, suffix):
    path = tmp_path / f"m{suffix}"
    names = [
        "file",
        "args",
        "a",
        "a.npy",
        "a/b",
        "/a",
        "..",
        "features.3.weight",
        "größe",
        "重み",
        "__metadata__.json",
    ]
    save_tensors(path, {name: Tensor([1.0, 2.0], requires_grad=True) for name in names})
    found = load_tensors(path)
    assert list(found) == names and found["file"].tolist() == [1, 2]


@each_suffix
def test_the_same_tensors_give_the_same_bytes(tmp_path, suffix):
    """Also in another process, where strings have other hashes."""
    code = (
        "import sys, numpy as np; from tinygrad_cnn.serial import save_tensors;"
        "save_tensors(sys.argv[1], {k: np.ones(3) for k in 'zebra'}, {k: k for k in 'metadata'})"
    )
    contents = set()
    for seed in "01":
        path = tmp_path / f"m{seed}{suffix}"
        subprocess.run(
            [sys.executable, "-c", code, path], check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        )
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_other_libraries_read_and_write_the_files(tmp_path):
    import safetensors.numpy

    arrays = {"w": np.arange(6.0).reshape(2, 3).T, "b": np.ones(2, np.float16)}
    save_tensors(tmp_path / "ours.safetensors", arrays, {"format": "np"})
    found = safetensors.numpy.load_file(tmp_path / "ours.safetensors")
    assert np.array_equal(found["w"], arrays["w"]) and found["b"].dtype == np.float16
    with safetensors.safe_open(tmp_path / "ours.safetensors", "np") as file:
        assert file.metadata()["format"] == "np" and CHECKSUM in file.metadata()
    save_tensors(tmp_path / "ours.npz", arrays)
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as archive:
        assert archive.files == ["w", "b"] and np.array_equal(archive["w"], arrays["w"])

    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    safetensors.numpy.save_file(plain, tmp_path / "theirs.safetensors")
    np.savez_compressed(tmp_path / "theirs.npz", **plain)
    for suffix in SUFFIXES:
        found = load_tensors(tmp_path / f"theirs{suffix}")
        assert set(found) == {"w", "b"} and np.array_equal(found["w"], arrays["w"])
        assert load_metadata(tmp_path / f"theirs{suffix}") == {}


# --------------------------------------------------------------------------- damage
def written(suffix):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m" + suffix)
        save_tensors(path, ARRAYS, {"epoch": "3"})
        return path.read_bytes()


ARRAYS = {"w": np.arange(4, dtype=np.float32), "n": np.array(7)}
WRITTEN = {suffix: written(suffix) for suffix in SUFFIXES}


def load_bytes(content, suffix):
    """The arrays of a file with these bytes; a FormatError must begin with the file's path."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "damaged" + suffix)
        path.write_bytes(content)
        try:
            return load_tensors(path)
        except FormatError as error:
            assert str(error).startswith(f"{path}: expected a") and "found" in str(error)
            raise


@each_suffix
@pytest.mark.parametrize(
    "content", [b"", b"\0", b"\x89PNG\r\n\x1a\n" * 9, b"PK\3\4" * 9, b"{}" * 20, bytes(99)]
)
def test_foreign_files_are_refused(suffix, content):
    with pytest.raises(FormatError):
        load_bytes(content, suffix)


def test_the_other_format_under_this_suffix_is_refused():
    for suffix, other in (SUFFIXES, SUFFIXES[::-1]):
        with pytest.raises(FormatError):
            load_bytes(WRITTEN[other], suffix)


@each_suffix
def test_every_truncation_is_refused(suffix):
    content = WRITTEN[suffix]
    for end in range(0, len(content), 3):
        with pytest.raises(FormatError):
            load_bytes(content[:end], suffix)


def test_a_longer_safetensors_file_is_refused():
    with pytest.raises(FormatError, match=r"not fully covered|IncompleteBuffer"):
        load_bytes(WRITTEN[".safetensors"] + b"\0", ".safetensors")


@given(st.sampled_from(SUFFIXES), st.data())
def test_an_altered_byte_is_refused_or_changes_no_array(suffix, data):
    content = bytearray(WRITTEN[suffix])
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    try:
        found = load_bytes(bytes(content), suffix)
    except FormatError:
        return
    same(found, ARRAYS)


def test_a_damaged_length_in_the_zip_directory_hides_no_array():
    """The length of an entry's comment: the entries after it would be read as the comment."""
    content = bytearray(WRITTEN[".npz"])
    comment_length = content.find(b"PK\1\2") + 32
    hidden = zipfile.ZipFile(io.BytesIO(content)).infolist()[1:]
    content[comment_length] = sum(46 + len(entry.filename) for entry in hidden)
    assert len(zipfile.ZipFile(io.BytesIO(content)).namelist()) == 1
    with pytest.raises(FormatError, match=r"1 members where the end of the archive says 3"):
        load_bytes(bytes(content), ".npz")


def test_a_damaged_name_in_the_zip_directory_gives_no_array_the_name_of_another():
    content = WRITTEN[".npz"]
    at = content.rfind(b"w.npy")
    with pytest.raises(FormatError, match=r"two members named 'n.npy'"):
        load_bytes(content[:at] + b"n" + content[at + 1 :], ".npz")


@each_suffix
def test_an_altered_value_is_refused(suffix):
    content = WRITTEN[suffix]
    value = np.float32(3).tobytes()
    assert content.count(value) == 1
    with pytest.raises(FormatError, match=r"altered content|CRC"):
        load_bytes(content.replace(value, np.float32(4).tobytes()), suffix)


@pytest.mark.parametrize("name", [b"tinygrad_cnn.crc32", b"tinygrad_cnn.checked"])
def test_damage_to_the_name_of_the_checksum_does_not_switch_it_off(tmp_path, name):
    path = tmp_path / "a.safetensors"
    save_tensors(path, {"w": np.ones(2, "f4")}, {"note": "x"})
    content = path.read_bytes()
    assert content.count(name) == 1
    for k in range(len(name)):
        damaged = name[:k] + bytes([name[k] ^ 1]) + name[k + 1 :]
        for last in (content[-4:], b"\0" * 4):  # the last number whole, or altered too
            path.write_bytes(content.replace(name, damaged)[:-4] + last)
            with pytest.raises(FormatError, match="altered content"):
                load_tensors(path)


def test_files_of_other_libraries_need_no_checksum_and_metadata_is_ones_own(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    path = tmp_path / "a.safetensors"
    safetensors.save_file({"w": np.ones(2, "f4")}, path, {"note": "x"})
    assert load_metadata(path) == {"note": "x"} == load_content(path).metadata
    save_tensors(path, {"w": np.ones(2, "f4")}, {"note": "x"})
    assert load_metadata(path) == {"note": "x"}
    for name in ("tinygrad_cnn.crc32", "tinygrad_cnn.checked"):
        with pytest.raises(ArgumentError, match="reserved"):
            save_tensors(path, {}, {name: "1"})


def test_element_types_that_are_not_ours_are_refused():
    header = json.dumps({"w": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    with pytest.raises(FormatError, match=r"\{'w': 'BF16'\}"):
        load_bytes(len(header).to_bytes(8, "little") + header + bytes(4), ".safetensors")
    for array, words in (
        (np.array(["a"]), "<U1"),
        (np.array([None]), "pickle"),
        (np.zeros(2, complex), "complex"),
    ):
        file = io.BytesIO()
        np.savez(file, w=array)
        with pytest.raises(FormatError, match=words):
            load_bytes(file.getvalue(), ".npz")


def test_a_zip_archive_of_other_things_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(FormatError, match=r"member 'readme.txt'"):
        load_bytes(file.getvalue(), ".npz")


def test_a_missing_file_is_no_format_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        load_tensors(tmp_path / "absent.npz")


# --------------------------------------------------------------------------- checks at the door
@each_suffix
@pytest.mark.parametrize(
    ("tensors", "metadata", "error"),
    [
        ({"w": np.zeros(2, complex)}, None, DTypeError),
        ({"w": np.array([None])}, None, DTypeError),
        ({"w": np.array(["a"])}, None, DTypeError),
        ({"w": [1, 2]}, None, DTypeError),
        ({3: np.zeros(2)}, None, DTypeError),
        ({"": np.zeros(2)}, None, ArgumentError),
        ({"a\0b": np.zeros(2)}, None, ArgumentError),
        ({"\ud800": np.zeros(2)}, None, ArgumentError),
        ({"x" * 1001: np.zeros(2)}, None, ArgumentError),
        ({"__metadata__": np.zeros(2)}, None, ArgumentError),
        ({}, {"epoch": 3}, DTypeError),
        ({}, {CHECKSUM: "0"}, ArgumentError),
        ({}, {"epoch": "\ud800"}, ArgumentError),
    ],
)
def test_what_cannot_be_saved_is_refused_before_a_file_is_made(tmp_path, suffix, tensors, metadata, error):
    with pytest.raises(error, match=r"^save_tensors: "):
        save_tensors(tmp_path / f"m{suffix}", {"good": np.zeros(1), **tensors}, metadata)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["m", "m.pkl", "m.npy", "m.h5"])
def test_an_unknown_suffix_is_refused(tmp_path, name):
    for act in (lambda path: save_tensors(path, {}), load_tensors, load_metadata):
        with pytest.raises(FormatError, match=r"m.*: expected the suffix .safetensors or .npz, found"):
            act(tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_without_the_package_the_message_says_how_to_get_it(tmp_path, monkeypatch):
    (tmp_path / "m.safetensors").write_bytes(WRITTEN[".safetensors"])
    monkeypatch.setitem(sys.modules, "safetensors", None)
    for act in (lambda path: save_tensors(path, ARRAYS), load_tensors):
        with pytest.raises(MissingExtraError, match=r"pip install 'tinygrad-cnn\[safetensors\]'"):
            act(tmp_path / "m.safetensors")
    save_tensors(tmp_path / "m.npz", ARRAYS)
    assert same(load_tensors(tmp_path / "m.npz"), ARRAYS)

"""The IDX format: bytes known from its description, round trips, and every kind of damage."""

import contextlib
import gzip
import struct
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_cnn.data import read_idx, write_idx
from tinygrad_cnn.errors import DTypeError, FormatError, ShapeError

#: Each example writes a file and waits until it is on the disk.
few = settings(max_examples=50)

NAMES = ("uint8", "int8", "int16", "int32", "float32", "float64")


@st.composite
def arrays(draw):
    """Any bit pattern, NaN among them, in any shape: 0-d, empty, and 5 axes too."""
    dtype = np.dtype(draw(st.sampled_from(NAMES)))
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4))
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    return np.frombuffer(rng.bytes(int(np.prod(shape)) * dtype.itemsize), dtype).reshape(shape)


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def content_of(array, suffix=""):
    with TemporaryDirectory() as folder:
        write_idx(Path(folder, "x" + suffix), array)
        return Path(folder, "x" + suffix).read_bytes()


def read_bytes(content, suffix=""):
    """`read_idx` of a file with these bytes; a FormatError must begin with the file's path."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "some-idx" + suffix)
        path.write_bytes(content)
        try:
            return read_idx(path)
        except FormatError as error:
            assert str(error).startswith(f"{path}: expected ") and "found" in str(error)
            raise


def refused(content, words, suffix=""):
    with pytest.raises(FormatError, match=words):
        read_bytes(content, suffix)


# --------------------------------------------------------------------------- what is right
def test_the_bytes_of_the_description_are_read():
    content = b"\0\0\x08\x02" + struct.pack(">II", 2, 3) + bytes([1, 2, 3, 4, 5, 255])
    assert np.array_equal(read_bytes(content), np.array([[1, 2, 3], [4, 5, 255]], np.uint8))
    assert content_of(np.array([[1, 2, 3], [4, 5, 255]], np.uint8)) == content


@pytest.mark.parametrize(
    ("code", "form", "dtype"),
    [(8, "B", "u1"), (9, "b", "i1"), (11, "h", "i2"), (12, "i", "i4"), (13, "f", "f4"), (14, "d", "f8")],
)
def test_every_type_code_is_big_endian_and_read_as_native(code, form, dtype):
    array = read_bytes(struct.pack(f">4BI2{form}", 0, 0, code, 1, 2, 1, 100))
    assert array.dtype == np.dtype(dtype) and array.dtype.isnative
    assert array.tolist() == [1, 100]
    array[0] = 7  # a new array that may be written to


@few
@given(arrays(), st.sampled_from(["", ".gz"]))
def test_round_trip(array, suffix):
    assert same(read_bytes(content_of(array, suffix), suffix), array)


def test_strided_and_foreign_order_arrays_are_written_as_they_read():
    array = np.arange(24, dtype=">i4").reshape(4, 6)[::-2, ::3].T
    assert np.array_equal(read_bytes(content_of(array)), array)


def test_the_same_array_gives_the_same_compressed_file():
    array = np.arange(100, dtype=np.int16)
    content = content_of(array, ".gz")
    assert content == content_of(array, ".gz")
    assert content[4:8] == bytes(4)  # the field for the time of writing


def test_write_checks_before_it_writes(tmp_path):
    for dtype in ("int64", "bool", "float16", "complex64", "U3"):
        with pytest.raises(DTypeError, match="uint8, int8, int16"):
            write_idx(tmp_path / "x", np.zeros(3, dtype))
    with pytest.raises(ShapeError, match=r"2\*\*32"):
        write_idx(tmp_path / "x", np.broadcast_to(np.uint8(0), (1 << 32,)))
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------- what is wrong
VALID = content_of(np.arange(12, dtype=np.uint8).reshape(3, 4))


def test_each_kind_of_damage_is_named(tmp_path):
    refused(b"", "an empty one")
    refused(VALID[:3], "4 bytes, found 3 bytes")
    refused(VALID[:9], "2 sizes of 4 bytes after the magic number, found 5 bytes")
    refused(VALID[:-1], r"12 bytes of data for \(3, 4\) uint8, found only 11 bytes")
    refused(VALID + b"\0", "found more bytes")
    refused(b"\x89PNG" + VALID, "starting 00 00, found 89 50 4e 47")
    refused(b"\0\0\x0a" + VALID[3:], "08 uint8, .* found 0a")
    refused(b"\0\0\x08\x41" + bytes(4 * 65), "at most 64 axes, found 65")
    with pytest.raises(FileNotFoundError, match="absent"):
        read_idx(tmp_path / "absent")


def test_each_kind_of_gzip_damage_is_named():
    packed = gzip.compress(VALID, mtime=0)
    refused(b"", "an empty one", ".gz")
    refused(VALID, "Not a gzipped file", ".gz")
    refused(packed, "name end in .gz")
    refused(packed[:-9], "ended before", ".gz")
    refused(packed[:-4], "ended before", ".gz")
    refused(packed[:-8] + bytes(4) + packed[-4:], "CRC check failed", ".gz")
    refused(packed[:-4] + bytes(4), "length", ".gz")
    refused(packed[:10] + b"\xff" * 20, "invalid", ".gz")
    refused(packed + packed, "more bytes", ".gz")
    refused(packed + b"rest", "Not a gzipped file", ".gz")


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(
    "sizes", [(2**32 - 1,), (2**32 - 1,) * 2, (2**32 - 1,) * 64, (0, *(2**32 - 1,) * 3), (2**31, 0)]
)
def test_absurd_sizes_take_no_memory(suffix, sizes):
    content = struct.pack(f">4B{len(sizes)}I", 0, 0, 8, len(sizes), *sizes) + bytes(50)
    tracemalloc.start()
    refused(gzip.compress(content) if suffix else content, "expected", suffix)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


def test_sizes_beyond_any_array_are_refused_though_one_is_0():
    refused(struct.pack(">4B4I", 0, 0, 8, 4, 0, *(2**32 - 1,) * 3), "fits in memory")


@few
@given(arrays(), st.sampled_from(["", ".gz"]), st.data())
def test_any_truncation_is_refused(array, suffix, data):
    content = content_of(array, suffix)
    refused(content[: data.draw(st.integers(0, len(content) - 1))], "expected", suffix)


@few
@given(arrays(), st.data())
def test_any_altered_header_byte_is_refused_or_gives_an_array_of_the_bytes_that_are_there(array, data):
    content = bytearray(content_of(array))
    at = data.draw(st.integers(0, 3 + 4 * array.ndim))
    content[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[at]))
    try:
        found = read_bytes(bytes(content))
    except FormatError:
        return
    header = 4 + 4 * found.ndim
    assert found.ndim == content[3]
    assert found.shape == struct.unpack(f">{found.ndim}I", content[4:header])
    assert found.nbytes == len(content) - header
    assert found.astype(found.dtype.newbyteorder(">")).tobytes() == content[header:]


@given(st.binary(max_size=200), st.sampled_from(["", ".gz"]))
def test_any_bytes_are_refused_or_read(content, suffix):
    with contextlib.suppress(FormatError):
        read_bytes(content, suffix)


def test_any_altered_gzip_byte_is_refused_or_changes_nothing():
    array = np.arange(12, dtype=np.uint8)
    packed = gzip.compress(content_of(array), mtime=0)
    read = 0
    for at in range(len(packed)):
        for flip in (0x01, 0x10, 0x80, 0xFF):
            altered = packed[:at] + bytes([packed[at] ^ flip]) + packed[at + 1 :]
            try:
                assert same(read_bytes(altered, ".gz"), array)
                read += 1
            except FormatError:
                pass
    assert 0 < read < 60  # time, system and flags in the header of gzip carry nothing

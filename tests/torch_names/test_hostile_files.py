"""`.pt` files that are broken or meant to harm: FormatError comes out, no code runs, nothing takes for ever."""

import io
import pickle
import pickletools
import struct
import sys
import tracemalloc
import types
import zipfile
from argparse import Namespace
from collections import Counter, deque

import numpy as np
import pytest

from tinygrad_cnn import torch
from tinygrad_cnn.errors import FormatError


def archive(data, storages=(), name="archive/data.pkl"):
    """A file as `torch.save` lays it out, around a pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr(name, data)
        for key, content in storages:
            made.writestr(f"archive/data/{key}", content)
    return file.getvalue()


def read(data, **options):
    return torch.load(io.BytesIO(data), **options)


def refused(pickled, storages=()):
    """Both ways to read refuse a pickle; the message, which must be short."""
    with pytest.raises(FormatError):
        read(archive(pickled, storages), weights_only=False)
    with pytest.raises(FormatError) as found:
        read(archive(pickled, storages))
    assert len(str(found.value)) < 1000
    return str(found.value)


def text(word):
    return b"X" + struct.pack("<I", len(word)) + word.encode()


# --------------------------------------------------------------------------- code
@pytest.fixture
def trap(monkeypatch):
    """A module of the program; everything that is called in it is noted."""
    made, calls = types.ModuleType("trap"), []

    class Sprung:
        def __new__(cls, *args, **kwargs):
            calls.append("new")
            return object.__new__(cls)

        def __init__(self, *args, **kwargs):
            calls.append("init")

        def __setstate__(self, state):
            calls.append("state")

    made.Sprung, made.spring = Sprung, lambda *args: calls.append("call")
    Sprung.__module__, Sprung.__qualname__ = "trap", "Sprung"
    made.spring.__module__, made.spring.__qualname__ = "trap", "spring"
    monkeypatch.setitem(sys.modules, "trap", made)
    return calls


CALLS = {
    "reduce": b"\x80\x02ctrap\nspring\n(tR.",
    "stack global": b"\x80\x04" + text("trap") + text("spring") + b"\x93)R.",
    "inst": b"(itrap\nspring\n.",
    "obj": b"\x80\x02(ctrap\nSprung\no.",
    "newobj": b"\x80\x02ctrap\nSprung\n)\x81.",
    "newobj_ex": b"\x80\x04ctrap\nSprung\n)}\x92.",
    "build": b"\x80\x02ctrap\nSprung\n)\x81}b.",
    "extension": b"\x80\x02\x82\x01.",
    "persistent text": b"P0\n.",
    "eval in a list": b"\x80\x02](cbuiltins\neval\n" + text("1") + b"\x85Re.",
    "system": b"cposix\nsystem\n(" + text("true") + b"tR.",
    "getattr": b"\x80\x02cbuiltins\ngetattr\n" + text("x") + text("y") + b"\x86R.",
    "an attribute of a maker": b"\x80\x04" + text("torch._utils") + text("np.os.system") + b"\x93.",
    "a method of a type": b"\x80\x04" + text("builtins") + text("str.upper") + b"\x93.",
    "a maker as a key": b"\x80\x02}ctorch\nSize\nNs.",
    "a maker as a value": b"\x80\x02]ctorch\nSize\na.",
    "a maker in a tuple": b"\x80\x02ctorch\nSize\n\x85.",
    "a maker alone": b"\x80\x02ctorch\nSize\n.",
    "a module's class": b"\x80\x02ctorch.nn\nLinear\n)\x81}" + text("__class__") + b"ctorch\nSize\nsb.",
    "parts that are no parts": b"\x80\x02ctorch.nn\nReLU\n)\x81}" + text("_parameters") + b"}" + text("f") + b"K\x01ssb.",
}  # fmt: skip


@pytest.mark.parametrize("pickled", CALLS.values(), ids=CALLS)
def test_no_code_runs_whatever_a_file_names(pickled, trap):
    refused(pickled)
    assert trap == []


# --------------------------------------------------------------------------- time and memory
def doubled(times, start=b")", end=b"\x86"):
    """A tuple that holds one tuple twice, which holds one twice, ...: few bytes, 2^times leaves."""
    return start + b"".join(b"q\x00h\x00" + end for _ in range(times))


BOMBS = {
    "a key": b"\x80\x02}" + doubled(70) + b"Ns.",
    "a set": b"\x80\x04\x8f(" + doubled(70) + b"\x90.",
    "a set made of a list": b"\x80\x02cbuiltins\nset\n](" + doubled(70) + b"e\x85R.",
    "what is called": b"\x80\x02" + doubled(70) + b")R.",
    "what is made": b"\x80\x02" + doubled(70) + b")\x81.",
    "a storage": b"\x80\x02" + doubled(70) + b"Q.",
    "a name": b"\x80\x04" + doubled(70) + doubled(70) + b"\x93.",
    "a number of elements": b"\x80\x02(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu")
    + doubled(70) + b"tQ.",
    "sizes": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + b"ctorch\nFloatStorage\n" + text("0")
    + text("cpu") + b"K\x01tQK\x00" + doubled(70) + doubled(70) + b"\x89}tR.",
    "the type of an array": b"\x80\x02cnumpy\ndtype\n" + doubled(70) + b"\x85R.",
    "the order of an array": b"\x80\x02cnumpy\ndtype\n" + text("f4") + b"\x85R" + doubled(70) + b"b.",
    "a long number as a key": b"\x80\x02}\x8a\xff" + b"\x7f" * 255 + b"Ns.",
    "a deep key": b"\x80\x02}" + doubled(2000, end=b"\x85").replace(b"h\x00", b"") + b"Ns.",
    "a long text, copied again and again": b"\x80\x02c_codecs\nencode\nq\x00" + text("x" * 1000) + b"\x85q\x01"
    + b"h\x00h\x01R" * 1000 + b".",
    "a long list, made a set again and again": b"\x80\x02cbuiltins\nset\nq\x00](" + b"K\x01" * 1000 + b"e\x85q\x01"
    + b"h\x00h\x01R" * 1000 + b".",
    "a text of which more is claimed than is there": b"\x80\x02X\xff\xff\xff\xffabc.",
    "bytes of which more is claimed than is there": b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7fabc.",
    "a frame of which more is claimed than is there": b"\x80\x04\x95" + b"\xff" * 8 + b"(((.",
    "marks only": b"(" * 2000 + b".",
}  # fmt: skip


@pytest.mark.parametrize("pickled", BOMBS.values(), ids=BOMBS)
def test_little_that_stands_for_much_is_refused(pickled):
    """Text, hash or copy of these would take for ever, or all memory."""
    refused(pickled, [("0", bytes(4))])


def tensor(sizes, strides, count=4, offset=0):
    """A pickle of one tensor of a storage of floats."""
    file = io.BytesIO()
    torch.save(torch.zeros(count), file)
    with zipfile.ZipFile(file) as made:
        plain = next(made.read(n) for n in made.namelist() if n.endswith("data.pkl"))
    head, tail = plain.split(b"tQ")

    def numbers(values):
        return b"(" + b"".join(b"\x8a\x08" + struct.pack("<q", v) for v in values) + b"t"

    flag = tail.index(b"\x89")
    return (
        head + b"tQ\x8a\x08" + struct.pack("<q", offset) + numbers(sizes) + numbers(strides) + tail[flag:]
    )


@pytest.mark.parametrize(
    ("sizes", "strides", "offset"),
    [
        ((4,), (2,), 0), ((4,), (1,), 1), ((5,), (1,), 0), ((2**61,), (0,), 0), ((2**30, 2**30), (0, 0), 0),
        ((-1,), (1,), 0), ((4,), (-1,), 3), ((2, 2), (1,), 0), ((0, 2**62 - 1, 4), (1, 1, 1), 0), ((1,), (1,), -1),
        ((2**61, 2**61), (2**60, 2**60), 0),
    ],
)  # fmt: skip
def test_a_tensor_that_is_larger_than_its_storage_is_refused(sizes, strides, offset):
    refused(tensor(sizes, strides, offset=offset), [("0", bytes(16))])
    assert read(archive(tensor((2, 2), (2, 1)), [("0", bytes(16))])).shape == (2, 2)


def test_bools_are_0_or_1_and_text_is_unicode():
    back = read(
        archive(tensor((4,), (1,)).replace(b"FloatStorage", b"BoolStorage"), [("0", b"\0\1\2\xff")])
    )
    assert back._array.view(np.uint8).tolist() == [0, 1, 1, 1]
    wrong = pickle.dumps(np.array(["ab"]), 2).replace(b"a\0\0\0", b"a\0\0\x7f")
    assert b"\x7f" in wrong
    refused(wrong)
    refused(pickle.dumps(np.arange(3, dtype=">i4"), 2))
    assert read(archive(pickle.dumps(np.array(["ab"]), 2))).tolist() == ["ab"]


def test_arrays_of_python_2_are_read():
    """Their bytes are text there; the published files of CIFAR are such."""
    array = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x02K\x01\x86cnumpy\ndtype\n"
        b"U\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T\x02\x00\x00\x00\x07\xfftb."
    )
    assert read(archive(array)).tolist() == [[7], [255]]


# --------------------------------------------------------------------------- the archive
def entry(data, change):
    """An archive whose central directory was changed: `change` gets the fields of its last entry."""
    at = data.rindex(b"PK\x01\x02")
    fields = list(struct.unpack("<4s6H3L5H2L", data[at : at + 46]))
    change(fields)
    return data[:at] + struct.pack("<4s6H3L5H2L", *fields) + data[at + 46 :]


def test_archives_that_lie_about_their_entries_are_refused():
    whole = archive(tensor((4,), (1,)), [("0", bytes(16))])
    for field, value in (
        (8, 2**31),
        (9, 2**31),
        (9, 7),
        (16, 2**31),
        (16, 0),
        (4, 8),
        (3, 1),
        (7, 1),
        (2, 99),
    ):
        with pytest.raises(FormatError):
            read(entry(whole, lambda fields, f=field, v=value: fields.__setitem__(f, v)))


def test_entries_that_overlap_are_refused():
    """Each claims the same bytes, so that a small file would unpack to much."""
    whole = archive(tensor((4,), (1,)), [(str(k), bytes(200)) for k in range(20)])
    end = whole.rindex(b"PK\x05\x06")
    start = struct.unpack("<L", whole[end + 16 : end + 20])[0]
    directory, at = bytearray(whole[start:end]), 0
    while at < len(directory):
        struct.pack_into("<2L", directory, at + 20, 900, 900)  # both sizes
        name, extra, comment = struct.unpack_from("<3H", directory, at + 28)
        at += 46 + name + extra + comment
    with pytest.raises(FormatError):
        read(whole[:start] + bytes(directory) + whole[end:])


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_name_are_refused():
    with pytest.raises(FormatError, match="twice"):
        read(archive(tensor((4,), (1,)), [("0", bytes(16)), ("0", bytes(16))]))


@pytest.mark.parametrize("key", ["../0", "/etc/passwd", "..\\0", "a/b", "0\0"])
def test_names_that_lead_out_of_the_archive_are_no_paths(key, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pickled = tensor((4,), (1,)).replace(text("0"), text(key))
    refused(pickled, [("0", bytes(16))])
    refused(pickled, [(key, bytes(16))]) if "\0" not in key else None
    with pytest.raises(FormatError):
        read(archive(tensor((4,), (1,)), [("0", bytes(16))], name=f"../../{key}data.pkl"))
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------- mutations
OPCODES = [op.code.encode("latin1") for op in pickletools.opcodes]


def parts(pickled):
    """The opcodes of a pickle, each with its argument, as bytes."""
    places = [at for _, _, at in pickletools.genops(pickled)]
    return [pickled[a:b] for a, b in zip(places, [*places[1:], len(pickled)], strict=True)]


def changed_bytes(data, rng):
    """Bits turned, bytes changed, cut out, doubled, moved, or the end cut off."""
    kind, at, new = rng.integers(6), int(rng.integers(len(data))), bytearray(data)
    stretch = slice(at, at + int(rng.integers(1, 30)))
    if kind == 0:
        new[at] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        for _ in range(int(rng.integers(1, 6))):
            new[int(rng.integers(len(data)))] = int(rng.integers(256))
    elif kind == 2:
        del new[stretch]
    elif kind == 3:
        new[at:at] = new[stretch]
    elif kind == 4:
        to = int(rng.integers(len(data)))
        new[to : to + 4] = new[stretch][:4]
    else:
        del new[at:]
    return bytes(new)


def changed_opcodes(pickled, rng):
    """Opcodes exchanged, left out, doubled, replaced, or new names and numbers among them."""
    ops = parts(pickled)
    for _ in range(int(rng.integers(1, 4))):
        kind, at, other = rng.integers(6), int(rng.integers(len(ops))), int(rng.integers(len(ops)))
        if kind == 0:
            ops[at], ops[other] = ops[other], ops[at]
        elif kind == 1 and len(ops) > 1:
            del ops[at]
        elif kind == 2:
            ops.insert(other, ops[at])
        elif kind == 3:
            ops[at] = OPCODES[int(rng.integers(len(OPCODES)))] + ops[at][1:]
        elif kind == 4:
            names = (
                b"cposix\nsystem\n",
                b"cbuiltins\neval\n",
                b"ctorch\nSize\n",
                b"ccollections\nOrderedDict\n",
                b"ccollections\ndefaultdict\n",
                b"ctorch._tensor\n_rebuild_from_type_v2\n",
                b"cargparse\nNamespace\n",
            )
            ops.insert(at, names[int(rng.integers(len(names)))])
        else:
            ops[at] = b"\x8a\x08" + rng.bytes(8)
    return b"".join(ops)


def samples():
    """Descriptions with storages, of what programs save."""
    w = torch.arange(6.0).view(2, 3)
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    values = (
        {"w": w, "v": w[0], "p": torch.nn.Parameter(w), "l": [1, 2.5, "x", None, (True,)], "a": np.arange(3)},
        model.state_dict(),
        {"b": w > 2, "h": w.half(), "i": torch.arange(3), "s": {1, "a"}, "d": torch.device("cpu"), 3: w.shape},
        model,
        {"n": Namespace(lr=0.1), "c": Counter("aab"), "q": deque([1, w], 3), "f": frozenset({1}), "y": b"ab", "z": bytearray(b"ab")},
    )  # fmt: skip
    found = []
    for value in values:
        file = io.BytesIO()
        torch.save(value, file)
        with zipfile.ZipFile(file) as made:
            held = {n.partition("/")[2]: made.read(n) for n in made.namelist()}
        stored = [(n.removeprefix("data/"), held[n]) for n in held if n.startswith("data/")]
        found.append((file.getvalue(), held["data.pkl"], stored))
    return found


def try_mutations(count, seed, measure=False):
    """Read many mutated files: each gives something or FormatError. How many were refused, by kind of change."""
    rng, files, refusals = np.random.default_rng(seed), samples(), [0, 0, 0]
    for k in range(count):
        whole, pickled, stored = files[int(rng.integers(len(files)))]
        kind = k % 3
        if kind == 0:
            data = changed_bytes(whole, rng)
        elif kind == 1:
            data = archive(changed_bytes(pickled, rng), stored)
        else:
            data = archive(changed_opcodes(pickled, rng), stored)
        if measure:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
        try:
            read(data, weights_only=bool(rng.integers(2)))
        except FormatError as error:
            refusals[kind] += 1
            assert len(str(error)) < 2000
        if measure:
            assert tracemalloc.get_traced_memory()[1] - before < 2**21, (k, len(data))
    return refusals


def test_mutated_files_are_read_or_refused_and_nothing_else():
    assert min(try_mutations(450, 0)) > 50


@pytest.mark.slow
def test_ten_thousand_mutated_files_are_read_or_refused_in_little_memory():
    tracemalloc.start()
    try:
        assert min(try_mutations(10_000, 1, measure=True)) > 1000
    finally:
        tracemalloc.stop()

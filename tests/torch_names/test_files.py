"""`.pt` files: what is written is read again; what is corrupt or runs code is refused."""

import io
import pickle
import zipfile
from argparse import Namespace
from collections import Counter, OrderedDict, defaultdict, deque

import numpy as np
import pytest

from tinygrad_cnn import torch
from tinygrad_cnn.errors import FormatError


def written(value):
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def read(data, **options):
    return torch.load(io.BytesIO(data), **options)


def test_containers_numbers_and_tensors_come_back():
    w = torch.arange(12.0).view(3, 4)
    value = {
        "w": w, "row": w[1, ::2], "turned": w.t(), "p": torch.nn.Parameter(torch.ones(2)), "i": torch.arange(3),
        "b": torch.tensor([True]), "none": None, "list": [1, -(2**40), 2.5, "ä", True, (), (1, 2)], "set": {1, 2},
        "size": w.shape, "kind": torch.float64, "device": torch.device("cpu"), "array": np.arange(3),
        "state": OrderedDict(a=torch.zeros(0, 2), s=torch.tensor(2.0)), "h": w.half(),
    }  # fmt: skip
    back = read(written(value))
    assert list(back) == list(value) and back["list"] == value["list"] and back["set"] == {1, 2}
    for key in ("w", "row", "turned", "i", "b", "h"):
        assert torch.equal(back[key], value[key]) and back[key].dtype == value[key].dtype
    assert type(back["p"]) is torch.nn.Parameter and back["p"].requires_grad
    assert back["size"] == torch.Size([3, 4]) and back["kind"] is torch.float64
    assert type(back["state"]) is OrderedDict and back["state"]["a"].shape == (0, 2)
    assert back["array"].tolist() == [0, 1, 2] and back["turned"].stride() == (1, 4)


def test_shared_memory_stays_shared():
    w = torch.zeros(4)
    back = read(written([w, w[1:3]]))
    back[0][2] = 5
    assert back[1].tolist() == [0.0, 5.0]


def test_other_containers_and_options_come_back_as_they_were():
    value = {
        "bytes": b"\x00\xffab", "none": b"", "array": bytearray(b"ab"), "frozen": frozenset({1}), "set": {1},
        "counter": Counter("aab"), "deque": deque([1, 2], 3), "options": Namespace(lr=0.1, sizes=[1, 2]),
    }  # fmt: skip
    back = read(written(value))
    assert back == value and back["deque"].maxlen == 3
    assert all(type(back[key]) is type(value[key]) for key in value)


@pytest.mark.parametrize("protocol", [2, 4])
def test_containers_that_pickle_writes_are_read(protocol):
    value = [
        defaultdict(list, a=[1]),
        defaultdict(None, b=2),
        deque("ab"),
        Counter("aab"),
        bytearray(b"a"),
        Namespace(a=1),
    ]
    assert read(archive(pickle.dumps(value, protocol))) == value
    for wrong in (defaultdict(print), Counter(a=1.5), Namespace(**{"__x__": 1})):
        with pytest.raises(FormatError):
            read(archive(pickle.dumps(wrong, protocol)))


def test_a_buffer_that_pytorch_wrote_is_a_buffer():
    storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x02tQ"
    tensor = b"(" + storage + b"K\0K\x02\x85K\x01\x85\x89ccollections\nOrderedDict\n)Rt"
    state = b"}(X\x0a\0\0\0persistent\x88X\x0a\0\0\0_is_buffer\x88u"
    names = b"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nctorch\nTensor\n"
    pickled = b"\x80\x02" + names + tensor + state + b"tR."
    back = read(archive(pickled, [("0", np.arange(2, dtype="<f4").tobytes())]))
    assert type(back) is torch.nn.Buffer and back.tolist() == [0.0, 1.0]
    with pytest.raises(FormatError, match="of the class"):
        read(archive(pickled.replace(b"ctorch\nTensor\n", b"ctorch\nSize\n"), [("0", bytes(8))]))


def test_bfloat16_is_read_as_float32_with_a_warning():
    wide = np.array([1.0, -2.5, 3.0], "<f4").view("<u4")
    data = archive(
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nBFloat16Storage\nX\x01\0\0\x000"
        b"X\x03\0\0\0cpuK\x03tQK\0K\x03\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR.",
        [("0", (wide >> 16).astype("<u2").tobytes())],
    )
    with pytest.warns(UserWarning, match="bfloat16 is computed in float32"):
        back = read(data)
    assert back.tolist() == [1.0, -2.5, 3.0] and back.dtype is torch.float32


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("torch._utils\n_rebuild_sparse_tensor", "tensors are dense"),
        ("torch._utils\n_rebuild_qtensor", "quantised"),
        ("torch._utils\n_rebuild_tensor_v3", "uint16"),
        ("torch\nComplexFloatStorage", "real numbers"),
    ],
)
def test_tensors_of_other_kinds_are_refused_with_a_reason(name, why):
    with pytest.raises(pickle.UnpicklingError, match=why):
        read(archive(f"c{name}\n.".encode()))


class Evil:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code of the file ran')",))


def archive(data, storages=()):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("archive/data.pkl", data)
        for key, content in storages:
            made.writestr(f"archive/data/{key}", content)
    return file.getvalue()


@pytest.mark.parametrize(
    "value", [Evil(), print, io.StringIO, np.dtype("O"), [Evil()], {"a": Evil()}, 1j, b"x".join]
)
def test_code_and_foreign_objects_are_refused_by_name(value):
    with pytest.raises(FormatError):
        read(archive(pickle.dumps(value, 2)))
    with pytest.raises(FormatError):
        read(archive(pickle.dumps(value, 2)), weights_only=False)


def test_the_refusal_names_what_the_file_names():
    with pytest.raises(FormatError, match=r"names __builtin__\.exec"):
        read(archive(pickle.dumps(Evil(), 2)))


def test_a_tensor_beyond_its_storage_is_refused():
    data = written({"w": torch.ones(8)})
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        text = made.read("archive/data.pkl")
    with pytest.raises(FormatError, match="need more"):
        read(archive(text, [("0", b"\0" * 16)]))


def test_models_of_the_program_load_where_it_allows_them():
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Dropout(0.1))
    data = written(model)
    with pytest.raises(FormatError, match="safe_globals"):
        read(data)
    back = read(data, weights_only=False)
    assert torch.equal(back[0].weight, model[0].weight) and repr(back) == repr(model)
    nn = torch.nn
    with torch.serialization.safe_globals([nn.Sequential, nn.Linear, nn.ReLU, nn.Dropout]):
        assert repr(read(data)) == repr(model)

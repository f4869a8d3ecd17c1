"""DLPack from and to other libraries, without a copy, on the host and on a device."""

import numpy as np
import pytest

from tinygrad_cnn import Tensor, devices, from_dlpack
from tinygrad_cnn.errors import DeviceError, DTypeError, GraphError
from tinygrad_cnn.testing.stand_in import STAND_IN, StandInArray, transfers


class OfAnotherLibrary:
    """An array of a library that we do not know, over an array's memory."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


# --------------------------------------------------------------------------- the host's memory
@pytest.mark.parametrize("made", [lambda x: x, OfAnotherLibrary], ids=["NumPy", "another library"])
def test_a_tensor_over_another_librarys_array_shares_its_memory(made):
    array = np.arange(3.0)
    x = from_dlpack(made(array))
    array[0] = 5
    assert x.tolist() == [5, 1, 2]
    x.data -= 1
    assert array.tolist() == [4, 0, 1]
    assert from_dlpack(made(array), copy=True).array.ctypes.data != array.ctypes.data
    assert from_dlpack(made(array), device="cpu", copy=False).array.ctypes.data == array.ctypes.data


def test_a_tensor_is_taken_over_by_its_memory_without_its_graph():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = from_dlpack(x)
    assert not y.requires_grad and np.shares_memory(x.array, y.array)


def test_another_library_takes_a_tensor_without_a_copy_if_it_only_reads():
    x = Tensor([1.0, 2.0])
    assert np.from_dlpack(x).ctypes.data != x.array.ctypes.data
    there = np.from_dlpack(x, copy=False)
    assert there.ctypes.data == x.array.ctypes.data and not there.flags.writeable


def test_what_speaks_no_dlpack_or_holds_no_real_numbers_is_refused():
    with pytest.raises(DTypeError, match="list has no __dlpack__"):
        from_dlpack([1.0])
    with pytest.raises(DTypeError, match="complex128"):
        from_dlpack(np.ones(2, complex))
    with pytest.raises(GraphError):
        Tensor([1.0], requires_grad=True).__dlpack__()

    class Elsewhere(OfAnotherLibrary):
        def __dlpack_device__(self):
            return 10, 0

    with pytest.raises(DeviceError, match="DLPack's kind 10"):
        from_dlpack(Elsewhere(np.ones(2)))


# --------------------------------------------------------------------------- a device's memory
def test_arrays_of_a_device_go_there_and_back_without_a_copy_or_a_transfer(device):
    x = Tensor(np.arange(3.0)).to(device)
    assert x.__dlpack_device__() == (devices.CUDA_MEMORY, device.index)
    backend = devices.backend_named(device.type)
    with transfers() as counted:
        taken = backend.from_dlpack(OfAnotherLibrary(x._array))
        back = from_dlpack(OfAnotherLibrary(taken))
    assert not counted and back.device == device and type(taken) is backend.array
    back.data += 1
    assert x.cpu().tolist() == [1, 2, 3]
    assert from_dlpack(x).device == device and from_dlpack(x._array).device == device


def test_a_tensor_of_a_device_is_handed_out_as_a_copy_there_or_as_it_is(device):
    x = Tensor(np.arange(3.0)).to(device)
    backend = devices.backend_named(device.type)
    with transfers() as counted:
        copied = backend.from_dlpack(x)
        copied += 10

        class Reading(OfAnotherLibrary):
            def __dlpack__(self, **options):
                return self.array.__dlpack__(**{**options, "copy": False})

        shared = backend.from_dlpack(Reading(x))
        shared += 1
    assert not counted and x.cpu().tolist() == [1, 2, 3]


def test_a_view_keeps_its_strides(device):
    x = Tensor(np.arange(6.0).reshape(2, 3)).to(device)
    assert from_dlpack(OfAnotherLibrary(x.T._array)).cpu().tolist() == [[0, 3], [1, 4], [2, 5]]


def test_the_processor_does_not_read_a_devices_memory(device):
    x = Tensor(np.arange(3.0)).to(device)
    with pytest.raises((BufferError, RuntimeError), match="device"):  # in NumPy's words
        np.from_dlpack(x)
    with pytest.raises(BufferError, match=r"lies on .*x\.cpu\(\)"):
        np.from_dlpack(x, device="cpu")
    with pytest.raises(BufferError, match="copied"):
        from_dlpack(x, device="cpu", copy=False)
    assert from_dlpack(x, device="cpu").tolist() == [0, 1, 2]
    assert from_dlpack(np.arange(3.0), device=device).device == device


def test_the_stand_in_takes_the_streams_and_copies_that_cupy_takes(device):
    if device.type != "stand-in":
        pytest.skip("these are the words of the stand-in")
    x = STAND_IN.upload(np.arange(3.0), 1)
    assert x.__dlpack_device__() == (2, 1)
    for stream in (None, -1, 1, 2, 2**40):
        assert x.__dlpack__(stream=stream) is not None
    for wrong, error in (
        ({"stream": -2}, ValueError), ({"copy": True}, BufferError), ({"dl_device": (2, 0)}, BufferError),
        ({"dl_device": (1, 0), "copy": False}, ValueError),
    ):  # fmt: skip
        with pytest.raises(error):
            x.__dlpack__(**wrong)
    with transfers() as counted:
        assert np.from_dlpack(x, device="cpu").tolist() == [
            0,
            1,
            2,
        ]  # CuPy copies where the CPU is asked for
    assert counted == {"get": 1}
    with pytest.raises(TypeError, match="CPU"):
        STAND_IN.from_dlpack(np.ones(2))
    assert type(STAND_IN.from_dlpack(x)) is StandInArray and STAND_IN.from_dlpack(x).index == 1

"""Memory goes between Tensors and PyTorch's by DLPack, without a copy, both ways."""

import numpy as np
import pytest

from tinygrad_cnn import Tensor, from_dlpack

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch")


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "bool"])
def test_pytorchs_memory_is_ours_and_ours_is_pytorchs(dtype):
    theirs = torch.arange(3).to(getattr(torch, dtype))
    ours = from_dlpack(theirs)
    assert ours.dtype == dtype and ours.array.ctypes.data == theirs.data_ptr()
    theirs[0] = 1
    assert ours.tolist() == theirs.tolist()
    again = torch.from_dlpack(Tensor(ours))
    assert again.tolist() == theirs.tolist()
    held = Tensor(np.arange(3).astype(dtype))
    shared = torch.from_dlpack(held, copy=False)
    assert shared.data_ptr() == held.array.ctypes.data
    assert torch.from_dlpack(held).data_ptr() != held.array.ctypes.data  # PyTorch writes where it likes


def test_views_of_pytorch_keep_their_strides_and_what_we_write_is_seen_there():
    theirs = torch.zeros(2, 3).T
    ours = from_dlpack(theirs)
    ours.data += 2
    assert ours.shape == (3, 2) and theirs.sum().item() == 12


def test_a_device_tensor_is_refused_by_a_pytorch_without_cuda():
    from tinygrad_cnn.testing.stand_in import stand_in_device

    if torch.cuda.is_available():
        pytest.skip("PyTorch would read the stand-in's memory as a GPU's")
    with stand_in_device() as device, pytest.raises((AssertionError, RuntimeError, BufferError)):
        torch.from_dlpack(Tensor([1.0]).to(device))

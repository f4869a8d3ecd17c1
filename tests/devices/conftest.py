"""The device that these tests run on: the stand-in, or what `--device` names."""

import pytest

from tinygrad_cnn import device as named
from tinygrad_cnn import use_kernels
from tinygrad_cnn.testing.stand_in import stand_in_device


def pytest_addoption(parser):
    parser.addoption("--device", default="stand-in", help="stand-in, cuda, cuda:1 ...")


@pytest.fixture
def device(request):
    wanted = request.config.getoption("--device", default="stand-in")
    if wanted != "stand-in":
        yield named(wanted)
        return
    with stand_in_device() as place:
        yield place


@pytest.fixture
def reference():
    """NumPy's kernels on the host: compiled ones add in another order than a device does."""
    before = use_kernels("reference")
    yield
    use_kernels(before)

"""What the devices ask of CuPy, CuPy has: seen on its signatures and by its compiler, which need no GPU.

Where CuPy is not installed these tests are skipped: pip install cupy-cuda12x nvidia-cuda-nvrtc-cu12
"""

import inspect
import itertools
import re
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tinygrad_cnn.devices import cuda
from tinygrad_cnn.kernels.device import sources
from tinygrad_cnn.testing.stand_in import cupy_names

pytestmark = pytest.mark.skipif(
    find_spec("cupy") is None, reason="CuPy is not installed: nothing to compare with"
)


@pytest.fixture(scope="module")
def cupy():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that there is no CUDA
        return pytest.importorskip("cupy")


def attribute(owner, path):
    for name in path.split("."):
        owner = getattr(owner, name)
    return owner


def given(function):
    """The parameters of a function of CuPy, by their kind: from its signature, or its first line."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):  # compiled: the signature is the first line of its words
        line = function.__doc__.strip().splitlines()[0].replace("\\*", "*")
        text = line[line.index("(") + 1 : line.rindex(")")]
        return [part.split("=")[0].split()[-1] for part in text.split(",") if part.strip()]
    return [
        ("*" * (p.kind is p.VAR_POSITIONAL) + "**" * (p.kind is p.VAR_KEYWORD)) + p.name for p in parameters
    ]


def agree(taken, names):
    """Whether what the stand-in takes has these names, in this order."""
    if any(name.startswith("**") for name in names) or taken.many:
        return True
    return [n for n in names if n not in ("self", "/", "*")][: len(taken.by_place)] == taken.by_place and (
        taken.by_name <= set(names)
    )


def test_every_function_that_the_stand_in_takes_cupy_has_with_these_arguments(cupy):
    elementwise = type(cupy.add)
    for name, taken in cupy_names.FUNCTIONS.items():
        function = attribute(cupy, name)
        assert isinstance(function, elementwise) or agree(taken, given(function)), name


def test_every_method_too(cupy):
    for name, taken in cupy_names.METHODS.items():
        assert agree(taken, given(getattr(cupy.ndarray, name))), name


def test_every_elementwise_function_has_the_element_types_of_numpys_for_real_numbers(cupy):
    """What CuPy's rule gives: the first loop to which all operands may be cast (`_kernel.pyx`)."""
    numbers = {int: np.dtype(np.int64), float: np.dtype(np.float64)}
    rank = {"b": 0, "u": 1, "i": 1, "f": 2}

    def score(kind):
        return rank[np.dtype(kind).kind]

    def by_cupy(loops, operands):
        weak = [k for k in operands if k in numbers]
        strong = [k for k in operands if k not in numbers]
        counts = bool(weak and strong) and max(map(score, strong)) >= max(map(score, weak))
        for loop in loops:
            into, result = loop.split("->")
            if "V" in into:
                continue
            for kind, wanted in zip(operands, into, strict=True):
                fits = np.can_cast(numbers.get(kind, kind), wanted)
                if not fits and counts and kind in numbers:
                    fits = np.result_type(kind(0), wanted) == wanted
                if not fits:
                    break
            else:
                return [np.dtype(char) for char in result]
        return None

    def by_numpy(function, operands):
        arrays = [k(1) if k in numbers else np.ones(1, k) for k in operands]
        try:
            with np.errstate(all="ignore"):
                found = function(*arrays)
        except TypeError:
            return None
        return [each.dtype for each in (found if isinstance(found, tuple) else (found,))]

    kinds = [*"?bBhHiIlLefd"]
    pairs = [*itertools.product(kinds, kinds), *itertools.product(kinds, numbers)]
    pairs += [(b, a) for a, b in itertools.product(kinds, numbers)]
    for name in sorted(cupy_names.ELEMENTWISE - {"matmul"}):
        function, loops = getattr(np, name), getattr(cupy, name).types
        for operands in [(k,) for k in kinds] if function.nin == 1 else pairs:
            want = by_numpy(function, operands)
            if want is not None:  # CuPy may know more
                assert by_cupy(loops, operands) == want, (name, operands)


def test_what_the_backend_asks_of_cupy_is_there(cupy):
    """Each `self.cupy.name...` in devices/cuda.py."""
    text = Path(cuda.__file__).read_text(encoding="utf-8")
    asked = {path[1:] for path in re.findall(r"\bcupy((?:\.[A-Za-z_]\w*)+)\(?", text)}
    assert {"ndarray", "from_dlpack", "cuda.Device", "RawModule", "add.at", "maximum.at"} <= asked
    for path in asked:
        attribute(cupy, path)
    for path in (
        "cuda.Device.use",
        "cuda.Device.__enter__",
        "ndarray.get",
        "ndarray.device",
        "RawModule.get_function",
    ):
        attribute(cupy, path)
    assert "options" in cupy.RawModule.__doc__ and "code" in cupy.RawModule.__doc__


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arch", "real"), [("70", "float"), ("80", "float"), ("80", "double"), ("90", "float")]
)
def test_the_kernels_are_compiled_for_each_generation_of_gpus(cupy, real, arch):
    from cupy.cuda import nvrtc

    try:
        nvrtc.getVersion()
    except Exception as error:
        pytest.skip(f"NVIDIA's compiler cannot be loaded: {error}")
    program = nvrtc.createProgram(sources.SOURCE, "kernels.cu", (), ())
    try:
        nvrtc.compileProgram(program, (*sources.OPTIONS, f"-DREAL={real}", f"-arch=sm_{arch}"))
        code = nvrtc.getCUBIN(program)
    finally:
        log = nvrtc.getProgramLog(program)
        nvrtc.destroyProgram(program)
    assert "error" not in log
    for kernel in (b"max_pool", b"batch_norm_slope", b"cross_entropy", b"layer_norm_slope", b"adam"):
        assert kernel in code

"""Kernels compiled for other processors than this one, each in a process and with a cache of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")

from llvmlite import binding

#: Numba's name of a processor and its features. Products fused with sums hide errors of rounding.
PROCESSORS = {
    "generic": ("generic", ""),
    "avx2": ("haswell", "+sse4.2,+avx,+avx2"),
    "avx2 and fma": ("haswell", "+sse4.2,+avx,+avx2,+fma"),
}
#: A test file of this folder, and what it does there against the reference.
CHECKS = {
    "test_compiled_activations": "t.check_functions(); t.check_norms(0, (2, 6, 5, 7), 1, 3, 9.0)",
    "test_compiled_convolution": "t.check_vectors()",
    "test_compiled_elementary": "t.check_elementary()",
    "test_compiled_pairs": "t.check_pairs()",
    "test_compiled_layers": "t.check_layers()",
    "test_compiled_reductions": "t.check_reductions()",
    "test_compiled_recurrent": "[t.check(kind, 3, 13, 11, 0, False, True) for kind in t.GATES]",
    "test_other_convolutions": "[t.check(name) for name in list(t.PROBLEMS)[:6]]",
    "test_winograd": "t.check(0, 3, 17, 35, t.of((9, 7), ((1, 1), (0, 2))))",
}
#: The floats of a vector there.
LANES = {"generic": 4, "avx2": 8, "avx2 and fma": 8}


def runs_here(features: str) -> bool:
    """Whether this processor has the features."""
    has = binding.get_host_cpu_features()
    return all(has.get(feature.lstrip("+")) for feature in features.split(",") if feature)


@pytest.mark.slow
@pytest.mark.parametrize("file", CHECKS)
@pytest.mark.parametrize("processor", PROCESSORS)
def test_kernels_agree_with_the_reference(processor: str, file: str, tmp_path: Path) -> None:
    name, features = PROCESSORS[processor]
    if not runs_here(features):
        pytest.skip(f"this processor lacks some of {features}")
    code = f"import {file} as t\n{CHECKS[file]}\n"
    code += "from tinygrad_cnn.kernels.compiled.base import tiles\nprint(tiles.LANES)"
    environment = {
        **os.environ, "NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features,
        "TINYGRAD_CNN_CACHE": str(tmp_path), "TINYGRAD_CNN_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(LANES[processor])]

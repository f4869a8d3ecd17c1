"""The device's own kernels on the host: a C++ compiler takes their text, and their threads run in turn.

So the kernels can be seen to compute what the reference computes where there is no GPU. Each thread of a
block runs until it waits for the others, then the next one; `backwards` starts with the last thread. A
kernel whose result depends on the order of its threads, as it does where a `__syncthreads` is missing,
gives another one. How fast they are it cannot say.
"""

from __future__ import annotations

import ctypes
import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cnn.errors import DeviceError
from tinygrad_cnn.kernels.device.sources import SOURCE, THREADS
from tinygrad_cnn.testing.stand_in.array import StandInArray

__all__ = ["compiler", "launcher"]

#: What CUDA's language has and C++ has not. Threads are contexts of one thread of the system.
HEADER = r"""
#include <cmath>
#include <ucontext.h>
using std::exp; using std::log; using std::sqrt;
#define __global__
#define __device__ static
#define __shared__ static
struct Place { unsigned x; };
static Place blockIdx, threadIdx, blockDim, gridDim;
enum { RUNS, WAITS, ENDED };
static ucontext_t outside, inside[1024];
static int state[1024], current;
static char stacks[1024][16384];
static void (*body)(void);
static void __syncthreads() { state[current] = WAITS; swapcontext(&inside[current], &outside); }
static void thread() { body(); state[current] = ENDED; }

// 0, or 1 where some threads of a block ended while others waited for them.
static int run(unsigned blocks, unsigned threads, int backwards) {
    gridDim.x = blocks;
    blockDim.x = threads;
    for (blockIdx.x = 0; blockIdx.x < blocks; blockIdx.x++) {
        for (unsigned t = 0; t < threads; t++) {
            getcontext(&inside[t]);
            inside[t].uc_stack.ss_sp = stacks[t];
            inside[t].uc_stack.ss_size = sizeof stacks[t];
            inside[t].uc_link = &outside;
            makecontext(&inside[t], thread, 0);
        }
        for (unsigned waiting = threads, ended = 0; waiting;) {
            waiting = 0, ended = 0;
            for (unsigned k = 0; k < threads; k++) {
                current = threadIdx.x = backwards ? threads - 1 - k : k;
                state[current] = RUNS;
                swapcontext(&outside, &inside[current]);
                waiting += state[current] == WAITS;
                ended += state[current] == ENDED;
            }
            if (waiting && ended) return 1;
        }
    }
    return 0;
}
"""

_SIGNATURE = re.compile(r'extern "C" __global__ void (\w+)\(([^)]*)\)')


def compiler() -> str | None:
    """The C++ compiler of this machine, None where there is none.

    >>> compiler() is None or "/" in compiler()
    True
    """
    return shutil.which("g++") or shutil.which("clang++")


def _program(real: str) -> str:
    """The kernels, each with a function that runs it in blocks of threads."""
    windows = re.search(r"#define WINDOWS (.*?)\n#define", SOURCE, re.DOTALL)
    assert windows is not None
    starts = []
    for name, taken in _SIGNATURE.findall(SOURCE):
        parameters = taken.replace("WINDOWS", windows[1].replace("\\\n", " "))
        pairs = [one.rsplit(maxsplit=1) for one in parameters.split(",")]
        kept = "".join(f"static {kind} {name}_{own};" for kind, own in pairs)
        given = "".join(f"{name}_{own} = {own};" for _, own in pairs)
        passed = ", ".join(f"{name}_{own}" for _, own in pairs)
        starts.append(
            f"{kept} static void body_of_{name}() {{ {name}({passed}); }}\n"
            f'extern "C" int start_{name}(unsigned blocks, unsigned threads, int backwards, {parameters}) '
            f"{{ {given} body = body_of_{name}; return run(blocks, threads, backwards); }}\n"
        )
    return f"#define REAL {real}\n{HEADER}{SOURCE}{''.join(starts)}"


def _library(real: str, folder: Path) -> ctypes.CDLL:
    """The kernels for a float type, compiled into a folder, once."""
    program = _program(real)
    made = folder / f"kernels-{real}-{hashlib.sha256(program.encode()).hexdigest()[:12]}.so"
    if not made.exists():
        options = ["-std=c++17", "-O0", "-ffp-contract=off", "-w", "-fPIC", "-shared"]
        command = [compiler() or "g++", "-x", "c++", *options, "-", "-o", str(made)]
        subprocess.run(command, input=program, text=True, check=True)
    return ctypes.CDLL(str(made))


def launcher(folder: Path, backwards: bool = False) -> Callable[[Any], Callable[..., None]]:
    """Make what the stand-in starts kernels with: `STAND_IN.launchers = launcher(folder)`.

    Args:
        folder: where the compiled kernels go.   backwards: start with the last thread of each block.
    """
    kinds = {"f": ("float", ctypes.c_float), "d": ("double", ctypes.c_double)}

    def of(like: Any) -> Callable[..., None]:
        real, number = kinds[like.dtype.char]
        library = _library(real, folder)

        def passed(value: Any) -> Any:
            if isinstance(value, StandInArray):
                return ctypes.c_void_p(value._held.ctypes.data)
            return (
                number(float(value))
                if isinstance(value, (float, np.floating))
                else ctypes.c_longlong(value)
            )

        def launch(name: str, blocks: int, *arguments: Any) -> None:
            start = getattr(library, f"start_{name}")
            if start(
                ctypes.c_uint(blocks), ctypes.c_uint(THREADS), int(backwards), *map(passed, arguments)
            ):
                raise DeviceError(f"{name}: some threads of a block ended while others waited for them")

        return launch

    return of

"""Compile the fast kernels beforehand, so that no training waits for them or starts without them.

    python -m tinygrad_cnn.warm            # compile what the cache lacks, and say where it lies
    python -m tinygrad_cnn.warm --clear    # remove the cache

Training starts this by itself, in the background, when it finds none (see `kernels.serving`); in an
image that is built once and run often it is better done while building.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

from tinygrad_cnn.errors import KernelError, TinygradCnnError
from tinygrad_cnn.kernels import cache, compiler, process_lock, serving
from tinygrad_cnn.signal_handlers import let_through


def compile_all(wait: bool = True) -> Path:
    """Compile every kernel into the cache and mark it complete; the folder.

    Args:
        wait: for another process that is doing so already.
    Raises:
        BlockingIOError: another process is, and `wait` is False.
        MissingExtraError: Numba is not installed.
        KernelError: the kernels cannot be compiled, or the cache cannot be written; the reason is
            left in the folder for those who ask later.
    """
    if cache.is_complete():
        serving.SERVING.load()
        return cache.folder()
    try:
        lock = cache.folder() / "compiling"
    except OSError as error:
        let_through(error)
        raise KernelError(f"the compiled kernels cannot be kept: {error}") from error
    with process_lock.locked(lock, wait):
        try:
            serving.SERVING.load()
            cache.mark_complete()
        except TinygradCnnError as error:
            cache.mark_failed(error)
            raise
        except OSError as error:
            let_through(error)
            raise KernelError(f"the compiled kernels cannot be kept: {cache.reason_of(error)}") from error
    return cache.folder()


def main(arguments: list[str] | None = None) -> int:
    """Compile or clear, and say what was done; the exit status."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        prog="python -m tinygrad_cnn.warm", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--clear", action="store_true", help="remove every compiled kernel")
    parser.add_argument("--quiet", action="store_true", help="say nothing, and give way to other programs")
    parser.add_argument(
        "--unless-busy", action="store_true",
        help=f"where another process is compiling, do not wait: end with status {compiler.BUSY}",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    if options.clear:
        shutil.rmtree(cache.root(), ignore_errors=True)
        print(f"removed {cache.root()}")
        return 0
    if options.quiet and hasattr(os, "nice"):
        os.nice(5)
    start = time.perf_counter()
    try:
        path = _compiled(not options.unless_busy, options.quiet)
    except BlockingIOError:
        return compiler.BUSY
    except TinygradCnnError as error:
        print(f"python -m tinygrad_cnn.warm: {error}", file=sys.stderr)
        return 1
    if not options.quiet:
        taken, megabytes = time.perf_counter() - start, cache.size() / 1e6
        print(f"the compiled kernels are ready after {taken:.1f} s, in {path} ({megabytes:.1f} MB)")
    return 0


def _compiled(wait: bool, quiet: bool) -> Path:
    """The folder of compiled kernels; whoever has to wait for another process is told so."""
    try:
        return compile_all(wait=False)
    except BlockingIOError:
        if not wait:
            raise
    if not quiet:
        print(f"another process is compiling into {cache.folder()}; waiting for it", flush=True)
    return compile_all()


if __name__ == "__main__":
    sys.exit(main())

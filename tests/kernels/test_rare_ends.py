"""Kernels and their cache on systems that lack something, in forked children, and after interrupts."""

import ctypes
import os
import subprocess
import sys
import threading
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import tune, use_kernels, warm
from tinygrad_cnn.errors import KernelError, MissingExtraError
from tinygrad_cnn.graph import writes
from tinygrad_cnn.grid import Grid
from tinygrad_cnn.kernels import cache, compiler, memory, process_lock, serving
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.threads import blas, crew, pool, signals


def refuse(error: BaseException) -> Any:
    """A function that raises."""

    def refusing(*given: Any, **options: Any) -> None:
        raise error

    return refusing


# --------------------------------------------------------------------------- other systems
def test_the_cache_lies_where_each_system_keeps_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TINYGRAD_CNN_CACHE", raising=False)
    monkeypatch.setenv("LOCALAPPDATA", "/users/me/local")
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/me/cache")
    monkeypatch.setattr(Path, "home", lambda: Path("/users/me"))
    found = {}
    for system in ("win32", "darwin", "linux"):
        monkeypatch.setattr(cache, "sys", SimpleNamespace(platform=system, version=sys.version))
        found[system] = cache.root().as_posix()
    assert found == {
        "win32": "/users/me/local/tinygrad_cnn",
        "darwin": "/users/me/Library/Caches/tinygrad_cnn",
        "linux": "/home/me/cache/tinygrad_cnn",
    }


def test_a_system_that_tells_little_has_a_folder_and_threads_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = cache._machine.__wrapped__("settings")
    monkeypatch.setattr(metadata, "version", refuse(metadata.PackageNotFoundError("numba")))
    without = cache._machine.__wrapped__("settings")
    monkeypatch.setattr(Path, "read_text", refuse(PermissionError("/proc is not mounted")))
    unknown = cache._machine.__wrapped__("settings")
    assert len({before, without, unknown}) == 3 and {len(name) for name in (before, unknown)} == {16}
    monkeypatch.setattr(cache, "folder", refuse(OSError("no home folder")))
    assert cache.size() == 0
    monkeypatch.delenv("TINYGRAD_CNN_NUM_THREADS", raising=False)
    for name in [name for name in os.environ if name.endswith("NUM_THREADS")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(pool, "os", SimpleNamespace(environ=os.environ, cpu_count=lambda: None))
    assert pool.default_threads() == 1


def test_a_file_system_without_locks_has_nothing_to_wait_for(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(process_lock, "_try", refuse(OSError(37, "no locks available")))
    with process_lock.locked(tmp_path / "lock") as had:
        assert not had


def test_freed_memory_stays_where_nobody_has_set_it(monkeypatch: pytest.MonkeyPatch) -> None:
    keep = memory.keep_freed_memory.__wrapped__
    monkeypatch.setenv("MALLOC_ARENA_MAX", "2")
    assert keep() is False
    for name in [n for n in os.environ if n == "GLIBC_TUNABLES" or n.startswith("MALLOC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(memory.platform, "libc_ver", lambda: ("glibc", "2.36"))
    monkeypatch.setattr(ctypes, "CDLL", refuse(OSError("no such library")))
    assert keep() is False


def test_a_blas_that_cannot_be_asked_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "PyDLL", refuse(OSError("another kind of file")))
    assert blas._openblas() == (None, None)
    stretch = blas.Blas().one_thread()
    stretch.begin()
    stretch.end()


def test_a_refusal_of_the_system_is_forgotten_if_it_does_not_come_again() -> None:
    refusals = [OSError(28, "no space left on device")]

    def load() -> int:
        if refusals:
            raise refusals.pop()
        return 3

    assert cache.had("sum", load) == 3


# --------------------------------------------------------------------------- forks
def test_locks_that_another_thread_held_are_free_in_a_forked_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the child calls, called here: it has no thread that could let go of the parent's locks."""
    served, threads = serving.Serving(), blas.Blas()
    for home, name in ((writes, "LOCK"), (cache, "_importing"), (pool, "_making"), (pool, "_pool")):
        monkeypatch.setattr(home, name, getattr(home, name))
    monkeypatch.setattr(cache, "_waits", [True])
    crew_before = pool._pool
    held, end = threading.Event(), threading.Event()

    def hold() -> None:
        with writes.LOCK, cache._importing, served._lock, threads._lock, pool._making:
            held.set()
            end.wait(60)

    other = threading.Thread(target=hold)
    other.start()
    try:
        assert held.wait(60) and not writes.LOCK.acquire(blocking=False)
        writes._new_lock()
        cache.after_fork_in_child()
        served.after_fork()
        threads.forget()
        pool._after_fork()
        for lock in (writes.LOCK, cache._importing, served._lock, threads._lock, pool._making):
            assert lock.acquire(blocking=False)
            lock.release()
    finally:
        end.set()
        other.join()
    assert cache._waits == [] and pool._left.pop() is crew_before and pool._pool.size == crew_before.size


def test_a_child_gets_the_threads_of_blas_back_that_its_parent_had_taken() -> None:
    taken: list[int] = []
    parts = blas.Blas()
    parts._set, parts._get = taken.append, lambda: 4
    parts.one_thread().begin()
    parts.forget()
    assert taken == [1, 4] and not parts._ours


# --------------------------------------------------------------------------- threads
def test_a_thread_that_died_is_not_waited_for() -> None:
    worker = object.__new__(crew.Worker)
    worker.part, worker._done = 1, SimpleNamespace(wait=lambda seconds: None)
    worker._thread = SimpleNamespace(running=lambda: False)
    task = crew.Task(lambda *part: None, (0, 1, 2))
    worker.wait(task)
    with pytest.raises(RuntimeError, match="a part of a kernel was interrupted"):
        task.give_back()


def test_a_second_interrupt_is_raised_when_all_parts_have_ended() -> None:
    class Slow:
        part, waits = 1, 0

        def dismiss(self) -> None:
            pass

        def wait(self, task: crew.Task) -> None:
            self.waits += 1
            if self.waits == 1:
                raise KeyboardInterrupt("again")

    slow, parts = Slow(), crew.Crew(2)
    parts.workers = (slow,)  # type: ignore[assignment]
    task = crew.Task(lambda *part: None, (0, 1, 2))
    task.take(1, slow)  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt, match="again"):
        parts._stop(task)
    assert slow.waits == 2 and parts.workers == ()


def test_numpy_looks_at_a_flag_until_it_is_set() -> None:
    given = np.zeros(1, bool)
    signals._look(given, np.array([False, True]), 0)
    assert given[0]


# --------------------------------------------------------------------------- which kernels serve
@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Kernels of this test alone: what serves relu, what was loaded, and what the cache says of itself."""
    told = SimpleNamespace(
        loaded=[], said=[], ready=[], complete=True, failure=None, spec=True, table=SimpleNamespace()
    )
    compiled = SimpleNamespace(HOME={"relu": "its.home"}, MODULES=("one", "two"))
    kernel = SimpleNamespace(load=lambda: told.loaded.append("kernel"))
    monkeypatch.setitem(sys.modules, cache.PACKAGE, compiled)
    monkeypatch.setitem(sys.modules, f"{cache.PACKAGE}.base.compiling", SimpleNamespace(KERNELS=[kernel]))
    monkeypatch.setattr(serving, "_import_compiled", lambda: told.loaded.append("package"))
    monkeypatch.setattr(serving, "_say", lambda *words: told.said.append(words[0]))
    monkeypatch.setattr(serving, "find_spec", lambda name: told.spec or None)
    monkeypatch.setattr(serving.memory, "keep_freed_memory", lambda: True)
    monkeypatch.setattr(cache, "imported", told.loaded.append)
    monkeypatch.setattr(cache, "mark_ready", told.ready.append)
    monkeypatch.setattr(cache, "is_complete", lambda: told.complete)
    monkeypatch.setattr(cache, "failure", lambda: told.failure)
    monkeypatch.setattr(cache, "prepare", lambda: Path())
    monkeypatch.setenv("TINYGRAD_CNN_KERNELS", "auto")
    told.serving = serving.Serving()
    told.serving._table, told.serving._names = told.table, ("relu",)
    told.serving._bind("reference")
    return told


def test_kernels_that_will_be_wanted_are_loaded_meanwhile(served: SimpleNamespace) -> None:
    served.serving.foresee(serving.WORTH_IT)
    served.serving._loader.finish()
    assert served.loaded == ["package", "one", "two"] and served.serving.which == "reference"
    served.serving.begun = True
    served.serving._load_ahead()  # they are wanted: who wants them loads the rest
    assert served.loaded == ["package", "one", "two", "package"]


def test_each_choice_loads_what_it_needs_and_falls_back_on_numpy(served: SimpleNamespace) -> None:
    ours = served.serving
    assert ours.choose("fast", False) == "fast" and ours.pinned and served.loaded == ["package"]
    served.complete = False
    assert ours.choose("auto", True) == "fast"
    assert served.loaded == ["package", "package", "one", "kernel", "two"]
    assert served.ready == ["one", "two"]
    served.complete = True
    assert ours.choose("auto", False) == "fast" and not ours.pinned
    served.spec = False
    assert ours.choose("auto", True) == "reference" and served.said == []
    with pytest.raises(MissingExtraError, match="the compiled kernels need Numba"):
        ours.load()
    served.spec = True
    assert served.table.relu is reference.relu


def test_kernels_that_cannot_be_had_leave_numpy_and_a_reason(
    served: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_import_compiled", refuse(RuntimeError("no such processor")))
    assert served.serving.choose("auto", False) == "reference"
    assert served.said == ["the compiled kernels cannot be had: RuntimeError: no such processor"]


def test_a_process_fills_the_cache_and_its_kernels_take_over(
    served: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, answers = served.serving, [0]
    monkeypatch.setattr(compiler, "start", lambda: SimpleNamespace(wait=lambda seconds: answers.pop()))
    ours._compile_beside()
    (waiting,) = [t for t in threading.enumerate() if t.name == "tinygrad_cnn warm"] or [None]
    if waiting is not None:
        waiting.join()
    assert ours.which == "fast" and answers == []
    monkeypatch.setattr(compiler, "start", lambda: None)  # inside the process that compiles
    ours._compile_beside()
    monkeypatch.setattr(compiler, "start", refuse(OSError(28, "no space left")))
    ours._compile_beside()
    monkeypatch.setattr(compiler, "start", refuse(RuntimeError("can't start new thread")))
    ours._compile_beside()
    ours._take_over(SimpleNamespace(wait=refuse(OSError(10, "no child"))))
    assert [words.split(":")[0] for words in served.said] == ["OSError", "ChildProcessError"]


def test_each_module_takes_over_when_it_is_ready(
    served: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, seen = served.serving, []
    monkeypatch.setattr(cache, "ready", lambda: frozenset(["its.home"] if len(seen) > 1 else []))

    def wait(seconds: float) -> int:
        seen.append((ours.compiled(), ours.which, ours.changes))
        if len(seen) < 4:
            raise subprocess.TimeoutExpired("the compiler", seconds)
        return 0

    ours.begun = True
    ours._take_over(SimpleNamespace(wait=wait))
    assert [names for names, _, _ in seen] == [set(), set(), {"relu"}, {"relu"}]
    assert {which for _, which, _ in seen} == {"reference"} and ours.which == "fast"
    assert seen[3][2] == seen[2][2] == seen[1][2] + 1 == ours.changes - 1
    ours.choose("reference", False)
    ours._take_ready()
    assert ours.compiled() == set()  # what is pinned stays
    ours.choose("auto", False)
    ours._bind("reference")
    monkeypatch.setattr(serving, "_import_compiled", refuse(RuntimeError("no such processor")))
    ours._take_ready()
    assert ours.compiled() == set()


def test_while_another_process_compiles_what_it_has_made_serves(
    served: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "folder", lambda: tmp_path)
    monkeypatch.setattr(cache, "ready", lambda: frozenset(["its.home"]))
    monkeypatch.setattr(serving, "PAUSE", 0.01)
    served.serving.begun = True
    with process_lock.locked(tmp_path / "compiling"):
        waits = threading.Thread(target=served.serving._let_another_end)
        waits.start()
        while not served.serving.compiled():
            assert waits.is_alive()
    waits.join(300)
    assert not waits.is_alive() and served.serving.which == "reference"


def test_what_is_ready_is_read_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYGRAD_CNN_CACHE", str(tmp_path))
    assert cache.ready() == frozenset()
    cache.mark_ready("one")  # there is no folder yet: nothing is noted
    cache.prepare()
    cache.mark_ready("two")
    with cache._marker("ready").open("a") as file:
        file.write("half")
    assert cache.ready() == {"two"}


def test_where_another_process_compiled_nothing_is_started_again(
    served: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "folder", lambda: tmp_path)
    served.serving._take_over(SimpleNamespace(wait=lambda seconds: compiler.BUSY))
    assert served.serving.which == "fast"


def test_before_anything_is_decided_the_wish_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving.SERVING, "begun", False)
    for wish, reference_wanted in (("reference", True), ("auto", False)):
        monkeypatch.setenv("TINYGRAD_CNN_KERNELS", wish)
        assert serving.wants_reference() is reference_wanted


# --------------------------------------------------------------------------- the two programs
def test_the_compiler_is_started_with_this_package_on_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYGRAD_CNN_CACHE", str(tmp_path))
    monkeypatch.delenv(compiler.MARK, raising=False)
    monkeypatch.setattr(compiler, "sys", SimpleNamespace(path=["", "/lib"], executable=sys.executable))
    monkeypatch.setattr(subprocess, "Popen", lambda command, **options: (command, options))
    command, options = compiler.start()
    home = str(Path(compiler.__file__).parents[2])
    assert command[:3] == [sys.executable, "-P", "-c"] and f"['/lib', {home!r}]" in command[3]
    assert options["env"][compiler.MARK] == "1" and options["start_new_session"]
    assert options["env"]["TINYGRAD_CNN_CACHE"] == str(tmp_path)


def test_warm_compiles_clears_and_says_what_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TINYGRAD_CNN_CACHE", str(tmp_path))
    folder, loaded = cache.prepare(), []
    monkeypatch.setattr(serving.SERVING, "load", lambda: loaded.append(1))
    assert warm.main([]) == 0 and cache.is_complete() and loaded == [1]
    assert str(folder) in capsys.readouterr().out
    assert warm.compile_all() == folder and loaded == [1, 1]  # complete already
    assert warm.main(["--clear"]) == 0 and not cache.root().exists()
    assert capsys.readouterr().out == f"removed {cache.root()}\n"
    monkeypatch.setattr(serving.SERVING, "load", refuse(OSError(28, "No space left on device")))
    assert warm.main([]) == 1 and "cannot be kept: OSError: [Errno 28]" in capsys.readouterr().err
    monkeypatch.setattr(cache, "folder", refuse(OSError("there is no home folder")))
    with pytest.raises(KernelError, match="the compiled kernels cannot be kept: there is no home folder"):
        warm.compile_all()


def test_what_tune_times_is_what_the_kernels_compute(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    silu = SimpleNamespace(silu=lambda x: x / (1 + np.exp(-x)))
    monkeypatch.setattr(tune, "_module", lambda name: silu if name == "activation" else reference)
    x, w = tune._drawn((1, 2, 4, 4), (3, 2, 3, 3))
    grid = Grid((4, 4), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))
    y, dx = tune._convolutions((1, 2, 3, 4, 3))()
    np.testing.assert_array_equal(y, reference.conv(x, w, None, grid, 1))
    np.testing.assert_array_equal(dx, reference.conv_image(y, w, grid, 1))
    assert [dw.shape for dw in tune._weights("direct", (1, 2, 3, 4, 3))()] == [(3, 2, 3, 3)]
    assert [y.shape for y in tune._pointwise((2, 3, 5, 4))()] == [(2, 5, 4, 4)]
    a, b, c = tune._drawn((2, 3), (4, 3), (4,))
    np.testing.assert_array_equal(tune._linears((2, 3, 4))()[0], reference.linear(a, b, c))
    a, b = tune._drawn((2, 3), (3, 4))
    np.testing.assert_array_equal(tune._products((2, 3, 4))()[0], a @ b)
    assert [len(x) for x in tune._activations(5, 6)()] == [5, 6]
    monkeypatch.setattr(tune.SERVING, "load", refuse(MissingExtraError("they need Numba")))
    assert tune.main([]) == 1 and capsys.readouterr().err.endswith("tune: they need Numba\n")


# --------------------------------------------------------------------------- NumPy's
def test_one_image_alone_and_products_of_two_types_are_as_numpy_has_them() -> None:
    before = use_kernels("reference")
    x = np.arange(16.0).reshape(4, 4)
    grid = Grid((4, 4), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1))
    np.testing.assert_array_equal(
        reference.avg_pool(x, grid, True), reference.avg_pool(x[None], grid, True)[0]
    )
    a, b = np.ones((100, 60)), np.ones((60, 50), np.float32)
    np.testing.assert_array_equal(reference.matmul(a, b), a @ b)
    with pytest.raises(ValueError, match="mismatch"):
        reference.matmul(a, np.ones((70, 50)))
    use_kernels(before)


# --------------------------------------------------------------------------- before anything is decided
def test_before_the_first_large_array_nothing_is_compiled() -> None:
    assert serving.Serving().compiled() == set()


# --------------------------------------------------------------------------- errors that a library swallows
def test_what_is_raised_elsewhere_meanwhile_is_told_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    lost_errors = pytest.importorskip("tinygrad_cnn.kernels.compiled.base.lost_errors").lost_errors
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda given: told.append(given.exc_value))
    with lost_errors() as lost:
        sys.unraisablehook(SimpleNamespace(err_msg="in a finalizer", exc_value=ValueError("other")))
        sys.unraisablehook(SimpleNamespace(err_msg="ctypes callback", exc_value=TimeoutError("too late")))
    assert [str(error) for error in (*told, *lost)] == ["other", "too late"]


def test_a_kernel_that_fails_for_a_swallowed_error_raises_that(monkeypatch: pytest.MonkeyPatch) -> None:
    compiling = pytest.importorskip("tinygrad_cnn.kernels.compiled.base.compiling")
    kernel = compiling.Kernel(lambda: None, "void()")

    def failing(compiler: Any, place: Path) -> Any:
        sys.unraisablehook(SimpleNamespace(err_msg="ctypes callback", exc_value=TimeoutError("too late")))
        raise RuntimeError("no symbol")

    monkeypatch.setattr(kernel, "_had", failing)
    with pytest.raises(TimeoutError, match="too late"):
        kernel.load()

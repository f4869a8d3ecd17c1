"""Which kernels serve, and what happens where the compiled ones cannot be had."""

import ctypes
import gc
import importlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinygrad_cnn
from tinygrad_cnn import kernels, kernels_in_use, use_kernels, warm
from tinygrad_cnn.errors import ArgumentError, KernelError
from tinygrad_cnn.kernels import cache, compiler, imports_elsewhere, process_lock, serving
from tinygrad_cnn.kernels import numpy as reference

#: A step of training on arrays that are large enough to decide, and what served before and after.
STEP = """
import numpy as np, sys, time
from tinygrad_cnn import Tensor, nn, kernels_in_use
from tinygrad_cnn import functional as F
assert "numba" not in sys.modules
x = Tensor(np.ones((16, 8, 16, 16), "float32"))
model = nn.Conv2d(8, 8, 3, padding=1, rng=0)
print(F.relu(model(x)).sum().item(), kernels_in_use(), "numba" in sys.modules)
"""


def run(
    code: str, folder: Path, timeout: float = 300, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A fresh process with a cache of its own."""
    given = {"TINYGRAD_CNN_CACHE": str(folder), "TINYGRAD_CNN_KERNELS": "auto", **environment}
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **given}, capture_output=True, text=True,
        timeout=timeout,
    )  # fmt: skip


def test_names_are_bound_to_the_reference_here() -> None:
    """The suite pins it; see conftest.py."""
    use_kernels("reference")
    assert kernels_in_use() == "reference" and kernels.conv is reference.conv


def test_a_wrong_name_is_refused() -> None:
    with pytest.raises(ArgumentError, match="use_kernels: which must be one of auto, fast, reference"):
        use_kernels("quick")


def test_small_arrays_decide_nothing(tmp_path: Path) -> None:
    done = run(STEP.replace("(16, 8, 16, 16)", "(1, 8, 4, 4)"), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1:] == ["reference", "False"] and list(tmp_path.iterdir()) == []


def test_without_numba_the_reference_serves_in_silence(tmp_path: Path) -> None:
    hidden = "import sys, importlib.util as u; f = u.find_spec\n"
    hidden += "u.find_spec = lambda name, *a: None if name == 'numba' else f(name, *a)\n"
    done = run(hidden + STEP, tmp_path)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert done.stdout.split()[1:] == ["reference", "False"]
    wanted = run(hidden + "import tinygrad_cnn; tinygrad_cnn.use_kernels('fast')", tmp_path)
    assert "MissingExtraError" in wanted.stderr and "pip install 'tinygrad-cnn[fast]'" in wanted.stderr


def test_a_wrong_variable_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()  # so that nothing is compiled meanwhile
    done = run(STEP, tmp_path / "a file", TINYGRAD_CNN_KERNELS="quick")
    assert done.returncode == 0 and done.stdout.split()[1] == "reference"
    assert done.stderr.count("TINYGRAD_CNN_KERNELS is 'quick'") == 1


def test_only_one_process_compiles_at_a_time_and_a_lock_dies_with_its_owner(tmp_path: Path) -> None:
    lock = tmp_path / "cache" / "compiling"
    owner = subprocess.Popen(
        [sys.executable, "-c", "import sys, time; from pathlib import Path\n"
         "from tinygrad_cnn.kernels.process_lock import locked\n"
         "with locked(Path(sys.argv[1])) as had: print(had, flush=True); time.sleep(60)", str(lock)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert owner.stdout is not None and owner.stdout.readline() == "True\n"
    os.utime(lock, (2**33, 2**33))  # a date says nothing
    had: list[bool] = []

    def ask() -> None:
        with process_lock.locked(lock) as ours:
            had.append(ours)

    waits = threading.Thread(target=ask)
    waits.start()
    waits.join(0.3)
    assert not had
    owner.kill()
    owner.wait()
    owner.stdout.close()
    waits.join(300)
    assert had == [True]
    (tmp_path / "file").touch()
    with process_lock.locked(tmp_path / "file" / "compiling") as ours:
        assert not ours  # nothing can be locked there


def test_where_another_process_compiles_a_thread_waits_and_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TINYGRAD_CNN_CACHE", str(tmp_path))
    started: list[str] = []

    def start() -> SimpleNamespace:
        started.append("again")
        return SimpleNamespace(wait=lambda seconds: 3)

    monkeypatch.setattr(compiler, "start", start)
    first = SimpleNamespace(wait=lambda seconds: compiler.BUSY)
    waits = threading.Thread(target=serving.Serving()._take_over, args=(first,))
    with process_lock.locked(cache.folder() / "compiling"):
        assert warm.main(["--quiet", "--unless-busy"]) == compiler.BUSY
        waits.start()
        waits.join(0.2)
        assert waits.is_alive() and started == []
    waits.join(300)
    assert started == ["again"] and "the compiler ended with status 3" in caplog.text


def test_the_compiling_process_sees_what_this_one_does(tmp_path: Path) -> None:
    """The package is found by this process's path alone; modules of the current folder are not run."""
    package = Path(tinygrad_cnn.__file__).parent
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "tinygrad_cnn").symlink_to(package)
    (tmp_path / "downloads").mkdir()
    for name in ("numpy", "numba", "sitecustomize", "random"):
        (tmp_path / "downloads" / f"{name}.py").write_text("open('run', 'w').close()")
    code = f"""
import os, subprocess, sys
sys.path.insert(0, {str(tmp_path / "lib")!r})
import tinygrad_cnn.kernels.compiler as compiler
command = compiler.command()
command[-1] = command[-1].split("raise")[0] + "import numpy, tinygrad_cnn as t; print(t.__file__)"
print(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path / "downloads", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / "lib" / "tinygrad_cnn" / "__init__.py")
    assert not (tmp_path / "downloads" / "run").exists()


@pytest.mark.parametrize(
    ("executable", "frozen", "reason"),
    [("", False, "this program is not a Python"), (None, False, "this program is not a Python"),
     ("/usr/bin/blender", False, "blender is not a Python"),
     (sys.executable, True, "this program is frozen")],
)  # fmt: skip
def test_a_program_that_is_no_python_is_not_started_again(
    executable: str | None, frozen: bool, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    monkeypatch.setattr(sys, "frozen", frozen, raising=False)
    with pytest.raises(OSError, match=reason):
        compiler.start()


def test_the_process_that_compiles_starts_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(compiler.MARK, "1")
    assert compiler.start() is None


def test_a_user_without_a_home_has_numpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("TINYGRAD_CNN_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", no)
    assert not cache.is_complete() and cache.failure() is None
    with pytest.raises(OSError, match="there is no home folder; TINYGRAD_CNN_CACHE names a folder"):
        cache.prepare()


def test_a_failure_that_may_pass_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYGRAD_CNN_CACHE", str(tmp_path))
    cache.prepare()
    full = KernelError("cannot be had: OSError: no space left on device")
    full.__cause__ = OSError(28, "no space left on device")
    cache.mark_failed(full)
    assert cache.failure() is None
    cache.mark_failed(KernelError("no such processor"))
    assert cache.failure() == "no such processor"
    os.utime(cache._marker("failed"), (0, 0))
    assert cache.failure() is None
    cache.mark_complete()
    assert cache.is_complete() and not cache._marker("failed").exists()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # Python 3.12 on: other threads run
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_fork_waits_for_an_import_and_the_child_can_import() -> None:
    begun, order = threading.Event(), []

    def load() -> None:
        with cache._importing:
            begun.set()
            time.sleep(0.1)
            order.append("imported")

    loader = threading.Thread(target=load)
    loader.start()
    begun.wait()
    child = os.fork()
    if child == 0:
        with cache._importing, serving.SERVING._lock:
            os._exit(0)
    order.append("forked")
    loader.join()
    assert os.waitpid(child, 0)[1] == 0 and order == ["imported", "forked"]
    with cache._importing:  # and the parent's lock is free again
        pass


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_child_can_import_what_a_thread_of_its_parent_was_importing(tmp_path: Path) -> None:
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(0.3)\n")
    program = f"""
import os, sys, threading, time
import tinygrad_cnn
tinygrad_cnn.__path__.append({str(tmp_path)!r})
threading.Thread(target=__import__, args=("tinygrad_cnn.slow_to_import",)).start()
while "tinygrad_cnn.slow_to_import" not in sys.modules: time.sleep(0.001)
child = os.fork()
import tinygrad_cnn.slow_to_import
if child == 0: os._exit(0)
print(os.waitpid(child, 0)[1])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("0\n", 0), done.stderr


def test_a_thread_that_imports_does_not_wait_for_the_imports_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lock(owner: int | None) -> Any:
        return lambda: SimpleNamespace(owner=owner)

    me, other = threading.get_ident(), -1
    for owners, waits in (
        ({}, False), ({"tinygrad_cnn.optim": other}, True), ({"viz.plots": other}, True),
        ({"numpy.fft": other}, False), ({"tinygrad_cnn.optim": None}, False),
        ({"tinygrad_cnn.optim": me}, False), ({"tinygrad_cnn.optim": other, "program": me}, False),
    ):  # fmt: skip
        locks = {name: lock(owner) for name, owner in owners.items()}
        monkeypatch.setattr(importlib, "_bootstrap", SimpleNamespace(_module_locks=locks))
        assert imports_elsewhere.is_importing_elsewhere() is waits
        assert imports_elsewhere.wait_for_imports(0.0) is not waits
    monkeypatch.setattr(importlib, "_bootstrap", None)
    assert imports_elsewhere.wait_for_imports(0.0)


def test_a_child_that_was_forked_in_the_middle_of_compiling_computes_without_the_compiler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Numba's locks are the other thread's while it compiles: a child would wait for them without end.
    monkeypatch.setattr(cache, "PATIENCE", 0.05)
    begun, over = threading.Event(), threading.Event()

    def compiling() -> None:
        with cache._importing:
            begun.set()
            over.wait()

    compiler_s = threading.Thread(target=compiling)
    compiler_s.start()
    begun.wait()
    child = os.fork()
    if child == 0:
        told = 1
        try:
            y = kernels.relu(np.full(serving.WORTH_IT + 1, -1.0, np.float32))
            with pytest.raises(KernelError, match="forked while another thread compiled"):
                serving.use_kernels("fast")
            told = int(y.any() or serving.kernels_in_use() != "reference")
        finally:
            os._exit(told)
    over.set()
    compiler_s.join()
    assert os.waitpid(child, 0)[1] == 0
    assert not cache.is_cut_off()  # the parent has its compiler


def test_a_kernel_that_cannot_be_loaded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no(name: str) -> None:
        raise RuntimeError(f"no file of {name}")

    monkeypatch.setattr(cache, "imported", no)
    monkeypatch.setattr(serving.SERVING, "pinned", False)
    x = np.array([-1.0, 2.0])
    assert serving.SERVING._loading("relu", "its.home")(x).tolist() == [0, 2]
    (record,) = caplog.records
    assert record.getMessage().endswith(
        "in place of the compiled relu: the compiled relu cannot be had: RuntimeError: no file of its.home"
    )
    monkeypatch.setattr(serving.SERVING, "pinned", True)
    with pytest.raises(KernelError, match="the compiled relu cannot be had: RuntimeError: no file"):
        serving.SERVING._loading("relu", "its.home")(x)


def test_a_kernel_that_cannot_be_compiled_when_it_is_called(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def relu(x: np.ndarray) -> np.ndarray:
        raise KernelError("the compiled kernel relu_range cannot be had: no such instruction")

    monkeypatch.setattr(cache, "imported", lambda name: SimpleNamespace(relu=relu))
    monkeypatch.setattr(serving.SERVING, "pinned", False)
    x = np.array([-1.0, 2.0])
    assert serving.SERVING._loading("relu", "its.home")(x).tolist() == [0, 2]
    assert "relu_range cannot be had: no such instruction" in caplog.text
    monkeypatch.setattr(serving.SERVING, "pinned", True)
    with pytest.raises(KernelError, match="no such instruction"):
        serving.SERVING._loading("relu", "its.home")(x)


@pytest.mark.parametrize("where", ["import", "call"])
def test_what_a_signal_s_handler_raises_while_a_kernel_is_loaded_is_the_caller_s(
    where: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:  # E1
    late = [TimeoutError("the user's")]

    def interrupted(part: str) -> None:
        if part == where and late:
            raise late.pop()

    def relu(x: np.ndarray) -> np.ndarray:
        try:
            interrupted("call")
        except TimeoutError as error:
            raise KernelError("the compiled kernel relu_range cannot be had") from error
        return x + 40

    def imported(name: str) -> SimpleNamespace:
        interrupted("import")
        return SimpleNamespace(relu=relu)

    monkeypatch.setattr(cache, "imported", imported)
    monkeypatch.setattr(serving.SERVING, "pinned", False)
    kernel = serving.SERVING._loading("relu", "its.home")
    with pytest.raises(TimeoutError, match="the user's"):
        kernel(np.array([1.0]))
    assert kernel(np.array([1.0])).tolist() == [41] and not caplog.records


def test_what_a_handler_raises_while_a_kernel_compiles_is_not_the_compilers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # E1: in a driver that serves already, of which another kernel is compiled now
    compiling = pytest.importorskip("tinygrad_cnn.kernels.compiled.base.compiling")
    late = [RuntimeError("no compiled object yet"), TimeoutError("the user's")]

    def compiler(function: object) -> object:
        if late:
            raise late.pop()
        return function

    monkeypatch.setattr(compiling.numba, "njit", lambda *signature, **options: compiler)
    kernel = compiling.Kernel(lambda: 3, "int64()")
    with pytest.raises(TimeoutError, match="the user's"):
        kernel()
    assert kernel() == 3


@pytest.mark.parametrize("fails", [True, False])
@pytest.mark.parametrize("error", [TimeoutError("the user's"), KeyboardInterrupt("the user's")])
def test_what_a_handler_raises_where_llvm_calls_back_is_the_callers(
    fails: bool, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:  # E1: Python only prints it, and Numba says that there is no compiled object yet, if anything
    compiling = pytest.importorskip("tinygrad_cnn.kernels.compiled.base.compiling")
    late, before = [error], sys.unraisablehook

    def called_back() -> None:
        raise late.pop()

    def compiler(function: object) -> object:
        if late:
            ctypes.CFUNCTYPE(None)(called_back)()
            if fails:
                raise RuntimeError("no compiled object yet")
        return function

    monkeypatch.setattr(compiling.numba, "njit", lambda *signature, **options: compiler)
    kernel = compiling.Kernel(lambda: 3, "int64()")
    with pytest.raises(type(error), match="the user's"):
        kernel()
    assert kernel() == 3
    assert sys.unraisablehook is before


@pytest.mark.parametrize("frozen", [False, True])
def test_an_import_leaves_the_garbage_collector_as_it_was(frozen: bool) -> None:
    gc.collect()
    (gc.freeze if frozen else gc.unfreeze)()
    count = gc.get_freeze_count()
    try:
        with serving._uncollected():
            assert not gc.isenabled()
            young = [[] for _ in range(5000)]
        assert gc.isenabled() and gc.get_freeze_count() <= count  # fewer where some died
        assert frozen or gc.get_count()[0] < len(young) // 2  # they are old already
        gc.disable()
        with serving._uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.freeze()  # as conftest.py has it


class TestWithNumba:
    """What needs the compiler. All of it in fresh processes."""

    @pytest.fixture(autouse=True)
    def _needs_numba(self) -> None:
        pytest.importorskip("numba", reason="the compiled kernels are an extra")

    def test_a_cache_that_cannot_be_written_leaves_the_reference_and_one_line(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        done = run(STEP, tmp_path / "file")
        assert done.returncode == 0 and done.stdout.split()[1] == "reference"
        (line,) = done.stderr.splitlines()
        assert "NumPy serves in place of the compiled kernels" in line and "TINYGRAD_CNN_CACHE" in line

    def test_a_failure_is_remembered_and_said_in_one_line(self, tmp_path: Path) -> None:
        broken = "import tinygrad_cnn.warm as w, tinygrad_cnn.kernels.serving as s\n"
        broken += "def no(): raise RuntimeError('no such processor\\nmore')\n"
        broken += "s._import_compiled = no\nraise SystemExit(w.main(['--quiet']))"
        first = run(broken, tmp_path)
        assert first.returncode == 1 and "no such processor" in first.stderr
        done = run(STEP, tmp_path)
        assert done.returncode == 0 and done.stdout.split()[1] == "reference"
        (line,) = done.stderr.splitlines()
        assert "RuntimeError: no such processor" in line

    def test_what_does_not_compile_is_an_error_where_it_was_asked_for(self, tmp_path: Path) -> None:
        broken = "import tinygrad_cnn.kernels.serving as s\n"
        broken += "def no(): raise RuntimeError('no such processor')\ns._import_compiled = no\n"
        done = run(broken + STEP, tmp_path, TINYGRAD_CNN_KERNELS="fast")
        assert done.returncode == 1 and "KernelError: the compiled kernels cannot be had" in done.stderr

    def test_the_folder_depends_on_the_sources_and_the_processor(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = cache.folder()
        assert cache.folder() == first
        monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
        assert cache.folder() != first

    def test_reasons_are_one_line(self) -> None:
        assert cache.reason_of(ValueError("\n one \n two")) == "ValueError: one"

    @pytest.mark.slow
    def test_training_starts_at_once_and_the_compiled_kernels_take_over(self, tmp_path: Path) -> None:
        """With an empty cache the reference serves first; the next process finds the cache full."""
        wait = """
first = F.relu(model(x)).sum().item()
end = time.time() + 1200  # the compiler gives way to other programs
while kernels_in_use() == "reference" and time.time() < end:
    time.sleep(0.1)
last = F.relu(model(x)).sum().item()
print(kernels_in_use(), abs(first - last) <= 1e-5 * abs(first))
"""
        cold = run(STEP + wait, tmp_path, timeout=1300)
        assert cold.returncode == 0 and cold.stderr == "", cold.stderr
        before, after = (line.split() for line in cold.stdout.splitlines())
        assert before[1:] == ["reference", "False"] and after == ["fast", "True"]
        again = run(STEP, tmp_path)
        assert again.stdout.split()[1:] == ["fast", "True"], again.stderr
        assert float(again.stdout.split()[0]) == pytest.approx(float(before[0]), rel=1e-5)
        small = STEP.replace("(16, 8, 16, 16)", "(1, 8, 4, 4)")
        assert run(small, tmp_path).stdout.split()[1:] == ["reference", "False"]
        pinned = run(small, tmp_path, TINYGRAD_CNN_KERNELS="fast")  # from the first call on
        assert pinned.stdout.split()[1:] == ["fast", "True"], pinned.stderr
        turns = """
import os, tinygrad_cnn as t
print(t.use_kernels("auto", deterministic=True))
os.environ["TINYGRAD_CNN_KERNELS"] = "reference"
print(t.use_kernels("auto"))
os.environ["TINYGRAD_CNN_KERNELS"] = "auto"
print(t.use_kernels("auto"))
"""
        assert run(turns, tmp_path).stdout.split() == ["fast", "reference", "fast"]

    def test_a_kernel_is_loaded_when_it_is_first_called_and_calls_others(self, tmp_path: Path) -> None:
        program = """
import numpy as np, tinygrad_cnn.kernels.cache as cache
with cache.placed('program'):
    from tinygrad_cnn.kernels.compiled.base.compiling import kernel
    @kernel("float64(float64)")
    def half(x): return x / 2
    @kernel("float64(float64)")
    def quarter(x): return half(x) / 2
    @kernel("float64(float64)")
    def wrong(x): return no_such_name(x)
waiting = type(half)
print(quarter(8.0), type(half) is waiting, type(quarter) is waiting)
try: wrong(1.0)
except Exception as error: print(type(error).__name__, error)
"""
        (tmp_path / "program.py").write_text(program)  # Numba caches what stands in a file
        done = run(f"import runpy; runpy.run_path({str(tmp_path / 'program.py')!r})", tmp_path)
        assert not done.returncode, done.stderr
        first, second = done.stdout.splitlines()
        assert first == "2.0 False False"  # what is compiled has taken their places
        assert second.startswith("KernelError the compiled kernel wrong cannot be had: TypingError")

    def test_a_damaged_file_of_the_cache_is_made_anew(self, tmp_path: Path) -> None:
        program = """
import sys, tinygrad_cnn.kernels.cache as cache
with cache.placed('program'):
    from tinygrad_cnn.kernels.compiled.base.compiling import kernel
    @kernel("float64(float64)")
    def half(x): return x / 2
print(half(8.0))
"""
        (tmp_path / "program.py").write_text(program)
        damage = f"""
import importlib, pathlib, sys
sys.path.insert(0, {str(tmp_path)!r})
import program
for kind in ("nbi", "nbc"):
    for bytes_of in (lambda b: b"", lambda b: b"no cache", lambda b: b[:-50]):
        (file,) = pathlib.Path({str(tmp_path)!r}).rglob(f"program.half-*.{{kind}}")
        file.write_bytes(bytes_of(file.read_bytes()))
        importlib.reload(program)
"""
        done = run(damage, tmp_path)
        assert done.returncode == 0 and done.stdout == 7 * "4.0\n", done.stderr

    def test_numba_that_may_not_compile_leaves_numpy_and_marks_nothing(self, tmp_path: Path) -> None:
        warm = "import tinygrad_cnn.warm as w; raise SystemExit(w.main(['--quiet']))"
        done = run(warm, tmp_path, NUMBA_DISABLE_JIT="1")
        assert done.returncode == 1 and "NUMBA_DISABLE_JIT is set" in done.stderr
        assert not list(tmp_path.rglob("complete*"))


def test_a_relative_folder_of_the_cache_stays_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYGRAD_CNN_CACHE", f"relative-{tmp_path.name}")
    before = cache.root()
    monkeypatch.chdir(tmp_path)
    assert cache.root() == before and before.is_absolute()


def test_a_child_without_a_compiler_says_so_and_lets_numpy_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_cut_off", True)
    with pytest.raises(KernelError, match="forked while another thread compiled"):
        cache._need_compiler()
    bound: list[str] = []
    child = serving.Serving()
    monkeypatch.setattr(child, "_bind", bound.append)
    child.after_fork()
    assert bound == ["reference"] and child.begun and child.pinned

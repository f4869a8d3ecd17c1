"""The contract of a module.

PYTEST_DONT_REWRITE: its messages are complete, and meant to be read as they stand.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn import functional as F
from tinygrad_cnn.nn.module import Buffer, Module, Parameter
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.check.gradchecks import GradcheckResult, gradcheck
from tinygrad_cnn.testing.check.slopes import weights
from tinygrad_cnn.testing.contracts.report import (
    FEW,
    Array,
    Report,
    UncheckedError,
    by_name,
    insist_same,
    run_properties,
)

#: (module, arrays, paths that may be without a gradient) -> nothing, or it raises.
Check = Callable[[Module, Sequence[Array], Any], None]


def check_module(
    module: Module, inputs: Any, *, only: Iterable[str] | None = None, unused: Sequence[str] = ()
) -> Report:
    """Check a module: gradients, state, modes, copies. The module itself stays as it is.

    Args:
        module: the module; of one on a device a copy in the host's memory is checked.
        inputs: an array or a Tensor, or a tuple of them, for one call.
        only: names of `MODULE_PROPERTIES`; None for all.
        unused: paths of parameters that may be without a gradient.
    Returns:
        A report. Gradients of all parameters and float inputs are checked in float64.
    Raises:
        ArgumentError: an unknown property.

    >>> from tinygrad_cnn import nn
    >>> check_module(nn.Linear(2, 3), np.ones((4, 2))).status
    'pass'
    """
    arrays = arrays_of(inputs)
    if any(isinstance(p.array, devices.ON_DEVICES) for p in module.parameters()):
        module = copy.deepcopy(module).cpu()
    return run_properties(
        "check_module", type(module).__name__, MODULE_PROPERTIES, only, module, arrays, unused
    )


def arrays_of(inputs: Any) -> list[Array]:
    """Inputs as arrays."""
    several = inputs if isinstance(inputs, (tuple, list)) else (inputs,)
    return [np.asarray(devices.to_host(x.array) if isinstance(x, Tensor) else x) for x in several]


def widened(module: Module) -> Module:
    """A copy whose float parameters and buffers are float64."""
    made = copy.deepcopy(module)
    known: dict[int, Tensor] = {}
    for part in made.modules():
        for name, value in list(vars(part).items()):
            if isinstance(value, (Parameter, Buffer)) and value.dtype.kind == "f":
                wide = value.numpy().astype(np.float64)
                if id(value) not in known:
                    known[id(value)] = (
                        Parameter(wide, value.requires_grad, name=value.name)
                        if isinstance(value, Parameter)
                        else Buffer(wide, name=value.name)
                    )
                object.__setattr__(part, name, known[id(value)])
    return made


def values_at(module: Any, arrays: Sequence[Array]) -> Any:
    """The values of a module's results at some arrays, which it gets copies of."""
    return _values(module(*map(Tensor, arrays)))


def _parts(y: Any) -> list[Any]:
    """List what nested tuples, lists and dicts hold, in order; None is left out."""
    if isinstance(y, dict):
        y = list(y.values())
    if isinstance(y, (tuple, list)):
        return [part for item in y for part in _parts(item)]
    return [] if y is None else [y]


def _values(y: Any) -> list[Any]:
    """The values of a result, and of what it holds."""
    return [x.numpy() if isinstance(x, Tensor) else np.asarray(x) for x in _parts(y)]


def _equal(what: str, got: Sequence[Any], expected: Sequence[Any]) -> None:
    assert len(got) == len(expected), f"{what}: {len(got)} instead of {len(expected)}"
    for a, b in zip(got, expected, strict=True):
        insist_same(what, a, b)


def _module_gradients(training: bool, module: Module, arrays: Sequence[Array], unused: Any) -> None:
    """The gradients of all parameters and inputs equal numerical ones."""
    made = widened(module).train(training)
    places = [(part, name, value) for part in made.modules() for name, value in vars(part).items()]
    places = [(p, n, v) for p, n, v in places if isinstance(v, Parameter) and v.requires_grad]
    learnt = list({id(value): value for _, _, value in places}.values())

    def function(*tensors: Tensor) -> Tensor:
        now = dict(zip(map(id, learnt), tensors[len(arrays) :], strict=True))
        for part, name, value in places:
            object.__setattr__(part, name, now[id(value)])
        y = made(*tensors[: len(arrays)])
        found = [t for t in _parts(y) if isinstance(t, Tensor) and t.dtype.kind == "f"]
        if not found:
            raise UncheckedError(f"it returns a {type(y).__name__} without a float Tensor")
        # Several results are checked as one, so that each entry of each counts.
        return found[0] if len(found) == 1 else F.concatenate([t.reshape(-1) for t in found])

    wide = [x.astype(np.float64) if x.dtype.kind == "f" else x for x in arrays]
    names = [f"input {k}" for k in range(len(wide))]
    paths = {id(value): path for path, value in made.named_parameters()}
    insist_on_gradients(
        function, [*wide, *(p.numpy() for p in learnt)], [*names, *(paths[id(p)] for p in learnt)]
    )


def insist_on_gradients(
    function: Callable[..., Tensor], points: Sequence[Array], names: Sequence[str] = (), **options: float
) -> None:
    """Assert that gradcheck passes; entry by entry if it does not and there are few."""
    if not any(x.dtype.kind == "f" for x in points):
        raise UncheckedError("no float input and no parameter to differentiate by")
    result = gradcheck(function, *points, **options)  # type: ignore[arg-type]
    if result.status == "fail" and sum(x.size for x in points) <= FEW:
        result = gradcheck(function, *points, entries=True, **options)  # type: ignore[arg-type]
    if result.status == "unchecked":
        raise UncheckedError(reasons_of(result))
    result.reproduce = ""  # the function is made here, and its points are the subject's own
    report = str(result)
    for k, name in reversed(list(enumerate(names))):
        report = report.replace(f"input {k},", f"{name},")
    assert result.status == "pass", report


def reasons_of(result: GradcheckResult) -> str:
    """Why a check is unchecked, each reason once."""
    return "; ".join(dict.fromkeys(f.reason for f in result.findings if f.status == "unchecked"))


def _gradients_in_eval(module: Module, arrays: Sequence[Array], unused: Any) -> None:
    _module_gradients(False, module, arrays, unused)


def _gradients_in_training(module: Module, arrays: Sequence[Array], unused: Any) -> None:
    _module_gradients(True, module, arrays, unused)


def _is_steady(module: Module, arrays: Sequence[Array]) -> bool:
    """Whether calls in eval mode give the same results and leave the state as it was."""
    try:
        _deterministic_in_eval(module, arrays, ())
    except AssertionError:
        return False
    return True


def _of_steady(check: Check) -> Check:
    """A check that compares results in eval mode: where those differ anyway, another one is to blame."""

    @functools.wraps(check)
    def checked(module: Module, arrays: Sequence[Array], unused: Any) -> None:
        try:
            check(module, arrays, unused)
        except AssertionError:
            if _is_steady(module, arrays):
                raise
            raise UncheckedError("calls in eval mode differ: see deterministic_in_eval") from None

    return checked


@_of_steady
def _state_dict_round_trips(module: Module, arrays: Sequence[Array], unused: Any) -> None:
    """A state, loaded into a copy with other values, gives the same state and the same results."""
    first, second = copy.deepcopy(module).eval(), copy.deepcopy(module).eval()
    state = first.state_dict()
    for other in (*second.parameters(), *second.buffers()):
        other._writable()[...] += 1
    second.load_state_dict(state)
    loaded = second.state_dict()
    assert list(loaded) == list(state), f"the paths differ: {list(state)} and {list(loaded)}"
    for path, value in state.items():
        insist_same(f"{path} after loading", loaded[path], value)
    for (path, p), q in zip(first.named_parameters(), second.parameters(), strict=True):
        insist_same(f"{path} after loading", q.numpy(), p.numpy())
    _equal("the result after loading the state", values_at(second, arrays), values_at(first, arrays))
    for value in state.values():
        value[...] = 0
    for path, value in loaded.items():
        insist_same(f"{path} after writing to the state dict", first.state_dict()[path], value)


@_of_steady
def _training_is_saved(module: Module, arrays: Sequence[Array], unused: Any) -> None:
    """What calls in training mode leave behind is in the state: a copy that loads it gives the same."""
    first, second = copy.deepcopy(module).train(), copy.deepcopy(module).eval()
    for factor in (1.0, 0.5):
        values_at(first, [x * x.dtype.type(factor) if x.dtype.kind == "f" else x for x in arrays])
    second.load_state_dict(first.eval().state_dict())
    try:
        _equal("the result", values_at(second, arrays), values_at(first, arrays))
    except AssertionError as differ:
        names = ", ".join(_changed_outside_the_state(module, first)) or "something outside the module"
        raise AssertionError(
            f"{differ} after loading the state of a trained one: training changes {names}, which is not in "
            "state_dict; make it a Buffer"
        ) from None


def _changed_outside_the_state(before: Module, after: Module) -> list[str]:
    """The paths of arrays and numbers that differ between two copies, and are no part of the state."""
    changed, parts = [], dict(before.named_modules())
    for path, part in after.named_modules():
        for name, value in vars(part).items():
            other = vars(parts[path]).get(name) if path in parts else None
            plain = isinstance(value, (int, float, np.ndarray, Tensor)) and name != "training"
            if not plain or isinstance(value, (Parameter, Buffer)):
                continue
            if other is None or not all(map(np.array_equal, _values(value), _values(other))):
                changed.append(f"{path}.{name}" if path else name)
    return changed


def _modes_are_restored(module: Module, arrays: Sequence[Array], unused: Any) -> None:
    """train() and eval() reach every part, and a call changes no mode."""
    made = copy.deepcopy(module)
    for mode in (True, False, True):
        made.train(mode)
        values_at(made, arrays)
        for path, part in made.named_modules():
            said = f"{path or 'the module'} has training={part.training}"
            assert part.training is mode, f"{said} after train({mode}) and a call"


@_of_steady
def _deepcopy_is_independent(module: Module, arrays: Sequence[Array], unused: Any) -> None:
    """A copy gives the same results, and writing to it leaves the original as it was."""
    first = copy.deepcopy(module).eval()
    second = copy.deepcopy(first)
    before, state = values_at(first, arrays), first.state_dict()
    _equal("the result of a copy", values_at(second, arrays), before)
    for other in (*second.parameters(), *second.buffers()):
        other._writable()[...] += 1
    for path, value in first.state_dict().items():
        insist_same(f"{path} of the original, after writing to a copy,", value, state[path])
    _equal("the original's result, after writing to a copy,", values_at(first, arrays), before)


def _parameters_get_gradients(module: Module, arrays: Sequence[Array], unused: Sequence[str]) -> None:
    """Every parameter that wants a gradient gets one, but those in `unused`."""
    made = widened(module).train()
    wanted = {path: p for path, p in made.named_parameters() if p.requires_grad}
    if not wanted:
        raise UncheckedError("it has no parameter that requires grad")
    wide = [x.astype(np.float64) if x.dtype.kind == "f" else x for x in arrays]
    y = made(*map(Tensor, wide))
    several = [t for t in _parts(y) if isinstance(t, Tensor)]
    for k, t in enumerate(t for t in several if t.requires_grad):
        t.backward(weights(t.shape, k).astype(t.dtype), retain_graph=True)
    missing = [path for path, p in wanted.items() if p.grad is None and path not in unused]
    assert not missing, f"no gradient arrives at {', '.join(missing)}"


def _deterministic_in_eval(module: Module, arrays: Sequence[Array], unused: Any) -> None:
    """Two calls in eval mode give the same bits, and change neither the state nor the inputs."""
    made = copy.deepcopy(module).eval()
    state, tensors = made.state_dict(), [Tensor(x) for x in arrays]
    first = made(*tensors)
    for path, value in made.state_dict().items():
        insist_same(f"{path}, after a call in eval mode,", value, state[path])
    _equal("an input after a call", [t.numpy() for t in tensors], arrays)
    _equal("the second result in eval mode", values_at(made, arrays), _values(first))


MODULE_PROPERTIES = by_name(
    _gradients_in_eval, _gradients_in_training, _state_dict_round_trips, _training_is_saved,
    _modes_are_restored, _deepcopy_is_independent, _parameters_get_gradients, _deterministic_in_eval,
)  # fmt: skip

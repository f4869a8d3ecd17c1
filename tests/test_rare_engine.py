"""The engine, the modes and what surrounds them at their rarer ends."""

from functools import partial
from importlib import metadata

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import DTypeError, GraphError, Op, ShapeError, Tensor, anomaly, grad, nn, no_grad, ops
from tinygrad_cnn import __main__ as told
from tinygrad_cnn.errors import FormatError, MissingExtraError
from tinygrad_cnn.graph import MODE, modes, operations
from tinygrad_cnn.nn.rebuild import Builder
from tinygrad_cnn.nn.structure import Writer
from tinygrad_cnn.rng import find_generators, generator
from tinygrad_cnn.testing.blaming import recorded_steps
from tinygrad_cnn.transforms import jacobian, jvp

X = np.array([1.0, 2.0])


# --------------------------------------------------------------------------- ops
class Given(Op):
    """An op whose forward and backward a test gives."""

    def __init__(self, forward, backward=None):
        self._forward, self._backward = forward, backward

    def forward(self, *xs):
        return self._forward(*xs)

    def backward(self, g):
        return self._backward(g)


def fail(error):
    raise error


def test_a_backward_may_give_numbers_and_lists():
    x, y = Tensor(X, requires_grad=True), Tensor(2.0, requires_grad=True)
    Given(lambda a, b: (a * b).sum(), lambda g: ([5.0, 6.0], 7)).__call__(x, y).backward()
    assert (x.grad.tolist(), y.grad.item(), y.grad.dtype) == ([5, 6], 7, np.float32)


def test_a_backward_that_leaves_the_graph_is_named_where_the_walk_is_recorded():
    x = Tensor(X, requires_grad=True)
    leaves = Given(lambda a: a * 2, lambda g: (2 * np.asarray(getattr(g, "array", g)),))
    assert grad(leaves(x), x, X).tolist() == [2, 4]
    for y in (leaves(x), leaves(x * 1) + x):
        with pytest.raises(GraphError, match=r"Given.backward gave an array, and the walk is recorded"):
            grad(y, x, X, create_graph=True)
    with pytest.raises(GraphError, match=r"Given.backward gave an array, and the walk is recorded"):
        jvp(lambda a: leaves(a) + a, x, X)
    flat = Given(lambda a: np.sign(a), lambda g: (np.zeros(2),))
    slope = grad(flat(x) + x * x, x, X, create_graph=True)
    assert grad(slope, x, X).tolist() == [2, 8]


def test_errors_of_an_op_are_its_caller_s():
    with pytest.raises(TypeError, match="an argument too many"):
        operations.run_forward(Given(lambda x: fail(TypeError("an argument too many"))), [X])
    ours = ShapeError("mine: three rows fit")
    with pytest.raises(ShapeError) as caught:
        operations.run_forward(Given(lambda x: fail(ours)), [X])
    assert caught.value is ours
    assert operations.asks_for_needs(len) is False


def test_half_precision_is_wide_inside_whatever_stands_beside_it():
    half = np.float16([300, 3])
    assert operations.in_float32(ops.Add(), [half, X], ()).dtype == np.float64
    with np.errstate(all="raise"):
        assert operations.without_underflow(ops.Exp(), [np.float16([-100.0])], ()).tolist() == [0]
    (slope,) = operations.run_backward(ops.Sum((0,), False), np.float16(1), [], (2,))
    assert slope.dtype == np.float32


def test_names_of_ops_in_drawings_tell_what_they_look_for():
    assert [ops.CumExtreme(0, largest).drawn_name for largest in (True, False)] == ["CumMax", "CumMin"]


# --------------------------------------------------------------------------- tensors
def test_what_a_tensor_refuses():
    x, y = Tensor(X, requires_grad=True), Tensor(X)
    with pytest.raises(ShapeError, match="grad: 2 grad_outputs for 1 outputs"):
        grad([x * 2], [x], [X, X])
    with pytest.raises(GraphError, match="register_hook: this tensor does not require grad"):
        y.register_hook(print)
    y = y.detach()
    assert y.grad is None
    with pytest.raises(ShapeError, match=r"@=: the product has shape \(2, 1\), the tensor \(2, 2\)"):
        z = Tensor(np.ones((2, 2)))
        z @= np.ones((2, 1))
    with pytest.raises(DTypeError, match="manual_seed: an integer of at least 0 fits, got True"):
        tg.manual_seed(True)
    assert jacobian(lambda t: t[:0], X).shape == (0, 2)


def test_an_array_of_a_gpu_without_cupy_says_what_to_install():
    class Far:
        def __dlpack__(self, **options):
            raise AssertionError("it is not asked for")

        def __dlpack_device__(self):
            return 2, 0

    with pytest.raises((MissingExtraError, tg.DeviceError), match="device 'cuda:0'"):
        tg.from_dlpack(Far())


# --------------------------------------------------------------------------- modes
def test_a_block_that_was_not_entered_or_was_lost_leaves_the_mode_as_it_is():
    block, before = no_grad(), MODE.get()
    assert block.leave() is None and MODE.get() is before
    inside = block.enter()
    assert MODE.get() is inside
    block.lost(object())  # another block's mark
    assert MODE.get() is inside
    block.lost(before)
    assert MODE.get() is before
    assert isinstance(block, modes.Block)


# --------------------------------------------------------------------------- where a call came from
def test_a_call_from_nowhere_else_has_no_place(monkeypatch):
    """As if every function on the way were the package's own."""
    for module in (anomaly, recorded_steps):
        monkeypatch.setattr(module, "_OURS", "")
    assert anomaly._site() is None and recorded_steps.site() is None


# --------------------------------------------------------------------------- modules, generators
def test_a_file_that_ties_unlike_parameters_or_a_layer_that_keeps_no_argument_is_refused():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 3))
    with pytest.raises(FormatError, match=r"0.weight and 1.weight differ: \(2, 2\), \(3, 2\)"):
        builder = Builder("a.json", generator(0), 1)
        builder.modules = dict(model.named_modules())
        builder.tie(model, [["0.weight", "1.weight"]])
    layer = nn.Linear(2, 3)
    del vars(layer)["in_features"]
    with pytest.raises(DTypeError, match="keeps no attribute of that name"):
        Writer("to_json").module(layer, "layer")


def test_generators_are_found_in_partial_functions_and_closures():
    rngs = [np.random.default_rng(k) for k in range(4)]

    def draws(a, *, b):
        return a.random() + b.random() + rngs[2].random()

    found = find_generators(call=partial(draws, rngs[0], b=rngs[1]))
    assert {id(rng) for rng in found.values()} == {id(rng) for rng in rngs}

    def waits():
        return later.random()

    assert find_generators(call=waits) == {}  # the variable has no value yet
    later = rngs[3]
    assert list(find_generators(call=waits).values()) == [later]


# --------------------------------------------------------------------------- python -m tinygrad_cnn
def test_each_state_of_kernels_and_drawing_is_told(monkeypatch):
    monkeypatch.setattr(told, "kernels_in_use", lambda: "fast")
    assert told.kernels() == "compiled: loaded already"
    monkeypatch.setattr(told, "kernels_in_use", lambda: "reference")
    monkeypatch.setenv("TINYGRAD_CNN_KERNELS", "auto")
    monkeypatch.setattr(told, "find_spec", lambda name: name == "numba" or None)
    monkeypatch.setattr(told.cache, "failure", lambda: None)
    monkeypatch.setattr(told.cache, "is_complete", lambda: True)
    assert told.kernels() == "compiled: in the cache, loaded when a large array is met"
    monkeypatch.setattr(told.shutil, "which", lambda name: "/usr/bin/dot")
    assert told.drawing() == "dot: /usr/bin/dot"
    monkeypatch.setattr(told.shutil, "which", lambda name: None)
    assert told.drawing().startswith("none; pip install")
    monkeypatch.setattr(told, "find_spec", lambda name: True)
    assert told.drawing() == "pygraphviz"

    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", missing)
    assert told.extras() == {}


def test_a_gradient_of_a_graph_that_grad_has_freed_is_refused() -> None:
    x = Tensor(X, requires_grad=True)
    y = (x * x).sum()
    grad(y, x)
    with pytest.raises(GraphError, match="the graph was freed by an earlier backward"):
        grad(y, x)


def test_a_block_that_an_exception_left_right_after_it_was_entered_sets_the_mode_back() -> None:
    before, block = MODE.get(), no_grad()
    inside = before.replaced(recording=False)
    MODE.set(inside)
    block._set_back(inside, before)
    assert MODE.get() is before

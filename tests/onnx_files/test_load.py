"""`load`: what becomes of a file's names, weights, statistics and graphs."""

import copy

import numpy as np
import pytest
from onnx_models import WEIGHTS, judged, model, network, normal, of_one, onnx

from tinygrad_cnn import Tensor, nn, observe, optim
from tinygrad_cnn.errors import DTypeError, FormatError, ShapeError
from tinygrad_cnn.graph import Observer
from tinygrad_cnn.onnx import load
from tinygrad_cnn.testing import assert_gradients

node = onnx.helper.make_node


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(network().SerializeToString())
    return path


def test_it_computes_what_onnxruntime_computes(file):
    x = normal(7, 2, 3, 6, 6)
    np.testing.assert_allclose(load(file)(x).numpy(), judged(network(), [x])[0], atol=1e-5)


def test_parameters_and_buffers_have_the_names_of_the_file(file):
    net = load(file)
    buffers = ["body.norm.running_mean", "body.norm.running_var"]
    assert [name for name, _ in net.named_buffers()] == buffers
    learnt = [name for name in WEIGHTS if name not in (*buffers, "low", "axes")]
    assert [name for name, _ in net.named_parameters()] == learnt
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, WEIGHTS[name])


def test_nodes_stand_in_the_modules_that_their_names_tell(file):
    class Scopes(Observer):
        seen = ()

        def recorded(self, node, arrays, result):
            self.seen = (*self.seen, node.scope)

    with observe(Scopes()) as scopes:
        load(file)(normal(7, 2, 3, 6, 6))
    assert list(dict.fromkeys(scopes.seen)) == ["body.conv", "body.norm", "body.act", "", "head"]


def test_it_trains_and_its_running_statistics_move_in_training_mode(file):
    net, x, labels = load(file), normal(7, 2, 3, 6, 6), np.array([0, 1])
    before = net.state_dict()
    assert not net.training
    net.train()
    sgd, losses = optim.SGD(net.parameters(), lr=0.1), []
    for _ in range(5):
        sgd.zero_grad()
        loss = nn.CrossEntropyLoss()(net(x), labels)
        loss.backward()
        sgd.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(p.grad is not None for p in net.parameters())
    after = net.state_dict()
    assert all((after[name] != before[name]).any() for name in before)


def test_in_eval_mode_running_statistics_stay(file):
    net = load(file)
    before = net.state_dict()["body.norm.running_mean"]
    net(normal(7, 2, 3, 6, 6))
    np.testing.assert_array_equal(net.state_dict()["body.norm.running_mean"], before)


def test_gradients_in_double_precision(file):
    net = load(file, dtype=np.float64)
    assert all(p.dtype == np.float64 for p in net.parameters())
    assert_gradients(net, normal(7, 2, 3, 6, 6).astype(np.float64))


def test_a_copy_shares_nothing(file):
    net = load(file)
    other = copy.deepcopy(net)
    for p in other.parameters():
        p.data -= 1.0
    x = normal(7, 2, 3, 6, 6)
    assert (net(x).numpy() != other(x).numpy()).all()
    other.load_state_dict(net.state_dict())
    np.testing.assert_array_equal(net(x).numpy(), other(x).numpy())


def test_inputs_are_checked_by_what_the_file_declares(file):
    net = load(file)
    with pytest.raises(ShapeError, match=r"x has shape \(2, 3, 5, 6\); x float32 \(2, 3, 6, 6\) fits"):
        net(normal(0, 2, 3, 5, 6))
    with pytest.raises(DTypeError, match="x has dtype int64, float32 fits"):
        net(np.zeros((2, 3, 6, 6), np.int64))
    with pytest.raises(DTypeError, match="takes x float32"):
        net()
    with pytest.raises(DTypeError, match="got 1 inputs and the names"):
        net(normal(0, 2, 3, 6, 6), z=1)
    assert net(x=normal(7, 2, 3, 6, 6)).shape == (2, 2)


def test_names_that_a_module_has_already_are_changed(tmp_path):
    weights = {name: normal(k, 2) for k, name in enumerate(("forward", "training", "_name"))}
    nodes = [node("Add", [a, b], [c]) for a, b, c in (("x", "forward", "a"), ("a", "training", "b"))]
    nodes.append(node("Add", ["b", "_name"], ["y"]))
    path = tmp_path / "names.onnx"
    path.write_bytes(model(nodes, {"x": normal(0, 2)}, ["y"], weights).SerializeToString())
    net = load(path)
    assert len(net.state_dict()) == 3
    total = sum(weights.values())
    np.testing.assert_allclose(net(np.zeros(2, np.float32)).numpy(), total, rtol=1e-6)


def test_missing_operators_are_listed_all_at_once(tmp_path):
    nodes = [
        node("StringSplit", ["x"], ["a", "b"], name="first"),
        node("Strange", ["a"], ["y"], name="second", domain="some.where"),
    ]
    made = model(nodes, {"x": normal(0, 2)}, ["y"])
    del made.graph.input[:]
    made.graph.input.append(onnx.helper.make_tensor_value_info("x", onnx.TensorProto.STRING, [2]))
    made.opset_import.append(onnx.helper.make_opsetid("some.where", 1))
    path = tmp_path / "strange.onnx"
    path.write_bytes(made.SerializeToString())
    with pytest.raises(
        FormatError, match=r"StringSplit \(version 21\): first; some.where.Strange .*: second"
    ):
        load(path)


def branches(then, other):
    """y = then(x) or other(x), as a condition says."""
    value = lambda name: onnx.helper.make_empty_tensor_value_info(name)  # noqa: E731
    graphs = {
        f"{name}_branch": onnx.helper.make_graph([node(kind, ["x"], [name])], name, [], [value(name)])
        for name, kind in (("then", then), ("else", other))
    }
    return node("If", ["c"], ["y"], name="choice", **graphs)


def test_branches_run_as_their_condition_says(tmp_path):
    x = normal(0, 3)
    made = model([branches("Relu", "Neg")], {"x": x, "c": np.array(True)}, ["y"])
    path = tmp_path / "if.onnx"
    path.write_bytes(made.SerializeToString())
    net = load(path)
    np.testing.assert_array_equal(net(x, np.array(True)).numpy(), np.maximum(x, 0))
    np.testing.assert_array_equal(net(x, np.array(False)).numpy(), -x)


def test_functions_of_the_file_are_run(tmp_path):
    """y = scale * x + shift, defined once with an attribute, used twice."""
    constant = node("Constant", [], ["k"])
    constant.attribute.append(
        onnx.AttributeProto(name="value_float", type=onnx.AttributeProto.FLOAT, ref_attr_name="scale")
    )
    function = onnx.helper.make_function(
        "own",
        "Affine",
        ["x", "shift"],
        ["y"],
        [constant, node("Mul", ["k", "x"], ["m"]), node("Add", ["m", "shift"], ["y"])],
        [onnx.helper.make_opsetid("", 21)],
        ["scale"],
    )
    nodes = [
        node("Affine", ["x", "s"], ["a"], domain="own", scale=2.0),
        node("Affine", ["a", "s"], ["y"], domain="own", scale=-1.0),
    ]
    made = model([], {"x": normal(0, 3)}, ["y"], {"s": np.ones(3, np.float32)})
    made.graph.node.extend(nodes)
    made.functions.append(function)
    made.opset_import.append(onnx.helper.make_opsetid("own", 1))
    path = tmp_path / "function.onnx"
    path.write_bytes(made.SerializeToString())
    net, x = load(path), normal(0, 3)
    np.testing.assert_allclose(net(x).numpy(), -(2 * x + 1) + 1, rtol=1e-6)
    assert list(net.state_dict()) == ["s"]


def test_weights_in_another_file_of_the_folder(tmp_path, file):
    made = onnx.load(file)
    onnx.save(made, tmp_path / "big.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)
    x = normal(7, 2, 3, 6, 6)
    np.testing.assert_array_equal(load(tmp_path / "big.onnx")(x).numpy(), load(file)(x).numpy())


def test_random_operators_take_the_seed_of_the_package(tmp_path):
    from tinygrad_cnn import manual_seed

    path = tmp_path / "noise.onnx"
    path.write_bytes(of_one("RandomNormalLike", [normal(0, 4)], dtype=1).SerializeToString())
    net = load(path)
    manual_seed(3)
    first = net(np.zeros(4, np.float32)).numpy()
    manual_seed(3)
    np.testing.assert_array_equal(net(Tensor(np.zeros(4, np.float32))).numpy(), first)


def test_weights_that_a_file_keeps_in_constant_nodes_are_learnt(tmp_path):
    w = onnx.numpy_helper.from_array(normal(0, 4, 3))
    low = onnx.numpy_helper.from_array(np.array([0.1], np.float32))
    nodes = [
        node("Constant", [], ["w"], value=w),
        node("Constant", [], ["low"], value=low),
        node("MatMul", ["x", "w"], ["a"]),
        node("Add", ["a", "low"], ["y"]),
    ]
    path = tmp_path / "constants.onnx"
    path.write_bytes(model(nodes, {"x": normal(1, 2, 4)}, ["y"]).SerializeToString())
    net = load(path)
    assert list(net.state_dict()) == ["w"]
    net(normal(1, 2, 4)).sum().backward()
    assert net.w.grad is not None


def test_weights_that_are_moved_before_they_are_taken_are_learnt(tmp_path):
    held = {
        "w": normal(0, 3, 8), "table": normal(3, 6, 4), "moved_mean": normal(1, 1, 4),
        "one": np.ones(4, np.float32),
    }  # fmt: skip
    nodes = [node("Constant", [], [k], value=onnx.numpy_helper.from_array(v)) for k, v in held.items()]
    nodes += [
        node("Split", ["w"], ["left", "right"], axis=1, num_outputs=2),
        node("Concat", ["right", "left"], ["turned"], axis=0),
        node("Transpose", ["turned"], ["flat"]),
        node("Squeeze", ["moved_mean", "axes"], ["mean"]),
        node("MatMul", ["x", "flat"], ["a"]),
        node("MatMul", ["a", "table"], ["b"]),
        node("BatchNormalization", ["b", "one", "one", "mean", "one"], ["y"]),
    ]
    path = tmp_path / "moved.onnx"
    made = model(nodes, {"x": normal(2, 2, 4)}, ["y"], {"axes": np.array([0])})
    path.write_bytes(made.SerializeToString())
    net = load(path)
    assert {name for name, _ in net.named_parameters()} == {"w", "table"}
    assert "moved_mean" in {name for name, _ in net.named_buffers()}
    np.testing.assert_allclose(net(normal(2, 2, 4)).numpy(), judged(made, [normal(2, 2, 4)])[0], atol=1e-5)
    net(normal(2, 2, 4)).sum().backward()
    assert net.w.grad is not None


def test_weights_inside_a_branch_are_learnt(tmp_path):
    value = onnx.helper.make_empty_tensor_value_info
    graphs = {}
    for name in ("then", "else"):
        weight = onnx.numpy_helper.from_array(normal(len(name), 3, 3), f"{name}.weight")
        inner = [node("MatMul", ["x", f"{name}.weight"], [name])]
        graphs[f"{name}_branch"] = onnx.helper.make_graph(inner, name, [], [value(name)], [weight])
    made = model([node("If", ["c"], ["y"], **graphs)], {"x": normal(0, 2, 3), "c": np.array(True)}, ["y"])
    path = tmp_path / "branches.onnx"
    path.write_bytes(made.SerializeToString())
    net = load(path)
    assert sorted(net.state_dict()) == ["else.weight", "then.weight"]
    net(normal(0, 2, 3), np.array(False)).sum().backward()
    grads = {name: p.grad is not None for name, p in net.named_parameters()}
    assert grads == {"then.weight": False, "else.weight": True}


def test_a_size_of_minus_one_may_vary(tmp_path):
    made = of_one("Relu", [normal(0, 2, 3)])
    made.graph.input[0].type.tensor_type.shape.dim[0].dim_value = -1
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    assert load(path)(normal(0, 5, 3)).shape == (5, 3)

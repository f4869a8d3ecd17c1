"""Graphs that few programs save, and damage that few files have: values, and refusals by their reasons."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from onnx_models import judged, model, normal, of_one, onnx

from tinygrad_cnn import Tensor, nn, no_grad, ops
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError, MissingExtraError, ShapeError
from tinygrad_cnn.onnx import Backend, load, reading, save
from tinygrad_cnn.onnx.exporters import EXPORTERS
from tinygrad_cnn.onnx.file_graph import Declared
from tinygrad_cnn.onnx.importers import IMPORTERS
from tinygrad_cnn.onnx.package import onnx_package
from tinygrad_cnn.onnx.protobuf import Reader, Types
from tinygrad_cnn.onnx.tracing import same

node, helper = onnx.helper.make_node, onnx.helper
RELU = ("", "Relu")


class Function(nn.Module):
    def __init__(self, function):
        self.function = function

    def forward(self, x):
        return self.function(x)


def written(tmp_path, made):
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    return path


# --------------------------------------------------------------------------- saved
W, B = normal(7, 3, 2, 2, 2), normal(8, 2)
SAVED = [
    (lambda x: F.norm(x, 0, 1), 2),
    (lambda x: F.norm(x, np.inf, 1, True), 2),
    (lambda x: F.norm(x, -np.inf, 1), 2),
    (lambda x: F.roll(x, (1, -1), (1, 1)), 2),
    (lambda x: x.reshape((x.shape[0], 2, 2)), 2),
    (lambda x: x[:, :0].reshape((x.shape[0], 0, 2)), 2),
    (lambda x: F.pad(x, ((0, 0), (1, 1)), "reflect"), 2),
    (lambda x: F.conv_transpose2d(x, W, B, stride=1, dilation=2, output_padding=1), 4),
    (lambda x: F.adaptive_max_pool2d(x, 2), 4),
    (lambda x: F.local_response_norm(x, 3), 4),
    (lambda x: F.interpolate(x, size=(5, 7), mode="bilinear"), 4),
    (lambda x: F.interpolate(x, size=(5, 7), mode="bicubic"), 4),
    (lambda x: F.repeat(x, 2, 1), 2),
    (lambda x: F.adaptive_avg_pool2d(x, (2, 3)), 4),
]


def test_rare_operations_are_saved_as_they_compute(tmp_path):
    for k, (function, axes) in enumerate(SAVED):
        shape = (3, 4) if axes == 2 else (2, 3, 4, 6)
        path = tmp_path / f"{k}.onnx"
        save(Function(function), path, normal(0, *shape))
        x = normal(1, 5, *shape[1:])
        with no_grad():
            wanted = function(Tensor(x)).numpy()
        for found in (judged(onnx.load(path), [x])[0], load(path)(x).numpy()):
            assert found.shape == wanted.shape
            np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5, err_msg=str(k))


def test_sizes_in_the_form_of_older_versions(tmp_path):
    def function(x):
        n = x.shape[0]
        return (x.reshape((n * 4,)) + np.zeros(n * 4, np.float32)).reshape((n, 4)) * 2, np.ones(
            (n + 3, 1), np.float32
        ) * x.sum()

    for opset in (13, 21):
        save(Function(function), tmp_path / "a.onnx", normal(0, 2, 4), opset=opset)
        x = normal(1, 5, 4)
        for found, wanted in zip(load(tmp_path / "a.onnx")(x), function(Tensor(x)), strict=True):
            np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-5)


TABLE = Tensor(np.ones((9, 4), np.float32), requires_grad=True)
REFUSED = [
    (lambda x: F.var(x, 0), "how many elements it is over depends"),
    (lambda x: F.pad(x, ((1, 1), (0, 0)), "circular"), "an axis whose size varies shows more"),
    (lambda x: F.roll(x, 1, 0), "it rolls along an axis whose size varies"),
    (lambda x: F.repeat(x, 2, 0), "it repeats along an axis whose size varies"),
    (lambda x: F.index(x, True), "its key is a single mask"),
    (lambda x: x[x.shape[0] // 2], "its key depends on the size"),
    (lambda x: 3, "it gave int"),
    (lambda x: [F.relu(x) for _ in range(x.shape[0])][-1], "how many operations run depends"),
    (lambda x: x.reshape((x.shape[0] ** 2 // x.shape[0], 2, 2)) * float(x.shape[0]), "operand 1"),
    (lambda x: F.logical_and(x, x > 0), "its operands are not bools"),
    (lambda x: F.clip(x, 0, float(x.shape[0])), "its 'high' was computed from the input's size"),
    (
        lambda x: F.broadcast_to(x.sum(), (x.shape[0] // 2 + 1,)),
        "does not follow from the inputs' sizes",
    ),
    (lambda x: F.relu((x * 2, x * 3)[x.shape[0] > 4]), "what ReLU .* is computed from depends"),
    (lambda x: F.embedding(np.arange(x.shape[0]), TABLE) + x, "its indices depend on the size"),
]


def test_what_depends_on_sizes_is_refused(tmp_path):
    for k, (function, words) in enumerate(REFUSED):
        with pytest.raises(ArgumentError, match=words):
            save(Function(function), tmp_path / f"{k}.onnx", normal(0, 4, 4))
        assert not list(tmp_path.iterdir()), k
    images = [
        (lambda x: F.adaptive_avg_pool2d(x, 2), "bins of .* depend on the size of the image"),
        (lambda x: F.adaptive_max_pool2d(x, 2), "do not divide an image"),
        (lambda x: F.max_pool2d(x, x.shape[2]), "its kernel depends on the size"),
    ]
    for k, (function, words) in enumerate(images):
        with pytest.raises(ArgumentError, match=words):
            save(Function(function), tmp_path / f"{k}.onnx", normal(0, 1, 1, 4, 4), dynamic=(0, 2, 3))


def test_what_follows_no_rule_of_two_sizes_is_not_saved(tmp_path):
    for function, axes in (
        (lambda x: F.broadcast_to(x.sum(), (x.shape[0] ** 2,)), (0,)),
        (lambda x: x.reshape(x.shape[::-1]), (0, 1)),
    ):
        with pytest.raises(FormatError, match="run by load, output 0 has shape"):
            save(Function(function), tmp_path / "a.onnx", normal(0, 4, 4), dynamic=axes)
    save(
        Function(lambda x: x.reshape(x.shape[::-1]) * 2),
        tmp_path / "a.onnx",
        normal(0, 4, 3),
        dynamic=(0, 1),
    )
    assert load(tmp_path / "a.onnx")(normal(0, 5, 7)).shape == (7, 5)


def test_images_of_any_size_become_images_of_one(tmp_path):
    for function in (
        lambda x: F.interpolate(x, size=(5, 5), mode="bilinear"),
        lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
        lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True),
    ):
        save(Function(function), tmp_path / "a.onnx", normal(0, 1, 1, 4, 4), dynamic=(0, 2, 3))
        x = normal(1, 2, 1, 3, 5)
        found, wanted = load(tmp_path / "a.onnx")(x).numpy(), function(Tensor(x)).numpy()
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    for axes, mode in (((4,), "area"), ((4, 4), "bicubic")):
        net = Function(
            lambda x, mode=mode, size=axes: F.interpolate(x, size=tuple(3 for _ in size), mode=mode)
        )
        with pytest.raises(
            ArgumentError, match=r"its weights along 1 axes are none|its weights depend on the size"
        ):
            save(
                net,
                tmp_path / "a.onnx",
                normal(0, 1, 1, *axes),
                dynamic=(0, 2, 3) if mode == "bicubic" else (0,),
            )


def test_what_other_programs_say_of_a_saved_file(tmp_path, monkeypatch):
    path, net, x = tmp_path / "a.onnx", nn.ReLU(), normal(0, 2, 3)
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "onnxruntime", None)
        save(net, path, x)
    path.unlink()
    turned = EXPORTERS[ops.ReLU]._replace(
        function=lambda to, op, x: to.node("Transpose", [to.node("Relu", [x])], perm=(1, 0))
    )
    with monkeypatch.context() as patched:
        patched.setitem(EXPORTERS, ops.ReLU, turned)
        with pytest.raises(FormatError, match=r"has shape \(3, 2\), not \(2, 3\)"):
            save(net, path, x)

    def refuse(*_, **__):
        raise ValueError("no")

    monkeypatch.setattr(onnx.checker, "check_model", refuse)
    with pytest.raises(FormatError, match="onnx's checker refuses the file: no"):
        save(net, path, x)
    assert not path.exists()


# --------------------------------------------------------------------------- loaded
def test_packages_that_are_missing_or_old(monkeypatch):
    monkeypatch.setattr(onnx, "__version__", "1.20.0")
    with pytest.raises(MissingExtraError, match=r"onnx.load needs onnx 1.21 or newer, this is 1.20.0"):
        onnx_package("onnx.load")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(
        MissingExtraError, match=r"onnx.load needs onnx: pip install 'tinygrad-cnn\[onnx\]'"
    ):
        onnx_package("onnx.load")


def test_how_a_file_is_read(tmp_path, monkeypatch):
    x, made = normal(0, 2), of_one("Relu", [normal(0, 2)])
    path = written(tmp_path, made)
    with pytest.raises(DTypeError, match="dtype int32 is none; float16, float32 and float64 fit"):
        load(path, dtype=np.int32)
    assert repr(load(path)).startswith("OnnxModule('") and "1 nodes: x0 float32 (2) -> y0" in repr(
        load(path)
    )
    for said in ("{", "3", "[1]"):
        del made.metadata_props[:]
        made.metadata_props.add(key=reading.BUFFERS, value=said)
        assert load(written(tmp_path, made))(x).shape == (2,)
    with pytest.raises(FormatError, match="elements would be alive; the budget is 1"), no_grad():
        load(path, budget=1)(x)
    with monkeypatch.context() as patched:
        patched.setitem(IMPORTERS, RELU, IMPORTERS[RELU]._replace(function=lambda call, x: ()))
        with pytest.raises(FormatError, match="there is no value 'y0'"):
            load(path)(x)
    with monkeypatch.context() as patched:  # an operator that ONNX defines by others
        patched.delitem(IMPORTERS, ("", "HardSwish"))
        found = Backend.prepare(of_one("HardSwish", [x])).run([x])[0]
        np.testing.assert_allclose(found, x * np.clip(x / 6 + 0.5, 0, 1), atol=1e-6)

    def unknown(*_):
        raise onnx.defs.SchemaError("none")

    with monkeypatch.context() as patched:
        patched.delitem(IMPORTERS, ("", "HardSwish"))
        patched.setattr(onnx.defs, "get_schema", unknown)
        with pytest.raises(FormatError, match=r"operators that are not known, with their nodes: HardSwish"):
            Backend.prepare(of_one("HardSwish", [x]))

    def deep(*_):
        raise RecursionError("deep")

    for home, name in ((reading, "_check"), (onnx.external_data_helper, "_get_all_tensors")):
        with monkeypatch.context() as patched:
            patched.setattr(home, name, deep)
            with pytest.raises(FormatError, match="graphs lie too deep in each other"):
                load(path)


def test_more_external_data_than_there_is(tmp_path):
    x = normal(0, 4)
    made = model(
        [node("Add", ["x", f"w{k}"], [f"y{k}"]) for k in range(12)],
        {"x": x},
        ["y0"],
        {f"w{k}": normal(k, 75_000) for k in range(12)},
        infer=False,
    )
    (tmp_path / "data.bin").write_bytes(bytes(300_000))
    for tensor in made.graph.initializer:
        onnx.external_data_helper.set_external_data(tensor, location="data.bin")
        tensor.ClearField("raw_data")
    with pytest.raises(FormatError, match="its tensors take more external data than there is"):
        load(written(tmp_path, made))


def test_damage_that_onnxs_checker_would_find_first(monkeypatch):
    monkeypatch.setattr(reading, "_check", lambda *_: None)
    x = {"x": normal(0, 2)}

    def refused(made, words):
        with pytest.raises(FormatError, match=words):
            Backend.prepare(made)

    relu = node("Relu", ["x"], ["y"], name="one")
    refused(
        model([node("Add", ["x", "b"], ["y"], name="one")], x, ["y"], infer=False),
        "nothing before it makes its input 'b'",
    )
    refused(model([relu], x, ["z"], infer=False), "nothing makes its output 'z'")
    refused(
        model([relu, node("Neg", ["x"], ["y"], name="two")], x, ["y"], infer=False),
        r"two \(Neg\): its output 'y' is made twice",
    )
    made = model([relu], x, ["y"], {"w": normal(0, 2)}, infer=False)
    made.graph.initializer[0].dims[0] = -2
    refused(made, r"tensor 'w' has shape \(-2,\)")
    made = model([node("Cast", ["x"], ["y"], name="one", to=1)], x, ["y"], infer=False)
    made.graph.node[0].attribute[0].type = 0
    refused(made, r"node one \(Cast\): attribute 'to' has type 0")
    made = model([node("Resize", ["x"], ["y"], name="one", mode=b"\xff")], x, ["y"], infer=False)
    refused(made, "a text is not UTF-8")
    function = helper.make_function(
        "own",
        "Again",
        ["x"],
        ["y"],
        [node("Again", ["x"], ["y"], domain="own")],
        [helper.make_opsetid("", 21), helper.make_opsetid("own", 1)],
    )
    made = model([node("Again", ["x"], ["y"], domain="own")], x, ["y"])
    made.functions.append(function)
    made.opset_import.append(helper.make_opsetid("own", 1))
    refused(made, "function Again calls itself")


def test_sparse_tensors_unaligned_ones_and_mixed_attributes(monkeypatch):
    reader = Reader(onnx, Types(onnx), {"": 21})

    def sparse(values, places, shape):
        return helper.make_sparse_tensor(
            onnx.numpy_helper.from_array(values, "w"),
            onnx.numpy_helper.from_array(np.array(places, np.int64), "i"),
            shape,
        )

    values = np.array([2, 5], np.float32)
    assert reader.dense(sparse(values, [1, 3], [2, 2])).tolist() == [[0, 2], [0, 5]]
    assert reader.dense(sparse(values, [[0, 1], [1, 0]], [2, 2])).tolist() == [[0, 2], [5, 0]]
    for shape, places in (
        ([2**20, 2**20], [0, 1]),
        ([-1], [0, 1]),
        ([2], [0, 7]),
        ([2, 2], [[0, 5], [1, 0]]),
    ):
        with pytest.raises(FormatError, match="a sparse tensor of shape"):
            reader.dense(sparse(values, places, shape))
    made = model([node("Add", ["x", "w"], ["y"])], {"x": normal(0, 4)}, ["y"], infer=False)
    made.graph.sparse_initializer.append(sparse(values, [1, 3], [4]))
    np.testing.assert_allclose(Backend.prepare(made).run([np.ones(4, np.float32)])[0], [1, 3, 1, 6])
    function = helper.make_function(
        "own",
        "Scaled",
        ["a", "b"],
        ["y"],
        [node("Gemm", ["a", "b"], ["y"], transB=1)],
        [helper.make_opsetid("", 21)],
        ["factor"],
    )
    reference = onnx.AttributeProto(name="alpha", ref_attr_name="factor", type=onnx.AttributeProto.FLOAT)
    function.node[0].attribute.append(reference)
    a, b = normal(0, 2, 3), normal(1, 4, 3)
    made = model([node("Scaled", ["a", "b"], ["y"], domain="own", factor=2.0)], {"a": a, "b": b}, ["y"])
    made.functions.append(function)
    made.opset_import.append(helper.make_opsetid("own", 1))
    np.testing.assert_allclose(Backend.prepare(made).run([a, b])[0], 2 * a @ b.T, rtol=1e-5)
    whole = b"\0" + np.array([1, 2], np.float32).tobytes()
    for array in (np.frombuffer(whole, np.float32, offset=1), np.array([1, 2], ">f4")):
        monkeypatch.setattr(onnx.numpy_helper, "to_array", lambda tensor, array=array: array)
        found = reader.array(onnx.TensorProto(dims=[2], data_type=1))
        assert found.tolist() == [1, 2] and found.dtype.isnative and found.flags.aligned


def test_graphs_in_graphs_end_somewhere(monkeypatch):
    value = helper.make_tensor_value_info
    inner = helper.make_graph([node("Relu", ["x"], ["z"])], "inner", [], [value("z", 1, [2])])
    made = model(
        [node("If", ["c"], ["y"], name="if", then_branch=inner, else_branch=inner)],
        {"c": np.array(True), "x": normal(0, 2)},
        ["y"],
        infer=False,
    )
    assert Backend.prepare(made).run([np.array(True), np.array([-1, 2], np.float32)])[0].tolist() == [0, 2]
    monkeypatch.setattr("tinygrad_cnn.onnx.running.MAX_DEPTH", 1)
    with pytest.raises(FormatError, match="graphs and functions lie more than 1 deep"):
        Backend.prepare(made).run([np.array(True), normal(0, 2)])
    monkeypatch.setattr("tinygrad_cnn.onnx.running.MAX_DEPTH", 60)
    monkeypatch.setattr(reading, "_check", lambda *_: None)
    body = helper.make_graph(
        [node("Identity", ["c"], ["d"])],
        "body",
        [value("i", 7, []), value("c", 9, []), value("v", 1, [2])],
        [value("d", 9, [])],
    )
    made = model(
        [node("Loop", ["m", ""], [""], name="loop", body=body), node("Relu", ["x"], ["y"])],
        {"m": np.array(2), "x": normal(0, 2)},
        ["y"],
        infer=False,
    )
    with pytest.raises(FormatError, match="the graph body takes 3, got 2 inputs"):
        Backend.prepare(made).run([np.array(2), normal(0, 2)])


def test_nodes_and_inputs_that_tell_little(monkeypatch):
    assert str(Declared("x", np.dtype(np.float32), None)) == "x float32"
    assert same(SimpleNamespace(a=1, b=[2]), SimpleNamespace(a=1, b=[2])) and not same(
        SimpleNamespace(a=1), SimpleNamespace(a=2)
    )
    monkeypatch.setattr(reading, "_check", lambda *_: None)
    with pytest.raises(FormatError, match="the node has no value"):
        Backend.prepare(model([node("Constant", [], ["y"])], {}, ["y"], infer=False)).run([])


def test_text_among_the_inputs():
    words = np.array(["1.5", "2"])
    made = of_one("Cast", [words.astype(object)], infer=False, to=1)
    assert Backend.prepare(made).run([words])[0].tolist() == [1.5, 2]


def test_a_model_that_takes_even_sizes_alone_is_saved(tmp_path):
    """It is checked at a third size, too, but need not take that one."""

    def halves(x):
        return F.exp(F.reshape(x, (2, -1)))

    with pytest.raises(ShapeError):
        halves(normal(0, 3))
    save(Function(halves), tmp_path / "halves.onnx", normal(0, 2))
    x = normal(1, 4)
    found = load(tmp_path / "halves.onnx")(x).numpy()
    np.testing.assert_allclose(found, np.exp(x).reshape(2, 2), rtol=1e-6)

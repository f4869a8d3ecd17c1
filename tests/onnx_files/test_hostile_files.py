"""Damaged and hostile files: FormatError with the file's and the node's name, in little time and memory."""

import os
from pathlib import Path

import numpy as np
import pytest
from onnx_models import model, network, normal, of_one, onnx

from tinygrad_cnn import no_grad
from tinygrad_cnn.errors import FormatError, TinygradCnnError
from tinygrad_cnn.onnx import load

node = onnx.helper.make_node


def written(tmp_path, made):
    path = tmp_path / "net.onnx"
    path.write_bytes(made if isinstance(made, bytes) else made.SerializeToString())
    return path


def refused(tmp_path, made, words):
    with pytest.raises(FormatError, match=words) as caught:
        load(written(tmp_path, made))
    assert "net.onnx" in str(caught.value)


def run_refused(tmp_path, made, words, *arrays, **options):
    net = load(written(tmp_path, made), **options)
    with pytest.raises(FormatError, match=words) as caught, no_grad():
        net(*arrays)
    assert "net.onnx: node" in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"no model", b"\x08\x07", bytes(range(256)), b"PK\x03\x04" * 50])
def test_other_files_are_no_models(tmp_path, data):
    refused(tmp_path, data, "no ONNX model")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_or_a_device_is_refused_and_not_waited_for(tmp_path: Path) -> None:  # R12
    os.mkfifo(tmp_path / "pipe.onnx")
    (tmp_path / "device.onnx").symlink_to("/dev/zero")
    for name in ("pipe", "device"):
        with pytest.raises(FormatError, match=f"{name}.onnx: expected a file, found a {name}"):
            load(tmp_path / f"{name}.onnx")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_short(tmp_path, share):
    data = network().SerializeToString()
    refused(tmp_path, data[: int(len(data) * share)], "no ONNX model|no valid|cannot be read|nothing")


def test_a_cycle(tmp_path):
    nodes = [node("Add", ["x", "b"], ["a"], name="one"), node("Relu", ["a"], ["b"], name="two")]
    refused(tmp_path, model(nodes, {"x": normal(0, 2)}, ["b"]), "'?b'?")


def test_an_undefined_name(tmp_path):
    made = model([node("Add", ["x", "nowhere"], ["y"], name="lost")], {"x": normal(0, 2)}, ["y"])
    refused(tmp_path, made, "nowhere")


def test_an_output_made_twice(tmp_path):
    nodes = [node("Relu", ["x"], ["y"], name="one"), node("Neg", ["x"], ["y"], name="two")]
    refused(tmp_path, model(nodes, {"x": normal(0, 2)}, ["y"]), "y")


@pytest.mark.parametrize("opset", [0, 10_000])
def test_operators_of_a_version_that_there_is_not(tmp_path, opset):
    made = network()
    made.opset_import[0].version = opset
    refused(tmp_path, made, "version|opset")


def test_doubling_without_end_is_stopped_by_the_budget(tmp_path):
    nodes = [node("Concat", [f"x{k}", f"x{k}"], [f"x{k + 1}"], name=f"n{k}", axis=0) for k in range(40)]
    made = model(nodes, {"x0": normal(0, 1000)}, ["x40"])
    run_refused(
        tmp_path, made, "elements would be alive; the budget is 1,000,000", normal(0, 1000), budget=10**6
    )


@pytest.mark.parametrize(
    ("kind", "operands", "attributes"),
    [
        ("ConstantOfShape", [np.array([2**40], np.int64)], {}),
        ("ConstantOfShape", [np.array([2**62, 2**62], np.int64)], {}),
        ("ConstantOfShape", [np.array([-1], np.int64)], {}),
        ("Expand", [normal(0, 1), np.array([2**50], np.int64)], {}),
        ("Tile", [normal(0, 4), np.array([2**45], np.int64)], {}),
        ("Pad", [normal(0, 4), np.array([2**45, 0], np.int64)], {}),
        ("Range", [np.array(0, np.int64), np.array(2**60, np.int64), np.array(1, np.int64)], {}),
        ("OneHot", [np.array([1]), np.array(2**45), np.array([0.0, 1.0], np.float32)], {}),
        ("Resize", [normal(0, 1, 1, 2, 2), None, None, np.array([1, 1, 2**31, 2**31])], {}),
        ("MaxPool", [normal(0, 1, 1, 2, 2)], {"kernel_shape": [2**30, 2**30], "pads": [2**30] * 4}),
        ("AveragePool", [normal(0, 1, 1, 2, 2)], {"kernel_shape": [3, 3], "pads": [2**40] * 4}),
        ("ConvTranspose", [normal(0, 1, 1, 3, 3), normal(0, 1, 1, 2, 2)], {"strides": [2**40, 2**40]}),
        ("Conv", [normal(0, 1, 1, 3, 3), normal(0, 1, 1, 2, 2)], {"strides": [0, 0]}),
        ("Conv", [normal(0, 1, 1, 3, 3), normal(0, 1, 1, 2, 2)], {"group": 0}),
        ("HannWindow", [np.array(2**50)], {}),
        ("Gather", [normal(0, 3), np.array([7])], {}),
        ("Reshape", [normal(0, 4), np.array([3, -1])], {}),
        ("RandomNormal", [], {"shape": [2**50]}),
        ("BitShift", [np.array([1], np.uint8), np.array([1, 2, 3], np.uint8)], {"direction": "AROUND"}),
        ("Transpose", [normal(0, 2, 2)], {"perm": [0, 0]}),
        ("EyeLike", [normal(0, 2, 2)], {"dtype": 99}),
    ],
)  # fmt: skip
def test_sizes_and_settings_that_do_not_fit(tmp_path, kind, operands, attributes):
    given = [o for o in operands if o is not None]
    if kind == "BitShift":
        net = load(written(tmp_path, of_one(kind, operands, **attributes)))
        assert net(*given).shape == (3,)  # an unknown direction is the other one; nothing breaks
        return
    made = of_one(kind, operands, infer=False, **attributes)  # onnx 1.21 divides by a stride of 0
    try:
        net = load(written(tmp_path, made))
    except FormatError:
        return
    with pytest.raises(FormatError, match=f"net.onnx: node {kind}"):
        net(*given)


def test_a_loop_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("tinygrad_cnn.onnx.running.MAX_STEPS", 1000)
    value = onnx.helper.make_tensor_value_info
    body = onnx.helper.make_graph(
        [node("Identity", ["c"], ["d"], name="inner"), node("Identity", ["v"], ["w"])], "body",
        [value("i", 7, []), value("c", 9, []), value("v", 1, [2])], [value("d", 9, []), value("w", 1, [2])],
    )  # fmt: skip
    made = model(
        [node("Loop", ["", "t", "x"], ["y"], name="loop", body=body)],
        {"x": normal(0, 2)},
        ["y"],
        {"t": np.array(True)},
    )
    run_refused(tmp_path, made, "is there an end", normal(0, 2))


def test_data_outside_the_folder(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "secret.bin"
    inside.mkdir()
    outside.write_bytes(b"\0" * 1000)
    for place in ("../secret.bin", str(outside), "missing.bin"):
        made = network()
        tensor = made.graph.initializer[0]
        onnx.external_data_helper.set_external_data(tensor, location=place)
        tensor.ClearField("raw_data")
        refused(inside, made, "data of tensor 'body.conv.weight' cannot be read")


def test_a_tensor_whose_data_do_not_fill_its_shape(tmp_path):
    made = network()
    made.graph.initializer[0].dims[0] = 2**40
    refused(tmp_path, made, "body.conv.weight")


def test_a_function_that_calls_itself(tmp_path):
    function = onnx.helper.make_function(
        "own", "Again", ["x"], ["y"], [node("Again", ["x"], ["y"], domain="own")],
        [onnx.helper.make_opsetid("", 21), onnx.helper.make_opsetid("own", 1)],
    )  # fmt: skip
    made = model([], {"x": normal(0, 2)}, ["y"])
    made.graph.node.append(node("Again", ["x"], ["y"], domain="own"))
    made.functions.append(function)
    made.opset_import.append(onnx.helper.make_opsetid("own", 1))
    refused(tmp_path, made, "itself|function")


@pytest.mark.parametrize("seed", range(60))
def test_altered_files_are_refused_or_run(tmp_path, seed):
    """Bytes overwritten, cut out and put in: an error of this package, or a result; nothing else."""
    altered(tmp_path, seed)


def altered(tmp_path, seed):
    rng, data = np.random.default_rng(seed), bytearray(network().SerializeToString())
    for _ in range(int(rng.integers(1, 4))):
        place, how = int(rng.integers(len(data))), rng.integers(3)
        if how == 0:
            data[place] = int(rng.integers(256))
        elif how == 1:
            del data[place : place + int(rng.integers(1, 20))]
        else:
            data[place:place] = rng.bytes(int(rng.integers(1, 20)))
    return outcome(written(tmp_path, bytes(data)))


def outcome(path):
    """Whether a file is refused, by an error of this package, or runs."""
    try:
        net = load(path, budget=10**6)
        arrays = []
        for declared in net.inputs:
            sizes = [n if isinstance(n, int) else 2 for n in declared.shape or ()]
            arrays.append(np.ones([min(n, 50) for n in sizes], declared.dtype or np.float32))
        with no_grad():
            net(*arrays)
    except TinygradCnnError:
        return "refused"
    return "ran"


#: Numbers that hostile files like.
NUMBERS = (0, 1, -1, 2, 3, 7, 255, -(2**31), 2**31 - 1, 2**40, 2**62, -(2**62))
KINDS = (
    "Add", "AveragePool", "Cast", "Concat", "ConstantOfShape", "Conv", "ConvTranspose", "CumSum", "Expand",
    "Flatten", "GRU", "Gather", "Gemm", "LSTM", "MatMul", "MaxPool", "Pad", "Range", "Reshape", "Resize",
    "Slice", "Softmax", "Split", "Squeeze", "Tile", "TopK", "Transpose", "Unsqueeze", "Where",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_files_whose_numbers_and_names_lie(tmp_path, seed):
    lying(tmp_path, seed, network())


def lying(tmp_path, seed, made):
    """Attributes, sizes, names, operators and elements replaced: well-formed files without sense."""
    rng = np.random.default_rng(seed)
    pick = lambda values: values[int(rng.integers(len(values)))] if len(values) else None  # noqa: E731
    names = [name for n in made.graph.node for name in (*n.input, *n.output)]
    for _ in range(int(rng.integers(1, 4))):
        one, how = pick(made.graph.node), int(rng.integers(7))
        if how == 0 and one is not None and one.attribute:
            change = pick(one.attribute)
            change.i = pick(NUMBERS)
            for k in range(len(change.ints)):
                change.ints[k] = pick(NUMBERS)
        elif how == 1 and one is not None and one.input:
            one.input[int(rng.integers(len(one.input)))] = pick(names)
        elif how == 2 and one is not None:
            one.op_type = pick(KINDS)
        elif how == 3 and made.graph.initializer:
            tensor = pick(made.graph.initializer)
            if len(tensor.dims):
                tensor.dims[int(rng.integers(len(tensor.dims)))] = pick(NUMBERS)
        elif how == 4 and made.graph.initializer:
            tensor = pick(made.graph.initializer)
            try:
                values = onnx.numpy_helper.to_array(tensor).copy()
            except (TypeError, ValueError):  # lies already
                continue
            if values.dtype.kind in "iu" and values.size:
                values.reshape(-1)[int(rng.integers(values.size))] = pick(NUMBERS)
                tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
        elif how == 5 and made.graph.initializer:
            pick(made.graph.initializer).data_type = int(rng.integers(0, 25))
        elif one is not None:
            one.attribute.append(onnx.helper.make_attribute(pick(("axis", "pads", "k")), pick(NUMBERS)))
    return outcome(written(tmp_path, made))

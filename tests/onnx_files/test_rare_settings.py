"""Settings and element types that few files have: known values, and refusals that say what does not fit."""

import numpy as np
import pytest
from onnx_models import model, of_one, onnx

from tinygrad_cnn import no_grad
from tinygrad_cnn.errors import ArgumentError, FormatError
from tinygrad_cnn.onnx import Backend
from tinygrad_cnn.rng import manual_seed

node = onnx.helper.make_node


def f(*values, shape=None):
    return np.array(values, np.float32).reshape(shape or -1)


def i(*values, dtype=np.int64):
    return np.array(values, dtype)


def ramp(*shape, dtype=np.float32):
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def run(made, *arrays):
    with no_grad():
        found = Backend.prepare(made).run([a for a in arrays if a is not None])
    return found[0] if len(found) == 1 else found


def one(kind, operands, outputs=1, opset=21, **attributes):
    made = of_one(kind, operands, outputs, opset, infer=False, **attributes)
    if "domain" in attributes:
        made.opset_import.append(onnx.helper.make_opsetid(attributes["domain"], 1))
    return run(made, *operands)


C = ramp(1, 1, 2, 2)
VALUES = [
    ("PRelu", [i(-2, 3, dtype=np.int32), i(3, dtype=np.int32)], {}, i(-6, 3, dtype=np.int32)),
    (
        "Gemm",
        [ramp(3, 2, dtype=np.int64), ramp(3, 4, dtype=np.int64), i(1)],
        {"transA": 1, "beta": 2.0},
        ramp(3, 2, dtype=np.int64).T @ ramp(3, 4, dtype=np.int64) + 2,
    ),
    (
        "Gemm",
        [ramp(2, 3, dtype=np.int32), ramp(4, 3, dtype=np.int32)],
        {"transB": 1, "alpha": 2.0},
        2 * ramp(2, 3, dtype=np.int32) @ ramp(4, 3, dtype=np.int32).T,
    ),
    ("Det", [f(0, 0, 1, 1, shape=(2, 2))], {}, np.float32(0)),
    ("Det", [f(0, 2, 3, 1, shape=(1, 2, 2))], {}, f(-6)),
    ("Det", [ramp(0, 2, 2)], {}, f()),
    ("ScatterND", [i(1, 2, 3), i([0], [0], [2]), i(10, 20, 30)], {"reduction": "add"}, i(31, 2, 33)),
    ("ScatterElements", [i(1, 2, 3), i(0, 0), i(5, 7)], {"reduction": "mul"}, i(35, 2, 3)),
    ("ScatterElements", [i(1, 2, 3), i(0, 2), i(5, 1)], {"reduction": "max"}, i(5, 2, 3)),
    ("ReduceMin", [np.zeros((0, 2), np.int8), i(0)], {"keepdims": 0}, i(127, 127, dtype=np.int8)),
    ("ReduceMin", [np.zeros((0,), bool), i(0)], {"keepdims": 0}, np.bool_(True)),
    ("ReduceMax", [np.zeros((0, 2), np.int8), i(0)], {"keepdims": 0}, i(-128, -128, dtype=np.int8)),
    ("Pad", [i(1, 2), i(1, 0), i(9)], {}, i(9, 1, 2)),
    ("Pad", [ramp(4), i(-1, 2), f(7)], {}, f(1, 2, 3, 7, 7)),
    ("Pad", [ramp(4), i(-1, -2)], {}, f(1)),
    ("Pad", [ramp(2), i(), None, i()], {}, ramp(2)),
    ("Pad", [i(1, 2, 3), i(-1, 1)], {"mode": "edge"}, i(2, 3, 3)),
    (
        "DepthToSpace",
        [ramp(1, 4, 1, 1, dtype=np.int8)],
        {"blocksize": 2, "mode": "CRD"},
        i([[[0, 1], [2, 3]]], dtype=np.int8),
    ),
    ("GlobalLpPool", [f(3, 4, shape=(1, 1, 1, 2))], {}, f(5, shape=(1, 1, 1, 1))),
    ("GlobalLpPool", [f(3, -4, shape=(1, 1, 2))], {"p": 1}, f(7, shape=(1, 1, 1))),
    ("DFT", [f(0, 1, shape=(1, 1, 2)), None, i(1)], {}, f(0, 1, shape=(1, 1, 2))),
    ("DFT", [f(1, 1, 2, -1, shape=(1, 2, 2)), None, i(1)], {}, f(3, 0, -1, 2, shape=(1, 2, 2))),
    ("DFT", [f(1, 2, shape=(1, 2, 1)), i(4), i(1)], {}, f(3, 0, 1, -2, -1, 0, 1, 2, shape=(1, 4, 2))),
    (
        "STFT",
        [f(0, 1, 0, 2, shape=(1, 2, 2)), i(1), None, i(1)],
        {"onesided": 0},
        f(0, 1, 0, 2, shape=(1, 2, 1, 2)),
    ),
    (
        "STFT",
        [f(1, 1, 2, -1, shape=(1, 2, 2)), i(1), f(1, 1)],
        {"onesided": 0},
        f(3, 0, -1, 2, shape=(1, 1, 2, 2)),
    ),
    (
        "RoiAlign",
        [C, np.zeros((0, 4), np.float32), i()],
        {"output_height": 2, "output_width": 3},
        np.zeros((0, 1, 2, 3), np.float32),
    ),
    (
        "ConvTranspose",
        [C, f(1, shape=(1, 1, 1, 1))],
        {"strides": [2, 2], "output_padding": [3, 0]},
        np.pad(np.kron(C, f(1, 0, 0, 0, shape=(2, 2)))[..., :3, :3], ((0, 0), (0, 0), (0, 3), (0, 0))),
    ),
    ("Range", [f(1)[0], f(2)[0], f(0.5)[0]], {}, f(1, 1.5)),
    (
        "Cast",
        [f(1.5, -2, np.nan, np.inf, -np.inf)],
        {"to": 8},
        np.array(["1.5", "-2", "NaN", "INF", "-INF"], object),
    ),
    ("Cast", [i(3, -4)], {"to": 8}, np.array(["3", "-4"], object)),
    (
        "Cast",
        [np.array(["1.5", "-inf", "NaN", "+INF"], object)],
        {"to": 1},
        f(1.5, -np.inf, np.nan, np.inf),
    ),
    ("Cast", [np.array(["3", "-4"], object)], {"to": 7}, i(3, -4)),
    (
        "QLinearMatMul",
        [
            i([1], [3], dtype=np.uint8),
            f(1, 2),
            i(0, 1, dtype=np.uint8),
            i([2], dtype=np.uint8),
            f(1),
            i(0, dtype=np.uint8),
            f(1),
            i(0, dtype=np.uint8),
        ],
        {},
        i([2], [8], dtype=np.uint8),
    ),
    (
        "MatMulInteger",
        [i([1, 2], [3, 4], dtype=np.uint8), i([1], [1], dtype=np.uint8), i(1, 3, dtype=np.uint8)],
        {},
        i([1], [1], dtype=np.int32),
    ),
]


def test_values_of_rare_settings():
    for kind, operands, attributes, wanted in VALUES:
        found = one(kind, operands, **attributes)
        assert found.dtype == wanted.dtype and found.shape == wanted.shape, (kind, attributes, found)
        if found.dtype == object:
            assert found.tolist() == wanted.tolist(), (kind, found)
        else:
            np.testing.assert_allclose(found, wanted, atol=1e-6, err_msg=kind)


def test_older_and_newer_versions_of_operators():
    np.testing.assert_array_equal(
        one("Tile", [ramp(2, 1), i(3), i(1)], opset=5), np.tile(ramp(2, 1), (1, 3))
    )
    found = one("RMSNormalization", [ramp(2, 3) + 1, f(2, shape=(1,))], opset=23, epsilon=0.0)
    x = ramp(2, 3) + 1
    np.testing.assert_allclose(found, 2 * x / np.sqrt((x * x).mean(-1, keepdims=True)), rtol=1e-6)
    size = i(1, 1, 1, 4)
    found = one(
        "Resize",
        [C, f(), f(), size],
        opset=11,
        coordinate_transformation_mode="tf_half_pixel_for_nn",
        nearest_mode="floor",
    )
    np.testing.assert_array_equal(found[0, 0, 0], [2, 2, 3, 3])


def test_quantised_sums_and_products_of_onnxruntime():
    a, b, zero, half = (
        i(10, 20, 250, dtype=np.uint8),
        i(4, 8, 12, dtype=np.uint8),
        i(2, dtype=np.uint8)[0],
        np.float32(0.5),
    )
    operands = [a, half, zero, b, half, zero, np.float32(1), zero]
    x, y = (a.astype(float) - 2) / 2, (b.astype(float) - 2) / 2
    for kind, wanted in (("QLinearAdd", x + y), ("QLinearMul", x * y)):
        found = one(kind, operands, domain="com.microsoft")
        np.testing.assert_array_equal(found, np.clip(np.rint(wanted) + 2, 0, 255).astype(np.uint8))


def test_small_floats_are_rounded_and_saturate():
    types = onnx.TensorProto
    names = {
        n: np.dtype(onnx.helper.tensor_dtype_to_np_dtype(getattr(types, n)))
        for n in ("FLOAT8E4M3FN", "FLOAT8E8M0")
    }
    x = f(1.1, 1000, -1000, np.inf)
    found = one("Cast", [x], to=types.FLOAT8E4M3FN).astype(np.float32)
    np.testing.assert_array_equal(found, [1.125, 448, -448, 448])
    assert np.isnan(one("Cast", [x], to=types.FLOAT8E4M3FN, saturate=0).astype(np.float32)[1:]).all()
    found = one(
        "Cast", [f(1.4, 1.5, 3.1, 0.2)], opset=24, to=types.FLOAT8E8M0, round_mode="nearest"
    ).astype(np.float32)
    np.testing.assert_array_equal(found, [1, 2, 4, 0.25])
    zero = np.zeros((), names["FLOAT8E4M3FN"])
    product = [
        f(2, shape=(1, 1)).astype(zero.dtype),
        f(1)[0],
        zero,
        f(300, shape=(1, 1)).astype(zero.dtype),
        f(1)[0],
        zero,
        f(1)[0],
        zero,
    ]
    np.testing.assert_array_equal(one("QLinearMatMul", product).astype(np.float32), [[448]])
    scale = f(2)[0].astype(names["FLOAT8E8M0"])
    found = one("DequantizeLinear", [i(3, -4, dtype=np.int8), scale], opset=24, output_dtype=types.FLOAT)
    np.testing.assert_array_equal(found, [6, -8])


def test_recurrent_layers_with_settings_of_their_own():
    x, w, r = ramp(2, 1, 1) + 1, f(1, shape=(1, 1, 1)), f(0, shape=(1, 1, 1))
    known = (
        ("Affine", {"activation_alpha": [2.0], "activation_beta": [1.0]}, [3, 5]),
        ("ScaledTanh", {"activation_alpha": [3.0]}, 3 * np.tanh([1, 2])),
        ("LeakyRelu", {"activation_alpha": [0.5]}, [1, 2]),
        ("HardSigmoid", {"activation_alpha": [0.1], "activation_beta": [0.3]}, [0.4, 0.5]),
        ("Affine", {"clip": 1.5}, [1, 1.5]),
        ("Relu", {"clip": 1.25}, [1, 1.25]),
        ("ThresholdedRelu", {"activation_alpha": [1.5]}, [0, 2]),
    )
    for activation, options, wanted in known:
        y, last = one("RNN", [x, w, r], 2, hidden_size=1, activations=[activation], **options)
        np.testing.assert_allclose(y.reshape(-1), wanted, rtol=1e-6, err_msg=activation)
        np.testing.assert_allclose(last.reshape(-1), wanted[-1:], rtol=1e-6)
    y, last = one("RNN", [ramp(0, 1, 1), w, r], 2, hidden_size=1)
    assert y.shape == (0, 1, 1, 1) and last.tolist() == [[[0]]]


def test_random_operators_draw_what_they_say():
    manual_seed(0)
    for _ in range(2):
        found = one("RandomUniform", [], shape=[2000], low=2.0, high=4.0, seed=3.0)
        assert (
            found.dtype == np.float32
            and 2 <= found.min() < 2.01
            and 3.99 < found.max() < 4
            and abs(found.mean() - 3) < 0.05
        )
        np.testing.assert_array_equal(
            found, one("RandomUniform", [], shape=[2000], low=2.0, high=4.0, seed=3.0)
        )
    assert one("RandomUniformLike", [np.zeros((2, 3), np.float64)]).dtype == np.float64
    assert (
        one("Bernoulli", [f(0, 1, 0, 1)]).tolist() == [0, 1, 0, 1]
        and one("Bernoulli", [f(1)], dtype=7).dtype == np.int64
    )
    found = one("Multinomial", [np.log(f(1, 3, shape=(1, 2)))], sample_size=4000)
    assert found.dtype == np.int32 and found.shape == (1, 4000) and abs(found.mean() - 0.75) < 0.03
    x = ramp(1000) + 1
    y, kept = one("Dropout", [x, np.float32(0.25), np.array(True)], 2, seed=1)
    np.testing.assert_allclose(y, np.where(kept, x / 0.75, 0), rtol=1e-6)
    assert 0.7 < kept.mean() < 0.8


SMALL = i(1, dtype=np.uint8)
REFUSED = [
    ("Range", [i(0)[0], i(3)[0], i(0)[0]], {}, "the step is 0"),
    (
        "Attention",
        [ramp(1, 2, 5)] * 3,
        {"q_num_heads": 2, "kv_num_heads": 2, "opset": 23},
        "5 features do not split into 2 heads",
    ),
    ("GridSample", [C, ramp(1, 1, 1, 2)], {"mode": "round"}, "mode is 'round'"),
    ("GatherND", [ramp(2), i([0, 0])], {}, "name more axes than x"),
    ("ScatterND", [i(1), i([0]), i(1)], {"reduction": "mix"}, "reduction is 'mix'"),
    ("TopK", [ramp(3), i(4)], {"outputs": 2}, "there are no 4 among 3 elements"),
    ("NegativeLogLikelihoodLoss", [ramp(2, 3), i(0, 3)], {}, "labels from 0 to 3 do not fit 3 classes"),
    ("Det", [ramp(2, 3)], {}, "is not a square matrix"),
    ("ConvInteger", [C.astype(np.uint8), ramp(1, 2, 1, 1, dtype=np.uint8)], {}, "do not fit in 1 groups"),
    ("Reshape", [ramp(2), i(1, 0)], {}, "takes a size that x"),
    (
        "RNN",
        [ramp(1, 1, 1), ramp(1, 1, 1), ramp(1, 1, 1)],
        {"outputs": 2, "hidden_size": 1, "direction": "bidirectional"},
        "is not for 2 directions",
    ),
    (
        "RNN",
        [ramp(1, 1, 1)] * 3,
        {"outputs": 2, "hidden_size": 1, "activations": ["Tanh", "Tanh"]},
        "2 activations for 1 directions",
    ),
    (
        "RNN",
        [ramp(1, 1, 1)] * 3,
        {"outputs": 2, "hidden_size": 1, "activations": ["Step"]},
        "there is no activation 'Step'",
    ),
    (
        "Resize",
        [C, None, None, i(1, 1, 2, 2)],
        {"coordinate_transformation_mode": "tf_crop_and_resize"},
        "needs a region",
    ),
    ("Resize", [C, None, f(1, 1, -2, 2)], {}, "factors"),
    ("Resize", [C, None, f(2, 2)], {}, "factors .* do not fit 4 axes"),
    ("Resize", [C, None, None, i(1, 1, 2)], {}, "sizes .* do not fit 4 axes"),
    ("Resize", [C, None, None, i(1, 1, 3, 3)], {"mode": "best"}, "mode is 'best'"),
    ("Resize", [C, None, None, i(1, 1, 3, 3)], {"nearest_mode": "up"}, "nearest_mode is 'up'"),
    (
        "Resize",
        [C, None, None, i(1, 1, 3, 3)],
        {"coordinate_transformation_mode": "none"},
        "coordinate_transformation_mode is 'none'",
    ),
    ("Squeeze", [ramp(2, 1), i(0)], {}, "have not size 1"),
    ("Split", [ramp(4)], {"num_outputs": 3, "outputs": 2}, "num_outputs is 3, the node has 2 outputs"),
    ("Slice", [ramp(4), i(0, 1), i(2)], {}, "do not fit together"),
    ("Tile", [ramp(2), i(1, 2)], {}, "2 repeats for 1 axes"),
    ("Pad", [ramp(2), i(1, 2, 3)], {}, "3 sizes for 1 axes"),
    ("DepthToSpace", [ramp(1, 3, 1, 1)], {"blocksize": 2}, "3 channels do not split"),
    ("SpaceToDepth", [ramp(1, 1, 3, 2)], {"blocksize": 2}, "does not split into 2"),
    ("ReverseSequence", [ramp(2, 2), i(1, 2)], {"time_axis": 2}, "are not 0 and 1"),
    ("STFT", [ramp(1, 4, 1), i(1), None, i(9)], {}, "frames of 9 every 1 do not fit 4 samples"),
    ("MaxPool", [C], {"kernel_shape": [2]}, "does not fit 2 spatial axes"),
    ("MaxPool", [ramp(1, 1, 0, 2)], {"kernel_shape": [1, 1]}, "has no pixels"),
    ("MaxPool", [C], {"kernel_shape": [2, 2], "pads": [0, 0]}, "do not give two sizes per spatial axis"),
    ("MaxPool", [C], {"kernel_shape": [2, 2], "auto_pad": "SOME"}, "auto_pad is 'SOME'"),
    ("Conv", [ramp(1, 2, 1, 1), ramp(3, 1, 1, 1)], {"group": 2}, "3 kernels do not split into 2 groups"),
    (
        "ConvTranspose",
        [C, ramp(1, 1, 1, 1)],
        {"output_padding": [1]},
        "does not give a size per spatial axis",
    ),
    (
        "DeformConv",
        [ramp(1, 1, 3), ramp(1, 1, 1), ramp(1, 2, 3)],
        {"opset": 19},
        "is not a batch of images",
    ),
    (
        "MaxUnpool",
        [C, i([[[[0, 1], [2, 99]]]])],
        {"kernel_shape": [2, 2], "strides": [2, 2]},
        "an index lies outside",
    ),
    ("Conv", [C, ramp(1, 1, 1, 1)], {"group": 2}, "do not fit in 2 groups"),
    ("SequenceLength", [ramp(2)], {}, "a sequence was expected"),
    ("SplitToSequence", [ramp(4), i(0)[0]], {}, "parts of 0 elements"),
    ("SplitToSequence", [ramp(4), i(1, 2)], {}, r"parts of \[1, 2\] do not make 4"),
]


def test_what_does_not_fit_is_refused_with_its_reason():
    for kind, operands, attributes, words in REFUSED:
        with pytest.raises(FormatError, match=words) as found:
            one(kind, operands, **attributes)
        assert f"net: node {kind} ({kind})" in str(found.value), str(found.value)


def test_loops_and_scans_over_nothing_and_over_too_much():
    value, kinds = onnx.helper.make_tensor_value_info, onnx.TensorProto
    graph = onnx.helper.make_graph(
        [node("Identity", ["c"], ["d"]), node("Add", ["v", "v"], ["w"]), node("Identity", ["n"], ["s"])],
        "body",
        [value("n", kinds.INT64, []), value("c", kinds.BOOL, []), value("v", kinds.FLOAT, [2])],
        [value("d", kinds.BOOL, []), value("w", kinds.FLOAT, [2]), value("s", kinds.INT64, [])],
    )
    made = model(
        [node("Loop", ["m", "", "x"], ["y", "z"], body=graph)],
        {"m": i(0)[0], "x": f(1, 2)},
        ["y", "z"],
        infer=False,
    )
    for turns in (0, 3):
        y, z = run(made, i(turns)[0], f(1, 2))
        assert (
            y.tolist() == [2**turns, 2 ** (turns + 1)]
            and z.dtype == np.int64
            and z.tolist() == list(range(turns))
        )
    graph = onnx.helper.make_graph(
        [node("Add", ["h", "v"], ["w"]), node("Add", ["v", "u"], ["s"])],
        "body",
        [value("h", kinds.FLOAT, [2]), value("v", kinds.FLOAT, [2]), value("u", kinds.FLOAT, [2])],
        [value("w", kinds.FLOAT, [2]), value("s", kinds.FLOAT, [2])],
    )

    def scanned(*streams):
        scan = node("Scan", ["h", "a", "b"], ["y", "z"], body=graph, num_scan_inputs=2)
        return run(model([scan], dict(zip("hab", streams, strict=True)), ["y", "z"], infer=False), *streams)

    y, z = scanned(f(1, 2), ramp(3, 2), ramp(3, 2))
    assert y.tolist() == [7, 11] and z.tolist() == (2 * ramp(3, 2)).tolist()
    y, z = scanned(f(1, 2), ramp(0, 2), ramp(0, 2))
    assert y.tolist() == [1, 2] and z.shape == (0, 2)
    with pytest.raises(FormatError, match=r"the scanned inputs have \[2, 3\] elements"):
        scanned(f(1, 2), ramp(3, 2), ramp(2, 2))


def test_sequences_of_whole_numbers_and_optional_values():
    x = i(3, 1, 2)
    nodes = [node("SplitToSequence", ["x"], ["s"]), node("ConcatFromSequence", ["s"], ["y"], axis=0)]
    assert run(model(nodes, {"x": x}, ["y"], infer=False), x).tolist() == x.tolist()
    nodes = [node("SequenceConstruct", ["x"], ["s"]), node("SequenceInsert", ["s", "x", "n"], ["y"])]
    with pytest.raises(FormatError, match="there is no place 5 in a sequence of 1"):
        run(model(nodes, {"x": x, "n": i(5)[0]}, ["y"], infer=False), x, i(5)[0])
    nodes = [node("SequenceEmpty", [], ["s"]), node("ConcatFromSequence", ["s"], ["y"], axis=0)]
    with pytest.raises(FormatError, match="the sequence is empty"):
        run(model(nodes, {}, ["y"], infer=False))
    kind = onnx.helper.make_tensor_type_proto(1, [1])
    nodes = [node("Optional", [], ["o"], type=kind), node("OptionalHasElement", ["o"], ["y"])]
    has, value = run(model(nodes, {}, ["y", "o"], infer=False))
    assert not has and value is None
    nodes = [nodes[0], node("OptionalGetElement", ["o"], ["y"])]
    with pytest.raises(FormatError, match="the optional value is empty"):
        run(model(nodes, {}, ["y"], infer=False))
    with pytest.raises(ArgumentError, match="device 'CUDA' is not there"):
        Backend.prepare(of_one("Relu", [f(1)]), "CUDA")

"""`python -m viz` on ONNX files."""

import numpy as np
import pytest

pytest.importorskip("onnx", minversion="1.21", reason="needs onnx: pip install 'tinygrad-cnn[onnx]'")

from onnx_models import model, onnx

from tinygrad_cnn import nn
from tinygrad_cnn.onnx import save
from viz.__main__ import main


@pytest.fixture
def files(tmp_path):
    body = [nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), nn.Sequential(nn.Conv2d(2, 2, 3), nn.ReLU())]
    found = []
    for k in (1, 2):
        net = nn.Sequential(*body[:k], nn.Flatten(), nn.Linear(2 * (8 - 2 * k) ** 2, 3))
        found.append(tmp_path / f"net{k}.onnx")
        save(net, found[-1], np.zeros((1, 1, 8, 8), np.float32))
    return found


def test_a_file_is_drawn_with_its_modules_and_parameters(files, tmp_path, capsys):
    assert main([str(files[1]), "-o", "-", "--max-nodes", "0"]) == 0
    source = capsys.readouterr().out
    for words in ("Conv", "Linear", "1×1×8×8", "weight", "subgraph"):
        assert words in source, words


def test_two_files_are_compared(files, capsys):
    assert main([str(files[0]), "--diff", str(files[1])]) == 0
    words = capsys.readouterr().out
    assert "+ " in words and "added" in words


def test_what_the_command_line_cannot_do_is_said(files, tmp_path, capsys):
    assert main([str(files[0]), "--diff", "nowhere.onnx"]) == 2
    assert main(["script.py:net", "--diff", str(files[0])]) == 2
    assert main([str(files[0]), "--input", "1,1,9,9"]) == 1
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    assert main([str(tmp_path / "broken.onnx")]) == 1
    assert "no ONNX model" in capsys.readouterr().err


def test_the_title_and_the_inputs_are_those_of_the_file(files, capsys):
    assert main([str(files[0])]) == 0
    words = capsys.readouterr().out
    assert words.startswith("net1.onnx · ") and "x  input float32" in words


def test_integers_enter_the_drawing_by_the_floats_made_of_them(tmp_path, capsys):
    nodes = [
        onnx.helper.make_node("OneHot", ["tokens", "depth", "bounds"], ["hot"]),
        onnx.helper.make_node("MatMul", ["hot", "table"], ["y"]),
    ]
    weights = {"depth": np.array(5), "bounds": np.array([0, 1], "f4"), "table": np.ones((5, 3), "f4")}
    path = tmp_path / "tokens.onnx"
    made = model(nodes, {"tokens": np.zeros((1, 2), np.int64)}, ["y"], weights)
    path.write_bytes(made.SerializeToString())
    assert main([str(path)]) == 0
    assert "OneHot(tokens)  input float32" in capsys.readouterr().out


def test_an_array_that_several_nodes_take_is_one_constant(tmp_path, capsys):
    nodes = [
        onnx.helper.make_node("Sub", ["anchors", "x"], ["a"]),
        onnx.helper.make_node("Add", ["anchors", "a"], ["y"]),
    ]
    nodes.insert(0, onnx.helper.make_node("ConstantOfShape", ["sizes"], ["anchors"]))
    path = tmp_path / "anchors.onnx"
    made = model(nodes, {"x": np.zeros((2, 3), "f4")}, ["y"], {"sizes": np.array([2, 3])})
    path.write_bytes(made.SerializeToString())
    assert main([str(path), "--max-nodes", "0"]) == 0
    words = capsys.readouterr().out
    assert words.count("constant float32") == 1 and "Detach" not in words


def test_an_input_can_be_a_number_and_a_slice_is_written_in_few_words(tmp_path, capsys):
    weights = {"zero": np.array([0]), "one": np.array([1]), "end": np.array([2**63 - 1])}
    nodes = [
        onnx.helper.make_node("Slice", ["x", "zero", "end", "one"], ["a"]),
        onnx.helper.make_node("Slice", ["a", "one", "end", "one"], ["b"]),
        onnx.helper.make_node("Mul", ["b", "k"], ["y"]),
    ]
    path = tmp_path / "slice.onnx"
    inputs = {"x": np.zeros((2, 3), "f4"), "k": np.array(0, "f4")}
    path.write_bytes(model(nodes, inputs, ["y"], weights).SerializeToString())
    assert main([str(path), "--input", "2,3", "--input", ":float32=2.5", "--values"]) == 0
    words = capsys.readouterr().out
    assert words.count("Index") == 1 and "[:, 1:]" in words and "2.5" in words
    with pytest.raises(SystemExit):
        main([str(path), "--input", "2,3:int64=x"])


def test_one_module_around_a_long_chain_is_drawn_as_stretches(tmp_path, capsys):
    kinds = np.random.default_rng(0).choice(["Tanh", "Sigmoid", "Neg", "Abs", "Softplus"], 150)
    nodes = [
        onnx.helper.make_node(str(kind), [f"x{k}"], [f"x{k + 1}"], name=f"/model/{kind}_{k}")
        for k, kind in enumerate(kinds)
    ]
    path = tmp_path / "chain.onnx"
    made = model(nodes, {"x0": np.zeros((2, 3), "f4")}, ["x150"])
    path.write_bytes(made.SerializeToString())
    assert main([str(path)]) == 0
    words = capsys.readouterr().out
    assert "150 operations" in words and words.count("operations ") > 5

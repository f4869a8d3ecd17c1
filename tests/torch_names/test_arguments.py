"""NumPy's names of arguments mean PyTorch's, as they do in PyTorch."""

import pytest

from tinygrad_cnn import torch
from tinygrad_cnn.torch.registry import FUNCTIONS, METHODS

T = torch.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize("table", [FUNCTIONS, METHODS], ids=["functions", "methods"])
def test_axis_is_dim_wherever_there_is_a_dim(table):
    for called in ("cumsum", "max", "softmax", "sum", "logsumexp", "sort", "argmax", "var", "amax"):
        expected, found = table[called](T, dim=1), table[called](T, axis=1)
        if isinstance(expected, tuple):
            expected, found = expected[0], found[0]
        assert torch.equal(expected, found), called


def test_joins_sizes_norms_and_operands_have_numpys_names_too():
    assert torch.cat([T, T], axis=1).shape == (2, 6) and T.size(axis=1) == 3
    assert torch.linalg.norm(T, axis=1).shape == (2,)
    assert T.sum(axis=1, keepdims=True).shape == (2, 1)
    assert torch.equal(torch.add(x1=T, x2=T), 2 * T)


def test_matrices_without_an_inverse_raise_linalgs_error():
    for function in (torch.linalg.inv, torch.linalg.cholesky):
        with pytest.raises(torch.linalg.LinAlgError, match=r"torch\.linalg"):
            function(-torch.zeros(2, 2))


def test_the_older_svd_gives_v_and_a_derivative():
    a = torch.randn(4, 3, dtype=torch.float64).requires_grad_()
    U, S, V = torch.svd(a)
    assert torch.allclose(U @ torch.diag(S) @ V.T, a)
    (grad,) = torch.autograd.grad(S.sum(), a)
    assert torch.allclose(grad, (U @ V.T).detach())

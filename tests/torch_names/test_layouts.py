"""`view` needs no copy, as in PyTorch: what would be merged has to lie together in memory."""

import pytest

from tinygrad_cnn import torch

REFUSED = (
    "x.t().view(6)", "b.transpose(0, 1).view(-1)", "b.permute(0, 2, 1).view(2, 12)", "b.transpose(0, 1).relu().view(6, 4)",
    "b.permute(2, 0, 1).view(8, 3)",
)  # fmt: skip
TAKEN = (
    "x.t().contiguous().view(6)", "x.t().t().view(6)", "x.t().view(3, 2, 1)", "b.transpose(0, 1).view(3, 2, 2, 2)",
    "b.permute(0, 2, 1).permute(0, 2, 1).view(2, -1)", "b.permute(2, 0, 1).view(4, 6)", "x.t().reshape(6)",
    "x[:1].t().view(3)",
)  # fmt: skip


@pytest.mark.parametrize("recorded", [False, True])
def test_view_refuses_to_merge_what_a_permutation_took_apart(recorded: bool) -> None:
    x, b = torch.ones(2, 3), torch.ones(2, 3, 4)
    names = {"x": x.requires_grad_() * 1 if recorded else x, "b": b.requires_grad_() * 1 if recorded else b}
    for text in REFUSED:
        if recorded or "relu" not in text:
            with pytest.raises(RuntimeError, match="reshape copies"):
                eval(text, names)
    for text in TAKEN:
        assert eval(text, names).numel() in (3, 6, 24), text


def test_an_assignment_to_data_leaves_what_was_recorded_before() -> None:
    u = torch.nn.Parameter(torch.ones(2), requires_grad=False)
    w = torch.ones(2, requires_grad=True)
    first = (w * u).sum()
    u.data = torch.full((2,), 3.0)
    (first + (w * u).sum()).backward()
    assert w.grad.tolist() == [4.0, 4.0]
    assert u.tolist() == [3.0, 3.0]

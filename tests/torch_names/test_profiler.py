"""The profiler that PyTorch's programs ask for, and bfloat16, which NumPy has not."""

import json

import pytest

from tinygrad_cnn import torch


def test_a_profile_names_ops_and_blocks(tmp_path):
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU())
    with torch.autograd.profiler.profile(use_cuda=False, with_stack=True) as prof:
        with torch.autograd.profiler.record_function("LINEAR PASS"):
            y = model(torch.ones(2, 4))
        y.sum().backward()
    table = prof.key_averages(group_by_stack_n=5).table(sort_by="self_cpu_time_total", row_limit=5)
    assert "LINEAR PASS" in table and "Linear" in table and "Self CPU time total" in table
    prof.export_chrome_trace(str(tmp_path / "trace.json"))
    assert json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as other:
        torch.ones(1)
        other.step()
    assert isinstance(str(other.key_averages()), str)


def test_bfloat16_is_computed_in_float32_and_says_so():
    assert repr(torch.bfloat16) == "torch.bfloat16" and torch.bfloat16.is_floating_point
    with pytest.warns(UserWarning, match="bfloat16 is computed in float32"):
        x = torch.ones(2, dtype=torch.bfloat16)
    assert x.dtype == torch.float32 and not torch.cuda.is_bf16_supported()
    assert torch.finfo(torch.bfloat16).eps == 2**-7
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (x + x).dtype == torch.float32

"""`python -m tinygrad_cnn.torch --compare`: both run, and the first value that differs is told."""

import subprocess
import sys

import pytest

SCRIPT = """
import torch
torch.manual_seed(0)
net = torch.nn.Linear(3, 2)
optimizer = torch.optim.Adam(net.parameters())
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
for _ in range(3):
    optimizer.zero_grad()
    loss = (net(torch.randn(4, 3)) ** 2).mean()
    loss.backward()
    optimizer.step()
    scheduler.step()
    print(loss.item())
"""


@pytest.mark.slow
def test_both_run_and_agree_and_their_seconds_are_told(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "tinygrad_cnn.torch", "--compare", "script.py"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("PyTorch: ") and lines[1].startswith("tinygrad_cnn: ")
    assert lines[2].startswith("all 9 values are equal")

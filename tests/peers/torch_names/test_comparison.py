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


def compared(folder, text):
    (folder / "script.py").write_text(text)
    command = [sys.executable, "-m", "tinygrad_cnn.torch", "--compare", "script.py"]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=folder)


@pytest.mark.slow
def test_both_run_and_agree_and_their_seconds_are_told(tmp_path):
    done = compared(tmp_path, SCRIPT)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("PyTorch: ") and lines[1].startswith("tinygrad_cnn: ")
    assert lines[2].startswith("all 15 values are equal")
    assert lines[3] == "all 3 printed lines are equal"


@pytest.mark.slow
def test_a_planted_difference_is_found_on_its_line(tmp_path):
    wrong = SCRIPT.replace(
        "    loss.backward()",
        "    loss = loss * (1.001 if 'tinygrad' in torch.__file__ and _ == 1 else 1.0)\n    loss.backward()",
    )
    done = compared(tmp_path, wrong)
    assert done.returncode == 1
    assert "script.py, line 10: loss: " in done.stdout, done.stdout
    assert "largest relative difference before it" in done.stdout

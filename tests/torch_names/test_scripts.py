"""`python -m tinygrad_cnn.torch script.py`."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
from torch.optim.lr_scheduler import StepLR
from torchvision import transforms

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
scheduler = StepLR(optimizer, 1)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
for x, y in DataLoader(TensorDataset(torch.randn(8, 3), torch.randint(0, 2, (8,))), batch_size=4, shuffle=True):
    loss = F.cross_entropy(net.to(device)(x.to(device)), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"{loss.item():.4f}")
print(sys.argv[1:], torch.__name__, __name__)
"""


def run(folder, text, *options):
    path = folder / "script.py"
    path.write_text(text)
    command = [sys.executable, "-m", "tinygrad_cnn.torch", *options, str(path), "--lr", "3"]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder)


def test_a_script_runs_as_it_is(tmp_path):
    done = run(tmp_path, SCRIPT)
    assert done.returncode == 0, done.stderr
    # PyTorch 2.13 prints the same two losses.
    assert done.stdout.splitlines() == ["0.7592", "0.7304", "['--lr', '3'] tinygrad_cnn.torch __main__"]
    assert "torch and torchvision are tinygrad_cnn's" in done.stderr


def test_profile_prints_where_the_time_went(tmp_path):
    done = run(tmp_path, SCRIPT, "--profile")
    assert done.returncode == 0 and "module and op" in done.stderr and "SoftmaxCrossEntropy" in done.stderr


def test_draw_writes_the_graph_of_the_first_backward(tmp_path):
    done = run(tmp_path, SCRIPT, "--draw", "graph.dot")
    assert done.returncode == 0, done.stderr
    assert "digraph" in (tmp_path / "graph.dot").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import torch\ntorch.zeross(2)\n", "the nearest name is torch.zeros"),
        (
            "import torch\nimport torch.distributed.rpc as rpc\nrpc.init_rpc('a')\n",
            "one process on one machine",
        ),
        ("from torch import zeross\n", "torch.zeross is not in tinygrad_cnn.torch"),
        ("import torch\ntorch.jit.load('net.pt')\n", "nothing is compiled or exported"),
        ("import torch\ntorch.ones(2).q_scale()\n", "quantised ones are left out"),
        ("import torch\ntorch.ones(2).unsqueez(0)\n", "the nearest name is 'unsqueeze'"),
    ],
)
def test_what_is_missing_is_said_at_the_scripts_line(tmp_path, text, message):
    done = run(tmp_path, text)
    assert done.returncode == 1 and message in done.stderr
    last = [line for line in done.stderr.splitlines() if line.startswith("  File")][-1]
    assert "script.py" in last


def test_a_script_that_exits_gives_its_status(tmp_path):
    assert run(tmp_path, "import sys; sys.exit(3)\n").returncode == 3


def test_a_comparison_tells_the_first_value_that_differs(capsys):
    from tinygrad_cnn.torch.comparison import _report

    theirs = [("item()", 3, 1.0), ("backward() from", 4, 2.0), ("item()", 5, float("nan"))]
    assert _report(theirs, [(kind, 0, value * (1 + 1e-6)) for kind, _, value in theirs]) == 0
    assert _report(theirs, [("item()", 3, 1.0), ("backward() from", 4, 2.1)]) == 1
    assert _report(theirs, [("item()", 3, 1.0), ("item()", 4, 2.0)]) == 1
    assert _report(theirs, theirs[:2]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("all 3 values are equal") and told[1].startswith(
        "value 1, line 4: backward()"
    )
    assert "PyTorch does backward() from" in told[2] and "PyTorch gave 3 values" in told[3]

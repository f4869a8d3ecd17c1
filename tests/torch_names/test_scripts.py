"""`python -m tinygrad_cnn.torch script.py`."""

import subprocess
import sys
from typing import Any

import pytest

from tinygrad_cnn import torch
from tinygrad_cnn.torch import comparison, nn
from tinygrad_cnn.torch.comparison import Note, report
from tinygrad_cnn.torch.profiling import Profile
from tinygrad_cnn.torch.timed_steps import time_steps_and_batches

SCRIPT = """
import sys
from typing import Any
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
    assert done.returncode == 0 and "module and op" in done.stderr and "CrossEntropyLoss" in done.stderr
    assert "SGD.step" in done.stderr


def test_a_profile_has_rows_for_steps_and_for_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, called in ((torch.optim.Optimizer, "__init__"), (torch.utils.data.DataLoader, "__iter__")):
        monkeypatch.setattr(owner, called, getattr(owner, called))  # put back at the end
    profile = Profile()
    time_steps_and_batches(profile)
    w = torch.ones(2, requires_grad=True)
    optimizer = torch.optim.LBFGS([w], max_iter=2)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with profile:
        for _ in torch.utils.data.DataLoader(torch.ones(3, 2)):
            optimizer.step(closure)
    assert profile.rows["", "", "LBFGS.step"][2] == 3
    assert profile.rows["", "", "DataLoader: the next batch"][2] == 4  # the last finds no more
    assert all(forward >= 0 for forward, _, _ in profile.rows.values())


def test_a_profile_tells_models_apart_and_sums_what_it_leaves_out() -> None:
    class Left(nn.Sequential):
        pass

    x = torch.ones(1, 2)
    with Profile() as profile:
        for model in (Left(nn.Linear(2, 2), nn.ReLU()), nn.Sequential(nn.Linear(2, 2))):
            model(x).sum().backward()
    text = profile.report()
    assert "Left.0: Linear" in text and "Sequential.0: Linear" in text and "more" not in text
    short = profile.report(most=1).splitlines()
    assert len(short) == 4 and short[2].endswith(f"{len(profile.rows) - 1} more")


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
        ("import torch\ntorch.nn.Linear(2, 2).weigth\n", "the nearest name is 'weight'"),
    ],
)
def test_what_is_missing_is_said_at_the_scripts_line(tmp_path, text, message):
    done = run(tmp_path, text)
    assert done.returncode == 1 and message in done.stderr
    last = [line for line in done.stderr.splitlines() if line.startswith("  File")][-1]
    assert "script.py" in last


def test_a_script_that_exits_gives_its_status(tmp_path):
    assert run(tmp_path, "import sys; sys.exit(3)\n").returncode == 3


def note(place, line, what, *values, kind="float32 (2,)", size=1.0):
    return Note(place, line, what, kind, [0.0, *values], size)


def test_a_comparison_tells_the_first_value_that_differs(capsys):
    theirs = [
        note("a.py, f", 3, "x", 1.0, 0.5),
        note("a.py, <module>", 9, "loss", 2.0, kind="float32 ()"),
        note("a.py, f", 3, "x", 0.5, 0.5),
    ]
    near = [n._replace(values=[0.0, *(v * (1 + 1e-6) for v in n.values[1:])]) for n in theirs]
    assert report(theirs, near) == 0
    assert report(theirs, [near[1], near[0], near[2]]) == 0  # a library may call f earlier: no difference
    assert (
        report(theirs, [near[0], note("a.py, <module>", 9, "loss", 2.1, kind="float32 ()"), near[2]]) == 1
    )
    assert report(theirs, [near[0], near[1], note("a.py, f", 4, "y", 1.0, 0.5)]) == 1
    assert report(theirs, [note("a.py, f", 3, "x", 1.0, 0.5, kind="int64 (2,)"), *near[1:]]) == 1
    assert report(theirs, [note("a.py, f", 3, "x", 1.0)._replace(values=[1.0, 1.0, 0.5]), *near[1:]]) == 1
    assert report(theirs, near[:2]) == 1
    assert report([], []) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith(
        "all 3 values are equal; the largest relative difference is 1.0e-06, at a.py, line 9: loss"
    )
    assert told[2].startswith("a.py, line 9: loss: 2 with PyTorch, 2.1 with tinygrad_cnn")
    assert "a.py, f, line 3: x: comes next with PyTorch, and with tinygrad_cnn line 4: y" in told[3]
    assert told[4].startswith("a.py, f, line 3: x: float32 (2,) with PyTorch, int64 (2,)")
    assert told[5].startswith("a.py, f, line 3: x: NaN or infinite elements: 0 with PyTorch, 1 with")
    assert told[6].startswith("a.py, f: 2 values with PyTorch, 1 with")


def test_rounding_that_grew_little_by_little_is_no_difference(capsys):
    theirs = [note("a.py, f", 3, "x", 1.0) for _ in range(5)]
    assert report(theirs, [note("a.py, f", 3, "x", 1 + 4.0 ** (k - 9)) for k in range(5)]) == 0
    assert "rounding grew to this little by little" in capsys.readouterr().out


@pytest.mark.slow
def test_a_trace_notes_what_lines_assign_and_functions_return(tmp_path):
    text = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Linear(2, 1)

    def forward(self, x):
        h = (self.a(x) +
             1)
        self.kept, (u, v) = h * 2, (h, 3)
        return h

net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
unset = torch.empty(3)
for k, x in enumerate(torch.ones(2, 3, 2)):
    loss = net(x).sum()
    loss.backward()
    optimizer.step()
    print(loss.item())
"""
    (tmp_path / "net.py").write_text(text)
    code = comparison._OURS.format(
        script=str(tmp_path / "net.py"), path=str(tmp_path / "trace"), arguments=[]
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    notes = comparison._read(str(tmp_path / "trace"))
    step = [
        ("x", 18), ("h", 10), ("self.kept", 12), ("u", 12), ("what it returns", 13), ("loss", 19),
        ("what backward() starts from", 20), ("sizes of the gradients at step()", 21),
        ("sizes of the parameters after step()", 21), ("item()", 22),
    ]  # fmt: skip
    assert [(n.what, n.line) for n in notes] == [("unset", 17), *step, *step]
    assert notes[0].values == [] and notes[0].kind == "float32 (3,)"
    assert notes[2].place == "net.py, forward" and len(notes[2].values) == 1 + 3


def test_printed_lines_are_compared_by_words_and_digits(capsys):
    comparison._report_texts("loss 0.12345\nepoch 1\n", "loss 0.12346\nepoch 1\n")
    comparison._report_texts("loss 0.12345\n", "loss 0.22345\n")
    comparison._report_texts("a\nb\n", "a\n")
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "all 2 printed lines are equal" and told[1].startswith(
        "printed line 1: 'loss 0.12345' with"
    )
    assert told[2] == "printed line 2: 'b' with PyTorch, None with tinygrad_cnn"


MISSPELT = (
    "torch.nn.parameter.Paramter torch.optim.swa_utils.AverageModel torch.autograd.functional.jacobin torch.random.manual_sed "
    "torch.autograd.profiler.profil torch.backends.cudnn.benchmrk torch.utils.checkpoint.checkpint torch.version.cud "
    "torch.profiler.profil torchvision.models.resnet.BasicBlok torch.Tensor.unsqueez torch.Generator().manual_sed "
    "torch.device('cpu').typ torch.float32.itemsiz torch.finfo(torch.float32).epss torch.Size([1]).numell "
    "torch.nn.ModuleDict({}).updat torch.utils.data.DataLoader([1]).batchsize torch.autograd.Function.aply "
    "torch.distributions.Normal(0.,1.).sampl torchvision.transforms.Compose([]).transform torch.nn.BCELoss().redction "
    "torch.ones(2).sort().indice torch.types.Numbr torch.nn.modules.conv.Conv2D torch.cuda.is_availible torch.linalg.normm"
)


def test_each_misspelt_name_of_modules_classes_and_objects_is_answered():
    from tinygrad_cnn import torch, torchvision
    from tinygrad_cnn.torch.refusals import nearest

    for expression in MISSPELT.split():
        with pytest.raises(AttributeError) as told:
            eval(expression, {"torch": torch, "torchvision": torchvision})
        words = nearest(told.value) or str(told.value)
        assert "nearest name is" in words or "left out" in words, expression

"""What few programs do: their errors by type and text, and what stands around tensors."""

import copy
import io
import pickle
import struct
import subprocess
import sys
import types
import zipfile

import numpy as np
import pytest

import tinygrad_cnn
from tinygrad_cnn import nn as native_nn
from tinygrad_cnn import torch
from tinygrad_cnn.errors import DTypeError, FormatError
from tinygrad_cnn.torch import aliases, comparison, scripts
from tinygrad_cnn.torch.__main__ import main
from tinygrad_cnn.torch.files import loading
from tinygrad_cnn.torch.mixing import result_type, tensor_of
from tinygrad_cnn.torch.refusals import unimported
from tinygrad_cnn.torch.utils.tensorboard import SummaryWriter

nn, F = torch.nn, torch.nn.functional


def archive(data, storages=(), order=None):
    """A file as `torch.save` lays it out, around a pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("archive/data.pkl", data)
        for key, content in storages:
            made.writestr(f"archive/data/{key}", content)
        if order is not None:
            made.writestr("archive/byteorder", order)
    return file.getvalue()


def read(data, **options):
    return torch.load(io.BytesIO(data), **options)


def description(data):
    """The pickle in a file."""
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        return next(made.read(name) for name in made.namelist() if name.endswith("data.pkl"))


def text(word):
    return b"X" + struct.pack("<I", len(word)) + word.encode()


# --------------------------------------------------------------------------- files
U1 = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
ARRAY = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R("
WRONG = {
    "a torch.Size of something else than numbers": b"\x80\x02ctorch\nSize\n" + text("ab") + b"\x85R.",
    "a device without a name": b"\x80\x02ctorch\ndevice\nK\x01\x85R.",
    "an OrderedDict with arguments": b"\x80\x02ccollections\nOrderedDict\nK\x01\x85R.",
    "a set of something else than a list": b"\x80\x02cbuiltins\nset\nK\x01\x85R.",
    "an array without type and bytes": ARRAY + b"K\x01K\x01\x85NNNtb.",
    "an array whose sizes are not numbers from 0 on": ARRAY + b"K\x01J\xff\xff\xff\xff\x85" + U1 + b"\x89U\x00tb.",
    "a number of NumPy's without type and bytes": b"\x80\x02cnumpy.core.multiarray\nscalar\n" + U1 + b"U\x02ab\x86R.",
    "bytes in another coding than latin1": b"\x80\x02c_codecs\nencode\n" + text("a") + text("utf8") + b"\x86R.",
    "attributes of .*list.* are set": b"\x80\x02]}b.",
    "corrupt: ValueError: pickle exhausted before seeing STOP": b"\x80\x02]",
}  # fmt: skip


def test_descriptions_that_do_not_fit_are_refused_with_what_is_wrong():
    for words, pickled in WRONG.items():
        with pytest.raises(FormatError, match=words):
            read(archive(pickled))


def test_pickles_of_other_writers_are_read():
    assert read(archive(pickle.dumps(np.float32(2.5), 2))) == 2.5
    assert read(archive(pickle.dumps([{1, "a"}, (1, [2])], 4))) == [{1, "a"}, (1, [2])]
    parts = (
        b"\x80\x02ctorch.nn\nReLU\n)\x81}"
        + text("_modules")
        + b"}"
        + text("part")
        + b"ctorch.nn\nTanh\n)\x81}bssb."
    )
    assert isinstance(read(archive(parts), weights_only=False).part, nn.Tanh)


def saved(value):
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def own_activation(x):
    return 2 * x


def test_models_with_functions_turned_arrays_and_what_is_not_written(monkeypatch):
    model = nn.Linear(2, 1)
    model.act = F.relu
    back = read(saved(model), weights_only=False)
    assert back.act is F.relu and torch.equal(back.weight, model.weight)
    model.own = own_activation
    data = saved(model)
    with pytest.raises(FormatError, match="own_activation"):
        read(data, weights_only=False)
    with torch.serialization.safe_globals([nn.Linear, F.relu, own_activation]):
        assert read(data).own is own_activation
    monkeypatch.setattr(loading, "_allowed", list(loading._allowed))
    torch.serialization.add_safe_globals([nn.Linear, F.relu, own_activation])
    assert read(data).act is F.relu
    assert read(saved(torch.from_numpy(np.arange(3.0)[::-1]))).tolist() == [2, 1, 0]
    endless = []
    endless.append(endless)
    for value, words in (
        (endless, "nested too deeply"),
        (np.array(["x"]), "type <U1 is not written"),
        (object(), "a object is not written"),
    ):
        with pytest.raises(DTypeError, match=words):
            saved([value])


def test_archives_of_another_kind_are_refused(monkeypatch):
    with pytest.raises(FormatError, match="not a zip archive"):
        read(b"\x80\x02]q\x00.")
    whole = saved(torch.zeros(2))
    assert read(whole, map_location="cpu").tolist() == [0, 0]
    with pytest.raises(FormatError, match="storages of type 'UntypedStorage' are not read"):
        read(archive(description(whole).replace(b"FloatStorage", b"UntypedStorage"), [("0", bytes(8))]))
    with pytest.raises(FormatError, match="big-endian"):
        read(archive(description(whole), [("0", bytes(8))], b"big"))
    monkeypatch.setattr(loading, "_MOST_PICKLE", 10)
    with pytest.raises(FormatError, match="larger than"):
        read(whole)


# --------------------------------------------------------------------------- tensors and modules
def test_other_devices_threads_and_modes():
    for function in (
        torch.zeros(1).cuda,
        nn.Linear(1, 1).cuda,
        torch.cuda.current_device,
        lambda: torch.zeros(1, device=0),
    ):
        with pytest.raises(RuntimeError, match="cuda"):
            function()
    with pytest.raises(RuntimeError, match="random numbers are drawn on the CPU here"):
        torch.Generator(device="cuda")
    assert torch.are_deterministic_algorithms_enabled() and torch.get_num_threads() == 1
    assert not torch.set_flush_denormal(True) and torch.multiprocessing.get_start_method() in (
        "fork",
        "spawn",
        "forkserver",
    )
    assert torch.multiprocessing.start_processes(print, nprocs=0, join=False) == []
    assert torch.jit.trace_module(nn.Identity, {}) is nn.Identity


def test_native_tensors_and_arrays_among_those_of_torch():
    assert type(tensor_of(tinygrad_cnn.Tensor([1.0]))) is torch.Tensor
    assert result_type(np.zeros(2, np.float64), torch.zeros(2)) is torch.float64
    assert torch.where(torch.tensor([True, False]), np.ones(2), torch.zeros(2)).tolist() == [1, 0]
    with pytest.raises(TypeError, match="a Tensor or a number fits, got str"):
        result_type(torch.ones(2), "a")
    x = torch.ones(2, 3)
    assert x.transpose((1, 0)).shape == x.transpose().shape == (3, 2) and x.repeat(2, axis=0).shape == (
        4,
        3,
    )
    with pytest.raises(RuntimeError, match="here the tensor must be contiguous"):
        x.t().as_strided((2,), (1,))
    with pytest.raises(TypeError, match="argnums must be a number here"):
        torch.func.grad_and_value(torch.sin, argnums=(0,))


def test_comparisons_of_tests_tell_what_differs():
    close, x = torch.testing.assert_close, torch.ones(2)
    for other, words in (
        (torch.ones(3), "'shape' do not match"),
        (x.double(), "'dtype' do not match"),
        (x + 1, "Greatest absolute difference: 1"),
    ):
        with pytest.raises(AssertionError, match=words):
            close(x, other)
    close(x, x.double() + 1e-9, check_dtype=False)


def test_a_native_module_inside_is_saved_and_loaded_with_the_others():
    class Own(native_nn.Module):
        def __init__(self):
            self.w = native_nn.Parameter(np.ones(2, np.float32))

        def forward(self, x):
            return x * self.w

    net = nn.Sequential(nn.Linear(2, 2), Own())
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.w"]
    net.load_state_dict({**net.state_dict(), "1.w": torch.full((2,), 3.0)})
    assert net[1].w.tolist() == [3, 3]
    drawing = nn.Dropout(0.5)
    assert copy.deepcopy(drawing)(torch.ones(50)).eq(0).any()


def test_optimizers_take_tensors_as_numbers_and_schedules_tell_their_rates():
    w = nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([w], lr=torch.tensor(0.5), maximize=False)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    assert scheduler.get_lr() == [0.5]

    class Own(torch.optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {})

        def step(self):
            w.data -= w.grad

    own = Own([("w", w)])
    (w * 2).sum().backward()
    own.step()
    assert w.tolist() == [-1, -1]
    own.zero_grad()
    assert w.grad is None


# --------------------------------------------------------------------------- around a script
def test_hub_finds_files_in_its_folder_only(monkeypatch, tmp_path):
    hub = torch.hub
    monkeypatch.setattr(sys.modules["tinygrad_cnn.torch.hub"], "_chosen", [])
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert hub.get_dir() == str(tmp_path / "hub")
    hub.set_dir(tmp_path / "other")
    assert hub.get_dir() == str(tmp_path / "other")
    with pytest.raises(
        FileNotFoundError,
        match=r"https://example.org/a.pt is not fetched .* put the file a.pt into .*checkpoints",
    ):
        hub.load_state_dict_from_url("https://example.org/a.pt")


def test_a_group_takes_its_size_from_the_environment(monkeypatch):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "1")
    torch.distributed.init_process_group("gloo")
    assert torch.distributed.get_world_size() == 1
    torch.distributed.destroy_process_group()
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RuntimeError, match="rank 0 of 2 processes is left out"):
        torch.distributed.init_process_group("gloo")


def test_names_that_are_in_no_package(monkeypatch):
    with pytest.raises(ModuleNotFoundError, match=r"torch\.nowhere is not in tinygrad_cnn\.torch"):
        aliases.Aliases().find_spec("torch.nowhere")
    assert unimported(ImportError("cannot import name 'a' from 'os'", name="os")) is None
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(sys, "modules", {**sys.modules, "torchvision.loaded": types.ModuleType("loaded")})
    aliases.install()
    assert "torchvision.loaded" not in sys.modules and isinstance(sys.meta_path[0], aliases.Aliases)


def test_scripts_that_end_with_words(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(aliases, "install", lambda: None)
    monkeypatch.setattr(sys, "argv", ["before"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "a.py").write_text("raise SystemExit('no data')")
    assert scripts.run(str(tmp_path / "a.py"), []) == 1
    assert capsys.readouterr().err.endswith("no data\n")


def test_a_comparison_of_scripts_that_fail_fails(monkeypatch, tmp_path, capsys):
    failed = subprocess.CompletedProcess([], 3, "", "Traceback: no PyTorch")
    monkeypatch.setattr(comparison.subprocess, "run", lambda *_, **__: failed)
    (tmp_path / "a.py").write_text("")
    assert main(["--compare", str(tmp_path / "a.py")]) == 1
    said = capsys.readouterr().out
    assert said.count("the script ended with status 3:\nTraceback: no PyTorch") == 2 and "equal" not in said


def test_tensorboards_writer_gets_arrays(monkeypatch):
    calls = []

    class Writer:
        def __init__(self, *folder):
            self.folder = folder

        def add_scalar(self, *args, **kwargs):
            calls.append((args, kwargs))

        def close(self):
            calls.append("closed")

    monkeypatch.setitem(sys.modules, "tensorboardX", types.SimpleNamespace(SummaryWriter=Writer))
    with SummaryWriter("runs") as writer:
        writer.add_scalar("loss", torch.ones(1, requires_grad=True), step=torch.tensor(2))
        writer.add_graph(nn.Identity())
        assert writer.folder == ("runs",) and not hasattr(writer, "_private")
    (((name, value), options), closed) = calls
    assert (name, value.tolist(), options["step"].tolist(), closed) == ("loss", [1], 2, "closed")


def test_models_are_exported_under_the_names_that_are_given(tmp_path):
    onnx = pytest.importorskip(
        "onnx", minversion="1.21", reason="needs onnx: pip install 'tinygrad-cnn[onnx]'"
    )
    net, x = nn.Sequential(nn.Linear(3, 2), nn.ReLU()), torch.ones(2, 3)
    path = tmp_path / "net.onnx"
    torch.onnx.export(
        net,
        (x,),
        str(path),
        input_names=["features"],
        output_names=["scores"],
        dynamic_axes={"features": {0: "n"}},
    )
    graph = onnx.load(path).graph
    assert [graph.input[0].name, graph.output[0].name] == ["features", "scores"]
    assert graph.node[0].input[0] == "features" and graph.node[-1].output[0] == "scores"
    back = tinygrad_cnn.onnx.load(path)
    np.testing.assert_allclose(
        back(np.ones((5, 3), np.float32)).numpy()[0], net(x).detach().numpy()[0], atol=1e-6
    )
    torch.onnx.export(net, x, str(path))
    assert onnx.load(path).graph.input[0].name != "features"


def test_copies_and_states_of_tensors_keep_what_was_hung_on_them():
    x = torch.tensor([1.0, 2.0])
    x.mark = "kept"
    assert copy.copy(x).tolist() == [1, 2] and pickle.loads(pickle.dumps(x)).mark == "kept"
    assert torch.Tensor(x).tolist() == [1, 2] and np.array(x, dtype=np.float64).dtype == np.float64
    assert torch.tensor([x[0], x[1] * 2]).tolist() == [1, 4]
    dropout = nn.Dropout(0.5)
    assert copy.deepcopy(dropout).rng is dropout.rng  # the one stream of all programs
    assert torch.hann_window(1).tolist() == [1] and torch.hann_window(0).tolist() == []


def test_what_has_no_type_here_says_why():
    with pytest.raises(TypeError, match="complex64 is left out"):
        torch.zeros(2, dtype=torch.complex64)
    with pytest.warns(UserWarning, match="bfloat16 is computed in float32"):
        layer = nn.Linear(2, 2).bfloat16()
    assert layer.weight.dtype == torch.float32
    assert [name for name, _ in nn.Sequential(nn.ReLU()).named_modules("net")] == ["net", "net.0"]
    assert "weight" in repr(nn.ParameterDict({"weight": nn.Parameter(torch.ones(1))}))


def test_an_optimizer_takes_options_that_say_nothing():
    w = nn.Parameter(torch.ones(2))
    assert torch.optim.LBFGS([w], maximize=False, foreach=None).param_groups[0]["lr"] == 1


def test_lists_of_indices_are_given_to_the_data_set():
    class Rows(torch.utils.data.Dataset):
        def __getitem__(self, index):
            return [row * 10 for row in index] if isinstance(index, list) else index * 10

        def __len__(self):
            return 5

    part = torch.utils.data.Subset(Rows(), [4, 2])
    assert part[[0, 1]] == [40, 20] and part[1] == 20


def test_a_script_that_is_not_there_is_said(capsys):
    with pytest.raises(SystemExit):
        main(["no_such_script.py"])
    assert "there is no file no_such_script.py" in capsys.readouterr().err


def test_the_order_in_memory_of_what_two_shapes_make_is_the_usual_one():
    made = torch.ones(3, 1, requires_grad=True) + torch.ones(1, 4)
    assert torch.views.memory_order(made) is None and (made * 2).stride() == (4, 1)


def test_windows_take_the_options_of_tensors_and_no_others():
    for kind in ("bartlett", "blackman", "hamming", "hann", "kaiser"):
        made = getattr(torch, f"{kind}_window")(4, dtype=torch.float64, requires_grad=True)
        assert made.dtype == torch.float64 and made.requires_grad
        with pytest.raises(TypeError, match="dtyp"):
            getattr(torch, f"{kind}_window")(4, dtyp=torch.float64)


@pytest.mark.parametrize("size", [3, 4])
def test_the_response_norm_of_channels_sums_an_odd_number_of_them(size):
    x = torch.arange(10.0).reshape(1, 5, 2, 1)
    squares = np.pad(x.numpy() ** 2, ((0, 0), (1, 1), (0, 0), (0, 0)))
    sums = squares[:, :-2] + squares[:, 1:-1] + squares[:, 2:]
    expected = x.numpy() / (2 + 0.5 / size * sums) ** 0.75
    layer = nn.CrossMapLRN2d(size, alpha=0.5, k=2)
    np.testing.assert_allclose(layer(x).numpy(), expected, rtol=1e-5)
    assert repr(layer) == f"CrossMapLRN2d({size}, alpha=0.5, beta=0.75, k=2)"


def test_fractional_pools_are_refused_as_by_pytorch():
    for options, words in (
        ({}, "FractionalMaxPool2d requires specifying either an output size, or a pooling ratio"),
        ({"output_size": 3, "output_ratio": 0.5}, "only one of output_size and output_ratio"),
        ({"output_ratio": (0.5, 1.5)}, r"output_ratio must be between 0 and 1 \(got \(0.5, 1.5\)\)"),
    ):
        with pytest.raises(ValueError, match=words):
            nn.FractionalMaxPool2d(2, **options)

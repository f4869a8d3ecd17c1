"""Modules of PyTorch's that few programs use: pruning, kernels of attention, trees; and writes to `data`."""

import gzip
import shutil
from pathlib import Path

import pytest

from tinygrad_cnn import torch

nn, prune = torch.nn, torch.nn.utils.prune


def layer() -> nn.Linear:
    made = nn.Linear(4, 2)
    made.weight.data.copy_(torch.arange(8.0).view(2, 4) - 3)
    return made


def test_a_pruned_weight_is_the_product_of_its_original_and_a_mask_until_it_is_removed() -> None:
    pruned = prune.l1_unstructured(layer(), "weight", 3)
    assert pruned.weight.tolist() == [[-3.0, -2.0, 0.0, 0.0], [0.0, 2.0, 3.0, 4.0]]
    assert [name for name, _ in pruned.named_parameters()] == ["bias", "weight_orig"]
    assert [name for name, _ in pruned.named_buffers()] == ["weight_mask"]
    pruned(torch.ones(1, 4)).sum().backward()
    assert pruned.weight_orig.grad.tolist() == pruned.weight_mask.tolist()
    pruned.weight_orig.data.add_(10)
    pruned(torch.ones(1, 4))
    assert pruned.weight[0].tolist() == [7.0, 8.0, 0.0, 0.0] and prune.is_pruned(pruned)
    prune.remove(pruned, "weight")
    assert type(pruned.weight) is nn.Parameter and sorted(pruned.state_dict()) == ["bias", "weight"]
    assert pruned.weight[0].tolist() == [7.0, 8.0, 0.0, 0.0] and not prune.is_pruned(pruned)
    with pytest.raises(ValueError, match="has to be pruned"):
        prune.remove(pruned, "weight")


def test_pruning_of_slices_at_random_by_a_mask_and_of_several_parameters_at_once() -> None:
    pruned = prune.ln_structured(layer(), "weight", 1, n=2, dim=0)
    assert pruned.weight_mask.tolist() == [[0.0] * 4, [1.0] * 4]
    prune.random_unstructured(pruned, "weight", 0.5)  # of what is left
    assert pruned.weight_mask.sum() == 2
    assert prune.random_structured(layer(), "weight", 0.5, 1).weight_mask.sum(0).count_nonzero() == 2
    mask = torch.tensor([True, False])
    assert prune.custom_from_mask(layer(), "bias", mask).bias_mask.tolist() == [1.0, 0.0]
    both = [(layer(), "weight"), (layer(), "weight")]
    prune.global_unstructured(both, prune.L1Unstructured, amount=0.5)
    assert sum(int((one.weight == 0).sum()) for one, _ in both) == 8
    for amount in (-1, 1.5, 99):
        with pytest.raises(ValueError, match="amount"):
            prune.l1_unstructured(layer(), "weight", amount)


def test_kernels_of_attention_can_be_asked_for() -> None:
    from tinygrad_cnn.torch.nn.attention import SDPBackend, bias, sdpa_kernel

    q, k = torch.randn(1, 2, 4), torch.randn(1, 3, 4)
    attend = nn.functional.scaled_dot_product_attention
    with sdpa_kernel([SDPBackend.MATH, SDPBackend.FLASH_ATTENTION]):
        seen = attend(q, k, k, attn_mask=bias.causal_lower_right(2, 3))
    assert torch.allclose(seen[:, 1], attend(q[:, 1:], k, k)[:, 0])
    with pytest.raises(AssertionError, match="SDPBackend"), sdpa_kernel(["math"]):
        pass
    with pytest.raises(RuntimeError, match="2D"):
        bias.causal_upper_left(1)


def test_what_is_written_to_data_is_not_held_against_a_derivative() -> None:
    w = torch.ones(2, requires_grad=True)
    y = (w * w).sum()
    w.data.mul_(3)
    w.data[1] = 5
    y.backward()
    assert w.grad.tolist() == [6.0, 10.0]  # as PyTorch gives
    y = (w * w).sum()
    with torch.no_grad():
        w.mul_(3)
    with pytest.raises(RuntimeError, match="written over"):
        y.backward()


def test_lists_of_parameters_hold_lists_of_parameters() -> None:
    scales = nn.ParameterList([nn.ParameterList([torch.ones(2)]), torch.zeros(1)])
    assert [name for name, _ in scales.named_parameters()] == ["1", "0.0"] and len(scales) == 2
    assert scales[0][0].shape == (2,) and "ParameterList" in repr(scales)


def test_trees_and_the_older_names_of_functions() -> None:
    from tinygrad_cnn.torch.nn.utils import clip_grads_with_norm_, skip_init, stateless
    from tinygrad_cnn.torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

    assert tree_map(lambda n: n + 1, {"a": [1, (2,)]}) == {"a": [2, (3,)]}
    with pytest.raises(ValueError, match="leaves"):
        tree_unflatten([1], tree_flatten([1, 2])[1])
    one = skip_init(nn.Linear, 2, 1)
    given = {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}
    assert stateless.functional_call(one, given, torch.ones(1, 2)).item() == 2
    one(torch.ones(1, 2)).sum().backward()
    clip_grads_with_norm_(one.parameters(), 1.0, torch.tensor(4.0))
    assert torch.allclose(one.weight.grad, torch.full((1, 2), 0.25))


def test_tensors_in_a_list_are_their_one_element_whatever_their_shape() -> None:
    one = torch.tensor([1.5])
    assert torch.tensor([[one], [one]]).shape == (2, 1) and torch.Tensor([one, one]).shape == (2,)
    assert torch.tensor([one.double(), 1.0]).dtype is torch.float64
    assert torch.tensor([one.half(), 1.0]).dtype is torch.float32
    assert torch.tensor([torch.tensor(2), 1.5]).tolist() == [2.0, 1.5]
    for many in (torch.ones(2), torch.ones(0)):
        with pytest.raises(ValueError, match="only one element tensors"):
            torch.tensor([one, many])


def test_files_of_data_sets_are_looked_at_and_unpacked_and_not_fetched(tmp_path: Path) -> None:
    from tinygrad_cnn.torchvision.datasets import utils

    (tmp_path / "a.txt").write_bytes(b"abc")
    md5 = utils.calculate_md5(tmp_path / "a.txt")
    assert utils.check_integrity(tmp_path / "a.txt", md5) and not utils.check_integrity(
        tmp_path / "a.txt", "0"
    )
    utils.download_url("https://example.org/a.txt", tmp_path, md5=md5)
    with pytest.raises(RuntimeError, match="is not fetched here"):
        utils.download_file_from_google_drive("id", tmp_path)
    for kind in ("zip", "tar", "gztar"):
        packed = shutil.make_archive(str(tmp_path / kind), kind, tmp_path, "a.txt")
        utils.download_and_extract_archive(
            f"https://example.org/{Path(packed).name}",
            tmp_path,
            tmp_path / "to" / kind,
            remove_finished=True,
        )
        assert (tmp_path / "to" / kind / "a.txt").read_bytes() == b"abc" and not Path(packed).exists()
    (tmp_path / "b.gz").write_bytes(gzip.compress(b"abc"))
    assert Path(utils.extract_archive(tmp_path / "b.gz")).read_bytes() == b"abc"
    with pytest.raises(RuntimeError, match="are known"):
        utils.extract_archive(tmp_path / "a.txt")
    assert utils.list_dir(tmp_path) == ["to"] and utils.list_files(tmp_path, ".gz") == ["b.gz"]
    assert utils.list_dir(tmp_path, True) == [str(tmp_path / "to")]
    with pytest.raises(ValueError, match="Unknown value 'x'"):
        utils.verify_str_arg("x", "split", ("train",))


def test_named_tensors_and_the_tensors_of_a_graph_are_refused_with_a_reason() -> None:
    x = torch.ones(2, requires_grad=True)
    for name in ("names", "rename", "refine_names", "align_to", "has_names"):
        with pytest.raises(AttributeError, match="dimensions have numbers, not names"):
            getattr(x, name)
    leaf = (x * 2).grad_fn.next_functions[0][0]
    assert leaf.name() == "torch::autograd::AccumulateGrad" and leaf.next_functions == ()
    with pytest.raises(AttributeError, match="--draw"):
        leaf.variable  # noqa: B018

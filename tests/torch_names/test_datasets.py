"""Datasets of torchvision: what they say where files are missing or are no tables."""

import numpy as np
import pytest

from tinygrad_cnn import torch, torchvision
from tinygrad_cnn.errors import FormatError

data = torchvision.datasets
Image = pytest.importorskip("PIL.Image", reason="needs Pillow: pip install 'tinygrad-cnn[images]'")


@pytest.mark.parametrize(
    "cls", [data.QMNIST, data.SVHN, data.CelebA, data.ImageNet, data.Places365, data.INaturalist]
)
def test_a_data_set_that_is_not_there_is_refused_with_its_folder(cls, tmp_path):
    with pytest.raises(RuntimeError, match=str(tmp_path)):
        cls(tmp_path)


@pytest.mark.parametrize(
    ("cls", "wrong"),
    [
        (data.QMNIST, {"what": "x"}),
        (data.SVHN, {"split": "x"}),
        (data.CelebA, {"split": "x"}),
        (data.ImageNet, {"split": "x"}),
        (data.Places365, {"split": "x"}),
        (data.INaturalist, {"version": "x"}),
    ],
)
def test_a_part_that_no_data_set_has_is_refused_with_those_that_it_has(cls, wrong, tmp_path):
    with pytest.raises(ValueError, match=r"(?s)got 'x'") as caught:
        cls(tmp_path, **wrong)
    assert cls.__name__ in str(caught.value)


def test_a_list_of_places_that_is_none_is_refused_with_its_line(tmp_path):
    (tmp_path / "categories_places365.txt").write_text("/a/airfield 0\n/b/bar one\n")
    with pytest.raises(FormatError, match=r"line 2, found \['/b/bar', 'one'\]"):
        data.Places365(tmp_path)


def test_old_layouts_of_species_are_read_by_their_numbers(tmp_path):
    home = tmp_path / "2018"
    for group, number in (("Birds", "1"), ("Birds", "2"), ("Plants", "0")):
        path = home / group / number / "0.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(np.full((2, 2, 3), int(number), np.uint8)).save(path)
    found = data.INaturalist(tmp_path, "2018", ["full", "super"])
    assert [label for _, label in found] == [(0, 1), (1, 0), (2, 0)]
    assert [np.asarray(image)[0, 0, 0] for image, _ in found] == [0, 1, 2]
    assert found.category_name("super", 1) == "Plants"
    assert found.category_name("full", 2).endswith("2")
    (home / "Plants" / "0").rename(home / "Plants" / "7")
    with pytest.raises(RuntimeError, match="Missing category 0"):
        data.INaturalist(tmp_path, "2018")


def test_code_of_the_network_is_not_fetched_and_a_folder_says_what_it_lacks(tmp_path):
    with pytest.raises(FileNotFoundError, match="source='local'"):
        torch.hub.load("pytorch/vision", "resnet18")
    with pytest.raises(FileNotFoundError, match=r"hubconf\.py"):
        torch.hub.load(str(tmp_path), "f", source="local")
    (tmp_path / "hubconf.py").write_text("dependencies = ['no_such_package']\nf = abs\n")
    with pytest.raises(RuntimeError, match="no_such_package"):
        torch.hub.load(tmp_path, "f", -1, source="local")
    (tmp_path / "hubconf.py").write_text("f = abs\n")
    assert torch.hub.load(tmp_path, "f", -1, source="local") == 1
    with pytest.raises(RuntimeError, match="Cannot find callable g"):
        torch.hub.load(tmp_path, "g", source="local")


def test_a_future_is_set_once_and_hands_errors_on():
    first = torch.futures.Future()
    with pytest.raises(RuntimeError, match="not done"):
        first.value()
    later = first.then(lambda f: 1 / f.wait())
    first.set_result(0)
    with pytest.raises(ZeroDivisionError):
        later.wait()
    with pytest.raises(RuntimeError, match="once"):
        first.set_result(1)
    with pytest.raises(TypeError, match="got int"):
        torch.futures.Future().set_exception(3)

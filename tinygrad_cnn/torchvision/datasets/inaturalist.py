"""iNaturalist: living things, in one folder a species."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinygrad_cnn.torchvision.datasets.vision import VisionDataset, opened

RANKS = ["kingdom", "phylum", "class", "order", "family", "genus"]
_VERSIONS = ("2017", "2018", "2019", "2021_train", "2021_train_mini", "2021_valid")


class INaturalist(VisionDataset):
    """Images of species, each with the ranks above it.

    Args:
        root: the folder with the version's folder.
        version: "2021_train", "2021_train_mini", "2021_valid", or "2017", "2018", "2019" of an older layout.
        target_type: "full" (the species), "kingdom", "phylum", "class", "order", "family" or "genus", or "super"
            in the older layout; or a list of them.
        transform, target_transform: functions of an image, of what belongs to it.
        download: ignored where the folder is there; nothing is fetched.   loader: makes an image of a path.
    Raises:
        RuntimeError: the folder is not there, or is laid out in another way.
        ValueError: another version or type of target.
    Source: Van Horn et al. 2018, arXiv:1707.06642.
    """

    def __init__(
        self,
        root: Any,
        version: str = "2021_train",
        target_type: Any = "full",
        transform: Any = None,
        target_transform: Any = None,
        download: bool = False,
        loader: Any = None,
    ) -> None:
        if version not in _VERSIONS:
            raise ValueError(f"INaturalist: version is one of {', '.join(_VERSIONS)}, got {version!r}")
        super().__init__(Path(root) / version, None, transform, target_transform)
        home = Path(self.root)
        if not home.is_dir() or not any(home.iterdir()):
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to download it; here it is not "
                f"fetched: unpack it in {home}"
            )
        new = version.startswith("2021")
        self.version, self.loader = version, loader
        self.target_type = target_type if isinstance(target_type, list) else [target_type]
        for kind in self.target_type:
            if kind not in ("full", *(RANKS if new else ["super"])):
                raise ValueError(f"INaturalist: {version} has no target_type {kind!r}")
        self.categories_index: dict[str, dict[str, int]] = {k: {} for k in (RANKS if new else ["super"])}
        self.all_categories, self.categories_map = (self._ranks if new else self._groups)(home)
        self.index = [
            (k, path.name)
            for k, name in enumerate(self.all_categories)
            for path in sorted((home / name).iterdir())
        ]

    def _ranks(self, home: Path) -> tuple[list[str], list[dict[str, int]]]:
        """The layout of 2021: one folder a species, whose name holds its number and its ranks."""
        folders = sorted(path.name for path in home.iterdir())
        found: list[dict[str, int]] = []
        for k, folder in enumerate(folders):
            pieces = folder.split("_")
            if len(pieces) != 8 or pieces[0] != f"{k:05d}":
                raise RuntimeError(
                    f"Unexpected category name {folder}, expecting {k:05d} and seven words behind it"
                )
            found.append({
                rank: self.categories_index[rank].setdefault(name, len(self.categories_index[rank]))
                for rank, name in zip(RANKS, pieces[1:7], strict=True)
            })  # fmt: skip
        return folders, found

    def _groups(self, home: Path) -> tuple[list[str], list[dict[str, int]]]:
        """The layout of 2017 to 2019: a folder a group, in it a folder a species, since 2018 named by its number."""
        found: dict[int, tuple[str, int]] = {}
        for group, folder in enumerate(sorted(home.iterdir())):
            self.categories_index["super"][folder.name] = group
            for inner in sorted(folder.iterdir()):
                if self.version != "2017" and not inner.name.isdecimal():
                    raise RuntimeError(f"Unexpected non-numeric dir name: {inner.name}")
                number = len(found) if self.version == "2017" else int(inner.name)
                if number in found:
                    raise RuntimeError(f"Duplicate category {inner.name}")
                found[number] = (str(Path(folder.name, inner.name)), group)
        if sorted(found) != list(range(len(found))):
            raise RuntimeError(f"Missing category {min(set(range(len(found))) - set(found))}")
        ordered = [found[k] for k in range(len(found))]
        return [name for name, _ in ordered], [{"super": group} for _, group in ordered]

    def category_name(self, category_type: str, category_id: int) -> str:
        """The name of a species, or of a rank above it, by its number."""
        if category_type == "full":
            return self.all_categories[category_id]
        for name, number in self.categories_index.get(category_type, {}).items():
            if number == category_id:
                return name
        raise ValueError(f"Invalid category type {category_type!r} or id {category_id}")

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        number, file = self.index[index]
        path = str(Path(self.root, self.all_categories[number], file))
        image = self.loader(path) if self.loader is not None else opened(path)
        ranks = self.categories_map[number]
        targets = [number if kind == "full" else ranks[kind] for kind in self.target_type]
        return self.changed(image, tuple(targets) if len(targets) > 1 else targets[0])

    def __len__(self) -> int:
        return len(self.index)

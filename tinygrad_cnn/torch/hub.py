"""`torch.hub`: files that lie in PyTorch's folder are read; nothing is fetched from the network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tinygrad_cnn.torch.files import load as _load
from tinygrad_cnn.torch.refusals import guard

__all__ = ["get_dir", "load_state_dict_from_url", "set_dir"]
_chosen: list[str] = []


def get_dir() -> str:
    """The folder: the one that was set, or `TORCH_HOME/hub`, or `~/.cache/torch/hub`."""
    home = os.environ.get("TORCH_HOME") or Path.home() / ".cache" / "torch"
    return _chosen[-1] if _chosen else str(Path(home, "hub"))


def set_dir(d: Any) -> None:
    """Another folder."""
    _chosen.append(str(d))


def load_state_dict_from_url(
    url: str, model_dir: Any = None, map_location: Any = None, progress: bool = True, check_hash: bool = False,
    file_name: str | None = None, weights_only: bool = True,
) -> Any:  # fmt: skip
    """The state dict of an address whose file lies in the folder `checkpoints`, or in another one.

    Raises:
        FileNotFoundError: it does not lie there.
    """
    folder = Path(get_dir(), "checkpoints") if model_dir is None else Path(model_dir)
    path = folder / (file_name or url.rpartition("/")[2])
    if not path.exists():
        raise FileNotFoundError(
            f"torch.hub: {url} is not fetched from the network; put the file {path.name} into {folder}"
        )
    return _load(path)


__getattr__ = guard("torch.hub", globals())

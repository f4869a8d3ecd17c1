"""`torch.hub`: files and folders that lie on this machine are read; nothing is fetched from the network."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

from tinygrad_cnn.torch.files import load as _load
from tinygrad_cnn.torch.refusals import guard

__all__ = ["get_dir", "load", "load_state_dict_from_url", "set_dir"]
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


def load(
    repo_or_dir: Any, model: str, *args: Any, source: str = "github", trust_repo: Any = "check", force_reload: bool = False,
    verbose: bool = True, skip_validation: bool = False, **kwargs: Any,
) -> Any:  # fmt: skip
    """The result of a function of the `hubconf.py` in a folder; its code runs.

    Args:
        repo_or_dir: the folder.   model: the function's name.   args, kwargs: its arguments.
        source: "local"; folders of "github" are not fetched.
    Raises:
        FileNotFoundError: there is no such file, or it would have to be fetched.
        RuntimeError: it has no such function, or needs packages that are not installed.
        ValueError: another source.
    """
    found = getattr(_hubconf(repo_or_dir, source), model, None)
    if not callable(found):
        raise RuntimeError(f"Cannot find callable {model} in hubconf")
    return found(*args, **kwargs)


def _hubconf(folder: Any, source: str) -> Any:
    """The module `hubconf.py` of a folder."""
    if source.lower() not in ("github", "local"):
        raise ValueError(f'Unknown source: "{source}". Allowed values: "github" | "local".')
    if source.lower() == "github":
        raise FileNotFoundError(
            f"torch.hub: {folder} is not fetched from the network; clone it, and load it with source='local' "
            "from its folder"
        )
    path = Path(folder, "hubconf.py")
    if not path.exists():
        raise FileNotFoundError(f"torch.hub: there is no file {path}")
    spec: Any = importlib.util.spec_from_file_location("hubconf", path)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(folder))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
    lacking = [name for name in getattr(module, "dependencies", ()) if _lacks(name)]
    if lacking:
        raise RuntimeError(f"Missing dependencies: {', '.join(lacking)}")
    return module


def _lacks(name: str) -> bool:
    """Whether a package cannot be imported."""
    return name not in sys.modules and importlib.util.find_spec(name) is None


__getattr__ = guard("torch.hub", globals())

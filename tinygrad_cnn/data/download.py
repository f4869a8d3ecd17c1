"""Files fetched from the network once, checked by their checksums, and kept in a folder."""

from __future__ import annotations

from pathlib import Path

from tinygrad_cnn.errors import FormatError, MissingExtraError
from tinygrad_cnn.signal_handlers import let_through


def fetch(function: str, url: str, checksum: str, folder: Path) -> Path:
    """Download a file into a folder, with a progress bar, unless the right file is already there.

    The file appears in the folder only when it is whole and its checksum is right.

    Args:
        function: who asks, for messages.   url: http or https.
        checksum: 'md5:...' or 'sha256:...', in hexadecimal.   folder: made where it is missing.
    Returns:
        The path of the file.
    Raises:
        MissingExtraError: pooch or tqdm is not installed.
        FormatError: what came has another checksum; nothing is kept.
        ConnectionError: nothing came; says what to put where by hand.
    """
    try:
        import pooch
        import tqdm  # noqa: F401 - pooch draws its progress with it
    except ImportError as error:
        raise MissingExtraError(
            f"{function} with download=True needs pooch and tqdm: pip install 'tinygrad-cnn[download]'"
        ) from error
    name = url.rsplit("/", 1)[-1]
    try:
        found = pooch.retrieve(url, known_hash=checksum, fname=name, path=folder, progressbar=True)
    except ValueError as error:  # pooch has deleted what came
        let_through(error)
        raise FormatError(f"{function}: {url}: expected a file with {checksum}, found: {error}") from error
    except OSError as error:
        let_through(error)
        raise ConnectionError(
            f"{function}: {url} could not be downloaded to {folder}: {error}. "
            f"Put {name} there by hand, and it is read from there"
        ) from error
    return Path(found)

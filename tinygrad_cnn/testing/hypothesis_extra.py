"""Imported first by what needs hypothesis: says what to install where it is missing."""

from importlib.util import find_spec

from tinygrad_cnn.errors import MissingExtraError

if find_spec("hypothesis") is None:
    raise MissingExtraError(
        "strategies, cases and contracts of tinygrad_cnn.testing need hypothesis: pip install hypothesis"
    )

#: Whether hypothesis is here: without, this module cannot be imported.
AVAILABLE = True

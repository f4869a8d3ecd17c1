"""The module that a node belongs to, as far as the names in a file tell."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Last words of a parameter's name that name the parameter, not a module.
_OWN = re.compile(
    r"(weight|bias|gamma|beta|kernel|running_\w+|moving_\w+|alpha|scale|mean|var(iance)?)$", re.IGNORECASE
)


def path_of(name: str, parameters: Iterable[str] = ()) -> str:
    """The path of the module that made a node: from the node's name, or from its parameters'.

    Args:
        name: the node's, such as '/features/features.0/Conv', where each word may begin with those
            before it.
        parameters: names of the parameters that the node reads, such as 'features.0.weight'.
    Returns:
        The path with dots, '' where the names tell nothing.

    >>> path_of("/layer1/layer1.0/conv1/Conv"), path_of("model/block/conv/Conv2D")
    ('layer1.0.conv1', 'model.block.conv')
    >>> path_of("Conv_0", ["features.0.weight"]), path_of("Relu_1")
    ('features.0', '')
    """
    words = [word for word in re.split(r"/+", name.strip("/")) if word]
    if len(words) > 1:
        return _joined(words[:-1])
    for parameter in parameters:
        words = [word for word in re.split(r"[/.]", parameter) if word]
        if len(words) > 1 and _OWN.search(words[-1]):
            return ".".join(words[:-1])
    return ""


def _joined(words: Iterable[str]) -> str:
    """Words as one path; a word that repeats the one before it stands for both."""
    path: list[str] = []
    for word in words:
        if path and word.startswith(f"{path[-1]}."):
            word = word[len(path[-1]) + 1 :]
        path.append(word)
    return ".".join(path)

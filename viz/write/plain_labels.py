"""Descriptions of a picture and of its boxes as plain text: pages, terminals and labels share it."""

from __future__ import annotations

from math import isfinite

import numpy as np

from viz.model.boxes import Box, Model, Parameter, sizes
from viz.model.places import Group, path_text
from viz.options import Choice
from viz.recording.summary import Summary
from viz.write import numbers


def describe(model: Model, choice: Choice | None = None) -> str:
    """Say what a picture shows and how big it is, in one line.

    >>> from viz.model.building import build
    >>> from viz.model.node_graph import roots_of
    >>> from tinygrad_cnn import Tensor
    >>> describe(build(roots_of(Tensor([1.0, 2.0], requires_grad=True, name="x") * 2)))
    '2 result · 1 operation'
    """
    operations, parameters = model.operations, model.parameters
    words = [model.head, *([_counted(operations, "operation")] if operations else [])]
    words[-1] += f" of {model.whole:,}" if model.whole else ""
    words[-1] += f" ({model.outside:,} outside the graph)" if model.outside else ""
    total = sizes(parameters)
    words += [_counted(total, "parameter")] if total and operations else []
    frozen = sizes(p for p in parameters if not p.trainable)
    text = " · ".join(words) + (f" ({frozen:,} frozen)" if frozen and operations else "")
    if choice is not None and choice.flops:
        text += f" · {numbers.count_text(model.multiply_adds)} multiply-adds"
    if choice is not None and choice.memory:
        kept = [box.kept for box in model.boxes if box.kept is not None]
        text += f" · {numbers.bytes_text(sum(kept))} kept for backward" if kept else ""
    if choice is not None and choice.times:
        for field, word in (("forward_ms", "forward"), ("backward_ms", "backward")):
            times = [t for box in model.boxes if (t := getattr(box, field)) is not None]
            text += f" · {sum(times):.3g} ms {word}" if times else ""
    return text + (f" · drawn in {len(model.boxes)} boxes" if len(model.boxes) < model.nodes else "")


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def role_text(box: Box) -> str:
    """Say what a leaf is.

    >>> role_text(Box(0, "parameter", "w", (), "", parameters=(Parameter(0, "w", (), trainable=False),)))
    'frozen parameter'
    """
    return f"frozen {box.kind}" if box.is_frozen else box.kind


def inputs_text(box: Box) -> str:
    """Say how many inputs stand inside a box instead of beside it.

    >>> inputs_text(Box(0, "module", "", (), "", inputs=45))
    '45 inputs inside'
    """
    return f"{box.inputs:,} input{'' if box.inputs == 1 else 's'} inside" if box.inputs else ""


def parameters_text(parameters: tuple[Parameter, ...], repeats: int = 1, brief: bool = False) -> str:
    """Names and shapes of the parameters inside a box, and the number of their elements.

    Args:
        parameters: those of all repetitions, the first one's first.
        repeats: how many equal boxes they belong to.   brief: their number only.

    >>> w = Parameter(0, "weight", (8, 3), trainable=False)
    >>> parameters_text((w,)), parameters_text((w, w._replace(key=1, first=False)), repeats=2)
    ('weight 8×3 (frozen) · 24', 'weight 8×3 (frozen) · 2 × 24')
    """
    total = sizes(parameters)
    frozen = sizes(p for p in parameters if not p.trainable)
    if brief:
        count = f"{total:,} parameter{'' if total == 1 else 's'}"
        said = ["shared"] if parameters and all(p.shared for p in parameters) else []
        said += [f"{frozen:,} frozen"] if frozen else []
        return count + (f" ({', '.join(said)})" if said else "")
    listed, words = [p for p in parameters if p.first], []
    for p in listed[:6]:
        marks = [] if p.trainable else ["frozen"]
        marks += ["shared"] if p.shared else []
        marks += [f"{p.times} times"] if p.times > 1 else []
        word = " ".join(filter(None, (p.name, numbers.shape_text(p.shape))))
        words.append(f"{word} ({', '.join(marks)})" if marks else word)
    if len(listed) > 6:
        words.append(f"{len(listed) - 6} more")
    equal = sizes(listed) * repeats == total and repeats > 1
    return " · ".join([*words, f"{repeats} × {total // repeats:,}" if equal else f"{total:,}"])


def name_text(box: Box, frame: Group = ()) -> str:
    """Name of a box; inside its frame the name of a module is short.

    >>> from viz.model.places import Place
    >>> body, first = Place(-2, "body"), Place(-3, "0")
    >>> name_text(Box(0, "module", "body.0", (), "", module=(body, first)), (body,))
    '0'
    """
    inside = box.module[: len(frame)] == frame
    return path_text(box.module[len(frame) :]) if box.module and inside else box.name


def options_text(box: Box) -> str:
    """Options of an op; of several as one the class of the module, and which ops there are.

    >>> options_text(Box(0, "module", "", (), "", contents=(("Conv", 2), ("ReLU", 1))))
    '2 Conv · ReLU'
    """
    if not box.contents:
        return box.options
    kind = box.module[-1].kind if box.module else ""
    words = " · ".join(f"{times:,} {name}" if times > 1 else name for name, times in box.contents)
    return f"{kind}: {words}" if kind and kind != box.name else words


def frame_text(group: Group) -> str:
    """The words on a frame: the path, the class, and how many equal ones it stands for.

    >>> from viz.model.places import Place
    >>> frame_text((Place(-2, "body"), Place(-3, "0 – 4", times=5)))
    'body.0 – 4  ×5'
    """
    times = group[-1].times
    return "  ".join(filter(None, (path_text(group), f"×{times:,}" if times > 1 else "")))


def figures_text(box: Box, choice: Choice) -> str:
    """Multiply-adds, bytes kept and times of a box, as far as they are asked for and known.

    >>> figures_text(Box(0, "op", "Conv", (), "", multiply_adds=90), Choice(flops=True, memory=True))
    '90 multiply-adds · kept arrays are freed'
    """
    words = []
    if choice.flops and box.multiply_adds:
        words.append(f"{numbers.count_text(box.multiply_adds)} multiply-adds")
    if choice.memory:
        words += ["kept arrays are freed"] if box.kept is None else []
        words += [f"{numbers.bytes_text(box.kept)} kept{saved_text(box)}"] if box.kept else []
    if choice.times:
        for time, word in ((box.forward_ms, "forward"), (box.backward_ms, "backward")):
            words += [f"{time:.3g} ms {word}"] if time is not None else []
    return " · ".join(words)


def saved_text(box: Box) -> str:
    """Name the arrays that are kept, with their bytes where there are several.

    >>> saved_text(Box(0, "op", "Mul", (), "", saved=(("x", 2048), ("result", 8))))
    ': x 2 KiB, result 8 B'
    """
    if len(box.saved) < 2 or box.kind == "module" or box.repeats > 1:
        return f": {box.saved[0][0]}" if len(box.saved) == 1 else ""
    listed = [f"{name} {numbers.bytes_text(size)}" for name, size in box.saved[:4]]
    return f": {', '.join(listed)}" + (f", {len(box.saved) - 4} more" if len(box.saved) > 4 else "")


def elements_text(summary: Summary) -> str:
    """The elements of a small tensor, nested as its axes are.

    >>> from viz.recording.summary import summarise
    >>> elements_text(summarise(np.eye(2))), elements_text(summarise(220.0))
    ('[[1, 0], [0, 1]]', '220')
    """

    def nested(part: object) -> str:
        if isinstance(part, list):
            return f"[{', '.join(map(nested, part))}]"
        return numbers.number_text(float(part))  # type: ignore[arg-type]

    return nested(np.reshape(summary.values or (), summary.shape).tolist())


def statistics_text(summary: Summary) -> str:
    """The statistics of a tensor in one line.

    >>> from viz.recording.summary import summarise
    >>> statistics_text(summarise(np.array([1.0, 0.0, np.nan, -2.0])))
    'min −2 · mean −0.3333 · max 1 · norm nan · 25 % zeros · 1 NaN'
    """
    number = numbers.number_text
    words = ["no finite element"]
    if isfinite(summary.mean):
        words = [f"min {number(summary.least)}", f"mean {number(summary.mean)}",
                 f"max {number(summary.greatest)}", f"norm {number(summary.norm)}"]  # fmt: skip
    if summary.zeros:
        words.append(f"{100 * summary.zeros:.3g} % zeros")
    words += [f"{n:,} {word}" for n, word in ((summary.nans, "NaN"), (summary.infs, "infinite")) if n]
    return " · ".join(words)

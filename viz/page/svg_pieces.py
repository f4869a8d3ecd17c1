"""A drawn part as a piece of a page: what is where in it, and which element is which."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

from viz.page.cutting import Part
from viz.write.arrows import ARROWS


@dataclass(frozen=True)
class Piece:
    """A part, its drawing as an SVG element `g`, and where everything lies, as plain data.

    Attributes:
        data: `size` of the drawing; `places` of boxes, as [x, y of the centre, width, height];
            `frames`, as [left, top, right, bottom]; `edges` as [id, tail, head, tensors].
    """

    part: Part
    svg: str
    data: dict[str, Any]


def piece(part: Part, svg: str) -> Piece:
    """The piece that a drawing of a part makes.

    Args:
        part: what was drawn.   svg: its drawing, as the engine gave it.
    """
    root = fromstring(svg)
    _plain(root)
    size = [float(number) for number in root.attrib["viewBox"].split()][2:]
    (whole,) = root.findall("g")
    moved = re.search(r"translate\(([-\d.]+)[ ,]+([-\d.]+)\)", whole.attrib.pop("transform", ""))
    origin = (float(moved[1]), float(moved[2])) if moved else (0.0, 0.0)
    whole.attrib |= {"class": "piece", "data-part": str(part.id)}
    maker = _Maker(part, origin)
    inner = Element("g", {"transform": f"translate({origin[0]:g} {origin[1]:g})"})
    label = SubElement(inner, "g", {"class": "label"})
    for child in list(whole):
        whole.remove(child)
        if child.tag != "g":
            if child.tag != "title" and not _is_ground(child):
                label.append(child)
        elif maker.keeps(child):
            inner.append(child)
    whole.append(inner)
    closed = {f"n{child}": str(child) for child in part.children}
    data = {
        "path": part.path, "parent": None if part.parent is None else str(part.parent),
        "size": size, "origin": origin, "children": closed, "places": maker.places,
        "frames": maker.frames, "edges": maker.edges,
        "ins": {str(tensor): f"n{stub}" for tensor, stub in part.ins.items()},
        "outs": {str(tensor): f"n{stub}" for tensor, stub in part.outs.items()},
    }  # fmt: skip
    return Piece(part, tostring(whole, encoding="unicode"), data)


class _Maker:
    """Takes the elements of a drawing one by one."""

    def __init__(self, part: Part, origin: tuple[float, float]) -> None:
        self.origin = origin
        self.stubs = {f"n{stub}" for stub in (*part.ins.values(), *part.outs.values())}
        self.places: dict[str, list[float]] = {}
        self.frames: list[list[float]] = []
        self.edges: list[list[Any]] = []
        self.bundles = _bundles(part)

    def keeps(self, group: Element) -> bool:
        """Note where an element is; False for a stub, which is not seen."""
        title = group.find("title")
        key = "" if title is None else title.text or ""
        if title is not None:
            group.remove(title)  # browsers would show it as a tooltip
        kind, name = group.get("class"), group.attrib.pop("id", "")
        if kind == "edge":
            self._edge(group, name, key)
            return True
        left, top, right, bottom = (round(number, 2) for number in self._bounds(group))
        if kind == "cluster":
            self.frames.append([left, top, right, bottom])
        else:
            place = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
            self.places[key] = [round(number, 2) for number in place]
            if key in self.stubs:
                return False
            group.attrib |= {"data-box": key, "tabindex": "0", "role": "button"}
            border = next((e for e in group.iter() if e.tag in _BORDERS), None)
            if border is not None:
                border.set("class", "border")
        return True

    def _edge(self, group: Element, name: str, key: str) -> None:
        tail, _, head = key.partition("->")
        back = group.find("path") is None  # an arrow that is not seen
        if not back:
            group.attrib |= {"data-ends": f"{tail} {head}", "data-edge": str(len(self.edges))}
            self.edges.append([tail, head, self.bundles.get(name, [])])

    def _bounds(self, group: Element) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the border, in the drawing's own units."""
        border = next(e for e in group.iter() if e.tag in _BORDERS)
        if border.tag == "ellipse":
            cx, cy, rx, ry = (float(border.attrib[key]) for key in ("cx", "cy", "rx", "ry"))
            xs, ys = [cx - rx, cx + rx], [cy - ry, cy + ry]
        else:
            numbers = _numbers(border.get("d") or border.attrib["points"])
            xs, ys = numbers[::2], numbers[1::2]
        x, y = self.origin
        return min(xs) + x, min(ys) + y, max(xs) + x, max(ys) + y


_BORDERS = ("path", "polygon", "ellipse")


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", text)]


def _plain(root: Element) -> None:
    """Take the names of their spaces, and what a page does not need, from all elements."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
        element.attrib.pop("space", None)
        if element.get("class") != "edge":
            element.attrib.pop("id", None)


def _is_ground(element: Element) -> bool:
    """Whether it is the white sheet behind a drawing; the page has its own."""
    return element.tag == "polygon" and element.get("fill") == "white" and element.get("stroke") in (
        "transparent", "none", "white",
    )  # fmt: skip


def _bundles(part: Part) -> Mapping[str, list[int]]:
    """The tensors that each arrow stands for, by the name of its edge."""
    found: dict[tuple[int, int], list[int]] = {}
    for edge in part.model.edges:
        found.setdefault((edge.tail, edge.head), []).append(edge.tensor)
    by_name = {}
    for k, edge in enumerate(part.model.edges):
        tensors = found[edge.tail, edge.head]
        by_name[f"e{k}"] = tensors if len(tensors) > ARROWS else [edge.tensor]
    return by_name | {f"r{k}": [tensor] for k, tensor in enumerate(part.ends)}

"""What `grad_fn` answers: the op that made a tensor, under the name that PyTorch prints for it."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.graph import Node

#: PyTorch's names of ops that are called otherwise here. Its name of an op that it makes of several is not among them.
NAMES: dict[str, str] = {
    "AvgPool": "AvgPool2DBackward0", "BatchNorm": "NativeBatchNormBackward0", "BroadcastTo": "ExpandBackward0",
    "Cast": "ToCopyBackward0", "Clip": "ClampBackward1", "Concatenate": "CatBackward0", "Conv": "ConvolutionBackward0",
    "ConvTranspose": "ConvolutionBackward0", "CumSum": "CumsumBackward0", "ELU": "EluBackward0",
    "GELU": "GeluBackward0", "GroupNorm": "NativeGroupNormBackward0", "LayerNorm": "NativeLayerNormBackward0",
    "LeakyReLU": "LeakyReluBackward0", "LogSumExp": "LogsumexpBackward0", "Log1p": "Log1PBackward0", "MaxPool": "MaxPool2DWithIndicesBackward0",
    "NegativeLogLikelihood": "NllLossBackward0", "Norm": "LinalgVectorNormBackward0", "Pad": "ConstantPadNdBackward0",
    "ReLU": "ReluBackward0", "Reshape": "ViewBackward0", "SiLU": "SiluBackward0",
    "SoftmaxCrossEntropy": "NllLossBackward0", "Square": "PowBackward0", "SquaredError": "MseLossBackward0",
    "TakeAlongAxis": "GatherBackward0", "Tile": "RepeatBackward0", "TopK": "TopkBackward0",
}  # fmt: skip


class GradFn:
    """The view of a node that `grad_fn` gives: a name such as `<AddBackward0>`, and its parents."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def name(self) -> str:
        """The op's name as PyTorch spells it."""
        op = self.node.op
        return "torch::autograd::AccumulateGrad" if op is None else _name(op, self.node)

    @property
    def next_functions(self) -> tuple[Any, ...]:
        """The nodes that its operands came from."""
        parents = sorted(self.node.parents, key=lambda p: not p.requires_grad)  # numbers behind tensors
        return tuple((GradFn(p) if p.requires_grad else None, 0) for p in parents)

    @property
    def variable(self) -> Any:
        """Refused: a graph holds no tensors, so that they are freed with their last name.

        Raises:
            AttributeError: always.
        """
        raise AttributeError(
            "grad_fn.variable: the graph holds no tensors here; `python -m tinygrad_cnn.torch --draw graph.png` "
            "draws it with the names of parameters"
        )

    def __repr__(self) -> str:
        return f"<{self.name()} object at {hex(id(self.node))}>"


def _name(op: Any, node: Node) -> str:
    if hasattr(op, "_function"):  # of the program
        return f"{op.name}Backward"
    sizes = [len(parent.shape) for parent in node.parents]
    if op.name == "Linear":  # PyTorch makes it a product of matrices
        flat = (
            ("MmBackward0", "AddmmBackward0") if sizes[0] == 2 else ("UnsafeViewBackward0", "ViewBackward0")
        )
        return flat[len(sizes) > 2]
    if op.name == "MatMul":
        return "MmBackward0" if sizes == [2, 2] else "UnsafeViewBackward0"
    if op.name in ("NegativeLogLikelihood", "SoftmaxCrossEntropy") and sizes[0] > 2:
        return "NllLoss2DBackward0"
    if op.name == "Index":
        return _indexing(op._key)
    if op.name in ("Sum", "Mean") and node.shape:
        return f"{op.name}Backward1"
    return NAMES.get(op.name, f"{op.name}Backward0")


def _indexing(key: Any) -> str:
    """By the last part of a key: PyTorch indexes part by part."""
    parts = [part for part in (key if isinstance(key, tuple) else (key,)) if part is not ...]
    if not all(isinstance(part, (int, slice)) and not isinstance(part, bool) for part in parts):
        return "IndexBackward0"
    parts = [part for part in parts if part != slice(None)]
    return "SliceBackward0" if not parts or isinstance(parts[-1], slice) else "SelectBackward0"

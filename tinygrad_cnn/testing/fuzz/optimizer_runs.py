"""Optimizer runs with restarts from saved states and changes of groups, against the run without them.

Both runs see the same gradients. What stays the same for a parameter, whatever its place among the groups,
is its trajectory; so the two must end at the same bits.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from tinygrad_cnn import optim
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.fuzz.shrinking_search import Steps

#: Optimizers with options that leave none of their state aside.
CHOICES: dict[str, dict[str, Any]] = {
    "SGD": {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01},
    "Adam": {"lr": 0.01, "amsgrad": True},
    "AdamW": {"lr": 0.01},
    "Adagrad": {"lr": 0.1},
    "Adadelta": {"lr": 1.0},
    "Adamax": {"lr": 0.01},
    "RMSprop": {"lr": 0.01, "momentum": 0.9, "centered": True},
    "NAdam": {"lr": 0.01},
    "RAdam": {"lr": 0.01},
    "Rprop": {"lr": 0.01},
    "ASGD": {"lr": 0.01},
    "Lion": {"lr": 0.01},
    "LARS": {"lr": 1.0, "weight_decay": 0.1},
}
EVENTS = ("restart", "split", "merge", "reverse groups", "reverse parameters", "take out", "put back")
SHAPES = ((3,), (2, 2), (), (1, 4))


class OptimizerRuns:
    """See the module."""

    name = "optimizers"

    def prepare(self) -> None:
        """Nothing is needed."""

    def draw(self, rng: np.random.Generator) -> Steps:
        """An optimizer, then steps among which things happen."""
        steps: Steps = [["optimizer", str(rng.choice(list(CHOICES)))]]
        for _ in range(int(rng.integers(3, 20))):
            if rng.random() < 0.5:
                steps.append(["step", int(rng.integers(1000))])
            else:
                steps.append([str(rng.choice(EVENTS)), int(rng.integers(99))])
        return [*steps, ["step", int(rng.integers(1000))]]

    def run(self, steps: Steps) -> None:
        """The run with what happens, and the one without."""
        name = next((step[1] for step in steps if step[0] == "optimizer"), "SGD")
        plain, eventful = _Run(name), _Run(name)
        missing: set[int] = set()
        for kind, *values in steps:
            if kind == "step":
                for each in (plain, eventful):
                    each.step(values[0], missing)
            elif kind != "optimizer":
                eventful.happens(kind, values[0])
                missing = set(eventful.out)
        for k, (p, q) in enumerate(zip(plain.params, eventful.params, strict=True)):
            np.testing.assert_array_equal(q.numpy(), p.numpy(), err_msg=f"parameter {k}")


class _Run:
    """Parameters and their optimizer."""

    def __init__(self, name: str) -> None:
        rng = np.random.default_rng(3)
        self.params = [Tensor(rng.normal(size=shape), requires_grad=True) for shape in SHAPES]
        self.name = name
        self.optimizer = self.make([{"params": list(self.params)}])
        self.out: list[int] = []

    def make(self, groups: Any) -> Any:
        """The optimizer of those groups."""
        return getattr(optim, self.name)(groups, **CHOICES[self.name])

    def step(self, seed: int, missing: set[int]) -> None:
        """One step; parameters that are out of the groups have no gradient in either run."""
        rng = np.random.default_rng(seed)
        for k, p in enumerate(self.params):
            g = rng.normal(size=p.shape)
            p.grad = None if k in missing else Tensor(g)
        self.optimizer.step()

    def happens(self, kind: str, value: int) -> None:
        """One event."""
        groups = self.optimizer.param_groups
        if kind == "restart" and not self.out:  # what is in no group is in no saved state
            state = copy.deepcopy(self.optimizer.state_dict())
            other = self.make([{"params": list(group["params"])} for group in groups])
            other.load_state_dict(state)
            self.optimizer = other
        elif kind == "split" and len(groups[0]["params"]) > 1:
            options = {key: v for key, v in groups[0].items() if key != "params"}
            self.optimizer.add_param_group({"params": [groups[0]["params"].pop()], **options})
        elif kind == "merge" and len(groups) > 1:
            groups[0]["params"] += groups.pop()["params"]
        elif kind == "reverse groups":
            groups.reverse()
        elif kind == "reverse parameters":
            groups[value % len(groups)]["params"].reverse()
        elif kind == "take out" and len(groups[0]["params"]) > 1:
            gone = groups[0]["params"].pop(value % len(groups[0]["params"]))
            self.out.append(next(k for k, p in enumerate(self.params) if p is gone))
        elif kind == "put back" and self.out:
            groups[-1]["params"].append(self.params[self.out.pop()])

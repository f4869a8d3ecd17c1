"""Recipes of trainings as version 1 wrote them, turned into what is written today."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.nn.first_format import upgraded_value


def upgraded_recipe(tree: dict[str, Any]) -> dict[str, Any]:
    """The recipe of a training: only schedules of the rate were kept of its callbacks.

    >>> upgraded_recipe({"loss": {"function": "mse_loss"}, "rates": []})
    {'version': 2, 'loss': {'$function': 'mse_loss'}, 'callbacks': []}
    """
    made = {"version": 2, **tree}
    loss, optimizer, rates = tree.get("loss"), tree.get("optimizer"), made.pop("rates", None)
    if not (isinstance(loss, dict) and "missing" in loss):
        made["loss"] = upgraded_value(loss)
    if isinstance(optimizer, dict) and "options" in optimizer:
        made["optimizer"] = {**optimizer, "options": upgraded_value(optimizer["options"])}
    made["callbacks"] = [_rate(rate) for rate in rates] if isinstance(rates, list) else rates
    return made


def _rate(tree: Any) -> Any:
    if not isinstance(tree, dict) or "missing" in tree:
        return tree
    return {"class": "LearningRate", **tree, "scheduler": _scheduler(tree.get("scheduler"))}


def _scheduler(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    attributes, inner = tree.get("attributes"), tree.get("schedulers")
    made = dict(tree)
    if isinstance(attributes, dict):
        made["attributes"] = {name: upgraded_value(value) for name, value in attributes.items()}
    if isinstance(inner, list):
        made["schedulers"] = [_scheduler(one) for one in inner]
    return made

"""From lists of times to the few numbers that are reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import exp, log
from statistics import median, quantiles
from typing import Any

#: What each is compared with: our engine comes first in every ratio.
OURS = "ours"


def summary(seconds: Sequence[float]) -> dict[str, float]:
    """Count, minimum, median and interquartile range (the spread) of times, in ms.

    >>> summary([0.001, 0.002, 0.003, 0.004, 0.005])
    {'count': 5, 'min_ms': 1.0, 'median_ms': 3.0, 'iqr_ms': 2.0}
    """
    low, _, high = quantiles(seconds, n=4, method="inclusive") if len(seconds) > 1 else [seconds[0]] * 3
    values = {"min_ms": min(seconds), "median_ms": median(seconds), "iqr_ms": high - low}
    return {"count": len(seconds), **{key: round(value * 1e3, 7) for key, value in values.items()}}


def ratios(by_engine: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Our time as a share of each other engine's, by minimum and by median; below 1 we are faster.

    >>> ratios({"ours": {"min_ms": 1.0, "median_ms": 3.0}, "torch": {"min_ms": 2.0, "median_ms": 4.0}})
    {'torch': {'min': 0.5, 'median': 0.75}}
    """
    if OURS not in by_engine:
        return {}
    return {
        engine: {key: by_engine[OURS][f"{key}_ms"] / other[f"{key}_ms"] for key in ("min", "median")}
        for engine, other in by_engine.items()
        if engine != OURS
    }


def geometric_mean(values: Iterable[float]) -> float:
    """The number whose power is the product of the values.

    >>> round(geometric_mean([0.5, 2.0, 1.0]), 6)
    1.0
    """
    logs = [log(value) for value in values]
    return exp(sum(logs) / len(logs))


def mean_ratios(networks: Mapping[str, Any]) -> dict[str, Any]:
    """Geometric means over networks: by task, engine, and 'min' or 'median'; and over how many networks.

    >>> ratio = {"jax": {"min": 0.5, "median": 0.5}}
    >>> nets = {"a": {"ratio": {"step": ratio, "infer": ratio}}, "b": {"ratio": {"step": {}, "infer": {}}}}
    >>> mean_ratios(nets)["step"]
    {'jax': {'min': 0.5, 'median': 0.5, 'networks': 1}}
    """
    found: dict[str, Any] = {}
    for task in ("step", "infer"):
        entries: dict[str, list[Mapping[str, float]]] = {}
        for network in networks.values():
            for engine, ratio in network["ratio"][task].items():
                entries.setdefault(engine, []).append(ratio)
        found[task] = {
            engine: {**{key: geometric_mean(r[key] for r in by_network) for key in ("min", "median")},
                     "networks": len(by_network)}
            for engine, by_network in entries.items()
        }  # fmt: skip
    return found

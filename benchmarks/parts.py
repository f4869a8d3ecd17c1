"""The things measured: whole networks, single operations, and chains that show what a node costs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.figures import OURS
from benchmarks.race import ENGINES, Effort, race, race_network, workers

#: Seconds for one operation or chain, as a share of those for a network.
SMALL_SHARE = 0.1


def say(what: str) -> None:
    """Progress, for whoever waits; results go to standard output."""
    print(what, file=sys.stderr, flush=True)


def able(engines: Iterable[str], network: str) -> list[str]:
    """Those of the engines that can do a network.

    >>> able(["ours", "torch", "autograd"], "alex8")
    ['ours', 'torch']
    """
    return [e for e in engines if (can := ENGINES[e].networks) is None or network in can]


def all_round(engines: Iterable[str]) -> list[str]:
    """Those of the engines that do single operations too.

    >>> all_round(["ours", "jax", "torch"])
    ['ours', 'torch']
    """
    return [e for e in engines if ENGINES[e].networks is None]


def time_networks(names: Iterable[str], engines: Sequence[str], effort: Effort) -> dict[str, Any]:
    """All figures of these networks, by name, of the engines that can do them; none, no entry."""
    found = {}
    for name in names:
        if taking_part := able(engines, name):
            say(f"{name} ...")
            found[name] = race_network(name, taking_part, effort)
    return found


def time_operations(names: Iterable[str], engines: Sequence[str], effort: Effort) -> dict[str, Any]:
    """Times of single operations, by name."""
    found = {}
    with workers(engines, effort.threads) as running:
        for name in names:
            say(f"{name} ...")
            for worker in running.values():
                worker.ask("prepare", kind="operation", name=name)
            found[name] = race(running, ("forward", "backward"), effort, SMALL_SHARE)
    return found


def time_nodes(lengths: Iterable[str], engines: Sequence[str], effort: Effort) -> dict[str, Any]:
    """Times of chains by length, with µs per node, also above NumPy's own where we take part."""
    found = {}
    with workers(engines, effort.threads) as running:
        for length in lengths:
            say(f"chain of {length} nodes ...")
            for worker in running.values():
                worker.ask("prepare", kind="chain", name=length)
            entry = race(running, ("forward", "backward", "second"), effort, SMALL_SHARE)
            bare = {e: running[e] for e in running if e == OURS}
            entry["times"] |= race(bare, ("numpy_forward", "numpy_backward"), effort, SMALL_SHARE)["times"]
            found[length] = {**entry, "us_per_node": _per_node(entry["times"], int(length))}
    return found


def _per_node(times: Mapping[str, Any], length: int) -> dict[str, Any]:
    """Minima in µs per node by task and engine, and ours above the same calls on bare arrays."""
    costs = {
        task: {engine: entry["min_ms"] * 1e3 / length for engine, entry in by_engine.items()}
        for task, by_engine in times.items()
    }
    above = {
        task: costs[task][OURS] - costs[f"numpy_{task}"][OURS]
        for task in ("forward", "backward")
        if OURS in costs[task]
    }
    return {**costs, "above_numpy": above}

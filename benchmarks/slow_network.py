"""Ranks on wires as slow as you say, on one machine: `sudo python -m benchmarks.slow_network 4 100mbit`.

Linux alone, and root: each rank gets a network namespace of its own, as if it were a machine, and a virtual
wire to a bridge, whose rate `tc` limits in both directions; messages go through TCP. All of it lies in a
namespace that is gone when the command ends. What runs is `benchmarks.ranks measure`. With a core for
each rank the ranks go before all other programs (`chrt`): when they wait for a message they give their turn
away, and would get it back after milliseconds. More ranks than cores would so keep the network itself
from its work.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

#: What makes MPICH send by TCP, on the wires: its other ways find out that all ranks share a memory.
TCP = {"MPIR_CVAR_CH4_NETMOD": "ofi", "FI_PROVIDER": "tcp", "FI_TCP_IFACE": "wire"}
#: What lets a program run before all others that are not started by it.
FIRST = ("chrt", "--fifo", "1")
#: Seconds after which ranks are stuck.
TOO_LONG = 600
#: The mark of the process that is in its own namespaces already.
INSIDE = "inside"


def run(*words: str) -> None:
    """A command that must succeed."""
    subprocess.run(words, check=True)


def burst(rate: str) -> int:
    """The number of bytes that a wire that was idle takes at once: few, or short messages would be free.

    >>> burst("10mbit"), burst("1gbit")
    (2000, 62500)
    """
    units = {"kbit": 1e3, "mbit": 1e6, "gbit": 1e9}
    return max(2000, int(float(rate[:-4]) * units[rate[-4:]] / 8 * 0.5e-3))


def wire(rank: int, rate: str) -> None:
    """A machine for a rank, with an address, joined to the bridge."""
    name, inside = f"r{rank}", ("ip", "-n", f"r{rank}")
    run("ip", "netns", "add", name)
    run("ip", "link", "add", f"w{rank}", "type", "veth", "peer", "name", "wire", "netns", name)
    run("ip", "link", "set", f"w{rank}", "master", "bridge", "up")
    run(*inside, "link", "set", "lo", "up")
    run(*inside, "addr", "add", f"10.9.0.{rank + 1}/24", "dev", "wire")
    run(*inside, "link", "set", "wire", "up")
    limit = ("root", "tbf", "rate", rate, "burst", str(burst(rate)), "latency", "2s")
    run("tc", "qdisc", "add", "dev", f"w{rank}", *limit)
    run("tc", "-n", name, "qdisc", "add", "dev", "wire", *limit)


def measure(ranks: int, rate: str) -> int:
    """Build the network, and start the ranks in it."""
    Path("/run/netns").mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "none", "/run/netns")
    for words in ("link set lo up", "link add bridge type bridge", "addr add 10.9.0.254/24 dev bridge",
                  "link set bridge up"):  # fmt: skip
        run("ip", *words.split())
    for rank in range(ranks):
        wire(rank, rate)
    with tempfile.TemporaryDirectory() as folder:
        launch = Path(folder) / "launch"  # called as rsh is: HOST COMMAND
        launch.write_text(
            '#!/bin/sh\nhost=$1; shift\nexec ip netns exec "r$((${host##*.} - 1))" sh -c "$*"\n'
        )
        launch.chmod(0o755)
        mpiexec = Path(sys.executable).parent / "mpiexec"
        hosts = ",".join(f"10.9.0.{rank + 1}" for rank in range(ranks))
        command = [str(mpiexec), *f"-launcher rsh -launcher-exec {launch} -iface bridge".split()]
        command += [
            "-hosts",
            hosts,
            "-n",
            str(ranks),
            *(FIRST if ranks <= len(os.sched_getaffinity(0)) else ()),
            sys.executable,
            "-m",
            "benchmarks.ranks",
            "measure",
            str(1 << 20),
        ]
        return subprocess.call(command, env={**os.environ, **TCP}, timeout=TOO_LONG)


def main(ranks: str, rate: str, where: str = "") -> int:
    """Go into namespaces of one's own, and measure there."""
    if where == INSIDE:
        return measure(int(ranks), rate)
    again = [sys.executable, "-m", "benchmarks.slow_network", ranks, rate, INSIDE]
    return subprocess.call(["unshare", "--net", "--mount", "sh", "-c", shlex.join(again)])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

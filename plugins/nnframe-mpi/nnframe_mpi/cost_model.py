"""How long adding up gradients takes on many nodes, and what that makes of a training run.

Two nodes exchange n bytes in ``exchange(n)`` seconds: a latency, and n over the bandwidth, or what was measured for a
few lengths. For p nodes, the libraries use one of three algorithms:

- recursive doubling: ``log2(p)`` exchanges of everything
- Rabenseifner's: exchanges of a half, a quarter and so on, until each node has added up its part, and the same way back
- a ring: ``2 (p - 1)`` exchanges of a p-th

log2(p) is rounded up. The first is best for short messages, the others for long ones.

Source: R. Thakur, R. Rabenseifner and W. Gropp, "Optimization of collective communication operations in MPICH",
International Journal of High Performance Computing Applications 19 (2005) 49-66.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

# How much of a batch's time may go to messages before another way is better.
MOST_FOR_MESSAGES = 0.25
# More local updates between two means rarely end with as good a loss.
MOST_LOCAL_UPDATES = 64


class Network(NamedTuple):
    """What messages cost.

    Attributes
    ----------
    sizes : tuple of float
        Some lengths in bytes, ascending.
    seconds : tuple of float
        For each, the seconds in which two nodes exchange and add up so many bytes.
    """

    sizes: tuple[float, ...]
    seconds: tuple[float, ...]

    @classmethod
    def of(cls, latency: float, bandwidth: float, adding: float = 0.0) -> Network:
        """Return a network from its latency in seconds, its bytes in a second, and the seconds to add up a byte."""
        return cls((0.0, 1e9), (latency, latency + 1e9 / bandwidth + 1e9 * adding))

    @property
    def latency(self) -> float:
        """The seconds for the shortest message."""
        return self.seconds[0]

    @property
    def bandwidth(self) -> float:
        """The bytes in a second, in long messages."""
        return (self.sizes[-1] - self.sizes[-2]) / max(self.seconds[-1] - self.seconds[-2], 1e-12)

    def exchange(self, n_bytes: float) -> float:
        """Return the seconds in which two nodes exchange and add up so many bytes."""
        if n_bytes > self.sizes[-1]:
            return self.seconds[-1] + (n_bytes - self.sizes[-1]) / self.bandwidth
        return float(np.interp(n_bytes, self.sizes, self.seconds))


class Plan(NamedTuple):
    """A batch on some nodes.

    Attributes
    ----------
    nodes : int
    computing : float
        Seconds to compute a node's share of a batch, and to make the update.
    algorithm : str
        The fastest one.
    messages : float
        Seconds to add up the gradients with it.
    speed_up : float
        How many times as many samples in a second as on one node.
    """

    nodes: int
    computing: float
    algorithm: str
    messages: float
    speed_up: float

    @property
    def seconds(self) -> float:
        """Seconds for a batch."""
        return self.computing + self.messages


def recursive_doubling(nodes: int, n_bytes: float, network: Network) -> float:
    """Return the seconds in which all nodes exchange everything with a partner, log2(p) times."""
    return _rounds(nodes) * network.exchange(n_bytes)


def rabenseifner(nodes: int, n_bytes: float, network: Network) -> float:
    """Return the seconds in which each node adds up a part, and then all parts are collected, by halves."""
    return 2 * sum(network.exchange(n_bytes / 2 ** (k + 1)) for k in range(_rounds(nodes)))


def ring(nodes: int, n_bytes: float, network: Network) -> float:
    """Return the seconds in which each node adds up a part, and then all parts are collected, by neighbours."""
    return 2 * (nodes - 1) * network.exchange(n_bytes / nodes)


ALGORITHMS: dict[str, Callable[[int, float, Network], float]] = {
    "recursive doubling": recursive_doubling,
    "Rabenseifner": rabenseifner,
    "ring": ring,
}


def adding_up(nodes: int, n_bytes: float, network: Network) -> tuple[str, float]:
    """Return the fastest algorithm, and its seconds; for two nodes, that is a single exchange."""
    seconds = {name: algorithm(nodes, n_bytes, network) for name, algorithm in ALGORITHMS.items()}
    fastest = min(seconds, key=seconds.__getitem__)
    return fastest, seconds[fastest]


def plan(nodes: int, computing: float, alone: float, n_bytes: float, network: Network) -> Plan:
    """Return a batch on some nodes.

    Parameters
    ----------
    nodes : int
    computing : float
        Seconds for a node's share of a batch.
    alone : float
        Seconds for the whole batch on one node.
    n_bytes : float
        The size of the gradient.
    network : Network
    """
    algorithm, messages = adding_up(nodes, n_bytes, network) if nodes > 1 else ("", 0.0)
    return Plan(nodes, computing, algorithm, messages, alone / (computing + messages))


def advice(found: Plan) -> str:
    """Return which way to go with a number of nodes."""
    share = found.messages / found.seconds
    if share <= MOST_FOR_MESSAGES:
        return f"mpi: messages take {share:.0%} of the time"
    # So that messages take the share that they may.
    needed = found.messages / found.computing * (1 - MOST_FOR_MESSAGES) / MOST_FOR_MESSAGES
    larger = f"batches {_rounded(needed)} times as large"
    if needed <= MOST_LOCAL_UPDATES:
        return f"{larger}, or local SGD with average_every={_rounded(needed)}: messages take {share:.0%} of the time"
    return f"many nets, one on each node: one net would need batches over {needed:.0f} times as large"


def _rounded(needed: float) -> int:
    """Return the next power of two."""
    return 1 << max(1, int(needed - 1e-9).bit_length())


def _rounds(nodes: int) -> int:
    return (nodes - 1).bit_length()

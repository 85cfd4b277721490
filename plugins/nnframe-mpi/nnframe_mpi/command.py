"""Say what more nodes would bring for a net and a batch, from what this machine and its network can do.

Start it with mpiexec to measure the network as well, between two processes of one machine or one on each of two
machines: mpiexec -n 2 nnframe scale 512 2048 2048 10 --batch 1024
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from itertools import pairwise
from typing import TYPE_CHECKING

from nnframe.cli.output import say
from nnframe.contracts.command import Command
from nnframe.contracts.markers import hookimpl
from nnframe.errors import ArgumentError

if TYPE_CHECKING:
    from mpi4py import MPI

    from nnframe_mpi.cost_model import Network

NODES = (1, 2, 8, 64)
# An ordinary network: 1 Gbit/s and the latency of TCP.
MICROSECONDS, GIGABITS = 50.0, 1.0


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("sizes", nargs="+", type=int, metavar="SIZE", help="the sizes of the net, such as 64 32 10")
    parser.add_argument("--batch", type=int, default=256, metavar="N", help="samples in a batch (default: %(default)s)")
    parser.add_argument(
        "--nodes", type=int, nargs="+", default=NODES, metavar="N", help="numbers of nodes (default: 1 2 8 64)"
    )
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32", help="default: %(default)s")
    parser.add_argument(
        "--engine", default="numpy", metavar="NAME", help="the engine on each node (default: %(default)s)"
    )
    parser.add_argument("--latency", type=float, metavar="US", help="the network's latency in microseconds")
    parser.add_argument("--gigabits", type=float, metavar="G", help="the network's bandwidth in Gbit/s")


def run(options: Namespace) -> None:
    """Measure, and print a line for each number of nodes.

    Raises
    ------
    ArgumentError
        If an option can't be used.
    """
    if len(options.sizes) < 2 or min(options.sizes) < 1:
        raise ArgumentError(f"the sizes are {options.sizes}; expected at least two numbers above 0, such as 64 10")
    if options.batch < 1 or min(options.nodes) < 1:
        raise ArgumentError(f"--batch is {options.batch} and --nodes is {options.nodes}; expected numbers above 0")
    for name in ("latency", "gigabits"):
        value = getattr(options, name)
        if value is not None and not value > 0:
            raise ArgumentError(f"--{name} is {value}; expected a number above 0")
    # Listing the commands shouldn't start MPI.
    import numpy as np
    from mpi4py import MPI

    from nnframe_mpi.cost_model import advice, plan
    from nnframe_mpi.measuring import BUSY, gradient_bytes, timings_of_batches

    comm = MPI.COMM_WORLD
    network, source, spread = _network(options, comm)
    if comm.rank > 0:
        return
    dtype, sizes = np.dtype(options.dtype), options.sizes
    n_weights = sum((before + 1) * after for before, after in pairwise(sizes))
    n_bytes = gradient_bytes(sizes, dtype)
    say(f"net {'-'.join(map(str, sizes))}: {n_weights:,} weights, {_bytes(n_bytes)} to add up for each batch")
    say(f"network: {_seconds(network.latency)} and {_bytes(network.bandwidth)} a second, {source}")
    say(f"{'nodes':>5}  {'share':>6}  {'computing':>9}  {'messages':>9}  {'speed-up':>8}")
    shares = {nodes: -(-options.batch // nodes) for nodes in options.nodes}
    timings = timings_of_batches(sizes, {options.batch, *shares.values()}, dtype, options.engine)
    alone, found = timings[options.batch].seconds, []
    for nodes, share in shares.items():
        computing = timings[share].seconds
        found.append(plan(nodes, computing, alone, n_bytes, network))
        each = found[-1]
        say(
            f"{nodes:>5}  {share:>6}  {_seconds(computing):>9}  {_seconds(each.messages):>9}  {each.speed_up:>8.1f}"
            f"  {each.algorithm}".rstrip()
        )
    for each in found:
        if each.nodes > 1:
            say(f"{each.nodes} nodes: {advice(each)}")
    spread = max(spread, *(each.spread for each in timings.values()))
    if spread > BUSY:
        say(
            f"These figures are rough, for the machine is busy: the same work took {spread:.1f} times as long at some "
            f"times as at others. Close other programs, and measure again"
        )


def _network(options: Namespace, comm: MPI.Intracomm) -> tuple[Network, str, float]:
    """Return the network, where its figures are from, and the spread of measurements."""
    from nnframe_mpi.cost_model import Network
    from nnframe_mpi.measuring import measured_network, seconds_to_add

    if options.latency is None and options.gigabits is None and comm.size > 1:
        network, spread = measured_network(comm)
        return network, "measured between two processes", spread
    source = "as given"
    if options.latency is None or options.gigabits is None:
        source = "assumed; start it with mpiexec -n 2 to measure, or give --latency and --gigabits"
    latency = MICROSECONDS if options.latency is None else options.latency
    gigabits = GIGABITS if options.gigabits is None else options.gigabits
    return Network.of(latency * 1e-6, gigabits * 1e9 / 8, seconds_to_add()), source, 1.0


def _seconds(value: float) -> str:
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "us")):
        if value * factor >= 1 or unit == "us":
            return f"{value * factor:.3g} {unit}"
    return ""


def _bytes(value: float) -> str:
    for factor, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value:.0f} bytes"


scale = Command("scale", add_arguments, run, help="say what more nodes would bring for a net", doc=__doc__)


@hookimpl
def nnframe_commands() -> list[Command]:
    """Return scale."""
    return [scale]

"""The cost model, with values worked out by hand, and the command that uses it."""

import re

import pytest
from nnframe_mpi import measuring
from nnframe_mpi.cost_model import Network, adding_up, advice, plan, rabenseifner, recursive_doubling, ring
from nnframe_mpi.measuring import Timing

import nnframe
from nnframe.cli import main

# 10 us, 1 GB/s, and 0.1 ns to add up a byte.
NETWORK = Network.of(1e-5, 1e9, 1e-10)


def test_an_exchange_takes_latency_and_bandwidth():
    assert NETWORK.exchange(0) == pytest.approx(1e-5)
    assert NETWORK.exchange(1e6) == pytest.approx(1.11e-3)
    assert NETWORK.exchange(2e9) == pytest.approx(1e-5 + 2.2)


def test_between_measured_lengths_an_exchange_is_interpolated():
    network = Network((8, 1008, 2008), (1e-5, 3e-5, 4e-5))
    assert network.exchange(508) == pytest.approx(2e-5)
    assert network.exchange(3008) == pytest.approx(5e-5)
    assert (network.latency, network.bandwidth) == (1e-5, pytest.approx(1e8))


def test_recursive_doubling_exchanges_everything_log2_p_times():
    assert recursive_doubling(8, 1e6, NETWORK) == pytest.approx(3 * 1.11e-3)
    assert recursive_doubling(5, 1e6, NETWORK) == recursive_doubling(8, 1e6, NETWORK)


def test_rabenseifner_exchanges_halves_twice():
    # A half, a quarter and an eighth, and back.
    assert rabenseifner(8, 1e6, NETWORK) == pytest.approx(6e-5 + 2 * 7 / 8 * 1.1e-3)


def test_a_ring_has_more_steps():
    assert ring(8, 1e6, NETWORK) == pytest.approx(14e-5 + 2 * 7 / 8 * 1.1e-3)


@pytest.mark.parametrize(("n_bytes", "fastest"), [(1e3, "recursive doubling"), (1e7, "Rabenseifner")])
def test_the_fastest_algorithm_depends_on_the_length(n_bytes, fastest):
    assert adding_up(64, n_bytes, NETWORK)[0] == fastest


def test_a_plan_compares_with_one_node():
    found = plan(2, computing=0.5e-3, alone=1e-3, n_bytes=0, network=NETWORK)
    assert found.messages == pytest.approx(1e-5)
    assert found.speed_up == pytest.approx(1 / 0.51)
    alone = plan(1, computing=1e-3, alone=1e-3, n_bytes=1e9, network=NETWORK)
    assert (alone.messages, alone.speed_up) == (0, 1)


@pytest.mark.parametrize(
    ("computing", "said"),
    [
        (1e-3, "mpi: messages take 1% of the time"),
        # Messages of 10 us may take as long as a third of the computing: 10 / 6 * 3 = 5, and 8 is the next power of 2.
        (6e-6, r"batches 8 times as large, or local SGD with average_every=8: messages take 62% of the time"),
        (1e-7, "many nets, one on each node"),
    ],
)
def test_the_advice_follows_from_what_messages_take(computing, said):
    assert said in advice(plan(2, computing, 2 * computing, 0, NETWORK))


def test_the_command_has_a_line_for_each_number_of_nodes(capsys):
    arguments = ["scale", "4", "3", "2", "--batch", "8", "--latency", "20", "--gigabits", "10", "--nodes", "1", "4"]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "net 4-3-2: 23 weights, 200 bytes to add up for each batch"
    # Adding up the numbers takes a part of the 1.25 GB.
    assert re.fullmatch(r"network: 20 us and [\d.]+ .B a second, as given", lines[1])
    assert [line.split()[:2] for line in lines[3:5]] == [["1", "8"], ["4", "2"]]
    assert lines[5].startswith("4 nodes: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["4"], "expected at least two numbers above 0"),
        (["4", "0"], "expected at least two numbers above 0"),
        (["4", "2", "--batch", "0"], "--batch is 0"),
        (["4", "2", "--latency", "-1"], "--latency is -1.0; expected a number above 0"),
    ],
)
def test_the_command_says_which_option_is_wrong(capsys, arguments, said):
    assert main(["scale", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_two_processes_measure_the_network(run_job):
    lines = run_job("scale.py", 2)[0]
    assert lines[1].endswith("a second, measured between two processes")
    # A busy machine is said so at the end.
    assert any(line.startswith("2 nodes: ") for line in lines[-2:])


def test_the_command_passes_all_checks():
    results = nnframe.testing.run_checks(nnframe.registry.get("command", "scale"))
    assert [result for result in results if result.outcome == "failed"] == []


def test_a_timing_is_the_lower_quartile_and_the_spread():
    assert Timing.of([5.0, 1.0, 2.0, 4.0, 3.0]) == (2.0, 2.0)


@pytest.mark.parametrize(("spread", "says_so"), [(1.1, False), (2.0, True)])
def test_the_command_says_when_the_machine_is_busy(capsys, monkeypatch, spread, says_so):
    def timings(sizes, batch_sizes, dtype, engine):
        return {size: Timing(1e-3 * size, spread) for size in batch_sizes}

    monkeypatch.setattr(measuring, "timings_of_batches", timings)
    main(["scale", "4", "3", "2", "--batch", "8", "--latency", "20", "--gigabits", "10", "--nodes", "1", "4"])
    said = "the same work took 2.0 times as long at some times as at others" in capsys.readouterr().out
    assert said == says_so

"""The results as Markdown, and their place in a README."""

from __future__ import annotations

from pathlib import Path

from comparison.footprint import Footprint
from comparison.rounds import Result
from comparison.spread import quartiles

BEGIN = "<!-- begin: python tests/benchmarks/compare.py -->"
END = "<!-- end: python tests/benchmarks/compare.py -->"


def results_table(results: list[Result], names: list[str], against: str) -> str:
    """Return a table of how many times as fast as one of them the contenders are, with the quartiles over the rounds.

    Parameters
    ----------
    results : list of Result
    names : list of str
        The contenders, in the order of the columns.
    against : str
        The contender that is 1, whose samples per second are given instead.
    """
    others = [name for name in names if name != against]
    header = [f"net, {against} = 1", f"{against}, samples/s", *others]
    lines = []
    for result in results:
        rate = f"{result.rate(against):,.0f}" if against in result.rates else "-"
        lines.append([result.row.name, rate, *(_ratio(result.ratio(name, against)) for name in others)])
    return _markdown(header, lines)


def footprint_table(footprints: list[Footprint]) -> str:
    """Return a table of imports, memory and disk."""
    header = ["package", "import, ms", "memory after it, MiB", "installed, with what it needs, MB"]
    lines = []
    for each in footprints:
        low, median, high = quartiles(each.milliseconds)
        memory = "-" if each.memory is None else f"{each.memory:.0f}"
        lines.append([each.name, f"{median:.0f} ({low:.0f} to {high:.0f})", memory, f"{each.disk:.0f}"])
    return _markdown(header, lines)


def write_between_markers(path: Path, text: str) -> None:
    """Put a text between the two markers of a file.

    Raises
    ------
    ValueError
        If the file lacks them.
    """
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no line {BEGIN} followed by a line {END}; put them where the table is to stand")
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def _ratio(ratio: tuple[float, float, float] | None) -> str:
    if ratio is None:
        return "-"
    low, median, high = (f"{value:.0f}" if value >= 20 else f"{value:.2g}" for value in ratio)
    return f"**{median}** ({low} to {high})"


def _markdown(header: list[str], lines: list[list[str]]) -> str:
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *lines])

"""Writes the results as Markdown tables into a README."""

from __future__ import annotations

from pathlib import Path

from comparison.footprint import Footprint
from comparison.rounds import Result
from comparison.rows import Kind
from comparison.spread import quartiles

BEGIN = "<!-- begin: python tests/benchmarks/compare.py -->"
END = "<!-- end: python tests/benchmarks/compare.py -->"


HEADINGS: dict[Kind, str] = {
    "training": "Training, a pass over the data",
    "online": "Training online, one call per pair",
    "answers": "Answers, the forward pass",
}


def results_tables(results: list[Result], names: list[str], against: str) -> str:
    """Return a table for each kind of row: how many times as fast as one contender the others are.

    Parameters
    ----------
    results : list of Result
    names : list of str
        The contenders, in the order of the columns. Those that took part in no row of a kind have no column.
    against : str
        The contender that counts as 1, whose samples per second are given.
    """
    parts = []
    for kind, heading in HEADINGS.items():
        found = [result for result in results if result.row.kind == kind]
        if found:
            took_part = {name for result in found for name in result.rates}
            parts.append(f"**{heading}**")
            parts.append(_results_table(found, [name for name in names if name in took_part], against))
    return "\n\n".join(parts)


def _results_table(results: list[Result], names: list[str], against: str) -> str:
    others = [name for name in names if name != against]
    header = [f"net, {against} = 1", f"{against}, samples/s", *others]
    lines = []
    for result in results:
        rate = f"{result.rate(against):,.0f}" if against in result.rates else "-"
        lines.append([result.row.name, rate, *(_ratio(result.ratio(name, against)) for name in others)])
    return _markdown(header, lines)


def footprint_table(footprints: list[Footprint]) -> str:
    """Return a table of import times, memory and disk space."""
    header = ["package", "import, ms", "memory after the import, MiB", "on disk with dependencies, MB"]
    lines = []
    for each in footprints:
        low, median, high = quartiles(each.milliseconds)
        memory = "-" if each.memory is None else f"{each.memory:.0f}"
        lines.append([each.name, f"{median:.0f} ({low:.0f} to {high:.0f})", memory, f"{each.disk:.0f}"])
    return _markdown(header, lines)


def write_between_markers(path: Path, text: str) -> None:
    """Replace the text between the two markers of a file.

    Raises
    ------
    ValueError
        If the file has no such markers.
    """
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no line {BEGIN} followed by a line {END}; add them where the tables belong")
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def _ratio(ratio: tuple[float, float, float] | None) -> str:
    if ratio is None:
        return "-"
    low, median, high = (f"{value:.0f}" if value >= 20 else f"{value:.2g}" for value in ratio)
    return f"**{median}** ({low} to {high})"


def _markdown(header: list[str], lines: list[list[str]]) -> str:
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *lines])

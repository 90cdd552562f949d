#!/usr/bin/env python3
"""Writes the README's table of figures from target/bench/report.jsonl; `--check` only says whether it has one.

Usage: benches/figures.py [REPORT]
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BEGIN = "<!-- figures: made from target/bench/report.jsonl by `make figures` -->\n"
END = "<!-- /figures -->"


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def row(figure: dict) -> str:
    if "value" in figure:
        ours = f"{number(figure['value'])} {figure['unit']}"
        theirs = number(figure["vs_value"]) if figure.get("vs_value") is not None else ""
    else:
        ours = f"{number(figure['ns'])} ns"
        theirs = f"{number(figure['vs_ns'])} ns" if figure.get("vs_ns") is not None else ""
    ratio = figure.get("ratio")
    ratio = "" if ratio is None else f"**{ratio:.2f}**" if ratio >= 0.1 else f"**{ratio:.2g}**"
    met = {True: "met", False: "**not met**", None: ""}[figure.get("met")]
    units = {"ratio": "≤ {:g} ×", "ns": "≤ {:g} ns", "value": "≤ {:g}"}
    limits = [units[kind].format(limit) for kind, limit in (figure.get("budget") or {}).items()]
    budget = " ".join([*limits, met]).strip()
    by = f" by {figure['by']}" if figure.get("by") else ""
    return f"| `{figure['id']}`{by} | {ours} | {figure.get('vs') or ''} | {theirs} | {ratio} | {budget} |"


def table(report: Path) -> str:
    rows = [json.loads(line) for line in report.read_text().splitlines() if line]
    machine = next((row for row in rows if "machine" in row), None)
    if machine is None:
        sys.exit(f"{report} does not say on what machine: run `make bench` or `make bench-quick`")
    figures = [row for row in rows if "machine" not in row]
    # Rows of the bindings say by which interpreter they were measured.
    named = {"python": "CPython", "node": "Node"}
    found = {f"{name} {row[of]}" for row in figures for of, name in named.items() if of in row}
    on = ", ".join(
        [machine["machine"]["cpu"], *machine["machine"]["features"], machine["versions"]["rustc"], *sorted(found)]
    )
    head = "| figure | ours | beside | theirs | ratio | budget |\n|---|--:|---|--:|--:|---|\n"
    return (
        f"\nOne run on a shared virtual machine of two cores ({on}): medians of runs by turns, a thread's own time. Compare "
        f"the ratios, not the times.\n\n{head}" + "\n".join(map(row, figures)) + "\n\n"
    )


def main() -> None:
    before, rest = README.read_text().split(BEGIN)
    found, after = rest.split(END)
    if "--check" in sys.argv:
        sys.exit(None if found.strip() else "README.md has no figures: run `make bench-quick figures`")
    report = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "target/bench/report.jsonl"
    if not report.exists():
        sys.exit(f"{report} is not there: run `make bench` or `make bench-quick` first")
    README.write_text(before + BEGIN + table(report) + END + after)


if __name__ == "__main__":
    main()

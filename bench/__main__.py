"""`make bench`, or `python -m bench pages --db sqlite --seconds 3`: measure, print a table, keep it as JSON."""

import argparse
import json
import os
import platform
from datetime import UTC, datetime

from bench import ROOT, books, closing, finding, last_units, notices, pages, purchases, quotes, settling, walks

import databases

QUICK = ("pages", "purchases", "last-units", "settling", "closing", "quotes", "notices")
PARTS = (*QUICK, "books", "search", "rush", "walks")  # the last two take an hour together


def main() -> None:
    """Measure what was asked for on each database."""
    wanted = _arguments()
    results = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": _machine()}
    for kind in wanted.db or databases.KINDS:
        server = databases.Postgresql(durable=True) if kind == "postgresql" else databases.Sqlite(durable=True)
        try:
            for part in wanted.parts or QUICK:
                rows = _measure(part, server, wanted)
                results.setdefault(part, []).extend(rows)
                _print(part, rows)
        finally:
            server.stop()
    _keep(results)


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=(*PARTS, []), help="if none is named, those that are quick")
    parser.add_argument("--db", action="append", choices=databases.KINDS)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each figure is measured")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 20_000], help="how many products")
    parser.add_argument("--orders", type=int, default=closing.ORDERS, help="how many abandoned orders are closed")
    return parser.parse_args()


def _measure(part, server, wanted):
    if part == "pages":
        return pages.measure(server, wanted.seconds, wanted.sizes)
    if part == "purchases":
        return [purchases.measure(server, 3 * wanted.seconds)]
    if part == "closing":
        return [closing.measure(server, wanted.orders)]
    if part == "settling":
        return settling.measure(server)
    if part == "notices":
        return notices.measure(server)
    if part == "quotes":
        return quotes.measure(server)
    if part == "books":
        return [books.measure(server)]
    if part == "search":
        return finding.measure(server)
    if part == "walks":
        return [walks.measure(server)]
    return [last_units.measure(server) if part == "last-units" else last_units.measure(server, 200, rounds=20)]


def _machine():
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _print(part, rows):
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names] + [[str(row.get(name, "")) for name in names] for row in rows]
    widths = [max(len(row[place]) for row in cells) for place in range(len(names))]
    print(f"\n{part}")
    for row in cells:
        print("  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)), flush=True)


def _keep(results):
    folder = ROOT / "bench" / "results"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{results['at'].replace(':', '')}.json"
    file.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\nKept in {file.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

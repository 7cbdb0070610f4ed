"""The window against the yardstick, with few goods and with many."""

from bench import goods
from bench.load import rate

from served import Served

PAGES = {
    "list": [f"/categories/{goods.CATEGORY}", f"/categories/{goods.CATEGORY}?page=3"],
    "product": [f"/products/{goods.SLUG.format(number)}" for number in range(0, 190, 7)],
    "search": ["/search?q=oak+bowl", "/search?q=blue", "/search?q=linnen+apron", "/search?q=wool"],
    "home": ["/"],
}


def measure(database, seconds: float, sizes=(1000, 20_000)) -> list[dict]:
    """One row a page and size: requests per second, the part of the bare page's, CPU and waiting."""
    rows = []
    for size in sizes:
        url = database.new()
        served = Served(url).ready()
        served.run("bench.goods", str(size))
        with Served(url, "bench.bare:app", "python:bench.bare_server") as bare:
            yardstick = rate(bare, ["/"], seconds)
        rows.append(_row(database, size, "bare page", yardstick, yardstick))
        with served:
            rows += [
                _row(database, size, page, rate(served, paths, seconds), yardstick) for page, paths in PAGES.items()
            ]
            rows[-1]["memory_mb"] = round(served.memory_mb())
    return rows


def _row(database, size, page, found, yardstick):
    return {
        "database": database.kind,
        "products": size,
        "page": page,
        "per_second": round(found.per_second),
        "of_bare": f"{found.per_second / yardstick.per_second:.0%}",
        "cpu_ms": round(found.cpu_ms, 1),
        "of_bare_by_cpu": f"{yardstick.cpu_ms / found.cpu_ms:.0%}",  # steadier on a busy machine
        "median_ms": round(found.median_ms, 1),
        "p99_ms": round(found.p99_ms, 1),
    }

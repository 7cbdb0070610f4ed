"""The table of every line that the books can show, and of those that they cannot."""

from flask_babel import lazy_gettext as _l

from storefront.proof import carts, cents, messages, orders, stock, sums, uses
from storefront.proof.line import Line

LINES: list[Line] = [
    *sums.LINES,
    *cents.LINES,
    *orders.LINES,
    *stock.LINES,
    *messages.LINES,
    *carts.LINES,
    *uses.LINES,
]
BY_NAME = {line.name: line for line in LINES}
ELSEWHERE = {  # no row of the books can show these: what does
    "INV-30": _l("The order in which messages arrive changes nothing."),
    "INV-33": _l("A return without a signature never makes an order paid."),
    "INV-34": _l("The way back works by GET and POST, without cookies, twice, or never."),
    "INV-35": _l("A return ends an attempt only if it is signed or the payment service confirms it."),
    "INV-36": _l("Addresses given to payment services come from the configuration alone."),
    "INV-45": _l("Jobs work in small batches, so that nobody waits for them."),
    "RULE-13": _l("Every order of the same messages ends alike."),
}


def add(line: Line) -> None:
    """A line of an extension. Raises ValueError if its name is another's."""
    if BY_NAME.setdefault(line.name, line) is not line:
        raise ValueError(f"there is a line {line.name} already.")
    if line not in LINES:
        LINES.append(line)


def chosen(names: list[str] | None) -> list[Line]:
    """The lines of these names, or of lines that show them; all of them for None. Raises KeyError with the name."""
    if names is None:
        return list(LINES)
    wanted = {name.upper() for name in names}
    known = {word for line in LINES for word in (line.name, *line.shows)}
    if unknown := sorted(wanted - known):
        raise KeyError(unknown[0])
    return [line for line in LINES if wanted & {line.name, *line.shows}]

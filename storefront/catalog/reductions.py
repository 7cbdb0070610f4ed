"""What a reduction has to say: the lowest price of the 30 days before it.

Directive 98/6/EC, Article 6a (https://eur-lex.europa.eu/eli/dir/1998/6/2022-05-28): whoever announces a reduction
tells the lowest price that was asked in at least 30 days before it. It is found when prices are saved and kept beside
the reduced one, so that no page has to look back. While a reduction runs it does not move: not if it lasts longer, nor
if a deeper one comes and goes. What was asked before the shop knew the article is not known, and not told.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, delete, insert, select

from storefront.catalog.models import PastPrice, Price
from storefront.kit import clock
from storefront.kit.db import db

WINDOW = timedelta(days=30)
# The states of the European Union, and those of the European Economic Area beside them.
TOLD_IN = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK IS LI NO".split())
prices, past_prices = cast(Table, Price.__table__), cast(Table, PastPrice.__table__)

Row = dict[str, Any]  # the columns of a price
Asked = dict[int, datetime]  # an amount that was asked, and until when


class _Running(NamedTuple):
    """A reduction that runs now: from which price, and the lowest one before it."""

    compare_at_minor: int
    lowest_before_minor: int | None


def to_be_told(country: str, amount_minor: int, compare_at_minor: int | None, lowest_minor: int | None) -> int | None:
    """The lowest price that has to stand beside a reduced one, in minor units; None if there is nothing to tell.

    The price that is struck through tells it already where it is that lowest one.
    """
    reduced = _is_reduced(amount_minor, compare_at_minor)
    return lowest_minor if reduced and lowest_minor != compare_at_minor and country in TOLD_IN else None


def first(rows: list[Row]) -> list[Row]:
    """The prices of a new variant, each with the lowest one before it: only a sale yet to come has any."""
    now = clock.now()
    return [{**row, "lowest_before_minor": _lowest_of(row, {}, {}, rows, now)} for row in rows]


def change(wanted: dict[int, list[Row]], currency: str) -> None:
    """Put new prices in the place of those of some variants, by id; what was asked until now is remembered."""
    now = clock.now()
    old = _by_variant(prices, wanted, currency)
    past = {id: _asked(old[id], rows, now) for id, rows in _by_variant(past_prices, wanted, currency).items()}
    for variant_id, rows in wanted.items():
        running = _running(old[variant_id], now)
        for row in rows:
            row["lowest_before_minor"] = _lowest_of(row, running, past[variant_id], rows, now)
    asked = [
        {"variant_id": id, "currency": currency, "amount_minor": amount, "until": until}
        for id, amounts in past.items()
        for amount, until in amounts.items()
    ]
    for table, new in ((past_prices, asked), (prices, [row for rows in wanted.values() for row in rows])):
        db.session.execute(delete(table).where(table.c.variant_id.in_(wanted), table.c.currency == currency))
        if new:
            db.session.execute(insert(table), new)


def _by_variant(table, wanted, currency):
    """The rows of each of the variants; none for one that has none."""
    of_these = select(table).where(table.c.variant_id.in_(wanted), table.c.currency == currency)
    found: dict[int, list] = {variant_id: [] for variant_id in wanted}
    for row in db.session.execute(of_these):
        found[row.variant_id].append(row)
    return found


def _asked(old, past, now) -> Asked:
    """Each amount of the last 30 days, and until when it was asked: it is now, or was.

    A price under a dearer sale counts too, though nobody could pay it: an error on the side of the customer.
    """
    spans = [(one.amount_minor, one.until) for one in past]
    spans += [(one.amount_minor, min(one.valid_to or now, now)) for one in old if _has_begun(one.valid_from, now)]
    asked: Asked = {}
    for amount, until in spans:
        if until > now - WINDOW:
            asked[amount] = max(until, asked.get(amount, until))
    return asked


def _running(old, now) -> dict[int, _Running]:
    """The reductions that run now, by amount."""
    return {
        one.amount_minor: _Running(one.compare_at_minor, one.lowest_before_minor)
        for one in old
        if _is_reduced(one.amount_minor, one.compare_at_minor) and _runs(one.valid_from, one.valid_to, now)
    }


def _lowest_of(row, running, asked, rows, now) -> int | None:
    """As it was found when the reduction began, if it is one that goes on; else as it is found now; None if it is none.

    Of a reduction of which nothing is known more is known as soon as its old price is said to have been higher.
    """
    if not _is_reduced(row["amount_minor"], row["compare_at_minor"]):
        return None
    same = running.get(row["amount_minor"]) if _runs(row["valid_from"], row["valid_to"], now) else None
    if same and (same.lowest_before_minor is not None or row["compare_at_minor"] <= same.compare_at_minor):
        return same.lowest_before_minor
    return _lowest_before(row, asked, rows, now)


def _lowest_before(row, asked, rows, now) -> int | None:
    """The lowest amount of the 30 days before a price begins; None if nothing is known."""
    begins = max(row["valid_from"] or now, now)
    since = begins - WINDOW
    amounts = [amount for amount, until in asked.items() if until > since]
    for other in rows:  # what will be asked until then
        if max(other["valid_from"] or now, now) < begins and (other["valid_to"] or begins) > max(since, now):
            amounts.append(other["amount_minor"])
    return min(amounts, default=None)


def _runs(valid_from, valid_to, now):
    return _has_begun(valid_from, now) and (valid_to is None or valid_to > now)


def _has_begun(valid_from, now):
    return valid_from is None or valid_from <= now


def _is_reduced(amount_minor, compare_at_minor):
    return compare_at_minor is not None and compare_at_minor > amount_minor

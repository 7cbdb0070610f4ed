"""What a reduction has to say: the lowest price of the 30 days before it.

Directive 98/6/EC, Article 6a (https://eur-lex.europa.eu/eli/dir/1998/6/2022-05-28): whoever announces a reduction
tells the lowest price that was asked in at least 30 days before it. It is kept beside the reduced price and does not
move while that lasts, so that no page has to look back. What was asked before the shop knew the article is not known.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select

from storefront.catalog.models import PastPrice, Price
from storefront.kit import clock
from storefront.kit.db import db

WINDOW = timedelta(days=30)
# The states of the European Union, and those of the European Economic Area beside them.
TOLD_IN = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK IS LI NO".split())

Row = dict[str, Any]  # the columns of a price


def to_be_told(country: str, amount_minor: int, compare_at_minor: int | None, lowest_minor: int | None) -> int | None:
    """The lowest price that has to stand beside a reduced one, in minor units; None if there is nothing to tell.

    The price that is struck through tells it already where it is that lowest one.
    """
    reduced = _is_reduced(amount_minor, compare_at_minor)
    return lowest_minor if reduced and lowest_minor != compare_at_minor and country in TOLD_IN else None


def first(rows: list[Row]) -> list[Row]:
    """The prices of a new variant, each with the lowest one before it: only a sale yet to come has any."""
    now = clock.now()
    return [{**row, "lowest_before_minor": _lowest_before(row, {}, rows, now)} for row in rows]


def change(variant_id: int, currency: str, rows: list[Row]) -> None:
    """Put these prices in the place of a variant's; what was asked until now is remembered for as long as it counts."""
    now = clock.now()
    of_variant = {"variant_id": variant_id, "currency": currency}
    old = db.session.scalars(select(Price).filter_by(**of_variant)).all()
    asked = _asked(old, db.session.scalars(select(PastPrice).filter_by(**of_variant)).all(), now)
    told = {  # a reduction that goes on, from another price or for longer, is the same one
        (price.amount_minor, price.valid_from): price.lowest_before_minor
        for price in old
        if _is_reduced(price.amount_minor, price.compare_at_minor)
    }
    for row in rows:
        same = row["amount_minor"], row["valid_from"]
        row["lowest_before_minor"] = told[same] if same in told else _lowest_before(row, asked, rows, now)
    for table in (PastPrice, Price):
        db.session.execute(delete(table).filter_by(**of_variant))
    past = [{**of_variant, "amount_minor": amount, "until": until} for amount, until in asked.items()]
    for table, new in ((PastPrice, past), (Price, rows)):
        if new:
            db.session.execute(insert(table), new)


def _asked(prices, past, now) -> dict[int, datetime]:
    """Each amount that was asked lately, and until when: it is now, or was."""
    spans = [(one.amount_minor, one.until) for one in past]
    for price in prices:
        if price.valid_from is None or price.valid_from < now:
            spans.append((price.amount_minor, min(price.valid_to or now, now)))
    asked: dict[int, datetime] = {}
    for amount, until in spans:
        if until > now - WINDOW:
            asked[amount] = max(until, asked.get(amount, until))
    return asked


def _lowest_before(row, asked, rows, now) -> int | None:
    """The lowest amount of the 30 days before a reduced price begins; None if it is none, or nothing is known."""
    if not _is_reduced(row["amount_minor"], row["compare_at_minor"]):
        return None
    begins = max(row["valid_from"] or now, now)
    amounts = [amount for amount, until in asked.items() if until > begins - WINDOW]
    for other in rows:
        if (other["valid_from"] or now) < begins and (other["valid_to"] or begins) > begins - WINDOW:
            amounts.append(other["amount_minor"])
    return min(amounts, default=None)


def _is_reduced(amount_minor, compare_at_minor):
    return compare_at_minor is not None and compare_at_minor > amount_minor

"""What is another than it was when the shopper looked: old and new side by side, never a silent change."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask_babel import gettext as _


class Difference(NamedTuple):
    """One row. Each side is (quantity or None, minor units or None), or None where it is not there at all."""

    label: str
    then: tuple[int | None, int | None] | None
    now: tuple[int | None, int | None] | None


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """The rows of two quotes' contents that differ, goods first and the total last; nothing if all are equal."""
    rows = [*_goods(then, now), *_later(then, now), _shipping(then, now)]
    for key, label in (("discount", _("Discount")), ("tax", _("Tax"))):
        rows.append(Difference(label, (None, then[key]), (None, now[key])))
    rows += [*_certificates(then, now), Difference(_("To pay"), (None, then["due"]), (None, now["due"]))]
    return [row for row in rows if row.then != row.now]


def _goods(then, now):
    before, after = ({(line[0], str(line[5])): line for line in content["lines"]} for content in (then, now))
    for goods in {**before, **after}:
        old, new = before.get(goods), after.get(goods)
        yield Difference((new or old or [None, ""])[1], _side(old), _side(new))


def _later(then, now):
    """How many of each article are not there yet, and come in a parcel of their own."""
    before, after = ({(sku, name): many for sku, name, many in one.get("later", ())} for one in (then, now))
    for goods in {**before, **after}:
        sides = [(many[goods], None) if goods in many else None for many in (before, after)]
        yield Difference(_("%(name)s: follow later", name=goods[1]), *sides)


def _certificates(then, now):
    """What each gift certificate pays; before them the total, which is another sum than what is to be paid."""
    before, after = (dict(content.get("certificates", ())) for content in (then, now))
    if before or after:
        yield Difference(_("Total"), (None, then["total"]), (None, now["total"]))
    for last4 in {**before, **after}:
        label, old, new = _("Gift certificate …%(last4)s", last4=last4), before.get(last4), after.get(last4)
        yield Difference(label, old and (None, -old), new and (None, -new))


def _side(line):
    return (line[2], line[4]) if line else None


def _shipping(then, now):
    old, new = then["shipping"], now["shipping"]
    names = [way[1] for way in (old, new) if way]
    label = _("Shipping: %(ways)s", ways=" → ".join(dict.fromkeys(names))) if names else _("Shipping")
    return Difference(label, old and (None, old[2]), new and (None, new[2]))

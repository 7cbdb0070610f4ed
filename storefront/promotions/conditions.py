"""When a rule applies: one entry a kind of condition, looked up by name. A package may add its own.

Each is asked with the condition's own parameters, the basket and the facts, and answers yes or no. It looks at goods at
their price before any discount, and never at gifts: so no rule can bring about what it needs, and none can loop.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from storefront.promotions import saying
from storefront.promotions.params import GOODS, Param
from storefront.promotions.saying import Words
from storefront.promotions.values import Basket, Facts

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Condition:
    """One kind: what staff choose it by, whether it holds, how it is said ("for goods of €50 or more"), its form."""

    label: LazyString | str
    holds: Callable[[Params, Basket, Facts], bool]
    says: Callable[[Params, Words], str]
    params: tuple[Param, ...] = ()


def _units(params, basket):
    return sum(line.quantity for line in basket.chosen(params))


def _has_goods(params, basket, facts):
    return _units(params, basket) >= params.get("least", 1)


def _has_quantity(params, basket, facts):
    return params.get("least", 0) <= basket.units <= params.get("most", basket.units)


def _has_sum(params, basket, facts):
    goods = sum(line.unit_minor * line.quantity for line in basket.chosen(params))
    return params.get("least_minor", 0) <= goods <= params.get("most_minor", goods)


def _is_customer(params, basket, facts):
    return bool(facts.email) and (not params.get("emails") or facts.email in params["emails"])


def _is_in_group(params, basket, facts):
    return params.get("group_id") in facts.groups


def _is_first_order(params, basket, facts):
    return facts.first_order


def _is_day(params, basket, facts):
    """Dates are text like 2026-11-22, which sorts as it passes; both ends are part of it."""
    today = facts.today.isoformat()
    if not params.get("from", today) <= today <= params.get("until", today):
        return False
    return not params.get("weekdays") or facts.today.weekday() in params["weekdays"]


def _is_region(params, basket, facts):
    return facts.country in params.get("countries", ()) and (
        not params.get("subdivisions") or facts.subdivision in params["subdivisions"]
    )


def _is_open(params, basket, facts):
    """Without its code a rule does not come as far as here."""
    return True


CONDITIONS: dict[str, Condition] = {
    "goods": Condition(
        _l("Certain goods are in the cart"),
        _has_goods,
        saying.says_goods,
        (*GOODS, Param("least", "number", _l("At least so many of them"), required=True)),
    ),
    "category": Condition(
        _l("Goods of a category are in the cart"),
        _has_goods,
        saying.says_goods,
        (
            Param("categories", "categories", _l("Categories"), _l("With everything below them."), required=True),
            Param("least", "number", _l("At least so many of them"), required=True),
        ),
    ),
    "quantity": Condition(
        _l("So many pieces are in the cart"),
        _has_quantity,
        saying.says_quantity,
        (Param("least", "number", _l("At least"), required=True), Param("most", "number", _l("At most"))),
    ),
    "sum": Condition(
        _l("The goods cost so much"),
        _has_sum,
        saying.says_sum,
        (
            Param("least_minor", "amount", _l("At least"), _l("Before discounts, without shipping."), required=True),
            Param("most_minor", "amount", _l("At most")),
            *GOODS,
        ),
    ),
    "customer": Condition(
        _l("The customer is signed in"),
        _is_customer,
        saying.says_customer,
        (Param("emails", "emails", _l("Only these"), _l("E-mails, one a line. Empty: every confirmed account.")),),
    ),
    "group": Condition(
        _l("The customer is in a group"),
        _is_in_group,
        saying.says_group,
        (Param("group_id", "group", _l("Group"), required=True),),
    ),
    "first_order": Condition(_l("It is the customer's first order"), _is_first_order, saying.says_first_order),
    "dates": Condition(
        _l("On certain days"),
        _is_day,
        saying.says_days,
        (
            Param("from", "day", _l("From the day"), _l("As 2026-11-22, by the clocks of the shop.")),
            Param("until", "day", _l("To the day"), _l("That day included.")),
            Param("weekdays", "weekdays", _l("Only on")),
        ),
    ),
    "region": Condition(
        _l("It is sent to certain places"),
        _is_region,
        saying.says_region,
        (
            Param("countries", "countries", _l("Countries"), _l("Two letters each: LV, LT."), required=True),
            Param("subdivisions", "subdivisions", _l("Only these states or regions"), _l("As LV-RIX; empty: all.")),
        ),
    ),
    "coupon": Condition(_l("The shopper has a code"), _is_open, saying.says_code),
}

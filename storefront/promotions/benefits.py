"""What a rule brings: one entry a kind of benefit, looked up by name. A package may add its own.

A benefit on goods gives pieces: (line, what to take off it, how that came about). The engine never takes more than is
left of a line, whatever a benefit says. `again` works the whole amount out once more from what an order has kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from storefront.kit import money
from storefront.promotions import saying
from storefront.promotions.params import GOODS, Param
from storefront.promotions.saying import Words
from storefront.promotions.values import Basket, Piece, spread

Params = Mapping[str, Any]
GOODS_PHASE, SHIPPING, GIFT, ISSUE = "goods", "shipping", "gift", "issue"


@dataclass(frozen=True)
class Benefit:
    """One kind: what staff choose it by, what it gives, how it is said, its form.

    `phase` says when it comes: on goods (`give`), on shipping (`off`: parameters and cost to what is taken off), as a
    gift, or when the order is paid. `tells` says how an amount came about, of its detail.
    """

    label: LazyString | str
    says: Callable[[Params, Words], str]
    params: tuple[Param, ...]
    phase: str = GOODS_PHASE
    give: Callable[[Params, Basket], list[Piece]] | None = None
    off: Callable[[Params, int], int] | None = None
    again: Callable[[Params], int] | None = None
    tells: Callable[[Params, Words], str] | None = None


# ---- percent and amount: of all that is chosen together, rounded once, shared to the last coin


def _percent(params, basket):
    lines, rate = basket.chosen(params), min(params["rate_ppm"], money.PPM)
    base = sum(basket.left[line.key] for line in lines)
    return spread(basket, lines, money.share(base, rate), {"rate_ppm": rate})


def _percent_again(detail):
    return money.share(detail["base_minor"], detail["rate_ppm"])


def _amount(params, basket):
    return spread(basket, basket.chosen(params), params["amount_minor"], {"amount_minor": params["amount_minor"]})


def _amount_again(detail):
    return min(detail["amount_minor"], detail["base_minor"])


# ---- line by line: each has its own whole


def _alone(key, whole, detail):
    return key, whole, {**detail, "whole_minor": whole, "weight_minor": detail["base_minor"], "alone": True}


def _fixed_price(params, basket):
    pieces = []
    for line in basket.chosen(params):
        detail = {"each_minor": params["each_minor"], "qty": line.quantity, "base_minor": basket.left[line.key]}
        pieces.append(_alone(line.key, _fixed_price_again(detail), detail))
    return pieces


def _fixed_price_again(detail):
    return max(0, detail["base_minor"] - detail["each_minor"] * detail["qty"])


def _buy_x_get_y(params, basket):
    """Of every so many pieces the cheapest are free, or cheaper; dearer ones are what was bought."""
    lines = sorted(basket.chosen(params), key=lambda line: (line.unit_minor, line.key))
    group = params["buy"] + params["get"]
    free, pieces = sum(line.quantity for line in lines) // group * params["get"], []
    for line in lines:
        units = min(free, line.quantity)
        if not units:
            break
        free -= units
        detail = {"units": units, "qty": line.quantity, "rate_ppm": min(params["rate_ppm"], money.PPM)}
        detail |= {"base_minor": basket.left[line.key], "buy": params["buy"], "get": params["get"]}
        pieces.append(_alone(line.key, _buy_x_get_y_again(detail), detail))
    return pieces


def _buy_x_get_y_again(detail):
    worth = money.split(detail["base_minor"], [detail["units"], detail["qty"] - detail["units"]])[0]
    return money.share(worth, detail["rate_ppm"])


# ---- shipping


def _off_shipping(params, cost_minor):
    off = money.share(cost_minor, min(params["rate_ppm"], money.PPM))
    return min(off, params.get("most_minor", off))


def _off_shipping_again(detail):
    return min(_off_shipping(detail, detail["base_minor"]), detail["base_minor"])


# ---- in words


BENEFITS: dict[str, Benefit] = {
    "percent": Benefit(
        _l("Percent off"),
        saying.says_percent,
        (Param("rate_ppm", "percent", _l("Percent"), _l("At most 100."), required=True), *GOODS),
        give=_percent,
        again=_percent_again,
        tells=saying.tells_percent,
    ),
    "amount": Benefit(
        _l("An amount off"),
        saying.says_amount,
        (
            Param("amount_minor", "amount", _l("Amount"), _l("Never more than the goods still cost."), required=True),
            *GOODS,
        ),
        give=_amount,
        again=_amount_again,
        tells=saying.tells_amount,
    ),
    "buy_x_get_y": Benefit(
        _l("Buy some, get some"),
        saying.says_buy,
        (
            Param("buy", "number", _l("Buy so many"), required=True),
            Param("get", "number", _l("Get so many"), _l("The cheapest of them."), required=True),
            Param("rate_ppm", "percent", _l("Percent off these"), _l("100 makes them free."), required=True),
            *GOODS,
        ),
        give=_buy_x_get_y,
        again=_buy_x_get_y_again,
        tells=saying.tells_buy,
    ),
    "fixed_price": Benefit(
        _l("A fixed price"),
        saying.says_fixed,
        (
            Param("each_minor", "amount", _l("Price of each"), _l("Cheaper goods stay as they are."), required=True),
            *GOODS,
        ),
        give=_fixed_price,
        again=_fixed_price_again,
        tells=saying.tells_fixed,
    ),
    "free_shipping": Benefit(
        _l("Free or cheaper shipping"),
        saying.says_shipping,
        (
            Param("rate_ppm", "percent", _l("Percent off"), _l("100 makes it free."), required=True),
            Param("most_minor", "amount", _l("At most so much")),
        ),
        phase=SHIPPING,
        off=_off_shipping,
        again=_off_shipping_again,
        tells=saying.tells_shipping,
    ),
    "gift": Benefit(
        _l("A gift"),
        saying.says_gift,
        (
            Param("sku", "sku", _l("SKU of the gift"), required=True),
            Param("quantity", "number", _l("How many"), required=True, most=100),
        ),
        phase=GIFT,
        again=lambda detail: detail["base_minor"],
        tells=saying.tells_gift,
    ),
    "issue_coupon": Benefit(
        _l("A code for the next order"),
        saying.says_issue,
        (
            Param("promotion_id", "promotion", _l("Promotion that the code opens"), required=True),
            Param("valid_days", "number", _l("Days for which it is valid"), _l("Empty: as long as that promotion.")),
        ),
        phase=ISSUE,
        again=lambda detail: 0,
        tells=saying.tells_issue,
    ),
}

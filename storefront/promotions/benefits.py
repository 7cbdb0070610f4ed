"""What a rule brings: one entry a kind of benefit, looked up by name. A package may add its own.

A benefit on goods gives pieces: (line, what to take off it, how that came about). The engine never takes more than is
left of a line, whatever a benefit says. `again` works the whole amount out once more from what an order has kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l
from flask_babel.speaklater import LazyString

from storefront.kit import money
from storefront.promotions.params import GOODS, Param, Words
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


def _says_percent(params, words):
    return _("%(rate)s off %(goods)s", rate=money.percent(params["rate_ppm"]), goods=words.goods(params))


def _says_amount(params, words):
    return _("%(sum)s off %(goods)s", sum=words.money(params["amount_minor"]), goods=words.goods(params))


def _says_fixed(params, words):
    return _("%(goods)s for %(price)s each", goods=words.goods(params), price=words.money(params["each_minor"]))


def _says_buy(params, words):
    told = {"buy": params["buy"], "get": params["get"], "goods": words.goods(params)}
    if params["rate_ppm"] >= money.PPM:
        return _("buy %(buy)s, get %(get)s free, of %(goods)s", **told)
    return _("buy %(buy)s, get %(get)s with %(rate)s off, of %(goods)s", rate=money.percent(params["rate_ppm"]), **told)


def _says_shipping(params, words):
    free = params["rate_ppm"] >= money.PPM
    said = _("free shipping") if free else _("%(rate)s off shipping", rate=money.percent(params["rate_ppm"]))
    if "most_minor" in params:
        return _("%(what)s, at most %(sum)s", what=said, sum=words.money(params["most_minor"]))
    return said


def _says_gift(params, words):
    return _("a gift: %(count)s × %(sku)s", count=params["quantity"], sku=params["sku"])


def _says_issue(params, words):
    name = words.promotions.get(params["promotion_id"], "?")
    return _("a code for “%(name)s”, when the order is paid", name=name)


def _tells_share(how, detail, words):
    whole, base = words.money(detail["whole_minor"]), words.money(detail["base_minor"])
    told = _("%(how)s of %(base)s is %(whole)s", how=how, base=base, whole=whole)
    if detail["base_minor"] == detail["weight_minor"]:
        return told
    return _("%(told)s; this line's share of it", told=told)


def _tells_percent(detail, words):
    return _tells_share(money.percent(detail["rate_ppm"]), detail, words)


def _tells_amount(detail, words):
    return _tells_share(words.money(detail["amount_minor"]), detail, words)


def _tells_fixed(detail, words):
    each, base = words.money(detail["each_minor"]), words.money(detail["base_minor"])
    return _("%(count)s at %(each)s instead of %(base)s", count=detail["qty"], each=each, base=base)


def _tells_buy(detail, words):
    rate = money.percent(detail["rate_ppm"])
    return _("%(rate)s off %(units)s of %(count)s", rate=rate, units=detail["units"], count=detail["qty"])


def _tells_shipping(detail, words):
    return _("%(what)s of %(sum)s", what=_says_shipping(detail, words), sum=words.money(detail["base_minor"]))


BENEFITS: dict[str, Benefit] = {
    "percent": Benefit(
        _l("Percent off"),
        _says_percent,
        (Param("rate_ppm", "percent", _l("Percent"), _l("At most 100."), required=True), *GOODS),
        give=_percent,
        again=_percent_again,
        tells=_tells_percent,
    ),
    "amount": Benefit(
        _l("An amount off"),
        _says_amount,
        (
            Param("amount_minor", "amount", _l("Amount"), _l("Never more than the goods still cost."), required=True),
            *GOODS,
        ),
        give=_amount,
        again=_amount_again,
        tells=_tells_amount,
    ),
    "buy_x_get_y": Benefit(
        _l("Buy some, get some"),
        _says_buy,
        (
            Param("buy", "number", _l("Buy so many"), required=True),
            Param("get", "number", _l("Get so many"), _l("The cheapest of them."), required=True),
            Param("rate_ppm", "percent", _l("Percent off these"), _l("100 makes them free."), required=True),
            *GOODS,
        ),
        give=_buy_x_get_y,
        again=_buy_x_get_y_again,
        tells=_tells_buy,
    ),
    "fixed_price": Benefit(
        _l("A fixed price"),
        _says_fixed,
        (
            Param("each_minor", "amount", _l("Price of each"), _l("Cheaper goods stay as they are."), required=True),
            *GOODS,
        ),
        give=_fixed_price,
        again=_fixed_price_again,
        tells=_tells_fixed,
    ),
    "free_shipping": Benefit(
        _l("Free or cheaper shipping"),
        _says_shipping,
        (
            Param("rate_ppm", "percent", _l("Percent off"), _l("100 makes it free."), required=True),
            Param("most_minor", "amount", _l("At most so much")),
        ),
        phase=SHIPPING,
        off=_off_shipping,
        again=_off_shipping_again,
        tells=_tells_shipping,
    ),
    "gift": Benefit(
        _l("A gift"),
        _says_gift,
        (
            Param("sku", "sku", _l("SKU of the gift"), required=True),
            Param("quantity", "number", _l("How many"), required=True, most=100),
        ),
        phase=GIFT,
        again=lambda detail: detail["base_minor"],
        tells=lambda detail, words: _("a gift, worth %(sum)s", sum=words.money(detail["base_minor"])),
    ),
    "issue_coupon": Benefit(
        _l("A code for the next order"),
        _says_issue,
        (
            Param("promotion_id", "promotion", _l("Promotion that the code opens"), required=True),
            Param("valid_days", "number", _l("Days for which it is valid"), _l("Empty: as long as that promotion.")),
        ),
        phase=ISSUE,
        again=lambda detail: 0,
        tells=lambda detail, words: _("a code comes by letter when the order is paid"),
    ),
}

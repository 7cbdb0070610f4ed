"""Conditions and benefits in sentences, as shoppers read them too: when a code counts, and how an amount came about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l, ngettext

from storefront.customers import country_name
from storefront.kit import dates, money

Params = Mapping[str, Any]

WEEKDAYS = {
    "0": _l("Monday"),
    "1": _l("Tuesday"),
    "2": _l("Wednesday"),
    "3": _l("Thursday"),
    "4": _l("Friday"),
    "5": _l("Saturday"),
    "6": _l("Sunday"),
}


@dataclass(frozen=True)
class Words:
    """What is needed to say a rule in a sentence: the currency, the language, and the names behind numbers."""

    currency: str
    locale: str = "en"
    categories: Mapping[int, str] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict)
    promotions: Mapping[int, str] = field(default_factory=dict)

    def money(self, amount_minor: int) -> str:
        """The amount as people read it."""
        return money.shown(amount_minor, self.currency, self.locale)

    def percent(self, rate_ppm: int) -> str:
        """The rate as people read it."""
        return money.percent(rate_ppm, self.locale)

    def day(self, text: str) -> str:
        """A day that is kept like 2026-11-22, as people read it."""
        return dates.day(date.fromisoformat(text), self.locale, date.min)

    def goods(self, params: Mapping[str, Any]) -> str:
        """Which goods are meant: "MUG, BOWL or Tea"."""
        names = [*params.get("skus", ()), *(self.categories.get(id, f"#{id}") for id in params.get("categories", ()))]
        return ", ".join(names) if names else _("all goods")


def says_goods(params: Params, words: Words) -> str:
    """with 2 of MUG."""
    return _("with %(count)s of %(goods)s", count=params.get("least", 1), goods=words.goods(params))


def says_quantity(params: Params, words: Words) -> str:
    """with 2 pieces or more in the cart."""
    if "most" in params:
        least = params.get("least", 0)
        return _("with %(least)s to %(most)s pieces in the cart", least=least, most=params["most"])
    least = params.get("least", 0)
    return ngettext("with %(num)s piece or more in the cart", "with %(num)s pieces or more in the cart", least)


def says_sum(params: Params, words: Words) -> str:
    """for all goods of €50.00 or more."""
    least, goods = words.money(params.get("least_minor", 0)), words.goods(params)
    if "most_minor" in params:
        most = words.money(params["most_minor"])
        return _("for %(goods)s of %(least)s to %(most)s", goods=goods, least=least, most=most)
    return _("for %(goods)s of %(least)s or more", goods=goods, least=least)


def says_customer(params: Params, words: Words) -> str:
    """for customers who are signed in."""
    return _("for certain customers, signed in") if params.get("emails") else _("for customers who are signed in")


def says_group(params: Params, words: Words) -> str:
    """for the group Friends, signed in."""
    return _("for the group %(name)s, signed in", name=words.groups.get(params.get("group_id", 0), "?"))


def says_days(params: Params, words: Words) -> str:
    """from 22 Nov 2026 until 24 Dec 2026 on Monday."""
    parts = []
    if "from" in params:
        parts.append(_("from %(day)s", day=words.day(params["from"])))
    if "until" in params:
        parts.append(_("until %(day)s", day=words.day(params["until"])))
    if params.get("weekdays"):
        parts.append(_("on %(days)s", days=", ".join(str(WEEKDAYS[str(day)]) for day in params["weekdays"])))
    return " ".join(parts)


def says_region(params: Params, words: Words) -> str:
    """sent to Latvia, Lithuania."""
    countries = [country_name(code, words.locale) for code in params.get("countries", ())]
    return _("sent to %(places)s", places=", ".join([*countries, *params.get("subdivisions", ())]))


def says_first_order(params: Params, words: Words) -> str:
    """for the first order."""
    return _("for the first order")


def says_code(params: Params, words: Words) -> str:
    """with a code."""
    return _("with a code")


def says_percent(params: Params, words: Words) -> str:
    """10 % off all goods."""
    return _("%(rate)s off %(goods)s", rate=words.percent(params["rate_ppm"]), goods=words.goods(params))


def says_amount(params: Params, words: Words) -> str:
    """€5.00 off all goods."""
    return _("%(sum)s off %(goods)s", sum=words.money(params["amount_minor"]), goods=words.goods(params))


def says_fixed(params: Params, words: Words) -> str:
    """MUG for €5.00 each."""
    return _("%(goods)s for %(price)s each", goods=words.goods(params), price=words.money(params["each_minor"]))


def says_buy(params: Params, words: Words) -> str:
    """buy 2, get 1 free, of all goods."""
    told = {"buy": params["buy"], "get": params["get"], "goods": words.goods(params)}
    if params["rate_ppm"] >= money.PPM:
        return _("buy %(buy)s, get %(get)s free, of %(goods)s", **told)
    return _("buy %(buy)s, get %(get)s with %(rate)s off, of %(goods)s", rate=words.percent(params["rate_ppm"]), **told)


def says_shipping(params: Params, words: Words) -> str:
    """free shipping, at most €9.00."""
    free = params["rate_ppm"] >= money.PPM
    said = _("free shipping") if free else _("%(rate)s off shipping", rate=words.percent(params["rate_ppm"]))
    if "most_minor" in params:
        return _("%(what)s, at most %(sum)s", what=said, sum=words.money(params["most_minor"]))
    return said


def says_gift(params: Params, words: Words) -> str:
    """a gift: 1 × MUG."""
    return _("a gift: %(count)s × %(sku)s", count=params["quantity"], sku=params["sku"])


def says_issue(params: Params, words: Words) -> str:
    """a code for “Welcome back”, when the order is paid."""
    name = words.promotions.get(params["promotion_id"], "?")
    return _("a code for “%(name)s”, when the order is paid", name=name)


def tells_share(how: str, detail: Params, words: Words) -> str:
    """10 % of €50.00 is €5.00, with a word where that is shared with other lines."""
    whole, base = words.money(detail["whole_minor"]), words.money(detail["base_minor"])
    told = _("%(how)s of %(base)s is %(whole)s", how=how, base=base, whole=whole)
    if detail["base_minor"] == detail["weight_minor"]:
        return told
    return _("%(told)s; this line's share of it", told=told)


def tells_percent(detail: Params, words: Words) -> str:
    """10 % of €50.00 is €5.00."""
    return tells_share(words.percent(detail["rate_ppm"]), detail, words)


def tells_amount(detail: Params, words: Words) -> str:
    """€5.00 of €50.00 is €5.00."""
    return tells_share(words.money(detail["amount_minor"]), detail, words)


def tells_fixed(detail: Params, words: Words) -> str:
    """2 at €5.00 instead of €12.00."""
    each, base = words.money(detail["each_minor"]), words.money(detail["base_minor"])
    return _("%(count)s at %(each)s instead of %(base)s", count=detail["qty"], each=each, base=base)


def tells_buy(detail: Params, words: Words) -> str:
    """100 % off 1 of 3."""
    rate = words.percent(detail["rate_ppm"])
    return _("%(rate)s off %(units)s of %(count)s", rate=rate, units=detail["units"], count=detail["qty"])


def tells_shipping(detail: Params, words: Words) -> str:
    """free shipping of €4.90."""
    return _("%(what)s of %(sum)s", what=says_shipping(detail, words), sum=words.money(detail["base_minor"]))


def tells_gift(detail: Params, words: Words) -> str:
    """a gift, worth €5.00."""
    return _("a gift, worth %(sum)s", sum=words.money(detail["base_minor"]))


def tells_issue(detail: Params, words: Words) -> str:
    """a code comes by letter when the order is paid."""
    return _("a code comes by letter when the order is paid")

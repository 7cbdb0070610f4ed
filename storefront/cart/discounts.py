"""What promotions take off a quote: of the goods before shipping is priced, and of shipping after that.

Certificates that are bought take no part: they are money, neither counted nor made cheaper.
"""

from dataclasses import replace
from functools import cache
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select

from storefront import promotions, store
from storefront.cart import joined, shelf
from storefront.cart.models import Cart
from storefront.cart.priced import Adjustment, Code, QuoteLine
from storefront.cart.quote import Quote
from storefront.catalog.models import Variant
from storefront.catalog.offers import Offer
from storefront.customers.models import Customer
from storefront.kit import clock
from storefront.kit.db import db
from storefront.promotions import Facts, Line, Rule, Standing, Who


def discount_goods(quote: Quote) -> None:
    """Every rule that stands, in its turn, with the codes of the cart; in a number of queries that no line adds to.

    Rules speak of sums in the shop's currency: a cart in another one has none.
    """
    if not quote.lines or quote.currency != store.current().currency:
        return
    cart = quote.cart
    customer = db.session.get(Customer, cart.customer_id) if cart.customer_id is not None else None
    who = who_of(cart, customer)
    paying = cache(lambda: joined.open_orders(cart))  # asked for only where something is limited
    standing = promotions.standing(cart.coupon_codes, who, paying)
    if standing.rules:
        lines = _lines(quote, standing)
        presents = _presents(quote, standing)
        facts = replace(_facts(quote, standing, who, customer, paying), gifts_left=_left_of(quote, presents))
        quote.promoted = promotions.apply(lines, standing.rules, facts)
        _take_off(quote)
        _add_presents(quote, presents)
    quote.adjustments += [
        _adjustment(rule, 0, {"benefit": "issue_coupon", "step": step} | dict(params))
        for rule, params, step in quote.promoted.issues
    ]
    quote.codes = _codes(quote, standing)


def discount_shipping(quote: Quote) -> None:
    """Each way to travel at what the rules leave of its price; what it cost before stands beside it."""
    if not quote.promoted.shipping or not quote.level:
        return
    chosen = quote.level.level_id
    for rule, amount, detail in promotions.off_shipping(quote.promoted, quote.level.cost_minor):
        quote.adjustments.append(_adjustment(rule, amount, {**detail, "of": "shipping"}))
    quote.levels = [_cheaper(level, quote.promoted) for level in quote.levels]
    quote.level = next(level for level in quote.levels if level.level_id == chosen)
    quote.shipping_minor = quote.level.cost_minor


def who_of(cart: Cart, customer: Customer | None = None) -> Who:
    """Whose uses are counted: the account, its e-mail, and the e-mail that was typed at the checkout."""
    return Who.of(cart.customer_id, cart.email, customer.email if customer else "")


def _cheaper(level, promoted):
    off = sum(amount for _rule, amount, _detail in promotions.off_shipping(promoted, level.cost_minor))
    return replace(level, cost_minor=level.cost_minor - off)


def _lines(quote, standing: Standing):
    goods = [line for line in quote.lines if not line.offer.gift_certificate]
    places = promotions.places_of({line.offer.product_id for line in goods}, standing.categories)
    return [
        Line(
            line.line_id, line.offer.sku, line.quantity, line.unit_minor, places.get(line.offer.product_id, frozenset())
        )
        for line in goods
    ]


def _facts(quote, standing: Standing, who, customer, paying):
    """Only what a rule asks for is looked up. An account counts once its e-mail is confirmed: anybody can type one."""
    proved = customer.email if customer and customer.verified_at else ""
    now, there = clock.here(), quote.shipping_address or {}
    return Facts(
        now=now,
        today=now.astimezone(ZoneInfo(store.current().timezone)).date(),
        country=there.get("country", ""),
        subdivision=there.get("subdivision", ""),
        email=proved,
        groups=promotions.groups_of(proved) if proved and standing.wants("group") else frozenset(),
        first_order=not (standing.wants("first_order") and promotions.has_bought(who, paying())),
        travels=quote.requires_shipping,
    )


def _take_off(quote):
    """Each taking on its line, and as an adjustment of the quote; a large cart has hundreds of them."""
    by_key = {line.line_id: line for line in quote.lines}
    called = {rule.id: _called(rule) for rule in quote.promoted.applied}
    for taking in quote.promoted.takings:
        line, amount, rule = by_key[taking.key], taking.amount_minor, taking.rule
        line.discount_minor += amount
        line.total_minor -= amount
        kind, label, version = called[rule.id]
        quote.adjustments.append(
            Adjustment(kind, label, -amount, taking.key, version, rule.id, rule.coupon_id, taking.detail)
        )
    quote.discount_minor = sum(line.discount_minor for line in quote.lines)


def _adjustment(rule: Rule, amount_minor, detail, line_id=None):
    kind, label, version = _called(rule)
    return Adjustment(kind, label, -amount_minor, line_id, version, rule.id, rule.coupon_id, detail)


def _called(rule):
    """What an adjustment says of its rule: its kind, its label with the code, and the rule's version."""
    kind = "coupon" if rule.coupon_id is not None else "promotion"
    return kind, f"{rule.label} ({rule.code})" if rule.code else rule.label, f"{rule.id}.{rule.version}"


def _presents(quote, standing: Standing) -> dict[str, Offer | None]:
    """What the rules that stand may give away, by SKU: None for what is not there at all."""
    if not (skus := standing.gifts):
        return {}
    ids = db.session.scalars(select(Variant.id).where(Variant.sku.in_(skus))).all()
    return dict.fromkeys(skus) | {offer.sku: offer for offer in shelf.offers(quote.cart, ids).values()}


def _left_of(quote, presents):
    """How many of each can be given away beside what the cart takes; those that are endless are not named."""
    left = {sku: 0 for sku, offer in presents.items() if offer is None or not offer.on_sale}
    for sku, offer in presents.items():
        if offer and offer.on_sale and offer.available is not None:
            left[sku] = offer.available - sum(line.quantity for line in quote.lines if line.offer.sku == sku)
    return left


def _add_presents(quote, presents):
    """Each gift is a line of its own that costs nothing; what is gone is told."""
    for number, (rule, params, step) in enumerate(quote.promoted.gifts, start=1):
        _add_present(quote, rule, presents[params["sku"]], -number, params["quantity"], step)
    quote.remarks += [
        _("The gift of “%(offer)s” is not there any more.", offer=rule.label) for rule in quote.promoted.gone
    ]


def _add_present(quote, rule, offer, line_id, quantity, step):
    listed = offer.unit_minor or 0
    unit = quote.place.price(listed, offer.tax_category_id)
    worth = unit * quantity
    words = {"gift": rule.label}
    present = QuoteLine(line_id, offer, quantity, words, unit_minor=unit, listed_minor=listed, present=True)
    present.discount_minor = worth
    quote.lines.append(present)
    quote.goods_minor += worth
    quote.discount_minor += worth
    detail = {"benefit": "gift", "step": step, "base_minor": worth, "whole_minor": worth, "weight_minor": worth}
    quote.adjustments.append(_adjustment(rule, worth, {**detail, "alone": True}, line_id))


def _codes(quote, standing: Standing):
    """Every code that was typed, with the reason if it takes nothing off."""
    unmet = quote.promoted.unmet
    words = promotions.words_for(why for why in unmet.values() if isinstance(why, dict)) if standing.codes else None
    opened = {rule.code: rule for rule in standing.rules if rule.code}
    found = []
    for coupon, promotion, problem in standing.codes:
        rule, why = opened.get(coupon.code), problem
        if not problem and rule is None:
            why = _("The code %(code)s adds nothing beside the other one.", code=coupon.code)
        elif rule and rule.id in unmet and words:
            why = promotions.why_not(unmet[rule.id], coupon.code, words)
        found.append(Code(coupon.code, promotion.shown, why))
    return found

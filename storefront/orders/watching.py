"""What an open page asks now and then: has what it shows changed, in another tab or on another device?

A page carries a signed mark of what it was made from: the cart's version and lines, the order that the cart is paid
with, and on an order's own pages how that order stood. The answer says in words what is another now, and where to
see it. Each question is a constant number of queries, and nothing is kept between them.
"""

from typing import Any, NamedTuple

from flask import Blueprint, jsonify, make_response, request, url_for
from flask_babel import gettext as _

from storefront import cart, catalog, orders
from storefront.cart.models import Cart
from storefront.kit import signing
from storefront.kit.db import db
from storefront.kit.errors import Invalid
from storefront.kit.limits import limiter
from storefront.orders.models import Order
from storefront.orders.stage import CLOSED_STAGE, PAID, SUPERSEDED_STAGE, Stage
from storefront.orders.wording import LABELS
from storefront.store.times import hour

bp = Blueprint("watch", __name__)
_SALT = "what a page has shown"
MOST_TOLD = 3  # articles by name; more would be a list


class Told(NamedTuple):
    """What has changed, and the page that shows it as it is now."""

    changed: str = ""
    url: str = ""
    link: str = ""


NOTHING = Told()


@bp.get("/cart/status")
@limiter.limit("120 per minute")
def of_cart():
    """The version of the visitor's cart, and what has changed since the page that asks was made."""
    badge = cart.badge()
    told = cart_story(_seen())._asdict()
    return _small(state=str(badge["cart_version"]), version=badge["cart_version"], count=badge["cart_count"], **told)


@bp.get("/orders/<key>/status")
@limiter.limit("120 per minute")
def of_order(key):
    """How an order stands, and what of it or of its cart has changed since the page that asks was made."""
    order, seen = orders.by_key(key), _seen()
    stage = orders.stage_of(order)
    told = order_story(seen, order, stage) if seen.get("order", [0])[0] == order.id else NOTHING
    told = told if told.changed else cart_story(seen)
    return _small(
        state=stage.word,
        version=order.version,
        label=str(LABELS.get(stage.word) or ""),
        order=order.status,
        payment=order.payment_status,
        hold_until=stage.until.isoformat() if stage.until else None,
        payable=stage.may_pay and seen.get("order", how(order, stage))[3] == how(order, stage)[3],
        cart_version=cart.badge()["cart_version"],
        **told._asdict(),
    )


def watch_url(order: Order | None = None, stage: Stage | None = None) -> str:
    """Where a page asks whether what it shows has changed: the cart, or an order and the cart."""
    basket = cart.current()
    seen: dict[str, Any] = {"cart": _place(basket), "lines": _lines(basket)}
    if order is None or stage is None:
        return url_for("watch.of_cart", seen=signing.signed_forever(seen, _SALT))
    seen["order"] = how(order, stage)
    return url_for("watch.of_order", key=order.key, seen=signing.signed_forever(seen, _SALT))


def how(order: Order, stage: Stage) -> list[Any]:
    """How an order stands for its shopper, to be compared: its stage, until when its goods are kept, its attempt."""
    until = stage.until.isoformat() if stage.until else ""
    return [order.id, stage.word, until, stage.bill.id if stage.bill else 0]


def order_story(seen: dict[str, Any], order: Order, stage: Stage) -> Told:
    """What is another about an order than when its page was made."""
    (_id, word, until, bill), now = seen["order"], how(order, stage)
    if now == seen["order"]:
        return NOTHING
    if now[1] != word:
        return how_it_ended(order, stage)
    if now[3] != bill or now[2] == until or stage.until is None:
        return _told_of(order, _("Another attempt to pay order %(number)s has begun.", number=order.number))
    kept = {"number": order.number, "hour": hour(stage.until)}
    return _told_of(order, _("The goods of order %(number)s are kept until %(hour)s now.", **kept))


def how_it_ended(order: Order, stage: Stage) -> Told:
    """What became of an order, in one sentence."""
    number = order.number
    if stage.word == PAID:
        paid = _("Order %(number)s is paid.", number=number)
        return _told_of(
            order,
            paid
            if order.paid_minor or order.payment_status == "PAID"
            else _("Order %(number)s is confirmed.", number=number),
        )
    if stage.word == SUPERSEDED_STAGE and (newer := db.session.get(Order, order.superseded_by_order_id or 0)):
        sentence = _("Order %(number)s was replaced by order %(newer)s.", number=number, newer=newer.number)
        return _told_of(newer, sentence)
    if stage.word == CLOSED_STAGE:
        return _told_of(order, _("Order %(number)s is cancelled. Nothing was charged.", number=number))
    return _told_of(order, _("Order %(number)s:", number=number) + f" {LABELS[stage.word]}")


def cart_story(seen: dict[str, Any]) -> Told:
    """What is another about the visitor's cart than when the page was made: the order it is paid with, or its lines."""
    then, basket = seen.get("cart"), cart.current()
    if "cart" not in seen or then == _place(basket):
        return NOTHING
    was, now = then[2] if then else None, basket.open_order_id if basket else None
    if then and was and was != now and cart.is_own(then[0]):
        order = db.session.get(Order, was)
        if order is not None:
            return how_it_ended(order, orders.stage_of(order))
    lies_in = _what_lies_in(seen.get("lines", []), basket)
    if now and now != was:
        order = db.session.get_one(Order, now)
        made = _("Order %(number)s was made from this cart, and waits to be paid.", number=order.number)
        return _told_of(order, f"{made} {lies_in}".strip())
    chosen = _("Something that you chose for this purchase has changed.")
    return Told(lies_in or chosen, url_for("cart.show"), _("View cart"))


def _what_lies_in(before, basket):
    then, now = dict(before), dict(_lines(basket))
    differ = [variant for variant in {**then, **now} if then.get(variant) != now.get(variant)]
    if not differ:
        return ""
    if not now:
        return _("Your cart is empty now.")
    offers = catalog.offers(differ[:MOST_TOLD], basket.currency)
    said = [_how_many(offers[one].name, then.get(one), now.get(one)) for one in differ[:MOST_TOLD] if one in offers]
    more = [_("and more")] if len(differ) > MOST_TOLD else []
    return _("Your cart has changed: %(what)s.", what=", ".join(said + more))


def _how_many(name, then, now):
    if then is None:
        return _("%(name)s was added", name=name)
    if now is None:
        return _("%(name)s was removed", name=name)
    return _("%(now)s × %(name)s instead of %(then)s", name=name, now=now, then=then)


def _told_of(order, sentence):
    return Told(sentence, url_for("orders.show", key=order.key), _("Show order %(number)s", number=order.number))


def _place(basket: Cart | None):
    return [basket.id, basket.version, basket.open_order_id] if basket else None


def _lines(basket):
    """(variant, how many) of what is in the cart, whatever was typed beside it."""
    found: dict[int, int] = {}
    for line in basket.lines if basket else ():
        found[line.variant_id] = found.get(line.variant_id, 0) + line.qty
    return [list(pair) for pair in sorted(found.items())]


def _seen():
    """The mark of the page that asks; empty for one that is not ours."""
    try:
        return dict(signing.unsigned_forever(request.args.get("seen", ""), _SALT))
    except Invalid:
        return {}


def _small(**facts):
    answer = make_response(jsonify(**facts))
    answer.add_etag()
    return answer.make_conditional(request)

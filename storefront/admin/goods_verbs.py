"""Changing goods by hand: always the whole draft through the catalog's own saving, counts through the stock's."""

from collections.abc import Mapping
from dataclasses import replace

from flask import g
from flask_babel import gettext as _
from sqlalchemy import select

from storefront import catalog, orders, stock, store
from storefront.admin import audit
from storefront.catalog.drafts import ProductDraft
from storefront.catalog.models import Product, Variant
from storefront.catalog.naming import slug_of
from storefront.catalog.saving import NEW, REFUSED, Change
from storefront.catalog.stored import stored
from storefront.kit import money
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.orders.models import Order
from storefront.stock import BelowReserved
from storefront.stock.models import Stock

MOST_COUNT = 10**9


def draft_of(product_id: int) -> ProductDraft:
    """The product as a whole draft, but for its counts: what is not said stays as it is. Raises NotFound."""
    here = stored([product_id], store.current().currency).get(product_id)
    if here is None:
        raise NotFound(_("There is no such product any more."))
    variants = [replace(variant, on_hand=None) for variant in here.draft.variants]
    return replace(here.draft, variants=variants)


def save(draft: ProductDraft, reason: str = "") -> Change:
    """Save one draft, with the lists and the search, and write down what differs. Raises Invalid."""
    (change,) = catalog.save([draft], actor=g.login, cause="adjust", ref=reason)
    if change.kind == REFUSED:
        raise Invalid(_("This cannot be saved: %(why)s.", why=change.reason))
    before = {f"{one.sku} {one.field}".strip(): one.before[:500] for one in change.differences}
    after = {f"{one.sku} {one.field}".strip(): one.after[:500] for one in change.differences}
    if before or change.kind == NEW:
        audit.record("new product" if change.kind == NEW else "change", f"product {change.slug}", before, after)
    return change


def set_price(variant_id: int, price_minor: int, seen_minor: int | None, reason: str) -> None:
    """Another base price. Raises Conflict if somebody changed it since it was shown."""
    variant = variant_by(variant_id)
    draft = draft_of(variant.product_id)
    mine = next(each for each in draft.variants if each.sku == variant.sku)
    if mine.price_minor != seen_minor:
        now = money.shown(mine.price_minor, mine.currency) if mine.price_minor is not None else _("nothing")
        raise Conflict(_("The price of %(sku)s was changed meanwhile: it is %(now)s.", sku=variant.sku, now=now))
    mine.price_minor = price_minor
    save(draft, reason)


def set_count(variant_id: int, on_hand: int, seen: int, reason: str, *, forced: bool = False) -> list[Order]:
    """Another count; gives the orders that lost their goods by it, and are in review now.

    Raises Conflict if it changed since it was shown, or, unless it is forced, if orders hold more (naming them).
    """
    if not reason:
        raise Invalid(_("Say why the count changes: it stands in the list of movements."))
    variant = variant_by(variant_id)
    wanted = select(Stock).filter_by(variant_id=variant_id)
    row = db.session.scalar(wanted if forced else wanted.with_for_update())  # orders are locked before their goods
    now = row.on_hand if row else 0
    if now != seen:
        raise Conflict(_("The count of %(sku)s changed meanwhile: there are %(now)d.", sku=variant.sku, now=now))
    why, lost = {"cause": "adjust", "actor": g.login, "ref": reason}, []
    if forced:
        lost = orders.correct_stock(variant_id, on_hand, seen=seen, **why)
    else:
        stock.set_on_hand(variant_id, on_hand, **why)
    catalog.refresh([variant.product_id])
    after = {"on_hand": on_hand, "reason": reason, **({"in_review": [order.number for order in lost]} if lost else {})}
    audit.record("count", f"variant {variant.sku}", {"on_hand": now}, after)
    return lost


def holders(problem: Exception) -> list[str]:
    """The numbers of the orders that stood in the way of a smaller count."""
    ids = problem.data.get("order_ids", []) if isinstance(problem, BelowReserved) else []
    rows = db.session.scalars(select(Order.number).where(Order.id.in_(ids[:50])).order_by(Order.id))
    return list(rows)


def losing(variant_id: int, typed: Mapping[str, str], problem: Exception) -> list[str] | None:
    """The numbers of the orders that a count would bring to review if it were forced; None if it cannot be."""
    may = isinstance(problem, BelowReserved) and "forced" not in typed
    return orders.losers(variant_id, whole(typed["on-hand"])) if may else None


def variant_by(variant_id: int) -> Variant:
    """A variant. Raises NotFound."""
    found = db.session.get(Variant, variant_id)
    if found is None:
        raise NotFound(_("There is no such variant any more."))
    return found


def free_slug(title: str) -> str:
    """An address for a new product that no other has."""
    slug = slug_of(title)
    alike = select(Product.slug).where(Product.slug.startswith(slug, autoescape=True))
    taken = set(db.session.scalars(alike))
    return next(name for name in (slug, *(f"{slug}-{n}" for n in range(2, len(taken) + 3))) if name not in taken)


def amount(text: str, currency: str) -> int | None:
    """Minor units of what was typed; None for nothing. Raises Invalid."""
    if not text.strip():
        return None
    minor = money.parsed(text, currency)
    if not 0 <= minor <= 10**11:
        raise Invalid(_("Enter an amount like 12.50"))
    return minor


def whole(text: str, most: int = MOST_COUNT, least: int = 0) -> int:
    """A whole number that was typed. Raises Invalid."""
    text = text.strip()
    digits = text.removeprefix("-") if least < 0 else text
    if not (digits.isascii() and digits.isdigit() and len(digits) < 12 and least <= int(text) <= most):
        raise Invalid(_("Enter a whole number from %(least)d to %(most)d", least=least, most=most))
    return int(text)

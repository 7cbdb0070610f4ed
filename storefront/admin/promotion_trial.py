"""What a cart would cost: every promotion that is on, and one that is not yet, against goods that staff type."""

from zoneinfo import ZoneInfo

from flask import render_template, request
from flask_babel import gettext as _
from sqlalchemy import select

from storefront import catalog, promotions as rules, store
from storefront.admin.room import bp
from storefront.catalog.models import Variant
from storefront.kit import clock, money
from storefront.kit.db import db
from storefront.kit.errors import Invalid
from storefront.promotions import Facts, Line, Who
from storefront.promotions.models import Promotion
from storefront.promotions.rules import ALONE, NOT_WITH, NOT_YET, NOTHING, OVER
from storefront.promotions.wording import said

MOST = 100


@bp.get("/promotions/try")
def try_promotions():
    """The form, and what the rules make of it. Changes nothing."""
    typed = request.args.get("goods", "")
    problems, tried = [], None
    if typed:
        try:
            tried = _tried(typed)
        except Invalid as problem:
            problems = [("goods", problem.message)]
    shown = {"typed": typed, "problems": problems, "tried": tried, "currency": store.current().currency}
    return render_template("admin/promotion_try.html", args=request.args, **shown), 400 if problems else 200


def _tried(typed):
    """The lines with what is taken off each by which rule, shipping, and why each other rule has not come."""
    offers = _offers(typed)
    standing = rules.standing(_codes(), Who(), list)
    found = [*standing.rules, *_beside(standing)]
    categories = {
        id for rule in found for part in (*rule.conditions, *rule.actions) for id in part.get("categories", ())
    }
    places = rules.places_of({offer.product_id for offer, _qty in offers}, categories)
    lines = [
        Line(number, offer.sku, qty, offer.unit_minor or 0, places.get(offer.product_id, frozenset()))
        for number, (offer, qty) in enumerate(offers)
    ]
    result = rules.apply(lines, found, _facts())
    shipping = _shipping(result)
    rows = [
        (offer.name, qty, line.unit_minor * qty, [t for t in result.takings if t.key == line.key])
        for (offer, qty), line in zip(offers, lines, strict=True)
    ]
    words = rules.words_for(why for why in result.unmet.values() if isinstance(why, dict))
    unmet = [(rule.label, _why(result.unmet[rule.id], words)) for rule in found if rule.id in result.unmet]
    problems = [one.problem for one in standing.codes if one.problem]
    goods, off = sum(row[2] for row in rows), sum(taking.amount_minor for taking in result.takings)
    gifts = [(rule.label, params["sku"], params["quantity"]) for rule, params, _step in result.gifts]
    return {
        "rows": rows,
        "shipping": shipping,
        "unmet": unmet,
        "codes": problems,
        "goods": goods,
        "off": off,
        "gifts": gifts,
    }


def _offers(typed):
    wanted: dict[str, int] = {}
    for line in typed.splitlines():
        words = line.split()
        if not words:
            continue
        qty = words[1] if len(words) == 2 else "1"
        if len(words) > 2 or not (qty.isascii() and qty.isdigit() and 0 < len(qty) < 5 and int(qty)):
            raise Invalid(_("One article a line: its SKU, a space, and how many."))
        wanted[words[0]] = wanted.get(words[0], 0) + int(qty)
    if not wanted or len(wanted) > MOST:
        raise Invalid(_("Enter 1 to %(most)s articles.", most=MOST))
    ids = dict(db.session.execute(select(Variant.sku, Variant.id).where(Variant.sku.in_(wanted))).tuples().all())
    if missing := [sku for sku in wanted if sku not in ids]:
        raise Invalid(_("There is no article %(sku)s.", sku=missing[0]))
    offers = catalog.offers(list(ids.values()), store.current().currency)
    return [(offers[ids[sku]], qty) for sku, qty in wanted.items()]


def _codes():
    return [rules.folded(part) for part in request.args.get("code", "").replace(",", " ").split()][:10]


def _beside(standing):
    """The promotion that is looked at, as if it were on and its code were typed."""
    text = request.args.get("promotion", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    found = db.session.get(Promotion, number)
    return [rules.rule_of(found)] if found and found.id not in {rule.id for rule in standing.rules} else []


def _facts():
    now = clock.here()
    groups = frozenset(int(part) for part in request.args.getlist("group") if part.isascii() and part.isdigit())
    return Facts(
        now=now,
        today=now.astimezone(ZoneInfo(store.current().timezone)).date(),
        country=request.args.get("country", "").strip().upper()[:2],
        email=request.args.get("email", "").strip().lower(),
        groups=groups,
        first_order="first" in request.args,
    )


def _shipping(result):
    """What is left of a cost of shipping that was typed: (before, after); None if none was."""
    text = request.args.get("shipping", "").strip()
    if not text:
        return None
    cost = money.parsed(text, store.current().currency)
    return cost, cost - sum(amount for _rule, amount, _detail in rules.off_shipping(result, cost))


def _why(why, words):
    plain = {
        OVER: _("it is over"),
        NOT_YET: _("it begins later"),
        ALONE: _("an exclusive one came before it"),
        NOT_WITH: _("it is exclusive, and others came before it"),
        NOTHING: _("it brings nothing here"),
    }
    return plain[why] if isinstance(why, str) else _("it counts %(when)s", when=said(why, words))

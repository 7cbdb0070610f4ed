"""Rules in sentences: what a promotion asks for and brings, and why one has not come."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import get_locale, gettext as _
from sqlalchemy import select

from storefront import store
from storefront.catalog.models import Category
from storefront.kit.db import db
from storefront.promotions.benefits import BENEFITS
from storefront.promotions.conditions import CONDITIONS
from storefront.promotions.models import CustomerGroup, Promotion
from storefront.promotions.rules import ALONE, NOT_WITH, NOT_YET, OVER
from storefront.promotions.saying import Words


def words_for(parts: Iterable[Mapping[str, Any]]) -> Words:
    """The names that these conditions and benefits need to be said with: at most three queries, none for most."""
    parts = list(parts)
    categories = {id for part in parts for id in part.get("categories", ())}
    groups = {part["group_id"] for part in parts if "group_id" in part}
    others = {part["promotion_id"] for part in parts if "promotion_id" in part}
    return Words(
        store.current().currency,
        str(get_locale() or "en"),
        _names(Category.id, Category.name, categories),
        _names(CustomerGroup.id, CustomerGroup.name, groups),
        _names(Promotion.id, Promotion.name, others),
    )


def said(part: Mapping[str, Any], words: Words) -> str:
    """A condition or a benefit as a sentence without its end; one that no package knows any more by its name."""
    known = CONDITIONS.get(part["type"]) or BENEFITS.get(part["type"])
    return (
        known.says(part, words) if known else _("something that is not installed any more: %(name)s", name=part["type"])
    )


def why_not(why: str | Mapping[str, Any], code: str, words: Words) -> str:
    """The sentence for a shopper whose code takes nothing off."""
    if why in (ALONE, NOT_WITH):
        return _("The code %(code)s cannot be used together with the other offers in this cart.", code=code)
    if why == OVER:
        return _("The code %(code)s is over.", code=code)
    if why == NOT_YET:
        return _("The code %(code)s is not valid yet.", code=code)
    if isinstance(why, Mapping):
        told = {"code": code, "when": said(why, words)}
        return _("The code %(code)s adds nothing to this cart yet. It counts %(when)s.", **told)
    return _("The code %(code)s adds nothing to this cart.", code=code)


def _names(key, name, ids):
    if not ids:
        return {}
    return dict(db.session.execute(select(key, name).where(key.in_(ids))).tuples().all())

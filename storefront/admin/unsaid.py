"""What a shop must say of itself before strangers buy from it, and does not say yet."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from storefront import store
from storefront.admin.text_pages import ALWAYS
from storefront.kit.db import db
from storefront.store import seller
from storefront.store.models import Page

_WORDS = {"name": _l("Name"), "legal_name": _l("Legal name"), "address": _l("Address"), "email": _l("Email")}


def unsaid() -> list[str]:
    """The facts of the seller and the texts that are missing, in words; empty when all is there."""
    written = set(db.session.scalars(select(Page.slug).where(Page.slug.in_(ALWAYS), Page.body != "")))
    facts = [_WORDS[name] for name in seller.unsaid(store.current())]
    return [str(words) for words in (*facts, *(ALWAYS[slug] for slug in ALWAYS if slug not in written))]

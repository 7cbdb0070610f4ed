"""What is left on the shelf, as SQL: the same answer for lists, pages and their upkeep."""

from sqlalchemy import case, func, or_

from storefront.catalog.models import Variant
from storefront.kit.db import written, written_word
from storefront.stock.models import BACKORDER, UNTRACKED, Stock

ENDLESS = (UNTRACKED, BACKORDER)
PLENTY = 1_000_000  # stands for "nobody counts"; above any shelf, below any sum that overflows
FEW = 3  # from here on a page says how many are left


def left():
    """On hand minus reserved of a variant that is joined to its stock; PLENTY when it never runs out."""
    variants, stock = Variant.__table__.c, Stock.__table__.c
    endless = or_(*(variants.stock_policy == written_word(policy) for policy in ENDLESS))
    return case((endless, written(PLENTY)), else_=func.coalesce(stock.on_hand - stock.reserved, written(0)))

"""How promotions are made in the tests, how codes are typed, and what is counted."""

from storefront import promotions
from storefront.kit.db import db, transaction
from storefront.promotions.models import Promotion


def offer(name="Ten percent", *actions, code="", conditions=(), on=True, coupon=None, **values):
    """A promotion that is on; with a code if one is named."""
    conditions = [*conditions, *([{"type": "coupon"}] if code else [])]
    with transaction():
        made = promotions.save(None, name=name, **values)
        made.conditions, made.with_code = list(conditions), bool(code)
        made.actions = list(actions) or [{"type": "percent", "rate_ppm": 100_000}]
        db.session.flush()
        if code:
            promotions.add_code(made.id, code, **(coupon or {}))
        if on:
            promotions.switch(made.id, True)
        return made.id


def apply_code(shopper, code):
    """Type a code into the cart's field."""
    shopper.get("/cart")
    return shopper.press("Apply code", code=code)


def counts(promotion_id):
    """(used, held) of a promotion, as it is now."""
    db.session.rollback()
    db.session.expire_all()
    found = db.session.get_one(Promotion, promotion_id)
    return found.used, found.held

"""What promotions know of somebody who is forgotten: their e-mail in groups, and its hash beside the uses of orders."""

from collections.abc import Collection

from sqlalchemy import delete, update

from storefront.kit.db import db
from storefront.promotions.models import GroupMember, UsageHold


def forget_person(email: str, order_ids: Collection[int]) -> None:
    """No group has this e-mail any more; uses of these orders count in all, and for nobody."""
    for statement in (
        delete(GroupMember).where(GroupMember.email == email),
        update(UsageHold).where(UsageHold.order_id.in_(order_ids)).values(email_hash="", customer_id=None),
    ):
        db.session.execute(statement.execution_options(synchronize_session=False))

"""A customer is forgotten: the record stays, because orders point at it, and says nothing of the person any more."""

from sqlalchemy import delete, select

from storefront.customers.models import Customer, CustomerAddress, CustomerNote
from storefront.kit import clock, events
from storefront.kit.db import db

NOBODY = "erased.invalid"  # no mail server has a name that ends so


def erase(customer_id: int) -> bool:
    """Nothing of a customer is left but the number: no name, no e-mail, no password, no book. False if it was done."""
    customer = db.session.scalar(
        select(Customer).filter_by(id=customer_id).with_for_update().execution_options(populate_existing=True)
    )
    if customer is None or customer.erased_at is not None:
        return False
    for kept in (CustomerAddress, CustomerNote):
        db.session.execute(delete(kept).filter_by(customer_id=customer.id))
    customer.email, customer.name, customer.phone = f"customer-{customer.id}@{NOBODY}", "", ""
    customer.new_email, customer.previous_email, customer.password_hash = "", "", None
    customer.verified_at, customer.consent, customer.erased_at = None, {}, clock.now()
    customer.preferred_shipping_address_id = customer.preferred_billing_address_id = None
    events.record("CUSTOMER_ERASED", customer=customer.id)
    db.session.flush()
    return True

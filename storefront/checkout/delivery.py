"""The address step: its two forms, filled with what is known, and keeping what was typed."""

from storefront import cart, customers, shipping, store
from storefront.cart.custom import ORDER
from storefront.cart.models import Cart
from storefront.cart.quote import Quote
from storefront.checkout.forms import DeliveryForm
from storefront.customers.forms import AddressForm
from storefront.customers.models import Customer, CustomerAddress
from storefront.customers.views import current_customer
from storefront.kit.db import db


def address_forms(quote: Quote) -> tuple[DeliveryForm, AddressForm | None]:
    """The form for the delivery, filled from the cart or the customer's book; and one for the invoice if asked for."""
    basket, person = quote.cart, current_customer()
    delivered = quote.shipping_address or quote.billing_address or _preferred(person) or {}
    invoiced = quote.billing_address or {}
    here = store.current().country
    form = DeliveryForm(
        data={
            "country": here,
            "name": person.name if person else "",
            **delivered,
            "email": basket.email or (person.email if person else ""),
            "note": basket.custom.get("note", ""),
            "other_billing": bool(
                basket.billing_address_id and basket.billing_address_id != basket.shipping_address_id
            ),
        },
        countries=shipping.destinations(quote.currency) if quote.requires_shipping else None,
    )
    if not form.other_billing.data:
        return form, None
    return form, AddressForm(prefix="billing_", data={"country": here, **invoiced}, countries=None)


def keep_addresses(basket: Cart, form: DeliveryForm, billing: AddressForm | None) -> None:
    """Write what was typed to the cart's addresses; the cart refers to rows, it does not copy them."""
    person = current_customer()
    delivered = _kept(basket.shipping_address_id, form.values, person)
    old_billing = basket.billing_address_id if basket.billing_address_id != basket.shipping_address_id else None
    invoiced = _kept(old_billing, billing.values, person) if billing else None
    cart.choose(
        basket,
        email=form.email.data,
        shipping_address_id=delivered.id,
        billing_address_id=invoiced.id if invoiced else None,
        custom=cart.cleaned({"note": form.note.data or ""}, ORDER),
    )
    cart.touch(basket)  # the rows may have changed under the same ids
    if not person:
        customers.guest(form.email.data, form.values["name"])


def _kept(address_id: int | None, values: dict[str, str], person: Customer | None) -> CustomerAddress:
    """The row for what was typed: one of the customer's book that says the same, the guest's own, or a new one."""
    if person:
        same = [row for row in customers.addresses_of(person) if row.as_dict() == {**row.as_dict(), **values}]
        return same[0] if same else customers.save_address(values, person.id)
    row = db.session.get(CustomerAddress, address_id) if address_id else None
    if row is None or row.customer_id is not None:
        return customers.save_address(values)
    customers.change_address(row, values)
    return row


def _preferred(person):
    row = person and person.preferred_shipping_address_id
    found = db.session.get(CustomerAddress, row) if row else None
    return found.as_dict() if found else None

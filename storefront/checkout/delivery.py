"""The address step: its two forms, filled with what is known, and keeping what was typed."""

from storefront import cart, customers, shipping, store, taxes
from storefront.cart.custom import ORDER
from storefront.cart.models import Cart
from storefront.cart.quote import Quote
from storefront.checkout.forms import DeliveryForm
from storefront.customers.forms import NEW, BookForm
from storefront.customers.models import Customer, CustomerAddress
from storefront.customers.views import current_customer
from storefront.kit.db import db


def address_forms(quote: Quote) -> tuple[DeliveryForm, BookForm | None]:
    """The form for the delivery, filled from the cart or the customer's book; and one for the invoice if asked for."""
    basket, person = quote.cart, current_customer()
    book = customers.addresses_of(person) if person else []
    delivered = _first(book, basket.shipping_address_id, person and person.preferred_shipping_address_id)
    invoiced = _first(book, basket.billing_address_id, person and person.preferred_billing_address_id)
    typed = {} if delivered != NEW else quote.shipping_address or quote.billing_address or {}
    here = store.current().country
    form = DeliveryForm(
        data={
            "country": here,
            "name": person.name if person else "",
            **typed,
            "email": basket.email or (person.email if person else ""),
            "note": basket.custom.get("note", ""),
            "vat_number": basket.custom.get("vat_number", ""),
            "other_billing": _is_apart(basket, person),
        },
        countries=shipping.destinations(quote.currency) if quote.requires_shipping else None,
    )
    if not taxes.rules().asks_vat_number:
        del form.vat_number
    _offer(form, person, book, delivered)
    if not form.other_billing.data:
        return form, None
    typed = {} if invoiced != NEW else quote.billing_address or {}
    billing = BookForm(prefix="billing_", data={"country": here, **typed}, countries=None)
    _offer(billing, person, book, invoiced)
    return form, billing


def keep_addresses(basket: Cart, form: DeliveryForm, billing: BookForm | None) -> None:
    """Write what was picked or typed to the cart's addresses; the cart refers to rows, it does not copy them."""
    person, basket = current_customer(), cart.still_open(basket.id)
    delivered = _kept(basket.shipping_address_id, form, person)
    old_billing = basket.billing_address_id if basket.billing_address_id != basket.shipping_address_id else None
    invoiced = _kept(old_billing, billing, person) if billing else None
    cart.choose(
        basket,
        email=form.email.data,
        shipping_address_id=delivered.id,
        billing_address_id=invoiced.id if invoiced else None,
        custom=cart.cleaned({name: form[name].data or "" for name in ORDER if name in form}, ORDER),
    )
    cart.touch(basket)  # the rows may have changed under the same ids
    if not person:
        customers.guest(form.email.data, form.values["name"])


def _first(book, in_cart, preferred):
    """What is chosen when the page is opened: what the cart has, else what is preferred, else the first of the book."""
    if in_cart is not None:
        return str(in_cart) if in_cart in [row.id for row in book] else NEW
    return str(preferred or book[0].id) if book else NEW


def _is_apart(basket, person):
    """Whether the invoice goes elsewhere: as the cart says, or as the customer prefers it before anything is chosen."""
    if basket.shipping_address_id is not None or person is None:
        return basket.billing_address_id not in (None, basket.shipping_address_id)
    return person.preferred_billing_address_id not in (None, person.preferred_shipping_address_id)


def _offer(form, person, book, first):
    form.offer(book, first)
    if not person:
        del form.keep
    if not book:
        del form.to


def _kept(address_id: int | None, form: BookForm, person: Customer | None) -> CustomerAddress:
    """The row for what was picked or typed: one of the book that says the same, the cart's own, or a new one."""
    values = form.values
    if person:
        same = [row for row in form.book if row.as_dict() == {**row.as_dict(), **values}]
        if form.chosen or same:
            return form.chosen or same[0]
        if form.keep.data and len(form.book) < customers.MOST_ADDRESSES:
            return customers.save_address(values, person.id)
    row = db.session.get(CustomerAddress, address_id) if address_id else None
    if row is None or row.customer_id is not None:
        return customers.save_address(values)
    customers.change_address(row, values)
    return row

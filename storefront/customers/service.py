"""The verbs of customers: who they are, and their address book."""

import hmac
from collections.abc import Mapping

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update

from storefront.customers import passwords
from storefront.customers.emails import folded_email
from storefront.customers.models import AddressFields, Customer, CustomerAddress
from storefront.customers.text import folded
from storefront.kit import clock, events
from storefront.kit.db import db, insert_or_leave
from storefront.kit.errors import Conflict, Invalid, NotFound

MOST_ADDRESSES = 50
PREFERENCES = {"shipping": "preferred_shipping_address_id", "billing": "preferred_billing_address_id"}


def sign_up(email: str, password: str, name: str, locale: str = "en") -> Customer | None:
    """Give this e-mail an account, or None and nothing changed if it has one already.

    A guest's record becomes the account and forgets what the guest had said: whoever signs up has not shown
    yet that the e-mail is theirs (`verified_at`). Either way an event is left for the letter that tells the
    owner of the e-mail; the page must not. Raises Invalid for an e-mail or a password that will not do.
    """
    email = folded_email(email)
    if sentence := passwords.problem_with(password, email):
        raise Invalid(sentence, fields={"password": [sentence]})
    password_hash = passwords.hashed(password)
    customer = guest(email)
    taken = db.session.scalar(
        update(Customer)
        .where(Customer.id == customer.id, Customer.password_hash.is_(None), Customer.erased_at.is_(None))
        .values(
            password_hash=password_hash,
            name=name,
            name_folded=folded(name),
            locale=locale,
            phone="",
            consent={},
            verified_at=None,
        )
        .returning(Customer.id)
    )
    events.record("CUSTOMER_SIGNED_UP" if taken else "CUSTOMER_SIGNED_UP_AGAIN", customer=customer.id)
    db.session.refresh(customer)
    return customer if taken else None


def sign_in(email: str, password: str) -> Customer | None:
    """The customer with this e-mail and password, or None; in the same time whether or not there is one."""
    try:
        email = folded_email(email)
    except Invalid:
        email = ""
    customer = db.session.scalar(select(Customer).where(Customer.email == email, Customer.erased_at.is_(None)))
    right = passwords.fits(customer.password_hash if customer else None, password)
    return customer if right else None


def renew_hash(customer: Customer, password: str) -> None:
    """Hash the password that was just right with today's parameters."""
    customer.password_hash = passwords.hashed(password)


def guest(email: str, name: str = "") -> Customer:
    """The one record of an e-mail, made if there is none. The name of an account is left alone."""
    email = folded_email(email)
    facts = {"email": email, "name": name, "name_folded": folded(name), "created_at": clock.now()}
    db.session.execute(insert_or_leave(Customer).values(**facts).on_conflict_do_nothing())
    customer = db.session.execute(select(Customer).where(Customer.email == email)).scalar_one()
    if name and customer.password_hash is None:
        customer.name = name
    return customer


def load_user(user_id: str) -> Customer | None:
    """The customer of a session id "customer:<id>:<epoch>"; None once the password has changed."""
    kind, _, rest = user_id.partition(":")
    number = rest.partition(":")[0]
    if kind != "customer" or not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    customer = db.session.get(Customer, int(number))
    if (
        customer is None
        or not customer.is_active
        or not hmac.compare_digest(customer.get_id().encode(), user_id.encode())
    ):
        return None
    return customer


def save_address(values: Mapping[str, str], customer_id: int | None = None) -> CustomerAddress:
    """Keep a tidied address: in this customer's book, or for a guest's cart. Raises Conflict if the book is full."""
    if customer_id is not None:
        kept = db.session.scalar(select(func.count()).where(CustomerAddress.customer_id == customer_id)) or 0
        if kept >= MOST_ADDRESSES:
            raise Conflict(_("Your address book is full. Delete an address that you no longer need."))
    address = CustomerAddress(customer_id=customer_id, **_parts(values))
    db.session.add(address)
    db.session.flush()
    return address


def change_address(address: CustomerAddress, values: Mapping[str, str]) -> None:
    """Every part of the address becomes what was typed."""
    for part, text in _parts(values).items():
        setattr(address, part, text)


def address_of(customer_id: int, address_id: int) -> CustomerAddress:
    """An address in this customer's own book. Raises NotFound."""
    address = db.session.scalar(select(CustomerAddress).filter_by(id=address_id, customer_id=customer_id))
    if address is None:
        raise NotFound(_("There is no such address in your book."))
    return address


def addresses_of(customer: Customer) -> list[CustomerAddress]:
    """The book of a customer: the defaults first, then as they were added."""
    preferred = (customer.preferred_shipping_address_id, customer.preferred_billing_address_id)
    book = db.session.scalars(select(CustomerAddress).filter_by(customer_id=customer.id).order_by(CustomerAddress.id))
    return sorted(book, key=lambda address: preferred.index(address.id) if address.id in preferred else len(preferred))


def delete_address(customer_id: int, address_id: int) -> None:
    """Take an address out of the book; what preferred it prefers nothing. Harmless when repeated."""
    db.session.execute(delete(CustomerAddress).filter_by(id=address_id, customer_id=customer_id))


def prefer_address(customer: Customer, address_id: int, use: str) -> None:
    """Make an address of the book the default for "shipping" or "billing". Raises Invalid, NotFound."""
    if use not in PREFERENCES:
        raise Invalid(_("An address can be the default for shipping or for billing."))
    setattr(customer, PREFERENCES[use], address_of(customer.id, address_id).id)


def _parts(values):
    return {part: values.get(part, "") for part in AddressFields.PARTS}

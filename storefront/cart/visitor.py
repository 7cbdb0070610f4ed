"""Whose cart it is: a signed cookie with a random token, of which the table keeps the hash."""

from collections.abc import Collection, Sequence
from typing import Any

from flask import after_this_request, current_app, flash, g, request
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from storefront import store
from storefront.cart import aging, returning, scarce, service
from storefront.cart.models import Cart, CartLine
from storefront.cart.states import ABANDONED, OPEN
from storefront.customers.models import Customer
from storefront.kit import ids, signing
from storefront.kit.db import db
from storefront.kit.errors import Invalid

_SALT = "cart cookie"
_KEPT = 90 * 24 * 3600
MOST_TOLD = 5


def badge() -> dict[str, Any]:
    """How many things are in the cart, its version, and a mark by which tabs know it; at most one query."""
    if (mine := _mine()) is None:
        return {"cart_count": 0, "cart_version": 0, "cart_mark": "0"}
    row = db.session.execute(
        select(Cart.version, func.coalesce(func.sum(CartLine.qty), 0), Cart.id, Cart.open_order_id)
        .outerjoin(CartLine, CartLine.cart_id == Cart.id)
        .where(mine, Cart.status == OPEN)
        .group_by(Cart.id)
    ).first()
    version, count, *more = row or (0, 0)
    mark = ".".join(str(part or 0) for part in (version, *more))
    return {"cart_count": int(count), "cart_version": version, "cart_mark": mark}


def current() -> Cart | None:
    """The visitor's open cart, or None. Changes nothing."""
    mine = _mine()
    return None if mine is None else db.session.scalar(select(Cart).where(mine, Cart.status == OPEN))


def lies_in(variant_ids: Collection[int]) -> set[int]:
    """Those of the variants that lie in the visitor's open cart."""
    if (mine := _mine()) is None:
        return set()
    lines = select(CartLine.variant_id).join(Cart, Cart.id == CartLine.cart_id)
    return set(db.session.scalars(lines.where(mine, Cart.status == OPEN, CartLine.variant_id.in_(variant_ids))))


def is_own(cart_id: int | None) -> bool:
    """Whether a cart, open or closed, is or was this visitor's."""
    mine = _mine()
    if mine is None or cart_id is None:
        return False
    return db.session.scalar(select(Cart.id).where(mine, Cart.id == cart_id)) is not None


def current_or_new() -> Cart:
    """The visitor's open cart, else the one that was put away, else a new one; call it in a transaction.

    What is fewer than it was in a cart that was put away is told on the next page.
    """
    if cart := current():
        return cart
    token_hash = _token_hash() or _new_token()
    try:
        with db.session.begin_nested():
            return _reopened(left_behind()) or service.start(token_hash, store.current().currency, _customer_id())
    except IntegrityError:  # another tab has just put the first thing in
        if cart := current():
            return cart
        raise


def left_behind() -> Cart | None:
    """The cart that was put away because its visitor did not come for long, as long as they have no other."""
    mine = _mine()
    if mine is None or current() is not None:
        return None
    return db.session.scalar(select(Cart).where(mine, Cart.status == ABANDONED).order_by(Cart.id.desc()).limit(1))


def _reopened(cart):
    if cart is None:
        return None
    tell(returning.reopen(cart))
    return cart


def tell(fewer: Sequence[service.Clamped]) -> None:
    """Say on the next page which lines are fewer than they were, and why; a cookie holds a few of them."""
    for clamped in fewer[:MOST_TOLD]:
        flash(clamped.why, "warn")
    if (more := len(fewer) - MOST_TOLD) > 0:
        flash(_("%(count)s more articles are fewer than they were.", count=more), "warn")


def adopt(customer_id: int) -> None:
    """The visitor has signed in: their cart and the customer's become one; call it in a transaction.

    Devices on which the same customer signs in at once come one after the other.
    """
    db.session.execute(select(Customer.id).filter_by(id=customer_id).with_for_update(key_share=True))
    try:
        with db.session.begin_nested():
            _adopt(customer_id)
    except IntegrityError:  # they have put the first thing in on another device, or in another tab, in this moment
        db.session.expire_all()
        _adopt(customer_id)


def _adopt(customer_id):
    token_hash = _token_hash()
    theirs = db.session.scalar(select(Cart).filter_by(customer_id=customer_id, status=OPEN))
    mine, theirs = _locked_open(_guests(customer_id), theirs)  # one of them may be paid for in this moment
    if theirs and mine and theirs.id != mine.id:
        tell(service.merge(theirs, into=mine, customer_id=customer_id))
    elif theirs:
        theirs.token_hash = token_hash or _new_token()
    elif mine:
        mine.customer_id = customer_id


def _locked_open(*carts):
    """The same carts, locked in one order for all; None for one that is not open any more."""
    for cart_id in sorted({cart.id for cart in carts if cart}):
        service.locked(cart_id)
    return [cart if cart and cart.status == OPEN else None for cart in carts]


def forget_devices(customer_id: int, clean: bool = False) -> None:
    """No browser's cookie finds a customer's carts any more, only who signs in.

    `clean` removes what was said for the purchase, too: somebody else may have said it.
    """
    for cart_id in db.session.scalars(select(Cart.id).filter_by(customer_id=customer_id).order_by(Cart.id)).all():
        cart = service.locked(cart_id)
        cart.token_hash = ids.digest(ids.new_key())
        if clean and cart.status == OPEN:
            service.choose(cart, email="", custom={}, shipping_address_id=None, billing_address_id=None)


def forget_person(customer_id: int, email: str) -> None:
    """No cart of a customer is left, nor one that had joined it, nor a guest's with this e-mail ("": none)."""
    guests = Cart.customer_id.is_(None) & (Cart.email == email) & (Cart.email != "")
    joined = Cart.merged_into_id.in_(select(Cart.id).where(Cart.customer_id == customer_id))
    theirs = select(Cart.id).where((Cart.customer_id == customer_id) | joined | guests)
    for cart_id in db.session.scalars(theirs.order_by(Cart.id)).all():
        cart = service.locked(cart_id)
        scarce.let_go(*cart.lines, reason="line_removed")
        aging.remove(cart)
    db.session.expire_all()


def leave_behind() -> None:
    """The customer has signed out: their cart stays with the account, and this browser forgets it."""
    g.cart_token_hash = None

    @after_this_request
    def _forget(response):
        response.delete_cookie(_cookie_name(), httponly=True, samesite="Lax", secure=current_app.config["LIVE"])
        return response


def _mine():
    """The condition that finds the visitor's carts: a customer's on every device, a guest's by the cookie; or None."""
    if (customer_id := _customer_id()) is not None:
        return Cart.customer_id == customer_id
    token_hash = _token_hash()
    return None if token_hash is None else Cart.token_hash == token_hash


def _guests(customer_id):
    """The open cart of this browser, unless somebody else left it here without signing out."""
    token_hash = _token_hash()
    cart = token_hash and db.session.scalar(select(Cart).filter_by(token_hash=token_hash, status=OPEN))
    if cart and cart.customer_id not in (None, customer_id):
        _new_token()
        return None
    return cart or None


def _customer_id():
    kind, _, number = (current_user.get_id() or "").partition(":") if current_user else ("", "", "")
    return int(number.split(":")[0]) if kind == "customer" else None


def _token_hash():
    if "cart_token_hash" not in g:
        g.cart_token_hash = None
        if cookie := request.cookies.get(_cookie_name()):
            try:
                g.cart_token_hash = ids.digest(str(signing.unsigned_forever(cookie, _SALT)))
            except Invalid:
                pass  # a broken cookie is no cookie; a new one is set with the first thing added
    return g.cart_token_hash


def _new_token():
    token = ids.new_key()
    g.cart_token_hash = ids.digest(token)

    @after_this_request
    def _remember(response):
        response.set_cookie(
            _cookie_name(),
            signing.signed_forever(token, _SALT),
            max_age=_KEPT,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["LIVE"],
        )
        return response

    return g.cart_token_hash


def _cookie_name():
    return "__Host-cart" if current_app.config["LIVE"] else "cart"

"""Whose cart it is: a signed cookie with a random token, of which the table keeps the hash."""

from typing import Any

from flask import after_this_request, current_app, flash, g, request
from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from storefront import store
from storefront.cart import service
from storefront.cart.models import Cart, CartLine
from storefront.cart.states import ABANDONED, CART, OPEN
from storefront.kit import ids, signing
from storefront.kit.db import db
from storefront.kit.errors import Invalid

_SALT = "cart cookie"
_KEPT = 90 * 24 * 3600


def badge() -> dict[str, Any]:
    """How many things are in the cart and its version, for every page; at most one query."""
    if (mine := _mine()) is None:
        return {"cart_count": 0, "cart_version": 0}
    row = db.session.execute(
        select(Cart.version, func.coalesce(func.sum(CartLine.qty), 0))
        .outerjoin(CartLine, CartLine.cart_id == Cart.id)
        .where(mine, Cart.status == OPEN)
        .group_by(Cart.id)
    ).first()
    version, count = row or (0, 0)
    return {"cart_count": int(count), "cart_version": version}


def current() -> Cart | None:
    """The visitor's open cart, or None. Changes nothing."""
    mine = _mine()
    return None if mine is None else db.session.scalar(select(Cart).where(mine, Cart.status == OPEN))


def is_own(cart_id: int | None) -> bool:
    """Whether a cart, open or closed, is or was this visitor's."""
    mine = _mine()
    if mine is None or cart_id is None:
        return False
    return db.session.scalar(select(Cart.id).where(mine, Cart.id == cart_id)) is not None


def current_or_new() -> Cart:
    """The visitor's open cart, made if there is none; call it in a transaction."""
    if cart := current():
        return cart
    token_hash = _token_hash() or _new_token()
    left = db.session.scalar(
        select(Cart).filter_by(token_hash=token_hash, status=ABANDONED).order_by(Cart.id.desc()).limit(1)
    )
    if left:
        CART.apply(left, "reopened")
        return left
    try:
        with db.session.begin_nested():
            return service.start(token_hash, store.current().currency, _customer_id())
    except IntegrityError:  # another tab has just put the first thing in
        if cart := current():
            return cart
        raise


def adopt(customer_id: int) -> None:
    """The visitor has signed in: their cart and the customer's become one; call it in a transaction."""
    token_hash = _token_hash()
    theirs = db.session.scalar(select(Cart).filter_by(customer_id=customer_id, status=OPEN))
    mine, theirs = _locked_open(_guests(customer_id), theirs)  # one of them may be paid for in this moment
    if theirs and mine and theirs.id != mine.id:
        for clamped in service.merge(theirs, into=mine, customer_id=customer_id):
            flash(clamped.why, "warn")
    elif theirs:
        theirs.token_hash = token_hash or _new_token()
    elif mine:
        mine.customer_id = customer_id


def _locked_open(*carts):
    """The same carts, locked in one order for all; None for one that is not open any more."""
    for cart_id in sorted({cart.id for cart in carts if cart}):
        service.locked(cart_id)
    return [cart if cart and cart.status == OPEN else None for cart in carts]


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

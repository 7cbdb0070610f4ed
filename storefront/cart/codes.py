"""The one field for codes, of coupons and of gift certificates: what was typed counts until it is removed."""

from flask_babel import gettext as _

from storefront import certificates, promotions
from storefront.cart import joined
from storefront.cart.discounts import who_of
from storefront.cart.gifts import add_certificate, remove_certificate
from storefront.cart.models import Cart
from storefront.cart.service import still_open, touch
from storefront.customers.models import Customer
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound

MOST = 5  # coupons in one cart
LONGEST = 100


def apply_code(cart: Cart, typed: str) -> bool:
    """The code counts from now on; False if it did already.

    Raises Invalid for nothing, NotFound for a code that nobody knows, Conflict with the reason for one that does not
    work, or when there are enough.
    """
    text = typed.strip()
    if not text or len(text) > LONGEST:
        raise Invalid(_("Enter the code as it is written."))
    customer = db.session.get(Customer, cart.customer_id) if cart.customer_id is not None else None
    try:
        found = promotions.find_code(text, who_of(cart, customer), joined.open_orders(cart))
    except NotFound:
        return add_certificate(cart, certificates.find_code(text, cart.currency))
    return _add_coupon(cart, found.coupon.code)


def remove_code(cart: Cart, code: str) -> bool:
    """A coupon's code, or the hash of a certificate's, does not count any more; False if it did not."""
    cart = still_open(cart.id)
    left = [one for one in cart.coupon_codes if one != code]
    if len(left) == len(cart.coupon_codes):
        return remove_certificate(cart, code)
    cart.coupon_codes = left
    touch(cart)
    return True


def _add_coupon(cart, code):
    cart = still_open(cart.id)
    if code in cart.coupon_codes:
        return False
    if len(cart.coupon_codes) >= MOST:
        raise Conflict(_("At most %(most)s codes count for one order: remove one first.", most=MOST), state="many")
    cart.coupon_codes = [*cart.coupon_codes, code]
    touch(cart)
    return True

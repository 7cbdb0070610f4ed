"""Gift certificates in a cart: the codes that were typed, and what each of them pays of the total.

A cart keeps the hashes of the codes, in the order in which they were typed; nothing is set aside before an order is
confirmed. Certificates pay for anything but other certificates.
"""

from flask_babel import gettext as _

from storefront import certificates
from storefront.cart import joined
from storefront.cart.models import Cart
from storefront.cart.priced import Adjustment, Gift
from storefront.cart.quote import Quote, read_token
from storefront.cart.service import MOST_CERTIFICATES, still_open, touch
from storefront.certificates.models import GiftCertificate
from storefront.kit import money
from storefront.kit.errors import Conflict, Invalid


def apply_certificates(quote: Quote) -> None:
    """due = total − what the certificates pay, in the order in which they were typed."""
    open_for = max(0, quote.total_minor - _not_payable(quote))
    for found in _looked_at(quote.cart):
        paid = min(found.available_minor, open_for)
        left = found.available_minor - paid
        quote.gifts.append(Gift(found.certificate_id, found.code_hash, found.last4, paid, left, found.why_not))
        if paid:
            label = _("Gift certificate …%(last4)s", last4=found.last4)
            quote.adjustments.append(Adjustment("certificate", label, -paid))
        open_for, quote.due_minor = open_for - paid, quote.due_minor - paid


def add_certificate(cart: Cart, certificate: GiftCertificate) -> bool:
    """The code counts from now on; False if it did already. Raises Conflict for more than a cart may hold."""
    cart = still_open(cart.id)
    if certificate.code_hash in cart.certificate_codes:
        return False
    if len(cart.certificate_codes) >= MOST_CERTIFICATES:
        most = _("At most %(most)s gift certificates pay for one order.", most=MOST_CERTIFICATES)
        raise Conflict(most, state="many")
    cart.certificate_codes = [*cart.certificate_codes, certificate.code_hash]
    touch(cart)
    return True


def remove_certificate(cart: Cart, code_hash: str) -> bool:
    """The code does not count any more; False if it did not."""
    cart = still_open(cart.id)
    left = [one for one in cart.certificate_codes if one != code_hash]
    if gone := len(left) < len(cart.certificate_codes):
        cart.certificate_codes = left
        touch(cart)
    return gone


def why_short(cart: Cart, token: str) -> str:
    """The sentence that says which certificate does not hold any more what a preview showed of it; "" if all do."""
    try:
        shown = read_token(token)["content"].get("certificates", [])
    except Invalid:
        return ""  # whoever reads the quote says so
    by_end = {one.last4: one for one in _looked_at(cart)}
    for last4, amount_minor in shown:
        now = by_end.get(last4)
        if now and now.available_minor < amount_minor:
            left = {"last4": last4, "sum": money.here(now.available_minor, cart.currency)}
            only = _("Only %(sum)s are left on the gift certificate ending in %(last4)s.", **left)
            return now.why_not or only
    return ""


def _looked_at(cart):
    """What each certificate of the cart holds now; nothing is asked for a cart without one."""
    if not cart.certificate_codes:
        return []
    return certificates.look(cart.certificate_codes, cart.currency, kept_by=joined.open_orders(cart))


def _not_payable(quote):
    """What the certificates among the goods cost, tax on top included: money alone buys them."""
    bought = [line for line in quote.lines if line.offer.gift_certificate]
    skus = {line.offer.sku for line in bought}
    on_top = (row["tax_minor"] for row in quote.tax_rows if row["line"] in skus and not row["inclusive"])
    return sum(line.total_minor for line in bought) + sum(on_top)

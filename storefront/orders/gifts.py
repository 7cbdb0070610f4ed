"""An order and gift certificates: what it pays with, what it has bought, and what becomes of both when it ends."""

from flask_babel import gettext as _

from storefront import certificates
from storefront.certificates.models import GiftCertificate
from storefront.kit import money
from storefront.kit.errors import Conflict
from storefront.orders.models import Order
from storefront.orders.states import REVIEW


def lines_of(order: Order) -> list[int]:
    """The ids of the lines that buy certificates."""
    return [line.id for line in order.lines if line.gift_certificate]


def bought_certificates(order: Order) -> list[GiftCertificate]:
    """What these lines have bought, in the order of their ids."""
    lines = lines_of(order)
    return certificates.bought_in(lines) if lines else []


def worth_of_bought(order: Order) -> dict[int, int]:
    """Certificate id: what is left of it, of those that the order bought and that are worth something."""
    return {one.id: one.left_minor for one in bought_certificates(order) if one.left_minor}


def used_of_bought(order: Order) -> int:
    """What of the certificates that the order bought is used, or set aside: money that must not go back."""
    lines = lines_of(order)
    return certificates.used_of(lines) if lines else 0


def let_go(order: Order) -> None:
    """The order ends: what it holds of certificates is free again, and what it would have bought is void."""
    certificates.release(order.id)
    certificates.lapse(lines_of(order))


def take_again(order: Order) -> None:
    """The order may be paid after all. Raises CertificateShort if a certificate has not as much any more."""
    certificates.hold(order.id)
    renew(order)


def renew(order: Order) -> None:
    """What a closed order would have bought waits for its money once more."""
    certificates.renew(lines_of(order))


def suspend_bought(order: Order) -> None:
    """The bank takes back what has paid the order: the certificates that it bought wait for the end of that."""
    certificates.suspend(lines_of(order))


def reinstate_bought(order: Order) -> None:
    """Nobody disputes the order any more, or staff let it go on all the same: what it bought can be used again."""
    certificates.reinstate(lines_of(order))


def kept_back(order: Order) -> int:
    """What must not go back when the order is cancelled, since certificates that it bought are used.

    Raises Conflict unless the order is in review: then somebody, or time, has to end it whatever was used.
    """
    used = used_of_bought(order)
    if used and order.status != REVIEW:
        shown = money.here(used, order.currency)
        sentence = _("%(sum)s of the gift certificates bought with this order are used or set aside.", sum=shown)
        raise Conflict(f"{sentence} {_('Refund what is left instead.')}", state=order.status)
    return used


def undo(order: Order) -> None:
    """Staff cancel the order: certificates get back what they paid of it, and those that it bought are void."""
    certificates.take_back(worth_of_bought(order), lines_of(order))
    certificates.give_back(order.id, certificates.refundable(order.id), ref=f"cancel-{order.number}")

"""How the shop works, for the people behind the counter: every state and every move, drawn from the tables."""

from typing import NamedTuple

from flask import render_template
from flask_babel import lazy_gettext as _l

from storefront.admin import wording
from storefront.admin.room import bp
from storefront.cart.states import CART
from storefront.certificates.states import CERTIFICATE
from storefront.kit.states import Machine
from storefront.notices import HANDLERS
from storefront.orders.return_states import RETURN
from storefront.orders.states import ORDER, SHIPMENT
from storefront.orders.wording import STATES
from storefront.payments.states import BILL
from storefront.stock.states import RESERVATION


class Chapter(NamedTuple):
    """One machine with its name, a sentence about it, and a word for each of its states."""

    machine: Machine
    name: object
    about: object
    states: dict


CHAPTERS = (
    Chapter(
        ORDER,
        _l("Order"),
        _l("What a shopper has confirmed. Numbered and copied before the payment; it changes only by this table."),
        STATES,
    ),
    Chapter(
        BILL,
        _l("Attempt to pay"),
        _l("One try to pay one order. An order may have several; the money of one of them counts for it."),
        wording.BILL,
    ),
    Chapter(
        RESERVATION,
        _l("Goods set aside"),
        _l("So many of one article, kept for one line of an order, or of a cart if the article is scarce."),
        wording.RESERVATION,
    ),
    Chapter(
        SHIPMENT, _l("Parcel"), _l("What leaves the house together. The order follows its parcels."), wording.SHIPMENT
    ),
    Chapter(
        RETURN,
        _l("Return"),
        _l("What was sent and comes back. The order is not completed before something is decided about it."),
        wording.RETURN,
    ),
    Chapter(
        CART,
        _l("Cart"),
        _l("What a shopper means to buy. It is never turned into the order: it stays until the order is paid."),
        wording.CART,
    ),
    Chapter(
        CERTIFICATE,
        _l("Gift certificate"),
        _l("A balance behind a code: bought like goods, used like money, with a ledger of its own."),
        wording.CERTIFICATE,
    ),
)


@bp.get("/guide")
def guide():
    """States, moves, events, and who is told of them."""
    return render_template(
        "admin/guide.html",
        chapters=CHAPTERS,
        events=wording.EVENTS,
        told={name for name in HANDLERS if name in wording.EVENTS},
    )

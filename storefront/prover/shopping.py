"""What shoppers do, in the shop and on the gateway's page."""

from urllib.parse import urlsplit

from flask import g
from flask_login import login_user
from sqlalchemy import select

from storefront import cart, checkout, orders, payments
from storefront.cart.models import Cart
from storefront.checkout.again import pay_again as begin_again
from storefront.checkout.steps import resume
from storefront.customers.models import Customer
from storefront.kit.db import db, transaction
from storefront.payments.models import Bill, PaymentMethod
from storefront.prover.deeds import called, deed, left, open_sessions, visit
from storefront.prover.shelf import too_few_for
from storefront.sandbox import books, rehearsal
from storefront.sandbox.scenarios import SCENARIOS

BUTTONS = {"pay": books.PAID, "decline": books.DECLINED, "cancel": books.CANCELLED}


@deed(
    "shopper {0} puts one more {1} into the cart",
    lambda view, world: ((c.id, "MUG") for c in view.carts if c.status == "OPEN"),
)
def put(cart_id, sku):
    with transaction():
        cart.add(db.session.get_one(Cart, cart_id), sku, 1)


def _filled(view):
    return {line.cart_id for line in view.cart_lines}


@deed(
    "shopper {0} takes one out of the cart",
    lambda view, world: ((c.id, c.version) for c in view.carts if c.status == "OPEN" and c.id in _filled(view)),
)
def take_out(cart_id, version):
    with transaction():
        basket = db.session.get_one(Cart, cart_id)
        cart.change(basket, basket.lines[0].id, basket.lines[0].qty - 1, version)


def _remember_preview(memory, args, token):
    tab = f"tab {args[0]}.{args[1]}"
    memory[tab] = (args[2], token)


def _previews(view, world):
    """A page that was not used may as well have been the one before: pages are numbered by the orders made of them."""
    for basket in view.carts:
        if basket.status == "OPEN" and basket.id in _filled(view):
            for tab in world.tabs:
                used = sum(order.confirm_token.startswith(f"press-{basket.id}-{tab}-") for order in view.orders)
                yield basket.id, tab, used + 1


@deed("shopper {0} looks at the preview in tab {1}", _previews, remember=_remember_preview)
def look(cart_id, tab, page):
    return cart.quote(db.session.get_one(Cart, cart_id)).token


def _looking(view, world):
    for name, page in view.memory.items():
        if name.startswith("tab "):
            cart_id, tab = name[4:].split(".")
            yield int(cart_id), int(tab), *page


@deed(
    "shopper {0} confirms in tab {1}",
    _looking,
    draws=lambda view, args: 1000 * (1 + len(view.orders)),
    notice=lambda view, args: too_few_for(view, args[0]),
)
def confirm(cart_id, tab, page, token):
    """As the view does: an earlier press leads to its order, and finishes what a crash left."""
    press = f"press-{cart_id}-{tab}-{page}"
    if placed := orders.placed_from(press):
        return resume(placed)
    basket = db.session.get_one(Cart, cart_id)
    if basket.merged_into_id:  # the page is older than the sign-in: what is found is the customer's cart of now
        basket = db.session.get_one(Cart, basket.merged_into_id)
    return checkout.place(basket, db.session.get_one(PaymentMethod, basket.payment_method_id), token, press).order_id


@deed(
    "the shopper of {0} signs in",
    lambda view, world: (
        (row.token_hash,)
        for row in view.carts
        if view.customers and row.customer_id is None and row.status in ("OPEN", "CONVERTED")
    ),
)
def sign_in(token_hash):
    """In the browser of a guest's cart, as the view does: the signal makes one cart of two."""
    g.cart_token_hash = token_hash
    login_user(db.session.scalars(select(Customer)).one())


def _known_sessions(view):
    return {row.reference for row in view.sandbox_payments}


@deed(
    "the shopper goes to the payment page of bill {0}",
    lambda view, world: (
        (bill.id,)
        for bill in view.bills
        if bill.status in ("CREATED", "REDIRECTED") and bill.next_step and called(bill) not in _known_sessions(view)
    ),
)
def leave(bill_id):
    bill = db.session.get_one(Bill, bill_id)
    form, path = payments.form_of(bill)["form"], bill.next_step
    db.session.rollback()
    answer = visit("GET", path)
    if answer.status_code == 200:
        visit("POST", urlsplit(form["action"]).path, data=dict(form["fields"]))
    return answer.status_code


@deed(
    "on the payment page of {0} the shopper presses {1} ({2})",
    lambda view, world: ((row.reference, *how.split(":")) for row in open_sessions(view) for how in world.presses),
    draws=lambda view, args: 10**6 * next(row.id for row in view.sandbox_payments if row.reference == args[0]),
)
def press(reference, button, scenario):
    """As the gateway's page does it: the scenario says what follows."""
    with transaction():
        payment = books.session_of(reference, lock=True)
        if books.state_of(payment) == books.OPEN:
            payment.scenario = scenario
            says = rehearsal.notice_of if payment.player else None
            books.answer(payment, BUTTONS[button], SCENARIOS[scenario], says=says)


@deed(
    "the browser comes back from bill {0}, {1}",
    lambda view, world: (
        (bill.id, how)
        for bill in left(view)
        if bill.reference in _known_sessions(view)
        for how in ("signed", "unsigned")
    ),
)
def come_back(bill_id, how):
    bill = db.session.get_one(Bill, bill_id)
    payment = books.session_of(bill.reference)
    decided = books.state_of(payment) not in (books.OPEN, books.CLOSED)
    said = books.message(payment, "return") if decided else {}
    if how == "unsigned":
        said = {**said, "kind": "return", "status": "paid", "transaction": "made-up", "signature": "none"}
        said["reference"] = bill.reference
    url = urlsplit(payment.fields["ok_url"]).path
    db.session.rollback()
    return visit("GET", url, query_string=said).status_code


def _next_bill(view, args):
    return 10**5 * (10 * args[0] + sum(bill.order_id == args[0] for bill in view.bills))


@deed(
    "the shopper pays order {0} again, by {1}",
    lambda view, world: ((order.id, way) for order in view.orders for way in world.ways),
    draws=_next_bill,
)
def pay_again(order_id, way):
    begin_again(order_id, db.session.scalars(select(PaymentMethod).filter_by(code=way)).one())


@deed(
    "the shopper cancels order {0}", lambda view, world: ((o.id,) for o in view.orders if o.status in ("NEW", "HOLD"))
)
def cancel(order_id):
    with transaction():
        orders.cancel_by_shopper(order_id)


@deed("the shopper asks to keep order {0}", lambda view, world: ((o.id,) for o in view.orders if o.status == "HOLD"))
def keep(order_id):
    with transaction():
        orders.keep(order_id)

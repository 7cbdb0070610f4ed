"""How people buy: from the shelf to the gateway's page and back, pressing the buttons that people press."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from sqlalchemy import func, select, update

from storefront import customers, jobs, payments
from storefront.cart.models import Cart
from storefront.catalog.models import Price, Variant
from storefront.kit.db import db, transaction
from storefront.orders.models import Order
from storefront.payments.gateways.sandbox import sign
from storefront.payments.models import Bill, InboxMessage, LedgerEntry
from storefront.sandbox import books
from storefront.stock.models import StockReservation

from visitors import Page, Visitor

ADDRESS = {
    "Email": "alice@example.com",
    "Full name": "Alice Byrne",
    "Address": "1 Quay Street",
    "City": "Galway",
    "Postcode": "H91 E2R8",
}


PASSWORD = "nine old kettles"


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do all of these in threads that start together; what each gave, or the error of the first that failed."""
    start = threading.Barrier(len(deeds))

    def run(deed):
        start.wait(timeout=30)
        return deed()

    with ThreadPoolExecutor(len(deeds)) as threads:
        return [done.result() for done in [threads.submit(run, deed) for deed in deeds]]


class Placed(NamedTuple):
    """An order that somebody has confirmed, and its bill."""

    order: Order
    bill: Bill
    shopper: Visitor


class Purchases:
    """The part of the play about buying. `self.app`, `self.visitor()` and `self.look_again()` are the stage's."""

    def fill_cart(self, shopper: Visitor, **goods: int) -> Page:
        """Put so many of each into the cart, from the product's own page."""
        for name, quantity in goods.items():
            shopper.get(f"/products/{name.replace('_', '-')}")
            shopper.press("Add to cart", quantity=str(quantity))
        return shopper.get("/cart")

    def to_preview(self, shopper: Visitor, **address: str) -> Page:
        """Through address, shipping and payment to the preview."""
        shopper.get("/cart")
        shopper.click("Go to checkout")
        page = shopper.press("Continue to", {**ADDRESS, **address})  # shipping, where something travels
        if page.path == "/checkout/shipping":
            shopper.press("Continue to payment")
        if shopper.page.path == "/checkout/payment":  # where something is to be paid
            shopper.press("Review order")
        page = shopper.page
        assert page.path == "/checkout/preview", f"{page.path}: {page.text[:300]}"
        return page

    def confirm(self, shopper: Visitor) -> Placed:
        """Press "Confirm and pay" on the preview; the shopper is on the page that leaves."""
        page = shopper.press("Confirm and pay")
        assert page.steps == [303, 200], page.text[:400]
        return Placed(self.last_order(), self.last_bill(), shopper)

    def held_order(self, shopper: Visitor | None = None, **goods: int) -> Placed:
        """An order that waits for its money, with its bill: `held_order(mug=3)`."""
        shopper = shopper or self.visitor("alice")
        self.fill_cart(shopper, **goods)
        self.to_preview(shopper)
        return self.confirm(shopper)

    def at_gateway(self, shopper: Visitor | None = None, **goods: int) -> Placed:
        """The same, and the shopper has gone on to the gateway's page."""
        placed = self.held_order(shopper, **goods)
        page = placed.shopper.press("Continue to payment page")
        assert page.path.startswith("/sandbox/"), page.path
        return Placed(self.last_order(), self.last_bill(), placed.shopper)

    def paid_order(self, shopper: Visitor | None = None, **goods: int) -> Placed:
        """An order that has been paid at the gateway, notified before the return."""
        placed = self.at_gateway(shopper, **goods)
        placed.shopper.press("Pay")
        return Placed(self.last_order(), self.last_bill(), placed.shopper)

    def tab(self, shopper: Visitor) -> Visitor:
        """Another tab of the same browser, looking at the same page."""
        tab = self.visitor(shopper.name)
        tab.http.cookies, tab.page = shopper.http.cookies, shopper.page
        return tab

    def signed_in(self, email: str = "alice@example.com", shopper: Visitor | None = None) -> Visitor:
        """Somebody with an account, made if there is none, who has just signed in."""
        with transaction():
            customers.sign_up(email, PASSWORD, "Alice Byrne")
        shopper = shopper or self.visitor(email)
        shopper.get("/account/sign-in")
        shopper.press("Sign in", {"Email": email, "Password": PASSWORD})
        return shopper

    def reprice(self, name: str, amount_minor: int) -> None:
        """The merchant changes a price."""
        with transaction():
            variant = self.variant(name)
            db.session.execute(update(Price).filter_by(variant_id=variant.id).values(amount_minor=amount_minor))

    def orders(self) -> list[Order]:
        """Every order, oldest first."""
        self.look_again()
        return list(db.session.scalars(select(Order).order_by(Order.id)))

    def in_cart(self, shopper: Visitor) -> dict[str, int]:
        """What the shopper's cart page shows: name: quantity."""
        forms = [form for form in shopper.get("/cart").forms if form.button("Update")]
        return {
            form.button("Update").words.removeprefix("Update").strip(): int(dict(form.values())["quantity"])
            for form in forms
        }

    def tables(self, *without: str) -> dict[str, list]:
        """Every row of every table but those, for comparing before and after."""
        self.look_again()
        return {
            table.name: sorted(map(repr, db.session.execute(select(table)).all()))
            for table in db.metadata.sorted_tables
            if table.name not in without
        }

    # --- what the gateway says, without its page

    def message(self, word: str, bill: Bill, kind: str = "notify", **changes: str) -> dict[str, str]:
        """The signed fields of a message about a bill: `message("paid", bill, amount="1")`."""
        fields = {
            "kind": kind,
            "reference": bill.reference,
            "order": "",
            "status": word,
            "amount": str(bill.amount_minor),
            "currency": bill.currency,
            "transaction": f"tr-{bill.reference}",
            "reason": "",
            "event": f"tr-{bill.reference}-{word}",
            "at": "2026-01-02T03:04:05+00:00",
            **changes,
        }
        with self.app.test_request_context():
            return {"signature": sign(fields, books.key()), **fields}

    def notify(self, fields: dict[str, str] | bytes, visitor: Visitor | None = None) -> Page:
        """The gateway's server posts this to us."""
        body = fields if isinstance(fields, bytes) else urlencode(fields)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        sender = visitor or self.visitor("gateway")
        return sender.post("/payments/sandbox/notify", data=body, csrf=False, headers=headers)

    def gateway_says(self, word: str, bill: Bill, **changes: str) -> int:
        """A well-signed notification; gives the status that the gateway gets."""
        return self.notify(self.message(word, bill, **changes)).status

    def return_path(self, bill: Bill, hint: str = "ok", **fields: str) -> str:
        """Our own address for the browser's way back, with these fields in it."""
        query = f"?{urlencode(fields)}" if fields else ""
        return f"/payments/sandbox/return/{bill.key}/{hint}{query}"

    # --- jobs, and what the books say

    def run(self, job: str) -> dict[str, int]:
        """Run one job now."""
        self.look_again()
        with self.app.app_context():  # with a session of its own, as in the scheduler's thread
            counts = jobs.run_once(job)
        self.look_again()
        return counts

    def status_of(self, order: Order) -> dict:
        """What /orders/<key>/status says."""
        return json.loads(self.visitor().get(f"/orders/{order.key}/status").answer.text)

    def last_order(self) -> Order:
        """The order that was placed last."""
        self.look_again()
        return db.session.scalars(select(Order).order_by(Order.id.desc()).limit(1)).one()

    def last_bill(self) -> Bill:
        """The bill that was opened last."""
        return db.session.scalars(select(Bill).order_by(Bill.id.desc()).limit(1)).one()

    def bills(self, order: Order) -> list[Bill]:
        """Every attempt of an order, oldest first, as it is now."""
        self.look_again()
        return payments.bills_of(order.id)

    def outcomes(self) -> list[str]:
        """What became of every message, oldest first."""
        self.look_again()
        return list(db.session.scalars(select(InboxMessage.outcome).order_by(InboxMessage.id)))

    def captured(self, order: Order) -> int:
        """The money of an order by the ledger."""
        self.look_again()
        kept = select(func.coalesce(func.sum(LedgerEntry.amount_minor), 0))
        return int(db.session.scalar(kept.where(LedgerEntry.order_id == order.id, LedgerEntry.kind == "captured")))

    def holds(self, order: Order) -> dict[str, int]:
        """How many units the order holds, by status."""
        self.look_again()
        rows = db.session.execute(
            select(StockReservation.status, func.sum(StockReservation.qty))
            .where(StockReservation.order_id == order.id)
            .group_by(StockReservation.status)
        )
        return {status: int(units) for status, units in rows}

    def cart_lines(self, order: Order) -> dict[str, int]:
        """What is in the cart that the order was made from."""
        self.look_again()
        basket = db.session.get(Cart, order.cart_id)
        return {db.session.get(Variant, line.variant_id).sku: line.qty for line in basket.lines} if basket else {}


def path_of(url: str) -> str:
    """The path and query of an address."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")

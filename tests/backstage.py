"""What happens behind the pages: orders made by their verbs, jobs, and the gateway's own books."""

import time
from collections import Counter
from itertools import count

from sqlalchemy import func, select, update

from storefront import cart, checkout, customers, orders
from storefront.cart import service
from storefront.cart.models import Cart
from storefront.jobs.schedule import SCHEDULE
from storefront.kit.db import db, transaction
from storefront.orders.models import Order
from storefront.payments.models import Bill, LedgerEntry, PaymentMethod, Refund
from storefront.sandbox.models import SandboxPayment
from storefront.shipping.models import ServiceLevel
from storefront.stock.models import Stock

from purchases import ADDRESS, Placed, Purchases

HOME = {"name": "Alice Byrne", "line1": "1 Quay Street", "city": "Galway", "postcode": "H91 E2R8", "country": "IE"}
_numbers = count(1)
NO_MONEY_MOVED = ("authorized", "voided", "fee", "fee_returned")  # between shopper and shop


class Backstage(Purchases):
    """Quicker than the front door, for stories that begin after it."""

    def quick_order(self, **goods: int) -> Placed:
        """An order that waits for its money, made by the verbs behind the pages: `quick_order(mug=3)`."""
        self.confirm_basket(self.filled_basket(**goods))
        return Placed(self.last_order(), self.last_bill(), self.visitor())

    def quickly_at_gateway(self, **goods: int) -> Placed:
        """The same, and the shopper has gone on to the gateway's page."""
        placed = self.quick_order(**goods)
        placed.shopper.get(placed.bill.next_step)
        placed.shopper.leaves()
        return Placed(self.last_order(), self.last_bill(), placed.shopper)

    def quickly_paid(self, **goods: int) -> Placed:
        """An order that was paid, as its gateway's server says."""
        placed = self.quickly_at_gateway(**goods)
        placed.shopper.press("Pay")
        return Placed(self.last_order(), self.last_bill(), placed.shopper)

    def until(self, holds, seconds: float = 10) -> None:
        """Wait for something that another thread does, as long as that may take."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.02)
            self.look_again()

    def filled_basket(self, **goods: int) -> Cart:
        """A cart with an address, a way to travel and a way to pay."""
        with transaction():
            basket = service.start(f"token-{next(_numbers)}", "EUR")
            for name, quantity in goods.items():
                cart.add(basket, self.variant(name).sku, quantity)
            home = customers.save_address(HOME)
            method = db.session.scalars(select(PaymentMethod).filter_by(code="card")).one()
            level = db.session.scalars(select(ServiceLevel).order_by(ServiceLevel.position)).first()
            chosen = {"service_level_id": level.id, "payment_method_id": method.id, "shipping_address_id": home.id}
            cart.choose(basket, email=ADDRESS["Email"], **chosen)
        return basket

    def confirm_basket(self, basket: Cart) -> Order:
        """What the button "Confirm and pay" does, without its page."""
        number = basket.id
        self.look_again()
        with self.app.test_request_context():
            quote = cart.quote(db.session.get(Cart, number))
            method = db.session.get(PaymentMethod, quote.method_id)
            checkout.place(quote.cart, method, quote.token, f"confirm-{next(_numbers)}")
        return self.last_order()

    def all_jobs(self) -> None:
        """Every job of the table, as the scheduler would within a minute."""
        for job in SCHEDULE:
            self.run(job.name)

    def shelf(self, name: str) -> tuple[int, int]:
        """How many there are of a thing, and how many of them are set aside."""
        self.look_again()
        stock = db.session.get_one(Stock, self.variant(name).id)
        return stock.on_hand, stock.reserved

    # --- the gateway's own books

    def session_of(self, bill: Bill) -> SandboxPayment:
        """What the gateway's own books say about a bill."""
        self.look_again()
        return db.session.scalars(select(SandboxPayment).filter_by(reference=bill.reference)).one()

    def gateway_is_back(self) -> None:
        """Whatever played dead answers again."""
        with transaction():
            db.session.execute(update(SandboxPayment).values(unreachable=False))

    def gateway_is_away(self) -> None:
        """Every session plays dead towards queries, closing and refunds."""
        with transaction():
            db.session.execute(update(SandboxPayment).values(unreachable=True))

    def ledger_of(self, bill: Bill) -> dict[tuple[str, str], int]:
        """The sums of a bill in our ledger: (kind, currency): minor units."""
        self.look_again()
        rows = db.session.execute(
            select(LedgerEntry.kind, LedgerEntry.currency, func.sum(LedgerEntry.amount_minor))
            .where(LedgerEntry.bill_id == bill.id)
            .group_by(LedgerEntry.kind, LedgerEntry.currency)
        )
        return {(kind, currency): int(total) for kind, currency, total in rows}

    def both_books_agree(self) -> None:
        """What the gateway took and sent back is what our ledger says, session by session."""
        self.look_again()
        for session in db.session.scalars(select(SandboxPayment)):
            ours = Counter()
            for bill in db.session.scalars(select(Bill).order_by(Bill.id)).all():
                theirs = session.fields.get("theirs", session.reference)
                if theirs in (bill.extra.get("session", bill.reference), bill.gateway_reference):
                    moved = self.ledger_of(bill).items()
                    ours.update({key: total for key, total in moved if key[0] not in NO_MONEY_MOVED})
            theirs = {
                ("captured", session.currency): session.captured_minor,
                ("refunded", session.currency): session.refunded_minor,
                ("charged_back", session.currency): sum(row["amount"] for row in session.chargebacks.values()),
                ("won_back", session.currency): sum(
                    row["amount"] for row in session.chargebacks.values() if row["won_at"]
                ),
            }
            assert ours == {key: total for key, total in theirs.items() if total}, session.reference

    # --- small words

    def rows_of(self, model) -> int:
        """How many rows of a kind there are."""
        self.look_again()
        return db.session.scalar(select(func.count()).select_from(model))

    def order_of(self, bill: Bill) -> Order:
        """The order that a bill is for, as it is now."""
        self.look_again()
        return db.session.get_one(Order, db.session.get_one(Bill, bill.id).order_id)

    def ask_refund(self, order: Order, amount: int, key: str = "", restock: dict[int, int] | None = None) -> Refund:
        """Staff ask for a sum to go back; the job sends it."""
        with transaction():
            refund = orders.request_refund(
                order.id,
                amount,
                request_key=key or f"refund-{next(_numbers)}",
                reason="Broken",
                actor="otto",
                restock=restock or {},
            )
        return refund

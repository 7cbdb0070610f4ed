"""Faults that are put into the shop's code on purpose, one at a time, to see whether the search finds them."""

from dataclasses import replace

from storefront.cart import paying
from storefront.checkout import intake, reversible
from storefront.jobs import bills as money_jobs
from storefront.orders import closing, ending, fulfilment, overtime, placing, settling
from storefront.orders.states import ORDER
from storefront.payments import ledger, sending
from storefront.payments.gateways import sandbox
from storefront.payments.states import BILL, PAID
from storefront.promotions import using
from storefront.prover.editing import Fault, allowed, edited
from storefront.prover.other_faults import OTHERS
from storefront.prover.small import world
from storefront.stock import holding

RETRY = world("trying again", {"pay_again": 1, "press": 2}, deliveries=1)
LATE = world("late money", {"wait": 0, "clean_up": 0, "pay_again": 1, "press": 1}, marks=(46,), on_hand=1)
STAFF = world("staff", {"call_off": 1, "send_refunds": 0}, deliveries=1)
CHANGING = world("a changing cart", {"look": 2, "confirm": 2, "put": 1, "press": 1}, deliveries=1)
AT_ONCE = world("at once", {"look": 2, "confirm": 2}, carts=(1, 1), on_hand=2, runs=2, slow=("confirm",))
REFUSED = world("refused", {"wait": 0, "clean_up": 0}, presses=("decline:before", "pay:success_after_failure"))

_READ_FIRST = """from sqlalchemy import select, update
    from storefront.stock.models import Stock
    reserved = db.session.scalar(select(Stock.reserved))
    for _another_tab"""
_THEN_WRITE = """orders.hold_goods(attempt.order)
            db.session.flush()
            db.session.execute(update(Stock).values(reserved=reserved + 1))
"""
_REFUSE_BESIDE = """from sqlalchemy import select
    from storefront.orders.models import Order
    from storefront.stock import OutOfStock
    if db.session.scalar(select(Order.id).where(Order.status == "NEW", Order.id != order.id)):
        raise OutOfStock("Somebody else is at it.")
    cart.claim("""

FAULTS = (
    Fault(
        "an echo pays twice", (edited(ledger, "_known", "if db.session.scalar(by_key):", "return False\n    if 0:"),)
    ),
    Fault(
        "event key ignored",
        (edited(ledger, "event_key", "return outcome.event_key or", "return outcome.type or"),),
        world("two buyers", {"look": 2, "confirm": 2, "press": 2}, carts=(1, 1), deliveries=1),
    ),
    Fault(
        "forged message believed",
        (edited(sandbox, "is_signed", "return bool(", "return True or bool("),),
        world("forged", {"forge": 0}),
    ),
    Fault(
        "unsigned return pays",
        (edited(sandbox.Sandbox, "read_return", "and is_signed(fields, self._key)", "and True"),),
        world("unsigned", {"come_back": 0}, presses=("decline:before",)),
    ),
    Fault(
        "failure undoes success",
        (allowed(BILL.table, "failed", (*BILL.table["failed"][0], PAID), "FAILED"),),
        world("contradictions", {}, presses=("pay:failure_after_success",)),
    ),
    Fault(
        "late success ignored",
        (
            edited(
                ledger,
                "_paid",
                "if _of_another(bill, outcome):",
                'if _of_another(bill, outcome) or bill.status in ("FAILED", "CANCELLED", "EXPIRED"):',
            ),
        ),
        RETRY,
    ),
    Fault(
        "success after failure refused",
        (allowed(BILL.table, "paid", ("CREATED", "REDIRECTED", "PENDING"), PAID),),
        REFUSED,
    ),
    Fault("quarantine dropped", (edited(ledger, "quarantine", "= QUARANTINED, reason", "= NONE, reason"),), RETRY),
    Fault("second payment applied, too", (edited(settling, "is_paid", "return db", "return False and db"),), RETRY),
    Fault(
        "wrong amount accepted",
        (
            edited(
                settling,
                "_why_not",
                "if not outcome.amount_minor == bill.amount_minor == owed(order, bill):",
                "if False:",
            ),
        ),
        world("wrong amount", {}, presses=("pay:wrong_amount",)),
    ),
    Fault(
        "wrong currency accepted",
        (edited(settling, "_why_not", "if money.code(outcome.currency) != order.currency or", "if False and"),),
        world("wrong currency", {}, presses=("pay:wrong_currency",)),
    ),
    Fault("cart not emptied", (edited(paying, "take_out", "for line in bought:", "for line in ():"),)),
    Fault(
        "cart subtracted twice",
        (edited(paying, "take_out", "left.qty -= line.qty", "left.qty -= min(2 * line.qty, left.qty - 1)"),),
        world("a fuller cart", {"put": 2}, on_hand=5),
    ),
    Fault(
        "what was added is lost",
        (edited(paying, "take_out", "if left and left.qty > line.qty:", "if not left:"),),
        world("a fuller cart", {"put": 2}, on_hand=5),
    ),
    Fault(
        "close releases twice",
        (edited(holding, "release", "reserved=-sum(", "reserved=-2 * sum("),),
        world("cancel", {"cancel": 1}),
    ),
    Fault(
        "close forgets the goods",
        (edited(ending, "close_all", "stock.release(ids, reason, by_time=reason in BY_TIME)", "pass"),),
        world("cancel", {"cancel": 1}),
    ),
    Fault("goods not committed when paid", (edited(holding, "sell", "_commit_held(order_id)", "pass"),)),
    Fault(
        "hold not handed over",
        (
            edited(
                placing,
                "hold_goods",
                "if rival.status in (NEW, HOLD, REVIEW):",
                "stock.reserve(order.lines)\n            if 0:",
            ),
        ),
        CHANGING,
    ),
    Fault(
        "superseded order not closed",
        (edited(placing, "_supersede", 'close(rival, "cancelled", SUPERSEDED, detail=order.number)', "pass"),),
        replace(CHANGING, on_hand=4),
    ),
    Fault(
        "stock taken by read, then write",
        (
            edited(
                reversible,
                "hold_stock",
                "for _another_tab",
                _READ_FIRST,
                "orders.hold_goods(attempt.order)\n",
                _THEN_WRITE,
            ),
        ),
        AT_ONCE,
    ),
    Fault(
        "refused because somebody else confirms, too",
        (edited(placing, "hold_goods", "cart.claim(", _REFUSE_BESIDE),),
        replace(AT_ONCE, may={"look": 2, "confirm": 2}),
    ),
    Fault(
        "closer does not ask",
        (
            edited(money_jobs, "_ask_about", "checkout.ask_about_many(list(asked))", "()"),
            edited(overtime, "_asked", "return not payments.can_be_asked(bill)", "return True"),
        ),
        LATE,
    ),
    Fault(
        "closer does not look again",
        (edited(overtime, "_end_of", "if order.status != HOLD or", "if"),),
        world("closing at once", {"wait": 0, "clean_up": 0}, marks=(46,), runs=1, slow=("clean_up",), deliveries=1),
    ),
    Fault(
        "crash between message and effect loses it",
        (edited(money_jobs, "apply_waiting_messages", "payments.unread()", "[]"),),
        world("crashes", {}, crashes=1, deliveries=1),
        endings=True,
    ),
    Fault(
        "refund sent twice",
        (
            edited(sending, "call_gateway", ", refund.request_key)", ', f"{refund.request_key}-{refund.tries}")'),
            edited(
                sending,
                "_ask",
                "refund.amount_minor, refund.request_key)",
                'refund.amount_minor, f"{refund.request_key}-{refund.tries}")',
            ),
        ),
        replace(STAFF, crashes=1),
    ),
    Fault(
        "money of a cancelled order kept",
        (edited(closing, "cancel_by_merchant", "if left > stays:", "if False:"),),
        STAFF,
    ),
    Fault(
        "sums computed afresh when paid",
        (edited(settling, "pay", "payments.accept(bill)", "order.total_minor -= 1\n    payments.accept(bill)"),),
    ),
    Fault("an event without its message", (edited(intake, "apply", "cause=stored.id", "cause=None"),)),
    Fault(
        "nobody can leave REVIEW",
        (
            allowed(ORDER.table, "released", ("NEW",), "PROCESSING"),
            allowed(ORDER.table, "cancelled", ("NEW", "HOLD"), "CANCELLED"),
        ),
        world("wrong amount", {}, presses=("pay:wrong_amount",)),
        endings=True,
    ),
    Fault(
        "a refusal ends the order for good",
        (
            edited(
                settling,
                "_wait_no_longer",
                "if order.status == HOLD and order.hold_expires_at:",
                'if order.status == HOLD:\n        close(order, "failed", "shopper")\n    if 0:',
            ),
        ),
        REFUSED,
        endings=True,
    ),
    Fault(
        "parcel leaves, goods stay",
        (edited(fulfilment, "ship", "stock.consume(line.order_line, line.qty)", "pass"),),
        world("sending", {"ship": 0}, deliveries=1),
    ),
    Fault(
        "a code is not given back",
        (edited(ending, "close_all", "promotions.release(*using)", "pass"),),
        world("codes", {"cancel": 1}, coupon_limit=1),
    ),
    Fault(
        "a code is used as often as asked",
        (edited(using, "_one_more", "where(kind.id == row_id, below)", "where(kind.id == row_id)"),),
        replace(AT_ONCE, runs=1, coupon_limit=1),
    ),
    *OTHERS,
)

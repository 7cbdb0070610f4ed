"""Faults beside the purchase: in what happens to money afterwards, in what is looked at, and in what carts keep."""

from storefront.cart import scarce, service
from storefront.orders import disputing, fulfilment, settling
from storefront.payments import ledger, sums
from storefront.prover.editing import Fault, edited
from storefront.prover.small import world
from storefront.prover.worlds import PRICE
from storefront.stock import holding, timed
from storefront.stock.models import TIMED_HOLD

CONSOLE = world("the console", {"refund_there": 1, "call_off": 1, "send_refunds": 0}, deliveries=1)
DISPUTED = world("a dispute", {"charge_back": 1, "win_back": 1, "call_off": 1}, deliveries=1)
LOST = world("a lost dispute", {"charge_back": 1, "accept": 1, "decide": 1, "ship": 0, "complete": 0}, deliveries=1)
LOOKED_AT = world(
    "looked at",
    {"accept": 1, "wait": 0, "clean_up": 0},
    marks=(46,),
    deliveries=1,
    presses=("pay:before", "pay:after_hold"),
    store={"review_rules": {"amount_minor": PRICE}},
)
KEPT = world(
    "kept for minutes",
    {"put": 2, "take_out": 1, "wait": 0, "look": 2, "confirm": 2},
    carts=(0, 0),
    on_hand=1,
    marks=(3, 6),
    deliveries=1,
    policy=TIMED_HOLD,
)

OTHERS = (
    Fault(
        "a disputed order goes on",
        (edited(disputing, "dispute", "if order.status in PREPARING:", "if False:"),),
        DISPUTED,
    ),
    Fault(
        "a dispute that is won holds the order for ever",
        (
            edited(
                disputing, "end_dispute", "if order.status == REVIEW and order.review_reason == REASON:", "if False:"
            ),
        ),
        DISPUTED,
    ),
    Fault(
        "what the console sent back is asked back again",
        (edited(sums, "refundable", "return balance_of(bill)", 'return totals_of(bill)["captured"]'),),
        CONSOLE,
    ),
    Fault(
        "money that the bank gives back is forgotten",
        (edited(ledger, "_afterwards", "elif outcome.type == base.WON_BACK and", "elif False and"),),
        DISPUTED,
    ),
    Fault(
        "a refund at the console is not written down",
        (edited(ledger, "_afterwards", "enter(bill, outcome, KINDS[outcome.type])", "pass"),),
        CONSOLE,
    ),
    Fault(
        "a lost dispute keeps its order open for ever",
        (
            edited(
                fulfilment,
                "complete",
                "row.reason == DISPUTED for row in payments.desk_rows_of(order.id)",
                'bill.status == "DISPUTED" for bill in payments.bills_of(order.id)',
            ),
        ),
        LOST,
        endings=True,
    ),
    Fault(
        "a paid order is not looked at",
        (edited(settling, "_money_came", "if hits and may_review(order):", "if False:"),),
        LOOKED_AT,
    ),
    Fault(
        "late money is not looked at",
        (edited(settling, "_money_came", "if hits and order.status in CLOSED:", "if False:"),),
        LOOKED_AT,
    ),
    Fault(
        "what a cart keeps is not its order's",
        (edited(holding, "reserve", "kept_for(held, cart_lines)", "{}"),),
        KEPT,
    ),
    Fault(
        "what a cart kept too long is still kept",
        (edited(timed, "end_overdue", "for variant_id in sorted(set(variant_ids)):", "for variant_id in ():"),),
        KEPT,
    ),
    Fault(
        "a line leaves the cart, its goods stay kept",
        (edited(service, "change", 'scarce.let_go(line, reason="line_removed")', "pass"),),
        KEPT,
    ),
    Fault(
        "putting in more prolongs what is kept",
        (
            edited(scarce, "_ends", "if now >= line.added_at + 2 * lasting:", "if True:"),
            edited(timed, "keep", "held.qty = qty", "held.qty, held.expires_at = qty, until"),
        ),
        world("kept for minutes", {"put": 2, "wait": 0}, carts=(0,), marks=(3,), policy=TIMED_HOLD),
    ),
)

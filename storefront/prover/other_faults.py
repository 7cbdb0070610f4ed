"""Faults beside the purchase: in gifts and parcels, in what happens to money afterwards, in what is looked at, in what
carts keep, in carts that become one, and in payments through two gateways or twice.
"""

from storefront.cart import joined, scarce, service
from storefront.certificates import ledger as gift_ledger
from storefront.orders import disputing, fulfilment, gifts, parcels, settling
from storefront.payments import ledger, sending, sums
from storefront.prover.editing import Fault, edited
from storefront.prover.shop import PRICE, REDSYS, SANDBOX
from storefront.prover.small import world
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
MERGED = world(
    "merging",
    {"look": 2, "confirm": 2, "sign_in": 1},
    carts=(1, 1),
    deliveries=1,
    account=True,
    begun=("look", "confirm", "leave", "press"),
)
ELSEWHERE = world(
    "two gateways",
    {"send_refunds": 0},
    deliveries=1,
    ways=(REDSYS, SANDBOX),
    begun=("look", "confirm", "leave", "press", "notify", "call_off"),
)
TWICE = ("look", "confirm", "leave", "press", "pay_again", "leave", "press", "notify", "notify")
BOTH_DISPUTED = world(
    "two payments disputed",
    {"charge_back": 2, "win_back": 1},
    deliveries=1,
    begun=(*TWICE, "charge_back", "notify"),
)
STRAY = world("stray money", {"charge_back": 1}, deliveries=1, begun=TWICE)

OTHERS = (
    Fault(
        "a certificate is not let go",
        (edited(gifts, "let_go", "certificates.release(order.id)", "pass"),),
        world("gifts", {"cancel": 1}, certificate_minor=PRICE),
    ),
    Fault(
        "a certificate pays and stays full",
        (edited(gift_ledger, "capture", "balance=-amount_minor, held=-amount_minor", "held=-amount_minor"),),
        world("gifts", {}, certificate_minor=2 * PRICE),
    ),
    Fault(
        "a parcel is divided and stays whole",
        (edited(parcels, "split_parcel", "_take(parcel, inside[line_id], qty)", "pass"),),
        world("dividing", {"split": 1}, carts=(2,), on_hand=2),
    ),
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
                "if is_disputed(order):",
                'if any(bill.status == "DISPUTED" for bill in payments.bills_of(order.id)):',
            ),
        ),
        LOST,
        endings=True,
    ),
    Fault(
        "a paid order is not looked at",
        (
            edited(
                settling, "_money_came", "hits = rule_hits(order)", "hits = order.status in CLOSED and rule_hits(order)"
            ),
        ),
        LOOKED_AT,
    ),
    Fault(
        "late money is not looked at",
        (edited(settling, "_money_came", "if hits:", "if False:"),),
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
    Fault(
        "what lay in the customer's cart is lost when they sign in",
        (edited(service, "merge", "same.qty = max(1, clamped.qty)", "pass"),),
        MERGED,
    ),
    Fault(
        "a merged cart forgets the order that came with it",
        (edited(joined, "open_orders", "*db.session.scalars(others)", ""),),
        MERGED,
    ),
    Fault(
        "a refund goes to the other gateway",
        (edited(sending, "call_gateway", "config_by_name(bill.backend)", 'config_by_name("sandbox")'),),
        ELSEWHERE,
        endings=True,
    ),
    Fault(
        "a dispute about money that pays nothing holds the order",
        (edited(disputing, "dispute", "if not payments.counts(bill):", "if False:"),),
        STRAY,
    ),
    Fault(
        "a dispute is not won as long as stray money is disputed",
        (edited(disputing, "end_dispute", " and payments.counts(other)", ""),),
        BOTH_DISPUTED,
    ),
)

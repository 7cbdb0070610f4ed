"""What holds in every state: the invariants, over the rows of a small shop.

Each rule is a function that gives the sentence of what is broken, or nothing. Its name says which line of the
invariants it stands for; the same lines are checked against live databases by other queries.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from storefront.prover.tables import View

CLOSED = ("CANCELLED", "FAILED")
RELEASED = ("PROCESSING", "PARTIALLY_SHIPPED", "SHIPPED", "DELIVERED", "COMPLETED")
MONEY = ("PAID", "PARTIALLY_REFUNDED", "REFUNDED", "DISPUTED")
HELD = ("HELD", "COMMITTED")
WAITING = ("RECEIVED", "ERROR", "UNMATCHED")
RULES: list[Callable[[View], Iterable[str]]] = []


def rule(check):
    """Enter a check into the list of rules."""
    RULES.append(check)
    return check


def broken(view: View) -> str:
    """The first rule that a state breaks, as a sentence; "" if it breaks none."""
    for check in RULES:
        for sentence in check(view):
            return f"{check.__name__}: {sentence}"
    return ""


def captured(view: View) -> Counter[int]:
    """What each bill has of money that came and did not go back, in minor units."""
    left: Counter[int] = Counter()
    for entry in view.ledger_entries:
        if entry.kind in ("captured", "won_back"):
            left[entry.bill_id] += entry.amount_minor
        elif entry.kind in ("refunded", "charged_back"):
            left[entry.bill_id] -= entry.amount_minor
    return left


def gone_elsewhere(view: View) -> set[int]:
    """The bills of which money went back past the shop: at the gateway's console, or because the bank took it."""
    ours = {refund.gateway_id for refund in view.refunds}
    return {
        entry.bill_id
        for entry in view.ledger_entries
        if entry.kind == "charged_back" or (entry.kind == "refunded" and entry.gateway_event_key not in ours)
    }


@rule
def reserved_is_the_sum_of_reservations(view: View) -> Iterator[str]:
    held: Counter[int] = Counter()
    for one in view.stock_reservations:
        if one.status in HELD:
            held[one.variant_id] += one.qty
    for stock in view.stock:
        if stock.reserved != held[stock.variant_id]:
            yield f"{stock.reserved} are counted as set aside, reservations say {held[stock.variant_id]}"
        if stock.on_hand - stock.reserved < 0 and not stock.backorder:
            yield f"{stock.reserved} are set aside of {stock.on_hand}"


@rule
def an_order_holds_exactly_its_lines(view: View) -> Iterator[str]:
    by_order: dict[int, Counter[str]] = {}
    for one in view.stock_reservations:
        by_order.setdefault(one.order_id, Counter())[one.status] += one.qty
    for order in view.orders:
        has = by_order.get(order.id, Counter())
        wanted = sum(
            line.qty for line in view.order_lines if line.order_id == order.id and line.stock_policy != "untracked"
        )
        if order.status in CLOSED and has["HELD"] + has["COMMITTED"]:
            yield f"order {order.id} is closed and still holds goods"
        elif order.status == "REVIEW" and order.review_reason.startswith("review_") and has["HELD"] != wanted:
            yield f"order {order.id} waits for a person and holds {has['HELD']} of {wanted}"
        elif order.status == "HOLD" and has["HELD"] != wanted:
            yield f"order {order.id} waits for its money and holds {has['HELD']} of {wanted}"
        elif order.status == "PROCESSING" and has["COMMITTED"] + has["CONSUMED"] != wanted:
            yield f"order {order.id} is paid and has {has['COMMITTED'] + has['CONSUMED']} of {wanted}"
        elif order.status in ("SHIPPED", "DELIVERED") and has["CONSUMED"] + has["RETURNED"] != wanted:
            yield f"order {order.id} is sent, and {has['CONSUMED']} of {wanted} have left the shelf"


@rule
def what_shall_be_looked_at_waits_for_a_person(view: View) -> Iterator[str]:
    least = view.memory.get("looked_at_from")
    for order in view.orders if least and not _people_have_decided(view) else ():
        if order.status in RELEASED and order.total_minor >= least:
            yield f"order {order.id} of {order.total_minor} goes on, and nobody has looked at it"


@rule
def a_released_order_is_paid_once(view: View) -> Iterator[str]:
    applied = Counter(bill.order_id for bill in view.bills if bill.disposition == "APPLIED")
    has = _paid_by(view)
    differs = _people_have_decided(view)  # staff have accepted a difference
    for order in view.orders:
        if applied[order.id] > 1:
            yield f"two bills pay order {order.id}"
        if order.status in RELEASED and order.due_minor and not differs and has[order.id] != order.due_minor:
            yield f"order {order.id} is {order.status} for {has[order.id]} of {order.due_minor}"


def _people_have_decided(view):
    return bool(view.memory.get("accept") or view.memory.get("decide"))


def _paid_by(view):
    captures: Counter[int] = Counter()
    orders = {bill.id: bill.order_id for bill in view.bills if bill.disposition == "APPLIED"}
    currencies = {order.id: order.currency for order in view.orders}
    for entry in view.ledger_entries:
        order_id = orders.get(entry.bill_id)
        if entry.kind == "captured" and entry.currency == currencies.get(order_id):
            captures[order_id] += entry.amount_minor
    return captures


@rule
def applied_money_means_a_paid_order(view: View) -> Iterator[str]:
    asked_back = {refund.bill_id for refund in view.refunds if refund.status in ("REQUESTED", "SENT")}
    asked_back |= {row.bill_id for row in view.desk_rows if row.reason == "refund_failed"}  # a person was told
    states, left = {order.id: order.status for order in view.orders}, captured(view)
    for bill in view.bills:
        unpaid = states.get(bill.order_id) not in (*RELEASED, "REVIEW")
        if bill.disposition == "APPLIED" and unpaid and left[bill.id] > 0 and bill.id not in asked_back:
            yield f"bill {bill.id} pays order {bill.order_id}, which is {states.get(bill.order_id)}"


@rule
def no_cent_without_a_place(view: View) -> Iterator[str]:
    left, asked, elsewhere = captured(view), Counter(), gone_elsewhere(view)
    told = {(row.bill_id, row.reason) for row in view.desk_rows}
    for refund in view.refunds:
        if refund.status in ("REQUESTED", "SENT"):
            asked[refund.bill_id] += refund.amount_minor
    for bill in view.bills:
        unexplained = left[bill.id] - asked[bill.id]
        if unexplained > 0 and bill.disposition not in ("APPLIED", "QUARANTINED"):
            yield f"bill {bill.id} has {unexplained} that nobody knows the place of ({bill.disposition})"
        if left[bill.id] < 0 and (bill.id, "refunded_too_much") not in told:
            yield f"more went back of bill {bill.id} than came, and nobody was told"
        if unexplained < 0 and bill.id not in elsewhere:
            yield f"more is asked back of bill {bill.id} than is there"
        if (bill.status in MONEY) != any(e.bill_id == bill.id and e.kind == "captured" for e in view.ledger_entries):
            yield f"bill {bill.id} is {bill.status}, and the ledger says otherwise"


@rule
def a_code_is_used_no_more_often_than_it_may(view: View) -> Iterator[str]:
    states = {order.id: order.status for order in view.orders}
    held, spent = Counter(), Counter()
    for use in view.usage_holds:
        held[use.promotion_id] += use.status == "HELD"
        spent[use.promotion_id] += use.status == "COMMITTED"
        if use.status != "RELEASED" and states.get(use.order_id) in CLOSED:
            yield f"order {use.order_id} is closed and still uses a code"
        if use.status == "HELD" and states.get(use.order_id) in RELEASED:
            yield f"order {use.order_id} is paid and has not spent its code"
    for kind, rows in (("promotion", view.promotions), ("coupon", view.coupons)):
        for row in rows:
            number = row.id if kind == "promotion" else row.promotion_id
            if (row.held, row.used) != (held[number], spent[number]):
                yield f"{kind} {row.id} counts {row.held}+{row.used}, orders have {held[number]}+{spent[number]}"


@rule
def a_certificate_pays_what_it_has(view: View) -> Iterator[str]:
    states = {order.id: order.status for order in view.orders}
    held: Counter[int] = Counter()
    for use in view.certificate_uses:
        if use.status == "HELD":
            held[use.certificate_id] += use.amount_minor
            if states.get(use.order_id) in (*CLOSED, *RELEASED):
                yield f"order {use.order_id} is {states.get(use.order_id)} and still holds a part of a certificate"
    booked: Counter[int] = Counter()
    signs = {"issue": 1, "refund": 1, "capture": -1, "void": -1}
    for row in view.certificate_transactions:
        booked[row.certificate_id] += signs.get(row.kind, 0) * row.amount_minor
    for one in view.gift_certificates:
        if not 0 <= one.held_minor <= one.balance_minor or one.held_minor != held[one.id]:
            yield f"certificate {one.id} has {one.balance_minor}, of which {one.held_minor} are held"
        if one.balance_minor != booked[one.id]:
            yield f"certificate {one.id} has {one.balance_minor}, its ledger says {booked[one.id]}"


@rule
def parcels_hold_what_was_bought(view: View) -> Iterator[str]:
    states = {shipment.id: shipment.status for shipment in view.shipments}
    packed: Counter[int] = Counter()
    for row in view.shipment_lines:
        if states[row.shipment_id] not in ("CANCELLED", "FAILED_ORDER"):
            packed[row.order_line_id] += row.qty
    orders = {order.id: order.status for order in view.orders}
    for line in view.order_lines:
        if orders.get(line.order_id) in RELEASED and packed[line.id] != line.qty:
            yield f"parcels of order {line.order_id} hold {packed[line.id]} of {line.qty}"
        if orders.get(line.order_id) in CLOSED and packed[line.id]:
            yield f"order {line.order_id} is closed, and {packed[line.id]} of it are in parcels"


@rule
def sums_are_right(view: View) -> Iterator[str]:
    goods = Counter()
    for line in view.order_lines:
        goods[line.order_id] += line.total_minor
        if line.total_minor != line.unit_minor * line.qty - line.discount_minor:
            yield f"line {line.id} costs {line.total_minor}"
    for order in view.orders:
        if order.total_minor != goods[order.id] + order.shipping_minor:
            yield f"order {order.id} is {order.total_minor}, its parts are {goods[order.id] + order.shipping_minor}"
    dues = {order.id: order.due_minor for order in view.orders}
    for bill in view.bills:
        if "~" not in bill.reference and bill.amount_minor != dues.get(bill.order_id, bill.amount_minor):
            yield f"bill {bill.id} asks for {bill.amount_minor}, due is {dues[bill.order_id]}"

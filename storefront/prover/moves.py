"""What holds for every step: what may change, by whom, and what must not."""

from collections.abc import Iterable, Iterator
from typing import Any

from storefront.prover.deeds import called
from storefront.prover.rules import CLOSED, MONEY, RELEASED, captured
from storefront.prover.shelf import free_for, heirs, in_carts, is_over, too_few_for
from storefront.prover.tables import Tables, View

OPEN = ("CREATED", "REDIRECTED", "PENDING")
GONE = "is not there in this quantity"  # how the preview says that something is sold out
MOVES: list[Any] = []
FROZEN = (
    "number",
    "key",
    "email",
    "currency",
    "total_minor",
    "due_minor",
    "goods_minor",
    "shipping_minor",
    "cart_version",
    "quote_hash",
)


def move(check):
    """Enter a check into the list."""
    MOVES.append(check)
    return check


def broken(before: View, after: View, step: Any) -> str:
    """The first rule that a step breaks, as a sentence; "" if it breaks none."""
    for check in MOVES:
        for sentence in check(before, after, step):
            return f"{check.__name__}: {sentence}"
    return ""


def wrong_in_log(tables: Tables, written: Iterable[str]) -> str:
    """What is wrong with the events that a step wrote: each needs its cause, and a row in the outbox for who waits."""
    if "order_events" not in written:
        return ""
    for kind, actor, cause in tables.log("order_events", "type, actor_kind, cause_inbox_id"):
        if not actor or (actor == "gateway" and cause is None):
            return f"{kind} has no cause"
    return ""


@move
def nothing_breaks(before: View, after: View, step: Any) -> Iterator[str]:
    ending = step.ending
    if ending.word == "broken":
        yield f"{ending.value[0]}: {ending.value[1]}"
    status = ending.value if ending.word == "done" and step.deed in ("notify", "forge", "leave", "come_back") else 0
    if status == 503 and step.deed == "notify" and not before.memory.get("down") and not _too_early(before, step):
        yield "a notice was refused though nothing was wrong"
    elif status >= 500 and status != 503:
        yield f"the page answered {status}"
    if step.deed in ("clean_up", "read_inbox") and ending.word == "done" and ("failed", 0) not in ending.value:
        yield f"a job failed: {ending.value}"


def _too_early(before, step):
    """The notice tells of something that happened to a payment which the shop has not heard of yet."""
    notice = next(row for row in before.sandbox_notices if row.id == step.args[0])
    bills = {bill.id: bill.status for bill in before.bills if called(bill) == notice.reference}
    if "status=won_back" in notice.body:
        kinds = [row.kind for row in before.ledger_entries if row.bill_id in bills]
        return kinds.count("won_back") == kinds.count("charged_back")
    later = "status=refunded" in notice.body or "status=charged_back" in notice.body
    return later and not any(status in MONEY for status in bills.values())


def _facts(view):
    """All that a message without proof must not touch."""
    bills = [(b.id, b.status, b.disposition) for b in view.bills]
    return bills, [(o.id, o.status) for o in view.orders], view.ledger_entries, view.stock, view.cart_lines


@move
def a_forged_message_does_nothing(before: View, after: View, step: Any) -> Iterator[str]:
    if step.deed == "forge" and (_facts(before) != _facts(after) or step.ending.value != 400):
        yield f"answered {step.ending.value}"


@move
def a_snapshot_never_changes(before: View, after: View, step: Any) -> Iterator[str]:
    if before.orders is not after.orders:
        old = {order.id: order for order in before.orders}
        for order in after.orders:
            then = old.get(order.id)
            for name in FROZEN if then else ():
                if getattr(then, name) != getattr(order, name):
                    yield f"{name} of order {order.id} was {getattr(then, name)}, is {getattr(order, name)}"
    lines = {line.id: line for line in after.order_lines}
    for line in before.order_lines if before.order_lines is not after.order_lines else ():
        if line.id in lines and lines[line.id] != line:
            yield f"line {line.id} has changed"


@move
def paid_is_left_by_people_only(before: View, after: View, step: Any) -> Iterator[str]:
    if before.orders is after.orders:
        return
    now = {order.id: (order.status, order.review_reason) for order in after.orders}
    for order in before.orders:
        status, reason = now.get(order.id, ("", ""))
        by_people = step.deed in ("call_off", "decide")
        doubted = status == "REVIEW" and reason in ("disputed", "money_gone")
        if order.status in RELEASED and status not in RELEASED and not by_people and not doubted:
            yield f"order {order.id} was {order.status} and is {status}"


@move
def the_ledger_is_only_appended_to(before: View, after: View, step: Any) -> Iterator[str]:
    if before.ledger_entries is not after.ledger_entries:
        kept = {entry[1:] for entry in after.ledger_entries}
        if any(entry[1:] not in kept for entry in before.ledger_entries):
            yield "a line of the ledger is gone"


@move
def what_is_paid_leaves_the_cart_once(before: View, after: View, step: Any) -> Iterator[str]:
    if (before.cart_lines is after.cart_lines and step.deed != "sign_in") or step.deed in ("put", "take_out"):
        return
    heir = heirs(after)
    was, now = in_carts(before, heir), in_carts(after)
    paid = _newly_paid(before, after)
    for cart_id, qty in was.items():
        bought, left = sum(_qty(after, o.id) for o in paid if heir[o.cart_id] == cart_id), now.get(cart_id, 0)
        clamped = step.deed == "sign_in" and left == max(1, free_for(after, cart_id)) < qty
        if left != max(0, qty - bought) and not clamped:
            yield f"cart {cart_id} had {qty}, {bought} were paid, {left} are left"


@move
def a_paid_order_was_in_the_cart(before: View, after: View, step: Any) -> Iterator[str]:
    if before.orders is after.orders:
        return
    was, now, heir = in_carts(before), in_carts(after), heirs(before)
    for order in _newly_paid(before, after):
        cart_id = heir.get(order.cart_id)
        own = any(cart.open_order_id == order.id and heir[cart.id] == cart_id for cart in before.carts)
        if own and was.get(cart_id, 0) and now.get(cart_id, 0) == was[cart_id]:
            yield f"order {order.id} is paid, and its goods are still in the cart"


def _newly_paid(before, after):
    were = {order.id for order in before.orders if _has_its_goods(before, order)}
    return [order for order in after.orders if _has_its_goods(after, order) and order.id not in were]


def _has_its_goods(view, order):
    """It was released; if its money is gone since, or the bank has taken it, it waits in review with its parcels."""
    waits = order.status == "REVIEW" and order.review_reason in ("disputed", "money_gone")
    return order.status in RELEASED or (waits and any(parcel.order_id == order.id for parcel in view.shipments))


def _qty(view, order_id):
    return sum(line.qty for line in view.order_lines if line.order_id == order_id)


@move
def nothing_is_closed_unasked(before: View, after: View, step: Any) -> Iterator[str]:
    """Time ends no order for whose open attempts the gateway has money, or may still get it."""
    if step.deed != "clean_up" or before.orders is after.orders:
        return
    was = {order.id: order.status for order in before.orders}
    closed = {o.id for o in after.orders if o.status in CLOSED and was.get(o.id) == "HOLD"}
    money = {p.reference: p.status for p in after.sandbox_payments if p.status in ("paid", "pending")}
    for bill in before.bills:
        if bill.order_id in closed and bill.status in OPEN and called(bill) in money:
            yield f"order {bill.order_id} was closed, and bill {bill.id} is {money[called(bill)]} at the gateway"


@move
def nobody_is_refused_what_is_there(before: View, after: View, step: Any) -> Iterator[str]:
    """A refusal is right only if at one of the moments at which its run was at the database too few were there."""
    if step.deed not in ("confirm", "put") or step.ending.word != "refused" or step.met:
        return
    kind, sentence = step.ending.value
    if kind == "OutOfStock" or (kind == "QuoteChanged" and GONE in sentence):
        cart_id, more = step.args[0], step.deed == "put"
        if not too_few_for(before, cart_id, more):
            wanted = in_carts(before).get(cart_id, 0) + more
            yield f"{wanted} were refused, {free_for(before, cart_id)} were there"


@move
def what_is_kept_for_minutes_ends_in_time(before: View, after: View, step: Any) -> Iterator[str]:
    """Neither looking again nor putting in more prolongs what a cart keeps."""
    if before.stock_reservations is after.stock_reservations:
        return
    kept = [one for one in before.stock_reservations if _is_kept(one)]
    ends = {one.cart_line_id: one.expires_at for one in kept if not is_over(before, one)}
    for one in after.stock_reservations:
        if _is_kept(one) and one.expires_at > ends.get(one.cart_line_id, one.expires_at):
            yield f"line {one.cart_line_id} of a cart keeps its goods longer than it was told"


def _is_kept(one):
    return one.owner_kind == "cart" and one.status == "HELD"


@move
def what_is_asked_back_is_there(before: View, after: View, step: Any) -> Iterator[str]:
    """A refund is asked for only out of what has come, has not gone back, and is not on its way back."""
    if before.refunds is after.refunds:
        return
    known = {refund.id for refund in before.refunds}
    for bill_id in {refund.bill_id for refund in after.refunds if refund.id not in known}:
        asked = sum(r.amount_minor for r in after.refunds if r.bill_id == bill_id and r.status in ("REQUESTED", "SENT"))
        if asked > captured(after)[bill_id]:
            yield f"{asked} are asked back of bill {bill_id}, which has {captured(after)[bill_id]}"


@move
def money_stays_money(before: View, after: View, step: Any) -> Iterator[str]:
    if before.bills is after.bills:
        return
    now = {bill.id: bill for bill in after.bills}
    for bill in before.bills:
        if bill.status in MONEY and now[bill.id].status not in MONEY:
            yield f"bill {bill.id} was {bill.status} and is {now[bill.id].status}"
        if bill.disposition != "NONE" and now[bill.id].disposition == "NONE":
            yield f"bill {bill.id} was {bill.disposition}, and is nothing now"

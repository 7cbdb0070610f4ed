"""What holds in every state between the shop's ledger and the gateway's own books."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

from storefront.prover.deeds import called
from storefront.prover.rules import RELEASED, WAITING, rule
from storefront.prover.tables import View

KINDS = {"paid": "captured", "refunded": "refunded", "charged_back": "charged_back", "won_back": "won_back"}


@rule
def what_was_taken_is_known(view: View) -> Iterator[str]:
    """A notice about money that was answered with a 2xx is in the ledger, or waits in the inbox."""
    taken = view.memory.get("taken", ())
    for notice in view.sandbox_notices if taken else ():
        said = {name: values[0] for name, values in parse_qs(notice.body).items()}
        if notice.id in taken and said.get("status") in KINDS:
            waits = any(m.outcome in WAITING and said["transaction"].encode() in m.body for m in view.inbox_messages)
            if not waits and not _is_known(view, said):
                yield f"notice {notice.id} of {said['status']} money was taken, and nothing is left of it"


def _is_known(view, said):
    if said["status"] == "paid":
        return any(bill.transaction_id == said["transaction"] for bill in view.bills)
    return any((e.kind, e.gateway_event_key) == (said["status"], said["event"]) for e in view.ledger_entries)


@rule
def one_transaction_counts_once(view: View) -> Iterator[str]:
    counted = Counter((entry.backend, entry.gateway_event_key, entry.kind) for entry in view.ledger_entries)
    for key, number in counted.items():
        if number > 1:
            yield f"{key[1]} is in the ledger {number} times"


@rule
def the_books_agree(view: View) -> Iterator[str]:
    """What came and went did so at the gateway; what it did is known, unless nobody can have heard of it yet."""
    by_reference = {payment.reference: payment for payment in view.sandbox_payments}
    took: Counter[str] = Counter()
    went: Counter[tuple[int, str]] = Counter()
    references = {bill.id: called(bill).partition("~")[0] for bill in view.bills}
    for entry in view.ledger_entries:
        if entry.kind == "captured":
            took[references[entry.bill_id]] += entry.amount_minor
        went[entry.bill_id, entry.kind] += entry.amount_minor
    for reference, amount in took.items():
        if reference in by_reference and amount > by_reference[reference].captured_minor:
            yield f"{amount} are said to have come for {reference}, the gateway took less"
    on_its_way = {refund.bill_id for refund in view.refunds if refund.status in ("REQUESTED", "SENT")}
    told = {entry.gateway_event_key for entry in view.ledger_entries}
    for bill in view.bills:
        payment: Any = by_reference.get(called(bill))
        if payment is None:
            continue
        for kind, amount in _known_facts(payment, told).items():
            if bill.id not in on_its_way and amount != went[bill.id, kind]:
                yield f"the gateway has {amount} {kind} of bill {bill.id}, the ledger says {went[bill.id, kind]}"
        if payment.refunded_minor > payment.captured_minor:
            yield f"the gateway sent back more of bill {bill.id} than it took"


def _known_facts(payment, told):
    """The sums of what happened to a payment, without what was done past the shop and has not been told yet."""
    sums = Counter({"refunded": 0, "charged_back": 0, "won_back": 0})
    for key, done in json.loads(payment.refunds).items():
        if not key.startswith("console-") or done["id"] in told:
            sums["refunded"] += done["amount"]
    for name, row in json.loads(payment.chargebacks).items():
        sums["charged_back"] += row["amount"] if name in told else 0
        sums["won_back"] += row["amount"] if row["won_at"] and f"{name}-won" in told else 0
    return sums


@rule
def what_the_bank_disputes_stays_in_the_house(view: View) -> Iterator[str]:
    """No parcel may be packed while the bank disputes what pays it, unless a person has let it go on."""
    if view.memory.get("accept") or view.memory.get("decide") or view.memory.get("release_parcel"):
        return
    disputed = {bill.order_id for bill in view.bills if (bill.status, bill.disposition) == ("DISPUTED", "APPLIED")}
    for order in view.orders:
        if order.id in disputed and order.status == "PROCESSING":
            yield f"order {order.id} goes on, and the bank disputes its money"
    for parcel in view.shipments:
        if parcel.order_id in disputed and parcel.status == "RELEASED":
            yield f"parcel {parcel.id} may be packed, and the bank disputes its money"


@rule
def what_the_bank_disputes_no_more_goes_on(view: View) -> Iterator[str]:
    """A paid order is not held for a dispute that is won, nor for one of money that does not pay it."""
    disputed = {bill.order_id for bill in view.bills if bill.status == "DISPUTED"}
    doubtful = {bill.order_id for bill in view.bills if (bill.status, bill.disposition) == ("DISPUTED", "APPLIED")}
    for order in view.orders:
        if order.status == "REVIEW" and order.review_reason == "disputed" and order.id not in doubtful:
            yield f"order {order.id} waits because of a dispute that is over, or of money that does not pay it"
        if order.status in RELEASED and order.payment_status == "DISPUTED" and order.id not in disputed:
            yield f"order {order.id} is called disputed, and no bill of it is"

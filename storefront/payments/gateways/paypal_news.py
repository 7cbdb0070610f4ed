"""What PayPal says of a payment, in the shop's words: in a message, or as its API shows it."""

from collections.abc import Sequence
from dataclasses import replace

from storefront.payments.gateways import base, paypal_words as words
from storefront.payments.gateways.base import Message, Outcome
from storefront.payments.gateways.paypal_api import written

NOBODY = "another account"
PARENT = "PARENTTRANSACTIONID"


def fields_of(message: Message) -> dict[str, str]:
    """The fields of a message's body, which is all that PayPal is asked about, in the charset of their own.

    Nothing at all where a name stands twice: PayPal sends none such.
    """
    if message.method != "POST" or not message.is_form:
        return {}
    body = replace(message, query="")
    return body.once(words.charset(body.once("latin-1").get("charset", "")))


def news(told: dict[str, str], ours: str) -> list[Outcome]:
    """What a message says of money; news of disputes, agreements and payouts says nothing of it.

    `ours` is the account as the merchant calls it.
    """
    status, reason = told.get("payment_status", ""), told.get("pending_reason", "")
    if not status:
        return []
    kind, transaction = words.meaning(status, reason), told.get("txn_id", "")
    later, amount = kind in words.AFTERWARDS, words.minor(told.get("mc_gross", ""), told.get("mc_currency", ""))
    outcome = Outcome(
        type=kind,
        reference=told.get("invoice", ""),
        event_key=transaction if later else f"{transaction}-{kind}",
        amount_minor=abs(amount) if later else max(0, amount),  # what we pay to others is no payment
        currency=told.get("mc_currency", ""),
        transaction=(told.get("parent_txn_id") if later else "") or transaction,
        mode="test" if told.get("test_ipn") == "1" else "live",
        merchant=_receiver(ours, told.get("receiver_id"), told.get("receiver_email"), told.get("business")),
        error_type=words.REASONS.get(status, ""),
        vendor_code=f"{status} {reason or told.get('reason_code', '')}".strip()[:100],
        occurred_at=words.moment(told.get("payment_date", "")),
    )
    return [outcome]


def known(details: Sequence[dict[str, str]], ours: str, *, reserved_first: bool) -> list[Outcome]:
    """What the API shows of the payments of one invoice. `reserved_first`: they are authorized before they are taken.

    A reserved sum that was taken is told under the transaction that took it, and never under its own; what was paid at
    once has no other transaction before it. What went back is told by messages.
    """
    rows = [one for one in details if not _went_back(one)]
    later = {one.get("TRANSACTIONID"): one[PARENT] for one in rows if one.get(PARENT)}
    taken = {first for first in later.values() if first not in later} if reserved_first else set()
    outcomes = []
    for one in rows:
        name, outcome = one.get("TRANSACTIONID"), _shown(one, ours)
        begins = name not in later and name not in taken and (outcome.type != base.PAID or not reserved_first)
        takes = later.get(name) in taken and outcome.type == base.PAID
        if outcome.type != base.UNKNOWN and (begins or takes):
            outcomes.append(outcome)
    return outcomes


def _shown(detail, ours):
    status, reason = detail.get("PAYMENTSTATUS", ""), detail.get("PENDINGREASON", "")
    transaction, currency = detail.get("TRANSACTIONID", ""), detail.get("CURRENCYCODE", "")
    kind = base.PAID if status in words.WAS_PAID else words.meaning(status, reason)
    return Outcome(
        type=kind,
        reference=detail["INVNUM"],
        event_key=f"{transaction}-{kind}",
        amount_minor=words.minor(detail.get("AMT", ""), currency),
        currency=currency,
        transaction=transaction,
        merchant=_receiver(ours, detail.get("RECEIVERID"), detail.get("RECEIVEREMAIL")),
        error_type=words.REASONS.get(status, ""),
        vendor_code=f"{status} {reason}".strip()[:100],
        occurred_at=written(detail.get("ORDERTIME", "")),
    )


def _went_back(detail):
    reversal = detail.get("REASONCODE", "").lower() not in ("", "none")
    return reversal or detail.get("AMT", "-").startswith("-")


def _receiver(ours, *names):
    """Our own name of the account if it is one of these; else who was paid. Never nobody."""
    named = [name for name in names if name]
    return ours if ours.lower() in [name.lower() for name in named] else (named or [NOBODY])[0]

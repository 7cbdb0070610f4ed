"""Bills: attempts to pay. Each has a key for our addresses and a reference that the gateway is told."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update

from storefront.kit import clock, ids
from storefront.kit.db import db
from storefront.kit.errors import NotFound
from storefront.kit.pages import public_url
from storefront.payments import shoppers
from storefront.payments.configs import adapter, config_by_name
from storefront.payments.gateways import kind_of
from storefront.payments.gateways.base import BillView, CardWish, Form, Outcome, Redirect, Urls
from storefront.payments.models import Bill, InboxMessage, LedgerEntry, PaymentMethod
from storefront.payments.states import AUTHORIZED, BILL, CREATED, MONEY, OPEN, PENDING, REDIRECTED

UNKNOWN = "unknown:"  # before a reference of nobody's, so that it never stands in the way of an order's
REST_OF = "rest_of"  # in a bill's extra: the bill whose money it adds to
ASKED_AFTER = (timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=30))


def open_bill(
    order_id: int, number: str, method: PaymentMethod, amount_minor: int, currency: str, expires_at: datetime
) -> Bill:
    """A new attempt to pay an order, with a reference of its own; call it under the order's lock."""
    return _attempt(order_id, number, f"{number}-", method, amount_minor, currency, expires_at)


def _told_to_gateway(method):
    known = kind_of(method.config.type).method_settings
    found = {name: value for name, value in method.settings.items() if name in known}
    wish = CardWish(method.ask_cvv, method.tokenize, list(method.card_types))
    card = {} if wish == CardWish(types=[]) else {"card": asdict(wish)}
    return {"settings": found, **card} if found else card


def open_rest_bill(
    order_id: int, number: str, method: PaymentMethod, rest_minor: int, currency: str, expires_at: datetime, first: Bill
) -> Bill:
    """An attempt to pay what the money of a first bill leaves; its reference says that it is not the whole sum."""
    return _attempt(order_id, number, f"{number}R", method, rest_minor, currency, expires_at, **{REST_OF: first.id})


def _attempt(order_id, number, begins, method, amount_minor, currency, expires_at, **extra):
    """A new bill through a way to pay, which keeps what its gateway is told; its reference begins like this."""
    return new_bill(
        order_id,
        begins,
        backend=method.config.name,
        method_id=method.id,
        amount_minor=amount_minor,
        currency=currency,
        expires_at=expires_at,
        extra={"order": number, "method": method.code, **_told_to_gateway(method), **extra},
    )


def new_bill(order_id: int | None, reference_begins: str, numbered: bool = True, **facts) -> Bill:
    """The row of one more attempt, with its number at the end of its reference unless that is whole already."""
    attempt = next_attempt(order_id)
    while numbered and db.session.scalar(select(Bill.id).filter_by(reference=f"{reference_begins}{attempt}")):
        attempt += 1  # that one pays another order now
    now, reference = clock.now(), f"{reference_begins}{attempt}" if numbered else reference_begins
    times = {"created_at": now, "updated_at": now}
    bill = Bill(order_id=order_id, attempt_no=attempt, key=ids.new_key(), reference=reference, **times, **facts)
    db.session.add(bill)
    db.session.flush()
    return bill


def next_attempt(order_id: int | None) -> int:
    """The number of an order's next attempt."""
    return 1 + (db.session.scalar(select(func.max(Bill.attempt_no)).filter_by(order_id=order_id)) or 0)


def begin(bill: Bill) -> Form | Redirect | Outcome:
    """Ask the gateway where the shopper goes. May use the network; raises GatewayError."""
    shopper = dict(shoppers.of(bill.order_id))
    view = replace(view_of(bill), locale=shopper.pop("locale", "en"), shopper=shopper)
    return adapter(config_by_name(bill.backend)).begin(view, urls_of(bill))


def keep_step(bill: Bill, step: Form | Redirect | Outcome) -> None:
    """Remember on the bill where the shopper goes, with the signed fields; for direct methods where the money goes."""
    if isinstance(step, Outcome):
        if account := dict(adapter(config_by_name(bill.backend)).pay_to()):
            bill.extra = {**bill.extra, "account": account}
        return
    bill.next_step = f"/pay/{bill.key}"
    bill.gateway_reference = step.reference or None
    if isinstance(step, Redirect):
        bill.extra = {**bill.extra, "link": step.url}
    else:
        form = {"action": step.action, "fields": [list(pair) for pair in step.fields], "hosts": list(step.hosts)}
        form["charset"] = step.charset
        bill.extra = {**bill.extra, "form": form}


def form_of(bill: Bill) -> dict[str, Any]:
    """What the leaving page shows: {"form": {action, fields, hosts}} or {"link": address}."""
    return {name: bill.extra[name] for name in ("form", "link") if name in bill.extra}


def replace_key(bill: Bill) -> None:
    """Another name in our addresses, for an attempt that is over."""
    bill.key = ids.new_key()
    bill.next_step = bill.next_step and f"/pay/{bill.key}"


def may_leave(bill: Bill, now: datetime) -> bool:
    """Whether its shopper may go to the gateway: nothing is known of it yet, and its time is not over."""
    return bill.status in (CREATED, REDIRECTED) and (bill.expires_at is None or bill.expires_at > now)


def leave(bill: Bill) -> bool:
    """The shopper leaves for the gateway, while there is time; True for the first time only."""
    now = clock.now()
    if bill.status != CREATED or not may_leave(bill, now):
        return False
    bill.claimed_at = now
    return BILL.apply(bill, "redirected")


def cancel(bill: Bill, why: str) -> None:
    """End an attempt that is not paid."""
    cancel_all([bill], why)


def cancel_all(bills: Iterable[Bill], why: str) -> None:
    """End those of the attempts that are not paid."""
    ended = [bill for bill in bills if BILL.allows(bill, "cancelled")]
    for bill in ended:
        bill.error_type = bill.error_type or why
    BILL.apply_all(ended, "cancelled", why=why)


def expire(bills: Iterable[Bill]) -> None:
    """Their time is over and the gateways have no money for them."""
    BILL.apply_all([bill for bill in bills if BILL.allows(bill, "expired")], "expired")


def bill_by_key(key: str) -> Bill:
    """The bill of an address. Raises NotFound."""
    found = db.session.scalar(select(Bill).filter_by(key=key))
    if found is None:
        raise NotFound(_("There is no such payment."))
    return found


def bill_by_reference(backend: str, reference: str | None) -> Bill | None:
    """The bill that a gateway speaks of, or the one that was made for money of an unknown reference, or None."""
    if not reference or "\0" in reference:  # which no database keeps, and no gateway writes
        return None
    for known in (reference, f"{UNKNOWN}{reference}"):
        if found := db.session.scalar(select(Bill).filter_by(backend=backend, reference=known)):
            return found
    return db.session.scalar(select(Bill).filter_by(backend=backend, gateway_reference=reference))


def bills_of(*order_ids: int) -> list[Bill]:
    """Every attempt of an order, or of some, oldest first."""
    return list(db.session.scalars(select(Bill).where(Bill.order_id.in_(order_ids)).order_by(Bill.id)))


def open_bills(*order_ids: int) -> list[Bill]:
    """The attempts that may still be paid as far as we know."""
    return [bill for bill in bills_of(*order_ids) if bill.status in OPEN]


def with_money(order_ids: Collection[int]) -> set[int]:
    """Those of the orders of which the ledger knows, or that have an attempt which may bring money by itself."""
    coming = Bill.order_id.in_(order_ids), Bill.status.in_((PENDING, AUTHORIZED))
    booked = select(LedgerEntry.order_id).where(LedgerEntry.order_id.in_(order_ids))
    return set(db.session.scalars(booked.union(select(Bill.order_id).where(*coming))))


def money_may_come(order_id: int) -> bool:
    """Whether an attempt of the order has money, or may get it without anybody doing more."""
    return any(bill.status in (PENDING, AUTHORIZED, *MONEY) for bill in bills_of(order_id))


def remove(bill_ids: list[int]) -> None:
    """Forget attempts that never saw money; the messages about them stay, without a bill."""
    for statement in (
        update(InboxMessage).where(InboxMessage.bill_id.in_(bill_ids)).values(bill_id=None),
        delete(Bill).where(Bill.id.in_(bill_ids)),
    ):
        db.session.execute(statement.execution_options(synchronize_session=False))


def quiet() -> list[int]:
    """The ids of left bills that the gateway has said nothing of, and that it is time to ask about again.

    A bill is asked about 5, 15 and 30 minutes after the shopper left, and then every hour while it is open.
    """
    now = clock.now()
    left = db.session.execute(
        select(Bill.id, Bill.claimed_at, Bill.asked_at)
        .where(Bill.status.in_(OPEN), Bill.claimed_at < now - ASKED_AFTER[0])
        .order_by(Bill.id)
        .limit(2000)
    )
    return [bill.id for bill in left if _is_time(bill, now)]


def _is_time(bill, now):
    asked = bill.asked_at or bill.claimed_at
    due = [*(bill.claimed_at + after for after in ASKED_AFTER), asked + timedelta(hours=1)]
    return any(asked < time <= now for time in due)


def view_of(bill: Bill) -> BillView:
    """The bill as an adapter may see it."""
    session = bill.extra.get("session")  # what the gateway calls it: a second payment of one has a bill of its own here
    return BillView(
        key=bill.key,
        reference=session or bill.reference,
        order_number=bill.extra.get("order", ""),
        amount_minor=bill.amount_minor,
        currency=bill.currency,
        attempt_no=bill.attempt_no,
        transaction_id=bill.transaction_id,
        gateway_reference=bill.gateway_reference or session,
        expires_at=bill.expires_at,
        settings=bill.extra.get("settings", {}),
        card=CardWish(**bill.extra.get("card", {})),
    )


def urls_of(bill: Bill) -> Urls:
    """Our addresses for the bill, from the configured public address."""

    def back(hint):
        return public_url("gateway.read_return", gateway=bill.backend, key=bill.key, hint=hint)

    return Urls(
        back("ok"), back("cancel"), back("error"), public_url("gateway.read_notification", gateway=bill.backend)
    )

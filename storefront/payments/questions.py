"""What a gateway knows of a bill: asked over the network, about one or about many, and never inside a transaction."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import select

from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import NotFound
from storefront.payments.bills import view_of
from storefront.payments.configs import adapter, can, config_by_name
from storefront.payments.errors import GatewayError
from storefront.payments.gateways.base import Outcome
from storefront.payments.models import Bill, GatewayConfig

log = logging.getLogger(__name__)
ENOUGH = timedelta(seconds=5)  # so long many bills are asked about in one go: an answer closes an order for ten seconds


def ask(bill: Bill) -> list[Outcome] | None:
    """What the gateway knows of the bill, over the network; None when it cannot be asked or does not answer."""
    if not can_be_asked(bill):
        return None
    try:
        return adapter(config_by_name(bill.backend)).query(view_of(bill))
    except GatewayError:
        return None


def ask_many(bills: Sequence[Bill]) -> tuple[dict[int, list[Outcome]], list[int]]:
    """What the gateways know of these bills, by bill id, over the network; and the ids of those not asked about yet.

    A gateway that answers for many is called once, any other once a bill; who gives no answer is missing. Nobody is
    called any more after ENOUGH, while the first answers are still good for something.
    """
    by_backend: dict[str, list[Bill]] = {}
    for bill in bills:
        by_backend.setdefault(bill.backend, []).append(bill)
    until, answers, left = clock.now() + ENOUGH, dict[int, list[Outcome]](), list[int]()
    for backend, mine in by_backend.items():
        if not can_be_asked(mine[0]):
            continue
        try:
            left += _ask_one_gateway(backend, mine, until, answers)
        except Exception:  # whatever is wrong with one gateway, the others are asked
            log.exception("%s could not be asked about %d bills", backend, len(mine))
    return answers, left


def can_be_asked(bill: Bill) -> bool:
    """Whether the gateway of the bill answers questions at all; one that is gone, or not for a live shop, does not."""
    try:
        config = config_by_name(bill.backend)
    except NotFound:
        return False
    return can(config).can_query


def is_mute(bill: Bill) -> bool:
    """Whether its gateway neither notifies nor answers: what became of an attempt only a person can find out."""
    try:
        return says_nothing(config_by_name(bill.backend))
    except NotFound:
        return False


def says_nothing(config: GatewayConfig) -> bool:
    """Whether a configured gateway neither notifies nor answers."""
    able = can(config)
    return not (able.notifies or able.can_query)


def close_at_gateway(bill: Bill) -> bool:
    """Tell the gateway that the attempt is over, if it can be told. Raises GatewayError when it is down."""
    config = config_by_name(bill.backend)
    return can(config).can_close and adapter(config).close(view_of(bill))


def _ask_one_gateway(backend, bills, until, answers):
    """Add what the gateway answers; gives the ids of the bills that there was no time for."""
    config = config_by_name(backend)
    translator = adapter(config)
    if not can(config).can_query_many:
        return _ask_one_by_one(bills, until, answers)
    if clock.now() > until:
        return [bill.id for bill in bills]
    views = {bill.id: view_of(bill) for bill in bills}
    with suppress(GatewayError):
        told = translator.query_many(list(views.values()))
        answers |= {bill_id: told[view.reference] for bill_id, view in views.items() if view.reference in told}
    return []


def _ask_one_by_one(bills, until, answers):
    for place, bill in enumerate(bills):
        if clock.now() > until:
            return [later.id for later in bills[place:]]
        try:
            outcomes = ask(bill)
        except Exception:  # one bill that its gateway's adapter cannot read is no reason to leave the others
            log.exception("bill %s could not be asked about", bill.id)
            continue
        if outcomes is not None:
            answers[bill.id] = outcomes
    return []


def note_unpaid(bill_ids: Sequence[int], asked_at: datetime) -> None:
    """The gateways said then that they know of no news of these bills, whatever a return hinted at."""
    asked = select(Bill).where(Bill.id.in_(bill_ids)).order_by(Bill.id).with_for_update()
    for bill in db.session.scalars(asked.execution_options(populate_existing=True)):
        bill.asked_at = asked_at
        if "returned" in bill.extra:
            bill.extra = {name: value for name, value in bill.extra.items() if name != "returned"}

"""What a gateway knows of a bill: asked over the network, about one or about many, and never inside a transaction."""

import logging
from collections.abc import Sequence

from sqlalchemy import select

from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import NotFound
from storefront.payments.bills import view_of
from storefront.payments.configs import adapter, config_by_name
from storefront.payments.errors import GatewayError
from storefront.payments.gateways import kind_of
from storefront.payments.gateways.base import Outcome
from storefront.payments.models import Bill

log = logging.getLogger(__name__)


def ask(bill: Bill) -> list[Outcome] | None:
    """What the gateway knows of the bill, over the network; None when it cannot be asked or does not answer."""
    if not can_be_asked(bill):
        return None
    try:
        return adapter(config_by_name(bill.backend)).query(view_of(bill))
    except GatewayError:
        return None


def ask_many(bills: Sequence[Bill]) -> dict[int, list[Outcome]]:
    """What the gateways know of these bills, by bill id, over the network; who gives no answer is missing.

    A gateway that answers for many is called once, any other once a bill.
    """
    by_backend: dict[str, list[Bill]] = {}
    for bill in bills:
        by_backend.setdefault(bill.backend, []).append(bill)
    answers: dict[int, list[Outcome]] = {}
    for backend, mine in by_backend.items():
        if not can_be_asked(mine[0]):
            continue
        try:
            answers.update(_ask_one_gateway(backend, mine))
        except Exception:  # whatever is wrong with one gateway, the others are asked
            log.exception("%s could not be asked about %d bills", backend, len(mine))
    return answers


def can_be_asked(bill: Bill) -> bool:
    """Whether the gateway of the bill answers questions at all; one that is gone, or not for a live shop, does not."""
    try:
        config = config_by_name(bill.backend)
    except NotFound:
        return False
    return kind_of(config.type).capabilities.can_query


def close_at_gateway(bill: Bill) -> bool:
    """Tell the gateway that the attempt is over, if it can be told. Raises GatewayError when it is down."""
    translator = adapter(config_by_name(bill.backend))
    return translator.capabilities.can_close and translator.close(view_of(bill))


def _ask_one_gateway(backend, bills):
    translator = adapter(config_by_name(backend))
    if not translator.capabilities.can_query_many:
        return {bill.id: outcomes for bill in bills if (outcomes := ask(bill)) is not None}
    views = {bill.id: view_of(bill) for bill in bills}
    try:
        told = translator.query_many(list(views.values()))
    except GatewayError:
        return {}
    return {bill_id: told[view.reference] for bill_id, view in views.items() if view.reference in told}


def note_unpaid(bill_ids: Sequence[int]) -> None:
    """The gateways have just said that they know of no news of these bills, whatever a return hinted at."""
    asked = select(Bill).where(Bill.id.in_(bill_ids)).order_by(Bill.id).with_for_update()
    for bill in db.session.scalars(asked.execution_options(populate_existing=True)):
        bill.asked_at = clock.now()
        if "returned" in bill.extra:
            bill.extra = {name: value for name, value in bill.extra.items() if name != "returned"}

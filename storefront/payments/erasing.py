"""What the payments of somebody who is forgotten say of the person is removed; sums, states and keys stay.

Messages of gateways are kept as they came for as long as anybody may want to apply them again. Those of a forgotten
person lose what is known of the person and every field that is named like it; they are marked, and never read again.
"""

import json
import re
from collections.abc import Collection
from typing import Any
from urllib.parse import quote_plus

from sqlalchemy import or_, select

from storefront.kit.db import db
from storefront.payments.bills import replace_key
from storefront.payments.models import Bill, DeskRow, InboxMessage

MARK = "x-erased"  # a header that no gateway sends
HIDDEN = "erased"
_NAMES = "e-?mail|phone|mobile|holder|first_?name|last_?name|full_?name|surname|street|address|_ip|ip_"
_NAMED = rf"[\w.\[\]-]*(?:{_NAMES})[\w.\[\]-]*"
_PERSONAL = (
    (re.compile(rf'(?i)("{_NAMED}"\s*:\s*)"(?:[^"\\]|\\.)*"'), rf'\1"{HIDDEN}"'),
    (re.compile(rf"(?i)((?:^|&){_NAMED}=)[^&]*"), rf"\1{HIDDEN}"),
)


def erase_person(order_id: int, known: Collection[str]) -> None:
    """Nothing in the payments of an order names the person any more of whom these words are known."""
    bills = list(db.session.scalars(select(Bill).filter_by(order_id=order_id).order_by(Bill.id).with_for_update()))
    for bill in bills:
        bill.extra = _without(bill.extra, known)
        replace_key(bill)
    ids = [bill.id for bill in bills]
    for message in db.session.scalars(select(InboxMessage).where(InboxMessage.bill_id.in_(ids))):
        _empty(message, known)
    about = or_(DeskRow.order_id == order_id, DeskRow.bill_id.in_(ids))
    for row in db.session.scalars(select(DeskRow).where(about)):
        row.evidence, row.offer = _without(row.evidence, known), _without(row.offer, known)


def is_erased(message: InboxMessage) -> bool:
    """Whether it is not as it came any more: its signature cannot fit."""
    return MARK in message.headers


def _empty(message, known):
    if is_erased(message):
        return
    body = bytes(message.body).decode("utf-8", "surrogateescape")
    message.body = hidden(body, known).encode("utf-8", "surrogateescape")
    message.url, message.last_error = hidden(message.url, known), hidden(message.last_error, known)
    kept = {name: text for name, text in message.headers.items() if name.lower() != "user-agent"}
    message.headers, message.remote_addr = {**kept, MARK: "1"}, ""


def hidden(text: str, known: Collection[str]) -> str:
    """The text without these words, however they are written in it, and without what is named like a person's."""
    for word in sorted(known, key=len, reverse=True):
        cases = {word, word.lower(), word.upper()}  # of letters that are written as %C3%84 no pattern knows the other
        for written in cases | {quote_plus(one) for one in cases} | {json.dumps(one)[1:-1] for one in cases}:
            text = re.sub(re.escape(written), HIDDEN, text, flags=re.IGNORECASE)
    for pattern, instead in _PERSONAL:
        text = pattern.sub(instead, text)
    return text


def _without(facts: dict[str, Any], known: Collection[str]) -> dict[str, Any]:
    return json.loads(hidden(json.dumps(facts), known))

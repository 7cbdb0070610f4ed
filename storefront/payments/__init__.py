"""What is owed and what money did: methods, bills, the inbox, the ledger, refunds.

Ways to pay: methods, current_method, adapter, config_by_name, configs, problems, switch, check_live.
Attempts: open_bill, begin, keep_step, form_of, leave, cancel, expire; ask, can_be_asked, quiet, close_at_gateway;
bill_by_key, bill_by_reference, bills_of, open_bills, money_may_come, remove.
The inbox: store_message, read, finish, unread, inbox_of, waits_for.
The ledger: record, accept, quarantine, resolve, quarantined, money_of, event_key.
Refunds: request_refund, refundable, refunds_of, unsent_refunds, claim, call_gateway, settle_refund.
"""

from storefront.payments.bills import (
    ask,
    begin,
    bill_by_key,
    bill_by_reference,
    bills_of,
    can_be_asked,
    cancel,
    close_at_gateway,
    expire,
    form_of,
    keep_step,
    leave,
    money_may_come,
    open_bill,
    open_bills,
    quiet,
    remove,
)
from storefront.payments.configs import (
    adapter,
    check_live,
    config_by_name,
    configs,
    current_method,
    methods,
    problems,
    switch,
)
from storefront.payments.inbox import finish, inbox_of, read, store_message, unread, waits_for
from storefront.payments.ledger import accept, event_key, money_of, quarantine, quarantined, record, resolve
from storefront.payments.refunds import (
    call_gateway,
    claim,
    refundable,
    refunds_of,
    request_refund,
    settle_refund,
    unsent_refunds,
)

__all__ = [
    "accept",
    "adapter",
    "ask",
    "begin",
    "bill_by_key",
    "bill_by_reference",
    "bills_of",
    "call_gateway",
    "can_be_asked",
    "cancel",
    "check_live",
    "claim",
    "close_at_gateway",
    "config_by_name",
    "configs",
    "current_method",
    "event_key",
    "expire",
    "finish",
    "form_of",
    "inbox_of",
    "keep_step",
    "leave",
    "methods",
    "money_may_come",
    "money_of",
    "open_bill",
    "open_bills",
    "problems",
    "quarantine",
    "quarantined",
    "quiet",
    "read",
    "record",
    "refundable",
    "refunds_of",
    "remove",
    "request_refund",
    "resolve",
    "settle_refund",
    "store_message",
    "switch",
    "unread",
    "unsent_refunds",
    "waits_for",
]

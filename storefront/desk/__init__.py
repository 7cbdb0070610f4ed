"""What waits for a person: money that fits no order, orders to be looked at, and everything that went wrong.

Looking: rows, count_open, sums, look_at, allowed. Deciding, each once: accept, refund, refund_bill, move, cancel,
done, void, wait, assign; try_again, by_hand (refunds); happened, never_happened (reserved sums). The shopper's choice:
offer, Instead, answer; ask_rest, open_rest (what is missing). Time: overdue, due_soon, waited_for, remind_owner,
decide_row, fulfil_waiting. Settlement files: read_statement, store_statement, differences,
write_settlement (compared); rows_of, take_in_money, finish_settlement, is_counted (counted); settlements_of,
problems_in_words. Money that a person has seen: awaited, receive. Messages about nothing that we know: note_unmatched,
old_strays, take_in_stray.
"""

from storefront.desk.cases import allowed, look_at
from storefront.desk.deciding import accept, accept_order, assign, cancel, done, refund, refund_bill, void, wait
from storefront.desk.listing import count_open, rows, sums
from storefront.desk.moving import move
from storefront.desk.offering import Instead, answer, offer
from storefront.desk.overdue import decide_row, due_soon, fulfil_waiting, overdue, remind_owner, waited_for
from storefront.desk.receiving import awaited, receive
from storefront.desk.reconciling import (
    differences,
    finish_settlement,
    is_counted,
    rows_of,
    settlements_of,
    store_statement,
    take_in_money,
    write_settlement,
)
from storefront.desk.refunding import by_hand, try_again
from storefront.desk.reserved import happened, never_happened
from storefront.desk.resting import ask_rest, open_rest
from storefront.desk.statement import BadStatement, problems_in_words, read_statement
from storefront.desk.strays import note_unmatched, old_strays, take_in_stray

__all__ = [
    "BadStatement",
    "Instead",
    "accept",
    "accept_order",
    "allowed",
    "answer",
    "ask_rest",
    "assign",
    "awaited",
    "by_hand",
    "cancel",
    "count_open",
    "decide_row",
    "differences",
    "done",
    "due_soon",
    "finish_settlement",
    "fulfil_waiting",
    "happened",
    "is_counted",
    "look_at",
    "move",
    "never_happened",
    "note_unmatched",
    "offer",
    "old_strays",
    "open_rest",
    "overdue",
    "problems_in_words",
    "read_statement",
    "receive",
    "refund",
    "refund_bill",
    "remind_owner",
    "rows",
    "rows_of",
    "settlements_of",
    "store_statement",
    "sums",
    "take_in_money",
    "take_in_stray",
    "try_again",
    "void",
    "wait",
    "waited_for",
    "write_settlement",
]

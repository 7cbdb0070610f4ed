"""Who is told what when something has happened: one table, one function a letter.

A letter is written from the order's snapshot when the job delivers the event; it may read anything, sends
something, and changes no order, bill or stock: only what a gateway answers is settled, as always.
Verbs: subscribe, deliver (the job's side); hear (an extension's handler); says_something, resend, retry (letters once
more).
"""

from storefront.notices.shopper import APPROVED, CHECKED
from storefront.notices.table import (
    AGAIN,
    HANDLERS,
    close_session,
    deliver,
    hear,
    resend,
    retry,
    says_something,
    subscribe,
)

__all__ = [
    "AGAIN",
    "APPROVED",
    "CHECKED",
    "HANDLERS",
    "close_session",
    "deliver",
    "hear",
    "resend",
    "retry",
    "says_something",
    "subscribe",
]

"""What other systems read: the feed of events and the orders, by token.

The feed: publish, is_behind (the job's side), read, head, Feed. Shapes: event_body, order_body. Tokens: make_token,
revoke, tokens, owner_of (whose token it is). SCOPES says what a token may open.
"""

from storefront.api.feed import Feed, head, is_behind, publish, read
from storefront.api.shapes import event_body, order_body
from storefront.api.tokens import SCOPES, make_token, owner_of, revoke, tokens

__all__ = [
    "SCOPES",
    "Feed",
    "event_body",
    "head",
    "is_behind",
    "make_token",
    "order_body",
    "owner_of",
    "publish",
    "read",
    "revoke",
    "tokens",
]

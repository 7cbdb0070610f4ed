"""A hosted payment page that misbehaves on request, for rehearsal and tests. A live shop does not register it.

It is somebody else's house: it knows the shop only by the signed form and by the addresses in it, and keeps
its own books. Verbs: deliver_due (the notifications that are due); can_be_rehearsed, invented (for the admin: a gateway
whose service the sandbox plays, and what it is filled in with); try_keys (of a gateway, without its service).
"""

from storefront.sandbox.delivery import deliver_due
from storefront.sandbox.inventing import can_be_rehearsed, invented
from storefront.sandbox.trying import Tried, try_keys

__all__ = ["Tried", "can_be_rehearsed", "deliver_due", "invented", "try_keys"]

"""A hosted payment page that misbehaves on request, for rehearsal and tests. A live shop does not register it.

It is somebody else's house: it knows the shop only by the signed form and by the addresses in it, and keeps
its own books. Verbs: deliver_due (the notifications that are due).
"""

from storefront.sandbox.delivery import deliver_due

__all__ = ["deliver_due"]

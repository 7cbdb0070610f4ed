"""Telling other systems what happened: signed messages to addresses that the owner has entered.

Endpoints: add, change, rotate, switch_on, switch_off, remove, endpoints. Sending: fan_out, deliver_due (the job's
side), ping, replay. Looking: deliveries, pings. Every message goes out at least once, with
the same id each time; the events of one order go to one address in their order.
"""

from storefront.webhooks.endpoints import KIND, add, change, endpoints, remove, rotate, switch_off, switch_on
from storefront.webhooks.looking import deliveries, pings
from storefront.webhooks.queueing import fan_out
from storefront.webhooks.sending import deliver_due, ping, replay

__all__ = [
    "KIND",
    "add",
    "change",
    "deliver_due",
    "deliveries",
    "endpoints",
    "fan_out",
    "ping",
    "pings",
    "remove",
    "replay",
    "rotate",
    "switch_off",
    "switch_on",
]

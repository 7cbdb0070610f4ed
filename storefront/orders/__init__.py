"""The life of an order, from the copied quote to the parcel or the end.

Begin: take_number, placed_from, same_order, refuse_if_pending, place, hold_goods, begin_payment, window_end, hold,
fail_placing, waiting_order, pay_again, keep.
Money: settle, release_unbilled, accept_after_review, request_refund, finish_refund.
End: cancel_by_shopper, cancel_by_merchant, close_if_unpaid, remove_if_worthless.
Parcels: release_shipment, ship, deliver, complete. Finding: by_key, by_number, locked, stage_of;
overdue, arrived_long_ago, old_failures.
"""

from storefront.orders.again import keep, pay_again
from storefront.orders.closing import cancel_by_merchant, cancel_by_shopper, close_if_unpaid, remove_if_worthless
from storefront.orders.finding import arrived_long_ago, by_key, by_number, locked, old_failures, overdue
from storefront.orders.fulfilment import complete, deliver, release_shipment, ship
from storefront.orders.placing import (
    PaymentPending,
    begin_payment,
    fail_placing,
    hold,
    hold_goods,
    place,
    placed_from,
    refuse_if_pending,
    same_order,
    take_number,
    waiting_order,
    window_end,
)
from storefront.orders.refunding import finish_refund, request_refund
from storefront.orders.settling import accept_after_review, release_unbilled, settle
from storefront.orders.stage import Stage, stage_of

__all__ = [
    "PaymentPending",
    "Stage",
    "accept_after_review",
    "arrived_long_ago",
    "begin_payment",
    "by_key",
    "by_number",
    "cancel_by_merchant",
    "cancel_by_shopper",
    "close_if_unpaid",
    "complete",
    "deliver",
    "fail_placing",
    "finish_refund",
    "hold",
    "hold_goods",
    "keep",
    "locked",
    "old_failures",
    "overdue",
    "pay_again",
    "place",
    "placed_from",
    "refuse_if_pending",
    "release_shipment",
    "release_unbilled",
    "remove_if_worthless",
    "request_refund",
    "same_order",
    "settle",
    "ship",
    "stage_of",
    "take_number",
    "waiting_order",
    "window_end",
]

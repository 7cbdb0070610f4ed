"""The life of an order, from the copied quote to the parcel or the end.

Begin: take_number, placed_from, same_order, refuse_if_pending, place, hold_goods, begin_payment, window_end, hold,
fail_placing, waiting_order, pay_again, keep, move_hold.
The cart afterwards: put_back, may_put_back, set_apart, join.
Money: settle, release_unbilled, accept_after_review, accept_money, pay_with,
may_be_paid_by_hand, request_refund, finish_refund, refresh, request_capture, finish_capture.
End: cancel_by_shopper, cancel_by_merchant, cancel_unanswered, close_if_unpaid, remove_if_worthless.
Goods that are not there: correct_stock, losers.
Parcels: release_shipment, ship, deliver, complete. Finding: by_key, by_number, locked, stage_of, replace_link;
overdue, on_hold, arrived_long_ago, old_failures.
"""

from storefront.orders.again import TooOld, keep, pay_again
from storefront.orders.capturing import finish_capture, request_capture
from storefront.orders.carts import join, may_put_back, put_back, set_apart
from storefront.orders.closing import (
    cancel_by_merchant,
    cancel_by_shopper,
    cancel_unanswered,
    remove_if_worthless,
)
from storefront.orders.correcting import correct_stock, losers
from storefront.orders.finding import arrived_long_ago, by_key, by_number, locked, old_failures, on_hold, overdue
from storefront.orders.fulfilment import complete, deliver, release_shipment, ship
from storefront.orders.links import replace_link
from storefront.orders.money import refresh
from storefront.orders.moving import may_be_paid_by_hand, pay_with
from storefront.orders.overtime import close_if_unpaid
from storefront.orders.placing import (
    PaymentPending,
    begin_payment,
    fail_placing,
    hold,
    hold_goods,
    move_hold,
    place,
    placed_from,
    refuse_if_pending,
    same_order,
    take_number,
    waiting_order,
    window_end,
)
from storefront.orders.refunding import finish_refund, request_refund
from storefront.orders.settling import accept_after_review, accept_money, release_unbilled, settle
from storefront.orders.stage import Stage, stage_of

__all__ = [
    "PaymentPending",
    "Stage",
    "TooOld",
    "accept_after_review",
    "accept_money",
    "arrived_long_ago",
    "begin_payment",
    "by_key",
    "by_number",
    "cancel_by_merchant",
    "cancel_by_shopper",
    "cancel_unanswered",
    "close_if_unpaid",
    "complete",
    "correct_stock",
    "deliver",
    "fail_placing",
    "finish_capture",
    "finish_refund",
    "hold",
    "hold_goods",
    "join",
    "keep",
    "locked",
    "losers",
    "may_be_paid_by_hand",
    "may_put_back",
    "move_hold",
    "old_failures",
    "on_hold",
    "overdue",
    "pay_again",
    "pay_with",
    "place",
    "placed_from",
    "put_back",
    "refresh",
    "refuse_if_pending",
    "release_shipment",
    "release_unbilled",
    "remove_if_worthless",
    "replace_link",
    "request_capture",
    "request_refund",
    "same_order",
    "set_apart",
    "settle",
    "ship",
    "stage_of",
    "take_number",
    "waiting_order",
    "window_end",
]

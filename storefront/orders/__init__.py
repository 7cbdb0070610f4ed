"""The life of an order, from the copied quote to the parcel or the end.

Begin: take_number, placed_from, same_order, refuse_if_pending, place, hold_goods, hold_limited_uses,
hold_certificates, begin_payment, has_bought, window_end, hold, fail_placing, waiting_order, pay_again, keep, move_hold.
The cart afterwards: put_back, may_put_back, order_again, may_order_again, set_apart, join.
The person: erase_customer, orders_of, why_needed.
Another article instead: basket_instead, replace. Too little: open_rest, rest_of, owed. Own states: move_on.
Money: settle, release_unbilled, accept_after_review, accept_money, pay_with,
may_be_paid_by_hand, request_refund, refund_parts, refunds_asked, shares, applied_bill, bought_certificates,
used_of_bought, finish_refund, refresh, request_capture, finish_capture.
End: cancel_by_shopper, cancel_by_merchant, cancel_unanswered, close_if_unpaid, remove_if_worthless.
Goods that are not there: correct_stock, losers.
Parcels: release_shipment, note_refused_release, hold_shipment, take_money_for, ship, deliver, complete; split_parcel,
merge_parcels, cancel_parcels; assign_goods, awaited_goods, missing_in; tracking_links, carriers, set_carriers.
Returns: announce_return, may_announce, returnable_units, receive_return, suggested_refund, settle_return,
decline_return, withdraw_return, exchange_return, note_replacement, locked_return,
returns_of, return_of, money_left, open_returns, received_units, overdue_returns, end_return;
worth_of, refundable_worth, refundable_of (what so many units were sold for).
Finding: by_key, by_number, locked, stage_of, replace_link; overdue, on_hold, arrived_long_ago, old_failures.
"""

from storefront.orders.accepting import accept_after_review, accept_money, may_be_paid_by_hand
from storefront.orders.again import TooOld, keep, pay_again
from storefront.orders.assigning import assign_goods, awaited_goods, missing_in
from storefront.orders.capturing import finish_capture, request_capture
from storefront.orders.carriers import carriers, set_carriers, tracking_links
from storefront.orders.carts import join, may_order_again, may_put_back, order_again, put_back, set_apart
from storefront.orders.closing import (
    cancel_by_merchant,
    cancel_by_shopper,
    cancel_unanswered,
    remove_if_worthless,
)
from storefront.orders.correcting import correct_stock, losers
from storefront.orders.erasing import StillNeeded, erase_customer, orders_of, why_needed
from storefront.orders.finding import arrived_long_ago, by_key, by_number, locked, old_failures, on_hold, overdue
from storefront.orders.fulfilment import (
    complete,
    deliver,
    hold_shipment,
    note_refused_release,
    release_shipment,
    ship,
    take_money_for,
)
from storefront.orders.gifts import bought_certificates, used_of_bought
from storefront.orders.links import replace_link
from storefront.orders.messages import message_of, write_to_shopper
from storefront.orders.money import refresh
from storefront.orders.moving import move_on, pay_with
from storefront.orders.overtime import close_if_unpaid
from storefront.orders.parcels import cancel_parcels, merge_parcels, split_parcel
from storefront.orders.placing import (
    PaymentPending,
    begin_payment,
    fail_placing,
    hold,
    hold_certificates,
    hold_goods,
    hold_limited_uses,
    move_hold,
    place,
    placed_from,
    refuse_if_pending,
    same_order,
    take_number,
    waiting_order,
    window_end,
)
from storefront.orders.refunding import applied_bill, finish_refund, refund_parts, refunds_asked, request_refund, shares
from storefront.orders.replacing import basket_instead, replace
from storefront.orders.resting import open_rest, owed, rest_of
from storefront.orders.returning import (
    announce_return,
    decline_return,
    end_return,
    exchange_return,
    locked_return,
    may_announce,
    note_replacement,
    open_returns,
    overdue_returns,
    receive_return,
    received_units,
    return_of,
    returnable_units,
    returns_of,
    settle_return,
    suggested_refund,
    withdraw_return,
)
from storefront.orders.settling import release_unbilled, settle
from storefront.orders.shopper import shopper_of
from storefront.orders.stage import Stage, stage_of
from storefront.orders.using import has_bought
from storefront.orders.worth import money_left, refundable_of, refundable_worth, worth_of

__all__ = [
    "PaymentPending",
    "Stage",
    "StillNeeded",
    "TooOld",
    "accept_after_review",
    "accept_money",
    "announce_return",
    "applied_bill",
    "arrived_long_ago",
    "assign_goods",
    "awaited_goods",
    "basket_instead",
    "begin_payment",
    "bought_certificates",
    "by_key",
    "by_number",
    "cancel_by_merchant",
    "cancel_by_shopper",
    "cancel_parcels",
    "cancel_unanswered",
    "carriers",
    "close_if_unpaid",
    "complete",
    "correct_stock",
    "decline_return",
    "deliver",
    "end_return",
    "erase_customer",
    "exchange_return",
    "fail_placing",
    "finish_capture",
    "finish_refund",
    "has_bought",
    "hold",
    "hold_certificates",
    "hold_goods",
    "hold_limited_uses",
    "hold_shipment",
    "join",
    "keep",
    "locked",
    "locked_return",
    "losers",
    "may_announce",
    "may_be_paid_by_hand",
    "may_order_again",
    "may_put_back",
    "merge_parcels",
    "message_of",
    "missing_in",
    "money_left",
    "move_hold",
    "move_on",
    "note_refused_release",
    "note_replacement",
    "old_failures",
    "on_hold",
    "open_rest",
    "open_returns",
    "order_again",
    "orders_of",
    "overdue",
    "overdue_returns",
    "owed",
    "pay_again",
    "pay_with",
    "place",
    "placed_from",
    "put_back",
    "receive_return",
    "received_units",
    "refresh",
    "refund_parts",
    "refundable_of",
    "refundable_worth",
    "refunds_asked",
    "refuse_if_pending",
    "release_shipment",
    "release_unbilled",
    "remove_if_worthless",
    "replace",
    "replace_link",
    "request_capture",
    "request_refund",
    "rest_of",
    "return_of",
    "returnable_units",
    "returns_of",
    "same_order",
    "set_apart",
    "set_carriers",
    "settle",
    "settle_return",
    "shares",
    "ship",
    "shopper_of",
    "split_parcel",
    "stage_of",
    "suggested_refund",
    "take_money_for",
    "take_number",
    "tracking_links",
    "used_of_bought",
    "waiting_order",
    "why_needed",
    "window_end",
    "withdraw_return",
    "worth_of",
    "write_to_shopper",
]

"""tmp"""
from rehearsing import rehearse
from storefront import orders, payments
from storefront.kit.db import db, transaction
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Outcome
from storefront.payments.models import Bill, Refund


def test_unnamed(play):
    play.shelves(mug=5)
    rehearse(play, "quickpay")
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay")
    play.until(lambda: play.last_bill().status == "PAID")
    refund = play.ask_refund(play.last_order(), 100)
    with transaction():
        payments.claim(refund.id)  # the call breaks
    bill = play.last_bill()
    with transaction():
        orders.settle(db.session.get(Bill, bill.id), Outcome(base.REFUNDED, bill.reference, "7-refund-3", 100, "EUR", bill.transaction_id))
    play.look_again()
    print(db.session.get(Refund, refund.id).status)
    with transaction():
        r = db.session.get(Refund, refund.id)
        if r.status == "SENT":
            payments.give_by_hand(r, "otto")
    play.look_again()
    print(play.ledger_of(play.last_bill()))
    assert play.ledger_of(play.last_bill())[("refunded", "EUR")] == 100

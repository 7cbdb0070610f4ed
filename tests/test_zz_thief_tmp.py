"""tmp"""
import pytest
from tests.test_bills import waiting


@pytest.mark.parametrize("changes", [{"merchant": "thief"}, {"mode": "live"}])
@pytest.mark.parametrize("word", ["refunded", "charged_back"])
def test_foreign_news(play, word, changes):
    placed = waiting(play)
    play.gateway_says("paid", placed.bill)
    from sqlalchemy import select
    from storefront.kit.db import db, transaction
    from storefront.payments.models import GatewayConfig
    with transaction():
        c = db.session.scalar(select(GatewayConfig).filter_by(name="sandbox"))
        c.properties = {**c.properties, "merchant": "us"}
    play.gateway_says(word, placed.bill, transaction="thief-1", event="thief-2", **changes)
    assert play.last_bill().status == "PAID"
    assert play.last_order().payment_status == "PAID"


@pytest.mark.parametrize("word", ["pending", "declined", "cancelled", "expired"])
def test_foreign_news_before(play, word):
    placed = waiting(play)
    before = placed.order.hold_expires_at, placed.bill.status
    play.gateway_says(word, placed.bill, transaction="thief-1", event="thief-2", mode="live")
    assert (play.last_order().hold_expires_at, play.last_bill().status) == before


def test_refund_of_the_second(play):
    placed = waiting(play)
    play.gateway_says("paid", placed.bill)
    play.gateway_says("paid", placed.bill, transaction="tr-2", event="e-2")
    assert [b.disposition for b in play.bills(placed.order)] == ["APPLIED", "QUARANTINED"]
    play.gateway_says("refunded", placed.bill, transaction="tr-2", event="re-2")
    assert [b.status for b in play.bills(placed.order)] == ["PAID", "REFUNDED"]
    assert play.last_order().payment_status == "PAID"

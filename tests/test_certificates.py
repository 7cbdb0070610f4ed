"""Gift certificates pay: balance checked, held, captured, released, given back; a covered order needs no gateway.

Capabilities PRM-07, PRM-09, PRM-10, PRM-11, ACT-07, the certificates' part of PRM-15, and race 27.
"""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from storefront import certificates, orders
from storefront.certificates.models import CertificateTransaction, GiftCertificate
from storefront.checkout import steps
from storefront.kit import clock, events, ids
from storefront.kit.db import db, transaction
from storefront.kit.recipes import Step
from storefront.orders.models import Order
from storefront.payments.models import Bill, GatewayConfig

from giving import card_on_shelf, gift, issued, money_of, moves_of, types, uses_of
from purchases import ADDRESS, at_once

pytestmark = pytest.mark.usefixtures("right_books")
MUG, SHIPPING = 1250, 490
TOTAL = MUG + SHIPPING


@pytest.fixture
def alice(play):
    """Somebody with a mug in the cart, in a shop with five."""
    play.shelves(mug=5)
    shopper = play.visitor("alice")
    play.fill_cart(shopper, mug=1)
    return shopper


def test_a_part_is_paid_by_certificate_and_the_rest_at_the_gateway(play, alice):
    """PRM-09: the preview, the bill, the gateway and the receipt say what is due; the ledger of each has its part."""
    code = issued(1000)
    page = types(alice, code.lower().replace("-", " "))
    assert page.has("The code counts") and page.has(f"Gift certificate …{code[-4:]}") and page.has("To pay")
    page = play.to_preview(alice)
    assert page.has("Confirm and pay €7.40") and page.has(f"€10.00 by the gift certificate …{code[-4:]}")
    assert money_of(play, code) == (1000, 0, "ACTIVE")
    placed = play.confirm(alice)
    order = placed.order
    assert (order.total_minor, order.due_minor, placed.bill.amount_minor) == (TOTAL, TOTAL - 1000, TOTAL - 1000)
    assert money_of(play, code) == (1000, 1000, "ACTIVE") and uses_of(play, order) == [(1000, 0, "HELD")]
    alice.press("Continue to payment page")
    alice.press("Pay")
    order = play.last_order()
    assert (order.status, order.payment_status, order.paid_minor) == ("PROCESSING", "PAID", TOTAL - 1000)
    assert money_of(play, code) == (0, 0, "SPENT")
    assert moves_of(play, code) == [("issue", 1000), ("hold", 1000), ("capture", 1000)]
    page = alice.get(f"/orders/{order.key}")
    assert page.has("is paid") and page.has(f"Gift certificate …{code[-4:]}") and page.has("€7.40")
    play.run("deliver_events")
    (receipt,) = [
        mail for mail in play.mails() if mail["Subject"].endswith("paid") and "not paid" not in mail["Subject"]
    ]
    words = receipt.get_body(("plain",)).get_content()
    assert "To pay: €7.40" in words and f"Gift certificate …{code[-4:]}: -€10.00" in words.replace("−", "-")


def test_what_is_covered_in_full_needs_no_gateway(play, alice):
    """PRM-11: no way to pay is asked for, no bill, no page that leaves: packed at once, and confirmed by one letter."""
    code = issued(5000)
    types(alice, code)
    alice.click("Go to checkout")
    alice.press("Continue to shipping", ADDRESS)
    page = alice.press("Continue to payment")
    assert page.path == "/checkout/preview" and page.has("Nothing else is to be paid") and page.has("€32.60 stay on it")
    assert alice.get("/checkout/payment").path == "/checkout/preview"
    page = alice.press("Confirm and pay €0.00")
    order = play.last_order()
    assert page.steps == [303, 200] and page.path == f"/orders/{order.key}" and page.has("is paid")
    assert (order.status, order.payment_status, order.due_minor) == ("PROCESSING", "PAID", 0)
    assert not play.bills(order) and play.in_cart(alice) == {} and play.shelf("mug") == (5, 1)
    assert money_of(play, code) == (5000 - TOTAL, 0, "ACTIVE")
    play.run("deliver_events")
    assert play.letters() == [f"The Test Shop: order {order.number} confirmed"]
    words = play.mails()[0].get_body(("plain",)).get_content()
    assert "Gift certificates have paid all of it" in words and "To pay: €0.00" in words


def test_several_pay_one_order_in_the_order_in_which_they_were_typed(play, alice):
    """PRM-09: the first is used up before the second is touched; removing one changes what is due, and nothing else."""
    first, second, third = issued(500), issued(1000), issued(4000)
    for code in (first, second, third):
        types(alice, code)
    play.to_preview(alice)
    alice.press("Confirm and pay")
    order = play.last_order()
    assert uses_of(play, order) == [(500, 0, "CAPTURED"), (1000, 0, "CAPTURED"), (TOTAL - 1500, 0, "CAPTURED")]
    assert [money_of(play, code)[0] for code in (first, second, third)] == [0, 0, 4000 - (TOTAL - 1500)]
    play.fill_cart(alice, mug=1)
    page = types(alice, third)
    assert page.has("To pay")
    page = alice.press("Remove Gift certificate", to="cart")
    assert not page.has("To pay") and moves_of(play, third)[-1][0] == "capture"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"status": "INACTIVE", "balance_minor": 0}, "is not paid yet"),
        ({"status": "VOID"}, "is not valid any more"),
        ({"status": "EXPIRED"}, "has expired"),
        ({"status": "SPENT"}, "is used up"),
        ({"currency": "USD"}, "is in USD"),
        ({"held_minor": 1000}, "is set aside for another order"),
    ],
    ids=lambda value: next(iter(value.values())) if isinstance(value, dict) else "",
)
def test_each_reason_has_a_sentence_of_its_own(play, alice, change, says):
    """PRM-07: inactive, void, expired, spent, another currency, set aside: refused in its own words, nothing added."""
    code = issued(1000)
    with transaction():
        db.session.execute(update(GiftCertificate).values(**change))
    page = types(alice, code)
    assert page.status == 409 and page.has(says) and page.has(f"ending in {code[-4:]}") and not page.has("To pay")
    with transaction():  # the books of this stage were bent by hand
        db.session.execute(text("DELETE FROM certificate_transactions"))
        db.session.execute(text("DELETE FROM gift_certificates"))


def test_a_code_of_nobody_and_many_tries(play, alice, rate_limits):
    """A code that nobody has is refused in words; whoever guesses is stopped at the thirty-first try of a minute."""
    for typed in ("", "  ", "AAAA-BBBB-CCCC-DDDD", "x" * 5000, "\x00\u202e", "0" * 16, "<b>1</b>"):
        page = alice.post("/cart/codes", {"code": typed})
        assert page.status == 400 and "<b>1</b>" not in page.answer.text
    statuses = [alice.post("/cart/codes", {"code": f"AAAA-BBBB-CCCC-{n:04}"}).status for n in range(30)]
    assert statuses[0] == 400 and statuses[-1] == 429
    code = issued(1000)
    assert len(certificates.folded(code)) == 16 and ids.digest(certificates.folded(code)) == gift(play).code_hash
    assert code.replace("-", "") not in repr(play.tables())


def test_one_that_expires_while_it_lies_in_the_cart(play, alice):
    """PRM-07, ACT-07: what a preview promised, and is over since, is said before anything is placed (409)."""
    code = issued(1000, expires_at=clock.now() + timedelta(days=1))
    types(alice, code)
    play.to_preview(alice)
    play.wait(days=2)
    page = alice.press("Confirm and pay €7.40")
    assert page.status == 409 and page.has("has expired") and page.has(f"Gift certificate …{code[-4:]}")
    assert play.rows_of(Order) == 0 and page.has("Confirm and pay €17.40")
    assert play.run("end_certificates")["done"] == 1 and money_of(play, code) == (1000, 0, "EXPIRED")
    assert play.confirm(alice).bill.amount_minor == TOTAL


def test_a_balance_below_what_was_shown_blocks_the_order(play, alice):
    """PRM-07, ACT-07: somebody else used a part meanwhile: no order, a sentence with what is left, and the new sum."""
    code = issued(1500)
    types(alice, code)
    play.to_preview(alice)
    bob = play.visitor("bob")
    play.fill_cart(bob, mug=1)
    types(bob, code)
    play.to_preview(bob, Email="bob@example.com")
    play.confirm(bob)
    page = alice.press("Confirm and pay €2.40")
    assert page.status == 409 and page.has("set aside for another order") and page.has("Nothing was charged")
    rows = " ".join(page.text.split())
    assert f"Gift certificate …{code[-4:]}" in rows and "To pay €2.40 €17.40" in rows
    assert play.rows_of(Order) == 1
    assert play.confirm(alice).bill.amount_minor == TOTAL


def test_race_27_one_certificate_in_two_carts(play):
    """RACE-27, INV-41, PRM-09: two confirm at once: one has it, the other is shown what is due without it.

    Never below nothing; nobody leaves for the gateway with another sum than the one that was shown.
    """
    play.shelves(mug=5)
    code = issued(1500)
    shoppers = []
    for name in ("alice", "bob"):
        shopper = play.visitor(name)
        play.fill_cart(shopper, mug=1)
        types(shopper, code)
        play.to_preview(shopper, Email=f"{name}@example.com")
        shoppers.append(shopper)
    play.look_again()
    pages = at_once(*(lambda shopper=shopper: shopper.press("Confirm and pay") for shopper in shoppers))
    assert sorted(page.status for page in pages) == [200, 409]
    assert money_of(play, code) == (1500, 1500, "ACTIVE")
    loser = shoppers[[page.status for page in pages].index(409)]
    assert loser.page.has("Nothing was charged") and loser.page.has("Confirm and pay €17.40")
    second = play.confirm(loser)
    assert second.bill.amount_minor == second.order.due_minor == TOTAL and uses_of(play, second.order) == []
    live = [order for order in play.orders() if order.status == "HOLD"]
    assert sorted(order.due_minor for order in live) == [TOTAL - 1500, TOTAL]
    winner = next(order for order in live if order.due_minor < TOTAL)
    assert play.gateway_says("paid", play.bills(winner)[0]) == 200
    assert money_of(play, code) == (0, 0, "SPENT")


def test_many_verbs_at_once_never_take_more_than_there_is(play):
    """RACE-27, PRM-10: eight orders want three of ten: three have them, and the ledger sums to the balance."""
    play.shelves(mug=20)
    code = issued(1000)
    found = gift(play, code).id
    placed = [play.quick_order(mug=1).order.id for _ in range(8)]
    with transaction():
        for order_id in placed:
            certificates.plan(order_id, [(found, 300)])

    def hold(order_id):
        with play.app.app_context():
            try:
                with transaction():
                    certificates.hold(order_id)
                return True
            except certificates.CertificateShort:
                return False

    play.look_again()
    held = at_once(*(lambda order_id=order_id: hold(order_id) for order_id in placed))
    assert sum(held) == 3 and money_of(play, code) == (1000, 900, "ACTIVE")
    with transaction():
        for order_id in placed:
            certificates.release(order_id)
            certificates.release(order_id)
        db.session.execute(text("DELETE FROM certificate_uses"))
        db.session.execute(text("UPDATE certificate_transactions SET order_id = NULL"))
    assert money_of(play, code) == (1000, 0, "ACTIVE")


def test_an_order_that_dies_lets_go_in_the_same_commit(play, alice):
    """PRM-15, INV-41: closed by time or by the shopper, what was held is free again, and pays the next order."""
    code = issued(1500)
    types(alice, code)
    play.to_preview(alice)
    first = play.confirm(alice)
    alice.get(f"/orders/{first.order.key}")
    alice.press("Cancel order")
    assert money_of(play, code) == (1500, 0, "ACTIVE") and uses_of(play, first.order) == [(1500, 0, "RELEASED")]
    play.to_preview(alice)
    second = play.confirm(alice)
    play.wait(hours=2)
    play.run("close_unpaid_orders")
    assert play.order_of(second.bill).status == "CANCELLED" and money_of(play, code) == (1500, 0, "ACTIVE")
    held = [event.type for event in events.of_order(second.order.id) if event.type.startswith("CERTIFICATES")]
    assert held == ["CERTIFICATES_HELD", "CERTIFICATES_RELEASED"]
    play.wait(days=40)
    play.run("remove_failed_orders")
    assert play.rows_of(Order) == 0 and [kind for kind, _a in moves_of(play, code)].count("release") == 2


def test_paying_again_takes_it_again_or_says_that_it_is_gone(play, alice):
    """A closed order is paid again: its certificate is held once more; if somebody spent it meanwhile, that is said."""
    code = issued(1500)
    types(alice, code)
    play.to_preview(alice)
    first = play.confirm(alice)
    with transaction():
        orders.cancel_by_shopper(first.order.id)
    alice.get(f"/orders/{first.order.key}/pay")
    assert alice.press("Pay").path.startswith("/pay/")
    assert money_of(play, code) == (1500, 1500, "ACTIVE") and play.last_bill().amount_minor == TOTAL - 1500
    with transaction():
        orders.cancel_by_shopper(first.order.id)
    with transaction():
        certificates.void(gift(play, code).id)
    alice.get(f"/orders/{first.order.key}/pay")
    page = alice.press("Pay")
    assert page.status == 409 and page.has("does not hold as much any more") and len(play.bills(first.order)) == 2


def test_late_money_takes_it_again_or_waits_on_the_desk(play, alice):
    """Money that comes after the close: the certificate pays its part once more; spent meanwhile, the money waits."""
    code = issued(1500)
    types(alice, code)
    play.to_preview(alice)
    first = play.confirm(alice)
    alice.press("Continue to payment page")
    play.wait(hours=2)
    play.run("close_unpaid_orders")
    assert play.gateway_says("paid", first.bill) == 200
    assert play.order_of(first.bill).status == "PROCESSING" and money_of(play, code) == (0, 0, "SPENT")

    other = issued(1500)
    bob = play.visitor("bob")
    play.fill_cart(bob, mug=1)
    types(bob, other)
    play.to_preview(bob)
    second = play.confirm(bob)
    bob.press("Continue to payment page")
    play.wait(hours=2)
    play.run("close_unpaid_orders")
    with transaction():
        certificates.void(gift(play, other).id)
    assert play.gateway_says("paid", second.bill) == 200
    bill = play.bills(second.order)[0]
    assert (bill.disposition, bill.quarantine_reason) == ("QUARANTINED", "late_order_closed")
    assert play.order_of(bill).status == "CANCELLED" and money_of(play, other)[2] == "VOID"


def test_it_is_handed_over_when_the_cart_is_confirmed_anew(play, alice):
    """Another content replaces the unpaid order: what that held passes over, and nobody could take it in between."""
    code = issued(1500)
    types(alice, code)
    play.to_preview(alice)
    first = play.confirm(alice)
    play.fill_cart(alice, mug=1)
    page = play.to_preview(alice)
    assert page.has("€15.00 by the gift certificate")
    second = play.confirm(alice)
    assert play.order_of(first.bill).close_reason == "superseded"
    assert money_of(play, code) == (1500, 1500, "ACTIVE")
    assert uses_of(play, first.order) == [(1500, 0, "RELEASED")] and uses_of(play, second.order) == [(1500, 0, "HELD")]
    assert second.bill.amount_minor == 2 * MUG + SHIPPING - 1500
    taken = [event.seq for event in events.of_order(second.order.id) if event.type == "CERTIFICATES_HELD"]
    assert len(taken) == 1


def test_the_replaced_order_is_paid_after_all(play, alice):
    """RACE-14 with a certificate: the older order lives again, its successor lets go, and it is taken once."""
    code = issued(1500)
    types(alice, code)
    play.to_preview(alice)
    first = play.confirm(alice)
    alice.press("Continue to payment page")
    play.fill_cart(alice, mug=1)
    play.to_preview(alice)
    second = play.confirm(alice)
    assert play.gateway_says("paid", first.bill) == 200
    assert [order.status for order in play.orders()] == ["PROCESSING", "CANCELLED"]
    assert money_of(play, code) == (0, 0, "SPENT") and uses_of(play, second.order) == [(1500, 0, "RELEASED")]
    assert play.gateway_says("paid", second.bill) == 200
    assert play.bills(second.order)[0].disposition == "QUARANTINED"


def test_codes_stay_when_a_guest_signs_in(play, alice):
    """The carts become one: the codes of both count, each once."""
    first, second = issued(300), issued(400)
    member = play.signed_in()
    play.fill_cart(member, mug=1)
    types(member, first)
    guest = play.visitor("alice")
    play.fill_cart(guest, mug=1)
    types(guest, second)
    types(guest, first)
    play.signed_in(shopper=guest)
    page = guest.get("/cart")
    assert page.has(f"Gift certificate …{first[-4:]}") and page.has(f"Gift certificate …{second[-4:]}")
    assert page.has("-€3.00") or page.has("−€3.00")


def test_the_same_confirmed_twice_is_one_order(play, alice):
    """A second tab with the same content finds the first one's order, though the certificate is set aside by then."""
    code = issued(1000)
    types(alice, code)
    play.to_preview(alice)
    tab = play.tab(alice)
    tab.get("/checkout/preview")
    first = play.confirm(alice)
    page = tab.press("Confirm and pay €7.40")
    assert page.path == f"/pay/{first.bill.key}" and play.rows_of(Order) == 1 and play.rows_of(Bill) == 1
    assert money_of(play, code) == (1000, 1000, "ACTIVE")


def test_a_certificate_does_not_buy_a_certificate(play, alice):
    """Money alone buys them: what a card costs stays due, however much the code holds."""
    card_on_shelf(5000)
    code = issued(90000)
    play.fill_cart(alice, gift_card=1)
    types(alice, code)
    play.to_preview(alice)
    placed = play.confirm(alice)
    assert (placed.order.total_minor, placed.order.due_minor) == (TOTAL + 5000, 5000)
    assert play.gateway_says("paid", placed.bill) == 200
    assert money_of(play, code) == (90000 - TOTAL, 0, "ACTIVE")


def test_when_a_step_fails_nothing_is_held(play, alice):
    """ACT-02, PRM-15: the gateway is away: the order is FAILED, its part of the certificate free in the same commit."""
    code = issued(1000)
    types(alice, code)
    play.to_preview(alice)
    with transaction():
        config = db.session.scalar(select(GatewayConfig).filter_by(name="sandbox"))
        config.properties = {**config.properties, "down": True}
    assert alice.press("Confirm and pay").status == 503
    order = play.last_order()
    assert order.status == "FAILED" and money_of(play, code) == (1000, 0, "ACTIVE")
    assert uses_of(play, order) == [(1000, 0, "RELEASED")]


def test_a_crash_before_the_end_is_gone_on_from_or_let_go(play, alice, monkeypatch):
    """ACT-29: set aside, and the machine dies: the button goes on and takes it once; left alone, time lets go of it."""
    code = issued(5000)
    types(alice, code)
    preview = play.to_preview(alice)
    alice.broken_is_fine = True
    with monkeypatch.context() as broken:
        broken.setitem(play.app.extensions["recipes"], steps.FINALIZE, (Step(steps.FINALIZE, _breaks),))
        assert alice.press("Confirm and pay").status == 500
    assert play.last_order().status == "NEW" and money_of(play, code) == (5000, TOTAL, "ACTIVE")
    for _ in range(2):
        alice.page = preview
        assert alice.press("Confirm and pay").has("is paid")
    assert play.rows_of(Order) == 1 and moves_of(play, code)[1:] == [("hold", TOTAL), ("capture", TOTAL)]

    play.fill_cart(alice, mug=1)
    types(alice, code)
    play.to_preview(alice)
    with monkeypatch.context() as broken:
        broken.setitem(play.app.extensions["recipes"], steps.FINALIZE, (Step(steps.FINALIZE, _breaks),))
        assert alice.press("Confirm and pay").status == 500
    play.wait(minutes=10)
    play.run("close_unpaid_orders")
    assert play.last_order().status == "FAILED" and money_of(play, code) == (5000 - TOTAL, 0, "ACTIVE")


def _breaks(attempt):
    raise RuntimeError("the machine dies here")


def test_the_books_of_many(play):
    """PRM-10: after all of it the sum of every ledger is its balance, and nothing is set aside for nobody."""
    play.shelves(mug=9)
    code = issued(10000)
    for _ in range(2):
        shopper = play.visitor()
        play.fill_cart(shopper, mug=1)
        types(shopper, code)
        play.to_preview(shopper)
        shopper.press("Confirm and pay")
    signs = {"issue": 1, "refund": 1, "capture": -1, "void": -1}
    play.look_again()
    sums = select(CertificateTransaction.kind, func.sum(CertificateTransaction.amount_minor))
    rows = db.session.execute(sums.group_by(CertificateTransaction.kind))
    assert sum(signs.get(kind, 0) * int(total) for kind, total in rows) == gift(play, code).balance_minor

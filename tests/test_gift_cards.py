"""Gift certificates that are bought: inactive until paid, told by letter once, void when the money goes back.

Capabilities PRM-08, ACT-11, and the bought certificates' part of PRM-15.
"""

import csv

import pytest
from sqlalchemy import select, update

from storefront import catalog, certificates, orders
from storefront.catalog.drafts import ProductDraft, VariantDraft
from storefront.certificates.models import GiftCertificate
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.orders.releasing import activate_certificates
from storefront.payments.models import DeskRow, PaymentMethod

from counter import CLERK, comes_in, opens, trail
from giving import active_ones, card_on_shelf, codes_in, gift, issued, money_of, moves_of, types, uses_of
from purchases import at_once

pytestmark = pytest.mark.usefixtures("right_books")
MUG, SHIPPING, CARD = 1250, 490, 5000


@pytest.fixture
def cards(play):
    """A shop with mugs, and cards of fifty euros."""
    play.shelves(mug=9)
    card_on_shelf(CARD)


def letters_with_codes(play):
    """Every letter that tells a code."""
    play.run("deliver_events")
    return [mail for mail in play.mails() if codes_in(mail)]


def test_bought_paid_told_once_and_spent(play, cards):
    """PRM-08: made inactive with the order, active when it is paid; one letter with the code, however often paid."""
    order, bill, shopper = play.at_gateway(gift_card=2)
    assert order.service_level == {} and order.total_minor == 2 * CARD and order.tax_minor == 0
    made = db.session.scalars(select(GiftCertificate)).all()
    assert [(one.status, one.balance_minor, one.initial_minor) for one in made] == [("INACTIVE", 0, CARD)] * 2
    assert not letters_with_codes(play) and active_ones(play) == 0
    shopper.press("Pay")
    assert play.last_order().status == "COMPLETED" and active_ones(play) == 2
    assert play.gateway_says("paid", bill) == 200 and play.gateway_says("paid", bill, event="again") == 200
    (letter,) = letters_with_codes(play)
    first, second = codes_in(letter)
    assert first != second and letter["To"] == "alice@example.com" and "gift certificates of order" in letter["Subject"]
    assert moves_of(play, first) == [("issue", CARD)] and not any(first in str(row) for row in play.tables().values())
    play.run("deliver_events")
    assert len(letters_with_codes(play)) == 1
    bob = play.visitor("bob")
    play.fill_cart(bob, mug=1)
    assert types(bob, first).has("The code counts")
    play.to_preview(bob)
    bob.press("Confirm and pay")
    assert money_of(play, first) == (CARD - MUG - SHIPPING, 0, "ACTIVE")


def test_an_unpaid_order_never_yields_a_code(play, cards):
    """ACT-11, PRM-08, INV-41: cancelled or run out: what it would have bought is void, no code works."""
    placed = play.held_order(gift_card=1)
    code = certificates.code_of(gift(play))
    page = _in_another_cart(play, code)
    assert page.status == 409 and page.has("is not paid yet")
    with transaction():
        orders.cancel_by_shopper(placed.order.id)
    assert money_of(play) == (0, 0, "VOID") and _in_another_cart(play, code).has("is not valid any more")
    late = play.held_order(play.visitor("carl"), gift_card=1)
    play.wait(hours=2)
    play.run("close_unpaid_orders")
    assert play.order_of(late.bill).status == "CANCELLED" and active_ones(play) == 0
    play.wait(days=40)
    play.run("remove_failed_orders")
    assert play.rows_of(GiftCertificate) == 0 and not letters_with_codes(play)


def _in_another_cart(play, code):
    shopper = play.visitor("thief")
    play.fill_cart(shopper, mug=1)
    return types(shopper, code)


def test_an_order_that_is_paid_after_all_has_its_card(play, cards):
    """PRM-15: closed by time and paid late, or opened again by its shopper: void, waiting, active."""
    late = play.at_gateway(gift_card=1)
    play.wait(hours=2)
    play.run("close_unpaid_orders")
    assert money_of(play)[2] == "VOID"
    assert play.gateway_says("paid", late.bill) == 200
    assert money_of(play) == (CARD, 0, "ACTIVE") and len(letters_with_codes(play)) == 1

    bob = play.visitor("bob")
    again = play.held_order(bob, gift_card=1)
    with transaction():
        orders.cancel_by_shopper(again.order.id)
    bob.get(f"/orders/{again.order.key}/pay")
    bob.press("Pay")
    assert money_of(play)[2] == "INACTIVE"
    assert play.gateway_says("paid", play.last_bill()) == 200
    assert money_of(play) == (CARD, 0, "ACTIVE") and len(letters_with_codes(play)) == 2


def test_the_same_payment_told_by_two_at_once_issues_once(play, cards):
    """PRM-08: notification and return in the same moment: one issue in the ledger, one letter."""
    placed = play.at_gateway(gift_card=1)
    said, senders = play.message("paid", placed.bill), [play.visitor("gateway") for _ in range(2)]
    play.look_again()
    answers = at_once(*(lambda sender=sender: play.notify(said, sender).status for sender in senders))
    assert answers == [200, 200] and moves_of(play) == [("issue", CARD)] and len(letters_with_codes(play)) == 1


def test_no_card_is_worth_anything_before_its_money_has_come(play, cards):
    """PRM-08, CNF-13: what is packed before it is paid cannot be money: that way to pay is not for certificates."""
    with transaction():
        db.session.execute(
            update(PaymentMethod).where(PaymentMethod.code == "pickup").values(active=True, countries=[])
        )
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    play.to_preview(alice)
    alice.get("/checkout/payment")
    preview = alice.press("Review order", choice="Pay on pickup")
    other_tab = play.tab(alice)
    play.fill_cart(other_tab, gift_card=1)
    alice.page = preview
    page = alice.press("Confirm and pay")
    assert page.status == 409 and not play.orders()
    page = alice.get("/checkout/payment")
    assert page.has("Not for gift certificates: they are paid first.")
    placed = play.held_order(play.visitor("bob"), gift_card=1)
    with transaction():
        activate_certificates(orders.locked(placed.order.id))
    assert active_ones(play) == 0
    assert play.gateway_says("paid", placed.bill) == 200 and active_ones(play) == 1


def test_a_refund_of_an_unused_card_makes_it_void(play, cards):
    """The merchant pays a card back: it is worth nothing from then on; the page says so before."""
    order, _bill, _shopper = play.paid_order(gift_card=2)
    codes = codes_in(letters_with_codes(play)[0])
    carol = comes_in(play)
    opens(carol, order)
    page = carol.click("Refund")
    assert page.has("void from then on")
    line = order.lines[0].id
    page = carol.press("Look at the refund", {f"qty-{line}": "1"})
    assert page.has("€50.00") and page.has("void from then on")
    page = carol.press("Send back €50.00")
    assert page.steps == [303, 200]
    left = {code: money_of(play, code) for code in codes}
    assert sorted(left.values()) == [(0, 0, "VOID"), (CARD, 0, "ACTIVE")]
    assert play.last_order().refunded_minor == CARD and trail()[-1] == f"refund: order {order.number}"
    carol.get(f"/admin/orders/{order.number}/refund")
    assert carol.press("Look at the refund", {f"qty-{line}": "2"}).status == 400


def test_a_card_that_was_spent_in_part_goes_back_for_what_is_left(play, cards):
    """Part of it was used: at most the rest goes back; used between the page and the press, nothing does."""
    order, _bill, _shopper = play.paid_order(gift_card=1)
    (code,) = codes_in(letters_with_codes(play)[0])
    carol = comes_in(play)
    carol.get(f"/admin/orders/{order.number}/refund")
    page = carol.press("Look at the refund", {"what": "all"})
    assert page.has("Send back €50.00")
    bob = play.visitor("bob")
    play.fill_cart(bob, mug=1)
    types(bob, code)
    play.to_preview(bob)
    bob.press("Confirm and pay")
    page = carol.press("Send back €50.00")
    assert page.status == 409 and page.has("was used meanwhile") and play.order_of(_bill).refunded_minor == 0
    page = carol.get(f"/admin/orders/{order.number}/refund")
    used, left = MUG + SHIPPING, CARD - MUG - SHIPPING
    assert page.has("€17.40 of those bought with this order are used") and page.has("€32.60")
    page = carol.press("Look at the refund", {"what": "all"})
    carol.press("Send back €32.60")
    assert money_of(play, code) == (0, 0, "VOID") and play.order_of(_bill).refunded_minor == left == CARD - used


def test_an_order_with_a_used_card_cannot_be_cancelled(play, cards):
    """Refused with a sentence while something of the card is used; unused, the card is void with the order."""
    order, bill, _shopper = play.paid_order(mug=1, gift_card=1)
    (code,) = codes_in(letters_with_codes(play)[0])
    bob = play.visitor("bob")
    play.fill_cart(bob, mug=1)
    types(bob, code)
    play.to_preview(bob)
    bob.press("Confirm and pay")
    carol = comes_in(play)
    opens(carol, order)
    carol.click("Cancel order")
    page = carol.press("Cancel order")
    assert page.status == 409 and page.has("are used or set aside") and page.has("Refund what is left instead")
    assert play.order_of(bill).status == "PROCESSING"

    second, other, _shopper = play.paid_order(play.visitor("carl"), mug=1, gift_card=1)
    carol.get(f"/admin/orders/{second.number}/cancel")
    assert carol.press("Cancel order").has("is cancelled")
    assert money_of(play) == (0, 0, "VOID") and play.order_of(other).refunded_minor == MUG + SHIPPING + CARD


def test_a_dispute_ends_even_an_order_whose_card_was_used(play, cards):
    """Time decides, too: the order in review is cancelled, what is left of the card is void, the used part is kept."""
    order, bill, _shopper = play.paid_order(mug=1, gift_card=1)
    (code,) = codes_in(letters_with_codes(play)[0])
    bob = play.visitor("bob")
    play.fill_cart(bob, mug=1)
    types(bob, code)
    play.to_preview(bob)
    bob.press("Confirm and pay")
    assert (
        play.gateway_says("charged_back", bill, amount=str(MUG), event="cb-1", transaction=f"tr-{bill.reference}")
        == 200
    )
    play.wait(days=30)
    play.run("decide_waiting_money")
    found = play.order_of(bill)
    assert found.status == "CANCELLED" and money_of(play, code) == (0, 0, "VOID")
    assert db.session.scalar(select(DeskRow.id).filter_by(order_id=order.id, status="OPEN")) is None


def _bank_takes_back(play, bill, word="charged_back", event="cb-1"):
    return play.gateway_says(word, bill, event=event, transaction=f"tr-{bill.reference}")


def test_a_dispute_suspends_the_card_until_it_is_won(play, cards):
    """ORD-12: the bank takes back what bought it, then gives it to us: its code takes nothing off in between."""
    order, bill, _shopper = play.paid_order(gift_card=1)
    (code,) = codes_in(letters_with_codes(play)[0])
    assert _bank_takes_back(play, bill) == 200
    assert play.order_of(bill).status == "COMPLETED" and money_of(play, code) == (CARD, 0, "SUSPENDED")
    page = _in_another_cart(play, code)
    assert page.status == 409 and page.has("cannot be used at the moment")
    assert [row.reason for row in db.session.scalars(select(DeskRow).filter_by(order_id=order.id))] == ["disputed"]
    assert comes_in(play).get(f"/admin/certificates/{gift(play).id}").has("Suspended")
    for _ in range(2):
        assert _bank_takes_back(play, bill, "won_back", "cb-2") == 200
    assert money_of(play, code) == (CARD, 0, "ACTIVE") and _in_another_cart(play, code).has("The code counts")


def test_a_dispute_about_a_used_card_is_told_at_the_desk(play, cards):
    """What an order has set aside stays that order's, and is spent by it; the desk says how much, until it is won."""
    order, bill, _shopper = play.paid_order(gift_card=1)
    (code,) = codes_in(letters_with_codes(play)[0])
    bob = play.visitor("bob")
    play.fill_cart(bob, mug=5)
    types(bob, code)
    play.to_preview(bob)
    second = play.confirm(bob)
    assert _bank_takes_back(play, bill) == 200
    assert money_of(play, code) == (CARD, CARD, "SUSPENDED")
    row = db.session.scalars(select(DeskRow).filter_by(order_id=order.id, reason="gift_used")).one()
    assert row.amount_minor == CARD and comes_in(play).get(f"/admin/desk/{row.id}").has("used gift certificate")
    assert play.gateway_says("paid", second.bill) == 200
    assert money_of(play, code) == (0, 0, "SPENT")
    assert _bank_takes_back(play, bill, "won_back", "cb-2") == 200
    play.look_again()
    assert money_of(play, code) == (0, 0, "SPENT")
    assert db.session.get_one(DeskRow, row.id).status == "DONE"


def test_staff_accept_a_disputed_order_and_its_card_counts_again(play, cards):
    """ORD-12: in review for the bank's sake, and let go on by staff all the same; refused, the card is void."""
    placed = [play.paid_order(play.visitor(name), mug=1, gift_card=1) for name in ("alice", "bob")]
    for one in placed:
        assert _bank_takes_back(play, one.bill, event=f"cb-{one.order.number}") == 200
    assert active_ones(play) == 0
    with transaction():
        orders.accept_after_review(placed[0].order.id, CLERK)
    assert active_ones(play) == 1
    with transaction():
        orders.cancel_by_merchant(placed[1].order.id, CLERK)
    assert active_ones(play) == 1 and money_of(play) == (0, 0, "VOID")


def test_a_covered_order_goes_back_to_its_certificates(play, cards):
    """PRM-09: refunded in part, then cancelled: the last used gets back first, never more than it paid; letters."""
    first, second = issued(1000), issued(9000)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2)
    for code in (first, second):
        types(alice, code)
    play.to_preview(alice)
    alice.press("Confirm and pay")
    order = play.last_order()
    total = 2 * MUG + SHIPPING
    assert uses_of(play, order) == [(1000, 0, "CAPTURED"), (total - 1000, 0, "CAPTURED")]
    carol = comes_in(play)
    opens(carol, order)
    page = carol.click("Refund")
    assert page.has("All of it goes back to the gift certificates that paid")
    page = carol.press("Look at the refund", {"extra": "5.00"})
    assert page.has("€5.00 goes back to the gift certificates that paid, at once")
    pressed = carol.page
    for _ in range(2):
        carol.page = pressed
        assert carol.press("Send back €5.00").steps == [303, 200]
    assert uses_of(play, order) == [(1000, 0, "CAPTURED"), (total - 1000, 500, "CAPTURED")]
    assert play.last_order().payment_status == "PARTIALLY_REFUNDED"
    carol.get(f"/admin/orders/{order.number}/refund")
    assert carol.press("Look at the refund", {"extra": "25.00"}).status == 400
    opens(carol, order)
    page = carol.click("Cancel order")
    assert page.has("goes back to the gift certificates that paid") and not page.has("Nothing was charged")
    assert carol.press("Cancel order").has("is cancelled")
    assert money_of(play, first) == (1000, 0, "ACTIVE") and money_of(play, second) == (9000, 0, "ACTIVE")
    assert play.last_order().payment_status == "REFUNDED"
    play.run("deliver_events")
    told = [mail["Subject"] for mail in play.mails() if "to your gift certificate" in mail["Subject"]]
    assert len(told) == 2


def test_card_and_certificate_go_back_the_card_first(play, cards):
    """A refund of an order that both have paid: the card first, then the certificate; nobody more than it paid."""
    code = issued(1000)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    types(alice, code)
    play.to_preview(alice)
    placed = play.confirm(alice)
    alice.press("Continue to payment page")
    alice.press("Pay")
    by_card = MUG + SHIPPING - 1000
    carol = comes_in(play)
    page = carol.get(f"/admin/orders/{placed.order.number}/refund")
    assert page.has("The card first") and page.has("at most €7.40 now") and page.has("at most €10.00")
    page = carol.press("Look at the refund", {"extra": "10.00"})
    assert page.has("€7.40 of order") and page.has("€2.60 goes back to the gift certificates")
    carol.press("Send back €10.00")
    play.run("send_refunds")
    assert play.order_of(placed.bill).refunded_minor == by_card and money_of(play, code) == (260, 0, "ACTIVE")
    carol.get(f"/admin/orders/{placed.order.number}/refund")
    carol.press("Look at the refund", {"what": "all"})
    carol.press("Send back €7.40")
    assert money_of(play, code) == (1000, 0, "ACTIVE")
    found = play.order_of(placed.bill)
    assert (found.payment_status, found.refunded_minor) == ("REFUNDED", by_card)
    assert carol.get(f"/admin/orders/{placed.order.number}/refund").status == 409


def test_what_comes_back_can_be_used_though_it_was_void_or_expired(play, cards):
    """A certificate that ended meanwhile opens again for what came back alone, and for a month at least."""
    code = issued(MUG + SHIPPING)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    types(alice, code)
    play.to_preview(alice)
    alice.press("Confirm and pay")
    order = play.last_order()
    with transaction():
        certificates.void(gift(play, code).id)
    with transaction():
        orders.cancel_by_merchant(order.id, "otto")
    found = gift(play, code)
    assert (found.balance_minor, found.status) == (MUG + SHIPPING, "ACTIVE")
    assert [kind for kind, _amount in moves_of(play, code)] == ["issue", "hold", "capture", "refund"]


def test_review_keeps_what_it_holds_and_staff_accept(play, cards):
    """The wrong sum came: in review it stays set aside; accepted, it pays its part and the card is active."""
    code = issued(1000)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1, gift_card=1)
    types(alice, code)
    play.to_preview(alice)
    placed = play.confirm(alice)
    assert play.gateway_says("paid", placed.bill, amount="100") == 200
    assert play.order_of(placed.bill).status == "REVIEW" and money_of(play, code) == (1000, 1000, "ACTIVE")
    play.wait(days=1)
    play.run("close_unpaid_orders")
    carol = comes_in(play)
    opens(carol, placed.order)
    with transaction():
        orders.accept_after_review(placed.order.id, "carol")
    assert play.order_of(placed.bill).status == "PROCESSING" and money_of(play, code) == (0, 0, "SPENT")
    assert active_ones(play) == 1


def test_sales_count_a_card_once(play, cards):
    """It counts when it is sold; what it pays later is no sale again. One issued by hand counts when it is spent."""
    sold = lambda: comes_in(play).page.text  # noqa: E731
    play.paid_order(gift_card=1)
    (code,) = codes_in(letters_with_codes(play)[0])
    for name, typed in (("bob", code), ("carl", issued(MUG))):
        shopper = play.visitor(name)
        play.fill_cart(shopper, mug=1)
        types(shopper, typed)
        play.to_preview(shopper)
        page = shopper.press("Confirm and pay")
        if name == "bob":
            assert "Today €50.00 2 orders" in sold()
            order = play.last_order()
            with transaction():
                orders.cancel_by_merchant(order.id, CLERK)
            assert "Today €50.00 1 order" in sold()
    assert page.has("Continue to payment page")
    assert play.gateway_says("paid", play.last_bill()) == 200
    assert "Today €67.40 2 orders" in sold() and "not once more when it is spent" in sold()


def test_the_owner_issues_finds_extends_and_ends_one(play, cards):
    """Issued once a press, shown to the owner alone, found by its end, extended, void; each in the trail."""
    carol, henry = comes_in(play), comes_in(play, CLERK, "staff")
    page = carol.get("/admin/certificates")
    carol.click("Issue one by hand")
    assert carol.press("Issue it", {"Worth": "0"}).status == 400
    assert carol.press("Issue it", {"Worth": "a lot"}).status == 400
    page = carol.press("Issue it", {"Worth": "25.00", "Last day": "", "Why, for staff": "For the broken jug"})
    assert page.steps == [303, 200] and page.has("For the broken jug") and money_of(play) == (2500, 0, "ACTIVE")
    page = carol.press("Show the code")
    (code,) = [word for word in page.text.split() if len(word) == 19 and word.count("-") == 3]
    assert certificates.find_code(code).id == gift(play).id
    assert henry.get("/admin/certificates").has(f"…{code[-4:]}") and henry.get("/admin/certificates/new").status == 403
    number = gift(play).id
    for path in ("code", "void", "extend"):
        assert henry.post(f"/admin/certificates/{number}/{path}").status == 403
    assert henry.get(f"/admin/certificates/{number}").has("issued")
    page = carol.get(f"/admin/certificates?code={code[-4:].lower()}")
    carol.click(f"…{code[-4:]}")
    assert carol.press("Change the last day", until="2001-01-01").status == 400
    assert carol.press("Change the last day", until="not a day").status == 400
    assert carol.press("Change the last day", until="2031-12-31").has("can be used until then")
    carol.click("Make it invalid")
    assert carol.press("Make it invalid").has("is not valid any more") and money_of(play) == (0, 0, "VOID")
    assert [entry.split(":")[0] for entry in trail()[-4:]] == ["issue", "show code", "extend", "void"]
    assert carol.get("/admin/certificates/987654").status == 404
    for query in ("?before=x", "?status=NONE", "?before=99999999999999999999"):
        assert carol.get(f"/admin/certificates{query}").status == 200


def test_the_form_pressed_twice_issues_one(play, cards):
    """The same form sent twice, at once or later, makes one certificate."""
    carol = comes_in(play)
    carol.get("/admin/certificates/new")
    form = carol.page
    for _ in range(2):
        carol.page = form
        assert carol.press("Issue it", {"Worth": "25.00"}).steps == [303, 200]
    assert play.rows_of(GiftCertificate) == 1


def test_a_product_becomes_a_gift_certificate(play, cards):
    """Ticked on its page, a variant needs no shipping, no count and no tax; unticked it is goods again."""
    carol = comes_in(play)
    path = f"/admin/products/{play.variant('mug').product_id}"
    carol.get(path)
    carol.press("Save product", {"gift-0": True})
    variant = play.variant("mug")
    assert (variant.gift_certificate, variant.requires_shipping, variant.stock_policy) == (True, False, "untracked")
    placed = play.paid_order(mug=1)
    assert (placed.order.total_minor, placed.order.tax_minor, placed.order.status) == (MUG, 0, "COMPLETED")
    assert money_of(play) == (MUG, 0, "ACTIVE")
    carol.get(path)
    carol.press("Save product", {"gift-0": False})
    assert play.variant("mug").gift_certificate is False
    carol.get("/admin/products/new")
    answers = {
        "Title": "Voucher",
        "Price, EUR": "20.00",
        "SKU": "VOUCHER",
        "It is a gift certificate": True,
        "Show it in the shop": True,
    }
    assert carol.press("Make product", answers).steps == [303, 200]
    assert play.variant("voucher").gift_certificate is True


def test_its_page_says_the_amount_once_and_nothing_of_returning(play, cards):
    """PRM-08: "€25" is the option and the price; an option that is no sum stands beside it. Goods can be returned."""
    options = ({"Worth": "€25"}, {"Worth": "50,00 EUR"}, {"Worth": "Seventy-five"})
    with transaction():
        drafts = [
            VariantDraft(sku=f"GIFT-{n}", options=each, price_minor=2500 * n, gift_certificate=True)
            for n, each in enumerate(options, start=1)
        ]
        catalog.save([ProductDraft("voucher", "Voucher", variants=drafts)], actor="carol")
    page = play.visitor("alice").get("/products/voucher")
    assert page.has("Worth €25 50,00 EUR Seventy-five €75.00") and not page.has("to return it")
    assert play.visitor("bob").get("/products/mug").has("days to return it")


def test_a_product_file_brings_gift_cards(play, cards, tmp_path):
    """Shopify's column "Gift Card" makes certificates of every variant, and the export says so again."""
    rows = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Gift Card\n"
    rows += "voucher,Voucher,Worth,25,V-25,25.00,true\nvoucher,,,50,V-50,50.00,\ncup,Cup,,,CUP,5.00,false\n"
    (tmp_path / "goods.csv").write_text(rows)
    runner = play.app.test_cli_runner()
    assert runner.invoke(args=["catalog", "import", str(tmp_path / "goods.csv")]).exit_code == 0
    assert [play.variant(name).gift_certificate for name in ("v_25", "v_50", "cup")] == [True, True, False]
    assert runner.invoke(args=["catalog", "export", str(tmp_path / "out.csv")]).exit_code == 0
    with (tmp_path / "out.csv").open() as file:
        said = {row["Variant SKU"]: row["Gift Card"] for row in csv.DictReader(file)}
    assert (said["V-25"], said["V-50"], said["CUP"]) == ("true", "true", "false")


def test_history_tells_what_happened(play, cards):
    """The order's page for staff: what was paid by certificate, what was bought, and both in its history."""
    code = issued(1000)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1, gift_card=1)
    types(alice, code)
    play.to_preview(alice)
    placed = play.confirm(alice)
    play.gateway_says("paid", placed.bill)
    page = opens(comes_in(play), placed.order)
    bought = gift(play)
    for words in (f"Gift certificate …{code[-4:]}", f"Gift certificate …{bought.last4}", "has paid", "€50.00 left"):
        assert page.has(words), words
    types_ = [event.type for event in events.of_order(placed.order.id)]
    assert {"CERTIFICATES_HELD", "CERTIFICATES_CAPTURED", "CERTIFICATES_ACTIVATED"} <= set(types_)
    assert "CERTIFICATES_HELD" not in page.text

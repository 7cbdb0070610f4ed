"""The pages of the desk: one list, one page a row, one page before each deed."""

import pytest
from sqlalchemy import event

from storefront import payments
from storefront.kit.db import db, transaction
from storefront.payments.reasons import REASONS

from counter import CLERK, comes_in
from waiting import decides, on_desk, paid_too_late, the_row

pytestmark = pytest.mark.usefixtures("right_books")


@pytest.fixture
def three(play):
    """Money that waits for three reasons: paid twice, paid another sum, and a message about nothing."""
    play.shelves(mug=9)
    twice = play.quickly_paid(mug=1)
    play.gateway_says("paid", twice.bill, transaction="second", event="second-paid")
    wrong = play.quickly_at_gateway(mug=2)
    wrong.shopper.press("Pay", scenario="wrong_amount")
    with transaction():
        payments.put_on_desk("authorization_ended", order_id=twice.order.id, bill_id=twice.bill.id)
    return on_desk(play)


def test_the_list_shows_what_waits(play, three):
    """ADM-17, RAC-07: all of it with words, suggestion, deadline and sum; narrowed by reason; done apart from open."""
    clerk = comes_in(play, CLERK, "staff")
    page = clerk.get("/admin/desk")
    assert page.has("Open 3") and page.has("Money that waits")
    for row in three:
        assert page.has(str(REASONS[row.reason].label))
    page = clerk.get("/admin/desk?reason=amount_mismatch")
    assert page.has("1 row on this page") and f'/admin/desk/{three[1].id}"' in page.html
    assert f'/admin/desk/{three[0].id}"' not in page.html
    decides(play, three[2], "done", "It is seen to", who=clerk, note="closed it in the console")
    page = clerk.get("/admin/desk?view=done")
    assert page.has("seen to") and page.has(CLERK) and page.has("1 row on this page")
    assert clerk.get("/admin/desk").has("Open 2")


def test_the_first_page_names_what_waits(play, three):
    """ADM-17: today's work begins with the desk; each row is one click away."""
    page = comes_in(play, CLERK, "staff").get("/admin/")
    assert page.has("On the desk 3") and page.has("Paid twice")
    assert comes_in(play).click("Paid twice").heading.startswith("Paid twice")


def test_the_list_takes_as_many_questions_however_long_it_is(play, three):
    """ADM-17: constant queries; fifty a page."""
    clerk = comes_in(play, CLERK, "staff")
    few = _queries(lambda: clerk.get("/admin/desk"))
    placed = play.quickly_paid(mug=1)
    with transaction():
        for number in range(60):
            payments.put_on_desk("message_stuck", order_id=placed.order.id, bill_id=None, number=number)
            payments.clear_desk("done", order_id=placed.order.id)
    assert _queries(lambda: clerk.get("/admin/desk?view=done")) <= few
    page = clerk.get("/admin/desk?view=done")
    assert page.has("50 rows on this page") and page.link("Next")
    assert clerk.get("/admin/desk?view=done&page=2").has("10 rows on this page")


def test_a_row_shows_the_evidence(play):
    """RAC-06, ADM-17: the ledger, messages with masked signatures, the order, and what the shopper was told."""
    play.shelves(mug=2)
    placed = paid_too_late(play, taken=2, mug=2)
    play.run("deliver_events")
    page = comes_in(play).get(f"/admin/desk/{the_row(play, 'late_order_closed').id}")
    for words in (placed.order.number, placed.bill.reference, "came", "nobody paid in time", "changed the payment"):
        assert page.has(words), words
    assert page.has("We are checking your payment")
    assert not page.has("We are checking your order")  # a letter that had nothing to say was not sent
    assert page.has("signature") and "signature=***" in page.html


def test_strange_addresses_are_no_errors(play, three):
    """INV-29 of pages: no such row, deed, page or reason: 404 or the list, never a 500; guests are sent to sign in."""
    clerk = comes_in(play, CLERK, "staff")
    assert clerk.get("/admin/desk/99999").status == 404
    assert clerk.get(f"/admin/desk/{three[0].id}/explode").status == 404
    assert clerk.get(f"/admin/desk/{three[0].id}/accept").status == 409
    for address in ("page=0", "page=-1", "page=99999", "reason=nothing", "view=x", "page=1e9"):
        assert clerk.get(f"/admin/desk?{address}").status == 200, address
    guest = play.visitor()
    assert guest.get(f"/admin/desk/{three[0].id}").path == "/admin/sign-in"
    assert guest.post(f"/admin/desk/{three[0].id}/refund", {}).status in (200, 400)
    assert len(on_desk(play)) == 3


def test_looking_changes_nothing(play, three):
    """Ground rule 6: every page of the desk, read."""
    clerk = comes_in(play, CLERK, "staff")
    before = play.tables()
    for path in ("", "?view=done", f"/{three[0].id}", f"/{three[0].id}/refund", f"/{three[0].id}/move"):
        assert clerk.get(f"/admin/desk{path}").status == 200
    assert play.tables() == before


def _queries(deed) -> int:
    """How many questions the database is asked meanwhile."""
    asked = []
    listen = (db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    event.listen(*listen)
    deed()
    event.remove(*listen)
    return len(asked)

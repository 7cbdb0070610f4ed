"""What stands on the desk, and how people there do their work."""

from sqlalchemy import select

from storefront.kit.db import db
from storefront.payments.models import Bill, DeskRow, Refund

from counter import comes_in


def on_desk(play, status: str = "OPEN") -> list[DeskRow]:
    """The rows of the desk, oldest first."""
    play.look_again()
    return list(db.session.scalars(select(DeskRow).filter_by(status=status).order_by(DeskRow.id)))


def the_row(play, reason: str) -> DeskRow:
    """The one thing that waits, for this reason."""
    (row,) = on_desk(play)
    assert row.reason == reason
    return row


def decides(play, row: DeskRow, action: str, button: str, who=None, **fields):
    """A member of staff opens the row, follows the button to the page before the deed, and does it."""
    row_id = row.id
    staff = who or comes_in(play)
    staff.get(f"/admin/desk/{row_id}")
    before = staff.click(button)
    assert before.path == f"/admin/desk/{row_id}/{action}" and before.has("What happens")
    return staff.press(button, **fields)


def refunds(play) -> list[tuple[int, str]]:
    """Every refund: (sum, state), oldest first."""
    play.look_again()
    return [(one.amount_minor, one.status) for one in db.session.scalars(select(Refund).order_by(Refund.id))]


def bill_now(play, bill: Bill) -> tuple[str, str]:
    """What became of the money of a bill."""
    play.look_again()
    now = db.session.get_one(Bill, bill.id)
    return now.disposition, now.resolution


def paid_too_late(play, taken: int = 0, **goods: int):
    """An order that ran out while its shopper was at the gateway, and was paid after others had bought so many mugs."""
    placed = play.quickly_at_gateway(**goods)
    placed.shopper.press("Pay", scenario="after_hold")
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    assert play.order_of(placed.bill).status == "CANCELLED"
    if taken:
        play.quickly_paid(mug=taken)
    play.wait(minutes=5)
    play.run("deliver_sandbox_notices")
    return placed


def asks(play, carol, **fields):
    """The owner asks for the rest, on the page of the row."""
    carol.get(f"/admin/desk/{the_row(play, 'amount_mismatch').id}/rest")
    return carol.press("Ask for the rest", fields)


def rest_bill(play):
    """The bill for the rest, as it is now."""
    play.look_again()
    return db.session.scalars(select(Bill).order_by(Bill.id.desc()).limit(1)).one()


def goes_to_pay(short):
    """The shopper presses the button on the order's page and goes on to the gateway."""
    assert short.shopper.get(f"/orders/{short.order.key}").heading == "A part of the sum is missing"
    page = short.shopper.press("Pay the missing")
    assert page.path.startswith("/pay/"), page.text[:300]
    short.shopper.press("Continue to payment page")

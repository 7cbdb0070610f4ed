"""At the gateway's own console: what its merchant does there, past the shop."""

from sqlalchemy import select

from storefront.kit.db import db
from storefront.payments.models import DeskRow


def at_console(play, bill, button: str, amount: str = "", quietly: bool = False):
    """Somebody presses a button beside a payment: Refund, Charge back, Dispute won; amounts like 3.00."""
    merchant = play.visitor("merchant")
    merchant.get("/sandbox/console")
    nth = _place(merchant.page, bill)
    more = {"quietly": "1"} if quietly else {}
    page = merchant.press(button, nth=nth, amount=amount, **more)
    assert page.steps == [303, 200], page.text[:300]
    play.look_again()
    return page


def _place(page, bill):
    """Which of the forms on the page is this payment's."""
    paid = [form for form in page.forms if form.button("Charge back")]
    return next(n for n, form in enumerate(paid) if f"/{bill.reference}/console" in form.action)


def on_desk(play) -> list[str]:
    """The reasons of what waits for a person, oldest first."""
    play.look_again()
    return list(db.session.scalars(select(DeskRow.reason).filter_by(status="OPEN").order_by(DeskRow.id)))


def desk_row(play, reason: str) -> DeskRow:
    """The open row with this reason."""
    play.look_again()
    return db.session.scalars(select(DeskRow).filter_by(reason=reason, status="OPEN")).one()

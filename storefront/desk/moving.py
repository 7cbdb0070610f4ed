"""Money that was meant for another order pays that one."""

from flask_babel import gettext as _

from storefront import orders, payments
from storefront.desk.cases import refuse_unless_allowed, take_in_hand
from storefront.desk.deciding import return_excess
from storefront.desk.strays import with_a_bill
from storefront.kit import money
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.orders.models import Order
from storefront.payments.reasons import MOVE


def move(row_id: int, number: str, *, difference_ok: bool, actor: str) -> Order:
    """The money pays the order with this number, as it is there; the order in review that it leaves is cancelled.

    What is too much for it goes back, and what is missing is waived. Raises Invalid for an order that it cannot
    pay, or a sum that differs if that is not `difference_ok`; Conflict, naming the state; OutOfStock when the other
    order's goods are gone.
    """
    target = _meant(number)
    case = with_a_bill(take_in_hand(row_id, also=target.id))
    refuse_unless_allowed(case, MOVE)
    assert case.bill is not None
    _refuse_unless_fits(case, target, difference_ok)
    left = case.order.id if case.in_review and case.order else None
    payments.take_off_desk(case.row, "moved", actor)
    order = orders.pay_with(target.id, case.bill.id, actor)
    return_excess(order, actor)
    if left:
        orders.cancel_by_merchant(left, actor, f"its money pays {order.number}")
    return order


def _meant(number):
    try:
        return orders.by_number(number.strip())
    except NotFound as error:
        raise Invalid(error.message, fields={"number": [error.message]}) from error


def _refuse_unless_fits(case, target, difference_ok):
    came, currency = case.waits
    wrong = ""
    if case.order and target.id == case.order.id:
        wrong = _("This is the order that the money came for already.")
    elif target.currency != currency:
        wrong = _("Order %(number)s is in %(currency)s.", number=target.number, currency=target.currency)
    elif came != target.due_minor and not difference_ok:
        sums = {"due": money.shown(target.due_minor, currency), "came": money.shown(came, currency)}
        wrong = _("Order %(number)s costs %(due)s, and %(came)s came: say that the difference is accepted.", **sums,
                  number=target.number)  # fmt: skip
        wrong += " " + _difference(came - target.due_minor, currency)
    if wrong:
        raise Invalid(wrong, fields={"number": [wrong]})
    if not orders.may_be_paid_by_hand(target):
        sentence = _("Order %(number)s is paid, or cannot be paid any more.", number=target.number)
        raise Conflict(sentence, state=target.status)


def _difference(more, currency):
    if more > 0:
        return _("The %(left)s that are too much go back where they came from.", left=money.shown(more, currency))
    return _("The missing %(left)s are waived.", left=money.shown(-more, currency))

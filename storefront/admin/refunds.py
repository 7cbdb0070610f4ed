"""Refunding an order: choose what; a page that says what will happen; then once, however often pressed."""

from dataclasses import dataclass, field

from flask import flash, g, render_template, request
from flask_babel import gettext as _

from storefront import certificates, orders as verbs, payments
from storefront.admin import audit
from storefront.admin.goods_back import returnable
from storefront.admin.order_deeds import back, line, send_back
from storefront.admin.order_page import order_by, page_of, shown_with, sums_of
from storefront.admin.room import bp, deed
from storefront.customers import plain_line
from storefront.kit import money
from storefront.kit.errors import Conflict, Invalid
from storefront.orders.models import Order
from storefront.orders.refunding import FIRST
from storefront.payments.configs import can
from storefront.payments.models import Refund

MOST_LETTERS = 300


@dataclass
class Wish:
    """What staff want to send back: a sum, what it is made of, and what goes back on the shelf."""

    amount: int = 0
    quantities: dict[int, int] = field(default_factory=dict)  # order line id: how many are paid back
    restock: dict[int, int] = field(default_factory=dict)  # order line id: how many go back on the shelf
    void: dict[int, int] = field(default_factory=dict)  # id of a bought gift certificate: what is left of it
    spent: int = 0  # what of bought gift certificates is used: it cannot go back with everything
    delivery: bool = False
    extra: int = 0
    reason: str = ""
    everything: bool = False
    errors: list[tuple[str, str]] = field(default_factory=list)


@bp.route("/orders/<number>/refund", methods=["GET", "POST"])
def refund_order(number):
    """The form; with `review` in the address the page that says what will happen; and the pressing of its button."""
    found = order_by(number)
    bills, refunds = payments.bills_of(found.id), payments.refunds_of(found.id)
    sums = sums_of(found, bills, refunds)
    paid_by = verbs.applied_bill(found.id)
    if request.method == "POST":
        return _press(number)
    if not sums.refundable:
        return page_of(number, Conflict(_("Nothing of this order's payment can be sent back now."), state="nothing"))
    place = len(verbs.refunds_asked(found.id)) + 1
    if request.args.get("place", str(place)) != str(place):  # somebody pressed Back and would do it once more
        return page_of(
            number, Conflict(_("This refund was asked for already. Look at what became of it."), state="old")
        )
    wish = read_wish(found, sums.refundable, refunds, request.args) if "review" in request.args else Wish()
    wish.spent = verbs.used_of_bought(found)
    facts = {"order": found, "sums": sums, "wish": wish, "bill": paid_by, "returnable": returnable(found, refunds)}
    facts |= {"place": place, "bought": bought_by_line(found)}
    facts["parts"] = verbs.refund_parts(found.id, paid_by, wish.amount)
    if wish.amount and not wish.errors:
        facts["by_hand"] = bool(paid_by and not can(payments.config_to_change(paid_by.backend)).can_refund)
        return render_template("admin/refund_confirm.html", **facts, **shown_with(found))
    html = render_template("admin/refund.html", worth=worth, asked=request.args, **facts, **shown_with(found))
    return html, 400 if wish.errors else 200


def read_wish(found: Order, refundable: int, refunds: list[Refund], asked) -> Wish:
    """What the form says, with a sentence for every field that cannot be right."""
    wish, may_return = Wish(everything=asked.get("what") == "all"), returnable(found, refunds)
    bought = bought_by_line(found)
    for each in found.lines:
        gifts = bought.get(each.id)
        most = each.qty if gifts is None else len(gifts)
        count = _count(asked.get(f"qty-{each.id}", ""), most, f"qty-{each.id}", each.title, wish)
        if count and not wish.everything:
            wish.quantities[each.id] = count
            wish.amount += worth(each, count) if gifts is None else sum(list(gifts.values())[:count])
        taken = len(gifts or ()) if wish.everything else count
        wish.void |= dict(list((gifts or {}).items())[:taken])
        shelf = _count(asked.get(f"back-{each.id}", ""), may_return[each.id], f"back-{each.id}", each.title, wish)
        if shelf:
            wish.restock[each.id] = shelf
    wish.delivery = "delivery" in asked and not wish.everything
    wish.extra = 0 if wish.everything else _extra(asked.get("extra", ""), found.currency, wish)
    all_of_it = max(0, refundable - verbs.used_of_bought(found))
    wish.amount = all_of_it if wish.everything else wish.amount + wish.delivery * found.delivery_minor + wish.extra
    wish.reason = plain_line(asked.get("reason", ""))
    if len(wish.reason) > MOST_LETTERS:
        wish.errors.append(("reason", _("Shorten the reason to %(most)d letters", most=MOST_LETTERS)))
    if not wish.errors:
        _check_sum(wish, refundable, found.currency)
    return wish


def bought_by_line(found: Order) -> dict[int, dict[int, int]]:
    """Order line id: the gift certificates that it bought and what is left of each, those with most left first."""
    gifts = {line.id: {} for line in found.lines if line.gift_certificate}
    for one in sorted(verbs.bought_certificates(found), key=lambda one: (-one.left_minor, one.id)):
        if one.left_minor and one.bought_in_line_id in gifts:
            gifts[one.bought_in_line_id][one.id] = one.left_minor
    return gifts


def worth(each, count: int) -> int:
    """What so many of a line cost the shopper, tax included; minor units."""
    whole = each.total_minor if each.tax_inclusive else each.total_minor + each.tax_minor
    return money.divided(whole, count, each.qty)


def _count(text, most, name, title, wish):
    text = text.strip()
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) > most:
        wish.errors.append((name, _("%(title)s: enter a number from 0 to %(most)d", title=title, most=most)))
        return 0
    return int(text)


def _extra(text, currency, wish):
    if not text.strip():
        return 0
    try:
        amount = money.parsed(text, currency)
    except Invalid as problem:
        wish.errors.append(("extra", problem.message))
        return 0
    if amount < 0:
        wish.errors.append(("extra", _("Enter a sum above zero")))
    return amount


def _check_sum(wish, refundable, currency):
    if wish.amount <= 0:
        wish.errors.append(("what-part", _("Choose what to send back: lines, delivery, or a sum")))
    elif wish.amount > refundable:
        most = money.shown(refundable, currency)
        wish.errors.append(("what-part", _("That is more than can be sent back: at most %(most)s", most=most)))


def _press(number):
    """The button was pressed. The place in the row of refunds is the key: the same page pressed twice sends once."""
    try:
        amount, place, restock, void = _pressed()
        reason = line("reason", MOST_LETTERS)
    except Invalid as problem:
        return page_of(number, problem)
    try:
        with deed():
            currency = _ask(number, amount, place, restock, reason, void)
            audit.record("refund", f"order {number}", after={"amount_minor": amount, "reason": reason, "void": void})
    except (Conflict, Invalid) as problem:
        return page_of(number, problem)
    flash(
        _("%(sum)s was asked to go back. Below stands what became of it.", sum=money.shown(amount, currency)),
        "ok",
    )
    send_back(number)
    return back(number, "#refunds")


def _ask(number, amount, place, restock, reason, void):
    order_id = verbs.by_number(number).id
    found = verbs.locked(order_id)
    key = f"refund-{found.number}-{place}"
    before, asked = payments.refunds_of(order_id), verbs.refunds_asked(order_id)
    if key in asked and _asked_for(order_id, before, key) != amount:
        raise Conflict(_("Another refund was asked for meanwhile. Look at the order and choose again."), state="asked")
    if key not in asked and place != len(asked) + 1:
        raise Conflict(_("This page is too old. Look at the order and choose again."), state="old")
    may_return = returnable(found, before)
    if key not in asked and any(count > may_return.get(line_id, 0) for line_id, count in restock.items()):
        raise Conflict(_("These goods have not left the house, or are back already."), state="restock")
    facts = {"reason": reason, "actor": g.login, "restock": restock, "void": void}
    verbs.request_refund(order_id, amount, request_key=key, **facts)
    return found.currency


def _asked_for(order_id, refunds, key):
    """What was asked for under this key, whichever way it went."""
    by_card = sum(refund.amount_minor for refund in refunds if refund.request_key in (key, f"{key}{FIRST}"))
    return by_card + sum(amount for _last4, amount in certificates.parts_given_back(order_id, key))


def _pressed():
    asked = request.form
    numbers = {name: asked.get(name, "") for name in ("amount", "place")}
    restock, void = (
        {name.removeprefix(each): value for name, value in asked.items() if name.startswith(each)}
        for each in ("back-", "void-")
    )
    every = [*numbers.values(), *restock, *restock.values(), *void, *void.values()]
    if any(not (text.isascii() and text.isdigit() and len(text) < 16) for text in every):
        raise Invalid(_("This form cannot be read. Choose again what to send back."))
    return (
        int(numbers["amount"]),
        int(numbers["place"]),
        {int(line_id): int(count) for line_id, count in restock.items()},
        {int(certificate_id): int(left) for certificate_id, left in void.items()},
    )

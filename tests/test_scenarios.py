"""Every way in which the gateway can misbehave ends in right books, a true page, and the right letters."""

from dataclasses import dataclass

import pytest

from storefront.orders.states import CLOSED
from storefront.payments.errors import DECLINES as KINDS
from storefront.sandbox.scenarios import DECLINES, GROUPS, SCENARIOS

pytestmark = pytest.mark.usefixtures("right_books")

PAID, LEFT, DECLINED = "is paid", "You left the payment page", "The payment did not go through"
WAITS, CHECKED, PENDING = (
    "We are still waiting for your bank",
    "We are checking your payment",
    "waits for your transfer",
)
GONE = "You closed the payment page"
NOT_YET, RECEIPT, FAILED = "order {}, not paid yet", "order {} paid", "order {} was not paid"
CANCELLED, ATTENTION = "order {} cancelled", "we are checking your payment for order {}"
COMES_BACK = {"return_by_post", "dead_session"}  # by a press on the gateway's next page


@dataclass(frozen=True)
class End:
    """The order right after the press, after a minute, after the hold, and days later; what was heard and said."""

    states: tuple
    page: str
    bill: str  # right after the press
    said: tuple  # what became of the messages
    letters: tuple
    attention: str = ""  # why money waits on the desk at the end


def paid(*said, page=PAID, **more):
    """Paid at once, and nothing that comes later changes that."""
    return End(("PROCESSING",) * 4, page, "PAID", said, more.pop("letters", (RECEIPT,)), **more)


def unpaid(bill, page, *said):
    """Nobody has paid, and the order ends with its hold."""
    end, letter = ("FAILED", FAILED) if bill == "FAILED" else ("CANCELLED", CANCELLED)
    return End(("HOLD", "HOLD", end, end), page, bill, said, (NOT_YET, letter))


def soon(bill, page, *said):
    """Paid a moment after the shopper is back."""
    return End(("HOLD", "PROCESSING", "PROCESSING", "PROCESSING"), page, bill, said, (RECEIPT,))


def late(*said, closed=True):
    """Paid after the hold has ended: the goods are still there, so the order lives again."""
    after, letters = ("CANCELLED", (NOT_YET, CANCELLED, RECEIPT)) if closed else ("PROCESSING", (RECEIPT,))
    return End(("HOLD", "HOLD", after, "PROCESSING"), LEFT, "REDIRECTED", said, letters)


def checked(reason):
    """The money is there and fits nowhere: a person has to look."""
    return End(("REVIEW",) * 4, CHECKED, "PAID", ("APPLIED", "DUPLICATE"), (ATTENTION,), reason)


SILENCE = End(("HOLD",) * 4, WAITS, "REDIRECTED", ("NO_EFFECT", "APPLIED"), (NOT_YET, RECEIPT))
ENDS = {
    "before": paid("APPLIED", "DUPLICATE"),
    "after": paid("NO_EFFECT", "APPLIED", "DUPLICATE"),
    "same_moment": paid("APPLIED", "DUPLICATE"),
    "late": soon("REDIRECTED", WAITS, "NO_EFFECT", "APPLIED"),
    "never": paid("APPLIED"),
    "no_return": paid("APPLIED", page=GONE),
    "silent": End(("HOLD", "HOLD", "PROCESSING", "PROCESSING"), GONE, "REDIRECTED", ("APPLIED",), (NOT_YET, RECEIPT)),
    "walks_away": unpaid("REDIRECTED", GONE, "APPLIED"),
    "twice": paid("APPLIED", "DUPLICATE", "DUPLICATE"),
    "ten_times": paid("APPLIED", *["DUPLICATE"] * 10),
    "other_id": paid("APPLIED", "DUPLICATE", "DUPLICATE"),
    "no_id": paid("APPLIED", "DUPLICATE", "DUPLICATE"),
    "other_channel": paid("NO_EFFECT", "APPLIED", "DUPLICATE"),
    "by_get": paid("APPLIED", "DUPLICATE"),
    "pays_twice": paid("APPLIED", "DUPLICATE", "APPLIED", letters=(RECEIPT, ATTENTION), attention="duplicate_payment"),
    "failure_after_success": paid("APPLIED", "DUPLICATE", "NO_EFFECT"),
    "cancel_after_success": paid("APPLIED", "DUPLICATE", "NO_EFFECT"),
    "expiry_after_success": paid("APPLIED", "DUPLICATE", "NO_EFFECT"),
    "success_after_failure": soon("FAILED", DECLINED, "APPLIED", "DUPLICATE", "APPLIED"),
    "success_after_cancel": soon("CANCELLED", LEFT, "APPLIED", "DUPLICATE", "APPLIED", "DUPLICATE"),
    "cancel_then_notice": unpaid("CANCELLED", LEFT, "APPLIED", "DUPLICATE"),
    "cancel_notice_first": unpaid("CANCELLED", LEFT, "APPLIED", "DUPLICATE"),
    "pending_then_paid": soon("PENDING", PENDING, "APPLIED", "DUPLICATE", "APPLIED"),
    "pending_then_failed": End(
        ("HOLD", "HOLD", "FAILED", "FAILED"), PENDING, "PENDING", ("APPLIED", "DUPLICATE", "APPLIED"), (NOT_YET, FAILED)
    ),
    "paid_then_pending": paid("APPLIED", "DUPLICATE", "NO_EFFECT"),
    "pending_long": End(
        ("HOLD", "HOLD", "HOLD", "PROCESSING"), PENDING, "PENDING", ("APPLIED", "DUPLICATE"), (NOT_YET, RECEIPT)
    ),
    "paid_after_leaving": soon("REDIRECTED", LEFT, "NO_EFFECT", "APPLIED"),
    "declined_after_leaving": End(
        ("HOLD", "HOLD", "FAILED", "FAILED"), LEFT, "REDIRECTED", ("NO_EFFECT", "APPLIED"), (NOT_YET, FAILED)
    ),
    "paid_though_closed": soon("REDIRECTED", LEFT, "NO_EFFECT", "APPLIED"),
    "at_hold_end": late("NO_EFFECT", "APPLIED", closed=False),
    "after_hold": late("NO_EFFECT", "APPLIED", "APPLIED"),
    "days_later": late("NO_EFFECT", "APPLIED", "APPLIED"),
    "wrong_amount": checked("amount_mismatch"),
    "more_money": checked("amount_mismatch"),
    "wrong_currency": checked("currency_mismatch"),
    "wrong_merchant": checked("merchant_mismatch"),
    "live_mode": checked("mode_mismatch"),
    "unknown_reference": paid("UNMATCHED", "APPLIED"),
    "other_reference": unpaid("REDIRECTED", LEFT, "NO_EFFECT", "NO_EFFECT", "APPLIED"),
    "other_transaction": unpaid("REDIRECTED", LEFT, "NO_EFFECT", "NO_EFFECT", "APPLIED"),
    "bad_signature": End(("HOLD",) * 4, WAITS, "REDIRECTED", ("REJECTED", "NO_EFFECT", "APPLIED"), (NOT_YET, RECEIPT)),
    "altered_amount": paid("REJECTED", "APPLIED"),
    "empty_signature": paid("REJECTED", "APPLIED"),
    "foreign_signature": paid("REJECTED", "APPLIED"),
    "replayed": paid("APPLIED", "DUPLICATE", "DUPLICATE"),
    "own_request": unpaid("REDIRECTED", WAITS, "REJECTED", "NO_EFFECT", "APPLIED"),
    "claims_ok": unpaid("REDIRECTED", WAITS, "NO_EFFECT", "APPLIED"),
    "return_by_post": paid("APPLIED"),
    "dead_session": paid("APPLIED"),
    "robot": unpaid("REDIRECTED", LEFT, *["NO_EFFECT"] * 4, "APPLIED"),
    "error": unpaid("FAILED", DECLINED, "APPLIED"),
    **dict.fromkeys(("down", "slow", "nonsense", "huge", "broken"), SILENCE),
    "refunded_at_console": paid("APPLIED", "DUPLICATE", "APPLIED", letters=(RECEIPT, "refund for order {}")),
    "charged_back": End(
        ("PROCESSING", "REVIEW", "REVIEW", "REVIEW"), PAID, "PAID", ("APPLIED", "DUPLICATE", "APPLIED"), (RECEIPT,)
    ),
    "dispute_won": End(
        ("PROCESSING", "REVIEW", "PROCESSING", "PROCESSING"),
        PAID,
        "PAID",
        ("APPLIED", "DUPLICATE", "APPLIED", "APPLIED"),
        (RECEIPT,),
    ),
    "unknown_word": paid("NO_EFFECT", "APPLIED"),
    "unknown_code": unpaid("FAILED", DECLINED, "APPLIED", "DUPLICATE"),
    "doubled_fields": paid("REJECTED", "APPLIED"),
    "wrong_charset": paid("REJECTED", "APPLIED"),
    "too_long": paid("APPLIED"),
}


def test_every_scenario_has_its_story():
    """The table above is the whole of the gateway's own: at least forty, each in one group of its list; RAC-04."""
    assert set(ENDS) == set(SCENARIOS)
    assert len(SCENARIOS) >= 40
    assert sum(len(rows) for _label, rows in GROUPS) == len(SCENARIOS)


def test_the_list_is_on_the_page(play):
    """A person finds each scenario in the list on the gateway's page, under its group; BIL-18."""
    play.shelves(mug=5)
    shopper = play.quickly_at_gateway(mug=1).shopper
    html = shopper.page.html
    assert [name for name in SCENARIOS if f'<option value="{name}"' not in html] == []
    assert html.count("<optgroup ") == len(GROUPS)


@pytest.mark.parametrize("scenario", ["other_reference", "other_transaction"])
def test_a_scenario_about_somebody_else_needs_somebody_else(play, scenario):
    """On an empty gateway it says what to do first, and nothing is booked; the page can be used as before."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    hosted = placed.shopper.page
    page = placed.shopper.press("Pay", scenario=scenario)
    assert page.status == 409 and page.has("pay another order first")
    assert play.session_of(placed.bill).status == "open"
    placed.shopper.page = hosted
    assert placed.shopper.press("Pay").has("is paid")


def happens(play, scenario):
    """Two mugs are paid for, as the scenario has it, and the shopper comes back if they do."""
    play.shelves(mug=5, bowl=5)
    if scenario.startswith("other_"):
        play.quickly_paid(bowl=1)  # somebody else, of whom it speaks
    before = len(play.outcomes())
    placed = play.quickly_at_gateway(mug=2)
    page = placed.shopper.press("Pay", scenario=scenario)
    if scenario in COMES_BACK:
        elsewhere = play.visitor("another browser") if scenario == "dead_session" else placed.shopper
        elsewhere.page = page
        page = (
            elsewhere.click("Back to the shop") if scenario == "dead_session" else elsewhere.press("Back to the shop")
        )
    if scenario in ("no_return", "same_moment"):  # nobody waits for these
        play.until(lambda: "APPLIED" in play.outcomes() and play.last_order().status == "PROCESSING")
        play.until(lambda: len(play.outcomes()) == before + len(ENDS[scenario].said))
    return placed, page, before


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_ends_in_right_books(play, scenario):
    """NOT-01, NOT-03, NOT-04, NOT-05, RET-01, RET-05, RET-07, RET-08, RAC-06, ERR-01, ADM-16: page, order, letters."""
    end = ENDS[scenario]
    placed, page, before = happens(play, scenario)
    states = []

    def look():
        order = play.order_of(placed.bill)
        states.append(order.status)
        assert play.shelf("mug") == (5, 0 if order.status in CLOSED else 2), states

    look()
    assert page.has(end.page), page.text[:400]
    assert play.bills(placed.order)[0].status == end.bill
    play.wait(seconds=70)
    play.run("deliver_sandbox_notices")
    look()
    play.wait(minutes=46)
    play.run("deliver_sandbox_notices")
    for _ in range(2):
        play.all_jobs()
    look()
    play.wait(days=6)  # the desk decides after a week
    play.run("deliver_sandbox_notices")
    play.all_jobs()
    look()
    assert tuple(states) == end.states
    play.gateway_is_back()
    for job in ("ask_about_quiet_bills", "deliver_events"):
        play.run(job)
    the_books_are_right(play, placed, end, play.outcomes()[before:])


def the_books_are_right(play, placed, end, said):
    """What was said of it, what waits for a person, what both books have, and what the shopper and owner read."""
    assert sorted(said[: len(end.said)]) == sorted(end.said), said
    assert "APPLIED" not in said[len(end.said) :] or end.bill == "PENDING"
    play.both_books_agree()
    assert [bill.quarantine_reason for bill in play.bills(placed.order) if bill.quarantine_reason] == (
        [end.attention] if end.attention else []
    )
    letters = [words.removeprefix("The Test Shop: ") for words in play.letters()]
    mine = [words for words in letters if placed.order.number in words]
    assert sorted(mine) == sorted(words.format(placed.order.number) for words in end.letters)
    assert "a payment needs you" in letters or not end.attention


def test_a_refund_reaches_both_books(play):
    """ADM-16, invariant 4: what is sent back stands in the gateway's books and in ours."""
    placed, _page, _before = happens(play, "twice")
    play.ask_refund(placed.order, 100)
    play.run("send_refunds")
    assert play.session_of(placed.bill).refunded_minor == 100
    play.both_books_agree()


# --- refusals

WORDS = {
    "card_declined": "The bank declined the card without giving a reason.",
    "card_error": "Something is wrong with the card details that were typed.",
    "card_expired": "The card has expired.",
    "insufficient_funds": "There is not enough money on the account.",
    "authentication_failed": "The bank could not confirm that it was you",
    "limit_exceeded": "The sum is beyond the limit of this card.",
    "suspected_fraud": "The bank did not allow this payment.",
    "invalid_reference": "The payment service did not accept our form.",
    "duplicate_reference": "The payment service had seen this payment before.",
    "session_expired": "The payment page was open for too long.",
    "user_cancelled": "The payment was cancelled on the payment page.",
}


def test_every_refusal_has_a_text():
    """ERR-06, ERR-12, ERR-13: each kind of refusal stands in one tree, and has a sentence of ours."""
    from storefront.orders.wording import REASONS

    assert set(REASONS) == set(KINDS)
    assert set(KINDS) == set(DECLINES) | {"technical_error", "unknown"}


@pytest.mark.parametrize("reason", DECLINES)
def test_a_declined_card_is_told_in_our_words(play, reason):
    """RET-03, ERR-02, ERR-03, ERR-04, ERR-05, ERR-06, ERR-07, ERR-13, AUD-02: the reason, and another attempt."""
    play.shelves(mug=5)
    order, bill, shopper = play.quickly_at_gateway(mug=2)
    page = shopper.press("Decline", reason=reason)
    assert page.heading == "The payment did not go through"
    assert page.has(WORDS[reason]) and page.has("Nothing was charged.") and "fraud" not in page.text.lower()
    assert not any(page.has(other) for name, other in WORDS.items() if name != reason)
    bill = play.last_bill()
    assert (bill.status, bill.error_type, bill.vendor_code) == ("FAILED", reason, reason)
    assert (play.last_order().status, play.shelf("mug")) == ("HOLD", (5, 2))
    assert play.session_of(bill).captured_minor == 0

    page = shopper.press("Pay now")
    assert page.has("Continue to payment page")
    shopper.press("Continue to payment page")
    assert shopper.press("Pay").has("is paid")
    assert play.last_bill().reference == f"{order.number}-2"
    play.both_books_agree()

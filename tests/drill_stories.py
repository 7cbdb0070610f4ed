"""The stories of the drill: which commit dies in which of them, and what must be true at the end."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from storefront.kit import events
from storefront.kit.crash import SIDES
from storefront.kit.db import db
from storefront.payments.models import Refund
from storefront.sandbox.models import SandboxNotice

import databases
from bookkeeping import check_books
from drill import Drill, rehearse, stage_a_shop
from drill_acts import (
    another_system_listens,
    be_declined,
    cancel_the_order,
    choose_how_to_pay,
    choose_the_way,
    everything_settles,
    fill_the_cart,
    go_to_pay,
    go_to_the_gateway,
    it_is_told,
    keep_the_goods,
    letters_cannot_go_out,
    letters_go_out,
    nobody_pays,
    only_pickup_is_offered,
    pay,
    pay_again,
    pay_and_hear_later,
    press_confirm,
    send_it_all_back,
    take_the_money,
    the_gateway_goes_down,
    the_gateway_is_back,
    the_gateway_reserves_first,
    the_schedule_runs,
    type_the_address,
    use_a_gift_certificate,
    use_the_last_code,
)
from giving import moves_of
from promoting import counts


def paid_once(drill: Drill) -> None:
    """One order, one payment that counts, in both books; its cart is empty and one mug is set aside."""
    play, order = drill.play, drill.play.last_order()
    assert [one.key for one in play.orders()] == [drill.promised["order"]]
    assert order.status == "PROCESSING" and play.shelf("mug") == (5, 1)
    assert [bill.disposition for bill in play.bills(order) if bill.disposition != "NONE"] == ["APPLIED"]
    assert play.captured(order) == order.due_minor
    assert not play.cart_lines(order)
    assert "paid" in play.status_of(order)["state"] or order.payment_status == "REFUNDED"


def refunded_once(drill: Drill) -> None:
    """The same, and all of the money went back, once."""
    paid_once(drill)
    (refund,) = db.session.scalars(select(Refund)).all()
    assert (refund.status, drill.play.last_order().payment_status) == ("SUCCEEDED", "REFUNDED")
    subjects = drill.play.letters()
    assert len(subjects) - len(set(subjects)) <= int(drill.point == "note_letter.before"), subjects


def paid_by_both(drill: Drill) -> None:
    """The same; the gift certificate has paid its part, once."""
    paid_once(drill)
    assert moves_of(drill.play) == [("issue", 500), ("hold", 500), ("capture", 500)]


def paid_with_the_last_use(drill: Drill) -> None:
    """The same; the last use of the code is spent, once, and ten percent were taken off."""
    paid_once(drill)
    assert counts(drill.promised["offer"]) == (1, 0) and drill.play.last_order().discount_minor == 125


def told_once(drill: Drill) -> None:
    """The same, and the other system knows of everything once, in its order; a repeated message has the same id."""
    paid_once(drill)
    with drill.consumer as consumer:
        it_is_told(drill)
    history = events.of_order(drill.play.last_order().id)
    assert [told["order"]["sequence"] for told in consumer.seen if told["order"]] == [event.seq for event in history]
    assert len(consumer.calls) - len(consumer.seen) <= 1 and not consumer.bad


def closed_for_good(drill: Drill) -> None:
    """Nothing is set aside, nothing was paid, and the cart is as it was."""
    (order,) = drill.play.orders()
    assert order.status in ("CANCELLED", "FAILED") and drill.play.shelf("mug") == (5, 0)
    assert drill.play.captured(order) == 0 and drill.play.cart_lines(order) == {"MUG": 1}


def goes_out_unpaid(drill: Drill) -> None:
    """The order is confirmed without a bill."""
    (order,) = drill.play.orders()
    assert (order.status, order.payment_status) == ("PROCESSING", "UNPAID") and drill.play.shelf("mug") == (5, 1)


@dataclass(frozen=True)
class Story:
    """What happens, what must be true then, and which commits it passes (each dies before and after)."""

    acts: tuple[Callable[[Drill], None], ...]
    end: Callable[[Drill], None]
    commits: tuple[str, ...]
    in_a_job: tuple[str, ...] = ()  # these die in the process of a job

    def __call__(self, drill: Drill) -> None:
        """Play it to its end."""
        drill.through(*self.acts)
        drill.through(everything_settles)
        assert drill.row.found, f"{drill.point} was never reached"
        self.end(drill)
        drill.play.both_books_agree()
        check_books(drill.play)
        waiting = select(SandboxNotice).where(SandboxNotice.status.in_(("waiting", "sending")))
        assert not db.session.scalars(waiting).all() and not set(drill.play.outcomes()) & {"RECEIVED", "ERROR"}


TO_PREVIEW = (fill_the_cart, type_the_address, choose_the_way, choose_how_to_pay)
TO_PAY = (*TO_PREVIEW, press_confirm, go_to_pay)
TO_GATEWAY = (*TO_PAY, go_to_the_gateway)
STORIES = {
    "bought and refunded": Story(
        (*TO_GATEWAY, pay, send_it_all_back, letters_go_out),
        refunded_once,
        (
            *("add_to_cart", "keep_addresses", "choose_shipping", "choose_payment"),
            *("take_number", "place_order", "hold_stock", "hold_limited_uses", "hold_certificates"),
            *("open_bill", "start_payment", "leave"),
            *("sandbox_open", "sandbox_answer", "sandbox_claim_notice", "store_notification", "apply_message"),
            *("sandbox_note_notice", "store_return", "staff_deed", "claim_refund", "sandbox_refund", "finish_refund"),
        ),
        in_a_job=("claim_letter", "note_letter", "note_run"),
    ),
    "declined, kept, paid again": Story(
        (*TO_GATEWAY, be_declined, keep_the_goods, pay_again, go_to_pay, go_to_the_gateway, pay_and_hear_later),
        paid_once,
        ("keep_goods", "pay_again", "start_new_bill", "note_message", "apply_answer", "note_return"),
    ),
    "reserved, and taken later": Story(
        (the_gateway_reserves_first, *TO_GATEWAY, pay, take_the_money),
        paid_once,
        ("claim_capture", "sandbox_operate", "finish_capture"),
    ),
    "the gateway is down at confirm": Story(
        (*TO_PREVIEW, the_gateway_goes_down, press_confirm, the_gateway_is_back, go_to_pay, go_to_the_gateway, pay),
        paid_once,
        ("cancel_bill", "fail_order"),
    ),
    "the gateway is down at the second try": Story(
        (
            *(*TO_GATEWAY, be_declined, the_gateway_goes_down, pay_again, the_gateway_is_back),
            *(go_to_pay, go_to_the_gateway, pay),
        ),
        paid_once,
        ("cancel_new_bill",),
    ),
    "cancelled": Story(
        (*TO_GATEWAY, cancel_the_order, letters_go_out), closed_for_good, ("cancel_order", "sandbox_close")
    ),
    "nobody pays": Story((*TO_PAY, nobody_pays), closed_for_good, (), in_a_job=("note_unpaid", "close_if_unpaid")),
    "no letter can be sent": Story(
        (*TO_GATEWAY, pay, letters_cannot_go_out), paid_once, (), in_a_job=("put_off_letter",)
    ),
    "another system is told": Story(
        (another_system_listens, *TO_GATEWAY, pay, it_is_told),
        told_once,
        (),
        in_a_job=("claim_webhook", "note_webhook"),
    ),
    "a gift certificate pays a part": Story(
        (TO_PREVIEW[0], use_a_gift_certificate, *TO_PREVIEW[1:], press_confirm, go_to_pay, go_to_the_gateway, pay),
        paid_by_both,
        ("hold_certificates",),
    ),
    "the last use of a code": Story(
        (TO_PREVIEW[0], use_the_last_code, *TO_PREVIEW[1:], press_confirm, go_to_pay, go_to_the_gateway, pay),
        paid_with_the_last_use,
        ("hold_limited_uses",),
    ),
    "the scheduler dies": Story((*TO_GATEWAY, pay, the_schedule_runs), paid_once, (), in_a_job=("take_lease",)),
    "paid on pickup": Story(
        (only_pickup_is_offered, *TO_PREVIEW, press_confirm), goes_out_unpaid, ("release_unbilled",)
    ),
}


def story_of(point: str) -> Story:
    """The story in which this point is passed."""
    name = point.split(".", maxsplit=1)[0]
    return next(story for story in STORIES.values() if name in (*story.commits, *story.in_a_job))


def main() -> None:
    """`make drill`: every point of every story, a line each: where it died, what was found, how it ended."""
    server = databases.Sqlite()
    staged = server.new()
    stage_a_shop(staged)
    for title, story in STORIES.items():
        print(f"\n{title}: {', '.join(act.__name__.replace('_', ' ') for act in story.acts)}")
        for name in (*story.commits, *story.in_a_job):
            for side in SIDES:
                row = rehearse(f"{name}.{side}", story, server.copy(staged), in_a_job=name in story.in_a_job)
                print(f"  {row.point:28} died in: {row.act:28} back after {row.back_after} s")
                print(f"  {'':28} found: {row.found}\n  {'':28} end:   {row.end}", flush=True)
    server.stop()


if __name__ == "__main__":
    main()

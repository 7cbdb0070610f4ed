"""The drill: the server dies at one commit after the other, and nothing that it has acknowledged is lost.

The full table, before and after each commit, is `make drill`; here it is what the time of a test run allows.
"""

import os
import signal
import subprocess
import sys

import pytest

from storefront.commits import COMMITS
from storefront.kit import crash

from drill import rehearse
from drill_stories import STORIES, story_of
from served import ROOT

# Each is one transaction without a call outside before or after it: it has happened or not, and may be done once more.
ALONE = {
    *("apply_code", "remove_code", "erase_customer", "forget_devices", "join_orders"),
    *("change_cart", "write_note", "fit_cart", "bring_cart_back", "adopt_cart", "put_back", "order_again"),
    *("join_line", "leave_line", "tell_waiting", "forget_who_waited", "end_hold", "move_hold", "purge", "replace_link"),
    *("complete", "remove_if_worthless", "prune_forged_messages", "refresh_sold_out", "rehearse_replay"),
    *("take_in_stray", "fulfil_waiting", "decide_row", "remind_owner", "choose_on_desk"),
    *("notice_silence", "look_after_keys", "note_proof", "sandbox_console", "end_certificate"),
    *("assign_goods", "note_low_stock", "end_return", "announce_return", "withdraw_return"),
    *("exchange_return", "note_exchange", "set_apart"),
    *("sandbox_receive", "sandbox_play", "pay_rest", "publish_events", "queue_webhooks", "note_ping", "note_token_use"),
}
REHEARSED = [name for story in STORIES.values() for name in (*story.commits, *story.in_a_job)]
# Before these the world outside has moved on already: the gateway, or the mail server, has done its part.
OUTSIDE_FIRST = (
    *("start_payment", "start_new_bill", "apply_answer", "finish_refund", "finish_capture"),
    *("note_letter", "note_webhook"),
)
# Nothing is promised before the order, and what the sandbox commits is the gateway's: for the full table alone.
FULL_ONLY = {
    *("add_to_cart", "keep_addresses", "choose_shipping", "choose_payment"),
    *("sandbox_open", "sandbox_claim_notice", "sandbox_note_notice", "sandbox_close", "sandbox_operate"),
}
MOST = [f"{name}.after" for name in REHEARSED if name not in FULL_ONLY] + [
    f"{name}.before" for name in (*OUTSIDE_FIRST, "store_notification", "take_lease")
]
FEW = [
    *("place_order.after", "hold_stock.after", "start_payment.before", "leave.after", "store_notification.before"),
    *("apply_message.before", "apply_message.after", "finish_refund.before", "close_if_unpaid.after"),
]


def ends_well(database, staged, point):
    """Play the story of this point; it was reached, something died of it, and the end is right."""
    story = story_of(point)
    row = rehearse(point, story, database.copy(staged), in_a_job=point.split(".")[0] in story.in_a_job)
    assert row.act and row.found and row.back_after < 10, row


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize("point", MOST)
def test_a_crash_at_any_commit_loses_nothing(database, staged, point):
    """RACE-30, RACE-31, RACE-32, INV-11, INV-27: the click is repeated, the purchase completed, the books right."""
    ends_well(database, staged, point)


@pytest.mark.only_on("postgresql")
@pytest.mark.parametrize("point", FEW)
def test_a_crash_on_postgresql_loses_nothing(database, staged, point):
    """RACE-30, RACE-31, RACE-32, INV-11, INV-27: the same where a dead worker leaves a connection behind."""
    ends_well(database, staged, point)


def test_every_commit_is_rehearsed_or_stands_alone():
    """RULE-12: no commit of the purchase is forgotten, and no exception is kept for one that is rehearsed."""
    assert {*REHEARSED, *ALONE} == set(COMMITS), {*REHEARSED, *ALONE} ^ set(COMMITS)
    assert not ALONE & set(REHEARSED)


# --- the switch


def starts(tmp_path, **environment):
    """What the shop says when it is started like this: the flask command, and the exit code."""
    settings = {"DATA_DIR": str(tmp_path), "SCHEDULER": "off", **environment}
    command = [sys.executable, "-m", "flask", "crash-points"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_the_points_are_listed_with_what_they_stand_for(tmp_path):
    """ACT-28: each line begins with what STOREFRONT_CRASH_AT takes, and goes on with a sentence."""
    code, said = starts(tmp_path)
    assert code == 0
    lines = dict(line.split(maxsplit=1) for line in said.splitlines())
    assert list(lines) == [f"{name}.{side}" for name in COMMITS for side in crash.SIDES]
    assert all(sentence.endswith(".") and len(sentence) > 20 for sentence in lines.values())


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("tea_time.after", "no crash point 'tea_time.after'"),
        ("place_order", "no crash point 'place_order'"),
        ("place_order.during", "no crash point"),
        ("place_order.after:0", "how many times"),
        ("place_order.after:often", "how many times"),
    ],
)
def test_a_point_that_is_not_there_refuses_the_start(tmp_path, setting, words):
    """SEC-06: a typing error does not start a shop that is never going to die."""
    code, said = starts(tmp_path, STOREFRONT_CRASH_AT=setting)
    assert code != 0 and "The shop does not start. STOREFRONT_CRASH_AT" in said and words in said
    assert "Traceback" not in said


def test_a_live_shop_never_dies_on_purpose(tmp_path):
    """SEC-06: with the setting a live shop does not start, and says why."""
    live = {"STORE_MODE": "live", "PUBLIC_URL": "https://shop.example", "SECRET_KEY": "k" * 40}
    code, said = starts(tmp_path, STOREFRONT_CRASH_AT="place_order.after", **live)
    assert code != 0 and "STOREFRONT_CRASH_AT is set: only a test shop ends itself on purpose." in said


def test_only_the_named_passing_dies(monkeypatch):
    """ACT-28: `name.after:2` lets the first one by; other points are only passed."""
    killed = []
    monkeypatch.setattr(crash.os, "kill", lambda pid, how: killed.append((pid, how)))
    crash.arm(crash.parsed("place_order.after:2", COMMITS))
    try:
        for point in ("place_order.before", "place_order.after", "hold_stock.after"):
            crash.reach(point)
        assert killed == []
        crash.reach("place_order.after")
        assert killed == [(os.getpid(), signal.SIGKILL)]
    finally:
        crash.arm(None)

"""The proof tells wrong from right: each line turns red by its own harm alone, names the row, and is told once."""

import ast
import re
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

import damage
from storefront import certificates, jobs, orders, proof, webhooks
from storefront.admin import audit
from storefront.cart.models import Cart
from storefront.certificates.models import GiftCertificate
from storefront.kit import clock, events as kept_events
from storefront.kit.db import UtcDateTime, db, transaction
from storefront.kit.events import OrderEvent, OutboxMessage
from storefront.proof.models import ProofResult
from storefront.shipping.models import ServiceLevel
from storefront.webhooks.models import WebhookTry

from bookkeeping import check_books
from counter import CLERK, OWNER, comes_in, hire
from purchases import Placed, at_once


class Undone(Exception):
    """The harm is taken back."""


@pytest.fixture
def story(play):
    """A bit of everything; gives the ids by the names that damage.py uses, and `names`: what people call them."""
    play.shelves(mug=20, bowl=20, jug=20)
    placed = {
        "paid": play.quickly_paid(mug=2),
        "held": play.quick_order(bowl=1),
        "other": play.quick_order(bowl=2),
        "doubted": play.quick_order(bowl=1),
        "closed": play.quick_order(jug=1),
        "abandoned": play.quick_order(jug=1),
        "refunded": play.quickly_paid(mug=1),
        "gifted": _gifted_order(play),
        "free": _free_order(play),
    }
    play.gateway_says("paid", placed["doubted"].bill, amount="1")
    play.ask_refund(placed["refunded"].order, 100)
    play.run("send_refunds")
    ids, names = _named(play, placed)
    with transaction():
        paid = play.order_of(placed["paid"].bill)
        line = paid.lines[0].id
        orders.ship(paid.shipments[0].id)
        coming = orders.announce_return(ids["paid"], {line: 1}, "Too small", actor="otto")
        orders.receive_return(coming.id, {line: 1}, {}, "otto")
        orders.cancel_by_shopper(ids["closed"])
        orders.cancel_by_shopper(ids["abandoned"])
        db.session.execute(text("UPDATE orders SET close_reason = 'abandoned' WHERE id = :abandoned"), ids)
    hire()
    with transaction():
        audit.record("hire", OWNER)
        _another_system_was_told(ids["paid"])
    play.look_again()
    return ids, names


def _another_system_was_told(order_id):
    """Of the first two things that happened to an order, in their order."""
    endpoint, _secret = webhooks.add("https://example.com/", ["*"])
    endpoint.active = False
    for happened in kept_events.of_order(order_id)[:2]:
        facts = {"event_id": happened.id, "kind": webhooks.KIND, "target": str(endpoint.id)}
        told = OutboxMessage(**facts, status="SENT", tries=1)
        db.session.add(told)
        db.session.flush()
        taken = {"endpoint_id": endpoint.id, "outbox_id": told.id, "at": clock.now(), "outcome": "ok", "status": 200}
        db.session.add(WebhookTry(**taken))
        db.session.flush()


def _gifted_order(play):
    """It waits for its money; a gift certificate pays a part of it."""
    basket = play.filled_basket(jug=1)
    with transaction():
        gift = certificates.issue(1000, actor=OWNER)
        db.session.get_one(Cart, basket.id).certificate_codes = [gift.code_hash]
    play.confirm_basket(basket)
    return Placed(play.last_order(), play.last_bill(), None)


def _free_order(play):
    """Something that costs nothing, and travels for nothing."""
    play.shelves(price=0, sample=5)
    with transaction():
        db.session.execute(update(ServiceLevel).values(params={"amount_minor": 0}))
    play.confirm_basket(play.filled_basket(sample=1))
    free = play.last_order()
    assert (free.due_minor, free.status) == (0, "PROCESSING")
    return free


def _named(play, placed):
    ids, names = {}, {}
    for name, made in placed.items():
        order = made if name == "free" else made.order
        ids |= {name: order.id, f"{name}_cart": order.cart_id}
        names |= {name: order.number, f"{name}_cart": str(order.cart_id), f"{name}_bill": f"{order.number}-1"}
        if name != "free":
            ids[f"{name}_bill"] = made.bill.id
    gift = db.session.scalars(select(GiftCertificate)).one()
    ids["gift"], names["gift"] = gift.id, gift.last4
    for name in ("mug", "bowl", "jug"):
        ids[name], names[name] = play.variant(name).id, name.upper()
    return ids, names


@contextmanager
def harmed(harm, ids):
    """The database with the harm done, until the block ends."""
    here, moments = clock.now(), {"now": 0, "long_ago": -40, "far_ahead": 40}
    as_stored = UtcDateTime().process_bind_param
    values = {name: as_stored(here + timedelta(days=days), db.engine.dialect) for name, days in moments.items()}
    try:
        with transaction():
            if harm.without:
                _take_away(*harm.without)
            given = {name: value for name, value in {**ids, **values}.items() if re.search(rf":{name}\b", harm.sql)}
            assert db.session.execute(text(harm.sql), given).rowcount, "the harm harmed nothing"
            yield
            raise Undone
    except Undone:
        if _on_sqlite():
            db.session.execute(text("PRAGMA ignore_check_constraints = OFF"))
        db.session.rollback()


def _take_away(table, constraint):
    """For the moment the database does not prevent it by itself."""
    if constraint in _indexes(table):
        db.session.execute(text(f"DROP INDEX {constraint}"))
    elif _on_sqlite():
        db.session.execute(text("PRAGMA ignore_check_constraints = ON"))
    else:
        db.session.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}"))


def _can_be_done(harm):
    """What a unique constraint of SQLite prevents cannot be done at all."""
    table, constraint = harm.without or ("", "")
    return not (_on_sqlite() and constraint.startswith("uq_") and constraint not in _indexes(table))


def _indexes(table):
    return {index.name for index in db.metadata.tables[table].indexes}


def _on_sqlite():
    return db.engine.dialect.name == "sqlite"


@pytest.mark.parametrize("kind", list(damage.ALL))
def test_each_line_turns_red_by_its_own_harm(play, story, kind):
    """AUD-08: of a healthy shop no line is red; a harm turns red the line that forbids it, which names the row."""
    ids, names = story
    check_books(play, timely=True)
    for harm in filter(_can_be_done, damage.ALL[kind]):
        with harmed(harm, ids):
            red = {found.line: found for found in proof.violations()}
            assert set(red) == {harm.line, *harm.also.split()}, harm.sql
            rows = red[harm.line].rows
            called = {row.name for row in rows} | {row.order for row in rows}
            assert not harm.names or names.get(harm.names, harm.names) in called, (harm.sql, called)
            assert [found.line for found in proof.violations([harm.line])] == [harm.line]
    check_books(play, timely=True)


def test_every_line_has_its_harm():
    """No line is without a test that breaks it, and no harm without its line."""
    assert {line.name for line in proof.LINES} == {harm.line for harms in damage.ALL.values() for harm in harms}


def broken(ids):
    """Somebody alters a count by hand."""
    with transaction():
        db.session.execute(text("UPDATE stock SET on_hand = on_hand + 1 WHERE variant_id = :mug"), {"mug": ids["mug"]})


def mended(ids):
    """And takes it back."""
    with transaction():
        db.session.execute(text("UPDATE stock SET on_hand = on_hand - 1 WHERE variant_id = :mug"), {"mug": ids["mug"]})


def in_full():
    """The next look is at everything."""
    with transaction():
        proof.ask_for_a_whole_look()


def told(play):
    """The subjects of letters about the books."""
    play.run("deliver_events")
    return [subject for subject in play.letters() if "books" in subject]


def test_the_job_tells_of_each_change_once(play, story):
    """AUD-08: red once by letter, and green once; the rows are kept; two looks at the same state tell nothing."""
    ids, _ = story
    assert play.run("check_invariants")["broken"] == 0
    broken(ids)
    in_full()
    assert [play.run("check_invariants")["red"] for _ in range(3)] == [1, 0, 0]
    assert told(play) == ["The Test Shop: something in the books is wrong"]
    kept = db.session.get_one(ProofResult, "INV-19")
    assert (kept.ok, kept.count, kept.rows[0]["name"]) == (False, 1, "MUG")
    assert "INV-19" in play.mails()[-1].get_body().get_content()
    mended(ids)
    assert [play.run("check_invariants")["green"] for _ in range(2)] == [1, 0]
    assert told(play)[1:] == ["The Test Shop: the books are right again"]
    assert db.session.get_one(ProofResult, "INV-19").rows == []


def test_by_day_only_what_is_new_is_looked_at(play, story):
    """AUD-08, INV-45: what nothing happened to is left for the night; what something happens to is seen within minutes;
    what is red is looked at in full until it is green."""
    ids, _ = story
    for _ in range(2):
        assert play.run("check_invariants")["broken"] == 0
        play.wait(minutes=10)
    broken(ids)
    assert play.run("check_invariants")["broken"] == 0
    play.quick_order(mug=1)  # something happens to the mug
    assert play.run("check_invariants")["red"] == 1
    play.wait(minutes=10)
    assert play.run("check_invariants")["broken"] == 1  # nothing new, and still seen
    mended(ids)
    assert play.run("check_invariants")["green"] == 1


def test_at_night_everything_is_looked_at(play, story):
    """AUD-08: the first run after three o'clock by the shop's clocks looks at what is old too."""
    ids, _ = story
    for _ in range(2):
        play.run("check_invariants")
        play.wait(minutes=10)
    broken(ids)
    assert play.run("check_invariants")["broken"] == 0
    play.wait(days=1)
    play.run("check_invariants")
    assert not db.session.get_one(ProofResult, "INV-19").ok


def test_two_jobs_at_once_tell_once(play, story):
    """INV-43: two schedulers that see the same break write one event of it."""
    ids, _ = story

    def run_beside():
        with play.app.app_context():
            jobs.run_once("check_invariants")

    play.run("check_invariants")
    broken(ids)
    in_full()
    at_once(run_beside, run_beside)
    events = select(func.count()).select_from(OrderEvent).filter_by(type="BOOKS_BROKEN")
    assert db.session.scalar(events) == 1


def test_money_in_is_money_explained(play, story):
    """AUD-08: each captured cent has one place; what has none is shown as unexplained."""
    (euros,) = proof.money()
    places = ("on_orders", "on_desk", "on_its_way_back", "refunded", "charged_back", "decided")
    assert euros.captured == sum(getattr(euros, place) for place in places)
    assert (euros.on_desk, euros.refunded, euros.unexplained) == (1, 100, 0)
    with transaction():
        db.session.execute(text("UPDATE bills SET disposition = 'NONE' WHERE disposition = 'QUARANTINED'"))
    assert [row.unexplained for row in proof.money()] == [1]


def test_the_command_names_the_rows(play, story):
    """AUD-08: `flask check` prints each line, ends with 0 if all hold and with 1 and the rows if one does not."""
    ids, _ = story
    run = play.app.test_cli_runner().invoke
    healthy = run(args=["check"])
    assert healthy.exit_code == 0, healthy.output
    assert healthy.output.count(" ok ") == len(proof.LINES)
    assert "all of it explained" in healthy.output
    broken(ids)
    answer = run(args=["check", "--lines", "inv-19,RULE-11"])
    assert answer.exit_code == 1
    assert "variant MUG: is not the sum of its moves" in answer.output and "3 lines, 1 broken" in answer.output
    assert run(args=["check", "--lines", "INV-99"]).exit_code == 1


def test_the_board_shows_it_to_the_owner(play, story):
    """AUD-08: the owner sees every rule, presses "Check now", and finds the rows with the way to their orders."""
    ids, names = story
    carol = comes_in(play)
    assert "Nothing was checked yet" in carol.get("/admin/board").text
    page = carol.press("Check now")
    assert page.steps == [303, 200] and "The books are right" in page.text
    with transaction():
        db.session.execute(text("UPDATE order_lines SET title = 'x' WHERE order_id = :held"), {"held": ids["held"]})
    page = carol.press("Check now")
    assert "1 rule is broken" in page.text and "is not as it was placed" in page.text
    assert f'href="/admin/orders/{names["held"]}"' in page.answer.text
    assert "shop_broken_rules 1.0" in play.visitor().get("/metrics").answer.text
    henry = comes_in(play, CLERK, "staff")
    assert henry.get("/admin/board").status == 403


def test_nothing_to_pay_goes_the_same_way(play, right_books):
    """INV-10: placed, held, released with its reason, packed and confirmed by one letter; no bill, no gateway."""
    free = _free_order(play)
    types = [event.type for event in kept_events.of_order(free.id)]
    assert [type for type in types if type.startswith(("ORDER_", "STOCK_"))][:3] == [
        "ORDER_CREATED",
        "STOCK_HELD",
        "ORDER_RELEASED",
    ]
    assert not play.bills(free) and free.payment_status == "UNPAID"
    play.run("deliver_events")
    assert play.letters() == [f"The Test Shop: order {free.number} confirmed"]


NAMED_LATER = {"RULE-13"}  # the search has tests of its own


def test_every_line_is_named_by_a_story():
    """Each numbered line of the invariants stands in the docstring of at least one test that proves it."""
    named = set()
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                named |= set(re.findall(r"\b(?:INV|RULE)-\d\d\b", ast.get_docstring(node) or ""))
    lines = {f"RULE-{number:02}" for number in range(1, 14)} | {f"INV-{number:02}" for number in range(1, 46)}
    assert lines - named <= NAMED_LATER
    assert named <= lines, "there is no such line"

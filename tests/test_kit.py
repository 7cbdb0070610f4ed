"""The tools keep their promises on both databases: transactions, times, events, machines, signatures, the network.

Proves what invariants 9 (race rules) and 15 (each change is stored, with its cause) stand on.
"""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from sqlalchemy import case, delete, select, text, update
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError, StatementError

from storefront import store
from storefront.kit import clock, connections, events, http, mail, signing
from storefront.kit.db import db, retried, transaction, written_word
from storefront.kit.errors import Conflict, Invalid, Unavailable
from storefront.kit.events import OrderEvent, OutboxMessage
from storefront.kit.onetext import gathered, rows_of
from storefront.kit.states import Machine
from storefront.orders.models import Order
from storefront.payments.models import Bill, Refund
from storefront.store.models import Page, Sequence, Store


def in_threads(app, *deeds):
    """Do all of it at the same moment, each in a thread and context of its own; what each gave or raised."""
    start, found = threading.Barrier(len(deeds)), [None] * len(deeds)

    def run(place, deed):
        with app.app_context():
            start.wait()
            try:
                found[place] = deed()
            except Exception as error:
                found[place] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def a_row(kind, **given):
    """A row of a table with something in every column that must have it."""
    something = {int: 1, str: "x", object: clock.now(), dict: {}}
    for column in kind.__table__.columns:
        if not (column.nullable or column.default or column.primary_key):
            given.setdefault(column.name, something[column.type.python_type])
    found = kind(**given)
    db.session.add(found)
    db.session.flush()
    return found


@pytest.mark.only_on("postgresql")
def test_what_only_reads_keeps_its_plans_and_cannot_write(play):
    """Pages end without making PostgreSQL plan them anew; outside a transaction() nothing is ever written."""
    play.shop()
    read, name = select(Store.name), db.session.scalar(select(Store.name))
    for _page in range(12):
        assert db.session.scalar(read) == name
        db.session.rollback()
    prepared = db.session.scalar(text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%stores%'"))
    assert prepared > 0
    with pytest.raises(InternalError, match="read-only"):
        db.session.execute(update(Store).values(name="Written by nobody"))
    db.session.rollback()
    with transaction():
        db.session.execute(update(Store).values(name="Written"))
    with pytest.raises(ZeroDivisionError), transaction():
        db.session.execute(update(Store).values(name="Taken back"))
        raise ZeroDivisionError
    assert db.session.scalar(read) == "Written"
    db.session.rollback()
    with db.engine.begin() as connection:  # as migrations do
        connection.execute(update(Store).values(name="By hand"))
    assert db.session.scalar(read) == "By hand"


@pytest.mark.only_on("postgresql")
def test_a_connection_that_the_server_has_closed_is_not_lent(play, engine_beside):
    """INV-27: a database that was started anew costs no page."""
    play.shop()
    name, closed = db.session.scalar(select(Store.name)), "pg_terminate_backend(pid, 5000)"
    db.session.rollback()
    with engine_beside.connect() as other:
        here = "datname = current_database() AND pid <> pg_backend_pid()"
        assert True in other.scalars(text(f"SELECT {closed} FROM pg_stat_activity WHERE {here}")).all()
    assert db.session.scalar(select(Store.name)) == name


@pytest.mark.only_on("postgresql")
def test_plans_that_fit_no_more_cost_one_page(play, engine_beside):
    """INV-27: a table is changed under a running shop: the connection with the old plan is given up."""
    read = text("SELECT * FROM things")
    with engine_beside.begin() as other:
        other.execute(text("CREATE TABLE things AS SELECT 1 AS thing"))
    try:
        for _page in range(12):
            assert db.session.scalar(read) == 1
            db.session.rollback()
        with engine_beside.begin() as other:
            other.execute(text("ALTER TABLE things ALTER thing TYPE text"))
        with pytest.raises(DBAPIError, match="cached plan"):
            db.session.scalar(read)
        db.session.rollback()
        assert db.session.scalar(read) == "1"
    finally:
        db.session.rollback()
        with engine_beside.begin() as other:
            other.execute(text("DROP TABLE things"))


@pytest.mark.only_on("postgresql")
def test_a_statement_is_described_once_and_rightly(play, engine_beside):
    """Equal statements share the names of their columns; those that do not name them are described each time."""

    def told(statement):
        with db.engine.connect() as connection, connection.connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.description, [column[0] for column in cursor.description]

    with engine_beside.begin() as other:
        other.execute(text("CREATE TABLE things AS SELECT 1 AS thing"))
    try:
        (first, names), (second, _names) = told("SELECT thing FROM things"), told("SELECT thing FROM things")
        assert first is second
        assert names == ["thing"]
        assert told("SELECT * FROM things")[1] == ["thing"]
        with engine_beside.begin() as other:
            other.execute(text("ALTER TABLE things RENAME thing TO matter"))
        assert told("SELECT * FROM things")[1] == ["matter"]
        assert told("SELECT thing.matter AS thing FROM things AS thing")[1] == ["thing"]
    finally:
        with engine_beside.begin() as other:
            other.execute(text("DROP TABLE things"))


def test_a_small_table_comes_as_one_text(play):
    """NULL comes back as "", a separator within a text as a blank, and no rows at all as none."""
    with transaction():
        db.session.execute(delete(Page))
        db.session.add(Page(slug="one", title="Of\x1eus\x1fall", body="", position=3, updated_at=clock.now()))
        db.session.add(Page(slug="two", title="", body="", position=4, updated_at=clock.now()))
    nothing, nobody = case((Page.slug == "two", Page.position)), case((Page.slug == "one", Page.slug))
    whole = db.session.scalar(select(gathered(Page.position, Page.title, nothing, nobody)))
    assert sorted(rows_of(whole)) == [["3", "Of us all", "", "one"], ["4", "", "4", ""]]
    assert rows_of(db.session.scalar(select(gathered(Page.slug)).where(Page.slug == "three"))) == []


@pytest.mark.parametrize("word", ["it's", "", "a b", "x'; --"])
def test_only_words_are_written_into_statements(word):
    """What could end the word is refused."""
    assert str(written_word("untracked")) == "'untracked'"
    with pytest.raises(ValueError, match="not a word"):
        written_word(word)


def test_long_lists_come_whole(play, monkeypatch):
    """More rows than come at once are streamed: what is committed, inside a transaction what it has written, too."""
    monkeypatch.setattr(connections, "AT_ONCE", 2)
    play.shop()
    known = len(db.session.scalars(select(Page.id)).all())
    with transaction():
        for slug in ("one", "two", "three"):
            store.save_page(slug, title=slug, body="<p>1</p>")
        db.session.flush()
        assert len(list(connections.streamed(select(Page.slug)))) == known + 3
        db.session.execute(update(Page).where(Page.slug == "two").values(title="2"))  # as any other statement
    assert {"one", "two", "three"} < {row.slug for row in connections.streamed(select(Page.slug))}


# --- transactions ---


def test_a_transaction_keeps_all_or_nothing(play, engine_beside):
    """What the block wrote is there for others when it ends, and gone when it raises."""
    play.shop()
    with transaction():
        store.save_page("one", title="One", body="<p>1</p>")
    with pytest.raises(ZeroDivisionError), transaction():
        store.save_page("two", title="Two", body="<p>2</p>")
        db.session.flush()
        raise ZeroDivisionError
    with engine_beside.connect() as other:
        slugs = set(other.scalars(select(Page.slug)))
    assert "one" in slugs
    assert "two" not in slugs


def test_a_transaction_is_never_nested(context):
    """Whoever opens one inside another is told at once; the outer one is rolled back by the error."""
    with pytest.raises(RuntimeError, match="open already"), transaction(), transaction():
        pass
    with transaction():
        pass


def test_rows_change_only_in_transactions(play):
    """A change that no transaction would commit is refused instead of lost."""
    play.shop()
    found = db.session.scalar(select(Store))
    found.name = "Changed"
    with pytest.raises(RuntimeError, match="outside"):
        db.session.flush()


def test_a_transaction_reads_afresh(play, engine_beside):
    """What was read before is read again under the lock."""
    play.shop()
    found = db.session.scalar(select(Store))
    assert found.name == "The Test Shop"
    with engine_beside.begin() as other:
        other.execute(update(Store).values(name="Renamed meanwhile"))
    with transaction():
        assert found.name == "Renamed meanwhile"


def test_numbers_are_given_once_to_many_at_once(play):
    """Eight who ask at the same moment get eight different numbers."""
    play.shop()

    @retried
    def take():
        with transaction():
            return store.next_number("order")

    numbers = in_threads(play.app, *[take] * 8)
    assert sorted(numbers) == list(range(1001, 1009))
    play.look_again()
    assert db.session.scalar(select(Sequence.next_value).filter_by(name="order")) == 1009


def test_a_victim_of_the_database_tries_again(context):
    """A deadlock or a busy file is tried again a few times; another error is not."""
    tries = []
    passing = {
        "sqlite": sqlite3.OperationalError("database is locked"),
        "postgresql": psycopg.errors.DeadlockDetected(),
    }

    @retried
    def unlucky_twice():
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("UPDATE", {}, passing[db.engine.dialect.name])
        return "done"

    @retried
    def broken():
        tries.append(1)
        raise OperationalError("UPDATE", {}, sqlite3.OperationalError("no such table"))

    assert unlucky_twice() == "done"
    assert len(tries) == 3
    with pytest.raises(OperationalError):
        broken()
    assert len(tries) == 4


def test_bad_luck_has_a_bound(context):
    """Who is always the victim is told in the end."""
    tries = []

    @retried
    def unlucky():
        tries.append(1)
        raise OperationalError("UPDATE", {}, sqlite3.OperationalError("database is locked"))

    with pytest.raises(OperationalError):
        unlucky()
    assert len(tries) == 4


# --- times ---


def test_a_time_without_a_zone_is_refused(play):
    """A naive time would mean another moment on every machine."""
    play.shop()
    with pytest.raises(StatementError, match="without a zone"), transaction():
        db.session.add(Page(slug="naive", title="", body="", updated_at=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_a_time_comes_back_as_the_same_moment_in_utc(play):
    """Whatever zone it was written in."""
    play.shop()
    written = datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=13)))
    with transaction():
        db.session.add(Page(slug="zone", title="", body="", updated_at=written))
    play.look_again()
    found = db.session.scalar(select(Page.updated_at).filter_by(slug="zone"))
    assert found == written
    assert found.tzinfo is UTC


def test_the_databases_clock_can_be_moved(context):
    """Deadlines come from the database's clock, and a test moves it for the whole shop."""
    before = clock.now()
    clock.move(timedelta(hours=2))
    assert timedelta(hours=2) <= clock.now() - before < timedelta(hours=2, minutes=1)
    clock.reset()
    assert clock.now() - before < timedelta(minutes=1)


# --- events ---


def an_order_with_three_events(play):
    """A row of the orders table, just enough of one, and its history."""
    store_id = play.shop().id
    with transaction():
        order_id = a_row(Order, number="K-1", store_id=store_id, currency="EUR").id
        with events.acting_as("staff", "carol", None):
            events.record("ORDER_CREATED", order_id, total_minor=1)
            events.record("ORDER_HELD", order_id, was="NEW")
        events.record("ORDER_PAID", order_id, was="HOLD")
    return order_id


def test_events_form_a_chain(play):
    """They are numbered, name who did it, and fit each other."""
    order_id = an_order_with_three_events(play)
    history = events.of_order(order_id)
    assert [(event.seq, event.type, event.actor) for event in history] == [
        (1, "ORDER_CREATED", "carol"),
        (2, "ORDER_HELD", "carol"),
        (3, "ORDER_PAID", ""),
    ]
    assert events.chain_is_whole(order_id)


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE order_events SET actor = 'nobody' WHERE seq = 1",
        'UPDATE order_events SET data = \'{"was": "REVIEW"}\' WHERE seq = 3',
        "UPDATE order_events SET type = 'ORDER_CANCELLED' WHERE seq = 2",
        "DELETE FROM outbox_messages; DELETE FROM order_events WHERE seq = 2",
        "DELETE FROM outbox_messages; DELETE FROM order_events WHERE seq = 1",
    ],
)
def test_a_changed_history_shows(play, forgery):
    """Whoever alters or removes an event breaks the chain."""
    order_id = an_order_with_three_events(play)
    with transaction():
        for statement in forgery.split(";"):
            db.session.execute(text(statement))
    play.look_again()
    assert not events.chain_is_whole(order_id)


def test_who_subscribes_finds_a_row_in_the_outbox(play):
    """One row for each who wants to know, in the same transaction as the event, and only one. RULE-09."""
    play.shop()
    events.subscribe("KETTLE_BOILED", "handler", "tea")
    events.subscribe("KETTLE_BOILED", "handler", "tea")
    events.subscribe("KETTLE_BOILED", "mail", "owner")
    with transaction():
        events.record("KETTLE_BOILED", degrees=100)
    rows = db.session.scalars(select(OutboxMessage).join(OrderEvent).where(OrderEvent.type == "KETTLE_BOILED"))
    assert sorted((row.kind, row.target, row.status) for row in rows) == [
        ("handler", "tea", "PENDING"),
        ("mail", "owner", "PENDING"),
    ]


# --- machines ---

REFUND = Machine("refund", ("sent", ("REQUESTED",), "SENT"), ("failed", ("REQUESTED", "SENT"), "FAILED"))


def a_refund(play):
    """A refund of some bill: a row that a machine may move."""
    play.shop()
    with transaction():
        found = a_row(Refund, bill_id=a_row(Bill, currency="EUR").id)
    return found


def test_of_two_who_move_at_once_one_wins(play):
    """Two threads send one refund: one True, one False, one event (invariant 9, race rules)."""
    refund_id = a_refund(play).id

    @retried
    def send():
        with transaction():
            return REFUND.apply(db.session.get_one(Refund, refund_id), "sent")

    assert sorted(in_threads(play.app, send, send)) == [False, True]
    play.look_again()
    moved = select(OrderEvent).where(OrderEvent.type == "REFUND_SENT")
    assert len(db.session.scalars(moved).all()) == 1


def test_a_move_that_the_table_does_not_know_is_refused(play):
    """The refusal names the state that the row is in, and nothing is written."""
    refund = a_refund(play)
    with transaction():
        assert REFUND.allows(refund, "failed")
        assert REFUND.apply(refund, "failed")
    with pytest.raises(Conflict) as refusal, transaction():
        REFUND.apply(refund, "sent")
    assert refusal.value.data["state"] == "FAILED"
    assert not REFUND.allows(refund, "sent")
    with transaction():
        assert REFUND.apply(refund, "failed") is False


# --- signatures and secrets ---


def test_a_signed_value_comes_back_and_a_forged_one_does_not(context):
    """Only our own tokens, for their own use, in their own time."""
    token = signing.signed({"cart": 7}, "quote")
    assert signing.unsigned(token, "quote", max_age=60) == {"cart": 7}
    for forged in (token[:-2] + "xx", token + "a", "", "a.b.c", "\udcff", "ä.ö.ü", "." * 5000):
        with pytest.raises(Invalid):
            signing.unsigned(forged, "quote")
    with pytest.raises(Invalid):
        signing.unsigned(token, "another use")
    assert signing.signed_forever(7, "cart") == signing.signed_forever(7, "cart")


def test_an_old_key_still_opens_but_no_longer_signs(context, monkeypatch):
    """SECRET_KEY can be rotated: the old key is kept behind the new one until nothing needs it."""
    new, old = context.config["SECRET_KEYS"]
    monkeypatch.setitem(context.config, "SECRET_KEYS", [old])
    token, secret = signing.signed("ours", "use"), signing.sealed("the gateway's key")
    monkeypatch.setitem(context.config, "SECRET_KEYS", [new, old])
    assert signing.unsigned(token, "use") == "ours"
    assert signing.opened(secret) == "the gateway's key"
    newer = signing.signed("ours", "use")
    monkeypatch.setitem(context.config, "SECRET_KEYS", [new])
    assert signing.unsigned(newer, "use") == "ours"
    for call in (lambda: signing.unsigned(token, "use"), lambda: signing.opened(secret)):
        with pytest.raises(Invalid):
            call()


# --- the network ---


def test_the_network_is_closed_in_a_transaction(context, shop):
    """Nothing that leaves the machine happens inside a transaction."""
    with pytest.raises(RuntimeError, match="network is closed"), transaction():
        http.send("GET", shop.url)
    with pytest.raises(RuntimeError, match="network is closed"), transaction():
        mail.send(mail.letter(to="a@b.c", sender=("A", "a@b.c"), subject="s", text="t", html="h", reference="r"))


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/", "http://localhost/", "http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/",
        "http://0.0.0.0/", "file:///etc/passwd", "ftp://example.com/", "http://", "nonsense", "http://2130706433/",
    ],
)  # fmt: skip
def test_addresses_from_others_stay_out_of_the_house(context, address):
    """What staff or files name is never fetched from inside our own network."""
    with pytest.raises(Unavailable):
        http.send("GET", address, public_only=True, timeout=1)


def test_nobody_home_is_said_plainly(context):
    """A server that does not answer is Unavailable, whatever the library calls it."""
    with pytest.raises(Unavailable):
        http.send("GET", "http://127.0.0.1:1/", timeout=1)


# --- letters ---


def test_a_letter_goes_out_by_smtp(context, smtp):
    """The server gets both parts; when it says no, the sender is told so."""
    letter = mail.letter(
        to="alice@example.com",
        sender=("Tést Shop", "shop@example.com"),
        subject="Your\norder",
        text="t",
        html="<p>h</p>",
        reference="r1",
    )
    mail.send(letter)
    (envelope,) = smtp.letters
    assert envelope.rcpt_tos == ["alice@example.com"]
    assert b"Subject: Your order" in envelope.content
    smtp.refuse = True
    with pytest.raises(Unavailable):
        mail.send(letter)


def test_a_letter_is_kept_in_the_folder(play):
    """Without a mail server letters can be read in a folder."""
    play.shop()
    mail.send(
        mail.letter(
            to="a@example.com", sender=("S", "s@example.com"), subject="Hello", text="t", html="h", reference="r"
        )
    )
    assert play.letters() == ["Hello"]

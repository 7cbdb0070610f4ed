"""A package of somebody else adds to the shop, and the shop stays whole: steps, handlers, prices, payment, proof, jobs.

The package is tests/sample_extension: installed for these tests by its metadata alone.
"""

import sys
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select

from config import ROOT, Config, ConfigError
from storefront import extensions, proof
from storefront.admin import wording
from storefront.app import create_app
from storefront.extensions import Place
from storefront.jobs import schedule
from storefront.kit import events, recipes, signing
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.kit.events import OutboxMessage
from storefront.kit.recipes import Step
from storefront.notices import table
from storefront.payments.gateways import GATEWAYS
from storefront.payments.models import GatewayConfig, PaymentMethod
from storefront.promotions.benefits import BENEFITS
from storefront.promotions.conditions import CONDITIONS
from storefront.promotions.models import Promotion
from storefront.shipping import METHODS
from storefront.shipping.models import ServiceLevel

import conftest
from bookkeeping import check_books
from counter import comes_in

PACKAGE = ROOT / "tests" / "sample_extension"
TABLES = (
    *(wording.EVENTS, table.BY_NAME, recipes._known, schedule.BY_NAME, proof.table.BY_NAME),
    *(GATEWAYS, BENEFITS, CONDITIONS, METHODS),
)
KEY = "the village's key"


@contextmanager
def tables_kept():
    """Afterwards the tables of this process are as they were."""
    tables = [(one, dict(one)) for one in TABLES]
    heard = {name: list(row) for name, row in events._subscribers.items()}
    lists = [(one, list(one)) for one in (schedule.SCHEDULE, proof.LINES)]
    try:
        yield
    finally:
        for one, before in (*tables, (events._subscribers, heard)):
            one.clear()
            one.update(before)
        for one, before in lists:
            one[:] = before


@pytest.fixture(scope="module")
def installed():
    """The package is there."""
    with tables_kept():
        sys.path.insert(0, str(PACKAGE))
        yield
        sys.path.remove(str(PACKAGE))


@pytest.fixture(scope="module")
def shop(database, installed):
    """A shop that finds the package by its entry point."""
    shop = conftest.Shop(database.new())
    yield shop
    shop.stop()


@pytest.fixture
def workshop(play):
    """The package's own folder, empty; a file `closed` in it shuts the workshop. Afterwards the books are right."""
    from gift_wrapping.handlers import workshop

    folder = workshop()
    for file in folder.iterdir():
        file.unlink()
    yield folder
    check_books(play)


@pytest.fixture
def alice(play, workshop):
    """Alice, with two mugs in her cart and a note for the gift, looking at the preview."""
    play.shelves(mug=90)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2)
    play.to_preview(alice, **{"Message to us": "with stars, please"})
    return alice


def diary(workshop):
    """What the package wrote down."""
    file = workshop / "diary.txt"
    return file.read_text().splitlines() if file.exists() else []


def types(order):
    """The history of an order."""
    return [event.type for event in events.of_order(order.id)]


def test_the_package_is_found_by_its_metadata(play):
    """ADM-09, ROL-07: everything that it adds is listed, under its own name; its steps stand in the lists."""
    said = play.app.test_cli_runner().invoke(args=["extensions"]).output
    added = said.split("Added by extensions:\n")[1]
    for name in ("wrap_goods", "refuse_crowds", "per_bag", "odd_number", "round_down", "village_pay", "GIFT-01"):
        assert name in added
    assert {line.split()[0] for line in added.splitlines()} == {"gift_wrapping"}
    names = [step.name for step in recipes.of("CHECKOUT_REVERSIBLE")]
    assert names[names.index("hold_stock") + 1] == "wrap_goods" and "check_subscription_credit" not in names


def test_its_step_is_taken_once_and_its_event_is_in_the_history(play, alice, workshop):
    """ROL-07, EVT-10, ACT-04, ACT-25: wrapped in its own transaction, with its paper chosen before; told on."""
    order = play.confirm(alice).order
    assert order.custom == {"note": "with stars, please", "paper": "stars"}
    wrapped = [event for event in events.of_order(order.id) if event.type == "GIFT_WRAPPED"]
    assert [event.data for event in wrapped] == [{"paper": "stars"}] and events.chain_is_whole(order.id)
    play.run("deliver_events")
    assert sorted(diary(workshop)) == [f"placed {order.number}", "ribbon for stars"]
    carol = comes_in(play)
    assert carol.get(f"/admin/orders/{order.number}").has("Wrapped as a gift")
    play.gateway_says("paid", play.last_bill())
    play.run("deliver_events")
    assert diary(workshop)[-1] == f"paid {order.id}" and play.last_order().status == "PROCESSING"


def test_what_it_did_is_undone_when_a_later_step_fails(play, alice):
    """ACT-02, ROL-07: the gateway is down: the order is FAILED, its goods are back, the gift is unwrapped."""
    with transaction():
        sandbox = db.session.scalar(select(GatewayConfig).filter_by(type="sandbox"))
        sandbox.properties = {**sandbox.properties, "down": True}
    assert alice.press("Confirm and pay").status == 503
    order = play.last_order()
    assert order.status == "FAILED" and play.on_shelf("mug") == 90
    told = types(order)
    assert told.index("GIFT_WRAPPED") < told.index("GIFT_UNWRAPPED")
    assert not list(proof.violations(["GIFT-01"]))


def test_a_step_that_refuses_fails_the_order_with_its_reason(play, workshop):
    """PRM-14, ACT-15: the shopper reads the sentence, the order is FAILED with the word, everything is given back."""
    play.shelves(mug=9)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2)
    play.to_preview(alice, Email="nobody@village.example")
    page = alice.press("Confirm and pay")
    assert page.status == 409 and page.has("Nobody in the village knows you.")
    order = play.last_order()
    assert (order.status, order.close_reason, play.on_shelf("mug")) == ("FAILED", "step_failed", 9)
    failed = next(event for event in events.of_order(order.id) if event.type == "ORDER_FAILED")
    assert failed.data["detail"] == "unknown_in_the_village"
    assert comes_in(play).get(f"/admin/orders/{order.number}").has("unknown_in_the_village")
    play.run("deliver_events")
    assert diary(workshop) == [], "an order that failed while it was placed was never placed"


def test_it_is_asked_before_a_checkout_begins(play, workshop):
    """ACT-24: called first with the cart: too many pieces for the workshop are refused, and nothing is written."""
    play.shelves(mug=90)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=60)
    play.to_preview(alice)
    before = play.tables()
    page = alice.press("Confirm and pay")
    assert page.status == 409 and page.has("We wrap at most 50 pieces at a time.")
    assert play.tables() == before


def test_a_handler_after_the_checkout_cannot_undo_it(play, alice, workshop):
    """ACT-26, EVT-08: it raises: the order stands, the outbox tries again later, and it succeeds once."""
    (workshop / "closed").touch()
    order = play.confirm(alice).order
    play.run("deliver_events")
    assert play.last_order().status == "HOLD" and f"placed {order.number}" not in diary(workshop)
    waits = select(OutboxMessage).where(OutboxMessage.target == "gift_wrapping.tell_the_workshop")
    (message,) = db.session.scalars(waits)
    assert (message.status, message.tries) == ("PENDING", 1) and "The workshop is closed" in message.last_error
    (workshop / "closed").unlink()
    for _ in range(3):
        play.wait(minutes=1)
        play.run("deliver_events")
    assert diary(workshop).count(f"placed {order.number}") == 1


def cheaper(order):
    """Less is due."""
    order.due_minor = 1


def fewer(order):
    """A line goes."""
    order.lines.pop()


def elsewhere(order):
    """Another city, in place."""
    order.shipping_address.city = "Cork"


def other_service(order):
    """Another way, in place."""
    order.service_level["name"] = "By mule"


def of_the_line(order):
    """A custom field where none may be added."""
    order.lines[0].custom["gift"] = True


def beyond_words(order):
    """A value that is not JSON."""
    order.custom = {"when": object()}


@pytest.mark.parametrize("greedy", [cheaper, fewer, elsewhere, other_service, of_the_line, beyond_words])
def test_what_must_not_be_changed_before_the_save_is_not(play, alice, monkeypatch, greedy):
    """ACT-25: a handler that touches more than the custom fields breaks the checkout, not the books: no order."""
    monkeypatch.setitem(play.app.extensions["hooks"], "pre_order_persist", [greedy])
    alice.broken_is_fine = True
    assert alice.press("Confirm and pay").status == 500
    assert not play.orders()


def test_a_crash_in_its_step_loses_nothing(play, alice, monkeypatch):
    """ACT-03, ACT-28: the worker dies behind the step; the same press goes on and wraps nothing twice."""
    lists, kind = play.app.extensions["recipes"], "CHECKOUT_REVERSIBLE"
    row = lists[kind]
    at = recipes.position(row, "wrap_goods") + 1

    def dies(attempt):
        raise SystemExit

    pressed = alice.page
    with monkeypatch.context() as broken:
        broken.setitem(lists, kind, (*row[:at], Step(kind, dies), *row[at:]))
        with pytest.raises(SystemExit):
            press_in_process(play, alice)
    assert [order.status for order in play.orders()] == ["NEW"]
    alice.page = pressed
    assert alice.press("Confirm and pay").path.startswith("/pay/")
    (order,) = play.orders()
    assert (order.status, types(order).count("GIFT_WRAPPED"), play.holds(order)) == ("HOLD", 1, {"HELD": 2})


def test_what_a_crash_has_left_is_undone_when_it_cannot_go_on(play, alice, monkeypatch):
    """ACT-02, ACT-03: dead behind the wrapping; the next press cannot even hold the goods: all of it is taken back."""
    lists, kind = play.app.extensions["recipes"], "CHECKOUT_REVERSIBLE"
    row, pressed = lists[kind], alice.page

    def fails_as(error, name):
        def fails(attempt):
            raise error

        at = recipes.position(row, name)
        return (*row[:at], replace(row[at], do=fails, instead_of=name), *row[at + 1 :])

    with monkeypatch.context() as broken:
        broken.setitem(lists, kind, fails_as(SystemExit(), "open_bill"))
        with pytest.raises(SystemExit):
            press_in_process(play, alice)
        broken.setitem(lists, kind, fails_as(Conflict("The goods cannot be held."), "hold_stock"))
        alice.page = pressed
        assert alice.press("Confirm and pay").has("The goods cannot be held.")
    (order,) = play.orders()
    assert (order.status, play.on_shelf("mug")) == ("FAILED", 90)
    assert [told for told in types(order) if told.startswith("GIFT_")] == ["GIFT_WRAPPED", "GIFT_UNWRAPPED"]


def press_in_process(play, alice):
    """Press the button as the view does, without a server between that would survive."""
    from storefront import checkout
    from storefront.cart.models import Cart

    fields = dict(alice.page.form("Confirm and pay")[0].values())
    method = db.session.scalar(select(PaymentMethod).filter_by(code="card"))
    with play.app.test_request_context():
        checkout.place(db.session.scalar(select(Cart)), method, fields["quote_token"], fields["confirm_token"])


def test_its_cost_method_prices_a_service_level(play, workshop):
    """SHP-14, ROL-07: a bag for each started 500 g: two mugs of 300 g need two."""
    play.shelves(mug=9)
    with transaction():
        level = db.session.scalar(select(ServiceLevel).order_by(ServiceLevel.position))
        level.method, level.params = "per_bag", {"bag_minor": 150, "bag_g": 500}
    placed = play.held_order(mug=2)
    assert placed.order.shipping_minor == 300 and placed.order.total_minor == 2 * 1250 + 300


def test_its_condition_and_benefit_make_a_promotion(play, workshop):
    """ROL-07: an odd number of pieces is rounded down to whole euros; an even one is not."""
    play.shelves(mug=9)
    with transaction():
        db.session.add(
            Promotion(name="Odd", active=True, conditions=[{"type": "odd_number"}], actions=[{"type": "round_down"}])
        )
    odd, even = play.held_order(play.visitor("odd"), mug=3), play.held_order(play.visitor("even"), mug=2)
    assert (odd.order.goods_minor, odd.order.discount_minor, even.order.discount_minor) == (3750, 50, 0)


def village(**settings):
    """The village's gateway, and the way to pay that leads to it."""
    with transaction():
        config = GatewayConfig(
            name="village",
            label="The village's book",
            type="village_pay",
            mode="test",
            properties={"page": "https://village.example/book"},
            secrets={"key": signing.sealed(KEY)},
        )
        db.session.add(config)
        db.session.flush()
        row = PaymentMethod(code="village", label="On the slate", backend_config_id=config.id, position=9, **settings)
        db.session.add(row)


def says(play, bill, word="paid", **changes):
    """The village's server calls."""
    from gift_wrapping.village_pay import signature

    fields = {
        "reference": bill.reference,
        "amount": str(bill.amount_minor),
        "currency": bill.currency,
        "word": word,
        "event": f"e-{word}",
    }
    fields["signature"] = signature(fields, KEY)
    body = urlencode({**fields, **changes}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return play.visitor("village").http.post(f"{play.url}/payments/village/notify", data=body, headers=headers)


def test_its_gateway_is_paid_through(play, alice):
    """ROL-07, ADM-03, ADM-09, CNF-12: chosen, left for by a link with its settings, paid by its signed notification."""
    village(settings={"pew": 7})
    alice.get("/checkout/payment")
    alice.press("Review order", choice="On the slate")
    order, bill, _ = play.confirm(alice)
    link = parse_qs(urlsplit(bill.extra["link"]).query)
    assert link["reference"] == [bill.reference] and bill.extra["settings"] == {"pew": 7}
    assert says(play, bill, amount="1").status_code == 400
    assert play.last_order().status == "HOLD"
    assert [says(play, bill).status_code for _ in range(2)] == [200, 200]
    order = play.last_order()
    assert (order.status, order.paid_minor, types(order).count("ORDER_PAID")) == ("PROCESSING", order.due_minor, 1)


def test_a_gateway_whose_package_is_gone_harms_nobody(play, alice, monkeypatch):
    """ADM-03, NOT-06: its way to pay is not offered, what it sends is kept, and applied when the package is back."""
    village()
    alice.get("/checkout/payment")
    alice.press("Review order", choice="On the slate")
    bill = play.confirm(alice).bill
    with monkeypatch.context() as gone:
        gone.delitem(GATEWAYS, "village_pay")
        bob = play.visitor("bob")
        play.fill_cart(bob, mug=1)
        assert not play.to_preview(bob).has("On the slate")
        assert says(play, bill).status_code == 503
        said = play.app.test_cli_runner().invoke(args=["gateways", "list"]).output
        assert "The package that knows this kind of gateway is not installed." in said
        assert comes_in(play).get("/admin/payments").status == 200
    assert play.last_order().status == "HOLD" or play.order_of(bill).status == "HOLD"
    play.wait(minutes=2)
    play.run("apply_waiting_messages")
    assert play.order_of(bill).status == "PROCESSING"


def test_its_line_is_part_of_the_proof(play, alice):
    """ROL-07: `flask check` holds its line too, and names what breaks it."""
    order = play.confirm(alice).order
    runner = play.app.test_cli_runner()
    assert runner.invoke(args=["check", "--lines", "GIFT-01"]).exit_code == 0
    with transaction():
        events.record("GIFT_WRAPPED", order.id, paper="twice")
    done = runner.invoke(args=["check", "--lines", "GIFT-01"])
    assert done.exit_code == 1 and order.number in done.output and "wrapped 2" in done.output
    with transaction():
        events.record("GIFT_UNWRAPPED", order.id)


def test_its_job_runs_with_the_others(play, workshop):
    """ROL-07: it is in the schedule, and runs by its name."""
    (workshop / "diary.txt").write_text("one\ntwo\n")
    runner = play.app.test_cli_runner()
    assert "tidy_the_workshop" in runner.invoke(args=["jobs", "list"]).output
    assert runner.invoke(args=["jobs", "once", "tidy_the_workshop"]).output == "2 lines\n"


# --- what is not fitted in


def started(tmp_path, **environment):
    """An application of its own."""
    return create_app(Config({"DATA_DIR": str(tmp_path), **environment}), commands=False)


def refused(tmp_path, register):
    """What the shop says to a package that registers so."""
    module = type(sys)("strange_package")
    module.register = register
    sys.modules["strange_package"] = module
    try:
        with tables_kept(), pytest.raises(ConfigError) as refusal:
            started(tmp_path, EXTENSIONS="strange_package")
    finally:
        del sys.modules["strange_package"]
    return str(refusal.value)


def wrap_goods(attempt):
    """Another step of the same name."""


def hold_breath(attempt):
    """A step."""


@pytest.mark.parametrize(
    ("register", "words"),
    [
        (lambda shop: shop.step("CHECKOUT_REVERSIBLE", wrap_goods), "Two steps are called wrap_goods"),
        (lambda shop: shop.step("CHECKOUT_REVERSIBEL", hold_breath), "there is no list CHECKOUT_REVERSIBEL"),
        (
            lambda shop: shop.step("CHECKOUT_SETUP", hold_breath, place=Place(after="chek_payment")),
            "CHECKOUT_SETUP has no chek_payment. Did you mean check_payment",
        ),
        (lambda shop: shop.event("ORDER_PAID", "Ours"), "event ORDER_PAID: the name is taken already"),
        (lambda shop: shop.on("ORDER_PAYED", hold_breath), "there is no event ORDER_PAYED. Did you mean ORDER_PAID"),
        (lambda shop: shop.gateway("sandbox", type("Mine", (GATEWAYS["sandbox"],), {})), "the name is taken already"),
        (lambda shop: shop.gateway("mine", dict), "is not a Gateway"),
        (lambda shop: shop.cost_method(METHODS["fixed_price"].__class__("Bad name", "", "", (), min)), "cost method"),
        (lambda shop: shop.condition("sum", object()), "condition sum: the name is taken already"),
        (lambda shop: shop.benefit("gift", object()), "benefit gift: the name is taken already"),
        (lambda shop: shop.job(schedule.SCHEDULE[0].run, schedule.SCHEDULE[1].every * 2), "there is a job"),
        (lambda shop: shop.check(proof.Line("INV-01", "", ())), "there is a line INV-01 already"),
        (lambda shop: 1 / 0, "strange_package breaks while it registers: ZeroDivisionError"),
    ],
)
def test_what_does_not_fit_keeps_the_shop_from_starting(tmp_path, installed, register, words):
    """ACT-04, EVT-10: a name that is taken or unknown, and a package that breaks, are said in a sentence."""
    assert words in refused(tmp_path, register)


def test_a_package_that_is_named_and_installed_is_fitted_in_once(tmp_path, installed):
    """ADM-09: EXTENSIONS may name what its metadata names already."""
    with started(tmp_path, EXTENSIONS="gift_wrapping").app_context():
        steps = [step.name for step in recipes.of("CHECKOUT_REVERSIBLE")]
        assert len(extensions.added()) == len({(one.what, one.name) for one in extensions.added()})
    assert steps.count("wrap_goods") == 1


def test_a_list_of_the_environment_is_the_last_word(tmp_path, installed):
    """ACT-04: a step of a package that it does not name is not taken, and one that it names is."""
    row = ["ask_the_village" if name == "check_subscription_credit" else name for name in Config.CHECKOUT_REVERSIBLE]
    app = started(tmp_path, CHECKOUT_REVERSIBLE=",".join(row))
    assert [step.name for step in app.extensions["recipes"]["CHECKOUT_REVERSIBLE"]] == row

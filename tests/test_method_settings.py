"""What a way to pay may be told besides: a JSON object that the schema of its gateway knows."""

import pytest

from storefront import payments
from storefront.kit.db import db, transaction
from storefront.kit.errors import Invalid
from storefront.payments.gateways.sandbox import Sandbox
from storefront.payments.models import PaymentMethod

from counter import comes_in

SCHEMA = {
    "pew": {"type": "integer", "minimum": 1, "maximum": 40, "description": "Where they sit"},
    "motto": {"type": "string", "maxLength": 12},
    "sings": {"type": "boolean"},
}


@pytest.fixture
def carol(play, monkeypatch):
    """Carol, the owner, at the page of the card method, whose gateway wants to know three things more."""
    monkeypatch.setattr(Sandbox, "method_settings", SCHEMA)
    play.shelves(mug=9)
    carol = comes_in(play)
    carol.get(f"/admin/payments/{card().id}")
    return carol


def card():
    """The way to pay by card, read afresh."""
    db.session.expire_all()
    return db.session.query(PaymentMethod).filter_by(code="card").one()


def test_settings_are_kept_as_they_were_typed(play, carol):
    """CNF-12: a JSON object that the schema knows is stored, shown again, audited, and told to the gateway."""
    assert carol.page.has("Where they sit")
    typed = '{"pew": 7, "motto": "be kind", "sings": true}'
    assert carol.press("Save method", {"More settings": typed}).steps == [303, 200]
    assert card().settings == {"pew": 7, "motto": "be kind", "sings": True}
    page = carol.get(f"/admin/payments/{card().id}")
    assert page.has('"motto": "be kind"')
    assert carol.get("/admin/audit").has("payment method card")
    bill = play.held_order(mug=1).bill
    assert payments.bills.view_of(bill).settings == {"pew": 7, "motto": "be kind", "sings": True}
    with transaction():
        card().settings = {}
    assert bill.extra["settings"]["pew"] == 7, "an attempt keeps what it began with"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("pew: 7", "This is not JSON"),
        ('{"pew": 7', "This is not JSON"),
        ("[1, 2]", "Write an object"),
        ("7", "Write an object"),
        ('{"pew": "7"}', "pew must be a whole number."),
        ('{"pew": true}', "pew must be a whole number."),
        ('{"pew": 0}', "pew must be at least 1."),
        ('{"pew": 41}', "pew must be at most 40."),
        ('{"pew": 1e999}', "pew must be a whole number."),
        ('{"pew": NaN}', "pew must be a whole number."),
        ('{"motto": "far longer than it may be"}', "motto has more than 12 letters."),
        ('{"motto": "be\\u0000kind"}', "motto must be one line of text."),
        ('{"motto": "\\ud800"}', "motto must be one line of text."),
        ('{"motto": "be\\nkind"}', "motto must be one line of text."),
        ('{"\\ud800": 7}', "There is no setting \\ud800"),
        ('{"pew": ' + "9" * 5000 + "}", "This is not JSON"),
        ('{"sings": 1}', "sings must be true or false."),
        ('{"pwe": 7}', "There is no setting pwe"),
        ('{"capture": "some day"}', "capture must be one of by_hand, at_release, on_shipment."),
        ('{"pending_window_h": 0}', "pending_window_h must be at least 1."),
        ("[" * 9000, "This is not JSON"),
        ('{"motto": "' + "x" * 20_000 + '"}', "This is not JSON"),
    ],
)
def test_settings_that_the_schema_does_not_know_are_refused(carol, typed, words):
    """CNF-12: bad JSON, a wrong type, a value out of bounds, an unknown name: the page again with the sentence, 400."""
    before = card().settings
    page = carol.press("Save method", {"More settings": typed})
    assert page.status == 400 and page.has(words)
    assert card().settings == before


def test_the_fields_of_the_form_and_the_json_do_not_disturb_each_other(carol):
    """CNF-12: what has a field of its own is not lost, and not said twice."""
    carol.press("Save method", {"More settings": '{"pew": 3}', "Hours for payments on their way": "48"})
    assert card().settings == {"pew": 3, "pending_window_h": 48}
    page = carol.get(f"/admin/payments/{card().id}")
    assert page.has('"pew": 3') and not page.has('"pending_window_h"')
    carol.press("Save method", {"More settings": ""})
    assert card().settings == {"pending_window_h": 48}


def test_a_gateway_is_held_against_its_own_rules(play, monkeypatch):
    """CNF-12, ADM-03: `flask gateways check` names what is missing or wrong, and gives 1."""
    play.shelves(mug=1)
    runner = play.app.test_cli_runner()
    done = runner.invoke(args=["gateways", "check", "sandbox"])
    assert done.exit_code == 0 and done.output.startswith("sandbox is ready: it is a sandbox in test mode.\n")
    with transaction():
        method = card()
        method.config.properties, method.settings = {}, {"pew": 7}
    done = runner.invoke(args=["gateways", "check", "sandbox"])
    assert done.exit_code == 1 and "(page) is missing." in done.output and "There is no setting pew" in done.output
    with transaction():
        card().config.secrets = {"key": "sealed with a key that is gone"}
    for command in (["gateways", "check", "sandbox"], ["gateways", "list"]):
        assert "A stored secret cannot be read" in runner.invoke(args=command).output
    missing = runner.invoke(args=["gateways", "check", "nobody"])
    assert missing.exit_code == 1 and "There is no gateway nobody" in missing.output


def test_the_kinds_of_gateways_are_listed_with_what_they_can(play):
    """ADM-03, NOT-14: every adapter that is known here, with its capabilities."""
    play.shelves(mug=1)
    said = play.app.test_cli_runner().invoke(args=["gateways", "list"]).output
    kinds = said.split("\nKinds:\n")[1]
    assert "sandbox" in kinds and "refund" in kinds and "(tests only)" in kinds
    assert "offline      nothing by itself" in kinds


def test_no_settings_are_no_settings(play):
    """CNF-12: an empty field is no object; blanks are nothing typed."""
    play.shelves(mug=1)
    config = card().config
    assert payments.settings_from(" \n", config) == {}
    with pytest.raises(Invalid):
        payments.settings_from("null", config)

"""Before going live with a payment service: all is green in a shop that is right; what is not right is red."""

import ssl
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from sqlalchemy import update
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from storefront import payments, store
from storefront.admin import going_live, live_facts
from storefront.jobs import lease, runner
from storefront.jobs.models import JobLease
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.kit.events import OutboxMessage
from storefront.kit.http import Answer
from storefront.payments import certificates, keys
from storefront.payments.gateways import GATEWAYS, base
from storefront.payments.gateways.quickpay import QuickPay, checksum
from storefront.payments.models import GatewayConfig
from storefront.sandbox import Tried, invented, try_keys
from storefront.sandbox.inventing import key_pair
from storefront.sandbox.models import SandboxPayment
from storefront.sandbox.players import PLAYERS
from storefront.store import seller

from counter import comes_in, trail

GREEN = dict.fromkeys(going_live.CHECKS, True) | {"certificate": None}
NOW = datetime(2030, 1, 7, 12, tzinfo=UTC)


def sandbox() -> GatewayConfig:
    """The gateway, read afresh."""
    db.session.rollback()
    db.session.expire_all()
    return payments.config_to_change("sandbox")


@pytest.fixture
def tls(app, tmp_path, monkeypatch):
    """The shop behind TLS, with a certificate that this machine believes."""
    pem = tmp_path / "both.pem"
    pem.write_bytes(_for_localhost())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = make_server("localhost", 0, app, threaded=True, ssl_context=context)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
    monkeypatch.setitem(app.config, "PUBLIC_URL", f"https://localhost:{server.port}")
    yield server
    server.shutdown()
    server.server_close()


def _for_localhost():
    """A key and a certificate of localhost."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*form) + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def bought(play, smtp):
    """An order was paid by the sandbox and sent back, letters went out."""
    play.shelves(mug=9)
    placed = play.quickly_paid(mug=1)
    play.ask_refund(play.order_of(placed.bill), 500)
    play.run("send_refunds")
    play.run("deliver_events")
    return play


@pytest.fixture
def right(bought, tls):
    """A shop in which everything is right."""
    lease.take(runner.LEASE, "somebody", runner.LASTING)
    return bought


def seen() -> dict[str, bool | None]:
    """What the checks say of the sandbox."""
    return {name: found.ok for name, found in going_live.look(sandbox()).items()}


def only(*red: str) -> dict[str, bool | None]:
    """All green but these."""
    return {**GREEN, **dict.fromkeys(red, False)}


def test_everything_is_right(right):
    """ADM-11: each check is green."""
    found = going_live.look(sandbox())
    assert {name: one.ok for name, one in found.items()} == GREEN, found
    assert all(one.says for one in found.values())


def test_the_page_and_the_command_say_the_same(right):
    """ADM-11: a button looks, what was found stays with the service, the trail has it; the command prints it."""
    owner = comes_in(right)
    page = owner.get("/admin/payments/services/sandbox/go-live")
    assert page.has("Nothing was looked at yet")
    page = owner.press("Look now")
    assert page.steps == [303, 200] and page.has("Everything is right"), page.text
    assert trail()[-1] == "look before going live: payment service sandbox"
    assert set(sandbox().checklist["rows"]) == set(going_live.CHECKS)
    said = right.app.test_cli_runner().invoke(args=["gateways", "check", "sandbox"])
    assert said.exit_code == 0
    for name, row in sandbox().checklist["rows"].items():
        assert f"{name:13}" in said.output and row["says"] in said.output


# --- one thing is broken


def test_settings_are_missing(right):
    """ADM-11, CNF-12: what keeps the gateway from being used is named."""
    with transaction():
        payments.config_to_change("sandbox").secrets = {}
    assert seen() == only("ready")


@pytest.mark.parametrize("lacks", [{"legal_name": ""}, {"address": ""}, {"name": seller.NEW}, seller.DEMO])
def test_the_seller_is_not_named(right, lacks):
    """ADM-11: facts that are missing, that a new shop begins with, or that are those of the shop to try."""
    right.shop(**lacks)
    assert seen() == only("seller")


def test_the_seller_has_not_written_the_terms(right):
    """ADM-11: a text that every shop should have is not there, and is named."""
    with transaction():
        store.remove_page("terms")
    found = going_live.look(sandbox())["seller"]
    assert found.ok is False and "Terms" in found.says and "Address" not in found.says
    assert going_live.seller(facts(unsaid=("Terms",))).ok is False


def test_the_address_has_no_tls(right, monkeypatch):
    """ADM-11: the shop answers, but not over TLS."""
    monkeypatch.setitem(right.app.config, "PUBLIC_URL", right.url)
    assert seen() == only("address")


def test_the_address_has_a_certificate_of_nobody(right, monkeypatch):
    """ADM-11: TLS with a certificate that nobody believes is no TLS."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    assert seen() == only("address")


def test_the_address_leads_elsewhere(right, monkeypatch):
    """ADM-11: somebody answers, but it is not this shop."""
    elsewhere = make_server("127.0.0.1", 0, Response("Welcome to nginx"), threaded=True)
    threading.Thread(target=elsewhere.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setitem(right.app.config, "PUBLIC_URL", f"http://127.0.0.1:{elsewhere.port}")
    assert "not as this shop does" in going_live.look(sandbox())["address"].says
    elsewhere.shutdown()
    elsewhere.server_close()


def test_nobody_answers(right, monkeypatch):
    """ADM-11: a name that leads nowhere, a port that is closed."""
    monkeypatch.setitem(right.app.config, "PUBLIC_URL", "https://127.0.0.1:9")
    assert seen() == only("address")


def test_signatures_are_wrong(right):
    """ADM-11, NOT-11: since the key was replaced, nothing was verified, and what came was refused."""
    with transaction():
        config = payments.config_to_change("sandbox")
        keys.put_secret(config, "key", "not the one of the service")
        keys.forget_old(config, "key")
    assert seen() == only("signature"), "nothing came yet"
    play = right
    body = b"kind=notify&reference=K1001-1&signature=00"
    assert play.notify(body).status == 400
    found = going_live.look(sandbox())["signature"]
    assert found.ok is False and "refused" in found.says


def test_a_stranger_does_not_turn_it_red(right):
    """ADM-11: a forged message after a verified one says nothing about the keys."""
    assert right.notify(b"kind=notify&reference=K1001-1&signature=00").status == 400
    assert seen() == GREEN


@pytest.mark.parametrize("apart", [timedelta(minutes=3), timedelta(minutes=-3)])
def test_clocks_differ(context, apart):
    """ADM-11: of the machine, of the database, of the public address."""
    assert going_live.clocks(facts()).ok
    assert going_live.clocks(facts(database=NOW + apart)).ok is False
    dated = Answer(200, {"date": format_datetime(NOW + apart)}, b"")
    assert "180 seconds" in going_live.clocks(facts(answer=dated)).says
    for odd in ({"date": "yesterday"}, {}, {"date": ""}, {"date": "Mon, 99 Xyz 2030 12:00:00 GMT"}):
        assert going_live.clocks(facts(answer=Answer(200, odd, b""))).ok, odd


def facts(**changes) -> live_facts.Facts:
    """Facts of a shop in which nothing has happened."""
    config = GatewayConfig(name="quick", label="Quick", type="quickpay", mode="test", certificates={}, rotation={})
    config.properties, config.secrets = {}, {}
    empty = live_facts.Facts(config, [], None, "closed", NOW, NOW, None, 0, None, None, None, None)
    return replace(empty, **changes)


def test_letters_do_not_go_out(right, smtp):
    """ADM-11: letters stay in a folder, were never sent, or are refused by the mail server."""
    right.app.config["MAIL_URL"] = "file:///tmp/letters"
    assert seen() == only("mail")
    assert going_live.mail(facts()).ok is False
    right.app.config["MAIL_URL"] = "smtp://127.0.0.1:9"
    right.quick_order(mug=1)
    right.run("deliver_events")
    assert seen() == only("mail")
    with transaction():
        db.session.execute(update(OutboxMessage).values(last_error="", status="SENT"))
    assert seen() == GREEN


def test_nobody_runs_the_jobs(right):
    """ADM-11: a scheduler that is silent, or that never was."""
    with transaction():
        db.session.execute(update(JobLease).values(until=clock.now() - timedelta(minutes=3)))
    assert seen() == only("scheduler")
    assert going_live.scheduler(facts()).ok is False


def test_a_certificate_ends(right, context):
    """ADM-11, ADM-08: thirty days ahead it is red; far ahead it is green; without one nothing is needed."""
    for lasting, ok in ((timedelta(days=29), False), (timedelta(days=-1), False), (timedelta(days=40), True)):
        with transaction():
            name = certificates.keep("end.pem", key_pair("shop", lasting))
            payments.config_to_change("sandbox").certificates = {"key_file": name}
        assert seen() == {**GREEN, "certificate": ok}


def test_no_notification_came(right):
    """ADM-11, NOT-12: none at all, or none since the mode was changed; the address to enter is named."""
    with transaction():
        payments.config_to_change("sandbox").last_notice_at = None
    assert seen() == only("notification")
    assert "/payments/sandbox/notify" in going_live.look(sandbox())["notification"].says
    silent = facts()
    silent.config.type = "offline"
    assert going_live.notification(silent).ok is None
    assert going_live.signature(silent) == (None, "It tells nothing that is signed.")


def test_nothing_was_paid_or_nothing_sent_back(play):
    """ADM-11: a payment is not enough, it must have gone back, too."""
    play.shelves(mug=9)
    assert "buy something small" in going_live.look(sandbox())["payment"].says
    placed = play.quickly_paid(mug=1)
    found = going_live.look(sandbox())["payment"]
    assert found.ok is False and f"Order {play.order_of(placed.bill).number} was paid." in found.says


def test_another_mode_begins_anew(right):
    """ADM-10, ADM-11: what was proven in test mode proves nothing for live mode."""
    with transaction():
        config = payments.config_to_change("sandbox")
        wish = payments.Wish(config.label, "live", config.properties)
        payments.change(config, wish)
    assert seen() == only("signature", "notification", "payment")
    assert sandbox().checklist == {}


# --- the keys are tried without the service


TRIED = {  # our request, their message: believed under the key that stands here, and under no other
    "adflex": (None, None),
    "altapay": (None, None),
    "banklink": (True, True),
    "dibs": (True, None),
    "opayo": (True, None),
    "paypal": (None, None),
    "quickpay": (True, True),
    "redsys": (True, True),
    "stripe": (None, True),
    "worldpay": (True, True),
}


def filled_in(kind: str) -> GatewayConfig:
    """A service of this kind with made-up keys."""
    with transaction():
        config = payments.connect("other", kind, kind)
    wish = invented(config)
    with transaction():
        payments.change(payments.config_to_change("other", lock=True), wish)
    return payments.config_to_change("other")


@pytest.mark.parametrize("kind", PLAYERS)
def test_the_keys_are_tried_both_ways(play, context, kind):
    """ADM-11: a form under our key is read and under another refused, and so is a message; what cannot be tried is
    said, and nothing is kept."""
    play.shop()
    tried = try_keys(filled_in(kind))
    assert tried == TRIED[kind]
    assert play.rows_of(SandboxPayment) == 0
    said = going_live.signature(facts(tried=tried, last_message=live_facts.Message(True, NOW)))
    assert said.ok and [said.says.count("Tried here"), said.says.count("Not tried here")] == [
        tried.count(True),
        tried.count(None),
    ]


def test_the_key_of_a_real_bank_is_not_here(play, context):
    """ADM-11: what the bank signs cannot be tried; what we sign is, by our own key."""
    play.shop()
    bank = key_pair("bank")
    found = filled_in("banklink")
    with transaction():
        only = bank[bank.index(b"-----BEGIN CERTIFICATE") :]
        files = {**found.certificates, "bank_certificate": certificates.keep("bank.pem", only)}
        payments.config_to_change("other").certificates = files
    assert try_keys(payments.config_to_change("other")) == (True, None)


class Credulous(QuickPay):
    """Believes whoever comes."""

    def read_notification(self, message):
        """Whatever it is."""
        return base.Reading(base.AUTHENTIC)


class Deaf(QuickPay):
    """Believes nobody."""

    def read_notification(self, message):
        """Whatever it is."""
        raise ValueError("There is no such encoding.")


class Forgetful(QuickPay):
    """Signs its forms with the key of the other way."""

    def begin(self, bill, urls):
        """As usual, and then another checksum."""
        form = super().begin(bill, urls)
        fields = dict(form.fields)
        del fields["checksum"]
        signed = {**fields, "checksum": checksum(fields, self.around.secrets["private_key"])}
        return replace(form, fields=list(signed.items()))


class Stumbling(QuickPay):
    """Cannot use its key."""

    def begin(self, bill, urls):
        """For no bill."""
        raise ValueError("The key is no hexadecimal number.")


@pytest.mark.parametrize(
    ("broken", "tried"),
    [(Credulous, (True, False)), (Deaf, (True, False)), (Forgetful, (False, None)), (Stumbling, (False, None))],
)
def test_a_broken_signature_is_red(play, context, monkeypatch, broken, tried):
    """ADM-11: whichever way is broken, the check is red though a message was verified before."""
    monkeypatch.setitem(GATEWAYS, "quickpay", broken)
    play.shop()
    assert try_keys(filled_in("quickpay")) == tried
    found = going_live.look(payments.config_to_change("other"))["signature"]
    assert found.ok is False and "enter the key anew" in found.says
    heard = facts(tried=Tried(*tried), last_message=live_facts.Message(True, NOW))
    assert going_live.signature(heard).ok is False


def test_the_look_is_for_owners(play):
    """ROL-04: staff do not look, and see no keys."""
    play.shop()
    clerk = comes_in(play, "henry@example.com", "staff")
    for path in ("", "/go-live"):
        assert clerk.get(f"/admin/payments/services/sandbox{path}").status == 403
    assert clerk.get("/admin/payments/services/new").status == 403


def test_every_check_has_a_sentence_and_a_test():
    """ADM-11: nine checks, and who sells; each says what it looks at."""
    assert list(going_live.CHECKS) == [
        *("ready", "seller", "address", "signature", "clocks", "mail", "scheduler", "certificate", "notification"),
        "payment",
    ]
    assert all(check.__doc__ and label for label, check in going_live.CHECKS.values())

"""Connecting a payment service in the admin: its properties, its keys and their rotation, certificates, ways to pay."""

import json
from datetime import timedelta
from functools import cache

import pytest
from sqlalchemy import select

from rehearsing import SETTINGS, rehearse
from storefront import payments, sandbox
from storefront.admin import audit
from storefront.kit import signing
from storefront.kit.db import db, transaction
from storefront.kit.errors import Invalid
from storefront.payments import certificates, keys
from storefront.payments.configs import may_come_from, readers
from storefront.payments.gateways import GATEWAYS, base
from storefront.payments.gateways.properties import ADDRESS, CERTIFICATE, FLAG, SECRET, Property
from storefront.payments.gateways.quickpay import QuickPay, body_checksum
from storefront.payments.models import GatewayConfig, InboxMessage, PaymentMethod
from storefront.sandbox import inventing
from storefront.sandbox.players import PLAYERS

from counter import comes_in, trail

FILLED = {
    "Merchant id": "77",
    "Agreement id of the payment window": "1234",
    "API key of the payment window's user": "the-key-of-the-window",
    "Private key of the account": "the-key-of-the-account",
}


class Bank(base.Gateway):
    """A service that wants files, an address and a flag besides."""

    label = "A bank"
    properties = (
        Property("merchant", "Account", pattern=r"[A-Z]{4}", hint="four capitals"),
        Property("our_key", "Our key", CERTIFICATE),
        Property("their_certificate", "Their certificate", CERTIFICATE, required=False),
        Property("desk", "Desk", ADDRESS, required=False),
        Property("strict", "Strict", FLAG, required=False),
        Property("pin", "Pin", SECRET, required=False),
    )
    addresses = {"page": {"test": "https://test.bank.example/pay", "live": "https://bank.example/pay"}}
    sources = ("192.0.2.0/24", "2001:db8::/32")

    def identify(self, message):
        """Nobody knows."""

    def read_notification(self, message):
        """It never says a word."""
        return base.Reading(base.FORGED)

    def read_return(self, message, bill):
        """Nor does the browser."""
        return base.Hint("return")


key_pair = cache(inventing.key_pair)


@pytest.fixture
def bank(monkeypatch):
    """The bank is one of the types."""
    monkeypatch.setitem(GATEWAYS, "bank", Bank)


@pytest.fixture
def carol(play):
    """Carol, the owner, in a shop with mugs."""
    play.shelves(mug=9)
    return comes_in(play)


def config(name: str) -> GatewayConfig:
    """The service of this name, read afresh."""
    db.session.rollback()
    db.session.expire_all()
    return payments.config_to_change(name)


def connect(carol, kind: str = "QuickPay", name: str = "quick"):
    """A service of this type; its page is looked at."""
    carol.get("/admin/payments/services/new")
    page = carol.press("Connect it", {"Payment service": kind, "Name in addresses": name, "Name for shoppers": kind})
    assert page.steps == [303, 200], page.text
    return page


def test_a_service_is_connected(carol):
    """ADM-01, ADM-02, ADM-03: its type is chosen, its properties typed by the schema; each step is in the trail."""
    page = connect(carol)
    assert page.path == "/admin/payments/services/quick" and page.has("It cannot be used yet")
    assert page.has("/payments/quick/notify") and page.has("Empty: https://payment.quickpay.net")
    page = carol.press("Save service", {**FILLED, "Take the money": "later, when it is captured"})
    assert page.steps == [303, 200] and not page.has("It cannot be used yet")
    found = config("quick")
    assert found.properties == {"merchant": "77", "agreement": "1234", "autocapture": "0"}
    assert not found.active and found.mode == "test"
    assert carol.press("Switch on").has("It is on.") and config("quick").active
    page = carol.get("/admin/payments")
    assert page.has("Payment services") and page.has("QuickPay quick QuickPay test On")
    assert trail()[-3:] == [f"{verb}: payment service quick" for verb in ("connect", "change", "switch on")]


def test_what_is_missing_or_wrong_is_refused(carol):
    """ADM-02, CNF-12: missing, wrong, no address: 400, the sentence at its field, nothing kept."""
    connect(carol)
    page = carol.press("Save service", {**FILLED, "Agreement id of the payment window": ""})
    assert page.status == 400 and page.has("Agreement id of the payment window (agreement) is missing.")
    assert page.title.startswith("Error")
    page = carol.press("Save service", {**FILLED, "Merchant id": "seven"})
    assert page.status == 400 and page.has("does not look right: digits only")
    page = carol.press("Save service", {**FILLED, "Own address for “api”": "gopher://x"})
    assert page.status == 400 and page.has("is not an address")
    assert config("quick").properties == {} and config("quick").secrets == {}
    page = carol.press("Switch on")
    assert page.status == 400 and page.has("is missing.") and not config("quick").active


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Enter a name"),
        ("../up", "Use 2 to 30 small letters"),
        ("new", "Use 2 to 30 small letters"),
        ("Quick", "Use 2 to 30 small letters"),
        ("sandbox", "of this name already"),
    ],
)
def test_a_name_stands_in_addresses(carol, name, words):
    """ADM-02: what cannot stand there, or stands there already, is refused."""
    carol.get("/admin/payments/services/new")
    page = carol.press("Connect it", {"Name in addresses": name, "Name for shoppers": "Quick"})
    assert page.status == 400 and page.has(words)


def test_nobody_sees_a_secret(carol):
    """SEC-09, ADM-02: sealed in the database, shown as "stored since", two letters at most, in no page and no trail."""
    connect(carol)
    carol.press("Save service", FILLED)
    page = carol.get("/admin/payments/services/quick")
    assert page.has("Stored since") and page.has("It ends with ow.") and page.has("It ends with nt.")
    assert "the-key-of" not in page.html
    assert carol.press("Save service", {"Merchant id": "78"}).status == 200
    opened = {name: signing.opened(sealed) for name, sealed in config("quick").secrets.items()}
    assert opened == {"api_key": "the-key-of-the-window", "private_key": "the-key-of-the-account"}
    written = json.dumps([[entry.before, entry.after] for entry in audit.trail()])
    assert "the-key" not in written and all(sealed not in written for sealed in config("quick").secrets.values())
    assert '"new secrets": ["api_key", "private_key"]' in written
    page = carol.press("Save service", {"API key of the payment window's user": "tiny"})
    assert "It ends with ny" not in page.text, "two letters of four would be half of it"


def test_a_bad_save_brings_back_no_secret(carol):
    """SEC-09, ADM-02: the page that comes back with an error has what was typed, other than secrets, and asks for
    these once more; what is stored, which is not what stands there, is not spoken of."""
    connect(carol)
    page = carol.press("Save service", {**FILLED, "Merchant id": "seven", "Private key of the account": ""})
    assert "seven" in page.html and "the-key-of" not in page.html
    assert page.has("API key of the payment window's user: enter it once more")
    assert not page.has("Private key of the account: enter it once more") and not page.has("It cannot be used yet")


# --- keys are replaced


def says(play, key: str, reference: str = "nobody-1") -> str:
    """What becomes of a callback that is signed with this key."""
    body = json.dumps({"id": 1, "order_id": reference, "operations": []}).encode()
    headers = {"Content-Type": "application/json", "QuickPay-Checksum-Sha256": body_checksum(body, key)}
    play.visitor().post("/payments/quick/notify", body, csrf=False, headers=headers)
    db.session.rollback()
    return db.session.scalars(select(InboxMessage.outcome).order_by(InboxMessage.id.desc())).first()


def replaced(carol, *news: str):
    """The private key is replaced by each of these in turn."""
    for new in news:
        carol.get("/admin/payments/services/quick")
        assert carol.press("Save service", {"Private key of the account": new}).status == 200


def test_an_old_key_counts_for_three_days(play, carol):
    """SEC-09, NOT-11: messages under the key before are believed for 72 hours, under no other; then they are not."""
    connect(carol)
    carol.press("Save service", FILLED)
    assert says(play, "the-key-of-the-account") == "NO_EFFECT"
    replaced(carol, "the-new-key-of-the-account")
    assert carol.page.has("The one before counts, too, until")
    assert says(play, "the-new-key-of-the-account") == says(play, "the-key-of-the-account") == "NO_EFFECT"
    assert says(play, "nobody's key") == "REJECTED"
    play.wait(hours=73)
    assert says(play, "the-new-key-of-the-account") == "NO_EFFECT"
    assert says(play, "the-key-of-the-account") == "REJECTED"
    assert play.run("look_after_keys")["done"] == 1
    assert config("quick").rotation["private_key"]["old"] == []
    assert play.run("look_after_keys")["done"] == 0


def test_a_mistake_does_not_lose_the_key_before(play, carol):
    """NOT-11: a key typed wrongly and then rightly: the one that was right before still counts. Three are kept."""
    connect(carol)
    carol.press("Save service", FILLED)
    replaced(carol, "a key with a mistake", "the right new key")
    assert says(play, "the-key-of-the-account") == "NO_EFFECT"
    replaced(carol, "one more", "and one more")
    assert says(play, "the-key-of-the-account") == "REJECTED"
    assert len(config("quick").rotation["private_key"]["old"]) == 3


def test_an_old_key_is_forgotten_at_once(play, carol):
    """SEC-09: a key that leaked is forgotten by a button."""
    connect(carol)
    carol.press("Save service", FILLED)
    replaced(carol, "the-new-key-of-the-account")
    carol.press("Forget the old Private key of the account")
    assert says(play, "the-key-of-the-account") == "REJECTED"
    assert trail()[-1] == "forget old key: payment service quick"


def test_the_same_key_again_is_no_new_one(carol):
    """A form that is sent twice replaces nothing."""
    connect(carol)
    carol.press("Save service", FILLED)
    replaced(carol, "the-key-of-the-account")
    assert config("quick").rotation["private_key"]["old"] == []


def test_a_signed_return_under_an_old_key(play, carol):
    """NOT-11, RET-01: what the browser brings, and who it speaks of, is read under a replaced key, too."""
    bill = play.quickly_at_gateway(mug=1).bill
    brought = play.return_path(bill, **play.message("paid", bill, kind="return"))
    with transaction():
        keys.put_secret(payments.config_to_change("sandbox"), "key", "another key from now on")
    play.gateway_is_away()
    play.visitor().get(brought)
    play.look_again()
    assert (play.last_bill().status, play.last_order().status) == ("PAID", "PROCESSING")


def test_a_secret_is_sealed_anew(play, carol):
    """SEC-09: the same secret, entered once more, is sealed under today's SECRET_KEY, and replaces nothing."""
    connect(carol)
    carol.press("Save service", FILLED)
    before = config("quick").secrets["private_key"]
    replaced(carol, "the-key-of-the-account")
    after = config("quick").secrets["private_key"]
    assert after != before and signing.opened(after) == "the-key-of-the-account"


def test_a_secret_that_cannot_be_opened(play, carol):
    """SEC-09: a SECRET_KEY that is gone: the page says so, and a key that is entered again mends it."""
    connect(carol)
    carol.press("Save service", FILLED)
    with transaction():
        payments.config_to_change("quick").secrets = {"private_key": "sealed with a key that is gone"}
    page = carol.get("/admin/payments/services/quick")
    assert page.has("A stored secret cannot be read") and carol.get("/admin/payments").status == 200
    carol.get("/admin/payments/services/quick")
    assert carol.press("Save service", FILLED).steps == [303, 200]
    assert payments.problems(config("quick")) == []


FERNET = (  # "the-key", sealed by version 0.1.0 under "an old key"
    "gAAAAABrA4GAfjzqZEhkSD5tfDxG23Dq110HgsNAVZyVxtNSYAzkr1eFtKfLRFzGxCaqgX7--gDxqxkl9_LLewWirpSAFqE1lA=="
)


@pytest.mark.parametrize("sealed", [FERNET, None])
def test_a_secret_outlives_the_key_it_was_sealed_under(play, monkeypatch, sealed):
    """SEC-09, OPS-03: a key that was put second opens it, also as an older version sealed it; no other key does."""
    settings = play.app.config
    monkeypatch.setitem(settings, "SECRET_KEYS", ["an old key"])
    sealed = sealed or signing.sealed("the-key")
    monkeypatch.setitem(settings, "SECRET_KEYS", ["a new key", "an old key"])
    assert signing.opened(sealed) == "the-key"
    assert signing.opened(signing.sealed("Schlüssel")) == "Schlüssel"
    monkeypatch.setitem(settings, "SECRET_KEYS", ["a new key"])
    for broken in (sealed, sealed[:-5] + "AAAA=", sealed[:20], "box:", "box:é", "é", ""):
        with pytest.raises(Invalid, match="cannot be read"):
            signing.opened(broken)


def test_an_optional_secret_is_removed(play, at_bank):
    """SEC-09: what is not needed goes; what is needed does not, while the service is on."""
    send(at_bank, "our.pem", key_pair("shop"), Pin="1234")
    assert "pin" in config("bank").secrets and at_bank.press("Remove Pin").has("It is removed.")
    assert config("bank").secrets == {} and trail()[-1] == "remove secret: payment service bank"
    at_bank.get("/admin/payments/services/sandbox")
    page = at_bank.post("/admin/payments/services/sandbox/deed", {"do": "remove", "key": "key"})
    assert page.status == 400 and "key" in config("sandbox").secrets


@pytest.mark.parametrize("do", ["", "dance", "rehearse"])
def test_buttons_that_are_not_there(carol, do):
    """SEC-11: what no button says does nothing."""
    carol.get("/admin/payments/services/sandbox")
    assert carol.post("/admin/payments/services/sandbox/deed", {"do": do}).status == 400
    assert carol.post("/admin/payments/services/nobody/deed", {"do": "on"}).status == 404


# --- files


def send(carol, name: str, content: bytes, field: str = "file_our_key", **typed: str):
    """Save the page of the bank with a file for its key."""
    carol.get("/admin/payments/services/bank")
    form, _button = carol.page.form("Save service")
    values = dict(form.filled({"Account": "SHOP", **typed}))
    return carol._send(
        "POST", "/admin/payments/services/bank", True, data=values, files={field: (name, content, "text/plain")}
    )


@pytest.fixture
def at_bank(carol, bank):
    """Carol has connected the bank."""
    connect(carol, "A bank", "bank")
    return carol


def test_a_file_is_sent(at_bank, app):
    """ADM-06, ADM-07, ADM-08: kept under its name for the shop's eyes only, said what it holds and when it ends."""
    assert send(at_bank, "../../our key.pem", key_pair("shop")).steps == [303, 200]
    assert config("bank").certificates["our_key"] == "our-key.pem"
    path = app.config["DATA_DIR"] / "certificates" / "our-key.pem"
    assert path.stat().st_mode & 0o077 == 0 and path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY")
    assert at_bank.page.has("It holds a private key.") and at_bank.page.has("Its certificate ends on")
    assert "BEGIN" not in at_bank.page.html


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("our.pem", b"\x30\x82 not PEM", "It is no PEM file"),
        ("our.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"),
        ("our.pem", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "cannot be read"),
        ("our.pem", b"x" * (64 * 1024 + 1), "at most 64 KB"),
        ("..", b"", "is called by letters"),
        ("a" * 90 + ".pem", b"", "is called by letters"),
    ],
)
def test_what_is_no_key_is_refused(at_bank, name, content, words):
    """ADM-07, ADM-08, SEC-11: no PEM, unreadable, too large, a name that is none: the page again with the sentence."""
    page = send(at_bank, name, content or key_pair("shop"))
    assert page.status == 400 and page.has(words), page.text
    assert config("bank").certificates == {}


@pytest.mark.parametrize("name", ["../shop.db", "/etc/passwd", "a/../../secret_key", "missing.pem", "x\0y"])
def test_no_name_leads_out_of_the_folder(at_bank, name):
    """ADM-07: only what lies in the folder of certificates is read."""
    at_bank.get("/admin/payments/services/bank")
    page = at_bank.press("Save service", {"Account": "SHOP", "Our key": name})
    assert page.status == 400
    assert config("bank").certificates == {}


def test_a_link_does_not_lead_out_either(app, context):
    """ADM-07: nor does a symbolic link."""
    folder = certificates.folder()
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "link.pem"
    link.unlink(missing_ok=True)
    link.symlink_to("/etc/passwd")
    with pytest.raises(Invalid):
        certificates.path_of("link.pem")
    assert certificates.content_of("link.pem") == b""
    link.unlink()


def test_the_folder_follows_the_setting(app, context, tmp_path, monkeypatch):
    """ADM-06: where DATA_DIR is, there are the certificates."""
    (tmp_path / "certificates").mkdir()
    (tmp_path / "certificates" / "there.pem").write_bytes(b"here")
    assert certificates.content_of("there.pem") == b""
    monkeypatch.setitem(app.config, "DATA_DIR", tmp_path)
    assert certificates.content_of("there.pem") == b"here"


def test_a_new_file_does_not_overwrite_the_old_one(at_bank):
    """ADM-08, SEC-09: another file of the same name gets a name of its own; the old one counts for 72 hours."""
    send(at_bank, "our.pem", key_pair("shop"))
    old = certificates.content_of("our.pem")
    send(at_bank, "our.pem", key_pair("another"))
    found = config("bank")
    assert found.certificates["our_key"] == "our-2.pem" and certificates.content_of("our.pem") == old
    today, before = readers(found)
    assert (today.around.file("our_key"), before.around.file("our_key")) == (certificates.content_of("our-2.pem"), old)
    send(at_bank, "our.pem", old)
    assert config("bank").certificates["our_key"] == "our.pem"


def test_a_key_and_a_certificate_that_are_no_pair():
    """ADM-08: one file with both, of two different pairs, is refused; a key behind a password is a key."""
    (one, two) = (key_pair("shop"), key_pair("another"))
    mixed = (
        one.split(b"-----BEGIN CERTIFICATE")[0] + b"-----BEGIN CERTIFICATE" + two.split(b"-----BEGIN CERTIFICATE")[1]
    )
    assert certificates.contents(one).problem == "" and certificates.contents(one).has_key
    assert "do not belong together" in certificates.contents(mixed).problem


def test_a_certificate_that_ends_is_told(play, at_bank):
    """ADM-08: thirty days ahead in the admin, by the command, and by one letter."""
    send(at_bank, "our.pem", key_pair("shop", timedelta(days=31)))
    assert at_bank.press("Switch on").has("It is on.")
    assert not at_bank.page.has("A certificate ends soon") and play.run("look_after_keys")["done"] == 0
    play.wait(days=2)
    at_bank = comes_in(play)
    for path, words in (
        ("/admin/payments/services/bank", "A certificate ends soon"),
        ("/admin/payments", "The certificate our.pem of A bank ends on"),
        ("/admin/board", "The certificate our.pem of A bank ends on"),
    ):
        assert at_bank.get(path).has(words), at_bank.page.text
    assert at_bank.get("/admin/").has("A certificate of A bank ends soon")
    for _ in range(2):
        play.run("look_after_keys")
        play.run("deliver_events")
    assert play.letters().count("The Test Shop: a certificate of bank ends soon") == 1
    said = play.app.test_cli_runner().invoke(args=["gateways", "check", "bank"])
    assert "our.pem ends within 30 days" in said.output, said.exception


# --- on, off, live


def test_a_rehearsal_does_not_go_live(carol):
    """ADM-10: the addresses at which the sandbox plays the service are none of a service in live mode."""
    connect(carol)
    carol.press("Save service", FILLED)
    carol.press("Fill in a rehearsal")
    page = carol.press("Save service", {"Mode": "live: real money"})
    assert page.status == 400 and page.has("Own address for “page” (page) is the one of the rehearsal")
    assert config("quick").mode == "test"
    own = {"Own address for “page”": "", "Own address for “api”": "", "Mode": "live: real money"}
    page = carol.press("Save service", own)
    assert page.steps == [303, 200] and config("quick").mode == "live" and not page.has("It takes real money")
    page = carol.press("Switch on")
    assert page.has("It takes real money") and page.has("tells shoppers that nothing is charged")


def test_nobody_notifies_of_what_is_done_by_hand(carol):
    """ADM-02, NOT-12: an address for notifications stands only where somebody calls it."""
    assert connect(carol).has("Address for notifications")
    assert not connect(carol, "By hand: bank transfer, on pickup", "transfer").has("Address for notifications")


def test_what_is_on_stays_usable(carol):
    """ADM-02: a change after which a service could not be used is refused while it is on."""
    connect(carol)
    carol.press("Save service", FILLED)
    carol.press("Switch on")
    page = carol.press("Save service", {"Merchant id": ""})
    assert page.status == 400 and page.has("is missing") and config("quick").properties["merchant"] == "77"
    assert carol.get("/admin/payments/services/quick").has("On")
    assert carol.press("Switch off").has("It is off") and not config("quick").active


@pytest.fixture
def live(app):
    """The shop is live for a while."""
    app.config["LIVE"] = True
    yield app
    app.config["LIVE"] = False


class Famous(base.Gateway):
    """Its service publishes a test account."""

    label = "Famous"
    properties = (Property("merchant", "Account", test="999"), Property("key", "Key", SECRET, test="qwerty"))
    capabilities = base.Capabilities(notifies=False)


class Careless(base.Gateway):
    """It says that it can send money back, and cannot."""

    label = "Careless"
    capabilities = base.Capabilities(can_refund=True)


def stands(kind: str, mode: str = "live", active: bool = False, secrets=None, **properties: str) -> None:
    """A configured gateway."""
    with transaction():
        sealed = {name: signing.sealed(value) for name, value in (secrets or {}).items()}
        db.session.add(
            GatewayConfig(
                name=kind, label=kind, type=kind, mode=mode, active=active, secrets=sealed, properties=properties
            )
        )


def refusal(name: str) -> str:
    """What is said when it is switched on."""
    with pytest.raises(Invalid) as refused, transaction():
        payments.switch(name, True)
    return refused.value.message


def test_a_live_shop_refuses_what_is_for_tests(play, live, monkeypatch):
    """ADM-10, BIL-18: the sandbox, test mode, the values of a test account: each refusal names its rule."""
    monkeypatch.setitem(GATEWAYS, "famous", Famous)
    play.shop()
    assert "for tests only" in refusal("sandbox")
    stands("quickpay", mode="test")
    assert "It is in test mode, and this shop is live." in refusal("quickpay")
    stands("famous", merchant="999", secrets={"key": "qwerty"})
    said = refusal("famous")
    assert said.count("is the one of the test account") == 2 and "qwerty" not in said
    with transaction():
        payments.config_to_change("sandbox").active = False
        found = payments.config_to_change("famous")
        found.properties, found.active = {"merchant": "123"}, True
    with pytest.raises(Invalid, match=r"famous: Key \(key\) is the one of the test account"):
        payments.check_live()
    with transaction():
        keys.put_secret(payments.config_to_change("famous"), "key", "our own key")
    payments.check_live()


def test_an_adapter_that_breaks_a_rule_is_not_switched_on(play, live, monkeypatch):
    """ADM-09, NOT-14: what the static conformance checks find is refused in a live shop, with the rule's name."""
    monkeypatch.setitem(GATEWAYS, "careless", Careless)
    play.shop()
    stands("careless")
    said = refusal("careless")
    assert "It breaks the rule it_can_what_it_says" in said and "it_survives_noise" in said
    with transaction():
        payments.config_to_change("sandbox").active = False
        payments.config_to_change("careless").active = True
    payments.check_live()
    with pytest.raises(Invalid, match="it_can_what_it_says"):
        payments.check_live(thoroughly=True)
    ready = play.app.test_cli_runner().invoke(args=["gateways", "check", "careless"])
    assert ready.exit_code == 1 and "it_can_what_it_says" in ready.output


def test_a_live_shop_offers_no_sandbox(play, live):
    """ADM-03, ADM-10: types for tests are not in its list, and nobody plays a service there."""
    assert "sandbox" not in payments.kinds() and "quickpay" in payments.kinds()


def test_every_adapter_of_ours_holds_the_static_rules(play, context):
    """NOT-14: filled in as for a rehearsal, each of them may be switched on."""
    play.shop()
    for kind in PLAYERS:
        with transaction():
            found = payments.connect(f"our-{kind}", kind, kind)
        wish = sandbox.invented(found)
        with transaction():
            payments.change(payments.config_to_change(f"our-{kind}", lock=True), wish)
        assert payments.problems(config(f"our-{kind}")) == [], kind
        assert payments.broken_rules(config(f"our-{kind}")) == [], kind


# --- ways to pay


def test_a_way_to_pay_is_added(play, carol):
    """ADM-04, ADM-05, BIL-15, BIL-16, BIL-17: its card options are typed, shown to the shopper, told to the gateway."""
    carol.get("/admin/payments/services/sandbox")
    page = carol.press("Add a way to pay", {"Name of the way to pay": "Cards"})
    assert page.steps == [303, 200] and page.has("Cards")
    typed = {
        "card_types": ["visa", "dankort"],
        "Ask for the security code": False,
        "Let the payment service keep": True,
    }
    page = carol.press("Save method", {**typed, "Offer it to shoppers": True, "Place in the list": "0"})
    assert page.steps == [303, 200], page.text
    with transaction():
        db.session.scalars(select(PaymentMethod).filter_by(code="card")).one().active = False
        db.session.scalars(select(PaymentMethod).filter_by(code="sandbox")).one().code = "cards"
    anna = play.visitor("anna")
    play.fill_cart(anna, mug=1)
    assert play.to_preview(anna).has("Visa, Dankort")
    fields = dict(play.confirm(anna).bill.extra["form"]["fields"])
    assert (fields["cvv"], fields["keep"], fields["cards"]) == ("0", "1", "visa,dankort")
    anna.press("Continue to payment page")
    assert anna.press("Pay").path.startswith("/orders/") and play.last_bill().status == "PAID"


@pytest.mark.parametrize(
    ("kind", "offered", "cards"),
    [
        ("quickpay", {"card_types"}, "Dankort"),
        ("stripe", {"card_types"}, "UnionPay"),
        ("dibs", {"card_types"}, "Dankort"),
        ("adflex", {"tokenize", "card_types"}, "Bancontact"),
        ("worldpay", {"card_types"}, "Bancontact"),
        ("banklink", set(), ""),
        ("offline", set(), ""),
    ],
)
def test_card_options_are_those_of_the_service(play, carol, kind, offered, cards):
    """ADM-05, BIL-15, BIL-16, BIL-17: what a service cannot be told is not offered, nor a type that it has no name for;
    what was ticked before can be taken away, and the rest is as usual again.
    """
    play.shop()
    with transaction():
        config = payments.connect("another", "Another", kind)
        method = db.session.scalars(select(PaymentMethod).filter_by(code="card")).one()
        method.config, method.card_types, method.ask_cvv, method.tokenize = config, ["cb"], False, True
    page = carol.get(f"/admin/payments/{method.id}")
    shown = {name for name in ("ask_cvv", "tokenize", "card_types") if f'name="{name}"' in page.html}
    assert shown == offered and (not cards or page.has(cards))
    assert ("cannot be told" in page.text) == (kind in ("adflex", "worldpay"))
    assert ('value="bancontact"' in page.html) == (cards == "Bancontact")
    page = carol.press("Save method", {"card_types": ["cb"]} if "card_types" in offered else {})
    assert page.steps == [303, 200], page.text
    db.session.expire_all()
    assert method.card_types == (["cb"] if "card_types" in offered else [])
    assert method.ask_cvv == ("ask_cvv" not in offered) and method.tokenize == ("tokenize" in offered)


def test_usual_cards_say_nothing(play, carol):
    """BIL-15: a form is as it was where nothing is asked for."""
    bill = play.held_order(mug=1).bill
    assert not {"cvv", "keep", "cards"} & {name for name, _value in bill.extra["form"]["fields"]}


def test_a_way_to_pay_without_a_name(carol):
    """ADM-04: the page of its service comes back, and its title says that something is wrong."""
    page = connect(carol)
    page = carol.press("Add a way to pay", {"Name of the way to pay": ""})
    assert page.status == 400 and page.title.startswith("Error") and page.has("Enter a name")


def test_what_is_no_whole_number(carol):
    """ADM-04: the sentence of the field says what to enter; the list shows the places and the limits."""
    method = db.session.scalars(select(PaymentMethod).filter_by(code="card")).one()
    carol.get(f"/admin/payments/{method.id}")
    page = carol.press("Save method", {"Place in the list": "first", "Hours for payments on their way": "many"})
    assert page.status == 400 and page.has("Enter a whole number from 0 to 1000")
    assert page.has("Enter a whole number from 1 to 720") and not page.has("valid integer")
    page = carol.press(
        "Save method",
        {"Place in the list": "7", "Hours for payments on their way": "", "Only for these countries": "lv ee"},
    )
    assert page.path == "/admin/payments" and page.has("Only for LV EE") and page.has("– – 7")


@pytest.mark.parametrize(("typed", "words"), [("lv zz", "codes of countries"), ("LVA", "codes of countries")])
def test_limits_by_country_and_currency(carol, typed, words):
    """ADM-04: codes are kept in capitals; what the world does not know is refused."""
    method = db.session.scalars(select(PaymentMethod).filter_by(code="card")).one()
    carol.get(f"/admin/payments/{method.id}")
    page = carol.press("Save method", {"Only for these countries": typed})
    assert page.status == 400 and page.has(words)
    page = carol.press("Save method", {"Only for these countries": "lv, ee", "Only for these currencies": "eur"})
    db.session.expire_all()
    assert (method.countries, method.currencies) == (["LV", "EE"], ["EUR"])


# --- rehearsal


@pytest.mark.parametrize("kind", SETTINGS)
def test_a_rehearsal_is_filled_in_and_walked_through(play, carol, kind):
    """ADM-10, BIL-01: one button, and a purchase goes through the service's own protocol, offline."""
    label = dict(payments.kinds())[kind]
    connect(carol, str(label), "other")
    page = carol.press("Fill in a rehearsal")
    assert page.steps == [303, 200] and page.has("this shop plays the service now"), page.text
    assert carol.press("Switch on").has("It is on."), carol.page.text
    with transaction():
        card = db.session.scalars(select(PaymentMethod).filter_by(code="card")).one()
        card.config = payments.config_to_change("other")
    placed = play.quickly_at_gateway(mug=1)
    placed.shopper.press("Pay")
    if placed.shopper.page.path.startswith("/sandbox/"):
        placed.shopper.press("Back to the shop")
    if not payments.is_mute(play.last_bill()):  # else nobody tells, and it is entered by hand
        play.until(lambda: play.last_bill().status == "PAID")


def test_a_rehearsal_with_the_certificate_of_a_real_bank(play, carol):
    """ADM-10: whoever plays the bank needs its key: a made-up bank takes the place of one that gave its certificate."""
    connect(carol, "Bank link (iPizza)", "other")
    pem = key_pair("bank")
    with transaction():
        real = certificates.keep("bank.pem", pem[pem.index(b"-----BEGIN CERTIFICATE") :])
        ours = certificates.keep("ours.pem", key_pair("shop"))
        payments.config_to_change("other").certificates = {"bank_certificate": real, "private_key": ours}
    carol.get("/admin/payments/services/other")
    assert carol.press("Fill in a rehearsal").has("this shop plays the service now")
    files = config("other").certificates
    assert files["private_key"] == ours and files["bank_certificate"].startswith("rehearsal-other")
    assert sandbox.try_keys(config("other")) == (True, True)
    carol.press("Fill in a rehearsal")
    assert config("other").certificates == files


# --- where messages come from


def test_networks_of_a_service(play, at_bank):
    """SEC-05, NOT-11: off by default; on, only what comes from these networks is read."""
    send(at_bank, "our.pem", key_pair("shop"))
    assert at_bank.page.has("192.0.2.0/24, 2001:db8::/32. What comes from elsewhere is kept and refused.")
    found = config("bank")
    inside, outside, nonsense = "192.0.2.77", "127.0.0.1", "somewhere"
    assert all(may_come_from(found, address) for address in (inside, outside, nonsense))
    at_bank.get("/admin/payments/services/bank")
    at_bank.press("Save service", {"Read its notifications only": True})
    found = config("bank")
    assert [may_come_from(found, one) for one in (inside, "2001:db8::1", outside, nonsense, "")] == [
        True,
        True,
        *[False] * 3,
    ]


def test_a_notification_from_elsewhere(play, carol, monkeypatch):
    """SEC-05, NOT-11: right signature, wrong network: kept, refused, and applied later if the merchant says so."""
    monkeypatch.setattr(QuickPay, "sources", ("192.0.2.0/24",))
    connect(carol)
    carol.press("Save service", {**FILLED, "Read its notifications only": True})
    assert says(play, "the-key-of-the-account") == "REJECTED"
    carol.get("/admin/payments/services/quick")
    carol.press("Save service", {"Read its notifications only": False})
    assert says(play, "the-key-of-the-account") == "NO_EFFECT"


def test_a_forwarded_address_is_believed_of_no_stranger(play, carol, monkeypatch):
    """SEC-05: X-Forwarded-For counts only behind a proxy that the merchant has named."""
    monkeypatch.setattr(QuickPay, "sources", ("192.0.2.0/24",))
    connect(carol)
    carol.press("Save service", {**FILLED, "Read its notifications only": True})
    page = play.visitor().post(
        "/payments/quick/notify", b"{}", csrf=False, headers={"X-Forwarded-For": "192.0.2.1", "X-Real-Ip": "192.0.2.1"}
    )
    assert page.status == 400
    db.session.rollback()
    assert db.session.scalars(select(InboxMessage.remote_addr).order_by(InboxMessage.id.desc())).first() == "127.0.0.1"


def test_too_much_and_too_often(play, carol, rate_limits):
    """SEC-06, NOT-06: a body of more than 256 KB is not stored; whoever calls without end is slowed down."""
    connect(carol)
    carol.press("Save service", FILLED)
    before = play.rows_of(InboxMessage)
    stranger = play.visitor()
    assert stranger.post("/payments/quick/notify", b"x" * (256 * 1024 + 1), csrf=False).status == 413
    assert play.rows_of(InboxMessage) == before
    client = play.app.test_client()
    statuses = [client.post("/payments/nobody/notify", data=b"x").status_code for _ in range(605)]
    assert set(statuses[:590]) == {404} and statuses[-1] == 429


def returns(play, kind, body, calls):
    """What is answered to so many calls of a way back that nobody knows, through a service of this kind."""
    play.shop()
    rehearse(play, kind)
    client, form = play.app.test_client(), {"Content-Type": "application/x-www-form-urlencoded"}
    path = "/payments/other/return/nobodys-key/ok"
    return [client.post(path, data=body, headers=form).status_code for _ in range(calls)]


@pytest.mark.parametrize(
    ("kind", "body", "often"),
    [("altapay", b"shop_orderid=nobodys", 600), ("banklink", b"VK_AUTO=N", 60), ("quickpay", b"VK_AUTO=Y", 60)],
)
def test_ways_back_that_a_server_brings_are_as_busy_as_notifications(play, rate_limits, kind, body, often):
    """NOT-06, SEC-06: one address brings the results of all shoppers there; browsers keep their own limit."""
    answers = returns(play, kind, body, often + 5)
    assert set(answers[: often - 10]) == {404} and answers[-1] == 429


def test_the_server_of_a_bank_is_no_browser(play, rate_limits):
    """NOT-06: what says that it comes from the bank's server is heard like a notification, and as often."""
    assert set(returns(play, "banklink", b"VK_AUTO=Y", 80)) == {400}


def test_a_way_back_of_an_unknown_service_is_slowed_down_too(play, rate_limits):
    """SEC-06: whoever names a service that does not exist gains nothing."""
    client = play.app.test_client()
    statuses = [client.get("/payments/nobody/return/key/ok").status_code for _ in range(65)]
    assert set(statuses[:55]) == {404} and statuses[-1] == 429

"""DIBS FlexWin's protocol: the conformance kit, the published example, the tables, and what its servers answer."""

import hashlib
from base64 import b64encode
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlencode

import pytest

from storefront.payments.errors import DECLINES, GatewayError
from storefront.payments.gateways import base, conformance, dibs_words as words
from storefront.payments.gateways.base import CardWish, Message
from storefront.payments.gateways.dibs import Dibs
from storefront.payments.gateways.dibs_api import double_md5
from storefront.payments.gateways.references import compact
from storefront.payments.gateways.stand import OTHER, OURS, URLS

SETTINGS = {"merchant": "90000001", "api_user": "shop"}
SECRETS = {
    "key1": "a key of thirty-two letters, one!",
    "key2": "a key of thirty-two letters, two!",
    "api_password": "pw",
}
PAID = {"transact": "11399459", "status": "2"}


def result_key(told, secrets=SECRETS):
    """What DIBS writes below a result: made without the adapter."""
    amount = int(told["amount"]) + int(told.get("fee", 0))
    text = f"transact={told['transact']}&amount={amount}&currency={told['currency']}"
    inner = hashlib.md5((secrets["key1"] + text).encode()).hexdigest()
    return hashlib.md5((secrets["key2"] + inner).encode()).hexdigest()


def callback(bill=OURS, secrets=SECRETS, **more):
    """DIBS calls back, in ISO-8859-1."""
    told = {
        "transact": PAID["transact"],
        "orderid": compact(bill, 20),
        "amount": str(bill.amount_minor),
        "currency": words.NUMBERS[bill.currency],
        "statuscode": "2",
        "paytype": "VISA",
        "billingFirstName": "Åse",
        **more,
    }
    told.setdefault("authkey", result_key(told, secrets))
    body = urlencode(told, encoding="latin-1").encode()
    return Message("POST", "", body, {"content-type": "application/x-www-form-urlencoded"})


def said(channel, word, bill, secrets):
    """What DIBS really sends: nothing after a refusal, and the browser brings the same as the callback."""
    return callback(bill, secrets) if word == "paid" else Message("POST", "", b"")


def server(answers=None, asked=None):
    """A DIBS that knows one transaction, of our order; or that answers these texts by the end of the address."""

    def send(method, url, data=None, headers=None):
        fields = dict(parse_qsl(data))
        if asked is not None:
            asked.append((method, url, fields, headers))
        path = url.rsplit("/", 1)[1]
        if answers and path in answers:
            return reply(answers[path])
        ours = fields.get("orderid") == compact(OURS, 20)
        return reply(urlencode(PAID) if path == "transinfo.cgi" and ours else "5" if path == "transstatus.pml" else "")

    return send


def reply(text, status=200):
    """An HTTP answer."""
    if isinstance(text, Exception):
        raise text
    return SimpleNamespace(status=status, headers={}, body=text.encode())


STAND = conformance.Stand(Dibs, SETTINGS, SECRETS, said, currencies=("EUR", "JPY", "KWD"), proves=server())
BEGUN = replace(OURS, gateway_reference=compact(OURS, 20))


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_it_conforms(bare_app, check):
    """It holds what every gateway must hold (NOT-07, NOT-14, ADM-03)."""
    with bare_app.app_context():
        check(STAND)


def test_the_published_example_is_signed_alike():
    """The call to FlexWin on tech.dibspayment.com/D2/Hosted/Md5_calculation has this key (NOT-11)."""
    text = "merchant=90000001&orderid=12345678&currency=208&amount=100"
    keys = "Gh0VOYNRW5?F%vCqt}BR~lPMrk4VT&o6", "-UbXVIo#n8~~1GO~vr;}XG_1{qu21Gc2"
    assert double_md5(text, *keys) == "158a668ebc50d3c2fe1a393692a883f3"


def test_the_form_is_signed_over_its_order_and_sum(bare_app):
    """The key covers merchant, order, currency and sum; blanks around a pasted key do no harm (ADM-02)."""
    with bare_app.app_context():
        form = STAND.gateway().begin(OURS, URLS)
        blanks = replace(STAND, secrets={**SECRETS, "key1": f" {SECRETS['key1']}\n"}).gateway().begin(OURS, URLS)
    told = dict(form.fields)
    signed = {name: told[name] for name in ("merchant", "orderid", "currency", "amount")}
    text = "&".join(f"{name}={value}" for name, value in signed.items())
    assert signed == {"merchant": "90000001", "orderid": form.reference, "currency": "978", "amount": "4290"}
    assert told["md5key"] == double_md5(text, SECRETS["key1"], SECRETS["key2"]) == dict(blanks.fields)["md5key"]
    assert (told["test"], told["uniqueoid"], told["capturenow"]) == ("yes", "1", "1")
    assert form.reference.isalnum() and form.hosts == ("https://payment.architrade.com",)


def test_types_of_cards_are_told_beside_what_is_signed(bare_app):
    """BIL-17: `paytype` names them, those of a country too; the key is the same with it and without."""
    with bare_app.app_context():
        usual, wished = (
            dict(STAND.gateway().begin(replace(OURS, card=CardWish(types=types)), URLS).fields)
            for types in ([], ["visa", "dankort", "discover"])
        )
    assert wished.pop("paytype") == "VISA,VISA(DK),VISA(SE),ELEC,DK,V-DK"
    assert wished == usual


@pytest.mark.parametrize("facts", [{"amount_minor": 1_715_000_001}, {"currency": "XTS"}])
def test_what_dibs_does_not_take_is_not_begun(bare_app, facts):
    """ERR-01: too large a sum, or a currency without a number."""
    with bare_app.app_context(), pytest.raises(GatewayError):
        STAND.gateway().begin(replace(OURS, **facts), URLS)


# --- the order of a result is not signed


def test_the_result_of_one_order_does_not_pay_another(bare_app):
    """A genuine result under another order id, of the same sum, is refused: DIBS names no such transaction (NOT-11)."""
    moved = callback(orderid=compact(replace(OTHER, amount_minor=4290), 20))
    with bare_app.app_context():
        assert STAND.gateway().read_notification(moved).verdict == base.UNDECIDED
        other = server({"transinfo.cgi": "transact=222222&status=2"})
        assert STAND.gateway(send=other).read_notification(callback()).verdict == base.FORGED


@pytest.mark.parametrize(
    ("answer", "verdict", "word"),
    [
        ("transact=11399459&status=1", base.AUTHENTIC, base.AUTHORIZED),
        ("transact=11399459&status=2", base.AUTHENTIC, base.PAID),
        ("transact=11399459&status=3&approvalcode=1", base.AUTHENTIC, base.PENDING),
        ("transact=11399459&status=0", base.UNDECIDED, None),
        ("transact=222222&status=0", base.UNDECIDED, None),
        ("", base.UNDECIDED, None),
        ("transact=11399459&status=9", base.UNDECIDED, None),
        ("<html>transact=11399459&status=2</html>", base.UNDECIDED, None),
        (GatewayError("down"), base.UNDECIDED, None),
    ],
)
def test_a_callback_waits_until_dibs_has_confirmed_it(bare_app, answer, verdict, word):
    """What DIBS does not confirm now is neither believed nor thrown away (NOT-11)."""
    with bare_app.app_context():
        reading = STAND.gateway(send=server({"transinfo.cgi": answer})).read_notification(callback())
    assert reading.verdict == verdict
    assert [one.type for one in reading.outcomes] == ([word] if word else [])


@pytest.mark.parametrize(
    "message",
    [
        callback(authkey=""),
        callback(authkey="ÿ" * 32),
        callback(secrets={"key1": "", "key2": ""}),
        callback(amount="-1", authkey="0" * 32),
        callback(amount="9" * 40, authkey="0" * 32),
        replace(callback(), body=callback().body + b"&amount=1"),
        replace(callback(), query="authkey=1"),
    ],
)
def test_what_is_not_signed_is_not_asked_about(bare_app, message):
    """No key, an empty one, no number, a name twice: forged, and nobody is asked (NOT-11)."""
    asked = []
    with bare_app.app_context():
        assert STAND.gateway(send=server(asked=asked)).read_notification(message).verdict == base.FORGED
    assert not asked


def test_the_key_of_our_own_form_is_no_result(bare_app):
    """NOT-11: the shopper knows `md5key`, and must not get through with it."""
    with bare_app.app_context():
        form = dict(STAND.gateway().begin(OURS, URLS).fields)
        echoed = callback(authkey=form["md5key"], md5key=form["md5key"])
        assert STAND.gateway().read_notification(echoed).verdict == base.FORGED


def test_a_fee_is_part_of_what_is_signed(bare_app):
    """BIL-03: the sum that is told is the one that is signed, so a fee is seen as another sum than that asked for."""
    with bare_app.app_context():
        told = STAND.gateway().read_notification(callback(fee="100")).outcomes
    assert [one.amount_minor for one in told] == [4390]


def live(send, **settings):
    """The adapter of a live shop whose DIBS answers so."""
    around = replace(STAND.gateway(send=send).around, mode="live", settings={**SETTINGS, **settings})
    return Dibs(around)


def modes(gateway, **more):
    """Which money the callback and the question say that it is."""
    told = gateway.read_notification(callback(**more)).outcomes
    return [one.mode for one in (*told, *gateway.query(BEGUN))]


@pytest.mark.parametrize("word", ["yes", "foo", "0", "no"])
def test_test_money_is_not_live_money(bare_app, word):
    """A live shop hears that a payment was a test, whatever the word, and needs an account that refuses them (ADM-10).

    Its callback says so, though no key covers that; and DIBS, asked for it: the one that came may be of the shopper.
    """
    kept = urlencode({"transact": PAID["transact"], "orderid": "x", "test": word})
    with bare_app.app_context():
        gateway = live(server({"callback.cgi": kept}), tests_refused=True)
        assert modes(gateway) == modes(gateway, test=word) == ["test", "test"]
        by_acquirer = live(server({"callback.cgi": kept.replace("test=", "x=") + "&acquirer=TEST"}))
        assert modes(by_acquirer) == ["test", "test"]
        assert "tests_refused" in " ".join(by_acquirer.check()) and not gateway.check()
        assert "test" not in dict(gateway.begin(OURS, URLS).fields)


@pytest.mark.parametrize(
    ("answer", "settings", "mode"),
    [
        (urlencode({"transact": PAID["transact"], "acquirer": "NETS", "test": ""}), {}, "live"),
        ("Transaction 11399459 does not have extended callback element", {"tests_refused": True}, ""),
        ("Transaction 11399459 does not have extended callback element", {}, "test"),
        (urlencode({"transact": "999", "acquirer": "NETS"}), {}, "test"),  # of another one: it shows nothing
        (None, {"api_user": "", "tests_refused": True}, ""),
        (None, {"api_user": ""}, "test"),
    ],
)
def test_money_counts_in_a_live_shop_if_it_is_shown_to_be_real(bare_app, answer, settings, mode):
    """ADM-10: DIBS shows it to the API user, or refuses tests altogether; else it is held back, not counted."""
    asked = []
    with bare_app.app_context():
        assert modes(live(server(answer and {"callback.cgi": answer}, asked), **settings)) == [mode, mode]
    original = [(fields, headers) for _method, url, fields, headers in asked if url.endswith("callback.cgi")]
    assert len(original) == (2 if answer else 0)
    for fields, headers in original:
        assert fields == {"merchant": "90000001", "transact": PAID["transact"]}
        assert headers["Authorization"] == f"Basic {b64encode(b'shop:pw').decode()}"


def test_money_waits_while_dibs_does_not_say_which_it_is(bare_app):
    """ADM-10, NOT-11: the callback is kept and read again; a question has no answer; what is known stays known."""
    with bare_app.app_context():
        silent = live(server({"callback.cgi": GatewayError("down")}), tests_refused=True)
        assert silent.read_notification(callback()).verdict == base.UNDECIDED
        with pytest.raises(GatewayError):
            silent.query(BEGUN)
        assert silent.query(replace(BEGUN, transaction_id=PAID["transact"]))[0].type == base.PAID
        tried = STAND.gateway(send=server({"callback.cgi": GatewayError("not asked in test mode")}))
        assert modes(tried) == ["", ""]


# --- questions and operations


@pytest.mark.parametrize("number", sorted(words.STATES, key=int))
def test_every_state_has_a_word(bare_app, number):
    """ERR-06: each documented state is news in our words, with a reason where it is a refusal."""
    send = server({"transstatus.pml": number})
    with bare_app.app_context():
        (told,) = STAND.gateway(send=send).query(BEGUN)
    assert (told.type, told.amount_minor, told.currency) == (words.STATES[number], 4290, "EUR")
    assert (told.transaction, told.merchant) == ("11399459", "90000001")
    assert (told.error_type in DECLINES) == (told.type == base.DECLINED)


def test_a_payment_has_the_same_name_by_question_and_by_callback(bare_app):
    """NOT-05: one event, one key."""
    with bare_app.app_context():
        by_callback = STAND.gateway().read_notification(callback()).outcomes
        assert STAND.gateway().query(BEGUN) == by_callback


@pytest.mark.parametrize("code", sorted(words.REASONS, key=int))
def test_every_documented_reason_is_one_of_ours(bare_app, code):
    """ERR-06: each code of tech.dibs.dk/toolbox/dibs_error_codes."""
    answers = {"transinfo.cgi": f"transact=1234567&status=0&reason={code}", "transstatus.pml": "1"}
    with bare_app.app_context():
        (told,) = STAND.gateway(send=server(answers)).query(BEGUN)
    assert told.error_type == words.REASONS[code] and told.error_type in DECLINES
    assert told.vendor_code == f"1 {code}"


def test_an_order_that_dibs_does_not_know_is_not_paid(bare_app):
    """NOT-13: no transaction is no news; nonsense is no answer."""
    with bare_app.app_context():
        assert STAND.gateway(send=server({"transinfo.cgi": ""})).query(BEGUN) == []
        for answers in (
            {"transinfo.cgi": "<html>"},
            {"transstatus.pml": "many"},
            {"transinfo.cgi": "transact=x&status=1"},
        ):
            with pytest.raises(GatewayError):
                STAND.gateway(send=server(answers)).query(BEGUN)


@pytest.mark.parametrize(
    ("verb", "path", "signed"),
    [
        ("refund", "cgi-adm/refund.cgi", ("orderid", "transact", "amount")),
        ("capture", "cgi-bin/capture.cgi", ("orderid", "transact", "amount")),
        ("void", "cgi-adm/cancel.cgi", ("orderid", "transact")),
    ],
)
def test_operations_are_signed(bare_app, verb, path, signed):
    """Each names merchant, order and transaction under the key; refund and cancel as the API user (BIL-20, ADM-15)."""
    asked, answers = [], {path.split("/")[1]: "status=ACCEPTED&result=0"}
    about = (BEGUN, "key") if verb == "void" else (BEGUN, 4290, "key")
    with bare_app.app_context():
        result = getattr(STAND.gateway(send=server(answers, asked)), verb)(*about)
    assert result == base.OperationResult(base.DONE, "" if verb == "refund" else "11399459")
    _method, url, fields, headers = asked[-1]
    text = "&".join(f"{name}={fields[name]}" for name in ("merchant", *signed))
    assert url == f"https://payment.architrade.com/{path}"
    assert fields["md5key"] == double_md5(text, SECRETS["key1"], SECRETS["key2"])
    assert ("Authorization" in headers) == path.startswith("cgi-adm")


@pytest.mark.parametrize("code", sorted(words.RESULTS, key=int))
def test_every_result_is_understood(bare_app, code):
    """ADM-15: done, refused, in the batch, or nobody knows."""
    status = "ACCEPTED" if code == "0" else "DECLINED"
    for text in (f"result={code}", f"status={status}&result={code}&message=m"):
        with bare_app.app_context():
            assert STAND.gateway(send=server({"refund.cgi": text})).refund(BEGUN, 1, "k").result == words.RESULTS[code]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("status=DECLINED&result=0", base.REFUSED),
        ("status=ACCEPTED&reason=4", base.UNKNOWN),
        ("result=77", base.UNKNOWN),
        ("", base.UNKNOWN),
        ("<html>Login problems?</html>", base.UNKNOWN),
    ],
)
def test_a_result_that_contradicts_itself_is_not_done(bare_app, text, result):
    """ADM-15: what is not a plain yes is never one."""
    with bare_app.app_context():
        assert STAND.gateway(send=server({"capture.cgi": text})).capture(BEGUN, 4290, "k").result == result


def test_without_the_api_user_nothing_is_sent_back(bare_app):
    """The shop does not offer what it cannot do; the two belong together (ADM-02)."""
    assert not Dibs.can({"merchant", "key1", "key2"}).can_refund and Dibs.can({*SETTINGS, *SECRETS}).can_refund
    with bare_app.app_context():
        alone = STAND.gateway(without="api_password", send=server())
        assert alone.refund(BEGUN, 1, "k").result == base.REFUSED
        assert "api_user" in " ".join(alone.check())

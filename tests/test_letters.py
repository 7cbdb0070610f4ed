"""Letters: each once, after the commit, with what stands in the order; the mail server may be away for hours."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from sqlalchemy import select, update

from storefront import orders
from storefront.catalog.models import Product
from storefront.customers.models import CustomerAddress
from storefront.jobs.letters import GAPS
from storefront.kit import clock, events, mail, money
from storefront.kit.db import db, transaction
from storefront.kit.events import OutboxMessage
from storefront.kit.html import as_text
from storefront.orders.models import Order
from storefront.payments.models import PaymentMethod, Refund

pytestmark = pytest.mark.usefixtures("right_books")
NASTY = 'Bobby "><script>alert(1)</script> & <b>Sons</b>'


def subjects(play):
    """The letters of the shop without its name."""
    return [words.removeprefix("The Test Shop: ") for words in play.letters()]


def parts(letter: EmailMessage) -> tuple[str, str]:
    """The text, and the HTML as it was sent."""
    return letter.get_body(["plain"]).get_content(), letter.get_body(["html"]).get_content()


def read(html: str) -> str:
    """The words of some HTML, for comparing."""
    words = as_text(html.partition("<body>")[2])
    for name, sign in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        words = words.replace(name, sign)
    return words


def in_one_line(text: str) -> str:
    """Text without its line ends."""
    return " ".join(text.split())


# --- which letters there are


def test_the_letters_of_a_whole_purchase(play):
    """RET-08, RET-12, EVT-08: received, receipt, on its way, refunded; one of each however often the jobs run."""
    play.shelves(mug=50)  # so many that the owner is not told of few
    placed = play.quickly_at_gateway(mug=2)
    number = placed.order.number
    play.run("deliver_events")
    placed.shopper.press("Pay", scenario="twice")
    play.wait(seconds=5)
    play.all_jobs()
    with transaction():
        orders.ship(play.last_order().shipments[0].id, carrier="An Post", tracking="RR123456789IE")
    play.ask_refund(play.last_order(), 500)
    for _ in range(3):
        play.all_jobs()
    assert subjects(play) == [
        f"order {number}, not paid yet",
        f"order {number} paid",
        f"order {number} is on its way",
        f"refund for order {number}",
    ]


def test_what_is_paid_at_once_is_not_dunned(play):
    """RET-08: "not paid yet" is written only while it is true."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=1)
    play.run("deliver_events")
    assert subjects(play) == [f"order {placed.order.number} paid"]


@pytest.mark.parametrize(
    ("how", "letters"),
    [
        ("shopper", ["order {}, not paid yet", "order {} cancelled"]),
        ("merchant", ["order {}, not paid yet", "order {} cancelled"]),
        ("time", ["order {}, not paid yet", "order {} cancelled"]),
        ("declined", ["order {}, not paid yet", "order {} was not paid"]),
        ("attention", ["order {}, not paid yet", "we are checking your payment for order {}", "a payment needs you"]),
    ],
)
def test_every_end_has_its_letter(play, how, letters):
    """RET-08, EVT-03: cancelled, failed and needs attention, exactly one each."""
    play.shelves(mug=5)
    placed = play.quick_order(mug=1)
    play.run("deliver_events")
    if how in ("shopper", "merchant"):
        with transaction():
            close = {"shopper": orders.cancel_by_shopper, "merchant": lambda id: orders.cancel_by_merchant(id, "otto")}
            close[how](placed.order.id)
    elif how == "attention":
        play.gateway_says("paid", placed.bill, amount="1")
    elif how == "declined":
        play.gateway_says("declined", placed.bill)
    if how in ("time", "declined"):
        play.wait(minutes=46)
    for _ in range(3):
        play.all_jobs()
    assert subjects(play) == [one.format(placed.order.number) for one in letters]


def test_a_letter_about_closing_says_why(play):
    """RET-08: in words, with what happens to the money."""
    play.shelves(mug=5)
    paid, unpaid = play.quickly_paid(mug=1), play.quick_order(mug=1)
    play.run("deliver_events")
    with transaction():
        orders.cancel_by_merchant(paid.order.id, "otto")
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    play.run("deliver_events")
    by_person, by_time = (parts(letter)[0] for letter in play.mails()[-2:])
    sum_back = money.shown(paid.order.total_minor, "EUR")
    assert f"Your {sum_back} go back to where they came from" in in_one_line(by_person)
    assert "Nothing was charged." in by_time and "put the goods back on the shelf" in in_one_line(by_time)
    assert unpaid.order.number in by_time


def test_a_second_payment_is_told_as_such(play):
    """RAC-12, RET-08: both the shopper and the owner hear of it, in plain words."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=1)
    play.gateway_says("paid", placed.bill, transaction="second", event="second-paid")
    play.run("deliver_events")
    shopper, owner = play.mails()[-2:]
    assert "You paid twice; one comes back" in parts(shopper)[0]
    assert owner["To"] == "shop@example.com" and "/admin/desk/" in parts(owner)[0]


# --- what stands in them


def test_the_receipt_equals_the_order(play):
    """RET-12, CNF-07, ORD-18: number, lines, totals, tax, address, the shop's legal name; text and HTML alike."""
    play.shelves(mug=5, tea_towel=5)
    shopper = play.visitor("alice")
    play.fill_cart(shopper, mug=2, tea_towel=1)
    play.to_preview(shopper, **{"Full name": "Alice Byrne"})
    placed = play.confirm(shopper)
    shopper.press("Continue to payment page")
    shopper.press("Pay")
    play.reprice("mug", 9900)
    play.run("deliver_events")
    order, (letter,) = play.last_order(), play.mails()
    assert (letter["To"], letter["From"]) == ("alice@example.com", "The Test Shop <shop@example.com>")
    text, html = parts(letter)
    sums = (
        order.goods_minor,
        order.shipping_minor,
        order.total_minor,
        order.tax_minor,
        *(x.total_minor for x in order.lines),
    )
    facts = [order.number, "2 x Mug", "1 x Tea towel", "MUG", "TEA-TOWEL", "Standard", "VAT", "Test Shop Ltd"]
    facts += [money.shown(one, "EUR") for one in sums]
    facts += ["Alice Byrne", "1 Quay Street", "Galway", "H91 E2R8", f"{play.url}/orders/{placed.order.key}"]
    for fact in facts:
        assert fact in text, fact
        assert fact.replace(" x ", " × ") in (html if fact.startswith("http") else read(html)), fact
    assert "99.00" not in text + html
    assert play.visitor().get(f"/orders/{order.key}").has(money.shown(order.total_minor, "EUR"))


@pytest.mark.parametrize("kind", ["received", "receipt", "cancelled", "shipped", "refunded", "attention"])
def test_text_and_html_say_the_same(play, kind):
    """RET-12: each sentence and each sum of the text is in the HTML too."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    play.run("deliver_events")
    if kind not in ("received",):
        play.gateway_says("paid", placed.bill, **({"amount": "1"} if kind == "attention" else {}))
    with transaction():
        if kind == "cancelled":
            orders.cancel_by_merchant(placed.order.id, "otto")
        elif kind == "shipped":
            orders.ship(db.session.get(Order, placed.order.id).shipments[0].id, carrier="An Post", tracking="RR1")
    if kind == "refunded":
        refund = play.ask_refund(placed.order, 300)
        with transaction():
            orders.finish_refund(db.session.get(Refund, refund.id), orders.refunding.OperationResult("done", "r1"))
    play.run("deliver_events")
    letters = [one for one in play.mails() if one["To"] == "alice@example.com"]
    text, html = parts(letters[-1])
    words = read(html)
    body, _, footer = text.partition("\n-- \n")
    for row in body.splitlines():
        said = row.strip().replace(" x ", " × ")
        for piece in [] if "http" in said else said.rsplit(": ", 1):
            if piece:
                assert piece.rstrip(",:") in words or all(bit in words for bit in piece.split(", ")), piece
    for row in filter(None, footer.splitlines()):
        assert all(bit in words for bit in row.split(", ")), row
    assert {part for part in text.split() if part.startswith("http")} <= set(html.replace('"', " ").split())


def test_nothing_that_people_typed_becomes_markup(play):
    """Security: names are text in the letter, and no header can be made with them."""
    play.shelves(mug=5)
    play.shop(name="Tea\r\nBcc: everybody@example.com", legal_name="A & B <Ltd>")
    basket = play.filled_basket(mug=1)
    with transaction():
        db.session.execute(update(Product).values(title="Mug <img src=x onerror=alert(1)>\r\nBcc: x@example.com"))
        db.session.execute(update(PaymentMethod).values(label="<i>Card</i>"))
        db.session.execute(update(CustomerAddress).values(name=NASTY))
    order = play.confirm_basket(basket)
    play.gateway_says("paid", play.last_bill())
    play.run("deliver_events")
    (letter,) = play.mails()
    text, html = parts(letter)
    assert "<script" not in html and "<img" not in html and "<i>" not in html and "&lt;script&gt;" in html
    assert NASTY in text
    assert "A &amp; B &lt;Ltd&gt;" in html and "A & B <Ltd>" in text
    assert letter["Bcc"] is None and letter["Subject"] == f"Tea Bcc: everybody@example.com: order {order.number} paid"
    assert not letter.defects and set(letter.keys()) == {
        "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type",
    }  # fmt: skip


@pytest.mark.parametrize("subject", ["a\r\nBcc: x@example.com", "a\nb", "a\r\n\r\nbody", "ü" * 200])
def test_a_subject_stays_one_line(subject):
    """Security: no second header can be written into it."""
    letter = mail.letter(
        to="a@example.com",
        sender=("S\nX: 1", "s@example.com"),
        subject=subject,
        text="t",
        html="<p>t</p>",
        reference="r",
    )
    again = message_from_bytes(letter.as_bytes(), policy=policy.default)
    assert again["Bcc"] is None and again["X"] is None
    assert again["Subject"] == " ".join(subject.split())


# --- how they leave


def test_by_a_real_mail_server(play, smtp):
    """EVT-08: SMTP, both parts, envelope and headers alike."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=1)
    play.run("deliver_events")
    (envelope,) = smtp.letters
    assert (envelope.mail_from, envelope.rcpt_tos) == ("shop@example.com", ["alice@example.com"])
    letter = message_from_bytes(envelope.content, policy=policy.default)
    assert letter["Subject"] == f"The Test Shop: order {placed.order.number} paid"
    assert letter.get_body(["plain"]) and letter.get_body(["html"])


def test_a_refusing_server_is_tried_with_growing_gaps_and_then_given_up(play, smtp):
    """Invariant 42: nothing is lost while the server is away, and nothing is tried for ever."""
    play.shelves(mug=5)
    play.quickly_paid(mug=1)
    smtp.refuse = True
    gaps = []
    for number in range(20):
        counts = play.run("deliver_events")
        row = db.session.scalars(select(OutboxMessage).filter_by(target="receipt")).one()
        if row.status == "FAILED":
            break
        assert (row.status, row.tries) == ("PENDING", number + 1)
        assert counts["failed"] == 1 and "Unavailable" in row.last_error
        assert play.run("deliver_events")["rows"] == 0  # not before its time
        gaps.append(row.next_try_at - clock.now())
        play.wait(seconds=gaps[-1].total_seconds() + 1)
    assert len(gaps) == len(GAPS) and gaps == sorted(gaps)
    assert (row.status, row.tries, row.next_try_at) == ("FAILED", len(GAPS) + 1, None)
    play.wait(days=30)
    smtp.refuse = False
    assert play.run("deliver_events")["done"] == 0
    assert smtp.letters == []


def test_a_server_that_comes_back_gets_the_letter_once(play, smtp):
    """Invariant 42: refused twice, then taken; other letters do not wait for it. INV-42, RULE-09."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=1)
    smtp.refuse = True
    for _ in range(2):
        play.run("deliver_events")
        play.wait(minutes=2)
    smtp.refuse = False
    for _ in range(2):
        play.run("deliver_events")
        play.wait(minutes=2)
    assert len(smtp.letters) == 1
    row = db.session.scalars(select(OutboxMessage).filter_by(target="receipt")).one()
    assert (row.status, row.tries, row.last_error) == ("SENT", 3, "")
    assert play.order_of(placed.bill).status == "PROCESSING"


def test_a_letter_whose_sender_died_is_sent_again_later(play):
    """Invariant 42, CLN-06: claimed and never finished: taken over after a while, not at once."""
    play.shelves(mug=5)
    play.quickly_paid(mug=1)
    with transaction():
        row = db.session.scalars(select(OutboxMessage).filter_by(target="receipt")).one()
        row.status, row.tries, row.next_try_at = "SENDING", 1, clock.now() + GAPS[2]
    play.run("deliver_events")
    assert play.letters() == []
    play.wait(seconds=GAPS[2].total_seconds() + 1)
    play.run("deliver_events")
    assert len(play.letters()) == 1


def test_what_is_rolled_back_is_never_told(play):
    """RAC-15, invariant 42, EVT-01: the letter stands in the same transaction as its event. INV-42."""
    play.shelves(mug=5)
    placed = play.quick_order(mug=1)
    play.run("deliver_events")
    rows = play.rows_of(OutboxMessage)
    with pytest.raises(RuntimeError), transaction():
        orders.cancel_by_shopper(placed.order.id)
        events.record("ORDER_PAID", placed.order.id)
        raise RuntimeError("and then it broke")
    play.run("deliver_events")
    assert play.rows_of(OutboxMessage) == rows
    assert subjects(play) == [f"order {placed.order.number}, not paid yet"]
    assert play.last_order().status == "HOLD"


def test_letters_go_to_a_folder_unless_told_otherwise(play):
    """Default: DATA_DIR/mail, one file a letter, no half-written one beside it."""
    play.shelves(mug=5)
    play.quickly_paid(mug=1)
    play.run("deliver_events")
    folder = play.app.config["DATA_DIR"] / "mail"
    assert play.app.config["MAIL_URL"] == f"file://{folder}"
    assert [file.suffix for file in folder.iterdir()] == [".eml"]

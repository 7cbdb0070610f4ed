"""The gateway's settlement file beside our ledger: what is missing, what differs, fees and payouts to the cent."""

import pytest
from sqlalchemy import func, select

from storefront import payments
from storefront.desk.figures import BadFigure, comma_is_decimal, exact_minor
from storefront.desk.models import Settlement, SettlementFinding
from storefront.desk.statement import COLUMNS, WORDS, BadStatement, read_statement
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.payments.models import Bill, GatewayConfig, InboxMessage, LedgerEntry, Refund

from backstage import Backstage
from counter import CLERK, comes_in
from merchant import at_console, on_desk
from purchases import at_once

PLACE = "/admin/payments/settlements/sandbox"
HEAD = "date,type,reference,transaction,amount,currency,fee,payout"


def exported(play, comma: bool = False) -> str:
    """The file of the sandbox, as its console offers it."""
    return play.visitor("merchant").get(f"/sandbox/settlement.csv{'?comma=1' if comma else ''}").answer.text


def compares(play, text: str | bytes, who=None, **fields):
    """The owner compares a file; gives the page that they see then."""
    carol = who or comes_in(play)
    page = carol.get(PLACE)
    form, _button = page.form("Compare the file")
    data = text if isinstance(text, bytes) else text.encode()
    values = dict(form.filled({})) | fields
    return carol.post(PLACE, data=values, csrf=False, files={"file": ("settlement.csv", data, "text/csv")})


def upload(play, text: str | bytes, who=None, **fields):
    """The same, and then they count what only the file knows; gives the last page."""
    carol = who or comes_in(play)
    page = compares(play, text, carol, **fields)
    return carol.press("Count it") if page.has("Nothing of it is counted yet") else page


def findings(play) -> list[tuple[str, str, int | None, int | None, str]]:
    """The differences of the last file: kind, what, ours, theirs, and what became of it."""
    play.look_again()
    last = select(func.max(Settlement.id)).scalar_subquery()
    found = select(SettlementFinding).filter_by(settlement_id=last).order_by(SettlementFinding.id)
    return [(one.kind, one.what, one.ours_minor, one.theirs_minor, one.became) for one in db.session.scalars(found)]


def figures(play) -> dict:
    """What the last file came to."""
    play.look_again()
    return db.session.scalars(select(Settlement).order_by(Settlement.id.desc())).first().figures


def paid(play: Backstage, **goods):
    """Somebody's paid order."""
    play.shelves(mug=50)
    return play.quickly_paid(**(goods or {"mug": 2}))


def fees(play) -> int:
    """The fees in our ledger, in minor units."""
    play.look_again()
    return int(db.session.scalar(select(func.coalesce(func.sum(LedgerEntry.amount_minor), 0)).filter_by(kind="fee")))


def line_of(bill, **changes) -> str:
    """One row about a bill, as the gateway would write it."""
    amount = bill.amount_minor
    row = {
        "date": f"{bill.created_at:%Y-%m-%d}",
        "type": "payment",
        "reference": bill.reference,
        "transaction": bill.transaction_id or "",
        "amount": f"{amount // 100}.{amount % 100:02}",
        "currency": bill.currency,
        "fee": "0.50",
        "payout": "PO-1",
        **changes,
    }
    return ",".join(row.values())


@pytest.mark.parametrize("comma", [False, True], ids=["points", "commas"])
def test_the_books_agree(play, comma):
    """Payments, refunds and disputes of the sandbox's own file: no difference, fees once, payouts to the cent.
    BIL-10, RULE-08, INV-08."""
    first, second, third = paid(play), paid(play), paid(play)
    play.ask_refund(first.order, 100)
    play.run("send_refunds")
    at_console(play, second.bill, "Charge back", "5.00")
    at_console(play, third.bill, "Charge back", "2.00")
    at_console(play, third.bill, "Dispute won")
    page = upload(play, exported(play, comma))
    assert page.path.startswith(f"{PLACE}/"), page.text[:400]
    assert findings(play) == []
    totals = figures(play)
    assert totals["kinds"] == {"captured": 3, "refunded": 1, "charged_back": 2, "won_back": 1, "payout": 1}
    (payout,) = totals["payouts"]
    assert payout["net"] == payout["stated"] == payout["gross"] - payout["fees"]
    assert fees(play) == payout["fees"] > 0
    assert page.has("None: every row is in the ledger")
    upload(play, exported(play, comma))
    assert (fees(play), figures(play)["new_fees"]) == (payout["fees"], 0)
    assert [message.outcome for message in file_messages(play)] == ["NO_EFFECT", "DUPLICATE"]


def file_messages(play) -> list[InboxMessage]:
    """The files in the inbox, oldest first."""
    play.look_again()
    return list(db.session.scalars(select(InboxMessage).filter_by(method="FILE").order_by(InboxMessage.id)))


def test_money_that_only_the_file_knows_pays_its_order(play):
    """No message came: the row is counted like one, and the order goes on; again, nothing changes. RACE-46, INV-04."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    placed.shopper.press("Pay", scenario="down")
    assert play.last_order().status == "HOLD"
    text = exported(play)
    upload(play, text)
    assert (play.last_order().status, play.last_bill().status) == ("PROCESSING", "PAID")
    assert [row[0::4] for row in findings(play)] == [("missing_here", "applied")]
    causes = [event.cause_inbox_id for event in events.of_order(placed.order.id) if event.type == "BILL_PAID"]
    row = db.session.scalars(select(InboxMessage).filter_by(method="ROW")).one()
    assert (causes, row.outcome, row.bill_id) == ([row.id], "APPLIED", placed.bill.id)
    assert row.url.endswith(", line 2")
    upload(play, text)
    assert (findings(play), play.captured(placed.order)) == ([], placed.order.due_minor)
    play.both_books_agree()


def test_money_for_nothing_that_we_know_goes_to_the_desk(play):
    """An unknown reference: a row on the desk with its sum, once. RACE-29, INV-04, INV-32."""
    placed = paid(play)
    text = "\n".join([HEAD, line_of(placed.bill), line_of(placed.bill, reference="X-9", transaction="tr-9")])
    for _ in range(2):
        upload(play, text)
    assert on_desk(play) == ["unknown_reference"]
    stray = db.session.scalars(select(Bill).filter_by(order_id=None)).one()
    assert (stray.status, stray.disposition, stray.amount_minor) == ("PAID", "QUARANTINED", placed.bill.amount_minor)


def test_a_file_is_compared_before_it_is_counted(play):
    """The first press shows what differs and what would become of it, and changes nothing; the second counts, once.
    BIL-10, INV-04."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    placed.shopper.press("Pay", scenario="down")
    known = paid(play)
    rows = [line_of(placed.bill, transaction="tr-1"), line_of(known.bill), line_of(known.bill, transaction="tr-2")]
    rows += [line_of(known.bill, transaction="re-1", type="refund", amount="1.00")]
    text = "\n".join([HEAD, *rows, line_of(known.bill, reference="X-9", transaction="tr-9")])
    before, carol = play.rows_of(LedgerEntry), comes_in(play)
    page = compares(play, text, carol)
    for words in ("Nothing of it is counted yet", "as if its message had come", "one more payment", "of no order"):
        assert page.has(words), words
    assert (play.rows_of(LedgerEntry), on_desk(play), play.order_of(placed.bill).status) == (before, [], "HOLD")
    assert carol.get(PLACE).has("not counted")
    carol.get(page.path)
    page = carol.press("Count it")
    assert not page.has("Nothing of it is counted yet") and not page.has("Count it")
    assert [row[4] for row in findings(play)] == ["applied", "desk", "applied", "desk"]
    assert (play.order_of(placed.bill).status, fees(play)) == ("PROCESSING", 250)
    assert sorted(on_desk(play)) == ["duplicate_payment", "unknown_reference"]
    after = play.rows_of(LedgerEntry)
    assert carol.post(page.path).status == 200
    assert play.rows_of(LedgerEntry) == after and not carol.get(PLACE).has("not counted")


def test_two_who_count_at_once_count_once(play):
    """The second press finds what the first did. RACE-33, INV-07."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    placed.shopper.press("Pay", scenario="down")
    text, first, second = exported(play), comes_in(play), comes_in(play, "dora@example.com")
    place = compares(play, text, first).path
    second.get(place)
    pages = at_once(lambda: first.press("Count it"), lambda: second.press("Count it"))
    assert [page.status for page in pages] == [200, 200]
    assert (play.last_order().status, play.captured(placed.order)) == ("PROCESSING", placed.order.due_minor)
    assert not first.get(place).has("Nothing of it is counted yet")


def test_money_that_only_a_file_knows_is_never_sent_back_by_itself(play):
    """Neither what fits no order, nor a second payment of one: the owner is told, and decides. INV-04, RACE-29."""
    placed = paid(play)
    strays = [line_of(placed.bill, transaction="tr-2"), line_of(placed.bill, reference="X-9", transaction="tr-9")]
    upload(play, "\n".join([HEAD, line_of(placed.bill), line_of(paid(play).bill), *strays]))
    play.wait(days=16)
    play.run("decide_waiting_money")
    play.run("send_refunds")
    assert (play.rows_of(Refund), sorted(on_desk(play))) == (0, ["duplicate_payment", "unknown_reference"])


@pytest.mark.parametrize("column", ["reference", "transaction"])
def test_a_payment_is_known_by_what_its_gateway_calls_the_attempt(play, column):
    """Some files know no reference of ours, but the name of the session: no difference, and no second money. INV-04."""
    placed = paid(play)
    with transaction():
        db.session.get_one(Bill, placed.bill.id).gateway_reference = "cs_77"
    names = {"reference": "", "transaction": ""} | {column: "cs_77"}
    upload(play, "\n".join([HEAD, line_of(placed.bill, **names)]))
    assert (findings(play), fees(play)) == ([], 50)
    assert db.session.scalars(select(LedgerEntry.bill_id).filter_by(kind="fee")).one() == placed.bill.id


def test_what_a_gateway_calls_the_attempt_is_no_transaction(play):
    """Money that only the file knows, by the name of its session: its true transaction stays to be told. INV-04."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    with transaction():
        db.session.get_one(Bill, placed.bill.id).gateway_reference = "cs_77"
    upload(play, "\n".join([HEAD, line_of(placed.bill, reference="", transaction="cs_77")]))
    bill = play.last_bill()
    assert (play.last_order().status, bill.status, bill.transaction_id) == ("PROCESSING", "PAID", None)


def test_a_file_that_is_not_ours_is_refused(play):
    """Most of its rows are of nothing that we know: the likely cause is told, and nothing stored or counted. INV-08."""
    paid(play)
    kept = play.rows_of(LedgerEntry)
    row = "txn_1,charge,ch_9,Order of Alice,29.90,EUR"
    page = compares(play, f"id,Type,Source,Description,Amount,Currency\n{row}")
    assert page.status == 400
    assert page.has("Of 1 payments and refunds in this file, 1 are of no payment that we know, the first in line 2")
    assert page.has("whether the right columns are named")
    assert (file_messages(play), play.rows_of(Settlement), play.rows_of(LedgerEntry)) == ([], 0, kept)


def test_a_refund_that_only_the_file_knows(play):
    """Made at the console, told by nobody: counted, with its goods asked about. RACE-41."""
    placed = paid(play)
    at_console(play, placed.bill, "Refund", "3.00", quietly=True)
    upload(play, exported(play))
    assert play.last_order().payment_status == "PARTIALLY_REFUNDED"
    assert [row[0:2] for row in findings(play)] == [("missing_here", "refunded")]
    play.both_books_agree()


def test_a_payment_without_a_name_is_not_money_twice(play):
    """Of a bill that is paid, by no transaction: a difference to look into, and no second payment. INV-04, INV-29."""
    placed = paid(play)
    nameless = line_of(placed.bill, transaction="", amount="7.00")
    upload(play, "\n".join([HEAD, line_of(placed.bill), nameless]))
    assert findings(play) == [("missing_here", "captured", None, 700, "")]
    assert (len(play.bills(placed.order)), play.captured(placed.order)) == (1, placed.order.due_minor)
    assert on_desk(play) == []


@pytest.mark.parametrize("named", [True, False], ids=["by their payment", "by nothing"])
def test_refunds_without_names_of_their_own_are_all_counted(play, named):
    """Three in part, two of them alike: each stands in the ledger once, as often as the file comes. INV-04, INV-07."""
    placed = paid(play)
    name = placed.bill.transaction_id or ""
    parts = [
        line_of(placed.bill, type="refund", amount=sum_, transaction=name if named else "", fee="0")
        for sum_ in ("3.00", "2.00", "2.00")
    ]
    text = "\n".join([HEAD, line_of(placed.bill), *parts])
    upload(play, text)
    assert [row[0::4] for row in findings(play)] == [("missing_here", "applied")] * 3
    upload(play, text)
    assert (findings(play), play.ledger_of(placed.bill)["refunded", "EUR"]) == ([], 700)


def test_five_kinds_of_difference(play):
    """Missing here, missing there, another sum, another currency, twice: each is named. INV-04, INV-29."""
    less, dollars, twice, forgotten = paid(play), paid(play), paid(play), paid(play)
    rows = [
        HEAD,
        line_of(less.bill, amount="1.00"),
        line_of(dollars.bill, currency="USD"),
        line_of(twice.bill),
        line_of(twice.bill),
        line_of(twice.bill, reference="X-9", transaction="tr-9", amount="7.00"),
    ]
    page = upload(play, "\n".join(rows))
    due = less.bill.amount_minor
    assert findings(play) == [
        ("amount_differs", "captured", due, 100, ""),
        ("currency_differs", "captured", due, due, ""),
        ("doubled", "captured", None, due, ""),
        ("missing_here", "captured", None, 700, "desk"),
        ("missing_there", "captured", due, None, ""),
    ]
    for words in ("The sums differ", "The currencies differ", "The file has it twice", forgotten.bill.reference):
        assert page.has(words), words
    assert {bill.status for bill in play.bills(less.order)} == {"PAID"}  # a difference alone changes nothing


def test_a_payout_that_is_short_is_told(play):
    """What was paid out is not what its rows come to: the difference stands there, to the cent. INV-08."""
    placed = paid(play)
    rows = [HEAD, line_of(placed.bill), "2026-01-02,payout,,PO-1,-10.00,EUR,,PO-1"]
    page = upload(play, "\n".join(rows))
    (payout,) = figures(play)["payouts"]
    assert (payout["net"], payout["stated"]) == (placed.bill.amount_minor - 50, 1000)
    assert page.has("differs by")


def test_fees_without_a_payment(play):
    """A monthly fee is a row of its own: it stands in the ledger for no bill, once however often the file comes."""
    placed = paid(play)
    rows = [HEAD, line_of(placed.bill), "2026-01-31,fee,Monthly,,-9.90,EUR,,PO-1"]
    for _ in range(2):
        upload(play, "\n".join(rows))
    entries = db.session.scalars(select(LedgerEntry).filter_by(kind="fee").order_by(LedgerEntry.amount_minor)).all()
    assert [(entry.amount_minor, entry.bill_id) for entry in entries] == [(50, placed.bill.id), (990, None)]
    assert figures(play)["payouts"][0]["fees"] == 1040


def test_columns_by_other_names_are_kept(play):
    """The merchant says which column means what; the next file needs no word. BIL-10."""
    placed = paid(play)
    rows = [
        "Buchungstag;Vorgang;Bestellung;Zahlung;Brutto;Waehrung;Gebuehr",
        f"02.01.2026;Zahlung;{placed.bill.reference};{placed.bill.transaction_id};"
        f"{placed.bill.amount_minor // 100},{placed.bill.amount_minor % 100:02};EUR;-0,50",
    ]
    carol = comes_in(play)
    assert upload(play, "\n".join(rows), carol).status == 400
    names = {
        "column-date": "Buchungstag",
        "column-type": "Vorgang",
        "column-reference": "Bestellung",
        "column-transaction": "Zahlung",
        "column-amount": "Brutto",
        "column-currency": "Waehrung",
        "column-fee": "Gebuehr",
        "word-captured": "Zahlung",
    }
    assert upload(play, "\n".join(rows), carol, **names).status == 200
    assert (findings(play), fees(play)) == ([], 50)
    assert upload(play, "\n".join(rows), carol).status == 200
    with transaction():
        kept = db.session.scalars(select(GatewayConfig.settlement).filter_by(name="sandbox")).one()
    assert kept["columns"]["amount"] == "Brutto"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Choose the settlement file first."),
        ("amount,reference", "no row"),
        ("a,b\n1,2", "No column is known as amount, reference or transaction"),
        (f"{HEAD}\n2026-01-02,payment,X,Y,12.345,EUR,,", "Line 2: “12.345” has more decimals than EUR."),
        (f"{HEAD}\n2026-01-02,payment,X,Y,ten,EUR,,", "Line 2: “ten” is no sum."),
        (f"{HEAD}\nyesterday,payment,X,Y,1,EUR,,", "Line 2: “yesterday” is no date"),
        (f"{HEAD}\n2026-01-02,donation,X,Y,1,EUR,,", "Line 2: “donation” is a kind of row"),
        (f"{HEAD}\n2026-01-02,payment,,,1,EUR,,", "Line 2: It names no payment."),
        (f"{HEAD}\n2026-01-02,payment,X,Y,1,EURO,,", "Line 2: “EURO” is no currency."),
        (f"{HEAD}\n2026-01-02,payment,X,Y,-1,EUR,,", "Line 2: A payment cannot be below zero."),
        (b"\x00\x01\x02", "This is no text file."),
        (f"{HEAD}\n" + "2026-01-02,payment,X,Y,x,EUR,,\n" * 40, "Only the first 20 problems are told."),
        (f"{HEAD}\n" + "2026-01-02,payment,X,Y,1,EUR,,\n" * 20_002, "more than 20000 rows"),
        (f"{HEAD}\n" + "x" * 5_000_001, "larger than 5 MB"),
    ],
    ids=lambda value: str(value)[-20:] if isinstance(value, str) and len(value) < 99 else "long",
)
def test_bad_files(play, text, words):
    """Refused with the lines that are wrong, and nothing is stored or counted. INV-08."""
    play.shelves(mug=1)
    page = upload(play, text)
    assert page.status == 400
    assert page.has(words), page.text[:600]
    assert (file_messages(play), play.rows_of(Settlement), play.rows_of(LedgerEntry)) == ([], 0, 0)


def test_only_the_owner_compares_files(play):
    """Staff see neither the page nor the results. ROL-04."""
    paid(play)
    henry = comes_in(play, CLERK, "staff")
    assert henry.get(PLACE).status == 403
    assert comes_in(play).get(f"{PLACE}/999").status == 404


def test_two_uploads_at_once_count_fees_once(play):
    """Both are kept, each fee stands once. RACE-33, INV-07."""
    paid(play)
    text, first, second = exported(play), comes_in(play), comes_in(play, "dora@example.com")
    assert [page.status for page in at_once(lambda: upload(play, text, first), lambda: upload(play, text, second))] == [
        200,
        200,
    ]
    assert fees(play) == figures(play)["payouts"][0]["fees"]


@pytest.mark.parametrize(
    ("text", "currency", "comma", "minor"),
    [
        ("1.234,50", "EUR", True, 123450),
        ("-1,234.50", "EUR", False, -123450),
        ("(12.00)", "EUR", False, -1200),
        ("12,50-", "EUR", True, -1250),
        ("1 234.5", "EUR", False, 123450),
        ("€5", "EUR", False, 500),
        ("5.00 EUR", "EUR", False, 500),
        ("1234", "JPY", False, 1234),
        ("1.234", "KWD", False, 1234),
        ("1’234.50", "CHF", False, 123450),
        ("90071992547409.91", "EUR", False, 9007199254740991),
        ("0.00", "JPY", False, 0),
    ],
)
def test_sums_are_read_exactly(text, currency, comma, minor, context):
    """Every way of writing a sum comes to the same minor units, without rounding. RULE-08, CAT-03."""
    assert exact_minor(text, currency, comma) == minor


@pytest.mark.parametrize("text", ["", "abc", "1.2.3", "12.345", "1e5", "--5", "1,23,4", "٣", "NaN", "9" * 20])
def test_what_is_no_sum_is_refused(text, context):
    """No guess, no rounding. RULE-08."""
    with pytest.raises(BadFigure):
        exact_minor(text, "EUR", False)


@pytest.mark.parametrize(
    ("figures_", "semicolons", "comma"),
    [
        (["1,234.50"], False, False),
        (["1.234,50"], False, True),
        (["12,5"], False, True),
        (["12.50", "1,234"], False, False),
        (["1,234", "12.5"], True, False),
        (["1.234"], True, True),
        (["5"], True, False),
    ],
)
def test_the_decimal_comma_is_recognised(figures_, semicolons, comma):
    """By what cannot be read the other way; where nothing tells, semicolons do. RULE-08."""
    assert comma_is_decimal(figures_, semicolons) is comma


def test_rows_are_read_whole(context):
    """Empty lines, quotes, a byte order mark, Windows letters: the rows are the same."""
    text = '\ufeffDate,Amount,Reference,Fee\r\n\r\n2026-01-02,"1,234.50","Müller, K-1",1.00\r\n'
    for data in (text.encode(), text.lstrip("\ufeff").encode("cp1252")):
        (row,) = read_statement(data, COLUMNS, WORDS, "EUR")
        assert (row.line, row.what, row.reference, row.amount, row.fee) == (3, "captured", "Müller, K-1", 123450, 100)
    with pytest.raises(BadStatement):
        read_statement(b"", COLUMNS, WORDS, "EUR")
    assert payments.configs() == []

"""A settlement file as its gateway writes it, read into rows of whole minor units; or every line that is wrong."""

import csv
import io
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import NamedTuple

from flask_babel import gettext as _, ngettext

from storefront.desk.figures import BadFigure, comma_is_decimal, exact_minor
from storefront.kit.errors import Invalid

LARGEST, MOST_ROWS, MOST_PROBLEMS = 5_000_000, 20_000, 20  # bytes, rows, and how many problems are told
CAPTURED, REFUNDED, CHARGED_BACK, WON_BACK = "captured", "refunded", "charged_back", "won_back"
FEE, PAYOUT = "fee", "payout"
# What we want to know of each row, and how gateways like to call the column.
COLUMNS = {
    "type": "type, category, event, transaction type, balance type",
    "reference": "reference, merchant reference, order reference, order id, order, description",
    "transaction": "transaction, transaction id, id, psp reference, payment id, source",
    "amount": "amount, gross, gross amount, value",
    "currency": "currency, currency code",
    "fee": "fee, fees, commission",
    "date": "date, created, booking date, created date, value date",
    "payout": "payout, payout id, settlement, batch, transfer",
}
# How it calls what a row is.
WORDS = {
    CAPTURED: "payment, charge, capture, captured, sale, settled, paid",
    REFUNDED: "refund, refunded, credit",
    CHARGED_BACK: "chargeback, dispute, charged back",
    WON_BACK: "chargeback_reversal, chargeback reversal, dispute won, dispute reversal",
    FEE: "fee, fees, invoice deduction",
    PAYOUT: "payout, transfer, merchant payout",
}


class BadStatement(Invalid):
    """The file cannot be read. `lines` are pairs of a line's number and a sentence."""

    code = "bad_statement"

    def __init__(self, lines: list[tuple[int, str]]):
        super().__init__(_("The file cannot be read; nothing was compared."))
        self.lines = lines


class Row(NamedTuple):
    """One row; amount and fee in minor units: the amount without its sign, the fee as what it costs us."""

    line: int
    what: str
    reference: str
    transaction: str
    amount: int
    currency: str
    fee: int
    day: date | None
    payout: str


def read_statement(data: bytes, columns: dict[str, str], words: dict[str, str], currency: str) -> list[Row]:
    """The rows of a file. `columns` and `words` name headings and kinds, several with commas between; `currency`
    counts where the file names none. Raises BadStatement.
    """
    head, lines = _table(data)
    places = _places(head, columns)
    kinds = {word: kind for kind, names in words.items() for word in _names(names)}
    reader = _Reader(places, kinds, currency, comma_is_decimal(_figures(lines, places), head.delimiter == ";"))
    rows = [reader.row(number, cells) for number, cells in lines]
    if reader.problems:
        raise BadStatement(reader.problems)
    return _with_costs([row for row in rows if row])


class _Head(NamedTuple):
    names: list[str]
    delimiter: str


def _table(data):
    """The headings, and (line number, cells) of every row that is not empty."""
    if len(data) > LARGEST:
        raise BadStatement([(1, _("The file is larger than %(most)s MB.", most=LARGEST // 1_000_000))])
    text = _text(data)
    delimiter = max(",;\t|", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((reader.line_num, [cell.strip() for cell in cells]))
            if len(found) > MOST_ROWS + 1:
                raise BadStatement([(reader.line_num, _("The file has more than %(most)s rows.", most=MOST_ROWS))])
    except csv.Error as error:
        raise BadStatement([(reader.line_num, _("This is no CSV: %(why)s.", why=error))]) from None
    if len(found) < 2:
        raise BadStatement([(1, _("The file has headings at most, and no row."))])
    return _Head([name.casefold() for name in found[0][1]], delimiter), found[1:]


def _text(data):
    if b"\0" in data:
        raise BadStatement([(1, _("This is no text file."))])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _places(head, columns):
    """Where each thing stands: its name to the number of its column."""
    places = {}
    for thing, names in columns.items():
        there = [name for name in _names(names) if name in head.names]
        if there:
            places[thing] = head.names.index(there[0])
    missing = [] if "amount" in places else [_("amount")]
    if not {"reference", "transaction"} & set(places):
        missing.append(_("reference or transaction"))
    if missing:
        facts = {"missing": ", ".join(missing), "there": ", ".join(head.names)[:300]}
        raise BadStatement([(1, _("No column is known as %(missing)s. The file has: %(there)s.", **facts))])
    return places


def _names(text: str) -> list[str]:
    return [name.strip().casefold() for name in text.split(",") if name.strip()]


def _figures(lines, places) -> Iterable[str]:
    wanted = [places[thing] for thing in ("amount", "fee") if thing in places]
    return (cells[place] for _number, cells in lines for place in wanted if place < len(cells))


class _Reader:
    """Reads row after row, and keeps what is wrong with them."""

    def __init__(self, places, kinds, currency, comma):
        self.places, self.kinds, self.currency, self.comma = places, kinds, currency, comma
        self.problems: list[tuple[int, str]] = []

    def row(self, number, cells):
        if len(self.problems) >= MOST_PROBLEMS:
            return None
        try:
            return self._read(number, {thing: _cell(cells, place) for thing, place in self.places.items()})
        except BadFigure as problem:
            self.problems.append((number, problem.sentence))
            return None

    def _read(self, number, said):
        currency = said.get("currency", "").upper() or self.currency
        if not re.fullmatch(r"[A-Z]{3}", currency):
            raise BadFigure(_("“%(word)s” is no currency.", word=currency[:20]))
        amount = exact_minor(said["amount"], currency, self.comma)
        fee = exact_minor(said.get("fee", "") or "0", currency, self.comma)
        what = self._kind(said.get("type", ""), amount)
        reference, transaction = said.get("reference", "")[:200], said.get("transaction", "")[:200]
        if what not in (FEE, PAYOUT) and not (reference or transaction):
            raise BadFigure(_("It names no payment."))
        day = _day(said.get("date", ""))
        return Row(number, what, reference, transaction, amount, currency, fee, day, said.get("payout", "")[:200])

    def _kind(self, word, amount):
        if not word:
            return CAPTURED if amount >= 0 else REFUNDED
        kind = self.kinds.get(word.casefold())
        if kind is None:
            raise BadFigure(_("“%(word)s” is a kind of row that we do not know.", word=word[:40]))
        return kind


def _cell(cells, place):
    return cells[place] if place < len(cells) else ""


def _day(text):
    """2026-11-22, with a time or not, or 22.11.2026; None for nothing."""
    if not text:
        return None
    for shape, length in (("%Y-%m-%d", 10), ("%d.%m.%Y", 10), ("%Y/%m/%d", 10), ("%Y%m%d", 8)):
        try:
            return datetime.strptime(text[:length], shape).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise BadFigure(_("“%(text)s” is no date like 2026-11-22.", text=text[:40]))


def _with_costs(rows):
    """Some gateways write their fees with a minus, others without: whatever most payments bear is a cost."""
    sign = 1 if sum(row.fee for row in rows if row.what == CAPTURED) >= 0 else -1
    wrong = [
        (row.line, _("A payment cannot be below zero.")) for row in rows if row.what == CAPTURED and row.amount < 0
    ]
    if wrong:
        raise BadStatement(wrong[:MOST_PROBLEMS])
    return [_with_cost(row, sign) for row in rows]


def _with_cost(row, sign):
    if row.what == FEE:  # money that leaves us stands with a minus
        return row._replace(amount=0, fee=-row.amount if row.amount else row.fee * sign)
    return row._replace(amount=abs(row.amount), fee=row.fee * sign)


def problems_in_words(problem: BadStatement) -> list[str]:
    """What is wrong, line by line, and how much of it is told."""
    told = [_("Line %(line)s: %(what)s", line=line, what=sentence) for line, sentence in problem.lines]
    count = len(told)
    if count >= MOST_PROBLEMS:
        told.append(ngettext("Only the first problem is told.", "Only the first %(num)d problems are told.", count))
    return told

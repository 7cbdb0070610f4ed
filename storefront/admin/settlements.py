"""Settlement files of a gateway: upload one, see where it and the ledger differ, and what was done about it."""

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy import select

from storefront import desk, payments, store
from storefront.admin import audit
from storefront.admin.room import bp, deed
from storefront.customers import plain_line
from storefront.desk.matching import MISSING_HERE
from storefront.desk.models import Settlement, SettlementFinding
from storefront.desk.statement import CAPTURED, COLUMNS, WORDS
from storefront.kit.db import db
from storefront.kit.errors import NotFound, ShopError
from storefront.payments.models import Bill

MOST_TAKEN, SHOWN, MOST_LETTERS = 500, 200, 200
KINDS = {
    "missing_here": _l("We did not know of it"),
    "missing_there": _l("The file does not have it"),
    "amount_differs": _l("The sums differ"),
    "currency_differs": _l("The currencies differ"),
    "doubled": _l("The file has it twice"),
}
BECAME = {
    "applied": _l("counted now, as if its message had come"),
    "desk": _l("counted now; it waits on the desk"),
    "known": _l("known after all"),
    "no_payment": _l("its payment is not known: nothing was done"),
}
LABELS = {
    "type": _l("Kind of row"),
    "reference": _l("Our reference"),
    "transaction": _l("Its transaction"),
    "amount": _l("Amount"),
    "currency": _l("Currency"),
    "fee": _l("Fee"),
    "date": _l("Date"),
    "payout": _l("Payout"),
    "captured": _l("A payment"),
    "refunded": _l("A refund"),
    "charged_back": _l("A chargeback"),
    "won_back": _l("A dispute that was won"),
}
WORD_LABELS = {**LABELS, "fee": _l("A fee of its own"), "payout": _l("A payout")}


@bp.get("/payments/settlements/<gateway>")
def settlements(gateway):
    """The files so far, and a place for the next one."""
    return _page(gateway)


@bp.post("/payments/settlements/<gateway>")
def upload_settlement(gateway):
    """Compare a file with the ledger, once or again; what we did not know of is counted."""
    backend, file = payments.config_by_name(gateway).name, request.files.get("file")
    data, name = (file.read(), plain_line(file.filename or "")[-100:]) if file else (b"", "")
    if not data:
        return _page(gateway, [_("Choose the settlement file first.")]), 400
    mapping = {"columns": _typed("column", COLUMNS), "words": _typed("word", WORDS)}
    try:
        rows = desk.read_statement(data, mapping["columns"], mapping["words"], store.current().currency)
    except desk.BadStatement as problem:
        return _page(gateway, [problem.message, *desk.problems_in_words(problem)]), 400
    settlement_id = _compare(backend, name, data, mapping, rows)
    flash(_("The file was compared with the ledger."), "ok")
    return redirect(url_for("admin.settlement", gateway=gateway, settlement_id=settlement_id), code=303)


@bp.get("/payments/settlements/<gateway>/<int:settlement_id>")
def settlement(gateway, settlement_id):
    """What one file came to, and where it differs."""
    found = db.session.get(Settlement, settlement_id)
    if found is None or found.backend != gateway:
        raise NotFound(_("There is no such file."))
    query = select(SettlementFinding, Bill).outerjoin(Bill, Bill.id == SettlementFinding.bill_id)
    findings = db.session.execute(query.filter_by(settlement_id=found.id).order_by(SettlementFinding.id).limit(SHOWN))
    return render_template(
        "admin/settlement.html",
        gateway=gateway,
        settlement=found,
        findings=findings.tuples().all(),
        shown=SHOWN,
        kinds=KINDS,
        became=BECAME,
        labels=WORD_LABELS,
    )


def _compare(backend, name, data, mapping, rows):
    """The file is kept, its news are counted one by one, and the result is written; gives its id."""
    with deed():
        message_id = desk.store_statement(backend, name, data, mapping).id
        audit.record("settlement file", backend, after={"name": name, "rows": len(rows)})
    found = desk.differences(backend, rows)
    taken = {}
    missing = [place for place, difference in enumerate(found) if difference.kind == MISSING_HERE]
    missing.sort(key=lambda place: (found[place].row.what != CAPTURED, place))  # a refund needs its payment
    for place in missing[:MOST_TAKEN]:
        taken[place] = _take_in(backend, found[place], message_id)
    with deed():
        results = [(difference, taken.get(place, "")) for place, difference in enumerate(found)]
        return desk.write_settlement(message_id, name, g.login, rows, results).id


def _take_in(backend, difference, message_id):
    try:
        with deed():
            return desk.take_in_money(backend, difference, message_id)
    except ShopError:
        return "no_payment"


def _typed(kind, known):
    """What stands in the fields: which headings and words mean what."""
    return {name: plain_line(request.form.get(f"{kind}-{name}", ""))[:MOST_LETTERS] for name in known}


def _page(gateway, problems=()):
    config = payments.config_by_name(gateway)
    kept = config.settlement or {}
    typed = request.method == "POST"
    columns = _typed("column", COLUMNS) if typed else kept.get("columns", COLUMNS)
    words = _typed("word", WORDS) if typed else kept.get("words", WORDS)
    return render_template(
        "admin/settlements.html",
        config=config,
        files=desk.settlements_of(config.name),
        problems=list(problems),
        columns=[(name, LABELS[name], columns.get(name, "")) for name in COLUMNS],
        words=[(name, WORD_LABELS[name], words.get(name, "")) for name in WORDS],
    )

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
from storefront.kit.errors import Invalid, NotFound, ShopError
from storefront.payments.models import Bill
from storefront.payments.states import MONEY

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
WOULD = {
    "counted": _l("would be counted, as if its message had come"),
    "second": _l("would be counted as one more payment of it"),
    "nobodys": _l("would be money of no order, and wait on the desk"),
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
    """Compare a file with the ledger, once or again; nothing is counted yet."""
    backend, file = payments.config_by_name(gateway).name, request.files.get("file")
    data, name = (file.read(), plain_line(file.filename or "")[-100:]) if file else (b"", "")
    if not data:
        return _page(gateway, [_("Choose the settlement file first.")]), 400
    mapping = {"columns": _typed("column", COLUMNS), "words": _typed("word", WORDS)}
    try:
        rows = desk.read_statement(data, mapping["columns"], mapping["words"], store.current().currency)
        found = desk.differences(backend, rows)
    except desk.BadStatement as problem:
        return _page(gateway, [problem.message, *desk.problems_in_words(problem)]), 400
    except Invalid as problem:
        return _page(gateway, [problem.message]), 400
    with deed():
        stored = desk.store_statement(backend, name, data, mapping)
        audit.record("settlement file", backend, after={"name": name, "rows": len(rows)})
        settlement_id = desk.write_settlement(stored, name, g.login, rows, found).id
    flash(_("The file was compared with the ledger."), "ok")
    return redirect(url_for("admin.settlement", gateway=gateway, settlement_id=settlement_id), code=303)


@bp.get("/payments/settlements/<gateway>/<int:settlement_id>")
def settlement(gateway, settlement_id):
    """What one file came to, and where it differs."""
    found = _settlement(gateway, settlement_id)
    query = select(SettlementFinding, Bill).outerjoin(Bill, Bill.id == SettlementFinding.bill_id)
    findings = db.session.execute(query.filter_by(settlement_id=found.id).order_by(SettlementFinding.id).limit(SHOWN))
    return render_template(
        "admin/settlement.html",
        gateway=gateway,
        settlement=found,
        findings=[(one, bill, _words(found, one, bill)) for one, bill in findings.tuples()],
        counted=desk.is_counted(found),
        shown=SHOWN,
        kinds=KINDS,
        labels=WORD_LABELS,
    )


@bp.post("/payments/settlements/<gateway>/<int:settlement_id>")
def count_settlement(gateway, settlement_id):
    """What we did not know of is counted, one by one; again, nothing more is."""
    found = _settlement(gateway, settlement_id)
    if not desk.is_counted(found):
        _count(found.id, found.backend, found.message_id, desk.rows_of(found))
        flash(_("What only the file knew is counted."), "ok")
    return redirect(url_for("admin.settlement", gateway=gateway, settlement_id=settlement_id), code=303)


def _count(settlement_id, backend, message_id, rows):
    missing = [(one.row, one) for one in desk.differences(backend, rows) if one.row and one.kind == MISSING_HERE]
    missing.sort(key=lambda pair: (pair[0].what != CAPTURED, pair[0].line))  # a refund needs its payment
    became = {row.line: "" for row, _one in missing}
    for row, one in missing[:MOST_TAKEN]:
        became[row.line] = _take_in(backend, one, message_id)
    with deed():
        desk.finish_settlement(settlement_id, rows, became, whole=len(missing) <= MOST_TAKEN)
        audit.record("count settlement file", backend, after={"file": settlement_id, "rows": len(missing)})


def _settlement(gateway, settlement_id):
    found = db.session.get(Settlement, settlement_id)
    if found is None or found.backend != gateway:
        raise NotFound(_("There is no such file."))
    return found


def _words(settlement, finding, bill):
    """What became of a difference, or would if it were counted now."""
    if finding.kind != MISSING_HERE or finding.became or desk.is_counted(settlement):
        return BECAME.get(finding.became, _("look into it"))
    if finding.what != CAPTURED:
        return WOULD["counted"] if bill else BECAME["no_payment"]
    if bill and bill.status in MONEY:
        return WOULD["second"] if finding.transaction else _("look into it")
    return WOULD["counted"] if bill else WOULD["nobodys"]


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

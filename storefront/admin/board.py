"""The board: every rule of the books in plain words, whether it holds, and where the money is."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _, lazy_gettext as _l, ngettext

from storefront import payments, proof
from storefront.admin import audit
from storefront.admin.room import bp, deed
from storefront.proof.models import ProofResult

THINGS = {
    "order": _l("order"),
    "order_shipment": _l("parcel"),
    "bill": _l("payment attempt"),
    "ledger entry": _l("ledger entry"),
    "message": _l("message"),
    "event": _l("event"),
    "letter": _l("letter"),
    "variant": _l("article"),
    "cart": _l("cart"),
    "desk row": _l("row of the desk"),
    "promotion": _l("promotion"),
    "coupon": _l("code"),
    "gift card": _l("gift card"),
    "entry": _l("entry of the trail"),
    "lease": _l("job"),
}


@dataclass(frozen=True)
class Shown:
    """A line with what the last look found; `result` is None before the first."""

    line: proof.Line
    result: ProofResult | None

    @property
    def is_red(self) -> bool:
        """Whether it was broken."""
        return self.result is not None and not self.result.ok


@bp.get("/board")
def board():
    """Every line, the broken ones first, and the money of each currency."""
    stored = {result.line: result for result in proof.results()}
    lines = sorted((Shown(line, stored.get(line.name)) for line in proof.LINES), key=lambda shown: not shown.is_red)
    return render_template(
        "admin/board.html",
        lines=lines,
        red=sum(shown.is_red for shown in lines),
        checked_at=min((result.checked_at for result in stored.values()), default=None),
        whole_at=min((result.whole_at for result in stored.values() if result.whole_at), default=None),
        elsewhere=proof.ELSEWHERE,
        sums=proof.money(),
        things=THINGS,
        endings=payments.endings(),
        address_of=_address_of,
    )


@bp.post("/board/check")
def check_books():
    """Look now: at everything in a small shop, else at what is new, and soon at everything."""
    whole = proof.is_small()
    found = proof.look_at_all(whole)
    broken = sum(bool(line.count) for line in found)
    with deed():
        proof.keep(found, whole)
        if not whole:
            proof.ask_for_a_whole_look()
        audit.record("check the books", "board", after={"broken": broken})
    if not whole:
        flash(_("What is new was looked at. Everything is looked at within minutes: come back then."), "info")
    elif broken:
        flash(ngettext("%(num)s rule is broken.", "%(num)s rules are broken.", broken), "warn")
    else:
        flash(_("Everything was looked at: the books are right."), "ok")
    return redirect(url_for("admin.board"), code=303)


def _address_of(row):
    """Where staff see the thing that breaks a rule; None where there is no such page."""
    if row["order"]:
        return url_for("admin.order", number=row["order"])
    return url_for("admin.movements", variant_id=row["id"]) if row["thing"] == "variant" else None

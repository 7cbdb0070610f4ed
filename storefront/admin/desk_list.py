"""The desk: everything that waits for a person, the nearest deadline first, and what was decided before."""

from flask import render_template, request, url_for
from flask_babel import gettext as _

from storefront import desk
from storefront.admin import wording
from storefront.admin.room import bp
from storefront.desk.wording import BY_TIME, DECISIONS, SUGGESTIONS
from storefront.kit import clock
from storefront.payments.reasons import REASONS

MOST_PAGES = 1000


@bp.get("/desk")
def desk_list():
    """One list: open or done, all reasons or one."""
    asked = request.args
    done, reason = asked.get("view") == "done", asked.get("reason", "")
    reason = reason if reason in REASONS else ""
    page = _page(asked.get("page", "1"))
    found, more = desk.rows(done=done, reason=reason, page=page)
    return render_template(
        "admin/desk.html",
        rows=found,
        more=more,
        page=page,
        done=done,
        reason=reason,
        reasons=REASONS,
        sums=[] if done else desk.sums(),
        tabs=[
            (_("Open"), url_for("admin.desk_list"), not done, desk.count_open()),
            (_("Done"), url_for("admin.desk_list", view="done"), done, None),
        ],
        address=_address,
        now=clock.now(),
        suggestions=SUGGESTIONS,
        by_time=BY_TIME,
        decisions=DECISIONS,
        words=wording,
    )


def _page(text):
    return min(int(text), MOST_PAGES) if text.isascii() and text.isdigit() and 0 < len(text) < 6 and int(text) else 1


def _address(done, reason, page=1):
    """The address of the list as somebody wishes to see it."""
    wish = {"view": "done" if done else None, "reason": reason or None, "page": page if page > 1 else None}
    return url_for("admin.desk_list", **{name: value for name, value in wish.items() if value})

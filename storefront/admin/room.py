"""The one guarded blueprint: who is let in, what every page shows, and how a change is made."""

from contextlib import contextmanager
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Blueprint, abort, flash, g, redirect, request, session, url_for
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from flask_login import current_user, logout_user

from storefront import store
from storefront.admin.models import StaffUser
from storefront.admin.permissions import OPEN, may
from storefront.kit import clock, events, money
from storefront.kit.db import transaction
from storefront.kit.errors import Conflict, NotFound, ShopError

bp = Blueprint("admin", __name__, url_prefix="/admin")
IDLE = timedelta(hours=12)
SEEN = "staff_seen"  # in the session: when the last page was asked for, in seconds since 1970
LARGE = {  # bytes that may be sent there
    "admin.upload_import": 33_000_000,
    "admin.upload_settlement": 6_000_000,
    "admin.upload_tax_rates": 33_000_000,
    "admin.add_picture": 9_000_000,
}
MENU = (  # groups, each with its links; a group of which nobody may see anything is not shown
    (
        _l("Sell"),
        (
            (_l("Today"), "admin.home"),
            (_l("Orders"), "admin.orders"),
            (_l("Parcels"), "admin.pick_list"),
            (_l("Customers"), "admin.people"),
        ),
    ),
    (
        _l("Goods"),
        (
            (_l("Products"), "admin.products"),
            (_l("Categories"), "admin.categories"),
            (_l("Import and export"), "admin.imports"),
            (_l("Promotions"), "admin.promotions"),
            (_l("Gift certificates"), "admin.certificates"),
        ),
    ),
    (
        _l("Money"),
        (
            (_l("Desk"), "admin.desk_list"),
            (_l("Payment methods"), "admin.methods"),
            (_l("Taxes"), "admin.tax_rates"),
        ),
    ),
    (
        _l("Shop"),
        (
            (_l("Settings"), "admin.settings"),
            (_l("Shipping"), "admin.shipping_regions"),
            (_l("Text pages"), "admin.text_pages"),
            (_l("Staff"), "admin.staff_list"),
            (_l("API tokens"), "admin.tokens"),
            (_l("Webhooks"), "admin.webhooks"),
        ),
    ),
    (
        _l("Look up"),
        (
            (_l("Board"), "admin.board"),
            (_l("Trail of changes"), "admin.trail"),
            (_l("How it works"), "admin.guide"),
        ),
    ),
)


def current_staff() -> StaffUser | None:
    """Whoever is signed in as a member of staff; None for guests and customers."""
    user = current_user._get_current_object()
    return user if isinstance(user, StaffUser) else None


@bp.url_value_preprocessor
def take_large_files(endpoint, values):
    """Files may be larger than forms, but only where they belong and from those who may send them."""
    if endpoint in LARGE and (person := current_staff()) and may(person, endpoint):
        request.max_content_length = LARGE[endpoint]


@bp.before_request
def guard():
    """Nobody passes who is not staff, has been away for long, or has not the role."""
    if request.endpoint in OPEN:
        return None
    person = current_staff()
    if person is None or _been_away():
        if person:
            logout_user()
            session.clear()
            flash(_("You were signed out because nothing happened for 12 hours."), "info")
        here = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("admin.sign_in", next=here), code=303)
    if not may(person, request.endpoint or ""):
        abort(403, description=_("This page is for the owner of the shop. Ask them, or sign in as an owner."))
    g.login = person.login
    return None


def note_presence() -> None:
    """The clock of the idle session starts again; written at most once a minute."""
    now = int(clock.here().timestamp())
    if now - session.get(SEEN, 0) >= 60:
        session[SEEN] = now


def _been_away():
    last = session.get(SEEN)
    if last is None or clock.here().timestamp() - last > IDLE.total_seconds():
        return True
    note_presence()
    return False


@contextmanager
def deed():
    """One change by the member of staff who is signed in: a transaction, and all in it recorded as theirs."""
    with events.acting_as("staff", g.login), transaction("staff_deed") as session_:
        yield session_


def status_of(problem: ShopError) -> int:
    """The status with which a page is shown again that tells of this problem."""
    if isinstance(problem, NotFound):
        return 404
    return 409 if isinstance(problem, Conflict) else 400


@bp.context_processor
def what_every_page_shows():
    """The menu, as far as this person's role goes, and their name."""
    person = current_staff()
    if person is None:
        return {"staff": None, "admin_menu": []}
    groups = [
        (name, [_link(label, endpoint) for label, endpoint in links if may(person, endpoint)]) for name, links in MENU
    ]
    return {"staff": person, "admin_menu": [group for group in groups if group[1]]}


def _link(label, endpoint):
    """What a link of the menu says, where it leads, and whether this page is there or below it."""
    url, here = url_for(endpoint), "/".join(request.path.split("/")[:3])
    return label, url, url.rstrip("/") == here.rstrip("/")


@bp.app_template_filter("whole_day")
def whole_day(day: date) -> str:
    """Sunday 22 November 2026."""
    return format_date(day, "EEEE d MMMM y", locale=str(get_locale() or "en"))


@bp.app_template_filter("clock_time")
def clock_time(moment: datetime) -> str:
    """14:32 by the clocks of the shop."""
    return f"{moment.astimezone(ZoneInfo(store.current().timezone)):%H:%M}"


@bp.app_template_filter("whole_time")
def whole_time(moment: datetime) -> str:
    """2026-11-22 14:32 GMT, by the clocks of the shop: for what is printed and read elsewhere."""
    return f"{moment.astimezone(ZoneInfo(store.current().timezone)):%Y-%m-%d %H:%M %Z}"


@bp.app_template_filter("plain_amount")
def plain_amount(minor: int | None, currency: str) -> str:
    """12.50, for a field; "" for no amount."""
    return "" if minor is None else money.plain(minor, currency)

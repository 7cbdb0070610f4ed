"""Members of staff: how they are made, let in by a one-time link, and shut out again."""

import hmac
import secrets
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from storefront import customers
from storefront.admin import audit
from storefront.admin.models import OWNER, STAFF, StaffUser
from storefront.customers import passwords
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.kit.ids import digest

LINK_LASTS = timedelta(hours=48)
SHORTEST = 12  # letters of a password: more than a customer's, for there is more behind it


def add(login: str, role: str, password: str | None = None) -> StaffUser:
    """A new member of staff, who cannot sign in before there is a password. Raises Invalid, Conflict."""
    login = customers.folded_email(login)
    if role not in (OWNER, STAFF):
        raise Invalid(_("A role is owner or staff."), fields={"role": [_("Choose a role")]})
    password_hash = hashed(password, login) if password is not None else None
    person = StaffUser(login=login, role=role, password_hash=password_hash, created_at=clock.now())
    try:
        with db.session.begin_nested():
            db.session.add(person)
    except IntegrityError:  # there is one, or somebody else has made one in this moment
        sentence = _("%(login)s is a member of staff already.", login=login)
        raise Conflict(sentence, fields={"login": [sentence]}) from None
    audit.record("add", f"staff {login}", after={"role": role})
    return person


def hashed(password: str, login: str) -> str:
    """The hash of a password that will do. Raises Invalid."""
    sentence = passwords.problem_with(password, login)
    if len(password) < SHORTEST:
        sentence = _("Choose a password of at least %(least)d characters", least=SHORTEST)
    if sentence:
        raise Invalid(sentence, fields={"password": [sentence]})
    return passwords.hashed(password)


def everybody() -> list[StaffUser]:
    """All members of staff, in the order of their names."""
    return list(db.session.scalars(select(StaffUser).order_by(StaffUser.login)))


def by_login(login: str) -> StaffUser:
    """The member of staff with this e-mail. Raises NotFound."""
    found = db.session.scalar(select(StaffUser).filter_by(login=login.strip().lower()))
    if found is None:
        raise NotFound(_("There is no member of staff with this e-mail."))
    return found


def new_link(person: StaffUser) -> str:
    """The path of a one-time link by which this person sets a password; an older link stops working.

    Only its hash is kept. Raises Conflict for somebody who is shut out.
    """
    if not person.active:
        raise Conflict(_("%(login)s is shut out: let them in again first.", login=person.login), state="disabled")
    token = secrets.token_urlsafe(24)
    person.invite_hash, person.invite_until = digest(token), clock.now() + LINK_LASTS
    audit.record("link", f"staff {person.login}")
    return f"/admin/invite/{token}"


def invited(token: str) -> StaffUser | None:
    """Whose one-time link this is; None when it was used, is too old, or never was."""
    return db.session.scalar(select(StaffUser).where(*_open(token)))


def accept(token: str, password_hash: str) -> StaffUser | None:
    """Use a one-time link: of two who try, one sets the password and the other gets None."""
    used = db.session.scalar(
        update(StaffUser)
        .where(*_open(token))
        .values(password_hash=password_hash, invite_hash=None, invite_until=None)
        .returning(StaffUser.id)
    )
    return db.session.get(StaffUser, used, populate_existing=True) if used else None


def sign_in(login: str, password: str) -> StaffUser | None:
    """The member of staff with this e-mail and password, or None; in the same time whether or not there is one."""
    person = db.session.scalar(select(StaffUser).filter_by(login=login.strip().lower()))
    right = passwords.fits(person.password_hash if person else None, password)
    return person if person and right and person.is_active else None


def disable(person: StaffUser) -> None:
    """Shut somebody out: their session ends with the next page. Raises Conflict for the last owner.

    The owners are locked, so that two who shut each other out at once leave one.
    """
    owners = select(StaffUser.id).where(StaffUser.role == OWNER, StaffUser.active, StaffUser.password_hash.is_not(None))
    left = db.session.scalars(owners.order_by(StaffUser.id).with_for_update()).all()
    db.session.refresh(person)
    if left == [person.id]:
        raise Conflict(
            _("%(login)s is the only owner: make another one first.", login=person.login), state="last_owner"
        )
    person.active, person.invite_hash, person.invite_until = False, None, None
    audit.record("disable", f"staff {person.login}", {"active": True}, {"active": False})


def enable(person: StaffUser) -> None:
    """Let somebody in again, with the password that they had."""
    person.active = True
    audit.record("enable", f"staff {person.login}", {"active": False}, {"active": True})


def load_user(user_id: str) -> StaffUser | None:
    """The member of staff of a session id "staff:<id>:<epoch>"; None once the password has changed or they are out."""
    kind, _colon, rest = user_id.partition(":")
    number = rest.partition(":")[0]
    if kind != "staff" or not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    person = db.session.get(StaffUser, int(number))
    if person is None or not person.is_active:
        return None
    return person if hmac.compare_digest(person.get_id().encode(), user_id.encode()) else None


def _open(token):
    return StaffUser.invite_hash == digest(token), StaffUser.invite_until > clock.now(), StaffUser.active

"""The form of a promotion: what it is called, when it comes, and how often."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from storefront import store
from storefront.admin.numbers import IntegerField
from storefront.customers import plain_line


def _one_line(text):
    return plain_line(text or "")


class PromotionForm(FlaskForm):
    """What a promotion is called, when it comes, and how often. Its conditions and benefits have forms of their own."""

    name = StringField(
        _l("Name"), [InputRequired(_l("Enter a name")), Length(max=100, message=_l("At most 100 letters"))],
        filters=[_one_line],
    )  # fmt: skip
    label = StringField(
        _l("What shoppers read"), [Length(max=100, message=_l("At most 100 letters"))], filters=[_one_line]
    )
    priority = IntegerField(
        _l("Place in the order"),
        [
            InputRequired(_l("Enter a whole number from 0 to 1000")),
            NumberRange(0, 1000, message=_l("Enter a whole number from 0 to 1000")),
        ],
        default=100,
    )
    exclusive = BooleanField(_l("Stands alone: nothing before it, nothing after it"))
    starts = StringField(_l("Begins"))
    ends = StringField(_l("Ends"))
    limit_total = IntegerField(
        _l("Uses in all"), [Optional(), NumberRange(1, 10**9, message=_l("Enter a whole number from 1 up"))]
    )
    limit_per_customer = IntegerField(
        _l("Uses a customer"), [Optional(), NumberRange(1, 10**9, message=_l("Enter a whole number from 1 up"))]
    )

    def validate_starts(self, field):
        """A day, or a day and an hour, by the clocks of the shop; or nothing."""
        moment_of(field.data)

    def validate_ends(self, field):
        """The same, and later than it begins."""
        ends = moment_of(field.data)
        try:
            starts = moment_of(self.starts.data)
        except ValidationError:
            return
        if starts and ends and ends <= starts:
            raise ValidationError(_("Enter a time after it begins"))

    def values(self):
        """What the form says, as the verbs take it."""
        names = ("name", "label", "priority", "exclusive", "limit_total", "limit_per_customer")
        moments = {"starts_at": moment_of(self.starts.data), "ends_at": moment_of(self.ends.data)}
        return {name: self[name].data for name in names} | moments


def moment_of(text: str | None) -> datetime | None:
    """The moment that was typed by the shop's clocks; None for nothing. Raises ValidationError."""
    typed = (text or "").strip().replace("T", " ")
    if not typed:
        return None
    for shape in ("%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return datetime.strptime(typed, shape).replace(tzinfo=ZoneInfo(store.current().timezone))
        except ValueError:
            continue
    raise ValidationError(_("Enter a day like 2026-11-22, or with the hour: 2026-11-22 18:00"))


def typed(moment: datetime | None) -> str:
    """A moment as it is typed; "" for none."""
    return f"{moment.astimezone(ZoneInfo(store.current().timezone)):%Y-%m-%d %H:%M}" if moment else ""

"""Times as pages and letters show them: by the clocks of the shop, in the reader's language."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import get_locale, gettext as _, ngettext

from storefront.kit import clock, dates
from storefront.store.service import current

HOURS_FROM, DAYS_FROM = 120, 48 * 60  # minutes: from here on hours are told, and then only the day


def day(moment: datetime) -> str:
    """Thu 26 Nov."""
    return dates.day(_there(moment), _locale(), _there(clock.here()))


def hour(moment: datetime) -> str:
    """14:32, or Fri 27 Nov, 14:32 on another day than today."""
    return dates.hour(moment, current().timezone, _locale(), clock.here())


def hour_and_zone(moment: datetime) -> str:
    """14:32 EET: for letters, which may be read anywhere."""
    return f"{hour(moment)} {dates.zone_name(moment, current().timezone)}"


def from_now(moment: datetime) -> str:
    """5 minutes from now; "" when it is over or days away."""
    left = dates.minutes_until(moment, clock.here())
    if not 0 < left < DAYS_FROM:
        return ""
    if left < HOURS_FROM:
        return ngettext("%(num)d minute from now", "%(num)d minutes from now", left)
    return _("about %(hours)s hours from now", hours=round(left / 60))


def arrives(days: int, moment: datetime | None = None) -> str:
    """Thu 26 Nov: the day so many working days after a moment (now) by which a parcel is there."""
    today = _there(clock.here())
    return dates.day(dates.working_days_after(_there(moment) if moment else today, days), _locale(), today)


FILTERS = {"day": day, "hour": hour, "hour_and_zone": hour_and_zone, "from_now": from_now, "arrives": arrives}


def _there(moment):
    return moment.astimezone(ZoneInfo(current().timezone)).date()


def _locale():
    return str(get_locale() or "en")

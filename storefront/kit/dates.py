"""Days and hours as people read them. Pure: the zone, the language and the present moment are handed in."""

from datetime import date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton

SATURDAY = 5


def working_days_after(start: date, days: int) -> date:
    """The day that is so many working days (Monday to Friday) after another."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < SATURDAY
    return day


def day(when: date, locale: str, today: date) -> str:
    """Thu 26 Nov; with the year when it is not this one. Other languages have an order of their own: Do., 26. Nov."""
    this_year = when.year == today.year
    if locale == "en":
        return format_date(when, "EEE d MMM" if this_year else "d MMM y", locale=locale)
    return format_skeleton("MMMEd" if this_year else "yMMMd", when, locale=locale)


def hour(moment: datetime, zone: str, locale: str, now: datetime) -> str:
    """14:32 by the clocks of a zone; with the day before it when that is not today."""
    there, today = moment.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    clock = f"{there:%H:%M}"
    return clock if there.date() == today else f"{day(there.date(), locale, today)}, {clock}"


def zone_name(moment: datetime, zone: str) -> str:
    """What a zone is called at a moment: EET, UTC, +03."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Z}"


def minutes_until(moment: datetime, now: datetime) -> int:
    """How many minutes are left, a begun one counting as whole; 0 when it is over."""
    return max(0, ceil((moment - now).total_seconds() / 60))

"""Where the demo shop sends, and how: an example of each of the five ways to compute a cost."""

from typing import Any

from storefront.kit.db import db
from storefront.shipping.models import ServiceLevel, ShippingRegion
from storefront.taxes.models import TaxCategory

EUROPE = "AT BE BG CY CZ DE DK ES FI FR GR HR HU IE IT LU MT NL PL PT RO SE SI SK".split()
_LOCKER = {"name": "Parcel locker", "carrier": "Omniva", "days": (1, 2), "weight_max_g": 30_000}
_COURIER = {"name": "Courier to the door", "carrier": "DPD", "days": (1, 2)}
_BICYCLE = {"name": "Bicycle courier", "carrier": "Pedals of Rīga", "days": (1, 1), "weight_max_g": 10_000}
_FIXED, _HEAVY, _INSURED = "fixed_price", "base_plus_weight", "base_plus_percent"
REGIONS: tuple[tuple[str, list[str], list[str], list[dict[str, Any]]], ...] = (
    (
        "Latvia",
        ["LV"],
        [],
        [
            _LOCKER | {"params": {"amount_minor": 290}},
            _COURIER | {"params": {"amount_minor": 490}},
        ],
    ),
    (
        "Rīga",
        ["LV"],
        ["1001-1084"],
        [
            _LOCKER | {"params": {"amount_minor": 290}},
            _COURIER | {"params": {"amount_minor": 490}},
            _BICYCLE | {"params": {"amount_minor": 590, "free_from_minor": 8000}},
        ],
    ),
    (
        "Baltic states",
        ["LT", "EE"],
        [],
        [
            _LOCKER | {"days": (2, 3), "params": {"amount_minor": 390}},
            _COURIER | {"days": (2, 3), "params": {"amount_minor": 690}},
        ],
    ),
    (
        "European Union",
        EUROPE,
        [],
        [
            {"name": "Standard", "carrier": "DPD", "days": (4, 7), "params": {"amount_minor": 1290}},
            {
                "name": "Insured",
                "carrier": "DPD",
                "days": (4, 7),
                "method": _INSURED,
                "params": {"amount_minor": 1290, "rate_ppm": 20_000},
            },
            {
                "name": "Express",
                "carrier": "DHL",
                "days": (1, 2),
                "method": _HEAVY,
                "params": {"amount_minor": 1990, "rate_minor": 450, "unit_g": 1000},
                "weight_max_g": 20_000,
            },
        ],
    ),
    (
        "Norway and Switzerland",
        ["NO", "CH"],
        [],
        [
            {
                "name": "By weight",
                "carrier": "DPD",
                "days": (5, 9),
                "method": "per_weight",
                "params": {"rate_minor": 990, "unit_g": 1000},
                "weight_min_g": 1,
                "weight_max_g": 20_000,
            }
        ],
    ),
    (
        "United Kingdom",
        ["GB"],
        ["!BT*"],
        [
            {
                "name": "Standard",
                "carrier": "DPD",
                "days": (5, 9),
                "method": "percent",
                "params": {"rate_ppm": 150_000},
                "weight_max_g": 20_000,
            }
        ],
    ),
)


def make_regions(standard: TaxCategory) -> None:
    """The regions and their levels, in the caller's transaction."""
    for place, (name, countries, postcodes, levels) in enumerate(REGIONS):
        region = ShippingRegion(name=name, countries=countries, postcodes=postcodes, position=place)
        db.session.add(region)
        for position, facts in enumerate(levels):
            least, most = facts["days"]
            columns = {name: value for name, value in facts.items() if name != "days"}
            columns |= {"currency": "EUR", "days_min": least, "days_max": most, "tax_category_id": standard.id}
            region.levels.append(ServiceLevel(position=position, **{"method": _FIXED, **columns}))
    db.session.flush()

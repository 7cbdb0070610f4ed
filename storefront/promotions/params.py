"""What a condition or a benefit wants to be told: named parameters, from which the admin makes a form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l
from flask_babel.speaklater import LazyString

from storefront.kit import money

KINDS = (
    *("skus", "sku", "categories", "number", "amount", "percent", "emails", "countries", "subdivisions"),
    *("day", "weekdays", "promotion", "group"),
)


@dataclass(frozen=True)
class Param:
    """One parameter: under which name it is kept, of which kind it is, and what staff read beside it."""

    name: str
    kind: str
    label: LazyString | str
    hint: LazyString | str = ""
    required: bool = False
    most: int | None = None  # of a number

    def __post_init__(self) -> None:
        assert self.kind in KINDS, f"{self.name} is of a kind that no form knows: {self.kind}"


GOODS = (
    Param("skus", "skus", _l("Only these articles"), _l("SKUs, one a line. Empty with no category: all goods.")),
    Param("categories", "categories", _l("Only these categories"), _l("With everything below them.")),
)
WEEKDAYS = {
    "0": _l("Monday"),
    "1": _l("Tuesday"),
    "2": _l("Wednesday"),
    "3": _l("Thursday"),
    "4": _l("Friday"),
    "5": _l("Saturday"),
    "6": _l("Sunday"),
}


@dataclass(frozen=True)
class Words:
    """What is needed to say a rule in a sentence: the currency, the language, and the names behind numbers."""

    currency: str
    locale: str = "en"
    categories: Mapping[int, str] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict)
    promotions: Mapping[int, str] = field(default_factory=dict)

    def money(self, amount_minor: int) -> str:
        """The amount as people read it."""
        return money.shown(amount_minor, self.currency, self.locale)

    def goods(self, params: Mapping[str, Any]) -> str:
        """Which goods are meant: "MUG, BOWL or Tea"."""
        names = [*params.get("skus", ()), *(self.categories.get(id, f"#{id}") for id in params.get("categories", ()))]
        return ", ".join(names) if names else _("all goods")

"""What a condition or a benefit wants to be told: named parameters, from which the admin makes a form."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

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

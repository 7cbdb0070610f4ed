"""The parts of a quote: a line of the cart at today's price, and what is taken off or put on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storefront import taxes
from storefront.catalog.offers import Offer


@dataclass
class QuoteLine:
    """One line of the cart at today's price. `total_minor` = unit × quantity − discount."""

    line_id: int
    offer: Offer
    quantity: int
    custom: dict[str, Any]
    unit_minor: int = 0
    discount_minor: int = 0
    total_minor: int = 0
    tax_minor: int = 0
    tax: taxes.Rate = taxes.NO_TAX
    trouble: str = ""  # why this line cannot be ordered as it is
    before_minor: int | None = None  # the unit price when the shopper last looked, if it was another
    kept_until: datetime | None = None  # of scarce goods: the end of their minutes, if it is still to come
    not_kept: bool = False  # scarce goods whose minutes are over, though they may still be there

    @property
    def title(self) -> str:
        """The product's title."""
        return self.offer.title

    @property
    def options_text(self) -> str:
        """The variant's options in one line."""
        return self.offer.options_text

    @property
    def picture(self):
        """The variant's picture, or None."""
        return self.offer.picture


@dataclass
class Adjustment:
    """Something taken off or put on, and the rule that did it."""

    kind: str
    label: str
    amount_minor: int
    line_id: int | None = None
    rule_version: str = ""

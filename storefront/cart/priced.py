"""The parts of a quote: a line of the cart at today's price, and what is taken off or put on."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storefront import taxes
from storefront.catalog.offers import Offer
from storefront.kit import money
from storefront.stock.models import BACKORDER


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
    listed_minor: int = 0  # the unit price of the catalogue, if the address makes another of it
    charges: list[taxes.Charge] = field(default_factory=list)  # each tax of the line
    trouble: str = ""  # why this line cannot be ordered as it is
    before_minor: int | None = None  # the unit price when the shopper last looked, if it was another
    kept_until: datetime | None = None  # of scarce goods: the end of their minutes, if it is still to come
    not_kept: bool = False  # scarce goods whose minutes are over, though they may still be there
    present: bool = False  # a gift: it stands in no cart, and costs nothing

    @property
    def later(self) -> int:
        """How many of it are not on the shelf yet, and follow in a parcel of their own."""
        there = max(0, self.offer.on_shelf)
        return max(0, self.quantity - there) if self.offer.stock_policy == BACKORDER else 0

    @property
    def title(self) -> str:
        """The product's title."""
        return self.offer.title

    @property
    def options_text(self) -> str:
        """The variant's options in one line."""
        return self.offer.options_text

    @property
    def listed_total_minor(self) -> int:
        """What the line costs after discounts, had its address left the prices of the catalogue as they are."""
        return money.divided(self.total_minor, self.listed_minor, self.unit_minor) if self.unit_minor else 0

    @property
    def tax_rate_ppm(self) -> int:
        """All its taxes as one rate of the net price."""
        return taxes.combined_ppm([charge.rate for charge in self.charges])

    @property
    def tax_inclusive(self) -> bool:
        """Whether its taxes are inside the price; all of a line's are, or none is."""
        return all(charge.rate.inclusive for charge in self.charges)

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
    promotion_id: int | None = None
    coupon_id: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)  # what the amount was worked out from


@dataclass
class Code:
    """A coupon that was typed: what shoppers read of its promotion, and why it takes nothing off ("" if it does)."""

    code: str
    label: str
    why_not: str = ""


@dataclass
class Gift:
    """A gift certificate whose code was typed, and what it pays; amounts in minor units of the quote's currency."""

    certificate_id: int
    code_hash: str
    last4: str
    amount_minor: int = 0
    left_minor: int = 0  # what stays on it for another time
    why_not: str = ""  # why it pays nothing

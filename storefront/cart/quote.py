"""What the cart would cost right now: a value that is computed and never stored.

The recipe that fills it in is in quoting.py; figures are minor units of the quote's currency.
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storefront import promotions, shipping, taxes
from storefront.cart.models import Cart
from storefront.cart.priced import Adjustment, Code, Gift, QuoteLine
from storefront.kit import signing
from storefront.kit.errors import Invalid
from storefront.stock.models import DEDUCT_ON_PAID
from storefront.taxes.service import OrderTaxes

_SALT = "quote"
_VALID = 24 * 3600


@dataclass
class Quote:
    """The whole of what is shown at the preview and copied into an order."""

    cart: Cart
    currency: str
    lines: list[QuoteLine] = field(default_factory=list)
    email: str = ""
    shipping_address: dict[str, str] | None = None
    billing_address: dict[str, str] | None = None
    adjustments: list[Adjustment] = field(default_factory=list)
    codes: list[Code] = field(default_factory=list)  # the coupons that were typed
    promoted: promotions.Result = field(default_factory=promotions.Result)
    remarks: list[str] = field(default_factory=list)  # what an offer could not do
    levels: list[shipping.Option] = field(default_factory=list)
    level: shipping.Option | None = None
    no_shipping: str = ""  # why nothing can be sent to the address, if there is one and nothing can
    shipping_tax_minor: int = 0
    shipping_charges: list[taxes.Charge] = field(default_factory=list)
    place: taxes.Place = field(default_factory=taxes.Place)
    tax_note: str = ""  # what an invoice without tax must say
    tax_rows: list[dict[str, Any]] = field(default_factory=list)
    goods_minor: int = 0
    discount_minor: int = 0
    shipping_minor: int | None = None
    tax_minor: int = 0
    total_minor: int = 0
    gifts: list[Gift] = field(default_factory=list)  # in the order in which their codes were typed
    due_minor: int = 0
    method_id: int | None = None
    looked_at: datetime | None = None  # when the goods were looked at, if any are scarce

    @property
    def requires_shipping(self) -> bool:
        """Whether anything in it has to travel."""
        return any(line.offer.requires_shipping for line in self.lines)

    @property
    def weight_g(self) -> int:
        """What those weigh together."""
        return sum(line.offer.weight_g * line.quantity for line in self.lines if line.offer.requires_shipping)

    @property
    def troubles(self) -> list[QuoteLine]:
        """The lines that cannot be ordered as they are."""
        return [line for line in self.lines if line.trouble]

    @property
    def kept(self) -> list[QuoteLine]:
        """The scarce lines that are kept for minutes, the first to end first."""
        return sorted((line for line in self.lines if line.kept_until), key=lambda line: str(line.kept_until))

    @property
    def not_kept(self) -> list[QuoteLine]:
        """The scarce lines that anybody else may have by now."""
        return [line for line in self.lines if line.not_kept and not line.trouble]

    @property
    def kept_when_paid(self) -> list[QuoteLine]:
        """The lines that are taken from the shelf only when the money is there: nothing keeps them before."""
        return [line for line in self.lines if line.offer.stock_policy == DEDUCT_ON_PAID]

    @property
    def taxes(self) -> list[tuple[str, int]]:
        """(name, amount) of each tax, summed over the lines."""
        return taxes.summed(self.tax_rows)

    @property
    def order_taxes(self) -> OrderTaxes:
        """The taxes as an order will keep them."""
        return OrderTaxes(self.tax_rows, self.tax_note)

    @property
    def covered_minor(self) -> int:
        """What gift certificates pay of it."""
        return sum(gift.amount_minor for gift in self.gifts)

    @property
    def offers(self) -> list[tuple[str, int]]:
        """(label, amount) of each promotion that takes anything off, shipping included; negative amounts."""
        found: dict[str, int] = {}
        for one in self.adjustments:
            if one.promotion_id is not None and one.amount_minor:
                found[one.label] = found.get(one.label, 0) + one.amount_minor
        return list(found.items())

    @property
    def content(self) -> dict[str, Any]:
        """Everything that the shopper agrees to, in a form that can be signed and compared."""
        gifts = [[gift.last4, gift.amount_minor] for gift in self.gifts if gift.amount_minor]
        codes = [one.label for one in self.adjustments if one.detail.get("benefit") == "issue_coupon"]
        return (
            ({"certificates": gifts} if gifts else {})
            | ({"codes": codes} if codes else {})
            | ({"later": self._later} if self._later else {})
            | {
                "lines": [
                    [line.offer.sku, line.offer.name, line.quantity, line.unit_minor, line.total_minor, line.custom]
                    for line in self.lines
                ],
                "shipping": self._way,
                "discount": self.discount_minor,
                "offers": [list(offer) for offer in self.offers],
                "tax": self.tax_minor,
                "taxes": [[row["name"], row["rate_ppm"], row["inclusive"], row["tax_minor"]] for row in self.tax_rows],
                "total": self.total_minor,
                "due": self.due_minor,
                "currency": self.currency,
            }
        )

    @property
    def _later(self):
        """How many of each article are not there yet, and so come in a parcel of their own."""
        found: Counter[tuple[str, str]] = Counter()
        for line in self.lines:
            found[line.offer.sku, line.offer.name] += line.later
        return [[sku, name, many] for (sku, name), many in sorted(found.items()) if many]

    @property
    def _way(self):
        """How it travels, for how much, and the days that the shopper is promised."""
        way = self.level
        return [way.level_id, way.name, way.cost_minor, way.days_min, way.days_max] if way else None

    @property
    def hash(self) -> str:
        """Equal for equal quotes: content, addresses, e-mail and the way to pay."""
        facts = [self.content, self.email, self.shipping_address, self.billing_address, self.method_id]
        facts += [self.cart.custom] if self.cart.custom else []
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    @property
    def token(self) -> str:
        """What was shown, signed, for the form that confirms it."""
        shown = {"cart": self.cart.id, "version": self.cart.version, "hash": self.hash, "content": self.content}
        return signing.signed(shown, _SALT)

    def fits(self, token: str) -> bool:
        """Whether the token was made from a quote equal to this one, for this cart, within its time."""
        try:
            shown = read_token(token)
        except Invalid:
            return False
        return shown["cart"] == self.cart.id and shown["hash"] == self.hash


def read_token(token: str) -> dict[str, Any]:
    """What a preview showed: cart, version, hash, content. Raises Invalid when it is not ours or too old."""
    return signing.unsigned(token, _SALT, max_age=_VALID)

"""What the place that goods go to does to prices: the rates that count there, and whose tax a price includes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from storefront import store
from storefront.taxes import arithmetic
from storefront.taxes.arithmetic import Charge, Rates
from storefront.taxes.lookup import ByCategory, rates_at
from storefront.taxes.rules import NET, Rules, rules
from storefront.taxes.vat import country_of


@dataclass(frozen=True)
class Place:
    """The taxes of one address for one buyer. `note` is the sentence of a reverse charge, "" where there is none."""

    there: ByCategory = field(default_factory=dict)
    at_home: ByCategory = field(default_factory=dict)
    keeps_net: bool = False
    note: str = ""

    def price(self, listed_minor: int, category_id: int | None) -> int:
        """What a price of the catalogue is here: as it stands, or without the tax that nobody takes here."""
        return self._fitted(listed_minor, *(rates.get(category_id or 0, ()) for rates in (self.there, self.at_home)))

    def shipping_price(self, listed_minor: int, category_id: int | None) -> int:
        """The same for what sending costs, of which fewer taxes may be taken."""
        both = (_of_shipping(rates.get(category_id or 0, ())) for rates in (self.there, self.at_home))
        return self._fitted(listed_minor, *both)

    def charges(self, amount_minor: int, category_id: int | None) -> list[Charge]:
        """Each tax of goods of a category that cost so much here."""
        return arithmetic.charges(amount_minor, self._taken(category_id))

    def shipping_charges(self, amount_minor: int, category_id: int | None) -> list[Charge]:
        """Each tax of sending something for so much."""
        return arithmetic.charges(amount_minor, _of_shipping(self._taken(category_id)))

    def _taken(self, category_id):
        return () if self.note else self.there.get(category_id or 0, ())

    def _fitted(self, listed_minor, there, at_home):
        before, after = at_home if self.keeps_net else there, () if self.note else there
        return arithmetic.converted(listed_minor, before, after)


def _of_shipping(rates: Rates) -> Rates:
    return [rate for rate in rates if rate.applies_to_shipping]


def at(address: Mapping[str, str] | None, vat_number: str = "") -> Place:
    """What counts at an address (None: at home) for a buyer with this VAT number; one query."""
    home = {"country": store.current().country}
    where, kept = address or home, rules()
    abroad = where.get("country") != home["country"]
    note = kept.note if abroad and accounts_for_it(vat_number, where, kept) else ""
    if abroad and kept.abroad == NET:
        there, at_home = rates_at(where, home)
        return Place(there, at_home, keeps_net=True, note=note)
    return Place(rates_at(where)[0], note=note)


def accounts_for_it(vat_number: str, address: Mapping[str, Any], kept: Rules) -> bool:
    """Whether the buyer accounts for the tax: a business of another country of the union, sent to another one, too."""
    home, country = store.current().country, country_of(vat_number) if vat_number else ""
    return (
        kept.reverse_charge
        and {home, country, address.get("country")} <= set(kept.union)
        and home not in (country, address.get("country"))
    )

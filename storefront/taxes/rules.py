"""How this shop treats taxes, as its merchant has set it: one column of the store, read with defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from storefront import store

GROSS, NET = "gross", "net"
# The member states of the European Union, by the codes of ISO 3166-1.
EUROPEAN_UNION = tuple("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
ONE_EACH = {"prices": (GROSS, NET), "abroad": (GROSS, NET)}


@dataclass(frozen=True)
class Rules:
    """The settings of taxes.

    `prices`: what is typed as a price is with tax (gross) or without (net); new rates follow it.
    `abroad`: at a place with other rates the price stands (gross), or what remains of it without tax (net).
    `reverse_charge`: a business of another country of the `union` accounts for the tax itself; `sentence` is what
    its invoice says ("" for the usual one).
    """

    prices: str = GROSS
    abroad: str = GROSS
    reverse_charge: bool = False
    union: tuple[str, ...] = EUROPEAN_UNION
    sentence: str = ""

    @property
    def asks_vat_number(self) -> bool:
        """Whether the checkout has a field for it: only where it could change anything."""
        return self.reverse_charge and store.current().country in self.union

    @property
    def note(self) -> str:
        """What an invoice under reverse charge must say (Directive 2006/112/EC, articles 194, 196 and 226)."""
        return self.sentence or _(
            "Reverse charge: the VAT is due from the recipient (articles 194 and 196 of Directive 2006/112/EC)."
        )


def rules(kept: Mapping[str, Any] | None = None) -> Rules:
    """The rules as they are kept, those of the shop unless others are given; costs no query of its own."""
    kept = dict(store.current().tax_rules if kept is None else kept)
    return Rules(**{**kept, "union": tuple(kept.get("union", EUROPEAN_UNION))})

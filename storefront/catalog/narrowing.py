"""How a visitor narrows a list: what the address says of page, order, price, stock and options."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import urlencode

from flask_babel import gettext as _

from storefront.kit import money
from storefront.kit.errors import Invalid

NEWEST, PRICE, PRICE_DESCENDING, NAME = "newest", "price", "price-descending", "name"
BEST = "best"  # of a search only: what fits the words best
MOST_OPTIONS = 8  # so many names, and values of each, are looked at; a page offers no more
LAST_PAGE = 100_000
Ticked = tuple[str, tuple[tuple[str, bool], ...]]  # an option's name; its values, and whether each is wanted


class Chip(NamedTuple):
    """A filter that is on, and the address of the list without it."""

    label: str
    url: str


@dataclass(frozen=True)
class Wish:
    """What of a list is wanted, and in which order. Prices in minor units; options by name, any of the values."""

    base: tuple[tuple[str, str], ...] = ()  # what stays in the address whatever is narrowed: ("q", "mug")
    page: int = 1
    sort: str = NEWEST
    usual_sort: str = NEWEST
    price_from: int | None = None
    price_to: int | None = None
    in_stock: bool = False
    options: tuple[tuple[str, tuple[str, ...]], ...] = ()
    currency: str = ""

    @property
    def narrows(self) -> bool:
        """Whether any filter is on."""
        return self.in_stock or bool(self.options) or self.price_from is not None or self.price_to is not None

    def ticked(self, facets: Iterable[tuple[str, Sequence[str]]]) -> tuple[Ticked, ...]:
        """The options of a list, each with its values and whether they are wanted."""
        wanted = dict(self.options)
        return tuple((name, tuple((one, one in wanted.get(name, ())) for one in values)) for name, values in facets)

    def address(self, path: str, *, page: int = 1) -> str:
        """The list's own address with everything wanted in it."""
        pairs = [*self.base, *self._pairs()] + ([("page", str(page))] if page > 1 else [])
        return path + ("?" + urlencode(pairs) if pairs else "")

    def addresses(self, path: str) -> Callable[[int], str]:
        """The address of each page of the list."""
        return lambda page: self.address(path, page=page)

    @property
    def shown_from(self) -> str:
        """The lowest price as it was typed."""
        return "" if self.price_from is None else money.plain(self.price_from, self.currency)

    @property
    def shown_to(self) -> str:
        """The highest price as it was typed."""
        return "" if self.price_to is None else money.plain(self.price_to, self.currency)

    def all(self) -> "Wish":
        """The same list without any filter."""
        return replace(self, page=1, price_from=None, price_to=None, in_stock=False, options=())

    def canonical(self, path: str) -> str:
        """The address under which search engines keep this page: no filter, no order of its own."""
        plain = not self.narrows and self.sort == self.usual_sort
        return path + (f"?page={self.page}" if plain and self.page > 1 else "")

    def chips(self, path: str) -> list[Chip]:
        """The filters that are on, each with the way out of it."""
        return [Chip(label, without.address(path)) for label, without in self._without()]

    def _pairs(self) -> Iterable[tuple[str, str]]:
        if self.sort != self.usual_sort:
            yield "sort", self.sort
        if self.price_from is not None:
            yield "min", money.plain(self.price_from, self.currency)
        if self.price_to is not None:
            yield "max", money.plain(self.price_to, self.currency)
        if self.in_stock:
            yield "in_stock", "1"
        for name, values in self.options:
            for value in values:
                yield "option." + name, value

    def _without(self) -> Iterable[tuple[str, "Wish"]]:
        if self.in_stock:
            yield _("In stock"), replace(self, in_stock=False)
        if self.price_from is not None:
            yield _("From %(price)s", price=self._shown(self.price_from)), replace(self, price_from=None)
        if self.price_to is not None:
            yield _("Up to %(price)s", price=self._shown(self.price_to)), replace(self, price_to=None)
        for name, values in self.options:
            for value in values:
                yield f"{name}: {value}", replace(self, options=self._options_without(name, value))

    def _options_without(self, name, value):
        left = [(n, tuple(v for v in values if (n, v) != (name, value))) for n, values in self.options]
        return tuple((n, values) for n, values in left if values)

    def _shown(self, minor):
        return money.here(minor, self.currency)


def read(args, currency: str, *, usual_sort: str = NEWEST, base: tuple[tuple[str, str], ...] = ()) -> Wish:
    """The wish that an address expresses; what makes no sense in it is passed over."""
    sorts = {usual_sort, NEWEST, PRICE, PRICE_DESCENDING, NAME}
    return Wish(
        base=base,
        page=_page(args.get("page", "")),
        sort=args["sort"] if args.get("sort") in sorts else usual_sort,
        usual_sort=usual_sort,
        price_from=_price(args.get("min", ""), currency),
        price_to=_price(args.get("max", ""), currency),
        in_stock=args.get("in_stock", "") not in ("", "0"),
        options=_options(args),
        currency=currency,
    )


def _page(text):
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 and 0 < int(text) <= LAST_PAGE else 1


def _price(text, currency):
    if not text:
        return None
    try:
        amount = money.parsed(text[:40], currency)
    except Invalid:
        return None
    return amount if amount >= 0 else None


def _options(args):
    names = [key for key in args if key.startswith("option.") and len(key) > len("option.")][:MOST_OPTIONS]
    wanted = ((key.removeprefix("option."), args.getlist(key)) for key in names)
    found = ((name, tuple(dict.fromkeys(filter(None, values)))[:MOST_OPTIONS]) for name, values in wanted)
    return tuple((name, values) for name, values in found if values)

"""What a merchant should know of a table of regions and levels: overlaps, holes, and levels that nobody is offered.

None of it is an error: each has a defined answer, which the sentence tells.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from storefront import customers, store
from storefront.catalog.models import Variant
from storefront.kit import money
from storefront.kit.db import db
from storefront.shipping import areas, spans
from storefront.shipping.costs import METHODS, Parcel, cost_of, problem_with
from storefront.shipping.models import ServiceLevel, ShippingRegion
from storefront.shipping.service import weighed
from storefront.shipping.writing import regions, standing

OVERLAP, HOLE, UNUSED = "overlap", "hole", "unused"
SHOWN = 5
EXAMPLES = (0, 500, 1000, 2000, 5000, 10_000, 30_000, 10_000_000)  # grams


@dataclass(frozen=True)
class Finding:
    """One thing to know: its kind, the regions that it is about, and the sentence."""

    kind: str
    region_ids: tuple[int, ...]
    sentence: str


def findings() -> list[Finding]:
    """Everything to know of the regions as they are now, in the order in which they are asked."""
    found, currency = regions(), store.current().currency
    sending = [region for region in found if any(_offered(level, currency) for level in region.levels)]
    listed = [finding for region in found for finding in _of_region(region, currency)]
    for place, region in enumerate(sending):
        listed += [one for other in sending[place + 1 :] if (one := _overlap(region, other))]
    return [*listed, *_of_countries(sending), *_weightless(sending, currency)]


def examples(method: str, params: Mapping[str, Any], currency: str) -> tuple[list[int], list[tuple[int, list]]]:
    """What a level costs: totals of goods in minor units, and for each weight in grams the cost at each (or None)."""
    unit = 10 ** money.exponent(currency)
    totals = [10 * unit, 50 * unit, 100 * unit, 500 * unit]
    rows = [(grams, [cost_of(method, params, Parcel(grams, total)) for total in totals]) for grams in EXAMPLES]
    return totals, rows


def _of_region(region, currency):
    """What is to be known of one region and its levels alone."""
    for level in region.levels:
        if level.active and level.currency != currency:
            yield _about(
                UNUSED,
                region,
                _(
                    "%(level)s is priced in %(currency)s: nobody is offered it. Type its figures anew.",
                    level=level.name,
                    currency=level.currency,
                ),
            )
        elif level.active and (problem := problem_with(level.method, level.params)):
            yield _about(UNUSED, region, _("%(level)s is offered to nobody. %(why)s", level=level.name, why=problem))
    levels = [level for level in region.levels if _offered(level, currency)]
    if not levels:
        yield _about(HOLE, region, _("Nothing is sent by it: wider regions decide about its addresses."))
    for gap in _weight_gaps(levels) if levels else ():
        yield _about(HOLE, region, gap)


def _weight_gaps(levels):
    """Sentences for the weights that no level of a region carries."""
    bounds = sorted(((level.weight_min_g or 0, level.weight_max_g) for level in levels), key=lambda span: span[0])
    if bounds[0][0] == 1:
        yield _("Nothing carries goods without a weight.")
    elif bounds[0][0]:
        yield _("Nothing carries less than %(least)s.", least=weighed(bounds[0][0]))
    reach = bounds[0][1]
    for least, most in bounds[1:]:
        if reach is None:
            return
        if least > reach + 1:
            yield _(
                "Nothing carries more than %(from)s and less than %(to)s.",
                **{"from": weighed(reach), "to": weighed(least)},
            )
        reach = None if most is None else max(reach, most)
    if reach is not None:
        yield _("Nothing carries more than %(most)s.", most=weighed(reach))


def _overlap(one, other):
    """Two regions that say as much of the same address; the first of them decides."""
    if areas.rank(one) != areas.rank(other):
        return None
    shared = _shared(one, other)
    if not shared:
        return None
    first, second = sorted((one, other), key=standing)
    sentence = _(
        "“%(first)s” and “%(second)s” both hold %(what)s: “%(first)s” decides, because it is higher in the list.",
        first=first.name,
        second=second.name,
        what=_some(shared),
    )
    return Finding(OVERLAP, (first.id, second.id), sentence)


def _shared(one, other):
    """What two regions of the same rank have in common, in words."""
    if not one.countries and not other.countries:
        return [_("the rest of the world")]
    countries = sorted(set(one.countries) & set(other.countries))
    if areas.rank(one) == areas.COUNTRY:
        return [customers.country_name(code) for code in countries]
    if not countries:
        return []
    states = _states(one, countries[0]), _states(other, countries[0])
    both = sorted(states[0] & states[1]) if all(states) else sorted(states[0] | states[1])
    if areas.rank(one) == areas.SUBDIVISION or (all(states) and not both):
        return both if all(states) else []
    return spans.shared(one.postcodes, other.postcodes, countries[0])


def _states(region, country):
    return {str(code).removeprefix(f"{country}-") for code in region.subdivisions}


def _of_countries(sending):
    """What of the countries that something is sent to is left out, and whether the shop's own is reached."""
    world = [region for region in sending if areas.rank(region) == areas.WORLD]
    named = sorted({code for region in sending for code in region.countries})
    for country in named:
        within = [region for region in sending if country in region.countries]
        whole = [region for region in (*within, *world) if areas.rank(region) in (areas.WORLD, areas.COUNTRY)]
        ids, name = tuple(region.id for region in within), customers.country_name(country)
        for sentence in _left_out(whole, within, country, name):
            yield Finding(HOLE, ids, sentence)
    home = store.current().country
    if not world and home not in named:
        name = customers.country_name(home)
        yield Finding(HOLE, (), _("Nothing is sent within %(country)s, the country of the shop.", country=name))


def _left_out(whole, within, country, name):
    """Sentences for the places of a country that no region holds."""
    by_postcode = [region for region in within if areas.rank(region) == areas.POSTCODE]
    covered = [text for region in by_postcode for text in region.postcodes]
    if not whole:
        yield from _rest(within, by_postcode, covered, country, name)
    elif all(region.postcodes for region in whole):
        left = spans.left_out([region.postcodes for region in whole], covered, country)
        if left:
            yield _("Nothing is sent to %(what)s in %(country)s.", what=_some(left), country=name)


def _rest(within, by_postcode, covered, country, name):
    states = {code for region in within for code in _states(region, country)}
    if states and not by_postcode:
        missing = [label for code, label in customers.subdivisions(country) if code not in states]
        if missing:
            yield _("Nothing is sent to these in %(country)s: %(what)s.", what=_some(missing), country=name)
        return
    yield _(
        "Of %(country)s only %(what)s is covered; nothing is sent to other postcodes.",
        country=name,
        what=_some(spans.covered(covered, country)),
    )
    for low, high in spans.between(covered, country):
        yield _("Nothing is sent between %(low)s and %(high)s in %(country)s.", low=low, high=high, country=name)


def _weightless(sending, currency):
    """Goods without a weight travel for less than they should where the cost follows the weight."""
    named = [
        level.name
        for region in sending
        for level in region.levels
        if _offered(level, currency) and METHODS[level.method].by_weight
    ]
    if not named:
        return
    wanted = select(func.count()).where(Variant.active, Variant.requires_shipping, Variant.weight_g == 0)
    count = db.session.scalar(wanted.select_from(Variant)) or 0
    if count:
        yield Finding(
            UNUSED,
            (),
            _(
                "%(count)d articles that travel have no weight: %(levels)s count them as nothing.",
                count=count,
                levels=_some(list(dict.fromkeys(named))),
            ),
        )


def _offered(level: ServiceLevel, currency: str) -> bool:
    return level.active and level.currency == currency and not problem_with(level.method, level.params)


def _about(kind: str, region: ShippingRegion, sentence: str) -> Finding:
    return Finding(kind, (region.id,), f"{region.name}: {sentence}")


def _some(names: Sequence[str] | Iterable[str]) -> str:
    """The first few of them."""
    names = list(names)
    text = ", ".join(names[:SHOWN])
    return text if len(names) <= SHOWN else _("%(some)s and %(more)d more", some=text, more=len(names) - SHOWN)

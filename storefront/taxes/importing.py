"""From a file to rates: compared, saved, and written down so that it can be taken back.

The same place, category and priority is the same rate: a file that is imported again changes what differs and doubles
nothing. Whether prices include a rate, and how long it is valid, no such file says: what the merchant has set stays.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, or_, select, update

from storefront.catalog.values import Refused
from storefront.kit import clock
from storefront.kit.db import db
from storefront.shipping.models import ShippingRegion
from storefront.store.models import Store
from storefront.taxes.models import TaxCategory, TaxImport, TaxImportItem, TaxRate
from storefront.taxes.regions import area_of, regions_for
from storefront.taxes.rules import GROSS, rules
from storefront.taxes.woocommerce import RateDraft, Reading

NEW, CHANGED, SAME = "new", "changed", "same"
FIELDS = ("name", "rate_ppm", "compound", "applies_to_shipping")  # what a file says of a rate
KEPT = ("region_id", "category_id", "priority", "inclusive", *FIELDS)
REPORTED = 1000  # so many refused rows are kept with an import


@dataclass(frozen=True)
class Change:
    """What a row would do; `before` and `after` are the facts of a rate that changes."""

    kind: str
    draft: RateDraft
    rate_id: int | None = None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    @property
    def differences(self) -> list[tuple[str, Any, Any]]:
        """Each field that would change: its name, what it is, and what it would be."""
        return [(name, was, self.after[name]) for name, was in self.before.items() if was != self.after[name]]


@dataclass
class Outcome:
    """What an import did. `import_id` is None when it changed nothing."""

    import_id: int | None
    counts: Counter[str]
    refused: list[Refused]


def compare(reading: Reading) -> list[Change]:
    """What each row of a file would do to the rates of the shop; changes nothing."""
    known = _known({draft.area.countries[0] if draft.area.countries else "" for draft in reading.drafts})
    return [_change(draft, known.get(draft.key)) for draft in reading.drafts]


def import_rates(reading: Reading, *, actor: str) -> Outcome:
    """Save the rates of a file, inside the caller's transaction: all that can be read, or none if it fails."""
    one_at_a_time()
    changes = compare(reading)
    counts = Counter(change.kind for change in changes)
    if not counts[NEW] + counts[CHANGED]:
        return Outcome(None, counts, reading.refused)
    import_id = _begin(reading, counts, actor)
    items = _added([change.draft for change in changes if change.kind == NEW])
    items += _altered([change for change in changes if change.kind == CHANGED])
    db.session.execute(insert(TaxImportItem), [{"import_id": import_id, **item} for item in items])
    db.session.expire_all()
    return Outcome(import_id, counts, reading.refused)


def _begin(reading, counts, actor):
    row = TaxImport(
        name=reading.name,
        kind=reading.kind,
        actor=actor,
        at=clock.now(),
        added=counts[NEW],
        changed=counts[CHANGED],
        same=counts[SAME],
        refused=len(reading.refused),
        report=[{"line": one.line, "what": one.what, "reason": one.reason} for one in reading.refused[:REPORTED]],
    )
    db.session.add(row)
    db.session.flush()
    return row.id


def one_at_a_time() -> None:
    """Until the transaction ends nobody else imports rates or takes an import back."""
    db.session.execute(select(Store.id).with_for_update(key_share=True))


def facts(rate: Any) -> dict[str, Any]:
    """What is kept of a rate, or of a row of one, to be compared and put back."""
    return {name: getattr(rate, name) for name in KEPT}


def _known(countries):
    """The rates that count now for these countries, as rows by place, category and priority."""
    now, lists = clock.now(), ShippingRegion
    bounds = (lists.countries, lists.subdivisions, lists.postcodes, lists.cities)
    query = (
        select(*TaxRate.__table__.columns, TaxCategory.code, *bounds)
        .join(lists, lists.id == TaxRate.region_id)
        .join(TaxCategory, TaxCategory.id == TaxRate.category_id)
        .where(lists.only_country.in_(countries))
        .where(or_(TaxRate.valid_from.is_(None), TaxRate.valid_from <= now))
        .where(or_(TaxRate.valid_to.is_(None), TaxRate.valid_to > now))
        .order_by(TaxRate.id.desc())
    )
    return {(area_of(row), row.code, row.priority): row for row in db.session.execute(query)}


def _change(draft, rate):
    if rate is None:
        return Change(NEW, draft)
    differs = [name for name in FIELDS if getattr(rate, name) != getattr(draft, name)]
    if not differs:
        return Change(SAME, draft, rate.id)
    before = facts(rate)
    return Change(CHANGED, draft, rate.id, before, before | {name: getattr(draft, name) for name in differs})


def _added(drafts):
    """Make these rates; gives what an import keeps of each."""
    regions = regions_for(draft.area for draft in drafts)
    categories = categories_by_code({draft.category for draft in drafts})
    inclusive = rules().prices == GROSS
    rows = [
        {
            "region_id": regions[draft.area],
            "category_id": categories[draft.category],
            "priority": draft.priority,
            "inclusive": inclusive,
            **{name: getattr(draft, name) for name in FIELDS},
        }
        for draft in drafts
    ]
    made = insert(TaxRate).returning(TaxRate.id, sort_by_parameter_order=True)
    ids = db.session.scalars(made, rows).all() if rows else []
    return [{"rate_id": number, "before": {}, "after": row} for number, row in zip(ids, rows, strict=True)]


def _altered(changes):
    """Change these rates; gives what an import keeps of each."""
    for change in changes:
        values = {name: change.after[name] for name in FIELDS}
        db.session.execute(update(TaxRate).where(TaxRate.id == change.rate_id).values(**values))
    return [{"rate_id": one.rate_id, "before": one.before, "after": one.after} for one in changes]


def categories_by_code(codes: set[str]) -> dict[str, int]:
    """The ids of categories by their codes; a missing one is made."""
    known = {row.code: row.id for row in db.session.scalars(select(TaxCategory).where(TaxCategory.code.in_(codes)))}
    new = [TaxCategory(code=code, name=code.replace("-", " ").capitalize()) for code in sorted(codes - set(known))]
    db.session.add_all(new)
    db.session.flush()
    return known | {row.code: row.id for row in new}

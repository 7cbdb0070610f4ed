"""Many goods for a measurement: `python -m bench.goods 20000 10` puts 20,000 products on the shelves, 10 of each."""

import sys
from itertools import islice, product

from sqlalchemy import text

from storefront import catalog
from storefront.app import create_app
from storefront.catalog.drafts import CategoryDraft, ProductDraft, VariantDraft
from storefront.kit.db import db, transaction

COLOURS = "red blue green white black grey sand rust olive navy cream coral amber plum teal mint rose slate".split()
MATTERS = "oak linen wool steel glass clay cotton paper cork leather bamboo marble copper felt silk".split()
THINGS = "bowl plate mug vase lamp chair stool shelf towel throw apron board spoon jug basket tray".split()
SLUG = "bench-{}"
CATEGORY = "bench-goods"


def drafts(many: int, on_hand: int):
    """So many products, with three variants each, in one category of 16."""
    for number, (colour, thing, matter) in enumerate(islice(_endless(), many)):
        yield ProductDraft(
            slug=SLUG.format(number),
            title=f"{colour} {matter} {thing} {number}".capitalize(),
            description=f"<p>A {thing} of {matter}, {colour}, made to be used every day for years.</p>",
            vendor=f"Maker {number % 40}",
            tags=[colour, matter],
            categories=[CategoryDraft.named("Bench goods"), CategoryDraft.named("Bench goods", thing.capitalize())],
            variants=[_variant(number, size, on_hand) for size in ("S", "M", "L")],
        )


def _variant(number, size, on_hand):
    return VariantDraft(
        sku=f"B-{number}-{size}",
        options={"Size": size},
        price_minor=1000 + number % 90 * 50,
        weight_g=400,
        tax_category="standard",
        on_hand=on_hand,
    )


def _endless():
    while True:
        yield from product(COLOURS, THINGS, MATTERS)


def main(many: int, on_hand: int = 10_000) -> None:
    """Save them, 200 to a transaction."""
    with create_app().app_context():
        rest = drafts(many, on_hand)
        while some := list(islice(rest, 200)):
            with transaction():
                refused = [change for change in catalog.save(some, actor="bench") if change.kind == "refused"]
            assert not refused, refused[0].reason
            db.session.remove()
        with transaction():
            db.session.execute(text("ANALYZE"))  # as autovacuum would within the minute: plans depend on it


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

"""The demo shop's goods, with pictures that were drawn for it."""

import json
from pathlib import Path

from storefront import catalog
from storefront.catalog.drafts import CategoryDraft, PictureDraft, ProductDraft, VariantDraft
from storefront.kit.db import transaction

_HERE = Path(__file__).resolve().parent


def load(actor: str) -> int:
    """Put the demo goods on the shelves, or put them right; how many products there are.

    Opens its own transactions: one for the goods, and small ones as their pictures are ready.
    """
    goods = json.loads((_HERE / "goods.json").read_text())
    names = {place["path"]: place["name"] for place in goods["categories"]}
    drafts = [_draft(product, names) for product in goods["products"]]
    with transaction():
        catalog.make_places(
            {path: _titles(path, names) for path in names},
            {place["path"]: place["position"] for place in goods["categories"]},
        )
        changes = catalog.save(drafts, actor=actor, ref="demo")
    wanted = [catalog.Wanted(change.product_id, change.draft) for change in changes if change.product_id]
    catalog.add_pictures(wanted)
    return len(wanted)


def _titles(path, names):
    slugs = path.split("/")
    return tuple(names["/".join(slugs[: depth + 1])] for depth in range(len(slugs)))


def _draft(product, names):
    return ProductDraft(
        slug=product["slug"],
        title=product["title"],
        description=product["description"],
        vendor=product["vendor"],
        tags=product["tags"],
        categories=[CategoryDraft(path, _titles(path, names)) for path in product["categories"]],
        pictures=[
            _picture(picture) for picture in product["pictures"] if (_HERE / "pictures" / picture["file"]).is_file()
        ],
        active=True,
        variants=[_variant(variant, product) for variant in product["variants"]],
    )


def _picture(picture):
    return PictureDraft(picture["file"], picture["alt"], _HERE / "pictures" / picture["file"])


def _variant(variant, product):
    return VariantDraft(tax_category=product["tax_category"], **variant)

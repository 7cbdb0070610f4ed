"""Bringing pictures to goods that are saved: fetched outside any transaction, written down in small ones.

Whatever goes wrong with one picture is reported, and the others and the goods stand.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from flask import Flask, current_app
from sqlalchemy import insert, update

from storefront.catalog import listing, media
from storefront.catalog.completing import same_picture
from storefront.catalog.drafts import PictureDraft, ProductDraft
from storefront.catalog.media import Kept
from storefront.catalog.models import ProductImage, Variant
from storefront.catalog.pictures import MOST_BYTES
from storefront.catalog.stored import Stored, stored
from storefront.kit import http
from storefront.kit.db import db, release, transaction
from storefront.kit.errors import Invalid, ShopError, Unavailable

_SECONDS, _REDIRECTS, _AT_ONCE = 5.0, 3, 4


@dataclass(frozen=True)
class Missed:
    """A picture that could not be had, and why."""

    slug: str
    source: str
    reason: str


@dataclass
class Wanted:
    """One product's pictures as its draft names them."""

    product_id: int
    draft: ProductDraft


@dataclass
class Fetcher:
    """Fetches each address once, leaves alone a host that failed, and stops when its time is over."""

    app: Flask
    until: float
    failed: dict[str, str] = field(default_factory=dict)

    def __call__(self, picture: PictureDraft) -> Kept | str:
        """The picture, kept; or the reason why it is not."""
        try:
            with self.app.app_context():
                return media.keep(self._bytes(picture), media.folder())
        except ShopError as error:
            return error.message

    def _bytes(self, picture):
        if picture.path:
            return picture.path.read_bytes()
        host = urlsplit(picture.source).netloc
        if host in self.failed:
            return self._give_up(self.failed[host])
        if time.monotonic() > self.until:
            return self._give_up("There was no time left for it: import the file again to go on.")
        try:
            return _fetched(picture.source)
        except Unavailable as error:
            self.failed[host] = error.message
            raise

    def _give_up(self, reason):
        raise Unavailable(reason)


def _fetched(address):
    for _ in range(_REDIRECTS + 1):
        answer = http.send(
            "GET",
            address,
            timeout=_SECONDS,
            limit=MOST_BYTES,
            public_only=True,
            headers={"Accept": "image/webp,image/png,image/jpeg,image/gif"},
        )
        if answer.status == 200:
            return answer.body
        if answer.status not in (301, 302, 303, 307, 308) or "location" not in answer.headers:
            raise Invalid(f"The address answers {answer.status}.")
        address = urljoin(address, answer.headers["location"])
    raise Invalid("The address leads on and on.")


def add_pictures(wanted: Sequence[Wanted], *, seconds: float = 120.0, progress=lambda done: None) -> list[Missed]:
    """Fetch the pictures that these products lack, for at most so long, and write them down.

    Opens transactions of its own, one for a few products; call it when none is open.
    """
    fetcher = Fetcher(current_app._get_current_object(), time.monotonic() + seconds)  # type: ignore[attr-defined]
    missed: list[Missed] = []
    for start in range(0, len(wanted), 50):
        some = wanted[start : start + 50]
        lacking = _lacking(some)
        release()
        found = _fetch(fetcher, lacking.values())
        with transaction():
            missed += _write_down(some, lacking, found)
        progress(start + len(some))
    return missed


def _lacking(wanted):
    """The pictures of each product that are not here yet."""
    here = stored([want.product_id for want in wanted], "")
    return {
        want.product_id: [
            picture
            for picture in want.draft.pictures
            if not any(same_picture(picture.source, had) for had in here[want.product_id].draft.pictures)
        ]
        for want in wanted
        if want.product_id in here
    }


def _fetch(fetcher, lists) -> dict[str, Kept | str]:
    """Each address once, a few at a time."""
    pictures = {picture.source: picture for some in lists for picture in some}
    with ThreadPoolExecutor(_AT_ONCE) as workers:
        return dict(zip(pictures, workers.map(fetcher, pictures.values()), strict=True))


def _write_down(wanted, lacking, found) -> list[Missed]:
    missed, here = [], stored([want.product_id for want in wanted], "")
    for want in wanted:
        if want.product_id not in here:
            continue
        for picture in lacking.get(want.product_id, ()):
            kept = found[picture.source]
            if isinstance(kept, str):
                missed.append(Missed(want.draft.slug, picture.source, kept))
            else:
                _add(here[want.product_id], want.draft, picture, kept)
        if any(isinstance(found[picture.source], Kept) for picture in lacking.get(want.product_id, ())):
            _arrange(here[want.product_id], want.draft)
    changed = [id for id, some in lacking.items() if any(isinstance(found[picture.source], Kept) for picture in some)]
    if changed:
        listing.refresh(changed)
    return missed


def _add(product: Stored, draft, picture, kept):
    """One picture more; the same content under another address is not shown twice."""
    if any(had.key == kept.key for had in product.draft.pictures):
        return
    values = {"product_id": product.id, "source": picture.source, "alt": picture.alt or draft.title, **kept._asdict()}
    new = db.session.execute(
        insert(ProductImage).values(**values, position=1000).returning(ProductImage.id)
    ).scalar_one()
    product.image_ids[picture.source] = new
    product.draft.pictures.append(PictureDraft(picture.source, picture.alt, key=kept.key))


def _arrange(product, draft):
    """The pictures in the order of the draft, others behind them, and each variant's own."""
    order = [picture.source for picture in draft.pictures]
    rank = {source: place for place, source in enumerate(order)}
    sources = sorted(product.image_ids, key=lambda source: rank.get(source, len(order)))
    for place, source in enumerate(sources):
        row = update(ProductImage).where(ProductImage.id == product.image_ids[source])
        db.session.execute(row.values(position=place))
    for variant in draft.variants:
        if variant.picture in product.image_ids and variant.sku in product.variant_ids:
            row = update(Variant).where(Variant.id == product.variant_ids[variant.sku])
            db.session.execute(row.values(image_id=product.image_ids[variant.picture]))

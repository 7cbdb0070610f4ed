"""Pictures of a product: brought in, put in order, described in words, taken away."""

import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import delete, select

from storefront import catalog
from storefront.admin import audit, goods_verbs
from storefront.admin.product_form import Typed
from storefront.admin.product_page import page_of
from storefront.admin.room import bp, deed, status_of
from storefront.catalog.drafts import PictureDraft
from storefront.catalog.models import ProductImage
from storefront.customers import plain_line
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid

MOST_ALT = 300


@bp.post("/products/<int:product_id>/pictures")
def add_picture(product_id):
    """One picture more, at the end. What is not a picture, or too large, is said at the field."""
    file, alt = request.files.get("picture"), plain_line(request.form.get("alt", ""))[:MOST_ALT]
    data = file.read() if file else b""
    if not data:
        return _wrong(product_id, "picture", _("Choose a picture of at most 8 MB"))
    draft = goods_verbs.draft_of(product_id)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture"
        path.write_bytes(data)
        new = PictureDraft(f"upload-{hashlib.sha256(data).hexdigest()[:32]}", alt, path)
        missed = catalog.add_pictures([catalog.Wanted(product_id, replace(draft, pictures=[*draft.pictures, new]))])
    if missed:
        return _wrong(product_id, "picture", missed[0].reason)
    with deed():
        audit.record("add picture", f"product {draft.slug}", after={"alt": alt})
    flash(_("The picture is there."), "ok")
    return redirect(url_for("admin.product", product_id=product_id) + "#pictures", code=303)


@bp.post("/products/<int:product_id>/pictures/order")
def arrange_pictures(product_id):
    """Order, words and absence of the pictures, as the table of pictures says."""
    try:
        with deed():
            _arrange(product_id)
    except (Invalid, Conflict) as problem:
        return _wrong(product_id, "pictures", problem.message, status_of(problem))
    flash(_("Saved."), "ok")
    return redirect(url_for("admin.product", product_id=product_id) + "#pictures", code=303)


def _arrange(product_id):
    images = db.session.scalars(select(ProductImage).filter_by(product_id=product_id)).all()
    gone = [image for image in images if f"remove-{image.id}" in request.form]
    draft = goods_verbs.draft_of(product_id)
    if gone:
        db.session.execute(delete(ProductImage).where(ProductImage.id.in_([image.id for image in gone])))
        audit.record("remove pictures", f"product {draft.slug}", {"alt": [image.alt for image in gone]})
        draft = goods_verbs.draft_of(product_id)
    by_source = {image.source or image.key: image for image in images if image not in gone}
    rank = {source: _rank(image) for source, image in by_source.items()}
    words = {
        source: plain_line(request.form.get(f"alt-{image.id}", ""))[:MOST_ALT] for source, image in by_source.items()
    }
    pictures = sorted(draft.pictures, key=lambda picture: rank.get(picture.source, MOST_RANK))
    draft.pictures = [replace(each, alt=words.get(each.source) or each.alt) for each in pictures]
    goods_verbs.save(draft, "pictures")
    catalog.refresh([product_id])


MOST_RANK = 10_000


def _rank(image):
    return goods_verbs.whole(request.form.get(f"place-{image.id}", str(image.position)), MOST_RANK)


def _wrong(product_id, name, sentence, status=400):
    db.session.rollback()
    return page_of(product_id, Typed(request.form, [(name, sentence)]), status)

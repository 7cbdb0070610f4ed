"""Making a draft whole: what the source does not say is taken from what stands, or from the defaults.

Also what no source may say: amounts, counts and names that cannot be right.
"""

import re
from dataclasses import replace
from typing import NamedTuple

from flask_babel import gettext as _

from storefront.catalog.drafts import ALWAYS, COUNTED, PictureDraft, ProductDraft, VariantDraft
from storefront.catalog.naming import sku_of
from storefront.kit.html import cleaned, without_nul
from storefront.stock.models import BACKORDER, POLICIES, RESERVE_ON_CONFIRM, UNTRACKED

MOST_MINOR, MOST_COUNT, MOST_GRAMS, MOST_VARIANTS, LONGEST = 10**11, 10**9, 10**8, 500, 300
_BLOCKS = re.compile(r"<(p|ul|ol|h[1-6]|div|table|blockquote|dl)\b", re.IGNORECASE)
_KEPT_ADDRESS = re.compile(r"/media/([a-z0-9]+)-\d+\.webp$")


class Fault(NamedTuple):
    """Why a draft is refused, and the line of the file that says so."""

    line: int
    reason: str


def fault_of(draft: ProductDraft) -> Fault | None:
    """The first thing that no source may say of a product, or None."""
    if not draft.title.strip():
        return Fault(draft.line, _("the product has no title"))
    if len(draft.title) > LONGEST:
        return Fault(draft.line, _("the title is longer than %(most)d letters", most=LONGEST))
    if not draft.variants:
        return Fault(draft.line, _("the product has no variant that could be sold"))
    if len(draft.variants) > MOST_VARIANTS:
        return Fault(draft.line, _("the product has more than %(most)d variants", most=MOST_VARIANTS))
    seen = set()
    for variant in draft.variants:
        options = tuple(sorted(variant.options.items()))
        reason = _variant_fault(variant)
        if not reason and options in seen:
            reason = _("another row of this product has the same options")
        if reason:
            return Fault(variant.line or draft.line, reason)
        seen.add(options)
    return None


def _variant_fault(variant):
    amounts = [variant.price_minor, variant.compare_at_minor, *(sale.price_minor for sale in variant.sales or ())]
    if any(amount is not None and amount < 0 for amount in amounts):
        return _("the price is below zero")
    if any(amount is not None and amount > MOST_MINOR for amount in amounts):
        return _("the price is too large to be right")
    if variant.sku and len(variant.sku) > LONGEST:
        return _("the SKU is longer than %(most)d letters", most=LONGEST)
    if abs(variant.on_hand or 0) > MOST_COUNT:
        return _("the stock is too large to be right")
    if not 0 <= (variant.weight_g or 0) <= MOST_GRAMS:
        return _("the weight cannot be right")
    if variant.stock_policy not in (None, COUNTED, *POLICIES):
        return _("the stock policy %(policy)r is not known", policy=variant.stock_policy)
    return None


def completed(draft: ProductDraft, present: ProductDraft | None) -> tuple[ProductDraft, dict[str, str]]:
    """The draft made whole, and which SKU of it was which SKU before.

    Variants that stand but are not in the draft are kept, hidden: an order or a cart may know them.
    """
    base = present or ProductDraft(draft.slug, draft.title, "", "", [], [], [], True, "", "")
    pairs, variants = _variants(draft, base)
    whole = ProductDraft(
        slug=base.slug,
        title=without_nul(" ".join(draft.title.split())),
        description=base.description if draft.description is None else cleaned(as_html(draft.description)),
        vendor=_said(draft.vendor, base.vendor),
        tags=base.tags if draft.tags is None else sorted({without_nul(tag.strip()) for tag in draft.tags} - {""}),
        categories=base.categories if draft.categories is None else sorted(set(draft.categories), key=lambda c: c.path),
        pictures=_pictures(draft, base),
        active=base.active if draft.active is None else draft.active,
        seo_title=_said(draft.seo_title, base.seo_title),
        seo_description=_said(draft.seo_description, base.seo_description),
        variants=variants,
        line=draft.line,
    )
    return whole, pairs


def _said(text, before):
    return before if text is None else without_nul(" ".join(text.split()))


def as_html(text: str) -> str:
    """Text that is not HTML yet as paragraphs; HTML as it is."""
    text = text.strip()
    if not text or _BLOCKS.search(text):
        return text
    return "".join(
        f"<p>{part.strip()}</p>" for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if part.strip()
    )


def same_picture(source: str, present: PictureDraft) -> bool:
    """Whether an address means a picture that is here: it came from there, or it is our own address of it."""
    own = _KEPT_ADDRESS.search(source)
    return source == present.source or bool(own and own[1] == present.key)


def _pictures(draft, base):
    """The pictures that are here already, in the order and with the words of the draft; new ones come later."""
    found = []
    for wanted in draft.pictures:
        here = next((had for had in base.pictures if same_picture(wanted.source, had) and had not in found), None)
        if here:
            found.append(replace(here, alt=without_nul(wanted.alt) or here.alt))
    sources = {picture.source for picture in found}
    return found + [picture for picture in base.pictures if picture.source not in sources]


def _variants(draft, base):
    left = {variant.sku: variant for variant in base.variants}
    named = {variant.sku for variant in draft.variants if variant.sku}
    by_options = {tuple(sorted(v.options.items())): v for v in base.variants if v.sku not in named}
    pairs, whole = {}, []
    for variant in draft.variants:
        was = left.get(variant.sku) or by_options.get(tuple(sorted(variant.options.items())))
        was = left.pop(was.sku, None) if was else None
        sku = variant.sku or (was and was.sku) or sku_of(base.slug, variant.options)
        whole.append(_variant(replace(variant, sku=sku), was, base))
        if was:
            pairs[sku] = was.sku
    for gone in left.values():
        pairs[gone.sku] = gone.sku
        whole.append(replace(gone, active=False))
    return pairs, whole


_DEFAULT = VariantDraft(
    sales=[], weight_g=0, tax_category="standard", requires_shipping=True, on_hand=0,
    stock_policy=RESERVE_ON_CONFIRM, hold_minutes=5, max_per_order=0, gift_certificate=False,
)  # fmt: skip


def _variant(variant, was, base):
    had = was or _DEFAULT
    priced = variant if variant.price_minor is not None else had
    compare = priced.compare_at_minor
    unsaid = {
        name: getattr(had, name)
        for name in (
            "weight_g",
            "tax_category",
            "requires_shipping",
            "hold_minutes",
            "max_per_order",
            "gift_certificate",
            "sales",
            "on_hand",
        )
        if getattr(variant, name) is None
    }
    picture = next(
        (had.source for had in base.pictures if variant.picture and same_picture(variant.picture, had)), None
    )
    policy = _policy(variant.stock_policy, had.stock_policy)
    whole = replace(
        variant,
        **unsaid,
        price_minor=priced.price_minor,
        compare_at_minor=compare if compare is not None and compare > (priced.price_minor or 0) else None,
        stock_policy=policy,
        picture=picture or had.picture,
    )
    whole.sales = sorted((replace(s, begins=s.begins or ALWAYS) for s in whole.sales or ()), key=lambda s: s.begins)
    if whole.gift_certificate:
        whole.requires_shipping, whole.weight_g, whole.tax_category, policy = False, 0, "zero", UNTRACKED
        whole.stock_policy = policy
    if policy != BACKORDER:
        whole.on_hand = max(0, whole.on_hand or 0)
    return whole


def _policy(wanted, had):
    if wanted == COUNTED:
        return RESERVE_ON_CONFIRM if had in (BACKORDER, UNTRACKED) else had
    return wanted or had

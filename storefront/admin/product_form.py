"""What is typed on the page of a product, read into a draft; and a sentence for every field that cannot be right."""

from dataclasses import dataclass, field, replace

from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from storefront.admin.goods_verbs import amount, whole
from storefront.catalog.categories import at, trail
from storefront.catalog.drafts import CategoryDraft, ProductDraft, VariantDraft
from storefront.catalog.stored import owners
from storefront.customers import plain_line
from storefront.kit.db import db
from storefront.kit.errors import Invalid
from storefront.stock.models import POLICIES
from storefront.taxes.models import TaxCategory

MOST_HTML, MOST_GRAMS, MOST_EACH, MOST_MINUTES, MOST_SKU = 100_000, 10**8, 10**6, 1440, 100
SEO = {"seo-title": 200, "seo-description": 500}  # letters at most
FRESH = MultiDict({"tax": "standard", "ships": "1"})  # what a new variant is, unless somebody says otherwise


@dataclass
class Typed:
    """The form, and what is wrong with it as (id of the field, sentence)."""

    form: MultiDict
    errors: list[tuple[str, str]] = field(default_factory=list)

    def read(self, name, convert, *more, otherwise=None):
        """One field through a function that raises Invalid."""
        try:
            return convert(self.form.get(name, ""), *more)
        except Invalid as problem:
            self.errors.append((name, problem.message))
            return otherwise


def read_product(typed: Typed, draft: ProductDraft) -> ProductDraft:
    """The draft with everything that the page of a product asks for."""
    title = plain_line(typed.form.get("title", ""))
    if not 0 < len(title) <= 300:
        typed.errors.append(("title", _("Enter a title of at most 300 letters")))
    description = typed.form.get("description", "")
    if len(description) > MOST_HTML:
        typed.errors.append(("description", _("Shorten the description to %(most)d letters", most=MOST_HTML)))
    seo = {name: _words(typed, name, most) for name, most in SEO.items()}
    skus, taxes = _skus(typed, draft), tax_choices(draft)
    tags = [plain_line(tag)[:100] for tag in typed.form.get("tags", "").split(",")]
    return replace(
        draft,
        title=title,
        description=description,
        vendor=plain_line(typed.form.get("vendor", ""))[:200],
        tags=[tag for tag in tags if tag][:100],
        categories=_categories(typed),
        active="active" in typed.form,
        seo_title=seo["seo-title"],
        seo_description=seo["seo-description"],
        variants=[_variant(typed, place, variant, skus, taxes) for place, variant in enumerate(draft.variants)],
    )


def read_new(typed: Typed, slug: str, currency: str) -> ProductDraft:
    """A new product with one variant, hidden until somebody shows it."""
    draft = read_product(typed, ProductDraft(slug, "", variants=[]))
    draft.variants = [_first_variant(typed, currency)]
    return draft


def read_variant(typed: Typed, draft: ProductDraft, currency: str) -> ProductDraft:
    """The draft with one variant more."""
    names = list(dict.fromkeys(name for variant in draft.variants for name in variant.options))
    if names:
        options = {name: plain_line(typed.form.get(f"option-{place}", ""))[:100] for place, name in enumerate(names)}
        typed.errors += [
            (f"option-{place}", _("Enter the %(name)s", name=name))
            for place, name in enumerate(names)
            if not options[name]
        ]
        return replace(draft, variants=[*draft.variants, replace(_first_variant(typed, currency), options=options)])
    return _with_first_option(typed, draft, currency)


def fresh_variant(draft: ProductDraft) -> MultiDict:
    """One variant more is taxed and sent like the first of the others, unless somebody says otherwise."""
    like = next((variant for variant in draft.variants if not variant.gift_certificate), None)
    if like is None:
        return FRESH
    return MultiDict({"tax": like.tax_category, **({"ships": "1"} if like.requires_shipping else {})})


def tax_choices(draft: ProductDraft | None = None) -> dict[str, str]:
    """The names of the categories of goods that are taxed alike, by code; a product keeps those that it has."""
    found = db.session.execute(select(TaxCategory.code, TaxCategory.name).order_by(TaxCategory.id))
    there = dict(found.tuples().all())
    used = {variant.tax_category or "standard" for variant in draft.variants} if draft else set()
    lacking = used - there.keys() if there else used | {"standard"}
    return {**there, **{code: code.replace("-", " ").capitalize() for code in sorted(lacking)}}


def _with_first_option(typed, draft, currency):
    """A product without options gets its first one: what there is and what is new are told apart by it."""
    name, present, new = (plain_line(typed.form.get(each, ""))[:100] for each in ("option-name", "present", "new"))
    for each, text in (("option-name", name), ("present", present), ("new", new)):
        if not text:
            typed.errors.append((each, _("Enter a word like Size, or Large")))
    known = [replace(variant, options={name: present}) for variant in draft.variants[:1]]
    added = replace(_first_variant(typed, currency), options={name: new})
    return replace(draft, variants=[*known, *draft.variants[1:], added])


def _first_variant(typed, currency):
    price = typed.read("price", amount, currency)
    if price is None and not any(name == "price" for name, _sentence in typed.errors):
        typed.errors.append(("price", _("Enter a price like 12.50")))
    return VariantDraft(
        sku=plain_line(typed.form.get("sku", ""))[:100] or None,
        price_minor=price,
        currency=currency,
        gift_certificate="gift" in typed.form,
        tax_category=_tax(typed, "tax", tax_choices(), None),
        requires_shipping=_ticked(typed, "ships", beside="tax"),
        on_hand=typed.read("on-hand", lambda text: whole(text or "0"), otherwise=0),
        weight_g=typed.read("weight", lambda text: whole(text or "0", MOST_GRAMS), otherwise=0),
    )


def _words(typed, name, most):
    """What search engines are told; None if the page did not ask for it."""
    text = plain_line(typed.form.get(name, ""))
    if len(text) > most:
        typed.errors.append((name, _("Shorten this to %(most)d letters", most=most)))
    return text if name in typed.form else None


def _skus(typed, draft):
    """The SKU of each row as it is typed now: no two alike, and none of another product."""
    had = [variant.sku for variant in draft.variants]
    now = [plain_line(typed.form.get(f"code-{place}", sku)) for place, sku in enumerate(had)]
    theirs = owners([sku for sku in now if sku not in had])
    for place, (was, sku) in enumerate(zip(had, now, strict=True)):
        if was == sku:
            continue
        if not 0 < len(sku) <= MOST_SKU:
            typed.errors.append((f"code-{place}", _("Enter a SKU of at most %(most)d letters", most=MOST_SKU)))
        elif sku in had or now.count(sku) > 1:
            typed.errors.append((f"code-{place}", _("Another variant has the SKU %(sku)s", sku=sku)))
        elif sku in theirs:
            sentence = _("The SKU %(sku)s belongs to the product %(slug)s", sku=sku, slug=theirs[sku][1])
            typed.errors.append((f"code-{place}", sentence))
    return now


def _tax(typed, name, taxes, had):
    """The code that was chosen; what it was if nothing is said."""
    code = typed.form.get(name)
    if code is not None and code not in taxes:
        typed.errors.append((name, _("Choose how it is taxed")))
    return code if code in taxes else had


def _ticked(typed, name, beside):
    """Whether a box is ticked; None if it was not on the page, as the field beside it tells."""
    return name in typed.form if beside in typed.form else None


def _minutes(text):
    return whole(text, MOST_MINUTES, least=1)


def _variant(typed, place, variant, skus, taxes):
    """One row of the table of variants. Rows are known by their place, which the page says with their SKU."""
    if typed.form.get(f"sku-{place}") != variant.sku:
        raise Invalid(_("The variants changed meanwhile. Open the page again."))
    policy = typed.form.get(f"policy-{place}", "")
    if policy not in POLICIES:
        typed.errors.append((f"policy-{place}", _("Choose how the stock is counted")))
    price = typed.read(f"price-{place}", amount, variant.currency)
    timed = f"hold-{place}" in typed.form
    return replace(
        variant,
        sku=skus[place],
        tax_category=_tax(typed, f"tax-{place}", taxes, variant.tax_category),
        requires_shipping=_ticked(typed, f"ships-{place}", beside=f"tax-{place}"),
        hold_minutes=typed.read(f"hold-{place}", _minutes) if timed else variant.hold_minutes,
        price_minor=variant.price_minor if price is None else price,
        compare_at_minor=typed.read(f"compare-{place}", amount, variant.currency),
        weight_g=typed.read(f"weight-{place}", lambda text: whole(text or "0", MOST_GRAMS)),
        max_per_order=typed.read(f"most-{place}", lambda text: whole(text or "0", MOST_EACH)),
        stock_policy=policy if policy in POLICIES else variant.stock_policy,
        gift_certificate=f"gift-{place}" in typed.form,
        active=f"active-{place}" in typed.form,
    )


def _categories(typed):
    """The ticked places, and a new one typed as "Kitchen > Boards"."""
    places = [at(path) for path in typed.form.getlist("category")]
    found = [_place(place) for place in places if place]
    names = [plain_line(name)[:100] for name in typed.form.get("new-category", "").split(">")]
    names = [name for name in names if name][:5]
    return [*found, CategoryDraft.named(*names)] if names else found


def _place(place):
    return CategoryDraft(place.path, tuple(each.name for each in trail(place)))

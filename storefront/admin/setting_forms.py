"""The settings of the shop by topic: each a form whose fields are columns of the store, with bounds."""

from typing import Any
from zoneinfo import available_timezones

from babel.core import get_global
from babel.numbers import list_currencies
from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from storefront import customers, store
from storefront.admin.numbers import IntegerField
from storefront.customers import plain_line, valid_email
from storefront.kit import money
from storefront.kit.errors import Invalid
from storefront.kit.html import without_nul
from storefront.store import accent, languages


def _one_line(text):
    return plain_line(text or "")


def _lines(text):
    return "\n".join(plain_line(line) for line in without_nul(text or "").splitlines()).strip()


def line(label, most=200, needed=True):
    """One line of text, at most so many letters."""
    rules = [InputRequired(_l("This must not be empty"))] if needed else []
    return StringField(label, [*rules, Length(max=most, message=_l("Shorten this"))], filters=[_one_line])


def number(label, least, most):
    """A whole number between two."""
    sentence = _l("Enter a whole number from %(least)s to %(most)s", least=least, most=most)
    return IntegerField(label, [InputRequired(sentence), NumberRange(least, most, message=sentence)])


class TopicForm(FlaskForm):
    """The settings of a topic; each field is a column of the store unless the topic says otherwise."""

    def columns(self) -> dict[str, Any]:
        """What was filled in, by the names of the store's columns."""
        return {field.name: field.data for field in self if field.name != "csrf_token"}


class ShopForm(TopicForm):
    """Who the shop is to those who read its pages."""

    name = line(_l("Name of the shop"), 60)
    email = EmailField(_l("Email"), [InputRequired(_l("Enter an email address")), valid_email])
    phone = line(_l("Phone"), 40, needed=False)
    country = SelectField(_l("Country"))
    timezone = SelectField(_l("Time zone"))
    currency = SelectField(_l("Currency"))
    accent = line(_l("Colour of buttons and links"), 7, needed=False)
    home_line = line(_l("First words of the home page"), 100, needed=False)
    home_text = line(_l("What the home page says below them"), 300, needed=False)
    hints = {
        "email": _l("Letters come from it, and shoppers write to it."),
        "timezone": _l("Pages and letters tell times by its clocks."),
        "currency": _l("It can be changed only while there is no order."),
        "accent": _l("Like #1d5c4b. If you leave it empty, it is the green that the shop came with."),
        "home_line": _l("If you leave them empty, it says: Welcome to …, with the name of the shop."),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.is_submitted():
            words = store.greeting()
            self.home_line.data, self.home_text.data = words.get("line", ""), words.get("text", "")
        self.country.choices = customers.countries(None, "en")
        self.timezone.choices = [(name, name) for name in sorted(available_timezones())]
        self.currency.choices = [(code, code) for code in sorted(_current_currencies() | {store.current().currency})]

    def validate_accent(self, field):
        """A colour that can be read, or none; the nearest is offered for one that is too pale."""
        colour = accent.read(field.data)
        if colour is None:
            raise ValidationError(_("Enter a colour like %(colour)s", colour=accent.OWN))
        if (nearest := accent.legible(colour)) != colour:
            raise ValidationError(
                _(
                    "%(colour)s is too pale to be read on the page: the nearest that can be read is %(nearest)s",
                    colour=colour,
                    nearest=nearest,
                )
            )
        field.data = colour

    def columns(self) -> dict[str, Any]:
        """The words of the home page are a setting of their own."""
        return {name: value for name, value in super().columns().items() if not name.startswith("home_")}


class OrdersForm(TopicForm):
    """How long an order waits for its money, and what becomes of it."""

    order_prefix = line(_l("Order numbers begin with"), 8, needed=False)
    payment_window_min = number(_l("Minutes to pay"), 5, 1440)
    hold_grace_min = number(_l("Minutes of grace"), 0, 240)
    pending_window_h = number(_l("Hours for payments on their way"), 1, 720)
    late_policy = SelectField(
        _l("Money that comes after an order was closed"),
        choices=[
            ("revive_if_stock", _l("Open the order again if its goods are there")),
            ("quarantine", _l("Always wait for a person")),
        ],
    )
    retention_failed_days = number(_l("Days to keep orders that were never paid"), 1, 3650)
    complete_after_days = number(_l("Days from sent to completed"), 1, 365)
    low_stock = number(_l("Few are left from"), 0, 10_000)
    hints = {
        "order_prefix": _l("Numbers that are given already stay as they are."),
        "payment_window_min": _l("Shoppers are told this time; the goods are kept for it."),
        "hold_grace_min": _l("The goods are kept so much longer, and nobody is told."),
        "pending_window_h": _l("For bank transfers and the like."),
        "low_stock": _l("You get a letter when so many are left, or fewer; an article may have a number of its own."),
    }

    def validate_order_prefix(self, field):
        """Letters that every gateway takes in a reference."""
        if not all(letter.isascii() and (letter.isalnum() or letter == "-") for letter in field.data):
            raise ValidationError(_("Use letters, digits and hyphens only"))


class CartsForm(TopicForm):
    """What a cart may hold, and how long it lives."""

    max_quantity = number(_l("Most of one thing in a cart"), 1, 9999)
    max_lines = number(_l("Most different things in a cart"), 1, 500)
    require_account = BooleanField(_l("Shoppers need an account to order"))
    line_notes = BooleanField(_l("Shoppers may write a note for each article"))
    certificate_days = number(_l("Days that gift certificates can be used"), 0, 36500)
    cart_abandon_days = number(_l("Days until an untouched cart is removed"), 1, 3650)
    cart_abandon_days_customer = number(_l("The same for people with an account"), 1, 3650)
    hints: dict = {"certificate_days": _l("From the day on which they are paid. 0: without an end.")}


class DeskForm(TopicForm):
    """Which paid orders a person looks at first, and how long things wait for a person."""

    amount = line(_l("Look at orders from this sum up"), 20, needed=False)
    first_order = BooleanField(_l("Look at the first order of every customer"))
    country_mismatch = BooleanField(_l("Look at orders that are billed to one country and sent to another"))
    desk_days = number(_l("Days until the desk decides by itself"), 2, 90)
    hints = {
        "amount": _l("Their goods are kept, and they are packed when you accept them. Empty: no sum."),
        "desk_days": _l("You are told a day before. Each row of the desk says what happens then."),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.is_submitted():
            rules, currency = store.current().review_rules, store.current().currency
            self.amount.data = money.plain(rules["amount_minor"], currency) if rules.get("amount_minor") else ""
            self.first_order.data = bool(rules.get("first_order"))
            self.country_mismatch.data = bool(rules.get("country_mismatch"))

    def validate_amount(self, field):
        """A sum above zero in the shop's currency, or nothing."""
        try:
            if field.data and money.parsed(field.data, store.current().currency) <= 0:
                raise ValidationError(_("Enter a sum above zero"))
        except Invalid as problem:
            raise ValidationError(problem.message) from problem

    def columns(self) -> dict[str, Any]:
        """The rules are one column."""
        least = money.parsed(self.amount.data, store.current().currency) if self.amount.data else 0
        rules = {"amount_minor": least} if least else {}
        for name in ("first_order", "country_mismatch"):
            rules |= {name: True} if self[name].data else {}
        return {"review_rules": rules, "desk_days": self.desk_days.data}


class LegalForm(TopicForm):
    """Who the seller is before the law, as invoices and footers tell."""

    legal_name = line(_l("Legal name"))
    address = TextAreaField(
        _l("Address"),
        [InputRequired(_l("Enter the address of the seller")), Length(max=400, message=_l("Shorten this"))],
        filters=[_lines],
    )
    vat_number = line(_l("VAT number"), 40, needed=False)
    return_days = number(_l("Days to send things back"), 0, 365)
    hints: dict = {"return_days": _l("Product pages tell it.")}


class LanguagesForm(TopicForm):
    """In which languages shoppers are spoken to; staff read English."""

    locale = SelectField(_l("Language of the shop"), choices=list(languages.NAMES.items()))
    hints: dict = {
        "locale": _l("For whoever asks for none of those offered. Your own texts and goods stay as you wrote them.")
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.is_submitted():
            self.locale.data = languages.default()
            for tag in languages.NAMES:
                self[f"speaks_{tag}"].data = tag in languages.offered()

    def columns(self) -> dict[str, Any]:
        """The language of the shop is always offered; the others stand in one column."""
        offered = [tag for tag in languages.NAMES if self[f"speaks_{tag}"].data and tag != self.locale.data]
        return {"locale": self.locale.data, "languages": languages.known(offered)}


for _tag, _name in languages.NAMES.items():
    setattr(LanguagesForm, f"speaks_{_tag}", BooleanField(_l("Offer %(language)s", language=_name)))


TOPICS = {
    "shop": (_l("Shop"), ShopForm),
    "languages": (_l("Languages"), LanguagesForm),
    "orders": (_l("Orders and holds"), OrdersForm),
    "desk": (_l("Review and desk"), DeskForm),
    "carts": (_l("Carts"), CartsForm),
    "legal": (_l("Legal"), LegalForm),
}


def _current_currencies():
    """Those that are money somewhere today."""
    used = {row[0] for rows in get_global("territory_currencies").values() for row in rows if row[2] is None and row[3]}
    return (used & set(list_currencies())) - {"XXX"}

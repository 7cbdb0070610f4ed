"""What is typed about people: addresses, signing in, making an account."""

from collections.abc import Collection, Sequence
from typing import Any

from flask import request
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TelField,
)
from wtforms.validators import InputRequired, ValidationError
from wtforms.widgets import Select, TextInput

from storefront.customers import addresses
from storefront.customers.emails import folded_email
from storefront.customers.models import CustomerAddress
from storefront.customers.passwords import problem_with
from storefront.customers.text import plain_line
from storefront.kit.errors import Invalid

NEW = "new"  # instead of the id of an address


class RegionField(SelectField):
    """A list to choose from where the country has one, free text where it has none."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, validate_choice=False, **kwargs)
        self.widget = TextInput()

    def offer(self, regions):
        """Let the page choose from these; nothing is chosen by itself."""
        self.choices, self.widget = [("", _("Choose")), *regions], Select()

    def _value(self):
        return self.data or ""


class AddressForm(FlaskForm):
    """An address whose fields, their order and which are required follow the chosen country.

    `countries` are the codes to choose from (None: all), `country="LV"` the one chosen at first. Fields that
    the country does not have are gone: loop over `layout.fields`. After a press of "Update the form"
    `changes_country` is true and nothing is validated: `validate_on_submit()` is False, `errors` is empty, and
    what was typed stays.
    """

    _fields: dict[str, Any]  # by name, in the order of the page

    country = SelectField(_l("Country"), validate_choice=False)
    name = StringField(_l("Full name"))
    company = StringField(_l("Company"))
    line1 = StringField(_l("Address"))
    line2 = StringField(_l("Address line 2"))
    postcode = StringField(_l("Postcode"))
    city = StringField(_l("City"))
    subdivision = RegionField(_l("State or region"))
    phone = TelField(_l("Phone"))

    def __init__(self, *args, countries: Collection[str] | None = None, phone_required: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        self.changes_country = bool(self.is_submitted() and "change_country" in request.form)
        locale = str(get_locale() or "en")
        self.country.choices = addresses.countries(countries, locale)
        self.phone_required = phone_required
        codes = [code for code, _name in self.country.choices]
        chosen = self.country.data if self.country.data in codes else next(iter(codes), "")
        self.layout = addresses.layout(chosen, locale)
        self._follow(self.layout)

    @property
    def values(self) -> dict[str, str]:
        """Every part by name, tidied; "" for what the country does not have."""
        return addresses.tidied({part: self._fields[part].data for part in addresses.PARTS if part in self._fields})

    def validate(self, extra_validators=None) -> bool:
        """Say at each field what to do, and show what was put right."""
        fine, values = super().validate(extra_validators), self.values
        codes = [code for code, _name in self.country.choices]
        problems = addresses.problems(values, codes, self.phone_required)
        for part in self.layout.fields:
            self._fields[part].data = values[part]
            self._fields[part].errors = [problems[part]] if part in problems else []
        return fine and not problems

    def validate_on_submit(self, extra_validators=None) -> bool:
        """As always, but another country is not a submission."""
        return not self.changes_country and super().validate_on_submit(extra_validators)

    def _follow(self, layout):
        if layout.subdivisions:
            self.subdivision.offer(layout.subdivisions)
        others = [name for name in self._fields if name not in addresses.PARTS]
        self._fields = {name: self._fields[name] for name in (*others, *layout.fields)}
        for part in layout.fields:
            self._fields[part].flags.required = part in layout.required or (part == "phone" and self.phone_required)


class BookForm(AddressForm):
    """An address of the customer's book, or another one that is typed beside it and kept if they like.

    Guests, and customers whose book is empty, only type. Call `offer` before anything else.
    """

    to = RadioField(_l("Address"), validate_choice=False)
    keep = BooleanField(_l("Save to my addresses"), default=True)

    def offer(self, book: Sequence[CustomerAddress], first: str) -> None:
        """Let the page choose from these rows; `first` is the id of the one chosen at first, or NEW."""
        self.book = book
        self.to.choices = [(str(row.id), row.name) for row in book] + [(NEW, _("Another address"))]
        if self.to.data is None:
            self.to.data = first

    @property
    def chosen(self) -> CustomerAddress | None:
        """The row of the book that was picked; None if an address is typed."""
        return next((row for row in self.book if str(row.id) == self.to.data), None)

    @property
    def values(self) -> dict[str, str]:
        """Every part of the address that was picked, or typed."""
        return self.chosen.as_dict() if self.chosen else super().values

    def validate(self, extra_validators=None) -> bool:
        """What is typed beside a picked address does not count; a row that is gone meanwhile is not another one."""
        if self.chosen is None and (not self.book or self.to.data == NEW):
            return super().validate(extra_validators)
        fine = FlaskForm.validate(self, extra_validators)
        if self.chosen is None:
            self.to.errors = [_("Choose an address of your book, or type another one")]
        return fine and self.chosen is not None


def required(sentence):
    """A validator that says what to do when nothing was typed."""
    return InputRequired(sentence)


def valid_email(form, field):
    """Keep the e-mail as the shop writes it, or say how one looks. Put it behind InputRequired."""
    try:
        field.data = folded_email(field.data or "")
    except Invalid as problem:
        raise ValidationError(problem.message) from None


class SignInForm(FlaskForm):
    """E-mail and password of an account; `next` is the page to go on to."""

    email = EmailField(_l("Email"), [required(_l("Enter your email address"))])
    password = PasswordField(_l("Password"), [required(_l("Enter your password"))])
    next = HiddenField()


class CreateForm(FlaskForm):
    """A new account."""

    name = StringField(_l("Full name"), filters=[lambda text: plain_line(text or "")])
    email = EmailField(_l("Email"), [required(_l("Enter your email address")), valid_email])
    password = PasswordField(_l("Password"), [required(_l("Choose a password of at least 10 characters"))])
    next = HiddenField()

    def validate_name(self, field):
        """One line of any script."""
        field.flags.required = True
        if not field.data:
            raise ValidationError(_("Enter your full name"))
        if len(field.data) > 200:
            raise ValidationError(_("Shorten this to 200 characters; it has %(length)s", length=len(field.data)))

    def validate_password(self, field):
        """Long enough, and not one that everybody tries first."""
        if sentence := problem_with(field.data, self.email.data or ""):
            raise ValidationError(sentence)


class EmailForm(FlaskForm):
    """An e-mail to write to."""

    email = EmailField(_l("Email"), [required(_l("Enter your email address")), valid_email])


class OwnPasswordForm(FlaskForm):
    """What must not be done by whoever finds an open session: it asks for the password once more."""

    current = PasswordField(_l("Your password"), [required(_l("Enter your password"))])


class NewEmailForm(OwnPasswordForm):
    """Another e-mail for the account."""

    email = EmailField(_l("New email"), [required(_l("Enter the new email address")), valid_email])


class RecoveryForm(FlaskForm):
    """The password that a letter's link sets."""

    password = PasswordField(_l("New password"), [required(_l("Choose a password of at least 10 characters"))])


class NewPasswordForm(OwnPasswordForm, RecoveryForm):
    """The password of now, and the one from now on."""

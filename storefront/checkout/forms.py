"""What is typed and picked on the way to the preview."""

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from storefront import taxes
from storefront.cart.custom import ORDER
from storefront.customers import valid_email
from storefront.customers.forms import BookForm
from storefront.kit.errors import Invalid

_TOO_LONG = _l("Write at most %(count)s letters", count=ORDER["note"])


class DeliveryForm(BookForm):
    """Who it is for and where it goes."""

    email = EmailField(_l("Email"), [InputRequired(_l("Enter your email address")), valid_email])
    other_billing = BooleanField(_l("The invoice goes to another address"))
    vat_number = StringField(_l("VAT number"))
    note = TextAreaField(_l("Message to us"), [Length(max=ORDER["note"], message=_TOO_LONG)])

    def validate_vat_number(self, field):
        """Keep the number in its usual form; its letters may be left out if it is of the country of the invoice."""
        country = request.form.get("billing_country") or self.values["country"]
        try:
            field.data = taxes.vat_number(field.data or "", country)
        except Invalid as problem:
            raise ValidationError(problem.message) from problem


class ChoiceForm(FlaskForm):
    """One of several rows (service levels, ways to pay): its id."""

    choice = HiddenField()

    @property
    def chosen_id(self) -> int | None:
        """The id that was picked, or None."""
        typed = self.choice.data or ""
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None


class ConfirmForm(FlaskForm):
    """The preview's two tokens: what was shown, and which press of the button this is."""

    quote_token = HiddenField()
    confirm_token = HiddenField()

"""How the shop treats taxes, as its owner sets it among the settings."""

from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import BooleanField, SelectField, TextAreaField
from wtforms.validators import Length, Optional, ValidationError

from storefront import customers, store
from storefront.admin.setting_forms import TopicForm, line
from storefront.customers import plain_line
from storefront.taxes.rules import EUROPEAN_UNION, GROSS, NET, rules


class TaxesForm(TopicForm):
    """How the shop treats taxes: one column of the store."""

    prices = SelectField(
        _l("Prices are typed"), choices=[(GROSS, _l("with tax")), (NET, _l("without tax: it comes on top"))]
    )
    abroad = SelectField(
        _l("Where another rate than at home is taken"),
        choices=[
            (GROSS, _l("The price stays the same, whatever tax is in it")),
            (NET, _l("The price without tax stays the same: the tax of the place is put in")),
        ],
    )
    reverse_charge = BooleanField(_l("Businesses of other countries of the union account for the tax themselves"))
    union = line(_l("Countries of the union"), 1200)
    sentence = TextAreaField(
        _l("What their invoice says"),
        [Optional(), Length(max=300, message=_l("Shorten this"))],
        filters=[lambda text: plain_line(text or "")],
    )
    hints = {
        "prices": _l("Every rate follows when this is changed, and new rates begin so; each can be set apart."),
        "abroad": _l("Prices of the catalogue include the tax of the shop’s own country."),
        "reverse_charge": _l(
            "The checkout asks for a VAT number. With a number of another country of the union, for goods that go to"
            " another country of the union, no tax is taken. The form of the number is checked, not whether it is"
            " registered: ask the register of the union (VIES) before you send."
        ),
        "union": _l("Codes with spaces between, like AT BE BG."),
        "sentence": _l("Empty: the usual sentence, with articles 194 and 196 of Directive 2006/112/EC."),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.is_submitted():
            kept = rules()
            self.prices.data, self.abroad.data = kept.prices, kept.abroad
            self.reverse_charge.data, self.sentence.data = kept.reverse_charge, kept.sentence
            self.union.data = " ".join(kept.union)

    def validate_union(self, field):
        """Codes of countries that there are, and the shop's own among them if the rule is on."""
        codes = _codes(field.data)
        known = {code for code, _name in customers.countries(None)}
        if unknown := [code for code in codes if code not in known]:
            raise ValidationError(_("There is no country with the code %(code)s", code=unknown[0][:20]))
        if self.reverse_charge.data and store.current().country not in codes:
            raise ValidationError(_("The shop’s own country is not among them: then nobody accounts for the tax"))

    def columns(self) -> dict[str, Any]:
        """The rules are one column, with what differs from the usual."""
        union = _codes(self.union.data)
        kept = {"prices": self.prices.data, "abroad": self.abroad.data, "reverse_charge": self.reverse_charge.data}
        kept |= {"union": union} if union != list(EUROPEAN_UNION) else {}
        kept |= {"sentence": self.sentence.data} if self.sentence.data else {}
        return {"tax_rules": kept}


def _codes(text):
    return sorted(set((text or "").upper().replace(",", " ").split()))

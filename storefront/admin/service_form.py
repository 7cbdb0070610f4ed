"""What is typed to connect a payment service: by the schema of its type. Secrets are only ever written."""

import re
from typing import Any, NamedTuple

from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, Field, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from storefront import payments
from storefront.customers import plain_line
from storefront.kit.errors import Invalid
from storefront.payments import certificates
from storefront.payments.gateways import kind_of
from storefront.payments.gateways.properties import ADDRESS, CERTIFICATE, CHOICE, FLAG, SECRET, Property
from storefront.payments.models import GatewayConfig

MOST = 2000  # letters of a value
MODES = [("test", _l("test: no real money")), ("live", _l("live: real money"))]


def one_line(text: str | None) -> str:
    """What was typed, in one line."""
    return plain_line(text or "")


class NewServiceForm(FlaskForm):
    """Which service, and how it is called here."""

    kind = SelectField(_l("Payment service"))
    name = StringField(_l("Name in addresses"), [InputRequired(_l("Enter a name for addresses"))], filters=[one_line])
    label = StringField(
        _l("Name for shoppers"),
        [InputRequired(_l("Enter a name for shoppers")), Length(max=60, message=_l("At most 60 letters"))],
        filters=[one_line],
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.kind.choices = sorted(payments.kinds().items(), key=lambda pair: str(pair[1]).casefold())


class Row(NamedTuple):
    """A property with the fields that it is typed in."""

    property: Property
    field: Field
    upload: Field | None


class ServiceForm(FlaskForm):
    """What every service has; `form_of` adds the properties of its type."""

    label = StringField(
        _l("Name for shoppers"),
        [InputRequired(_l("Enter a name")), Length(max=60, message=_l("At most 60 letters"))],
        filters=[one_line],
    )
    mode = SelectField(_l("Mode"), choices=MODES)
    only_sources = BooleanField(_l("Read its notifications only if they come from its own networks"))

    config: GatewayConfig
    known: list[Property]

    @property
    def rows(self) -> list[Row]:
        """The properties in the order of the schema."""
        return [Row(one, self[f"p_{one.name}"], self._fields.get(f"file_{one.name}")) for one in self.known]

    def wish(self) -> payments.Wish:
        """What was typed; files that were sent are kept under their names. Raises Invalid for what is no key."""
        files = {row.property.name: self._file(row) for row in self.rows if row.property.kind == CERTIFICATE}
        kept = {name: value for name, value in self.config.properties.items() if name not in self._typed_names()}
        typed = {row.property.name: _value(row) for row in self.rows if row.property.kind not in (SECRET, CERTIFICATE)}
        return payments.Wish(
            label=self.label.data or "",
            mode=self.mode.data,
            properties={**kept, **{name: value for name, value in typed.items() if value}},
            secrets={row.property.name: row.field.data or "" for row in self.rows if row.property.kind == SECRET},
            files=files,
            only_sources=bool(self.only_sources.data),
        )

    def put_errors(self, wrong: dict[str, str]) -> None:
        """Show each sentence at its field."""
        for name, sentence in wrong.items():
            self[f"p_{name}"].errors = [sentence]

    def ask_again(self) -> None:
        """A page that comes back brings no secret: say so where one was typed."""
        for row in self.rows:
            if row.property.kind == SECRET and row.field.data:
                told = _("%(key)s: enter it once more, for a page brings no key back.", key=row.field.label.text)
                row.field.errors = [*row.field.errors, told]

    def _typed_names(self):
        return {one.name for one in self.known}

    def _file(self, row):
        sent = row.upload.data if row.upload else None
        if not sent or not sent.filename:
            return row.field.data
        try:
            row.field.data = certificates.keep(_base(sent.filename), sent.read(certificates.LARGEST + 1))
        except Invalid as problem:
            raise Invalid(problem.message, fields={row.property.name: [problem.message]}) from None
        return row.field.data


def form_of(config: GatewayConfig) -> ServiceForm:
    """The form of a configured gateway, with what is known filled in."""
    known = payments.fields_of(kind_of(config.type))
    fields: dict[str, Any] = {"config": config, "known": known}
    for one in known:
        fields[f"p_{one.name}"] = _field(one)
        if one.kind == CERTIFICATE:
            fields[f"file_{one.name}"] = FileField(_("A new file for it"))
    shown = {"label": config.label, "mode": config.mode, "only_sources": config.only_sources}
    values = {f"p_{name}": value for name, value in {**config.properties, **config.certificates}.items()}
    flags = {f"p_{one.name}": bool(config.properties.get(one.name)) for one in known if one.kind == FLAG}
    return type("TypedServiceForm", (ServiceForm,), fields)(data={**values, **shown, **flags})


def _field(one):
    label = one.label or one.name
    short = Length(max=MOST, message=_l("At most %(max)d letters"))
    if one.kind == CHOICE:
        choices = list(one.choices) if one.required else [("", _l("as usual")), *one.choices]
        return SelectField(label, choices=choices)
    if one.kind == FLAG:
        return BooleanField(label)
    if one.kind == SECRET:
        return PasswordField(label, [short], filters=[_stripped])
    return StringField(label, [short], filters=[one_line])


def _stripped(text):
    """A key is pasted with spaces around it; what is inside stays."""
    return (text or "").strip()


def _value(row):
    if row.property.kind == FLAG:
        return "1" if row.field.data else ""
    return row.field.data.rstrip("/") if row.property.kind == ADDRESS and row.field.data else row.field.data


def _base(name):
    """The name without the folders of the machine that it comes from, in letters that every machine knows."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name.replace("\\", "/").rpartition("/")[2]).lstrip(".-")

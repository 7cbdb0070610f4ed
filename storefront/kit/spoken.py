"""The sentences of the shop in the visitor's language: a page says dozens of them, so they are looked up once."""

from babel.support import NullTranslations
from flask import Flask, g, has_app_context
from flask_babel import Babel, Domain, get_locale
from jinja2 import pass_eval_context
from markupsafe import Markup


class _Sentences(Domain):
    """Flask-Babel's own, which remembers what it found beside the locale of this moment: a letter may have another."""

    def get_translations(self) -> NullTranslations:
        here = g.get("_flask_babel") if has_app_context() else None  # where Flask-Babel keeps the locale
        known = here and here.__dict__.get("sentences")
        if known and known[0] is here.__dict__.get("babel_locale"):
            return known[1]
        locale, found = get_locale(), super().get_translations()
        if here:
            here.sentences = locale, found
        return found


SENTENCES = _Sentences()


class Languages(Babel):
    """Flask-Babel with sentences that are quick to find, in Python and in templates."""

    domain_instance = SENTENCES

    def init_app(self, app: Flask, **options) -> None:
        """Set up an application, its templates too."""
        super().init_app(app, **options)
        app.jinja_env.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
        app.jinja_env.globals["_"] = _said


def _gettext(message):
    return SENTENCES.get_translations().gettext(message)


def _ngettext(singular, plural, count):
    """As Jinja wants it: what is put into the sentence it puts there itself."""
    return SENTENCES.get_translations().ngettext(singular, plural, count)


@pass_eval_context
def _said(context, message, **variables):
    """Jinja's own newstyle gettext with fewer steps."""
    text = SENTENCES.get_translations().gettext(message)
    if context.autoescape:
        text = Markup(text)  # noqa: S704 -- the shop's own words; what is put into them is escaped
    return text % variables if variables or "%" in message else text

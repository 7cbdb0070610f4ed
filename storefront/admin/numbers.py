"""Whole numbers in forms: what is none is answered with the sentence that the field has for a wrong one."""

import wtforms
from flask_babel import gettext as _


class IntegerField(wtforms.IntegerField):
    """A whole number; what is none is told what to enter, in the words of the field's own rules if they have any."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed. Raises ValueError with the sentence for the field."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            told = (getattr(rule, "message", None) for rule in self.validators)
            raise ValueError(next(filter(None, told), _("Enter a whole number"))) from None

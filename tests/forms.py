"""Reading a page as a visitor would: its words, its links, and its forms with their labels and buttons."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = set("area base br col embed hr img input link meta source track wbr".split())
SILENT = {"script", "style", "template"}
BUTTONS = {"submit", "image"}


@dataclass
class Control:
    """One field of a form. `checked` is None for everything but check boxes and radio buttons."""

    name: str
    kind: str
    value: str = ""
    id: str = ""
    label: str = ""
    checked: bool | None = None
    disabled: bool = False
    options: list[tuple[str, str]] = field(default_factory=list)  # (value, words)
    wrapped: bool = False


@dataclass
class Button:
    """One way to send a form. It may lead elsewhere than the form does."""

    words: str
    name: str = ""
    value: str = ""
    action: str | None = None
    disabled: bool = False


@dataclass
class Form:
    """A form as it stands on the page."""

    action: str
    method: str
    id: str = ""
    controls: list[Control] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)

    def button(self, words: str) -> Button | None:
        """The button with these words; a button may say more ("Confirm and pay €42.90")."""
        exact = [one for one in self.buttons if _folded(one.words) == _folded(words)]
        return next(iter(exact or [one for one in self.buttons if _folded(one.words).startswith(_folded(words))]), None)

    def values(self) -> list[tuple[str, str]]:
        """What a browser would send if nobody touched anything, without a button."""
        return [
            (one.name, one.value)
            for one in self.controls
            if one.name and not one.disabled and one.checked is not False and one.kind != "file"
        ]

    def filled(self, answers: dict) -> list[tuple[str, str]]:
        """The values with answers for some fields, found by name or by label; a list ticks several boxes.

        A radio button is found by its name and a value or the words beside it. Raises KeyError for an
        answer that fits no field.
        """
        values = self.values()
        for asked, answer in answers.items():
            fitting = self._fitting(asked)
            name = fitting[0].name
            values = [pair for pair in values if pair[0] != name]
            if answer is not None and answer is not False:
                wanted = answer if isinstance(answer, list) else [answer]
                values += [(name, _answer(fitting, one)) for one in wanted]
        return values

    def _fitting(self, asked):
        by_name = [one for one in self.controls if one.name == asked]
        found = by_name or [one for one in self.controls if _folded(one.label) == _folded(asked)]
        found = found or [one for one in self.controls if _folded(one.label).startswith(_folded(asked))]
        if not found:
            known = sorted({one.label or one.name for one in self.controls})
            raise KeyError(f"There is no field {asked!r} in this form, only {known}.")
        return [found[0], *(one for one in self.controls if one.name == found[0].name and one is not found[0])]


def _answer(controls, answer):
    """The value that stands for an answer: of the box, the button or the list entry that it names."""
    first = controls[0]
    if answer is True:
        return first.value or "on"
    if first.kind == "radio":
        for one in controls:
            if str(answer) == one.value or _folded(one.label).startswith(_folded(str(answer))):
                return one.value
    for value, words in first.options:
        if str(answer) == value or _folded(words) == _folded(str(answer)):
            return value
    return str(answer)


def _folded(words):
    return " ".join(words.split()).casefold()


class Reader(HTMLParser):
    """Reads one page: `forms`, `links` as (words, address), `text`, `title` and `heading`."""

    def __init__(self, html: str):
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.title = self.heading = ""
        self.words: list[str] = []
        self._silent = 0
        self._goes_on = False  # nothing but <bdi> since the last words, which parts none
        self._form: Form | None = None
        self._loose: list[tuple[str, Control | Button]] = []  # fields that name their form by its id
        self._labels: dict[str, str] = {}
        self._open: dict[str, list] = {}  # tag: what stands open, with the words so far
        self.feed(html)
        self.close()
        self._tie_up()

    @property
    def text(self) -> str:
        """All visible words, in one line."""
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        found = {name: value or "" for name, value in attrs}
        self._goes_on = self._goes_on and tag == "bdi"
        if tag in SILENT:
            self._silent += 1
        elif tag == "form":
            self._form = Form(found.get("action", ""), found.get("method", "get").lower(), found.get("id", ""))
            self.forms.append(self._form)
        elif tag in ("input", "select", "textarea"):
            self._field(tag, found, {name for name, _ in attrs})
        elif tag == "option":
            self._option(found, {name for name, _ in attrs})
        elif tag == "button":
            self._button(found, {name for name, _ in attrs})
        elif tag in ("label", "a", "title", "h1"):
            self._open[tag] = [found, [], []]

    def _field(self, tag, found, names):
        kind = found.get("type", "text").lower() if tag == "input" else tag
        if kind in BUTTONS:
            self._keep(found, Button(found.get("value", "Submit"), found.get("name", ""), found.get("value", "")))
            return
        one = Control(found.get("name", ""), kind, found.get("value", ""), found.get("id", ""))
        one.disabled = "disabled" in names
        if kind in ("checkbox", "radio"):
            one.checked, one.value = "checked" in names, found.get("value", "on")
        if kind not in ("button", "reset"):
            self._keep(found, one)
        if "label" in self._open:
            self._open["label"][2].append(one)
        if tag != "input":
            self._open[tag] = [one, []]

    def _option(self, found, names):
        self._open["option"] = [found, []]
        select = self._open.get("select")
        if select and ("selected" in names or not select[0].options):
            self._open["option"].append("chosen")

    def _button(self, found, names):
        one = Button("", found.get("name", ""), found.get("value", ""), found.get("formaction"), "disabled" in names)
        self._open["button"] = [one, []]
        if found.get("type", "submit").lower() == "submit":
            self._keep(found, one)

    def _keep(self, found, one):
        if "form" in found:
            self._loose.append((found["form"], one))
        elif self._form:
            (self._form.buttons if isinstance(one, Button) else self._form.controls).append(one)

    def handle_data(self, data):
        if self._silent:
            return
        if self._goes_on:
            self.words[-1] += data
        else:
            self.words.append(data)
        self._goes_on = True
        for tag in ("label", "a", "title", "h1", "option", "button", "textarea"):
            if tag in self._open:
                self._open[tag][1].append(data)

    def handle_endtag(self, tag):
        self._goes_on = self._goes_on and tag == "bdi"
        if tag in SILENT:
            self._silent -= 1
        elif tag == "form":
            self._form = None
        elif tag in self._open:
            self._close(tag, self._open.pop(tag))

    def _close(self, tag, opened):
        words = " ".join("".join(opened[1]).split())
        if tag == "label":
            self._labels[opened[0].get("for", "")] = words
            for one in opened[2]:
                one.label, one.wrapped = words, True
        elif tag == "a":
            self.links.append((words, opened[0].get("href", "")))
        elif tag == "title":
            self.title = words
        elif tag == "h1":
            self.heading = self.heading or words
        elif tag == "button":
            opened[0].words = words
        elif tag == "textarea":
            opened[0].value = "".join(opened[1]).removeprefix("\n")
        elif tag == "option" and "select" in self._open:
            self._close_option(opened, words)

    def _close_option(self, opened, words):
        select = self._open["select"][0]
        value = opened[0].get("value", words)
        select.options.append((value, words))
        if "chosen" in opened[2:]:
            select.value = value

    def _tie_up(self):
        for form_id, one in self._loose:
            for form in self.forms:
                if form.id == form_id:
                    (form.buttons if isinstance(one, Button) else form.controls).append(one)
        for form in self.forms:
            for one in form.controls:
                if one.id in self._labels and one.id:
                    one.label = self._labels[one.id]

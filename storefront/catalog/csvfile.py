"""Reading a CSV file as people have it: any usual encoding, separator and line end, with true line numbers."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from flask_babel import gettext as _

from storefront.kit.errors import Invalid

MOST_BYTES = 32_000_000
_SEPARATORS = ",;\t|"
_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")


@dataclass(frozen=True)
class Row:
    """One row: the line on which it begins, and its cells by heading in small letters."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, heading: str) -> str:
        return self.cells.get(heading, "")


@dataclass
class Table:
    """The headings, in small letters, and the rows; `faults` are lines that cannot be read, with the reason."""

    headings: list[str]
    rows: list[Row] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)


def read_table(data: bytes, known: Callable[[list[str]], list[str]] = list) -> Table:
    """The table in a file; `known` may put the usual names for its headings.

    Raises Invalid, with a sentence for a person, when there is none.
    """
    if len(data) > MOST_BYTES:
        raise Invalid(_("The file is larger than %(most)d MB: split it.", most=MOST_BYTES // 1_000_000))
    text = _decoded(data)
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise Invalid(_("The file is empty."))
    lines = _lines(text, max(_SEPARATORS, key=first.count))
    _line, cells = next(lines, (1, []))
    if not cells:
        raise Invalid(_("The file is empty."))
    headings = known([heading.strip().lower() for heading in cells])
    table = Table(headings)
    for line, cells in lines:
        if any(cell.strip() for cell in cells[len(headings) :]):
            table.faults.append((line, _("there are more cells than headings: a separator or quotation mark is wrong")))
        else:
            row = zip(headings, cells, strict=False)
            table.rows.append(Row(line, {heading: unguarded(cell).strip() for heading, cell in row}))
    return table


def _decoded(data):
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").replace("\0", "")
    if b"\0" in data:
        raise Invalid(_("This is not a text file: save the table as CSV."))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _lines(text, separator) -> Iterator[tuple[int, list[str]]]:
    """Each row that has anything in it, with the line on which it begins."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    try:
        for cells in rows:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = rows.line_num + 1
    except csv.Error as error:
        if "limit" in str(error):
            raise Invalid(_("Line %(line)d: a cell is too long.", line=begins)) from error
        raise Invalid(
            _("Line %(line)d: a quotation mark is not closed, or stands in the wrong place.", line=begins)
        ) from error


def guarded(cell: str) -> str:
    """The cell as no spreadsheet takes it for a formula: an apostrophe before = + - @ tab and return."""
    return f"'{cell}" if _DANGEROUS.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell again without that apostrophe."""
    return cell[1:] if cell.startswith("'") and _DANGEROUS.match(cell) else cell

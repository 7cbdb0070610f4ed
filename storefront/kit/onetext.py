"""The rows of a small table as one text, which comes along with another row: a statement less for each page."""

from sqlalchemy import ColumnElement, String, cast, func, literal_column

_FIELD, _ROW = "\x1f", "\x1e"  # unit and record separator (ASCII)
_BETWEEN_FIELDS, _BETWEEN_ROWS = (literal_column(f"'{mark}'", String) for mark in (_FIELD, _ROW))
_BLANK, _NOTHING = literal_column("' '", String), literal_column("''", String)


def gathered(*columns: ColumnElement) -> ColumnElement[str]:
    """An aggregate, to be selected from the table: its rows in no order, NULL if there are none."""
    row = _as_text(columns[0])
    for column in columns[1:]:
        row = row + _BETWEEN_FIELDS + _as_text(column)
    return func.aggregate_strings(row, _ROW)


def rows_of(text: str | None) -> list[list[str]]:
    """The rows again, each column as text: NULL is "", and a separator within a text has become a blank."""
    return [row.split(_FIELD) for row in text.split(_ROW)] if text else []


def _as_text(column):
    if isinstance(column.type, String):
        column = func.replace(func.replace(column, _BETWEEN_FIELDS, _BLANK), _BETWEEN_ROWS, _BLANK)
    return func.coalesce(cast(column, String), _NOTHING)

"""Whether the books are right: every invariant as a query against the live database. Reads everything, owns results.

Verbs: violations (what is broken, of all lines or some); look (one line); money (money in = money explained);
The job's: look_at_all, is_due_in_full, ask_for_a_whole_look, is_small, keep; results and red_lines (what it found);
trail_checked_by (who checks the admin's trail). LINES is the table, chosen some of it,
add what an extension knows; in_words prints a row.
"""

from storefront.proof.chains import trail_checked_by
from storefront.proof.explained import money
from storefront.proof.line import Line, Row, Violation, in_words
from storefront.proof.looking import look, violations
from storefront.proof.results import (
    ask_for_a_whole_look,
    is_due_in_full,
    is_small,
    keep,
    look_at_all,
    red_lines,
    results,
)
from storefront.proof.table import ELSEWHERE, LINES, add, chosen

__all__ = [
    "ELSEWHERE",
    "LINES",
    "Line",
    "Row",
    "Violation",
    "add",
    "ask_for_a_whole_look",
    "chosen",
    "in_words",
    "is_due_in_full",
    "is_small",
    "keep",
    "look",
    "look_at_all",
    "money",
    "red_lines",
    "results",
    "trail_checked_by",
    "violations",
]

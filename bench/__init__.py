"""How fast the shop is: `make bench` prints a table and keeps it as JSON. Figures, not tests: nothing fails here."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # the databases and the visitors are those of the tests

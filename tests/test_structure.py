"""The rules of the house hold: what may import what, who commits, what pages may contain, and that tables match.

Proves the shape that architecture.md describes, not a capability of its own.
"""

import ast
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from jinja2 import Environment, nodes
from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex

from storefront.commits import COMMITS
from storefront.kit.db import Base, db, tell_where
from storefront.kit.states import Machine

from conftest import Shop

ROOT = Path(__file__).resolve().parent.parent
STOREFRONT = ROOT / "storefront"
ORDER = (
    "kit commits store customers stock catalog shipping taxes promotions certificates cart payments orders desk"
    " checkout notices api webhooks sandbox proof jobs admin health logs error_pages extensions demo welcome moving"
    " prover cli app"
).split()
DOMAIN = ORDER[: ORDER.index("notices")]
SOURCES = [path for path in sorted(STOREFRONT.rglob("*.py")) if path.name != "__init__.py" or path.parent != STOREFRONT]
TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))
STYLES = sorted((ROOT / "static").glob("*.css"))
SYNTAX = Environment()


def name_of(path):
    """A path as people write it, for the name of a test."""
    return str(path.relative_to(ROOT))


def package_of(path):
    """The part of the shop that a file belongs to."""
    return path.relative_to(STOREFRONT).with_suffix("").parts[0]


def imported(path):
    """The parts of the shop that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name_of(path)} imports relatively"
            names = [f"{node.module}.{name}" for name in names]
        for name in names:
            if name.startswith("storefront."):
                yield name.split(".")[1]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_point_one_way(path):
    """A part of the shop knows only what stands before it."""
    here = package_of(path)
    for there in imported(path):
        assert ORDER.index(there) <= ORDER.index(here), f"{name_of(path)} must not import {there}"


def test_every_part_has_its_place():
    """Nothing in the shop stands outside of the one list."""
    assert {package_of(path) for path in SOURCES} <= {*ORDER, "translations"}


def bare_calls(path, name):
    """Where a file calls a method of this name without arguments; stock.commit(order) is another word."""
    for node in ast.walk(ast.parse(path.read_text())):
        called = node.func if isinstance(node, ast.Call) and not node.args + node.keywords else None
        if isinstance(called, ast.Attribute) and called.attr == name:
            yield f"{name_of(path)}:{node.lineno}"


def test_one_line_commits():
    """Only transaction() commits, so there is no doubt who does."""
    found = [place for path in SOURCES for place in bare_calls(path, "commit")]
    assert len(found) == 1, found
    assert found[0].startswith("storefront/kit/db.py")


PURCHASE = {"cart", "payments", "orders", "desk", "checkout", "notices", "sandbox", "jobs"}


def calls(path, name):
    """The calls of a function by its bare name, with the first line of each for people."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield f"{name_of(path)}:{node.lineno}", node


def commits_of(path):
    """Where a file commits, and under which name: transaction("name"), or each and at_once(rows, verb) the verb's."""
    for place, call in calls(path, "transaction"):
        named = call.args[0] if call.args else None
        if not (package_of(path) == "jobs" and path.stem == "each"):  # named by its verb, below
            yield place, named.value if isinstance(named, ast.Constant) else None
    for place, call in (*calls(path, "each"), *calls(path, "at_once")):
        verb = call.args[1]
        if not (package_of(path) == "jobs" and path.stem == "each"):
            yield place, verb.attr if isinstance(verb, ast.Attribute) else getattr(verb, "id", None)


def test_every_commit_of_the_purchase_has_a_name():
    """No commit between the cart and the refund escapes the rehearsal of crashes, and no name stands for two."""
    found = [commit for path in SOURCES for commit in commits_of(path)]
    nameless = [place for place, name in found if not name and place.split("/")[1].removesuffix(".py") in PURCHASE]
    assert not nameless, f"{nameless}: give the transaction a name, and a sentence in storefront/commits.py"
    names = [name for _, name in found if name]
    astray = set(names) ^ set(COMMITS) or {name for name in names if names.count(name) > 1}
    assert not astray, f"{astray}: each name stands once in the code and once in storefront/commits.py"


def test_one_file_reaches_the_network():
    """Only kit/http.py knows a library that makes calls, and only kit/mail.py one that posts letters."""
    doors = {
        "requests": "kit/http.py",
        "smtplib": "kit/mail.py",
        "urllib.request": "",
        "http.client": "",
        "socket": "kit/http.py",
    }
    for path in SOURCES:
        here = str(path.relative_to(STOREFRONT))
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                for name in names:
                    assert doors.get(name, here) == here, f"{here} must not import {name}"


def test_a_worker_takes_memory_for_what_it_uses(tmp_path):
    """A shop that has only started has loaded none of these, says nothing of that, and can load them all."""
    libraries = ["charset_normalizer", "cryptography", "nacl", "nh3", "stdnum", "stripe"]
    look = f"import sys, wsgi; print({{*{libraries}}} & {{*sys.modules}}); import {', '.join(libraries)}"
    shop = {"SCHEDULER": "off", "LOG_LEVEL": "WARNING", "DATA_DIR": str(tmp_path), "SECRET_KEY": "-" * 32}
    settings = {**os.environ, **shop, "DATABASE_URL": f"sqlite:///{tmp_path}/shop.db"}
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, env=settings, capture_output=True, check=False)
    assert (done.stdout, done.stderr.decode(), done.returncode) == (b"set()\n", "", 0)


def test_money_is_divided_in_one_place():
    """Binary fractions come nowhere near money: no float in the parts of the shop that count. INV-08."""
    for path in SOURCES:
        if package_of(path) in {
            "cart",
            "orders",
            "payments",
            "taxes",
            "shipping",
            "promotions",
            "certificates",
            "desk",
        }:
            for node in ast.walk(ast.parse(path.read_text())):
                what = f"{name_of(path)}:{getattr(node, 'lineno', 0)}"
                assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), what
                assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)), what
                assert not (isinstance(node, ast.Name) and node.id == "float"), what


def _has_verbs(path):
    return package_of(path) in DOMAIN and path.stem not in ("views", "forms")


def public_functions(path):
    """Functions and classes that others may use: at the top of a module, without an underscore."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node


@pytest.mark.parametrize("path", [path for path in SOURCES if _has_verbs(path)], ids=name_of)
def test_every_verb_says_what_holds(path):
    """Whoever calls a verb can read what is true afterwards."""
    assert path.stat().st_size == 0 or ast.get_docstring(ast.parse(path.read_text())), f"{name_of(path)} says nothing"
    for node in public_functions(path):
        assert ast.get_docstring(node), f"{name_of(path)}: {node.name} says nothing"


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_pages_carry_no_inline_code(path):
    """The content security policy allows no inline style, script or handler, so no page contains one."""
    html = path.read_text()
    letter = "emails" in path.parts  # mail programs know no style sheets; letters have no policy
    assert letter or not re.search(r"<style|\sstyle\s*=", html, re.I)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", html, re.I)
    for tag in re.findall(r"<script\b[^>]*>", html, re.I):
        assert "src=" in tag or "application/ld+json" in tag, tag
    assert not re.search(r"(?:href|src|action)\s*=\s*[\"']?\s*javascript:", html, re.I)


def test_no_layout_takes_a_name_of_its_pages():
    """What a layout sets for itself hides what a view gives to the page under the same name."""
    pages = {one: SYNTAX.parse(one.read_text()) for one in TEMPLATES}
    layouts = {found.template.value for page in pages.values() for found in page.find_all(nodes.Extends)}
    given = {
        word.arg
        for path in SOURCES
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "render_template"
        for word in call.keywords
    }
    taken = {
        (str(path.relative_to(ROOT / "templates")), one.target.name)
        for path, page in pages.items()
        for one in page.body
        if isinstance(one, nodes.Assign) and isinstance(one.target, nodes.Name)
    }
    assert layouts and given
    assert not {(page, name) for page, name in taken if page in layouts and name in given}


@pytest.mark.parametrize("path", STYLES, ids=name_of)
def test_styles_know_no_left_and_right(path):
    """Logical properties only, so that the shop can be read from right to left."""
    sides = r"(?:left|right|top|bottom)"
    physical = (
        rf"(?<![-\w])(?:(?:margin|padding|border|inset)-{sides}|(?:left|right)|(?:max-|min-)?(?:width|height))\s*:"
    )
    rules = re.sub(r"/\*.*?\*/|@(?:media|container|property)[^{]*", "", path.read_text(), flags=re.S)
    rules = re.sub(r"@font-face\s*{[^}]*}", "", rules)
    assert not re.findall(physical, rules)
    assert not re.findall(r"(?:text-align|float|clear)\s*:\s*(?:left|right)", rules)


def machines():
    """Every state machine of the shop."""
    for path in sorted(STOREFRONT.rglob("*states.py")):
        if package_of(path) != "kit":
            module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            for name, found in vars(module).items():
                if isinstance(found, Machine):
                    yield pytest.param(found, id=f"{package_of(path)}.{name}")


@pytest.mark.parametrize("machine", machines())
def test_every_state_can_be_reached(machine):
    """No state is an island: from where a row begins, every state of the table can come."""
    rows = machine.table.values()
    targets = {target for _, target in rows}
    first = next(iter(rows))[0][0]
    reached = {first} | (machine.states - targets)
    while more := {target for sources, target in rows if reached & set(sources)} - reached:
        reached |= more
    assert reached == machine.states
    assert len(machine.states - targets - {first}) == 0, "two states to begin in"


def test_migrations_and_models_agree(context):
    """A database made by the migrations has exactly the tables, columns, indexes and constraints of the models."""
    with db.engine.connect() as connection:
        options = {"compare_type": True, "include_object": _of_the_models}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)
    assert differences == []


@pytest.mark.parametrize("dialect", [postgresql.dialect(), sqlite.dialect()], ids=lambda dialect: dialect.name)
def test_what_is_unique_among_some_rows_is_so_on_both_databases(dialect):
    """An index on some rows names them to either database: else one paid order would bar the next."""
    tell_where(Base.metadata, dialect.name)
    indexes = [index for table in Base.metadata.tables.values() for index in table.indexes]
    made = {index.name: str(CreateIndex(index).compile(dialect=dialect)) for index in indexes}
    partial = {name for name, sql in made.items() if " WHERE " in sql}
    assert {"uq_bills_applied_order", "uq_carts_open_token", "uq_inbox_messages_applied"} < partial
    assert made["uq_bills_applied_order"].endswith("(order_id) WHERE disposition = 'APPLIED'")


def _of_the_models(thing, name, kind, reflected, compare_to):
    """The search indexes consist of tables of the database itself, which no model describes."""
    table = name if kind == "table" else getattr(getattr(thing, "table", None), "name", "")
    return not str(table).startswith(("product_search", "order_search"))


def test_migrations_go_back_and_forth(database):
    """A database can be taken back to nothing and forward again: what upgrade makes, downgrade removes."""
    shop = Shop(database.new())
    with shop.app.app_context():
        downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        upgrade()
        assert "orders" in inspect(db.engine).get_table_names()
    shop.stop()

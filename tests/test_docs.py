"""What the documents say of states, jobs, scenarios, settings and commands is what the code does."""

import re

import pytest

from config import ROOT, Config
from storefront.api.listing import CRITERIA
from storefront.api.tokens import SCOPES
from storefront.cart.states import CART
from storefront.certificates.states import CERTIFICATE
from storefront.extensions import Shop
from storefront.jobs.schedule import SCHEDULE
from storefront.kit import recipes
from storefront.notices import HANDLERS
from storefront.orders.return_states import RETURN
from storefront.orders.states import ORDER, SHIPMENT
from storefront.payments.states import BILL
from storefront.sandbox.scenarios import DECLINES, SCENARIOS
from storefront.stock.states import RESERVATION
from storefront.webhooks.sending import GAPS
from storefront.webhooks.signing import headers
from test_structure import ORDER as ROOMS

MACHINES = (ORDER, SHIPMENT, RETURN, BILL, RESERVATION, CART, CERTIFICATE)
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]


def read(name):
    """The text of a document."""
    return (ROOT / name).read_text()


def first_cells(text, heading):
    """The first column of the table under a heading, without its own head and without backticks."""
    part = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `(\w+)`", part, re.M)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_state_tables_are_the_machines(machine):
    """Every move of a machine stands in the table under its name, and no other."""
    table = read("docs/architecture.md").split(f"<!-- machine: {machine.name} -->\n")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]
    assert {event: (tuple(sources.split(", ")), target) for event, sources, target in rows} == machine.table


@pytest.mark.parametrize("kind", [name for name in vars(Config) if name.startswith("CHECKOUT_")])
def test_step_tables_are_the_lists(kind):
    """Each list of steps stands in the document in its order, with each step's sentence, undo and needs. ACT-04."""
    table = read("docs/extending.md").split(f"<!-- steps: {kind} -->\n")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in row[1:-1].split(" | ")] for row in table.splitlines()[2:]]
    known = {step.name: step for step in recipes.known(kind)}
    assert [name.strip("`") for name, *_ in rows] == list(getattr(Config, kind))
    for name, says, undo, needs in rows:
        step = known[name.strip("`")]
        undone = "" if step.undo is recipes.nothing else step.undo.__name__
        assert (says, undo.strip("`"), needs.replace("`", "")) == (step.says, undone, ", ".join(step.needs))


def test_every_way_to_extend_is_told():
    """The document names each verb that an extension may call, and each check that a gateway has to pass is there."""
    text = read("docs/extending.md")
    for name in vars(Shop):
        assert name.startswith("_") or f"{name}(" in text, name


def picture(machine):
    """A machine as a state diagram, in the words that hosts of Markdown draw."""
    moves = [
        f"    {source} --> {target}: {event}"
        for event, (sources, target) in machine.table.items()
        for source in sources
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", *moves, "```"])


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_state_pictures_are_the_machines(machine):
    """Each picture shows exactly the moves of its table."""
    assert f"<!-- picture: {machine.name} -->\n{picture(machine)}\n" in read("docs/payments.md")


def test_the_rooms_are_those_that_are_checked():
    """The list of rooms is the one that the imports are held against."""
    assert " ".join(ROOMS) in " ".join(read("docs/architecture.md").split())


def test_every_job_scenario_and_notice_is_told():
    """The tables of jobs, scenarios, refusals and notices name each of them once, in their order."""
    operations, gateways, extending = (read(f"docs/{name}.md") for name in ("operations", "gateways", "extending"))
    assert first_cells(operations, "Jobs") == [job.name for job in SCHEDULE]
    assert first_cells(gateways, "The sandbox's scenarios") == [*SCENARIOS, *DECLINES]
    assert first_cells(extending, "Letters") == list(HANDLERS)


def test_every_setting_is_told():
    """The table of settings names what the configuration reads, and nothing else."""
    read_by = [read("config.py"), read("gunicorn.conf.py")]
    names = {name for text in read_by for name in re.findall(r"environ\.get\(\"(\w+)\"", text)}
    assert set(first_cells(read("README.md"), "Settings")) == names


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_commands_and_links_lead_somewhere(path, app):
    """Every `flask` command that a document names exists, and every link within the repository has its end."""
    text = path.read_text()
    for words in re.findall(r"(?:\.venv/bin/|`)flask ([a-z-]+(?: [a-z-]+)?)", text):
        group, *name = words.split()
        assert group in app.cli.commands or group == "db", words
        commands = getattr(app.cli.commands.get(group), "commands", {})
        assert not commands or not name or name[0] in commands, words
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (path.parent / target).exists(), target


def test_the_api_page_names_what_there_is():
    """Its tables name each scope, each parameter and each header, and its gaps are those between the tries."""
    text = read("docs/api.md")
    assert re.findall(r"^\| `(\w+:\w+)`", text, re.M) == list(SCOPES)
    assert first_cells(text, "The feed of events") == ["after", "limit", "types", "order"]
    assert first_cells(text, "Orders") == list(CRITERIA)
    assert re.findall(r"^\| `(webhook-\w+)`", text, re.M) == [
        name for name in headers([], "", 0, b"") if name.startswith("webhook-")
    ]
    first, *others = [int(gap.total_seconds() // 60) for gap in GAPS]
    assert f"after {first} minute, {', '.join(map(str, others[:-1]))} and {others[-1]} more" in " ".join(text.split())

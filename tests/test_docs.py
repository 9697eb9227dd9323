"""The pages tell the truth: what they show exists, what they link to is there."""

import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deskbridge.cli import app
from deskbridge.settings import load
from tests import cli_page, floors, pages
from tests.cli_page import Command
from tests.pages import Shown

ROOT = Path(__file__).parent.parent
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
FILES = pages.repository_files(ROOT)
PAGES = [path for path in FILES if path.suffix == ".md" and "corpus" not in path.parts]
PAGE_NAMES = [str(path.relative_to(ROOT)) for path in PAGES]
# Written so that this file does not contain what it looks for.
TIED_TO_A_MACHINE = re.compile(r"(?<![\w.])[/]work/|[/]root/|pypi[.]org|pythonhosted[.]org|registry[.]npmjs")

SAMPLE = {
    "": Command("", "", "", [], [], frozenset({"--version"}), is_group=True),
    "plan": Command("plan", "", "", [], [], frozenset({"--all"}), is_group=False),
    "parked": Command("parked", "", "", [], [], frozenset(), is_group=True),
    "parked list": Command("parked list", "", "", [], [], frozenset({"--group"}), is_group=False),
}


@pytest.fixture(scope="module")
def commands() -> dict[str, Command]:
    """What the program offers."""
    return cli_page.all_commands()


def shown_in(path: Path, program: str) -> list[Shown]:
    """The program's calls on one page."""
    return pages.commands_shown(path.name, path.read_text(encoding="utf-8"), program)


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_target_shown_exists(name: str) -> None:
    """A newcomer's first command would be answered with `No rule to make target`."""
    assert pages.unknown_targets(shown_in(ROOT / name, "make"), MAKEFILE) == []


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_command_shown_exists(name: str, commands: dict[str, Command]) -> None:
    """Somebody would copy a command or an option that the program refuses."""
    assert pages.unknown_commands(shown_in(ROOT / name, "deskbridge"), commands) == []


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    """A reader would be sent to a page or a heading that is not there."""
    assert pages.broken_links(ROOT / name) == []


def test_the_readme_shows_both_commands() -> None:
    """A stranger would not find out how to see it run and how to check it."""
    targets = {word for shown in shown_in(ROOT / "README.md", "make") for word in shown.words}
    assert {"demo", "test"} <= targets
    assert shown_in(ROOT / "README.md", "deskbridge")


def test_help_lists_every_target() -> None:
    """A target would be known only to those who read the Makefile."""
    listed = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert phony
    assert {line.split()[1] for line in listed.splitlines()} == set(phony[1].split())


def test_the_page_of_commands_is_current(commands: dict[str, Command]) -> None:
    """docs/cli.md would describe an earlier program: run `make docs` and commit it."""
    assert cli_page.PAGE.read_text(encoding="utf-8") == cli_page.render(commands)


def test_every_command_explains_itself(commands: dict[str, Command]) -> None:
    """`--help` would fail, or leave somebody with a bare list of options."""
    for name, command in commands.items():
        result = CliRunner().invoke(app, [*name.split(), "--help"])
        assert result.exit_code == 0, name
        assert command.help, name


@pytest.mark.parametrize("name", sorted({*floors.connector_names(ROOT)} - {"memory"}))
def test_every_connector_has_a_page(name: str) -> None:
    """Nobody could find out what a connector keeps, what it loses, and which account it needs."""
    assert (ROOT / "docs" / "connectors" / f"{name}.md").is_file()


def test_the_example_settings_load() -> None:
    """The first file that somebody edits would be refused before they changed anything."""
    text = (ROOT / "settings.toml").read_text(encoding="utf-8")
    names = re.findall(r'^[^#\n]*"env:(\w+)"', text, re.MULTILINE)
    assert load(ROOT / "settings.toml", dict.fromkeys(names, "the-secret-of-an-example")).connections


def test_no_file_is_tied_to_a_machine() -> None:
    """The project would work where it was written and nowhere else."""
    texts = ((path, path.read_text(encoding="utf-8", errors="replace")) for path in FILES)
    found = [str(path.relative_to(ROOT)) for path, text in texts if TIED_TO_A_MACHINE.search(text)]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "make tset",
        "cd x && make tset",
        "make test tset",
        "ONCE=1 make tset",
        "$ make tset | cat",
        "make tset # x",
    ],
)
def test_an_unknown_target_is_found(line: str) -> None:
    """The check of the targets would be blind."""
    shown = pages.commands_shown("page.md", f"Text.\n\n```sh\n{line}\n```\n", "make")
    assert len(pages.unknown_targets(shown, "test: lint\n\ttrue\n")) == 1


@pytest.mark.parametrize(
    "call",
    [
        "plna",
        "plan --lal",
        "--all plan",
        "parked show",
        "parked list --all=1",
        "plan T-1 --lal",
        "plan [--all|--x]",
    ],
)
def test_an_unknown_command_is_found(call: str) -> None:
    """The check of the commands would be blind."""
    shown = pages.commands_shown("page.md", f"Do `deskbridge {call}` now.", "deskbridge")
    assert len(pages.unknown_commands(shown, SAMPLE)) == 1


@pytest.mark.parametrize(
    "call",
    [
        "--version",
        "plan",
        "plan T-1 --all",
        "parked list --group",
        "COMMAND --help",
        "plan | jq -r .x",
        "plan > f",
    ],
)
def test_a_known_command_passes(call: str) -> None:
    """The check of the commands would refuse honest pages."""
    shown = pages.commands_shown(
        "page.md", f"```\n$ deskbridge {call}\noutput isn't a command\n```", "deskbridge"
    )
    assert shown
    assert pages.unknown_commands(shown, SAMPLE) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    """The check of the links would be blind."""
    page = tmp_path / "page.md"
    good = "[a](page.md) [b](#the-one-title) [c](https://example.org) [d](mailto:a@example.org)"
    page.write_text(f"# The *one* title\n\n{good}\n[x](none.md) [y](page.md#none)\n", encoding="utf-8")
    assert pages.broken_links(page) == ["page.md: none.md", "page.md: page.md#none"]


@pytest.mark.parametrize("text", ["see /" + "work/main", "https://pypi" + ".org/simple", "/" + "root/.pyenv"])
def test_a_trace_of_a_machine_is_found(text: str) -> None:
    """The check of machine names would be blind."""
    assert TIED_TO_A_MACHINE.search(text)

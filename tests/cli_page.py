"""`python -m tests.cli_page` writes docs/cli.md: the help of every command, for reading in one piece."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer
from typer.core import TyperGroup
from typer.main import get_command

from deskbridge.cli import app

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"
TOP = """# The command line

Written by `make docs` from the commands themselves. `deskbridge COMMAND --help` says the same.
"""


@dataclass(frozen=True)
class Command:
    """What a person can type: the words after `deskbridge`, and what may follow them."""

    name: str
    usage: str
    help: str
    arguments: list[tuple[str, str]]
    options_help: list[tuple[str, str]]
    options: frozenset[str]
    is_group: bool


def all_commands() -> dict[str, Command]:
    """Every command and group by its words; the program itself is the empty name."""
    top = typer.Context(get_command(app), info_name="deskbridge")
    return {command.name: command for command in _walk(top, "")}


def render(commands: dict[str, Command]) -> str:
    """The page as Markdown."""
    return "\n".join([TOP, *(_section(command) for command in commands.values())])


def _walk(context: typer.Context, name: str) -> Iterator[Command]:
    yield _describe(context, name)
    if isinstance(context.command, TyperGroup):
        for word, command in context.command.commands.items():
            if not command.hidden:
                inner = typer.Context(command, info_name=word, parent=context)
                yield from _walk(inner, f"{name} {word}".strip())


def _describe(context: typer.Context, name: str) -> Command:
    command = context.command
    parameters = command.get_params(context)
    records = [(one.param_type_name, one.get_help_record(context)) for one in parameters]
    return Command(
        name=name,
        usage=f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}",
        help=command.help or "",
        arguments=[record for kind, record in records if record and kind == "argument"],
        options_help=[record for kind, record in records if record and kind == "option"],
        options=frozenset(word for one in parameters for word in (*one.opts, *one.secondary_opts)),
        is_group=isinstance(command, TyperGroup),
    )


def _section(command: Command) -> str:
    title = f"## deskbridge {command.name}".rstrip()
    usage = f"```\n{command.usage}\n```"
    listed = _rows(command.arguments) + _rows(command.options_help)
    parts = [title, usage, command.help, "\n".join(listed)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _rows(records: list[tuple[str, str]]) -> list[str]:
    return [f"* `{name}`: {text}" if text else f"* `{name}`" for name, text in records]


def main() -> None:
    """Write the page."""
    PAGE.write_text(render(all_commands()), encoding="utf-8")


if __name__ == "__main__":
    main()

"""The options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SettingsFile = Annotated[
    Path,
    typer.Option("--settings", envvar="DESKBRIDGE_SETTINGS", help="The settings file.", show_default=True),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Remap = Annotated[
    list[str] | None,
    typer.Option("--remap", metavar="FIELD", help="Decide a field again, by today's rules; `all` for each."),
]
DEFAULT_SETTINGS = Path("settings.toml")

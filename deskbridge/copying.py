"""Backups of the store that the settings name; no connection is needed for them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from connectors.errors import ConfigError
from deskbridge.bootstrap import system_time
from deskbridge.settings import load
from sync.store import open_store
from sync.store.copies import Copied, back_up, restore
from sync.store.dialects import Address, address_of, called


def backed_up(settings: Path, environ: Mapping[str, str], file: Path) -> str:
    """Copy the store to a new file; return what is said of it. Raises ConfigError."""
    address = _address(settings, environ)
    if isinstance(address, Path) and not address.exists():
        raise ConfigError([f"{address}: there is no store yet"])
    store = open_store(address)
    try:
        copied = back_up(store.database, file)
    finally:
        store.database.close()
    return f"{called(address)}: {_told(copied)} copied to {file}; keep it together with hub.secret"


def restored(settings: Path, environ: Mapping[str, str], file: Path, *, replace: bool, complete: bool) -> str:
    """Make the store what a backup holds; return what is said of it. Raises ConfigError."""
    address = _address(settings, environ)
    copied = restore(file, address, system_time(), replace=replace, complete=complete)
    then = "the hub may be started"
    if not complete:
        then = (
            "now run `deskbridge recover`, and with --apply; accounts, passwords, tokens and customers' links"
            " are those of the backup: end what was taken back since"
        )
    return f"{called(address)}: {_told(copied)} restored; {then}"


def _address(settings: Path, environ: Mapping[str, str]) -> Address:
    return address_of(load(settings, environ).hub.store.get_secret_value(), settings.parent)


def _told(copied: Copied) -> str:
    return f"{copied.links} links, {copied.rows} rows in all"

"""Which class speaks for which system; each is imported only when it is asked for."""

from __future__ import annotations

from importlib import import_module

from connectors.base import ConnectionConfig, Connector
from connectors.errors import ConfigError

SYSTEMS = ("freshdesk", "gitlab", "jira")
"""The systems that a connection can be of. Each has `connectors.SYSTEM.connector.connect`."""


def connect(system: str, config: ConnectionConfig) -> Connector:
    """Return the connector of a connection; makes no call. Raises ConfigError for an unknown system."""
    if system not in SYSTEMS:
        raise ConfigError([f"{config.name}: no system {system!r}; there are {', '.join(SYSTEMS)}"])
    connector: Connector = import_module(f"connectors.{system}.connector").connect(config)
    return connector

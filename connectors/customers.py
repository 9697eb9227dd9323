"""Customers with accounts of their own, where a tool has a portal: made for a move, and never written to.

A system that has a portal has a module `connectors.SYSTEM.customers`; where it has none, who asked stands in
the text alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from connectors.base import ConnectionConfig
from mappings.ticket import Ref


@dataclass(frozen=True, slots=True)
class Record:
    """A customer's account, or an organisation of customers."""

    key: str
    made: bool
    """Whether there was none before."""


class Customers(Protocol):
    """The customers of one connection. Every call raises only WireErrors, and is idempotent."""

    def has_portal(self, project: str) -> bool:
        """Whether customers have accounts in a project; asked once."""

    def project(self, ref: Ref) -> str:
        """Return the project that a ticket is in, by what it is called; no call is made."""

    def account(self, project: str, mail: str, name: str) -> Record | None:
        """Return the account of a mail address, made if there is none; it may become the project's customer.

        None where there is one and nothing tells surely which. Making one may mail an invitation: whether
        it does is a switch that no call tells.
        """

    def organisation(self, name: str) -> Record:
        """Return the organisation of a name, made if there is none."""

    def serve(self, project: str, organisation: str) -> None:
        """Have a project's desk serve an organisation."""

    def join(self, project: str, account: str, organisation: str) -> None:
        """Have somebody be of an organisation; without one, a customer of the project's desk."""

    def give(self, ref: Ref, account: str, organisation: str, kind: str) -> None:
        """Say who asked for a ticket, with which organisation it is shared, and which kind of request it is.

        By a kind its portal shows it. What is empty stays.
        """


def customers(system: str, config: ConnectionConfig) -> Customers | None:
    """Return the customers of a connection; None where the system has no portal. No call is made."""
    try:
        module = import_module(f"connectors.{system}.customers")
    except ModuleNotFoundError:
        return None
    found: Customers = module.customers(config)
    return found

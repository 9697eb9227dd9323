"""What is wrong with tables of priorities, and with who has them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from deskbridge.parts import CustomerSettings
from deskbridge.promised import PrioritiesSettings
from mappings.ticket import Impact


def judged(
    tables: Mapping[str, PrioritiesSettings],
    customers: Mapping[str, CustomerSettings],
    known: Mapping[str, Collection[str]],
) -> Iterator[str]:
    """Yield what stands against tables of priorities, each line beginning with its place in the file."""
    for name, table in tables.items():
        place = f"priorities.{name}"
        rows = [impact.value for impact in Impact if getattr(table, impact) is not None]
        if table.preset and rows:
            yield f"{place}.preset: {table.preset} has rows of its own; leave {' and '.join(rows)} out, or it"
        elif not table.preset and len(rows) < len(Impact):
            lacking = [impact.value for impact in Impact if impact.value not in rows]
            way = "write three priorities for each, or a preset"
            yield f"{place}: nothing is said of {' and '.join(lacking)}; {way}"
    for key, customer in customers.items():
        if customer.vips and customer.priorities is None:
            yield f"customers.{key}.vips: by which table do they go before others? name it with priorities"
    had = {customer.priorities for customer in customers.values()}
    if len(customers) == len(known["customers"]):
        yield from (f"priorities.{name}: no customer has it" for name in tables if name not in had)

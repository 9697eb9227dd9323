"""The parts of answers about filters and boards that are read (jira-api 7); see `wire`."""

from __future__ import annotations

from pydantic import Field, RootModel

from connectors.jira.wire import Id, Many, Named, Payload, ValuePage


class Share(Payload):
    """Whom a filter is shared with."""

    type: str
    project: Named | None = None


class Filter(Payload):
    """A saved search; a board shows what its filter finds."""

    id: Id
    name: str
    description: str | None = None
    jql: str = ""
    shares: Many[Share] = Field([], alias="sharePermissions")


class FilterPage(ValuePage):
    """A page of filters."""

    values: Many[Filter]


class Board(Payload):
    """A board; its id is a number elsewhere and a string here."""

    id: Id
    name: str


class BoardPage(ValuePage):
    """A page of boards."""

    values: Many[Board]


class Column(Payload):
    """A column and the ids of the statuses it shows."""

    name: str = ""
    statuses: Many[Named]


class Columns(Payload):
    """The columns of a board."""

    columns: Many[Column]


class BoardFilter(Payload):
    """The filter that a board shows."""

    id: Id


class BoardConfiguration(Payload):
    """How a board is set up; no public call changes it (jira-api 7.1)."""

    filter: BoardFilter
    columns: Columns = Field(alias="columnConfig")


class Filters(RootModel[list[Filter]]):
    """Our favourite filters: the only list of them that Data Center has."""

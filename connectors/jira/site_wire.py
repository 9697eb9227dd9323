"""The parts of answers about the site that are read, of searches, and of looks at a piece of an issue.

See `wire`. Data Center's pages have other keys than Cloud's (jira-api 3.2).
"""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices, AliasPath, Field, RootModel

from connectors.jira.wire import (
    Id,
    IssueType,
    Link,
    Linked,
    LinkType,
    Many,
    Named,
    Payload,
    Status,
    User,
    When,
)


class ServerInfo(Payload):
    """What a site says of itself to everybody."""

    deployment: str = Field("", alias="deploymentType")
    """``Cloud`` or ``Server``, which is Data Center."""
    address: str = Field("", alias="baseUrl")


class TiedFields(Payload):
    """What ties an issue to others."""

    links: Many[Link] = Field([], alias="issuelinks")
    parent: Linked | None = None
    subtasks: Many[Linked] = Field([])


class Tied(Payload):
    """An issue's ties, and nothing else of it."""

    fields: TiedFields


class Watchers(Payload):
    """Who is kept informed of an issue."""

    watchers: Many[User]


class RowFields(Payload):
    """What a search is asked for."""

    updated: When | None = None
    description: str | None = None


class Row(Payload):
    """An issue in a search; the key is absent where no field was asked for (jira-api 2.1)."""

    id: Id
    key: str = ""
    fields: RowFields = RowFields()
    properties: dict[str, Any] = Field({})


class Page(Payload):
    """A page of a search: Cloud has a token for the next one and no total, Data Center the opposite."""

    issues: Many[Row]
    next: str | None = Field(None, alias="nextPageToken")
    last: bool = Field(default=False, alias="isLast")
    total: int | None = None


class ScreenField(Payload):
    """A field on a transition's screen."""

    name: str = ""
    required: bool = False
    has_default: bool = Field(default=False, alias="hasDefaultValue")


class Transition(Payload):
    """A way out of the present status."""

    id: Id
    name: str = ""
    to: Status
    fields: dict[str, ScreenField] = Field({})
    resolutions: Many[Named] = Field([], validation_alias=AliasPath("fields", "resolution", "allowedValues"))
    """Those that its screen offers; what other fields offer may be long, and is not kept."""

    @property
    def required(self) -> list[str]:
        """The ids of the fields that its screen insists on."""
        return [id for id, field in self.fields.items() if field.required]

    @property
    def demands(self) -> list[str]:
        """The ids of those that Jira does not fill in by itself."""
        return [id for id in self.required if not self.fields[id].has_default]


class Transitions(Payload):
    """The ways out of the present status that the account may take."""

    transitions: Many[Transition]


class FieldSchema(Payload):
    """What a field holds: ``string``, ``option``, ``datetime``, ``array`` of `items` ..."""

    type: str = ""
    items: str = ""
    custom: str = ""
    """The kind of a custom field, the same on every site (jira-api 3.4)."""


class FieldInfo(Payload):
    """A field of the site."""

    id: str
    name: str = ""
    holds: FieldSchema = Field(FieldSchema(), alias="schema")


class Allowed(Payload):
    """Whether the account has a permission."""

    have: bool = Field(alias="havePermission")


class Permissions(Payload):
    """The account's permissions in a project, by their keys."""

    permissions: dict[str, Allowed]


class IssueTypes(Payload):
    """A page of the issue types that may be created in a project; `values` on Data Center (3.2)."""

    types: Many[IssueType] = Field(validation_alias=AliasChoices("issueTypes", "values"))


class CreateField(ScreenField):
    """A field on the screen on which an issue is created."""

    id: str = Field("", validation_alias=AliasChoices("fieldId", "key"))
    allowed: Many[Any] = Field([], alias="allowedValues")


class CreateFields(Payload):
    """A page of them; `values` on Data Center."""

    fields: Many[CreateField] = Field(validation_alias=AliasChoices("fields", "results", "values"))


class NamedPage(Payload):
    """A page of a search for resolutions."""

    found: Many[Named] = Field(alias="values")


class NamedList(RootModel[list[Named]]):
    """All resolutions of the site."""


class LinkTypes(Payload):
    """The kinds of issue links that the site has."""

    types: Many[LinkType] = Field(alias="issueLinkTypes")


class Statuses(RootModel[list[Status]]):
    """All statuses of the site."""


class TypeStatuses(Named):
    """The statuses that issues of one type can have."""

    statuses: Many[Status]


class Workflows(RootModel[list[TypeStatuses]]):
    """The statuses of a project, by issue type."""


class Fieldlist(RootModel[list[FieldInfo]]):
    """All fields of the site."""

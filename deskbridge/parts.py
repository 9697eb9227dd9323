"""The parts of `settings.toml`, frozen: what may stand there, in which form, each by itself.

What is wrong between parts is found by `deskbridge.contradictions`. Making these reads nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, time, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from deskbridge.promised import CalendarSettings, PolicySettings, PrioritiesSettings, Ways, Zone
from deskbridge.written import address, days, domain, duration, label, mail, name, network, sign, store
from mappings.ticket import Field as FieldName
from mappings.ticket import Impact, Priority, Status, TicketType, Urgency
from sync.fuses import STANDARD
from sync.pieces import Long
from sync.rules import Role
from sync.sla.tiers import Paying
from sync.store.accounts import Role as PageRole

PREFIX = "DESKBRIDGE_"

Duration = Annotated[timedelta, BeforeValidator(duration)]
Name = Annotated[str, AfterValidator(name)]
"""What people call a part in the settings; variables of the environment name it too."""
Address = Annotated[str, AfterValidator(address)]
PublicAddress = Annotated[str, AfterValidator(lambda value: address(value) if value else value)]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Text = Annotated[str, Field(min_length=1)]
Domain = Annotated[str, AfterValidator(domain)]
Label = Annotated[str, AfterValidator(label)]
Mail = Annotated[str, AfterValidator(mail)]
Sign = Annotated[str, AfterValidator(sign)]
"""A word that begins with a mark which means nothing in any markup, like ``!public``."""
Instant = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]
Network = Annotated[str, AfterValidator(network)]
Days = Annotated[timedelta, BeforeValidator(days)]
StoreAddress = Annotated[SecretStr, AfterValidator(store)]
Table = Mapping[str, Mapping[str, str]]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hub(_Part):
    """The hub itself."""

    store: StoreAddress = SecretStr(".deskbridge/store.sqlite3")
    """A file beside the settings, or a PostgreSQL database; never printed, a password may be in it."""
    secret: SecretStr = Field(min_length=16)
    """What markers are signed with; 16 characters at least, never changed, kept with the backups."""
    since: Instant | None = None
    """From when on tickets are looked at by the first sync; a day back if not said."""
    keep_texts: Days = timedelta(days=90)
    """For how long texts are kept after their ticket was last read."""
    keep_decisions: Days = timedelta(days=365)
    """For how long is kept what was decided, and findings that were settled."""
    log: Literal["text", "json"] = "text"
    """How `serve`, `work` and runs write their log: lines for people, or one object a line for programs."""


class Connection(_Part):
    """One account of a system."""

    system: str
    role: Role
    url: Address
    user: str = ""
    secret: SecretStr
    notify: Literal["assignee", "group", "none"] = "none"
    """Whom an internal text that the hub adds is mailed to, where the tool does not tell them by itself."""
    resolution: str = ""
    """What is given where a tool asks how a ticket was solved; empty: the tool's own default."""
    fields: Mapping[FieldName, str] = {}
    vocabulary: Mapping[str, Table] = {}


class ServeSettings(_Part):
    """The hub as a running service."""

    host: str = "127.0.0.1"
    port: int = Field(default=8600, ge=0, le=65535)
    """Where webhooks are answered; 0 is any free port."""
    address: PublicAddress = ""
    """Where the systems reach it from outside; webhooks cannot be installed without."""
    workers: int = Field(default=4, ge=1, le=32)
    """Tickets that are looked at at once for each work side."""
    poll: Duration = timedelta(minutes=1)
    sweep: float = Field(default=0.05, ge=0, le=0.5)
    """The share of a connection's calls that the sweep may use; 0 is no sweep."""
    silence: Duration = timedelta(hours=24)
    """How long a connection that has called may be silent before somebody is told."""


class ProxySettings(_Part):
    """A proxy that signs people in and says who they are."""

    header: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,60}$")]
    """The request header that has the name; the proxy must take it out of what it is sent."""
    addresses: tuple[Network, ...] = Field(min_length=1)
    """From where the proxy asks; the header is nobody's word from anywhere else."""
    role: PageRole | None = None
    """What people may do who have no account; None: nothing."""


class PagesSettings(_Part):
    """The pages of `deskbridge serve`."""

    on: bool = True
    idle: Duration = timedelta(hours=12)
    """After how long without use a session ends."""
    longest: Duration = timedelta(days=7)
    """After how long any session ends."""
    proxies: tuple[Network, ...] = ()
    """Proxies that say in `X-Forwarded-For` from where they are asked; those of `proxy` are among them."""
    proxy: ProxySettings | None = None


class PlaceSettings(_Part):
    """Where tickets are put on a side."""

    connection: str
    key: str = ""
    """The project; only a front side without projects has none."""
    kind: str = ""
    readers: str = ""
    """``staff`` or ``customer:KEY``. On the front it may be empty: each customer reads their own tickets."""


class WhereSettings(_Part):
    """What a ticket must say to take a route; see `sync.routing.Where`."""

    priority: frozenset[Priority] = frozenset()
    impact: frozenset[Impact] = frozenset()
    urgency: frozenset[Urgency] = frozenset()
    component: frozenset[str] = frozenset()
    version: frozenset[str] = frozenset()
    subject_has: frozenset[Text] = frozenset()
    requester: frozenset[str] = frozenset()
    without_tags: frozenset[str] = frozenset()


class RouteSettings(_Part):
    """Which tickets get a side where."""

    name: str
    to: str
    tags: frozenset[str] = frozenset()
    types: frozenset[TicketType] = frozenset()
    customers: frozenset[str] = frozenset()
    statuses: frozenset[Status] = frozenset()
    fronts: frozenset[str] = frozenset()
    """The front connections whose tickets go this way; all if not said."""
    where: WhereSettings = WhereSettings()


class CustomerSettings(_Part):
    """An organisation that is served."""

    name: str
    domains: frozenset[Domain] = frozenset()
    organisations: Mapping[str, frozenset[str]] = {}
    label: Label | None = None
    """What marks their tickets on work sides; ``customer-KEY`` if not said."""
    projects: Mapping[str, frozenset[Text]] = {}
    """By connection: projects in which every ticket is theirs."""
    components: Mapping[str, frozenset[Text]] = {}
    """By connection: components by which staff say that a ticket is theirs."""
    labels: Mapping[str, frozenset[Label]] = {}
    """The same with labels, beside `label`."""
    zone: Zone
    policy: str | tuple[str, ...] | None = None
    """What was promised to them; of several the first that is for a ticket counts."""
    contacts: tuple[Mail, ...] = ()
    """Mail addresses of their people who are to see all their requests where the tool has a portal."""
    dris: Mapping[Name, Text] = {}
    """Stage (``support``, ``development``) -> who is directly responsible for them."""
    links: Mapping[Name, Text] = {}
    """What people look up about them: a portal, a telephone number, a knowledge base."""
    tier: str = ""
    """What they pay for, in the words of the policies' tiers."""
    priorities: str | None = None
    """The table by which their tickets' priorities are judged."""
    vips: frozenset[Mail] = frozenset()
    """Mail addresses of their people who go before others."""

    @property
    def policies(self) -> tuple[str, ...]:
        """The names of their policies, in order."""
        return (self.policy,) if isinstance(self.policy, str) else self.policy or ()


class BoardSettings(_Part):
    """A customer's board in a tool."""

    customer: str
    place: str
    name: str
    columns: tuple[Status, ...] = ()
    """The statuses that are to have a column each, in this order."""


class HandoverSettings(_Part):
    """What a status on one side does on a side of the other role."""

    status: Status | None = None
    note: bool = True


class PersonSettings(_Part):
    """Somebody, and how each tool's mentions name them; a line of the people's file."""

    name: str
    keys: Mapping[str, str] = {}


class FieldSettings(_Part):
    """How one field travels. What is not said stays as it is by default."""

    front_to_work: Ways | None = None
    work_to_front: Ways | None = None
    work_to_work: Ways | None = None
    conflict: Literal["trust", "ask"] = "trust"
    """What happens where it was changed on several sides: the most trusted wins, or a person is asked."""


class Handovers(_Part):
    """Both directions of the handover, and what a customer's message does to work that is done."""

    work_to_front: Mapping[Status, HandoverSettings] = {}
    front_to_work: Mapping[Status, HandoverSettings] = {}
    reopen_work: bool = False
    """Whether a customer's new message opens work that is done."""


class PublishSettings(_Part):
    """How a person makes a text of the work readable by the customer."""

    sign: Sign
    sender: str = Field(min_length=1)
    """Whose name the customer reads: the desk's."""
    connections: frozenset[str] = frozenset()
    """Work sides whose texts may be published; all if not said."""
    link: str = ""
    """Where customers open their ticket, ``{key}`` standing for its key; the tool's own address if empty."""


class ReceiptSettings(_Part):
    """How customers are told that their request arrived; see `sync.rules.Receipt`."""

    connections: frozenset[str] = Field(min_length=1)
    """The fronts on which the hub writes it: those whose tool sends none."""
    enforce_from: Instant
    """What was asked before gets none."""
    text: Text
    sender: Text
    link: str = ""
    numbers: frozenset[str] = frozenset()
    most: int = Field(default=3, ge=1, le=20)


class TextSettings(_Part):
    """What becomes of texts that cannot travel as they are."""

    long: Long = Long.PARTS
    deleted: Literal["mark", "delete"] = "mark"
    """What becomes of a copy whose original was deleted."""
    keep_private: Sign | None = None
    """A text that begins with this sign stays where it was written."""


class FuseSettings(_Part):
    """How much the hub may write before a person is asked; see `sync.fuses.Fuses` for each of them."""

    field_writes: Count = STANDARD.field_writes
    clock_writes: Count = STANDARD.clock_writes
    share: Share = STANDARD.share
    least: Count = STANDARD.least
    after_rules: Count = STANDARD.after_rules
    removals: Count = STANDARD.removals


class NotifySettings(_Part):
    """A channel by which people are told things outside the tools."""

    url: SecretStr
    """Where to, as apprise writes it; never printed, it is or holds a credential."""
    gather: Duration = timedelta(seconds=10)
    """How long what falls due waits for more to go into the same message."""


class TierSettings(_Part):
    """What customers of a tier pay for."""

    paying: Paying
    hours: Duration = timedelta(0)
    """What a month includes, where hours are paid for in advance."""


class OverrideSettings(_Part):
    """A time that is somebody's whoever's week it is."""

    start: Instant
    end: Instant
    person: Text
    why: str = ""


class DutySettings(_Part):
    """People who are on duty in turns of a week."""

    people: tuple[Text, ...] = Field(min_length=1)
    """In their order."""
    zone: Zone
    since: date
    """The day on which the first of them begins."""
    at: time = time(9)
    """When turns change, on the clocks of the zone."""
    overrides: tuple[OverrideSettings, ...] = ()


class MigrationSettings(_Part):
    """What a migration takes, and where it goes; see docs/migration-guide.md."""

    source: str = ""
    """The front connection that is read, and never written to; the only one if not said."""
    to: str = ""
    """The place of every ticket that none of `routes` takes; those are left out if it is empty."""
    routes: tuple[RouteSettings, ...] = ()
    """Which tickets go to another place; the first that takes one counts."""
    trash: Literal["skip", "take"] = "skip"
    """What becomes of tickets in the trash and of spam."""
    archived: Literal["skip", "take"] = "take"
    """Whether what no list shows is looked for, number by number."""
    parts: frozenset[Literal["participants", "time", "ratings"]] = frozenset(
        {"participants", "time", "ratings"}
    )
    """What is taken besides the conversation, as a note for staff; each costs a call for each ticket."""
    time: Literal["note", "entries"] = "note"
    """Whether booked time stands in that note, or is booked again entry by entry, where a tool can (Jira)."""
    requesters: Literal["text", "accounts"] = "text"
    """Whether who asked stands in the text alone, or becomes a customer with an account where a place has a
    portal (Jira Service Management)."""
    request_types: Mapping[Name, Text] = {}
    """Place -> the request type that its tickets get at last, by which the portal shows them."""
    strangers: Literal["park", "take"] = "take"
    """What becomes of tickets of customers whom the settings do not know."""
    number: str = ""
    """What stands before a ticket's old number in its label; the connection's name and a dash if empty."""


class Settings(BaseSettings):
    """Everything that was decided once, in the hub. Made from what it is given and nothing else."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix=PREFIX)

    hub: Hub
    serve: ServeSettings = ServeSettings()
    pages: PagesSettings = PagesSettings()
    connections: Mapping[Name, Connection]
    places: Mapping[Name, PlaceSettings] = {}
    routes: tuple[RouteSettings, ...] = ()
    customers: Mapping[Name, CustomerSettings] = {}
    calendars: Mapping[Name, CalendarSettings] = {}
    policies: Mapping[Name, PolicySettings] = {}
    priorities: Mapping[Name, PrioritiesSettings] = {}
    tiers: Mapping[Name, TierSettings] = {}
    duty: Mapping[Name, DutySettings] = {}
    boards: Mapping[Name, BoardSettings] = {}
    fields: Mapping[FieldName, FieldSettings] = {}
    notify: Mapping[Name, NotifySettings] = {}
    handover: Handovers = Handovers()
    fuses: FuseSettings = FuseSettings()
    migration: MigrationSettings = MigrationSettings()
    trust: tuple[str, ...] = ()
    """Connections in the order in which they win a conflict; the order of the file if not said."""
    texts: TextSettings = TextSettings()
    publish: PublishSettings | None = None
    """Nothing is ever published if this is not said."""
    receipt: ReceiptSettings | None = None
    """The hub writes none if this is not said."""
    people: tuple[PersonSettings, ...] = ()
    """Who is the same person in several tools; the file names a table, which the loader reads."""
    mention: frozenset[str] = frozenset()
    """Connections on which copies mention the people of the table, as their originals did."""
    relay: frozenset[str] = frozenset()
    """Connections on which another hub's copies are copied on."""
    may_mail: frozenset[str] = frozenset()
    """Connections on which a write that may mail a customer is allowed."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave the process's own environment alone: `deskbridge.settings` is given one."""
        return (init_settings,)

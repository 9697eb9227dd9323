"""The ways out of the hub to people: chats, mail, webhooks, each an address that apprise reads.

An address is or holds a credential. It stands in no error, repr or log, and neither does what a service
answered, because services repeat what they were sent.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from connectors.errors import ConfigError, HubError
from deskbridge.message import Message
from deskbridge.parts import Settings

if TYPE_CHECKING:
    from apprise import AppriseAsset, NotifyBase

_TIMEOUT = 60.0
"""Seconds that sending one message may take; shorter than a channel's lease."""
_KEYED = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})
"""Kinds whose receiver is a program, which is told the keys to know repetitions by."""
_MAILED = frozenset({"mailto", "mailtos"})


class Unsent(HubError):
    """A message was not taken, or nobody knows whether it was: to be sent again."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of the settings."""

    name: str
    url: str = field(repr=False)

    @property
    def kind(self) -> str:
        """What it is, in the service's own name."""
        return str(self._service({}).service_name)

    @property
    def room(self) -> int:
        """How many characters a message may have."""
        return int(self._service({}).body_maxlen)

    def send(self, message: Message) -> None:
        """Send a message, and return when the service has taken it. Raises Unsent."""
        from apprise import Apprise, NotifyFormat  # heavy, and an extra

        out = Apprise()
        out.add(self._service(self._beside(message)))
        try:
            answer = out.notify(body=message.body, title=message.title, body_format=NotifyFormat.TEXT)
        except Exception as error:  # noqa: BLE001 - 170 services, and an error could hold the address
            raise Unsent(f"{self.name}: not sent ({type(error).__name__})") from None
        if not answer:
            codes = [found[1] for entry in answer.logs() if (found := _CODE.search(str(entry)))]
            told = f"it answered {codes[0]}" if codes else "no answer, or none that says it was taken"
            raise Unsent(f"{self.name}: not sent ({told})")

    def _beside(self, message: Message) -> Mapping[str, str]:
        """Return what goes along where there is a place for it."""
        scheme = self.url.partition("://")[0].lower()
        if scheme in _KEYED:
            return {":keys": "\n".join(message.keys)}
        return {"+Auto-Submitted": "auto-generated"} if scheme in _MAILED else {}

    def _service(self, beside: Mapping[str, str]) -> NotifyBase:
        """Return what speaks to the service. Raises ConfigError, which never tells the address."""
        asset = _asset()
        from apprise import Apprise

        url = f"{self.url}{'&' if '?' in self.url else '?'}{urlencode(beside)}" if beside else self.url
        made = Apprise.instantiate(url, asset=asset)
        if made is None:
            text = "apprise reads no address in it; write it as its page on the service says"
            raise ConfigError([f"notify.{self.name}.url: {text}"])
        return made


_CODE = re.compile(r"error=(\d{3})\b")


def _asset() -> AppriseAsset:
    """Return what has apprise speak for the hub, keep nothing and go nowhere else."""
    try:
        from apprise import AppriseAsset, PersistentStoreMode
    except ImportError:
        raise ConfigError(["notify: install the extra: pip install 'deskbridge[notify]'"]) from None
    log = logging.getLogger("apprise")  # what it says may hold parts of addresses
    log.propagate = False
    log.setLevel(logging.WARNING)
    return AppriseAsset(
        app_id="deskbridge",
        app_desc="deskbridge",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        storage_mode=PersistentStoreMode.MEMORY,
        http_redirects=False,
        async_mode=False,
        allow_templates=False,
        service_timeout=_TIMEOUT,
    )


def channels_of(settings: Settings) -> dict[str, Channel]:
    """Return the channels of the settings by name. Raises ConfigError with all that cannot be read."""
    made, problems = dict[str, Channel](), list[str]()
    for name, said in settings.notify.items():
        channel = Channel(name, said.url.get_secret_value())
        try:
            channel.kind  # noqa: B018 - has apprise read the address
        except ConfigError as error:
            problems += error.problems
        made[name] = channel
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return made


def secrets_of(settings: Settings) -> frozenset[str]:
    """Return everything in the settings that may stand in no message."""
    said = [settings.hub.secret, *(c.secret for c in settings.connections.values())]
    said += [settings.hub.store] if "://" in settings.hub.store.get_secret_value() else []
    said += [channel.url for channel in settings.notify.values()]
    return frozenset(secret.get_secret_value() for secret in said)

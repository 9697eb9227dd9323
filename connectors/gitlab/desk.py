"""A Service Desk's customers: who takes part by mail, and issues that become their tickets.

Neither has a call of its own: both are quick actions, whose answer proves nothing (reference 0.18, 7.5), so
the issue is read again after each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from connectors.errors import Gone, Rejected
from connectors.gitlab.graphql import participants
from connectors.gitlab.read import Reader, issue_path
from connectors.gitlab.wire import NOTE, Issue, parse

T = TypeVar("T")

_ADDRESS = re.compile(r"[\w.!#$%&'*+=?^{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}", re.ASCII)
"""What may stand in a command: no blank or line could begin another one."""
_AT_ONCE = 6
_MOST = 10
"""Addresses that one command takes, and that one ticket has."""
_HEARD = 202
_PAUSES = (0.5, 1.0, 2.0)
"""Seconds before a ticket is read once more: commands may be done, and replicas told, a moment later."""


def add_participants(reader: Reader, key: str, people: Sequence[str]) -> tuple[str, ...]:
    """Have addresses take part in an issue and return all that do. Idempotent; new ones are mailed.

    Raises Rejected for what is no address, for more than ten, and where GitLab has not added them: it says
    nothing of why (the Service Desk is off, or our role is too low).
    """
    call = f"POST {issue_path(reader.http, key)}/notes"
    _refuse_odd(reader, call, people)
    issue = reader.issue(key)
    there = participants(reader.http, issue)
    known = {one.casefold() for one in there}
    new = {one.casefold(): one for one in people if one.casefold() not in known}
    if not new:
        return there
    if len(there) + len(new) > _MOST:
        wrong = dict.fromkeys(new.values(), f"a ticket has {_MOST} participants at most")
        raise Rejected(reader.http.connection, call, f"{len(there)} take part already", wrong)
    wanted = list(new.values())
    for n in range(0, len(wanted), _AT_ONCE):
        _command(reader, key, f"/add_email {' '.join(wanted[n : n + _AT_ONCE])}")
    there = _again(reader, lambda: participants(reader.http, issue), lambda now: new.keys() <= _folded(now))
    if missing := new.keys() - _folded(there):
        wrong = {new[one]: "GitLab did not add it" for one in sorted(missing)}
        text = "the command did nothing; is the project's Service Desk on, and our role a Planner's or more?"
        raise Rejected(reader.http.connection, call, text, wrong)
    return there


def convert(reader: Reader, key: str, address: str) -> Issue:
    """Make an issue the Service Desk ticket of a customer, and return it as it now is. Idempotent.

    Its author is the Support Bot from then on, so that its description is ours no more; it is confidential,
    and every public note is mailed to the customer, who is not told of the conversion (reference 7.5).
    """
    call = f"POST {issue_path(reader.http, key)}/notes"
    _refuse_odd(reader, call, [address])
    issue, why = reader.issue(key), ""
    if issue.service_desk_reply_to is None:
        try:
            _command(reader, key, f"/convert_to_ticket {address}")
        except Rejected as error:
            why = error.text
        issue = _again(reader, lambda: reader.issue(key), lambda now: now.service_desk_reply_to is not None)
    if (holder := issue.service_desk_reply_to) is None:
        text = why or "the command did nothing; is the project's Service Desk on?"
        raise Rejected(reader.http.connection, call, text, {"requester": "GitLab did not convert it"})
    if holder.casefold() != address.casefold():
        raise Rejected(
            reader.http.connection, call, "it is somebody else's ticket", {"requester": "it has one already"}
        )
    return issue


def _command(reader: Reader, key: str, command: str) -> None:
    """Have a command done. It goes as an internal note, so that no customer reads what is taken as a text."""
    path = f"{issue_path(reader.http, key)}/notes"
    sent = {"body": command, "internal": True}
    response = reader.http.call("POST", path, json=sent, idempotent=True)
    if response.status_code == _HEARD:
        return
    note = parse(NOTE, reader.http.connection, response, once=True)
    with suppress(Gone):
        reader.http.call("DELETE", f"{path}/{note.id}", idempotent=True)
    name = command.partition(" ")[0]
    raise Rejected(reader.http.connection, f"POST {path}", f"{name} was taken as a text: unknown here")


def _again(reader: Reader, read: Callable[[], T], done: Callable[[T], bool]) -> T:
    """Return what is read, once it is as it should be; after some looks as it is."""
    found = read()
    for pause in _PAUSES:
        if done(found):
            break
        reader.http.sleep(pause)
        found = read()
    return found


def _folded(addresses: Sequence[str]) -> set[str]:
    return {one.casefold() for one in addresses}


def _refuse_odd(reader: Reader, call: str, addresses: Sequence[str]) -> None:
    odd = {one: "it is no mail address" for one in addresses if not _ADDRESS.fullmatch(one)}
    if odd:
        raise Rejected(reader.http.connection, call, "only mail addresses can take part", odd)

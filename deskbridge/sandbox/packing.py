"""Texts kept compressed: hundreds of thousands of messages are to fit into memory."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import Any, TypeVar

_T = TypeVar("_T")
_ZIPPED, _PLAIN, _JSON, _SHORT = b"z", b"p", b"j", 300
_ODD = "surrogatepass"  # half a character is kept as it came


def packed(name: str) -> Callable[[type[_T]], type[_T]]:
    """Return a decorator for classes with slots that keeps the text or JSON object `name` compressed.

    Whoever reads an object gets one of their own: it is changed by setting it anew.
    """

    def made(kind: type[_T]) -> type[_T]:
        setattr(kind, name, _Packed(kind.__dict__[name]))
        return kind

    return made


class _Packed:
    """Stands in the place of a slot."""

    def __init__(self, slot: Any) -> None:
        self._slot = slot

    def __get__(self, record: object, kind: type) -> Any:
        data: bytes = self._slot.__get__(record, kind)
        if data[:1] == _PLAIN:
            return data[1:].decode(errors=_ODD)
        text = zlib.decompress(data[1:]).decode(errors=_ODD)
        return json.loads(text) if data[:1] == _JSON else text

    def __set__(self, record: object, value: Any) -> None:
        if isinstance(value, str):
            data = value.encode(errors=_ODD)
            kept = _ZIPPED + zlib.compress(data, 1) if len(data) > _SHORT else _PLAIN + data
        else:
            kept = _JSON + zlib.compress(json.dumps(value).encode(), 1)
        self._slot.__set__(record, kept)

"""Files of messages: bytes on disk, addresses that expire, and addresses that never do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from starlette.responses import Response

from deskbridge.sandbox.freshdesk.records import Attachment
from deskbridge.sandbox.world import World

STORE_PATH = "/s3/cdn.freshdesk.com/data/helpdesk/attachments/production"
_LARGEST_SUM = 20 * 1024 * 1024
_DATE = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    name: str
    content_type: str
    file: BinaryIO

    @property
    def size(self) -> int:
        """Return the number of bytes."""
        return self.file.seek(0, 2)


@dataclass(slots=True)
class FileStore:
    """The bytes of all attachments, and who may fetch them."""

    world: World
    base_url: str
    folder: Path
    secret: bytes
    index: dict[int, Attachment] = field(default_factory=dict)

    def path(self, attachment: Attachment) -> Path:
        """Return where the bytes are; those of a made-up file are written when first asked for."""
        path = self.folder / str(attachment.id)
        if attachment.made_up and not path.exists():
            path.write_bytes(made_up(attachment))
        return path

    def write(self, attachment: Attachment, upload: Upload) -> None:
        """Keep the bytes of an upload as those of `attachment`."""
        upload.file.seek(0)
        with self.path(attachment).open("wb") as target:
            shutil.copyfileobj(upload.file, target)
        self.index[attachment.id] = attachment

    def drop(self, attachment: Attachment) -> None:
        """Forget a file and its bytes."""
        self.index.pop(attachment.id, None)
        (self.folder / str(attachment.id)).unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget all files."""
        for attachment in list(self.index.values()):
            self.drop(attachment)

    def presigned_url(self, attachment: Attachment, seconds: int) -> str:
        """Return an address that works for `seconds` from now, for anybody who has it (5.4)."""
        date = self.world.clock.now().strftime(_DATE)
        path = f"{STORE_PATH}/{attachment.id}/original/{quote(attachment.name, safe='')}"
        signature = self._sign(f"{attachment.id}/{date}/{seconds}")
        signed = f"X-Amz-Date={date}&X-Amz-Expires={seconds}&X-Amz-Signature={signature}"
        return f"{self.base_url}{path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&{signed}"

    def check(self, attachment_id: int, date: str, seconds: str, signature: str) -> str | None:
        """Return the store's error code for a presigned address, or None when it is in order."""
        expected = self._sign(f"{attachment_id}/{date}/{seconds}")
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            return "SignatureDoesNotMatch"
        made = datetime.strptime(date, _DATE).replace(tzinfo=UTC)
        late = self.world.clock.now() > made + timedelta(seconds=int(seconds))
        return "AccessDenied" if late else None

    def inline_url(self, attachment: Attachment) -> str:
        """Return the address of an inline picture: no login, no expiry (5.5)."""
        head = (
            _segment({"alg": "HS256"})
            + "."
            + _segment({"id": attachment.id, "domain": "harbour", "account_id": 1})
        )
        return f"{self.base_url}/inline/attachment?token={head}.{self._sign(head)}"

    def by_token(self, token: str) -> Attachment | None:
        """Return the picture that a token stands for; None when the token is not ours."""
        head, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(head).encode()):
            return None
        payload = head.partition(".")[2]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return self.index.get(claims["id"])

    def _sign(self, text: str) -> str:
        digest = hmac.new(self.secret, text.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def made_up(attachment: Attachment) -> bytes:
    """Return the bytes of a generated file: always the same for the same id and size."""
    return random.Random(attachment.id).randbytes(attachment.size)  # noqa: S311 - content, not a secret


def too_large(uploads: list[Upload], present: list[Attachment]) -> bool:
    """Whether the files pass what all attachments of one ticket may have together (5.4)."""
    return sum(u.size for u in uploads) + sum(a.size for a in present) > _LARGEST_SUM


def store_error(status: int, code: str) -> Response:
    """Return a refusal as the vendor's file store words it: XML, no JSON."""
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code></Error>'
    return Response(text, status, media_type="application/xml")


def _segment(claims: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()

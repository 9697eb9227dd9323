"""The lines by which mail programs say that an earlier mail follows, in the languages they speak.

A line is inline Markdown; its signs are taken off first. What counts is narrow on purpose: an ordinary
sentence that was taken for such a line would fold away what somebody wrote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 400
"""Characters of a line above which it says no such thing."""


def _one_of(*texts: str) -> str:
    return "|".join(text.replace(", ", "|") for text in texts)


_BEGINNINGS = _one_of(
    "On, Am, Den, Le, Il, El, Em, Op, W dniu, Dnia, Dne, Pada, În, Dňa, Po, Pe, Vào, Ngày, A",
    r"于, 在, в, Στις, ב, בתאריך, في",
)
_VERBS = _one_of(
    "wrote, schrieb, a écrit, ha scritto, escribió, escreveu, schreef, skrev, kirjoitti, yazdı, írta",
    r"a scris, napisał\(?a?\)?, napsala?, napsal\(a\), пишет, написала?, писала?, έγραψε, viết, menulis",
    "写道, 寫道, 写了, 書きました, のメール, 작성, כתב, כתבה, كتب",
)
_DAY = r"\d|\w{2,4}\.?,? \d"
_AFRESH = re.compile(rf"(?:{_BEGINNINGS})[ ,]|\w{{2,4}}\.?,? \d", re.IGNORECASE)
_START = re.compile(rf"(?:{_BEGINNINGS}|{_DAY})", re.IGNORECASE)
_WROTE = re.compile(rf"(?:{_BEGINNINGS}|{_DAY})(?=.*\d).*(?:{_VERBS}).{{0,120}}[:：]$", re.IGNORECASE)
_DATED = re.compile(r"\d{4}(?:年\d{1,2}月\d{1,2}日|[-/.]\d{1,2}[-/.]\d{1,2}).{0,200}@.{0,100}[:：]$")
"""Gmail's line in Japanese, Chinese and Korean, which has no verb."""
_NAMED = re.compile(
    r"-{4,}\s*[^-\s].{0,150} (?:wrote|schrieb|ha scritto|a écrit|escribió|escreveu|schreef):?\s*-{4,}$"
)
"""Lotus Notes: ``-----Ann wrote: -----``."""
_ORIGINAL = _one_of(
    "Original Message, Original-Message, Original Appointment, Original Nachricht, Original-Nachricht",
    "Ursprüngliche Nachricht, Originalnachricht, Message d'origine, Message d’origine, Messaggio originale",
    "Mensaje original, Mensagem original, Oorspronkelijk bericht, Originele bericht, Original besked",
    "Ursprungligt meddelande, Opprinnelig melding, Alkuperäinen viesti, Wiadomość oryginalna, Eredeti üzenet",
    "Mesaj original, Původní zpráva, Исходное сообщение, Reply message, 元のメッセージ, 原始邮件, 原始郵件",
)
_BETWEEN_DASHES = re.compile(rf"[-_=]{{2,}}\s*(?:{_ORIGINAL})\s*[-_=]{{2,}}$", re.IGNORECASE)
_FORWARDS = _one_of(
    "Begin forwarded message, Forwarded message, Weitergeleitete Nachricht, Message transféré",
    "Anfang der weitergeleiteten Nachricht, Anfang der weitergeleiteten E-Mail",
    "Début du message réexpédié, Début du message transféré, Messaggio inoltrato, Inizio messaggio inoltrato",
    "Inizio del messaggio inoltrato, Mensaje reenviado, Inicio del mensaje reenviado, Mensagem encaminhada",
    "Mensagem reencaminhada, Início da mensagem encaminhada, Início da mensagem reencaminhada",
    "Doorgestuurd bericht, Begin doorgestuurd bericht, Vidarebefordrat meddelande, Videresendt melding",
    "Videresendt meddelelse, Przekazana wiadomość, Пересылаемое сообщение, 転送されたメッセージ, 转发邮件",
)
_FORWARDED = re.compile(
    rf"(?:[-_=]{{2,}}\s*(?:(?:{_FORWARDS})|Forwarded by .{{1,120}}?|Weitergeleitet von .{{1,120}}?)"
    rf"\s*[-_=]{{2,}}|(?:{_FORWARDS})\s*[:：])$",
    re.IGNORECASE,
)
_FROM = _one_of(
    "From, Von, De, Da, Van, Från, Fra, Od, Feladó, От, Від, Kimden, Lähettäjä, 发件人, 寄件者, 差出人",
    "送信者, 보낸 사람, מאת, من",
)
_DATE = _one_of(
    "Sent, Date, Gesendet, Datum, Envoyé, Inviato, Data, Enviado, Enviado el, Enviado em, Enviada em, Fecha",
    "Verzonden, Skickat, Sendt, Dato, Wysłano, Odesláno, Отправлено, Дата, Gönderildi, Tarih, Lähetetty",
    "发送时间, 寄件日期, 送信日時, 日時, 日付, 보낸 날짜, נשלח, تاريخ, تم الإرسال",
)
_TO = _one_of(
    "To, An, À, A, Para, Aan, Till, Til, Do, Komu, Кому, Kime, Vastaanottaja, 收件人, 收件者, 宛先",
    "받는 사람, אל, إلى",
)
_SUBJECT = _one_of(
    "Subject, Betreff, Objet, Oggetto, Asunto, Assunto, Onderwerp, Ämne, Emne, Temat, Předmět, Тема, Konu",
    "Aihe, 主题, 主旨, 件名, 제목, נושא, الموضوع",
)
_COPIES = _one_of("Cc, Kopie, Copie, Kopia, 抄送, 副本, Копия")
_HEAD = re.compile(rf"(?:{_FROM})\s*[:：]\s*\S", re.IGNORECASE)
_REST = tuple(re.compile(rf"(?:{names})\s*[:：]", re.IGNORECASE) for names in (_DATE, _TO, _SUBJECT, _COPIES))
_NAMES_SUBJECT = 2
_SENT = re.compile(
    rf"(?!(?:Date|Datum|Data|Fecha|Dato|Дата|Tarih|日付|تاريخ)\b)(?:{_DATE})\s*[:：]"
    rf"|(?:{_DATE})\s*[:：].*\d[:.h]\d\d",
    re.IGNORECASE,
)
"""What only mails have: when one was sent, or a date with a time."""
_FORM = re.compile(
    "(?:Message|Name|Phone|Comments?|Question|Company|Country|Nachricht|Telefon|Firma|Frage|Téléphone|Nom|Mensaje"
    r"|Nombre|Teléfono|Messaggio|Nome|Telefono|Bericht|Naam|Mensagem|お名前|内容|姓名|电话)\s*[:：]",
    re.IGNORECASE,
)
"""What a form on a page asks for, and no mail program writes above a mail."""
_SIGNS = re.compile(r"\\(?=[^\w\s])|[*<>\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BLANKS = re.compile(r"[ \t\u00a0\u202f]+")
_HEADER_LINES = 7


def bare(line: str) -> str:
    """Return a line of Markdown without its signs; nothing if it is too long to be a mail program's."""
    return _BLANKS.sub(" ", _SIGNS.sub("", line)).strip() if len(line) <= LONGEST else ""


def may_be_sign(line: str) -> bool:
    """Whether a line could be a mail program's: cheap, because every line is asked."""
    if len(line) > LONGEST:
        return False
    return ":" in line or "：" in line or "--" in line or "\\_\\_" in line or line[:3] in _COMMON


_COMMON = frozenset(("On ", "Am ", "Le ", "Il ", "El ", "Em ", "Op ", "W d"))


def attributes(lines: Sequence[str]) -> int:
    """Return how many of the first lines, three at most, say who wrote what follows; 0 if they do not."""
    text = ""
    for count, line in enumerate(lines[:3], 1):
        said = bare(line)
        if not said or (count > 1 and _AFRESH.match(said)):
            return 0
        text = f"{text} {said}".strip()
        if text[-1] in ":：" and len(text) <= LONGEST:
            return count if _WROTE.match(text) or _DATED.match(text) else 0
        if count == 1 and not _START.match(text):
            return 0
    return 0


def begins_history(lines: Sequence[str]) -> bool:
    """Whether from the first of the lines on everything is an earlier mail."""
    said = bare(lines[0])
    if said[:1] in ("-", "_", "="):
        return bool(_BETWEEN_DASHES.match(said) or _NAMED.match(said))
    if not said or not _HEAD.match(said):
        return False
    found = set[int]()
    head = [bare(line) for line in lines[1:_HEADER_LINES]]
    for text in head:
        found.update(n for n, pattern in enumerate(_REST) if pattern.match(text))
        if _FORM.match(text):
            return False
    # A journey, too, has where it is from and to, and a date.
    sent = _NAMES_SUBJECT in found and any(map(_SENT.match, head))
    return len(found) > 1 and (sent or "@" in said or any("@" in text for text in head))


def header_lines(lines: Sequence[str]) -> int:
    """Return how many of the first lines are the head of an earlier mail, the first at least."""
    names = (_HEAD, *_REST)
    said = [bare(line) for line in lines[: 2 * _HEADER_LINES]]
    named = [n for n, text in enumerate(said) if any(pattern.match(text) for pattern in names)]
    return max(named, default=0) + 1


def forwards(line: str) -> bool:
    """Whether a line says that a forwarded mail follows: that is what its sender wants to be read."""
    return _FORWARDED.match(bare(line)) is not None

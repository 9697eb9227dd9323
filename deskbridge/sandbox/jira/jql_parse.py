"""Reads JQL: words, quotes, operators, brackets; says like Jira what it expected instead."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


class JqlSyntax(Exception):
    """The text is no JQL; the message is Jira's."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query; `kind` is word, string, sign or end."""

    kind: str
    text: str
    at: int

    def is_word(self, *words: str) -> bool:
        """Whether this is one of the given key words."""
        return self.kind == "word" and self.text.lower() in words

    def is_sign(self, *signs: str) -> bool:
        """Whether this is one of the given signs."""
        return self.kind == "sign" and self.text in signs


@dataclass(frozen=True, slots=True)
class Value:
    """An operand: a plain value, a function call, or EMPTY."""

    text: str
    function: bool = False
    arguments: tuple[str, ...] = ()
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """``field operator values``; `operator` is lower case, e.g. ``not in``."""

    field: str
    operator: str
    values: tuple[Value, ...]
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Clauses joined by ``and`` or ``or``; ``not`` has one."""

    operator: str
    parts: tuple[Node, ...]


Node = Clause | Group


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query: what restricts it, and how it is ordered (field, descending)."""

    where: Node | None = None
    order: tuple[tuple[str, bool], ...] = field(default=())


_SPACE = re.compile(r"\s*")
_SIGN = re.compile(r"<=|>=|!=|!~|&&|\|\||[=<>~!(),&|]")
_WORD = re.compile(
    r"\w+\.property\s*\[[^\]\s]+\](?:\.[\w.]+)?|cf\s*\[\s*\d+\s*\]|[^\s=<>~!(),&|\"'\[\]{}*/%+^$#@?;`\\]+",
    re.IGNORECASE,
)
_STRING = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'", re.DOTALL)
_OPERATORS = ("=", "!=", "~", "!~", "<", "<=", ">", ">=")
_HISTORY = ("was", "changed")
# The words that Jira's documentation reserves; quoted they are ordinary values.
RESERVED = frozenset(
    "abort access add after alias all alter and any are as asc audit avg be before begin between "
    "boolean by byte catch cf char character check checkpoint collate collation column commit connect "
    "continue count create current date decimal declare decrement default defaults define delete "
    "delimiter desc difference distinct divide do double drop else empty encoding end equals escape "
    "exclusive exec execute exists explain false fetch file field first float for from function go goto "
    "grant greater group having identified if immediate in increment index initial inner inout input "
    "insert int integer intersect intersection into is isempty isnull join last left less like limit "
    "lock long max min minus mode modify modulo more multiply next noaudit not notin nowait null number "
    "object of on option or order outer output power previous prior privileges public raise raw "
    "remainder rename resource return returns revoke right row rowid rownum rows select session set "
    "share size sqrt start strict string subtract sum synonym table then to trans transaction trigger "
    "true uid union unique update user validate values view when whenever where while with".split()
)


def parse(text: str) -> Query:
    """Return the query that `text` is; raises JqlSyntax."""
    return _Parser(_tokens(text), text).query()


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = _end_of(_SPACE, text, 0)
    while at < len(text):
        found.append(_token(text, at))
        at = _end_of(_SPACE, text, at + _length(text, at, found[-1]))
    return [*found, Token("end", "", at)]


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _length(text: str, at: int, token: Token) -> int:
    if token.kind == "string":
        return _end_of(_STRING, text, at) - at
    return _end_of(_WORD, text, at) - at if token.kind == "word" else len(token.text)


def _token(text: str, at: int) -> Token:
    if match := _STRING.match(text, at):
        quoted = match[1] if match[1] is not None else match[2]
        return Token("string", re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL), at)
    if match := _SIGN.match(text, at):
        return Token("sign", match[0], at)
    if match := _WORD.match(text, at):
        return Token("word", re.sub(r"\s", "", match[0]), at)
    char = text[at]
    if char in "\"'":
        rest = text[at + 1 :]
        raise _error(text, at, f"The quoted string '{rest}' has not been completed.")
    escape = f"\\u{ord(char):04x}"
    hint = f"You must enclose it in a string or use the escape '{escape}' instead."
    raise _error(text, at, f"The character '{char}' is a reserved JQL character. {hint}")


def _error(text: str, at: int, message: str) -> JqlSyntax:
    line = text.count("\n", 0, at) + 1
    character = at - (text.rfind("\n", 0, at) + 1) + 1
    return JqlSyntax(f"Error in the JQL Query: {message} (line {line}, character {character})")


_DEEPEST = 100


class _Parser:
    def __init__(self, tokens: list[Token], text: str) -> None:
        self._tokens, self._text, self._at, self._depth = tokens, text, 0, 0

    def query(self) -> Query:
        words = self._tokens[:-1]
        if words and all(t.kind in ("word", "string") for t in words) and not self._ordered():
            return Query(self._free_text(words))
        where = None if self._ends() else self._either()
        order = self._order()
        if self._here.kind != "end":
            raise self._expected("Expecting either 'OR' or 'AND'")
        return Query(where, order)

    def _ordered(self) -> bool:
        return any(t.is_word("order", "is", "in", "not", "and", "or", *_HISTORY) for t in self._tokens)

    def _free_text(self, words: list[Token]) -> Clause:
        # Bare words are a text search (reference, 2.1).
        return Clause("text", "~", (Value(" ".join(token.text for token in words)),))

    @property
    def _here(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._here
        self._at += 1
        return token

    def _ends(self) -> bool:
        return self._here.kind == "end" or self._here.is_word("order")

    def _expected(self, what: str, more: str = "") -> JqlSyntax:
        got = "the end of the query" if self._here.kind == "end" else f"'{self._here.text}'"
        return _error(self._text, self._here.at, f"{what} but got {got}.{more}")

    def _either(self) -> Node:
        parts = [self._both()]
        while self._here.is_word("or") or self._here.is_sign("||", "|"):
            self._next()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Group("or", tuple(parts))

    def _both(self) -> Node:
        parts = [self._one()]
        while self._here.is_word("and") or self._here.is_sign("&&", "&"):
            self._next()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Group("and", tuple(parts))

    def _one(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _error(self._text, self._here.at, "The query is nested too deeply.")
        try:
            if self._here.is_word("not") or self._here.is_sign("!"):
                self._next()
                return Group("not", (self._one(),))
            if self._here.is_sign("("):
                return self._bracket()
            return self._clause()
        finally:
            self._depth -= 1

    def _bracket(self) -> Node:
        self._next()
        node = self._either()
        if not self._here.is_sign(")"):
            raise self._expected("Expecting ')'")
        self._next()
        return node

    def _name(self) -> str:
        if self._here.kind not in ("word", "string"):
            raise self._expected("Expecting a field name")
        self._refuse_reserved()
        return self._next().text

    def _refuse_reserved(self) -> None:
        token = self._here
        if token.kind == "word" and token.text.lower() in RESERVED:
            hint = "You must surround it in quotation marks to use it in a query."
            raise _error(self._text, token.at, f"'{token.text}' is a reserved JQL word. {hint}")

    def _clause(self) -> Clause:
        name = self._name()
        operator = self._operator()
        if operator in ("in", "not in"):
            values, listed = self._list(), True
        else:
            values, listed = (self._value(),), False
        return Clause(name, operator, values, listed)

    def _operator(self) -> str:
        if self._here.is_sign(*_OPERATORS):
            return self._next().text
        if self._here.is_word("in"):
            return self._next().text.lower()
        if self._here.is_word("not") and self._tokens[self._at + 1].is_word("in"):
            self._at += 2
            return "not in"
        if self._here.is_word("is"):
            self._next()
            if self._here.is_word("not"):
                self._next()
                return "is not"
            return "is"
        if self._here.is_word(*_HISTORY):
            return self._next().text.lower()
        valid = "'=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'"
        raise self._expected("Expecting operator", f" The valid operators are {valid}.")

    def _list(self) -> tuple[Value, ...]:
        if not self._here.is_sign("("):
            value = self._value()
            if value.function:
                return (value,)
            raise self._expected("Expecting '('")
        self._next()
        values = [self._value()]
        while self._here.is_sign(","):
            self._next()
            values.append(self._value())
        if not self._here.is_sign(")"):
            raise self._expected("Expecting either ')' or ','")
        self._next()
        return tuple(values)

    def _value(self) -> Value:
        if self._here.kind not in ("word", "string"):
            raise self._expected("Expecting either a value, list or function")
        if self._here.is_word("empty", "null"):
            return Value(self._next().text, empty=True)
        self._refuse_reserved()
        token = self._next()
        if self._here.is_sign("("):
            return Value(token.text, function=True, arguments=self._arguments())
        return Value(token.text)

    def _arguments(self) -> tuple[str, ...]:
        self._next()
        given: list[str] = []
        while not self._here.is_sign(")"):
            if self._here.kind not in ("word", "string"):
                raise self._expected("Expecting ')'")
            given.append(self._next().text)
            if self._here.is_sign(","):
                self._next()
        self._next()
        return tuple(given)

    def _order(self) -> tuple[tuple[str, bool], ...]:
        if not self._here.is_word("order"):
            return ()
        self._next()
        if not self._here.is_word("by"):
            raise self._expected("Expecting 'by'")
        self._next()
        order = [self._ordering()]
        while self._here.is_sign(","):
            self._next()
            order.append(self._ordering())
        return tuple(order)

    def _ordering(self) -> tuple[str, bool]:
        name = self._name()
        down = self._here.is_word("desc")
        if down or self._here.is_word("asc"):
            self._next()
        return name, down

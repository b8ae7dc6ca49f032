r"""CoNLL-U: ten columns a word, named entities as tags in the last one (`NER=B-PER`).

White space goes into `SpaceAfter=No`, `SpacesAfter` and `SpacesBefore` (`\s`, `\t`, `\r`, `\n`), as
UDPipe writes it, so that the text comes back as it was.  A word that is part of a longer
token (1-2) covers all of that one.  Lines that are not as they would be written here are kept with the item:
they go out as they came, with other tags in MISC where the spans are others.

https://universaldependencies.org/format.html; Straka and Straková 2017 (spaces).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TextIO

from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.core.record import Record
from tui_label.core.tasks import Span, Spans
from tui_label.formats.making import Bad, author, finished, labelled, make_item
from tui_label.formats.outgoing import Dropped, Rows, count, spelled, unbroken
from tui_label.formats.sentences import Sentence, gap, kept_sentence, placed, sentences
from tui_label.formats.source import BadLine, Reading, lines_as_they_are
from tui_label.formats.tagging import IOB2, SCHEMES, TAG, in_scheme, meant_spans, scheme_of, spans_of_tags, tagged
from tui_label.formats.texts import finished_texts, spans_said, whole

BLANKS = r" \t\r\n"
ESCAPES = {" ": r"\s", "\t": r"\t", "\r": r"\r", "\n": r"\n", "|": r"\p", "\\": r"\\"}
SIGNS = {escape: sign for sign, escape in ESCAPES.items()}
COLUMNS = 10
KEPT = "conllu"
"""The item's meta with `lines` as they came, whose answers they are, and the customs of their file."""
NAME = "NER"
TAGS = ("ner", "ne", "entity")
"""What the tag is called in MISC, whatever its case."""
ID = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9})|\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class _Word:
    """A line: a word, a longer token of several (1-2), or an empty node (1.1)."""

    columns: list[str]
    end: str
    """How the line ends."""

    @property
    def misc(self) -> list[str]:
        return self.columns[-1].split("|")

    @property
    def range(self) -> tuple[int, int]:
        """The first and the last number it stands for; an empty node is none."""
        if "." in self.columns[0]:
            return 0, -1
        first, _, last = self.columns[0].partition("-")
        return int(first), int(last or first)

    @property
    def is_word(self) -> bool:
        return self.columns[0].isdecimal()

    @property
    def line(self) -> str:
        return "\t".join(self.columns) + self.end

    def tags(self) -> Iterator[tuple[str, str]]:
        """What MISC names as those of entities do, with what it says: a tag, if all is well."""
        for one in self.misc:
            name, _, value = one.partition("=")
            if name.casefold() in TAGS and value not in ("", "_"):
                yield name, _unescaped(value)

    @property
    def tag(self) -> str:
        return next((value for _, value in self.tags() if TAG.fullmatch(value)), "O")

    def tagged(self, tag: str, name: str, says_outside: bool) -> str:
        """The line with another tag; `name` is what it is called where there was none, and `says_outside` whether
        a tag that is taken away becomes O.
        """
        said = [one for one, value in self.tags() if TAG.fullmatch(value)]
        misc = []
        for one in self.misc:
            if one.partition("=")[0] not in said:
                misc += [one] if one != "_" else []
            elif tag != "O" or says_outside:
                misc.append(f"{one.partition('=')[0]}={_escaped(tag)}")
        if tag != "O" and not said:
            misc.insert(0, f"{name}={_escaped(tag)}")
        return replace(self, columns=[*self.columns[:-1], "|".join(misc) or "_"]).line


@dataclass(frozen=True, slots=True)
class _Token:
    """What stands in the text: a word, or several of them in one."""

    form: str
    before: str | None
    after: str | None
    """Blanks; None where the file does not say exactly."""
    words: list[int]
    """Which of the sentence's lines they are."""


def read(reading: Reading) -> Iterator[Record | BadLine]:
    kept = _customs(reading)
    for one in _sentences(reading):
        if one.faults:
            yield from one.bad(reading)
        else:
            yield _record(reading, one, kept)


def _sentences(reading: Reading) -> Iterator[Sentence[_Word]]:
    return sentences(lines_as_they_are(reading), _aside, _word)


def _aside(text: str, is_open: bool) -> tuple[str, str] | None:
    if not text.startswith("#") or is_open:
        return None
    name, _, value = text[1:].partition("=")
    return name.strip(), value.removeprefix(" ")


def _word(line: str) -> _Word | str:
    text = line.rstrip("\r\n")
    columns = text.split("\t")
    if len(columns) != COLUMNS or not ID.fullmatch(columns[0]) or not columns[1]:
        return f"is no word: {COLUMNS} columns parted by tabs, the first a number, the second the word"
    return _Word(columns, line[len(text) :])


def _customs(reading: Reading) -> dict[str, Any]:
    """How the file says its tags, where that is not as they would be said here: their scheme, their name, and
    which of the project's labels it spells without their blanks.
    """
    names: list[str] = []
    written: set[str] = set()

    def tags() -> Iterator[list[str]]:
        for one in _sentences(reading):
            names.extend([name for word in one.words for name, value in word.tags() if TAG.fullmatch(value)][:1])
            found = [word.tag for word in one.words if word.is_word]
            written.update(tag[2:] for tag in found)
            yield found

    rest = tags()
    scheme = scheme_of(rest)
    known = [value for task in reading.project.every(Spans) for value in task.values]
    with_blanks = [label for label in known if spelled(label) != label]
    # The scheme is often known after a few sentences, and then all that is left to look for is these
    for _ in rest if with_blanks else ():
        pass
    said = {
        "scheme": scheme if scheme != IOB2 else "", "name": next((name for name in names if name != NAME), ""),
        "spelled": [label for label in with_blanks if label not in written and spelled(label) in written],
    }  # fmt: skip
    return {name: value for name, value in said.items() if value}


def _record(reading: Reading, one: Sentence[_Word], customs: Mapping[str, Any]) -> Record | BadLine:
    text, spans = _said(one)
    for name, value in (tag for word in one.words for tag in word.tags()):
        reading.leave_out(f"values of {name} that are no tags", not TAG.fullmatch(value))
    spans = sorted(set(meant_spans(reading, spans)))
    annotator = one.comments.get("annotator", "").strip()
    try:
        item = make_item(reading, one.comments.get("sent_id"), text, annotator=annotator)
        if customs or one.lines != _fresh(item, annotator, spans, {}):
            kept = {**customs, "lines": one.lines, "annotator": author(reading, annotator)}
            item = replace(item, meta={KEPT: kept})
        found = [span.record(text) for span in spans]
        return finished(reading, labelled(reading, item, spans=found, annotator=annotator))
    except Bad as error:
        return reading.bad(one.number, error.problem, error.field)


def _said(one: Sentence[_Word]) -> tuple[str, list[Span]]:
    """The text, and the spans that the tags are about."""
    text, tokens, places = _placed(one)
    said = [(one.words[n].tag, place) for place, token in zip(places, tokens, strict=True) for n in token.words]
    return text, spans_of_tags([tag for tag, _ in said], [place for _, place in said])


def _placed(one: Sentence[_Word]) -> tuple[str, list[_Token], list[tuple[int, int]]]:
    tokens = _tokens(one.words)
    text, places = _text(tokens, one.comments.get("text"))
    return text, tokens, places


def _tokens(words: list[_Word]) -> list[_Token]:
    made: list[_Token] = []
    within = -1
    for number, word in enumerate(words):
        first, last = word.range
        if first > last:
            continue
        if word.is_word and first <= within:
            made[-1].words.append(number)
        else:
            made.append(_Token(word.columns[1], *_spaces(word.misc), [number] if word.is_word else []))
            within = within if word.is_word else last
    return made


def _spaces(misc: list[str]) -> tuple[str | None, str | None]:
    said = dict(one.partition("=")[::2] for one in misc)
    before = _unescaped(said["SpacesBefore"]) if "SpacesBefore" in said else None
    if "SpacesAfter" in said:
        return before, _unescaped(said["SpacesAfter"])
    return before, "" if said.get("SpaceAfter") == "No" else None


def _text(tokens: list[_Token], given: str | None) -> tuple[str, list[tuple[int, int]]]:
    """The text, and the place of each token; the given text unless the spaces are said exactly."""
    said = any(token.before is not None or token.after for token in tokens)
    if given is not None and not said and (places := placed(given, [token.form for token in tokens])) is not None:
        return given, places
    text, places = "", []
    for token in tokens:
        text += token.before or ""
        places.append((len(text), len(text) + len(token.form)))
        last = token is tokens[-1]
        text += token.form + (token.after if token.after is not None else "" if last else " ")
    return text, places


def _unescaped(text: str) -> str:
    return re.sub(r"\\[strnp\\]", lambda found: SIGNS[found[0]], text)


def _escaped(text: str) -> str:
    return "".join(ESCAPES.get(sign, sign) for sign in text)


# writing


def write(rows: Rows, out: TextIO, project: Project, dropped: Dropped) -> int:
    written = 0
    task = project.first(Spans)
    last = "\n"
    for item, annotation in finished_texts(rows, dropped, [task], ("names",)):
        if not item.text.strip(" \t\r\n"):
            count(dropped, "blank texts")
            continue
        lines = _lines(item, annotation.annotator, spans_said(annotation, task), dropped)
        out.write(gap(last, lines[0]) if written else "")
        out.writelines(lines)
        last = lines[-1]
        written += 1
    return written


def _lines(item: Item, annotator: str, spans: list[Span], dropped: Dropped) -> list[str]:
    """Those it came from with the tags that are meant, else fresh ones."""
    kept: Any = item.meta.get(KEPT)
    kept = kept if isinstance(kept, Mapping) else {}
    came = kept_sentence(kept, _aside, _word)
    if came is None or (said := _said(came))[0] != item.text:
        return _fresh(item, annotator, spans, dropped)
    before = came.before
    if annotator != kept.get("annotator"):
        before = [line for line in before if (_aside(line, False) or ("",))[0] != "annotator"]
        before.append(_signed(annotator, dropped))
    if {(one.start, one.end, spelled(one.label)) for one in said[1]} == {
        (one.start, one.end, spelled(one.label)) for one in spans
    }:
        return before + came.lines[came.first :]
    theirs = kept.get("spelled")
    as_theirs = [
        replace(one, label=spelled(one.label)) if isinstance(theirs, list) and one.label in theirs else one
        for one in spans
    ]
    if (tags := _tags(came, as_theirs, dropped)) is None:
        count(dropped, "trees of sentences in which a span begins or ends within a word")
        return [*before, *_words(item.text, as_theirs, dropped), *came.after]
    scheme, name = kept.get("scheme"), kept.get("name")
    made = iter(in_scheme(tags, scheme if scheme in SCHEMES else IOB2))
    name = name if isinstance(name, str) and name.casefold() in TAGS else NAME
    says_outside = any(value == "O" for word in came.words for _, value in word.tags())
    words = [word.tagged(next(made), name, says_outside) if word.is_word else word.line for word in came.words]
    return [*before, *words, *came.after]


def _tags(came: Sentence[_Word], spans: list[Span], dropped: Dropped) -> list[str] | None:
    """A tag for each word (IOB2); None where a span does not keep to words."""
    text, tokens, places = _placed(came)
    lost: Dropped = {}
    found = list(tagged(text, spans, lost, BLANKS, places))
    if [(start, end) for start, end, _ in found] != places:
        return None
    for what, number in lost.items():
        count(dropped, what, number)
    tags = []
    for token, (_, _, tag) in zip(tokens, found, strict=True):
        rest = tag.replace("B-", "I-", 1) if tag.startswith("B-") else tag
        tags += [tag, *[rest] * len(token.words)][: len(token.words)]
    return tags


def _fresh(item: Item, annotator: str, spans: list[Span], dropped: Dropped) -> list[str]:
    text = whole(item.text, dropped)
    return [
        f"# sent_id = {unbroken(item.key, dropped)}\n",
        _signed(annotator, dropped),
        f"# text = {re.sub(f'[{BLANKS}]', ' ', text)}\n",
        *_words(text, spans, dropped),
        "\n",
    ]


def _signed(annotator: str, dropped: Dropped) -> str:
    return f"# annotator = {unbroken(annotator, dropped)}\n"


def _words(text: str, spans: list[Span], dropped: Dropped) -> Iterator[str]:
    found = list(tagged(text, spans, dropped, BLANKS))
    starts = [start for start, _, _ in found[1:]] + [len(text)]
    for number, ((start, end, tag), next_start) in enumerate(zip(found, starts, strict=True), 1):
        misc = [] if tag == "O" else [f"{NAME}={_escaped(tag)}"]
        if number == 1 and start:
            misc.append(f"SpacesBefore={_escaped(text[:start])}")
        after, is_last = text[end:next_start], number == len(found)
        if not after and not is_last:
            misc.append("SpaceAfter=No")
        elif after != ("" if is_last else " "):
            misc.append(f"SpacesAfter={_escaped(after)}")
        yield "\t".join([str(number), text[start:end], *["_"] * 7, "|".join(misc) or "_"]) + "\n"

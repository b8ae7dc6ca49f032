"""The project's transcript style: how speech is written down, what in a text breaks it, what typing one is helped by.

The linter runs on every keystroke, so it looks at the first SCANNED characters
only and compiles each rule once.  What stands in square brackets is a tag and
"agent: " at a line's start is a speaker: neither was said, so case and numbers
do not count in them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import attrgetter

from tui_label.core.numerals import spelled_out, written
from tui_label.core.text import nearest, number_of, visible
from tui_label.core.text.editor import Editor

SCANNED = 20_000
"""Characters that are linted; only the count of words is of the whole text."""
_MARGIN = 100
"""What ends this close to where a long text is cut may be half of something: it is not judged."""
_SHOWN = 24
"""Characters of the text that a finding quotes."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A project's own rule."""

    match: str
    """A regular expression."""
    say: str
    fix: str | None = None
    """What replaces a match, as in re.sub; None where only a person can tell."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a project writes speech down."""

    tags: tuple[str, ...] = ()
    """Without their brackets; none: any tag may be used."""
    short_forms: Mapping[str, str] = field(default_factory=dict, hash=False)
    speakers: tuple[str, ...] = ()
    case: str = "any"
    """lower, upper or any."""
    numbers: str = "any"
    """words, digits or any."""
    forbid: str = ""
    """Characters that are not written."""
    speaker_prefix: bool = False
    """Every line that is not empty begins with "speaker: "."""
    words_per_second: float | None = None
    """The fastest plausible speech."""
    patterns: tuple[Pattern, ...] = ()
    enforce: str = "warn"
    """warn or refuse."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What breaks the style, between two code points of the text."""

    start: int
    end: int
    words: str
    """One short line for the annotator."""
    fix: str | None = None
    """What replaces text[start:end]; None where only a person can tell."""


_EMPTY = Style()


def lint(style: Style, text: str, seconds: float | None = None) -> tuple[Finding, ...]:
    """What in `text` breaks the style, in order; `seconds` is how long the speech lasts."""
    if replace(style, enforce=_EMPTY.enforce) == _EMPTY:
        return ()
    seen = text[:SCANNED]
    findings = list(_matches(style, seen))
    said = _prefix(style.speakers).sub(_blank, _tag(style.tags).sub(_blank, seen))
    findings += [*_wrong_case(style, said), *_wrong_numbers(style, said)]
    findings += [*_tags(style, seen), *_prefixes(style, seen), *_forbidden(style, seen, findings)]
    if len(seen) < len(text):
        findings = [finding for finding in findings if finding.end <= SCANNED - _MARGIN]
    findings += _hurry(style, text, seconds)
    return tuple(sorted(dict.fromkeys(findings), key=attrgetter("start", "end")))


def fixed(text: str, finding: Finding) -> str:
    """`text` with one finding mended; unchanged where only a person can tell."""
    return text if finding.fix is None else text[: finding.start] + finding.fix + text[finding.end :]


def foremost(findings: tuple[Finding, ...]) -> Finding | None:
    """The one that is named: the first that a key mends, else the first."""
    return next((one for one in findings if one.fix is not None), findings[0] if findings else None)


# Tags


@lru_cache(64)
def _tag(tags: tuple[str, ...]) -> re.Pattern[str]:
    """A tag, or a bracket nobody closed with the word that clings to it."""
    known = rf"|(?P<open>{_any_of(tags)})(?!\w)" if tags else ""
    return re.compile(rf"\[(?:(?P<name>[^\[\]\n]*)\]{known}|\w*)")


def _tags(style: Style, text: str) -> Iterator[Finding]:
    for found in _tag(style.tags).finditer(text):
        name = found["name"]
        if name is None:
            near = found["open"] if style.tags else None
            yield _meant(found, f"unclosed {_shown(found.group())}", near and f"[{near}]")
        elif style.tags and name not in style.tags:
            near = _nearest(name, style.tags)
            yield _meant(found, f"unknown tag [{_shown(name)}]", near and f"[{near}]")


# Speakers


@lru_cache(64)
def _prefix(speakers: tuple[str, ...]) -> re.Pattern[str]:
    """ "agent: " at a line's start, of one of the speakers."""
    names = f"(?P<name>{_any_of(speakers)})" if speakers else "(?!)"
    return re.compile(rf"^{names}:(?:[^\S\n]|(?=\n|\Z))", re.MULTILINE)


_LINE_START = re.compile(r"^[^\S\n]*\S+", re.MULTILINE)
_ANY_PREFIX = re.compile(
    r"[^\S\n]*(?P<name>[^\s:\[\]](?:[^:\n\[\]]{0,38}[^\s:\[\]])?)[^\S\n]*:(?P<gap>[^\S\n]+|$)?", re.M
)


def _prefixes(style: Style, text: str) -> Iterator[Finding]:
    if not style.speaker_prefix:
        return
    known = _prefix(style.speakers)
    for line in _LINE_START.finditer(text):
        if known.match(text, line.start()):
            continue
        given = _ANY_PREFIX.match(text, line.start())
        near = _nearest(given["name"], style.speakers) if given else None
        if given is None or (given["gap"] is None and (near is None or near.casefold() != given["name"].casefold())):
            names = ", ".join(f"{name}:" for name in style.speakers[:3]) or "agent:"
            more = ", …" if len(style.speakers) > 3 else ""
            yield _finding(line, f"who speaks? begin the line with {names}{more}")
        elif style.speakers:
            fix = near and f"{near}: "
            if near == given["name"]:
                yield _finding(given, f'a speaker is written "{_shown(near)}: "', fix)
            else:
                yield _meant(given, f"unknown speaker {_shown(given['name'])}", fix)


def next_speaker(style: Style, editor: Editor) -> Editor:
    """The caret's line said by the next speaker, at last by none; the caret stays on its character.

    The first to speak is the one after the last speaker above.
    """
    prefix = _prefix(style.speakers)
    text = editor.text
    start = text.rfind("\n", 0, editor.caret) + 1
    above = next((found for line in reversed(text[:start].split("\n")) if (found := prefix.match(line))), None)
    first = style.speakers.index(above["name"]) + 1 if above else 0
    cycle = [*style.speakers[first:], *style.speakers[:first], None]
    given = prefix.match(text, start)
    speaker = cycle[cycle.index(given["name"]) + 1] if given else cycle[0]
    body = given.end() if given else start
    head = text[:start] + (f"{speaker}: " if speaker else "")
    return Editor(head + text[body:], len(head) + max(0, editor.caret - body))


# Case

_CASES = {"lower": str.lower, "upper": str.upper}
_CASED = re.compile(r"[\w\u0300-\u036f]+(?:['’][\w\u0300-\u036f]+)*")


def _wrong_case(style: Style, said: str) -> Iterator[Finding]:
    cased = _CASES.get(style.case)
    if cased is None or cased(said) == said:
        return
    for found in _CASED.finditer(said):
        word = found.group()
        wanted = cased(word)
        if wanted != word:
            yield _finding(found, f"{style.case} case", wanted)


# Numbers


def _wrong_numbers(style: Style, said: str) -> Iterator[Finding]:
    if style.numbers == "words":
        for one in written(said):
            fix = one.other.upper() if one.other and style.case == "upper" else one.other
            yield Finding(one.start, one.end, "numbers in words", fix)
    elif style.numbers == "digits":
        for one in spelled_out(said):
            yield Finding(one.start, one.end, "numbers in digits", one.other)


# Characters, a project's own rules, pace

_BLANK = re.compile(r"\s")


def _forbidden(style: Style, text: str, others: Iterable[Finding]) -> Iterator[Finding]:
    """Signs that are not written; taking one out of "3.50", "e.g." or "$5" would say something else."""
    if not style.forbid:
        return
    untold = {at for one in others if one.fix is None for at in range(one.start - 1, one.end + 1)}
    in_word: dict[str, int] = {}
    # The names of the project's own tags and speakers are written as they are
    ours = _tag(style.tags).sub(lambda tag: _blank(tag) if tag["name"] in style.tags else tag.group(), text)
    ours = _prefix(style.speakers).sub(_blank, ours)
    for found in _characters(style.forbid).finditer(ours):
        sign, at = found.group(), found.start()
        if sign != text[at]:
            continue
        if _is_in_word(ours, at) or (sign in in_word and not _BLANK.search(ours, in_word[sign], at)):
            in_word[sign] = at
        fix = None if in_word.get(sign) == at or at in untold else ""
        yield _finding(found, f'"{_shown(sign)}" is not used', fix)


def _is_in_word(text: str, at: int) -> bool:
    """Whether a sign stands between letters or digits."""
    return text[at - 1 : at].isalnum() and text[at + 1 : at + 2].isalnum() and not text[at].isalnum()


@lru_cache(64)
def _characters(forbid: str) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, forbid)))


def _matches(style: Style, text: str) -> Iterator[Finding]:
    for pattern in style.patterns:
        fix = pattern.fix
        # expand() reads its template anew each time
        template = fix if fix and "\\" in fix else None
        for found in _compiled(pattern.match).finditer(text):
            if found.group():
                yield _finding(found, pattern.say, found.expand(template) if template else fix)


@lru_cache(256)
def _compiled(match: str) -> re.Pattern[str]:
    return re.compile(match)


def _hurry(style: Style, text: str, seconds: float | None) -> Iterator[Finding]:
    """More words than the speech has time for."""
    if style.words_per_second is None or seconds is None:
        return
    said = _prefix(style.speakers).sub(" ", _tag(style.tags).sub(" ", text))
    count = sum(any(map(str.isalnum, word)) for word in said.split())
    if count > seconds * style.words_per_second:
        words = f"{number_of(count, 'word')} in {seconds:.1f} s"
        pace = f"more than {style.words_per_second:g} a second, is it all said?"
        yield Finding(len(text), len(text), f"{words}: {pace}")


# Short forms


def expanded(style: Style, editor: Editor) -> Editor:
    """The short form just before the space or sign that was typed at the caret, written out."""
    text, stop = editor.text, editor.caret - 1
    if stop < 1 or not _ends_word(text[stop]):
        return editor
    form = "" if text[stop - 1].isspace() else text[:stop].rsplit(None, 1)[-1]
    if form not in style.short_forms:
        return editor
    start = stop - len(form)
    typed = text[start : editor.caret]
    # The sign may belong to a longer one: ";n" waits while ";n." can be meant
    if any(longer.startswith(typed) for longer in style.short_forms):
        return editor
    head = text[:start] + style.short_forms[form] + text[stop]
    return Editor(head + text[editor.caret :], len(head))


def completed(style: Style, editor: Editor) -> Editor:
    """The short form that the caret is right after, written out as before a space; not where its word goes on."""
    text, caret = editor.text, editor.caret
    if text[caret : caret + 1].strip():
        return editor
    spaced = expanded(style, Editor(f"{text[:caret]} {text[caret:]}", caret + 1))
    return Editor(spaced.text[: spaced.caret - 1] + spaced.text[spaced.caret :], spaced.caret - 1)


def _ends_word(char: str) -> bool:
    """White space and signs, but not those inside "can't" and "well-known"."""
    return char.isspace() or (unicodedata.category(char)[0] in "PS" and char not in "'’-_")


# Shared


def _any_of(names: tuple[str, ...]) -> str:
    """A regular expression for any of them, the longest first."""
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True)))


@lru_cache(1024)
def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    folded = {one.casefold(): one for one in known}
    return folded.get(nearest(name.strip().casefold(), tuple(folded)))


def _finding(found: re.Match[str], words: str, fix: str | None = None) -> Finding:
    return Finding(found.start(), found.end(), words, fix)


def _meant(found: re.Match[str], words: str, fix: str | None) -> Finding:
    """A name that is not known, and the known one nearest to it."""
    return _finding(found, f"{words}: did you mean {_shown(fix.rstrip(': '))}?" if fix else words, fix)


@lru_cache(1024)
def _shown(words: str) -> str:
    """A piece of the text, short and harmless enough to be quoted."""
    return visible(words if len(words) <= _SHOWN else words[: _SHOWN - 1] + "…")


def _blank(found: re.Match[str]) -> str:
    """Nothing that is said, as long as what was found."""
    return "\0" * len(found.group())


def refusal(style: Style | None, text: str, seconds: float | None) -> str:
    """Why a transcript may not be submitted: the first finding, where the project's rules refuse; else empty."""
    if style is None or style.enforce != "refuse":
        return ""
    found = lint(style, text, seconds)
    return f"{found[0].words} ({len(found)} to mend)" if len(found) > 1 else found[0].words if found else ""

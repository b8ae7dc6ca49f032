"""What was said about a case: what stands, flags, returns, questions and comments, as its reviewer may know who said it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from tui_label.core.comments import CORRECTION, QUESTION, RETURN, Comment
from tui_label.core.gold import GIVEN, KNOWN_BY
from tui_label.core.reviewing.changes import changed, in_short
from tui_label.core.text import visible
from tui_label.store.reviewing import Case
from tui_label.ui.canvas import Row, clipped
from tui_label.ui.views.document import WIDEST
from tui_label.ui.views.pages import wrapped
from tui_label.ui.views.talk import MOST_ROWS, when
from tui_label.ui.views.versions import Board

NAMED_CELLS = 40
"""Cells for the names of those who say, or were told, the same."""
Line = tuple[str, str, str]
"""Whose it is, what they say, how it looks."""
ASKED = "hint"
"""How a question looks."""


@dataclass(frozen=True, slots=True)
class Voices:
    """All who said something about one case."""

    board: Board
    case: Case
    blind: bool

    def page(self, width: int) -> list[Row]:
        """What stands, flags, returns, questions and comments, all in full."""
        found = _in_full((*self._states(), *self._talk()), width)
        return found or [[(" Nobody has said anything about this item yet.", "")]]

    def rows(self, width: int, most: int, asked: bool) -> tuple[list[Row], bool]:
        """Of these at most so many rows: what is asked before all else, the latest comments of many; a cut shows as an ellipsis.

        And whether anything was cut.
        """
        states, talk = self._states(), self._talk()
        first = [one for one in talk if one[2] == ASKED][-1:] if asked else []
        drawn: dict[Line, list[Row]] = {}
        for one in (*first, *states, *reversed(talk)):
            room = most - sum(map(len, drawn.values()))
            if room > 0 and one not in drawn:
                drawn[one] = _wrapped(one, width, min(room, MOST_ROWS))
        shown = [row for one in dict.fromkeys((*states, *talk)) for row in drawn.get(one, [])]
        return shown, shown != _in_full((*states, *talk), width)

    def _states(self) -> list[Line]:
        return [*self._standing(), *self._otherwise(), *self._flags(), *self._returns()]

    def _talk(self) -> list[Line]:
        # One for each reader, of what was said to several at once
        said_at_once = groupby(self.case.comments, lambda one: (one.author, one.kind, one.text, one.at))
        return [self._comment([*some]) for _, some in said_at_once]

    def _who(self, author: str, to_reviewers: bool) -> str:
        """What an author is called on this screen."""
        for version, one in enumerate(self.board.review.versions):
            if one.annotator == author:
                return self.board.names[version]
        if not self.blind:
            return author
        return "an annotator" if to_reviewers else "a reviewer"

    def _several(self, annotators: Sequence[str]) -> str:
        """What annotators are called together."""
        versions = [version for version, one in enumerate(self.board.review.versions) if one.annotator in annotators]
        if len(versions) == len(annotators):
            return self.board.whose(versions, NAMED_CELLS)
        return ", ".join(visible(self._who(one, True)) for one in annotators)

    def _hidden(self, text: str) -> str:
        """Words of a person's, without the names of those whose versions these are where names are hidden."""
        if self.blind:
            for version, one in enumerate(self.board.review.versions):
                text = re.sub(rf"(?<!\w){re.escape(one.annotator)}(?!\w)", self.board.names[version], text)
        return text

    def _standing(self) -> list[Line]:
        gold = self.case.gold
        if gold is None:
            return []
        by = f" by {visible(self._who(gold.reviewer, False))}" if gold.reviewer != KNOWN_BY else ""
        what = "known answer" if gold.outcome == GIVEN else gold.outcome
        how = f" ({gold.rule})" if gold.rule else ""
        values = "; ".join(f"{task}: {in_short(value)}" for task, value in gold.answers.items())
        return [(f"{what}{by}{how} {when(gold.at).strip()}:", visible(values), "good")]

    def _otherwise(self) -> list[Line]:
        """What was answered otherwise than it is settled, to questions in which the versions do not differ."""
        gold, review = self.case.gold, self.board.review
        if gold is None:
            return []
        differ = {one.task for one in review.differences}
        settled = {id: value for id, value in gold.answers.items() if id not in differ}
        by_words: dict[str, list[str]] = defaultdict(list)
        for one in review.versions:
            words = changed(review, settled, {id: value for id, value in one.answers.items() if id not in differ})
            by_words["; ".join(words)].append(one.annotator)
        return [
            (f"{self._several(some)} answered otherwise:", visible(words), "")
            for words, some in by_words.items()
            if words
        ]

    def _flags(self) -> list[Line]:
        found = []
        for one in (*self.board.review.versions, *self.case.skipped):
            skipped = " skipped it" if one in self.case.skipped else ""
            for flag in one.flags:
                note = f"“{self._hidden(flag.note)}”" if flag.note else ""
                found.append((f"⚑ {flag.reason}", f"{self._who(one.annotator, True)}{skipped}  {note}", ""))
            if skipped and not one.flags:
                found.append(("skipped", f"by {self._who(one.annotator, True)}", "faint"))
        return found

    def _returns(self) -> list[Line]:
        case = self.case
        waits = self._several(case.returned)
        found = [("sent back", f"to {waits}, not answered yet", "hint")] if case.returned else []
        by_words: dict[str, list[str]] = defaultdict(list)
        for name, before in case.before.items():
            now = next((one.answers for one in self.board.review.versions if one.annotator == name), {})
            words = "; ".join(changed(self.board.review, before.answers, now))
            by_words[words or "answered the same again"].append(name)
        found += [(f"{self._several(some)} after the return:", visible(words), "") for words, some in by_words.items()]
        return found

    def _comment(self, same: Sequence[Comment]) -> Line:
        """What was said at once, to everybody that it was said to."""
        comment = same[0]
        kinds = {QUESTION: " asks", RETURN: " sent it back", CORRECTION: " corrected"}
        author = self._who(comment.author, not comment.to)
        to = f" → {self._several([one.to for one in same])}" if comment.to else ""
        lead = f"{visible(author)}{kinds.get(comment.kind, '')}{to}:"
        return lead, visible(self._hidden(comment.text)), ASKED if comment.kind == QUESTION else ""


def _in_full(lines: Iterable[Line], width: int) -> list[Row]:
    return [row for one in dict.fromkeys(lines) for row in _wrapped(one, width)]


def _wrapped(line: Line, width: int, most: int | None = None) -> list[Row]:
    lead, text, look = line
    lines = wrapped(f"{lead} {text}", min(width - 2, WIDEST))
    if most is not None and len(lines) > most:
        lines[most - 1] += " …"
    first, *rest = lines[:most]
    rows: list[Row] = [[(" ", ""), (first[: len(lead)], "bold"), (first[len(lead) :], look)]]
    return [clipped(row, width) for row in rows + [[(" ", ""), (line, look)] for line in rest]]

"""The item of a review: what is agreed once, and under it what each version has where they differ.

It is drawn in blocks: a row of text with the lanes under it, a stripe of a transcript, a segment.  The
screen begins at a block and shows as many as fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, groupby
from typing import Any

from rich.cells import cell_len, set_cell_size

from tui_label.core.moments import edges
from tui_label.core.reviewing.readings import Difference
from tui_label.core.reviewing.review import Review
from tui_label.core.reviewing.timeline import Timeline
from tui_label.core.reviewing.wording import Wording
from tui_label.core.tasks import Segment, Segments, Text, segments_from, spans_from
from tui_label.core.text import glyphs, visible
from tui_label.core.text.rows import Rows, Stacked
from tui_label.core.wer import error_rate
from tui_label.ui.canvas import Row, cells, clipped, fitted_together, spread
from tui_label.ui.views.document import MARGIN, Marks, Stretch, document, hue, in_lanes, lane_row, lanes, text_width
from tui_label.ui.views.label import compare_rows
from tui_label.ui.views.pages import wrapped
from tui_label.ui.views.sound import TAPE_MARGIN, Tape, segment_row, shared_out

NOTHING = "·"
NAME_LEAST = 12
"""Cells of a version's name that are always there."""
MOST_LANES = 6
"""Versions drawn under each other; those that say the same share a lane."""


@dataclass(frozen=True)
class Block:
    """Some rows that belong together, and the differences that they show."""

    rows: list[Row]
    differences: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Board:
    """What is drawn of one review."""

    review: Review
    names: tuple[str, ...]
    """Of the versions, as they may be shown."""
    rows: Rows
    """Of the item's text."""
    width: int

    def has(self, number: int) -> bool:
        return self._has_text(number) or 0 <= number - self._text_count < len(self.others)

    def block(self, number: int) -> Block:
        return self._text_block(number) if self._has_text(number) else self.others[number - self._text_count]

    def _has_text(self, number: int) -> bool:
        return self._is_text and number >= 0 and self.rows.has(number)

    @property
    def _text_count(self) -> int:
        """How many blocks are rows of the text; it is laid out whole for that."""
        return self.rows.count() if self._is_text else 0

    @property
    def _is_text(self) -> bool:
        item = self.review.item
        return bool(item.text) and not item.candidates

    @property
    def anchor(self) -> int | None:
        """The block of the difference that keys are about."""
        one = self.review.here
        if one is None:
            return None
        if one.kind == "spans":
            return self.rows.row_of(int(one.start))
        place = next((n for n, block in enumerate(self.others) if self.review.at in block.differences), None)
        return None if place is None else self._text_count + place

    def following(self, top: int, room: int) -> int:
        """The block to begin with so that the difference is in sight, as near to `top` as may be with no row left free."""
        at, first = self.anchor, top
        if at is not None:
            first = at if at <= top else self._before(at, room - len(self.block(at).rows), top)
        free, beyond = room, first
        while free > 0 and self.has(beyond):
            free -= len(self.block(beyond).rows)
            beyond += 1
        return self._before(first, free)

    def _before(self, number: int, room: int, least: int = 0) -> int:
        """The first of the blocks before `number` that fit into `room` rows; block `least` if they all do."""
        while number > least and (rows := len(self.block(number - 1).rows)) <= room:
            number, room = number - 1, room - rows
        return number

    def drawn(self, top: int, room: int) -> list[Row]:
        found: list[Row] = []
        number = top
        while len(found) < room and self.has(number):
            found += self.block(number).rows
            number += 1
        return found[:room]

    # a text with spans

    def _text_block(self, number: int) -> Block:
        review, session = self.review, self.review.session
        here = review.here
        marked = here is not None and here.kind == "spans"
        if here is not None and marked:
            session = replace(session, step="character", cursor=int(here.start), anchor=int(here.end) - 1)
        rows = document(session, self.rows, number, 1 + lanes(session), Marks(cursor=marked))
        start, end = self.rows.row(number)
        numbers = [
            n
            for n in review.in_force
            if (one := review.differences[n]).kind == "spans" and start < one.end and one.start < max(end, start + 1)
        ]
        if numbers:
            rows += self._version_lanes(numbers, start, end)
        return Block(rows, frozenset(numbers))

    def _version_lanes(self, numbers: Sequence[int], start: int, end: int) -> list[Row]:
        """For each of the readings of a row of text the spans that not all have."""
        review = self.review
        line = glyphs(review.item.text, start, end)
        rows: list[Row] = []
        for members in self._alike(numbers)[:MOST_LANES]:
            stretches = [one for n in numbers for one in self._stretches(n, members[0])]
            several = any(one.meets(other) for one, other in combinations(stretches, 2))
            for place, lane in enumerate(in_lanes(stretches, 2 if several else 1)):
                rows.append(self._numbered(lane_row(lane, line), members if place == 0 else ()))
        return rows

    def _alike(self, numbers: Sequence[int]) -> list[tuple[int, ...]]:
        """The versions, those together that read all these differences the same."""
        readings: dict[tuple[int, ...], list[int]] = {}
        for version in range(len(self.names)):
            if not any(_was_asked(self.review.differences[n], version) for n in numbers):
                continue
            key = tuple(_option(self.review.differences[n], version) for n in numbers)
            readings.setdefault(key, []).append(version)
        return [tuple(some) for some in readings.values()]

    def _stretches(self, number: int, version: int) -> list[Stretch]:
        review = self.review
        one = review.differences[number]
        spans = spans_from(list(one.options[_option(one, version)].value)) if _option(one, version) >= 0 else ()
        lost = number not in review.undecided and not self._is_taken(number, version)
        if not spans:
            return [Stretch(int(one.start), int(one.end), "", "grey", fill=NOTHING)]
        return [
            Stretch(span.start, span.end, span.label, "grey" if lost else hue(review.session, one.task, span.label))
            for span in spans
        ]

    def _is_taken(self, number: int, version: int) -> bool:
        taken = self.review.taken.get(number)
        if taken is None or number in self.review.edited:
            return False
        one = self.review.differences[number]
        return _option(one, version) == _option(one, taken)

    def _numbered(self, row: Row, members: Sequence[int]) -> Row:
        """A lane with its first version's number in the margin, and at the right whose it is."""
        if not members:
            return row
        blank = len(row[0][0]) if row and not row[0][0].strip() else MARGIN
        rest = [(" " * (blank - MARGIN), ""), *row[1:]] if row else []
        lead: Row = [(f"{members[0] + 1:>2} ", "accent"), *rest]
        limit = min(self.width, text_width(self.width) + 2 * MARGIN) - 1
        whose: Row = [(self.whose(members, limit - cells(lead) - 2), "faint")]
        return spread(lead, whose, limit) if cells(lead) + cells(whose) + 2 <= limit else lead

    def whose(self, members: Sequence[int], room: int) -> str:
        """Versions by name, cut where they do not fit; by number after the first few that do."""
        if len(members) == len(self.names) > 1:
            return f"all {len(members)}"
        for most in range(4, 0, -1):
            named = [visible(self.names[version]) for version in members[:most]]
            more = f" +{len(members) - most}" if len(members) > most else ""
            space = room - len(more) - 2 * (len(named) - 1)
            if sum(min(NAME_LEAST, cell_len(name)) for name in named) <= space:
                break
        return ", ".join(fitted_together(named, space, NAME_LEAST)) + more

    # everything else

    @cached_property
    def others(self) -> list[Block]:
        session = self.review.session
        found: list[Block] = []
        if isinstance(self.rows, Stacked):
            drawn = compare_rows(session, self.rows, range(self.rows.count()), Marks())
            found += [Block([row]) for row in [*drawn, []]]
        for task in session.asked:
            if isinstance(task, Text):
                found += self._texts(task)
            elif isinstance(task, Segments):
                found += self._segments(task)
        return found

    def agreed(self, task: str) -> str:
        """Where the answer to a question on which all say the same is from."""
        if self.review.session.answers.get(task) != self.review.merged.get(task):
            return "edited"
        return "all say so" if len(self.names) > 1 else ""

    def _texts(self, task: Text) -> list[Block]:
        review = self.review
        readings = review.comparison.readings[review.comparison.tasks.index(task)]
        first = review.comparison.firsts[review.comparison.tasks.index(task)]
        now = review.session.answers.get(task.id)
        lead = [Block([[]])] if self._is_text else []
        if isinstance(readings, Wording) and readings.differences:
            numbers = {run: first + local for local, run in enumerate(readings.runs)}
            head: Row = [(f" {visible(task.id)}  ", "bold")]
            head += self._error_rates(readings, task, self.width - cells(head))
            edited = self._edited(now) if now != review.merged.get(task.id) else []
            return [*lead, Block([clipped(head, self.width)]), *edited, *self._stripes(readings, numbers)]
        if readings.differences:
            return [*lead, *self._whole_texts(task, first)]
        if not now:
            return []
        return [
            *lead,
            Block([[(f" {visible(task.id)}", "bold"), (f"  {self.agreed(task.id)}", "faint")]]),
            *self._plain(str(now)),
        ]

    def _whole_texts(self, task: Text, number: int) -> list[Block]:
        """Texts that are too far apart to be taken word by word."""
        one, found = self.review.differences[number], []
        for option in one.options:
            chosen = any(self._is_taken(number, version) for version in option.by)
            whose = self.whose(option.by, self.width - MARGIN - 2)
            head: Row = [
                (f"{option.by[0] + 1:>2} ", "accent"),
                (f"[{whose}]" if chosen else whose, "bold" if chosen else "faint"),
            ]
            lines = wrapped(option.value, text_width(self.width)) if option.value else ["no answer"]
            body: list[Row] = [[(" " * MARGIN + text, "" if option.value else "faint")] for text in lines]
            found.append(Block([head, *body], frozenset([number])))
        return [Block([[(f" {visible(task.id)}", "bold")]]), *found]

    def _edited(self, now: object) -> list[Block]:
        """The text as hands made it."""
        return [Block([[(" as edited", "hint")]]), *self._plain(str(now or "")), Block([[]])]

    def _plain(self, text: str) -> list[Block]:
        return [Block([[(" " * MARGIN + line, "")]]) for line in wrapped(text, text_width(self.width))]

    def _error_rates(self, wording: Wording, task: Text, room: int) -> Row:
        """How far each version is from the others, on the mean."""
        texts, style = wording.alignment.texts, task.transcript
        if style is None or len(texts) < 2:
            return []
        ignore = self.review.session.project.review.ignore
        row: Row = [("WER against the others ", "faint")]
        figures = len(wording.versions) * len("  1  100%")
        names = fitted_together(
            [visible(self.names[version]) for version in wording.versions], room - cells(row) - figures, NAME_LEAST
        )
        for place, version in enumerate(wording.versions):
            others = [text for n, text in enumerate(texts) if n != place]
            mean = sum(error_rate(other, texts[place], ignore, style.speakers) for other in others) / len(others)
            row += [("  ", ""), (str(version + 1), "accent"), (f" {names[place]} ", "faint"), (f"{mean:.0%}", "")]
        return row

    def _stripes(self, wording: Wording, numbers: Mapping[int, int]) -> list[Block]:
        """The versions of a text one under the other, word under word."""
        texts = wording.alignment.texts
        kinds = [[place for place, text in enumerate(texts) if text == one] for one in dict.fromkeys(texts)]
        groups = [tuple(wording.versions[place] for place in some) for some in kinds][:MOST_LANES]
        places = [some[0] for some in kinds][:MOST_LANES]
        blocks: list[Block] = []
        room = text_width(self.width)
        line: list[_Column] = []
        used = 0
        for column in _columns(wording, places, numbers):
            if line and used + column.size > room:
                blocks.append(self._stripe(line, groups))
                line, used = [], 0
            line.append(column)
            used += column.size + 1
        return [*blocks, self._stripe(line, groups)] if line else blocks

    def _stripe(self, line: Sequence[_Column], groups: Sequence[tuple[int, ...]]) -> Block:
        rows: list[Row] = []
        if all(column.number is None for column in line):
            return Block([[(" " * MARGIN + " ".join(column.words[0] for column in line), "faint")], []])
        for place, members in enumerate(groups):
            row: Row = [(f"{members[0] + 1:>2} ", "accent")]
            for number, some in groupby(line, key=lambda column: column.number):
                parts = list(some)
                text = " ".join(
                    set_cell_size(one.words[place] or NOTHING * bool(one.number is not None), one.size) for one in parts
                )
                if number is None:
                    row += [(text + " ", "faint")]
                else:
                    row += [(text, self._word_style(number, members[0], parts[0].is_tag)), (" ", "")]
            rows.append(clipped(row, self.width))
        return Block([*rows, []], frozenset(column.number for column in line if column.number is not None))

    def _word_style(self, number: int, version: int, is_tag: bool) -> str:
        review = self.review
        taken = self._is_taken(number, version)
        if number == review.at:
            return "selected" if taken else "cursor"
        if number in review.undecided:
            return "hint" if is_tag else "bold"
        return "under" if taken else "faint"

    # segments

    def _segments(self, task: Segments) -> list[Block]:
        """What is agreed or taken, what is open, and the words that differ, in order of time."""
        review = self.review
        index = review.comparison.tasks.index(task)
        readings, first = review.comparison.readings[index], review.comparison.firsts[index]
        found: list[tuple[float, int, Block]] = [
            (one.start, 0, Block([self._segment(one, task.id)]))
            for one in segments_from(review.session.answers.get(task.id))
        ]
        for number in review.in_force:
            one = review.differences[number]
            open_ = number in review.undecided or number == review.at
            if one.task == task.id and one.kind == "segments" and open_:
                found.append((one.start, 1, Block([self._open(number)], frozenset([number]))))
        for match in readings.matches if isinstance(readings, Timeline) else ():
            if match.text is not None and match.text.differences:
                numbers = {run: first + match.runs[local] for local, run in enumerate(match.text.runs)}
                start = min(one.start for one in match.told.values())
                found += [(start, 2 + n, block) for n, block in enumerate(self._stripes(match.text, numbers))]
        return [block for _, _, block in sorted(found, key=lambda one: one[:2])]

    def _segment(self, one: Segment, task: str) -> Row:
        row: Row = [("   ", ""), (f"{self._edges(one)}  ", "faint")]
        if one.speaker:
            row.append((f"{visible(one.speaker)}: ", ""))
        if one.label:
            row.append((f"{visible(one.label)}  ", f"hue:{hue(self.review.session, task, one.label)}"))
        return clipped([*row, (visible(one.text), "faint")], self.width)

    def _open(self, number: int) -> Row:
        one = self.review.differences[number]
        here, decided = number == self.review.at, number not in self.review.undecided
        about, say = f"   {one.about}" if one.about != "missing" else "", _names_of
        if one.about == "boundary":
            # The names are all the same, and the edges say that they are what differs
            about, say = "", self._edges_of
        counts = "  ·  ".join(f"{len(option.by)}× {visible(say(option.value))}" for option in one.options)
        return clipped(
            [
                (" › " if here else "   ", "accent"),
                (f"{self._edges(one)}  ", "bold" if here else ""),
                ("decided: " if decided else "", "faint"),
                (counts, "faint" if decided else "bold" if here else ""),
                (about, "faint"),
            ],
            self.width,
        )

    def _edges_of(self, segments: Sequence[Mapping[str, Any]]) -> str:
        return ", ".join(map(self._edges, segments_from(segments)))

    def _edges(self, one: Segment | Difference) -> str:
        return edges(one.start, one.end, self.review.session.duration)

    def segment_lanes(self, tape: Tape) -> list[Row]:
        """For each of the readings of the segments a lane on the time axis; a second one, while there is room for it,
        where segments of the reading overlap somewhere: paging moves nothing.
        """
        review = self.review
        task = review.session.segment_task
        if task is None or len(self.names) < 2:
            return []
        readings: dict[tuple[Segment, ...], list[int]] = {}
        for version, answers in enumerate(review.comparison.versions):
            readings.setdefault(segments_from(answers.get(task.id)), []).append(version)
        inner = max(10, self.width - 2 * TAPE_MARGIN)
        rows: list[Row] = []
        spare = MOST_LANES - len(readings)
        for segments, members in list(readings.items())[:MOST_LANES]:
            count = 2 if spare > 0 and any(one.overlaps(other) for one, other in combinations(segments, 2)) else 1
            spare -= count - 1
            for place, lane in enumerate(shared_out(segments, tape, count)):
                row = segment_row(review.session, lane, tape, inner, None)
                rows.append([(str(members[0] + 1), "accent"), *row[1:]] if place == 0 else row)
        return rows


def _names_of(segments: Sequence[Mapping[str, str]]) -> str:
    named = [
        " ".join(filter(None, (one.get("speaker"), one.get("label")))) or one.get("text", "") or "a segment"
        for one in segments
    ]
    return ", ".join(named) or "nothing"


def _option(one: Difference, version: int) -> int:
    """The number of the option of a version; -1 where it has none."""
    return next((n for n, option in enumerate(one.options) if version in option.by), -1)


def _was_asked(one: Difference, version: int) -> bool:
    return any(version in option.by for option in one.options if option.asked)


@dataclass(frozen=True, slots=True)
class _Column:
    """One word of each version, that stand for each other."""

    words: tuple[str, ...]
    size: int
    """Cells of the longest."""
    number: int | None = None
    """The difference that it belongs to."""
    is_tag: bool = False


def _columns(wording: Wording, places: Sequence[int], numbers: Mapping[int, int]) -> Iterator[_Column]:
    alignment = wording.alignment
    for index, run in enumerate(alignment.runs):
        if run.about == "space":
            continue
        said = []
        for place in places:
            first, stop = run.words[place]
            said.append([visible(alignment.texts[place][a:b]) for a, b in alignment.words[place][first:stop]])
        for n in range(max(map(len, said), default=0)):
            words = tuple(words[n] if n < len(words) else "" for words in said)
            yield _Column(words, max(1, *map(cell_len, words)), numbers.get(index), run.about == "tags")

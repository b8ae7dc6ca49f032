"""Pages to read: how Markdown is shown."""

from __future__ import annotations

from functools import partial

import pytest
from helpers import project
from rich.cells import cell_len

from tui_label import config
from tui_label.core.comments import Comment
from tui_label.core.item import Item
from tui_label.core.keymap import build
from tui_label.core.news import ADDED, KEPT, REMOVED, Line, News, Passage
from tui_label.core.project import Pace
from tui_label.core.timing import Rhythm
from tui_label.store.base import Progress
from tui_label.ui.canvas import Row, cells
from tui_label.ui.overlays import Reading
from tui_label.ui.views.guidelines import guide_rows, help_rows, section_row
from tui_label.ui.views.menu import Offer, picked_rows
from tui_label.ui.views.notices import news_rows
from tui_label.ui.views.pages import key_rows, nothing_left, page
from tui_label.ui.views.talk import letters_page

GUIDELINES = """\
# Names

A name points at *one
particular* person, **never
at** a kind: `*` marks `a*b*c`, 2 * 3 * 4.
- Mark every
  mention.
- Not titles.

| a | b |
|---|---|
```
as it
stands
```
First line.\u0020\u0020
Second line.

## person
"""
LONG = "\n\n".join(" ".join(f"word {n} of many" for n in range(first, first + 40)) for first in range(0, 400, 40))


def drawn(row: Row) -> str:
    return "".join(text for text, _ in row)


def shown(width: int = 80) -> list[str]:
    return [drawn(row).strip() for row in guide_rows(GUIDELINES, width)]


def test_paragraphs_and_list_items_of_the_guidelines_are_wrapped_without_their_marks():
    assert shown() == [
        "Names",
        "",
        "A name points at one particular person, never at a kind: * marks a*b*c, 2",
        "* 3 * 4.",
        "- Mark every mention.",
        "- Not titles.",
        "",
        "a  b",
        "─  ─",
        "",
        "as it",
        "stands",
        "",
        "First line.",
        "Second line.",
        "",
        "person",
    ]


def test_a_list_item_goes_on_beside_its_sign():
    text = "- Mark every mention of a name\n  - nested ones as well, of course\n10. and the tenth *thing* of all\n"

    assert [drawn(row)[3:].rstrip() for row in guide_rows(text, 26)] == [
        "- Mark every mention",
        "  of a name",
        "  - nested ones as",
        "    well, of course",
        "10. and the tenth",
        "    thing of all",
    ]


TABLES = """\
| label | when | *example* |
|---|:--|---|
| `positive` | Praise, thanks, also where a complaint was solved | "Thanks, bag is here!" |
| neutral | A fact \\| a link | 你好 |

name | from | to
:---|---:|:---:
bcd | 100 | 22.5
a<br>and b | 1
"""


def test_tables_of_the_guidelines_stand_in_columns_and_long_cells_go_on_in_their_own():
    assert [drawn(row)[3:].rstrip() for row in guide_rows(TABLES, 60)] == [
        "label     when                   example",
        "────────  ─────────────────────  ─────────────────────",
        'positive  Praise, thanks, also   "Thanks, bag is',
        '          where a complaint was  here!"',
        "          solved",
        "",
        "neutral   A fact | a link        你好",
        "",
        "name   from   to",
        "─────  ────  ────",
        "bcd     100  22.5",
        "",
        "a         1",
        "and b",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_table_is_as_wide_as_the_page_at_most_and_loses_nothing(width):
    wide = "\n".join(["|".join(["organisation and more"] * 5), "|".join(["---"] * 5), "|".join(["xxxxx " * 9] * 5)])
    rows = [drawn(row) for row in guide_rows(TABLES + "\n" + wide, width)]

    assert max(map(cell_len, (row.rstrip() for row in rows))) <= width - 3
    assert "".join(rows).count("x") == 5 * 9 * 5 + "".join(TABLES).count("x")
    assert width < 80 or any(row.count("organisation") == 5 for row in rows)


def test_quotes_of_the_guidelines_are_shown_as_such_and_code_as_it_is_written():
    text = "> Mark what is\n> *written*.\n>\n> - not what is meant by it\n\n```\n# **no** heading\n> no quote\n| a |\n|---|\n```\n"

    assert [drawn(row)[3:].rstrip() for row in guide_rows(text, 26)] == [
        "│ Mark what is",
        "│ written.",
        "│",
        "│ - not what is",
        "│   meant by it",
        "",
        "",
        "# **no** heading",
        "> no quote",
        "| a |",
        "|---|",
        "",
    ]


def test_quotes_in_quotes_leave_room_for_the_words_however_deep_they_are():
    rows = [drawn(row).rstrip() for row in guide_rows("> " * 2000 + "some words of a mail", 40)]

    assert max(map(cell_len, rows)) <= 37
    assert " ".join(row.strip(" │") for row in rows) == "some words of a mail"


def test_a_label_opens_its_section_at_any_width():
    for width in (40, 80, 120):
        assert shown(width)[section_row(GUIDELINES, "person", width)] == "person"


def test_a_comment_in_code_opens_as_no_section():
    text = "# Names\n\n```\n# person\n```\n\n## person\n"

    assert section_row(text, "person", 80) == 6


def test_the_help_of_a_label_stands_over_its_section_and_under_its_key(tmp_path):
    source = (
        "name: n\ntasks: [{id: e, type: spans, help: Names alone, labels: [{value: person, help: Not titles}, city]}]\n"
    )
    project = config.parse(source, tmp_path)

    def words(rows: list[Row]) -> list[str]:
        return ["".join(text for text, _ in row).strip() for row in rows]

    assert words(help_rows(project.tasks, "e", "person", 80)) == ["e: Names alone", "person: Not titles", ""]
    assert words(help_rows(project.tasks, "", "city", 80)) == []
    rows = words(key_rows(build(project), ["labels"], 80, tasks=project.tasks))
    assert [row.split("  ")[-1].strip() for row in rows if row] == ["Labels", "e: person", "Not titles", "e: city"]


def test_long_help_of_a_label_keeps_off_the_edge_of_the_screen(tmp_path):
    source = f"name: n\ntasks: [{{id: m, type: choice, labels: [{{value: a, help: {'ab ' * 99}}}]}}]\n"
    project = config.parse(source, tmp_path)
    for width in range(60, 80):
        rows = [drawn(row).rstrip() for row in key_rows(build(project), ["labels"], width, tasks=project.tasks)]
        assert max(map(cell_len, rows)) < width


def test_the_keys_of_a_narrow_window_leave_more_than_half_of_it_to_the_words(tmp_path):
    project = config.parse("name: n\nitems: sound\ntasks: [{id: m, type: choice, labels: [a]}]\n", tmp_path)
    rows = ["".join(text for text, _ in row) for row in key_rows(build(project), ["everywhere", "sound"], 40)]
    at = rows.index("   Space F4 ^Space")

    assert rows[at + 1] == "               Play, pause; going on"
    assert "   F2          Back 2 s" in rows and max(map(cell_len, rows)) <= 40


def test_how_many_more_there_are_is_said_beside_a_name_that_is_cut():
    offers = [Offer("Confirm and go on to the next item", 1, "↵"), Offer("Redo", 2, "^R")]
    rows = picked_rows([(" do ", "")], offers, 0, 40, 0)

    assert ["".join(text for text, _ in row) for row in rows] == [" do   [↵ Confirm and go on to …] +1 more"]


def test_what_may_be_meant_has_rows_of_its_own_where_they_are_free():
    offers = [Offer(f"label-{n}", n, "", f"help {n}") for n in range(20)]

    def drawn(at: int, free: int) -> list[str]:
        return [
            "".join(text for text, _ in row).rstrip() for row in picked_rows([("label ", "")], offers, at, 80, free)
        ]

    assert len(drawn(0, 3)) == 2
    assert drawn(0, 4) == ["[label-0] help 0", " label-1  help 1", " label-2  help 2", "label    +17 more"]
    assert drawn(10, 50)[6] == "[label-10] help 10" and len(drawn(10, 50)) == 13
    assert drawn(19, 50)[-2:] == ["[label-19] help 19", "label    +8 more"]

    keys = [Offer("Confirm", 1, "↵"), Offer("Redo", 2, "^R"), Offer("Begin a sprint", 3)]
    rows = picked_rows([("do ", "")], keys, 1, 80, 9)
    assert ["".join(text for text, _ in row).rstrip() for row in rows] == [
        " ↵  Confirm",
        "[^R Redo]",
        "    Begin a sprint",
        "do",
    ]


def test_what_is_asked_stands_over_the_guidelines_where_a_row_has_no_room_for_it(tmp_path):
    source = (
        "name: n\ntasks: [{id: s, type: choice, ask: How does the author feel about the company, labels: [a, b]}]\n"
    )
    tasks = config.parse(source, tmp_path).tasks

    asked = " ".join("".join(text for text, _ in row).strip() for row in help_rows(tasks, "s", "", 40))
    assert asked.strip() == "s: How does the author feel about the company"
    assert help_rows(tasks, "s", "", 80) == []


def test_headings_among_what_changed_are_shown_as_headings():
    passage = Passage("", (Line(KEPT, "## negative"), Line(ADDED, "### irony ##")))
    rows = news_rows(News("guidelines", 2, "2026-01-01T00:00:00Z", passages=(passage,)), 80)

    assert [[piece for piece in row if piece[0].strip()] for row in rows[-2:]] == [
        [("negative", "accent")],
        [("+ ", "good"), ("irony", "bold")],
    ]


def test_the_words_that_changed_stand_out_in_their_paragraph():
    lines = (Line(REMOVED, "Mark *no* titles."), Line(ADDED, "Mark titles, too."), Line(KEPT, "Rest."))
    rows = news_rows(News("guidelines", 2, "2026-01-01T00:00:00Z", passages=(Passage("", lines),)), 80)

    assert [[piece for piece in row[2:] if piece[0].strip()] for row in rows[3:]] == [
        [("Mark", "faint"), ("no", "faint under"), ("titles.", "faint under")],
        [("Mark", ""), ("titles,", "bold"), ("too.", "bold")],
        [("Rest.", "")],
    ]


def test_what_changed_is_laid_out_as_the_guidelines_are():
    lines = ("- mark *all* of the **names** there", "> said `*so*`", "`# **no** heading`")
    passage = Passage("", tuple(Line(ADDED, line) for line in lines))
    rows = news_rows(News("guidelines", 2, "2026-01-01T00:00:00Z", passages=(passage,)), 26)

    assert [drawn(row).rstrip() for row in rows[3:]] == [
        "   + - mark all of the",
        "       names there",
        "   + │ said *so*",
        "   + # **no** heading",
    ]


@pytest.mark.parametrize(
    ("mine", "words"), [(0, "You gave 0 answers."), (2, "You gave 2 answers, 0 of them since you sat down.")]
)
def test_an_empty_queue_says_what_one_gave(mine, words):
    rows = nothing_left(project(), "ann", 0, Progress(3, 3, 3, mine), Rhythm(Pace(), 0), "", "", "", [], 80, 24)

    assert f"   {words}" in map(drawn, rows)


@pytest.mark.parametrize(("rows", "words"), [(19, ""), (20, "19 of 20 rows")])
def test_a_page_says_how_far_one_is_where_it_scrolls(rows, words):
    head = drawn(page(["p", "keys"], [[]] * rows, 0, [], [], 80, 24)[0])

    assert head.removeprefix(" p  ·  keys").strip() == words


def test_a_page_is_laid_anew_for_the_width_at_hand_and_stays_at_its_place():
    asked = []

    def rows(width: int) -> list[Row]:
        asked.append(width)
        return guide_rows(LONG, width)

    reading = Reading("guidelines", rows)
    reading.draw("p", "", 120, 20)
    reading.top = next(n for n, row in enumerate(reading.rows) if "word 200 " in drawn(row))
    for width in (50, 50, 40, 120):
        screen = reading.draw("p", "", width, 20)
        assert any("word 200 " in drawn(row) for row in screen[2:5])
        assert not any(drawn(row).endswith("…") for row in screen)

    assert asked == [120, 50, 40, 120]


def test_a_page_that_is_read_from_the_top_stays_there():
    reading = Reading("guidelines", partial(guide_rows, "\n" + LONG))
    reading.draw("p", "", 120, 20)
    reading.draw("p", "", 50, 20)

    assert reading.top == 0


@pytest.mark.parametrize("scrolled", [lambda page: page.key("down", 20), lambda page: page.scroll(3, 20)])
def test_down_never_leads_up_also_from_what_was_found_in_the_last_rows(scrolled):
    reading = Reading("guidelines", partial(guide_rows, LONG))
    reading.draw("p", "", 80, 20)
    for key in ["/", *"word 399", "enter"]:
        reading.key(key, 20)
    found = reading.top
    assert found > len(reading.rows) - 15
    scrolled(reading)
    assert reading.top == found
    reading.key("up", 20)
    assert reading.top == found - 1


def test_the_wheel_ends_where_the_keys_do():
    reading = Reading("guidelines", partial(guide_rows, LONG))
    reading.draw("p", "", 80, 20)
    reading.key("end", 20)
    end = reading.top
    reading.scroll(3, 20)

    assert reading.top == end == len(reading.rows) - 15


def test_the_keys_of_a_page_are_those_that_act():
    def legend(reading: Reading) -> str:
        return drawn(reading.draw("p", "", 80, 20)[-1])

    reading = Reading("guidelines", partial(guide_rows, LONG))
    assert "next found" not in legend(reading)  # it would lead back
    reading.key("/", 20)
    assert legend(reading).split() == ["↵", "go", "to", "it", "Esc", "leave"]
    for key in [*"word 399", "enter"]:
        reading.key(key, 20)
    assert "next found" in legend(reading)


def test_the_caret_of_what_is_looked_for_stays_in_sight():
    reading = Reading("guidelines", partial(guide_rows, LONG))
    for key in ["/", *("many words " * 10), "x"]:
        reading.key(key, 20)
    row = reading.draw("p", "", 40, 20)[-3]

    assert cells(row) <= 40
    assert (" ", "cursor") in row


def test_what_is_said_stands_in_one_column_whoever_says_it():
    names = ["ann", "東京花子レビュアー", "anna.lindqvist@norvane.example.org"]
    letters = [(1, Item("k", "x"), Comment(name, "Look again", at="2026-11-29T10:00:00Z")) for name in names]
    rows = [drawn(row) for row in letters_page("p", letters, 0, "me", False, 80, 24)[2:5]]

    assert {cell_len(row.partition("Look")[0]) for row in rows} == {cell_len(rows[0].partition("Look")[0])}
    assert ["…" in row for row in rows] == [False, True, True]


def test_where_nothing_was_said_there_is_one_rule_at_the_foot():
    letters = [(1, Item("k", "x"), Comment("ann", "Look again", at="2026-11-29T10:00:00Z"))]
    empty, some = ([drawn(row) for row in letters_page("p", said, 0, "me", False, 80, 24)] for said in ([], letters))

    assert [row.startswith("──") for row in empty] == [number in (1, 22) for number in range(24)]
    assert empty[0].strip() == "p  ·  comments" and empty[-1].strip() == "any key back"
    assert sum(row.startswith("──") for row in some) == 3
    assert len(some) == 24

"""Pages to read: how Markdown is shown."""

from __future__ import annotations

from tui_label import config
from tui_label.core.keymap import build
from tui_label.core.news import ADDED, KEPT, Line, News, Passage
from tui_label.ui.canvas import Row
from tui_label.ui.views.notices import news_rows
from tui_label.ui.views.pages import guide_rows, help_rows, key_rows, section_row

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


def shown(width: int = 80) -> list[str]:
    return ["".join(text for text, _ in row).strip() for row in guide_rows(GUIDELINES, width)]


def test_paragraphs_and_list_items_of_the_guidelines_are_wrapped_without_their_marks():
    assert shown() == [
        "Names",
        "",
        "A name points at one particular person, never at a kind: * marks a*b*c, 2",
        "* 3 * 4.",
        "- Mark every mention.",
        "- Not titles.",
        "",
        "| a | b |",
        "|---|---|",
        "",
        "as it",
        "stands",
        "",
        "First line.",
        "Second line.",
        "",
        "person",
    ]


def test_a_label_opens_its_section_at_any_width():
    for width in (40, 80, 120):
        assert shown(width)[section_row(GUIDELINES, "person", width)] == "person"


def test_the_help_of_a_label_stands_over_its_section_and_under_its_key(tmp_path):
    source = (
        "name: n\ntasks: [{id: e, type: spans, help: Names alone, labels: [{value: person, help: Not titles}, city]}]\n"
    )
    project = config.parse(source, tmp_path)

    def words(rows: list[Row]) -> list[str]:
        return ["".join(text for text, _ in row).strip() for row in rows]

    assert words(help_rows(project.tasks, "e", "person", 80)) == ["e: Names alone", "person: Not titles", ""]
    assert words(help_rows(project.tasks, "", "city", 80)) == []
    rows = words(key_rows(build(project), ["labels"], tasks=project.tasks))
    assert [row.split("  ")[-1].strip() for row in rows if row] == ["Labels", "e: person", "Not titles", "e: city"]


def test_headings_among_what_changed_are_shown_as_headings():
    passage = Passage("", (Line(KEPT, "## negative"), Line(ADDED, "### irony ##")))
    rows = news_rows(News("guidelines", 2, "2026-01-01T00:00:00Z", passages=(passage,)), 80)

    assert [[piece for piece in row if piece[0].strip()] for row in rows[-2:]] == [
        [("negative", "bold")],
        [("+ ", "good"), ("irony", "bold")],
    ]

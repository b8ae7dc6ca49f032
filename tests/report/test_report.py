"""The page: what it says, that nothing in the data acts on it, that it needs nothing but itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from helpers import SENTIMENT, write_project
from rich.color import Color, blend_rgb

from tui_label import Project, Suggestion, cli, config
from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.comments import Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Sound
from tui_label.core.record import Record
from tui_label.projects import opening
from tui_label.report import agreement_report, plots, status_report
from tui_label.report.markup import tag
from tui_label.ui.theme import contrast

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
LABELS = ("positive", "neutral", "negative")
HOSTILE = '<script>document.title="broken into"</script>'
EVIL = """\
name: evil
tasks:
  - {id: t, type: choice, labels: ['<script>document.title="broken into"</script>', '" onmouseover="x', "&amp;"]}
flags: [{reason: "<b>why</b>", help: "</table><script>alert(1)</script>"}]
review: {judge-from: 2}
"""


def said(
    number: int, annotator: str, value: object, task: str = "sentiment", days: float = 0, **named: object
) -> Record:
    at = (START + timedelta(days=days, minutes=number)).isoformat().replace("+00:00", "Z")
    given = {"timing": Timing(2000 + 37 * number % 3000, 100), "submitted_at": at, **named}
    annotation = Annotation(annotator, answers={task: value}, **given)  # type: ignore[arg-type]
    return Record(Item(f"i{number}", f"Text {number}"), annotation=annotation)


def project_of(folder: Path, source: str, *records: Record) -> Path:
    store, _ = opening.open_store(config.load(write_project(folder, source)))
    store.add(records)
    store.close()
    return folder


@pytest.fixture
def tweets(tmp_path: Path) -> Path:
    """Sixty items over four weeks, three annotators who differ now and then, flags, known answers, an example."""
    source = SENTIMENT.replace("name: tweets", "name: tweets\noverlap: 3")
    records = [
        said(
            n, name, LABELS[(n + (place > 0 and n % (5 + place) == 0)) % 3], days=n / 2 - (name == "bob") * 0.1,
            flags=(Flag("ambiguous", "sarcasm?"),) if n % 20 == 3 and name == "ann" else (),
        )
        for n in range(60) for place, name in enumerate(("ann", "bob", "eve"))
    ]  # fmt: skip
    folder = project_of(tmp_path / "p", source, *records)
    store, _ = opening.open_store(config.load(folder))
    for number in range(1, 31):
        store.settle(number, Gold("lead", {"sentiment": LABELS[(number - 1) % 3]}, example=number == 4), f"g{number}")
    store.say(1, Comment("lead", "look here"))
    store.close()
    return folder


def written(folder: Path, *arguments: str) -> str:
    """The page of a project."""
    out = folder / "report.html"
    assert cli.main(["report", str(folder), "-o", str(out), *arguments]) == 0
    return out.read_text(encoding="utf-8")


class Page(HTMLParser):
    """Elements, text and the tables by id; insists that what is opened is closed."""

    VOID = frozenset(["meta", "br", "link", "img", "input", "hr"])

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self._open: list[str] = []
        self._table: list[list[str]] = []
        self._cell: str | None = None
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self._open.append(tag)
        if tag == "table":
            self._table = self.tables.setdefault(dict(attrs).get("id") or f"table {len(self.tables)}", [])
        if tag == "tr":
            self._table.append([])
        if tag in ("td", "th"):
            self._cell = ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag in ("td", "th"):
            self._table[-1].append(self._cell or "")
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell += data
        if self._open and self._open[-1] != "style":
            self.words.append(data)


def column(table: list[list[str]], head: str) -> dict[str, str]:
    place = table[0].index(head)
    return {row[0]: row[place] for row in table[1:]}


# what it says


def test_its_figures_are_those_of_status_and_agreement(tweets):
    page = Page(written(tweets))
    project = config.load(tweets)
    store, _ = opening.open_store(project)
    status = status_report.status(project, store)
    (found,) = agreement_report.agreement(project, store).tasks

    check_figures(page, status, found.figures)
    assert (
        column(page.tables["flags"], "answers and skips")
        == {"ambiguous": "3"}
        == {reason: str(count) for reason, count in status["flags"].items()}
    )
    assert {row[0]: row[3] for row in page.tables["gold"][1:]} == {
        part.names[0]: f"{part.figures[0].value:.3f}" for part in found.gold
    }
    assert sum(int(row[1]) for row in page.tables["days"][1:]) == 180


def check_figures(page: Page, status: dict, figures: tuple) -> None:  # type: ignore[type-arg]
    people = {one["annotator"]: one for one in status["people"]}
    assert column(page.tables["people"], "answers") == {name: f"{one['answers']:,}" for name, one in people.items()}
    assert column(page.tables["people"], "median s") == {
        name: f"{one['median_ms'] / 1000:.1f}" for name, one in people.items()
    }
    assert column(page.tables["care"], "flagged") == {name: f"{one['flagged']}" for name, one in people.items()}
    for label in LABELS:
        assert column(page.tables["labels-0"], label) == {
            **{name: f"{one['labels']['sentiment'][label]}" for name, one in people.items()},
            "all": f"{sum(one['labels']['sentiment'][label] for one in people.values())}",
        }
    assert column(page.tables["agreement-0"], "value") == {
        agreement_report.MEASURES[one.measure]: f"{one.value:.3f}" for one in figures
    }
    assert f"{status['done']} of {status['items']}" in page.words


def test_examples_flags_and_versions(tweets):
    (tweets / "guidelines.md").write_text("# Other words\n", encoding="utf-8")
    words = " ".join(Page(written(tweets)).words)

    assert "sarcasm?" in words and "Text 3" in words and "sentiment: positive" in words
    versions = Page(written(tweets)).tables["versions"]
    assert [(row[0], row[1]) for row in versions[1:]] == [
        ("guidelines", "1"), ("guidelines", "2"), ("labels and settings", "1"),
    ]  # fmt: skip
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", row[2]) for row in versions[1:])


def test_every_plot_has_a_title_and_every_table_a_caption_and_heads(tweets):
    text = written(tweets)
    page = Page(text)

    plots = re.findall(r'<svg viewBox="0 0 720 \d+" role="img" aria-label="[^"]+"><title>[^<]+</title>', text)
    assert len(plots) >= 7 and len(plots) == text.count('role="img"')
    assert text.count("<caption>") == text.count("<table") == text.count("<thead>")
    assert text.count('scope="col"') == sum(len(rows[0]) for rows in page.tables.values())
    assert ("html", "lang", "en") in page.attributes and "title" in page.names


def test_names_can_be_hidden(tweets):
    plain, blind = written(tweets), written(tweets, "--blind")

    assert re.search(r"\bann\b", plain) and not re.search(r"\b(ann|bob|eve|lead)\b", blind)
    assert set(column(Page(blind).tables["people"], "answers")) == {f"annotator {letter}" for letter in "ABC"}
    assert sorted(column(Page(blind).tables["people"], "median s").values()) == sorted(
        column(Page(plain).tables["people"], "median s").values()
    )


def test_nobody_is_judged_on_few_answers(tmp_path):
    folder = project_of(tmp_path, SENTIMENT, *(said(n, "ann", LABELS[n % 3]) for n in range(19)))
    (row,) = Page(written(folder)).tables["people"][1:]

    assert row == ["ann", "19", "0.0", "–", "–", "–", "–"]


# whatever the project is


def test_an_empty_project(tmp_path):
    page = Page(written(write_project(tmp_path)))

    assert "0 of 0" in page.words and "Nothing has been answered yet." in page.words


def test_answers_of_one_annotator_on_one_day(tmp_path):
    folder = project_of(tmp_path, SENTIMENT, *(said(n, "ann", LABELS[n % 3]) for n in range(30)))
    page = Page(written(folder))

    assert "No item has answers from two annotators yet." in page.words
    assert column(page.tables["people"], "an hour")["ann"] != "–"


def test_a_project_of_sounds(tmp_path):
    source = "name: calls\nitems: sound\ntasks: [{id: said, type: text, transcript: {}}, {id: turns, type: segments, labels: [dog]}]\n"
    records = [
        Record(
            Item(f"c{n}", sound=Sound(f"c{n}.wav", 10.0)),
            annotation=Annotation(
                name, answers={"said": f"hello number {n}", "turns": [{"start": 0.0, "end": 1.0 + n % 2, "label": "dog"}]},
                timing=Timing(25_000), listening={"coverage": 0.9}, submitted_at=START.isoformat(),
            ),
        )
        for n in range(25) for name in ("ann", "bob")
    ]  # fmt: skip
    page = Page(written(project_of(tmp_path, source, *records)))

    assert page.tables["sound"][1:] == [["ann", "4.2", "2.50", "90%"], ["bob", "4.2", "2.50", "90%"]]
    assert "word error rate" in column(page.tables["agreement-0"], "value")


@pytest.mark.parametrize("many", [1, 61, 200])
def test_many_annotators_and_labels(tmp_path, many):
    labels = ", ".join(f"label {n}" for n in range(30))
    source = f"name: crowd\noverlap: {many}\ntasks: [{{id: t, type: choice, labels: [{labels}]}}]\n"
    records = [
        said(n, f"worker {w:03}", f"label {(n * w) % 30}", "t", days=n * 40) for n in range(6) for w in range(many)
    ]
    page = Page(written(project_of(tmp_path, source, *records)))

    assert len(page.tables["people"]) == many + 1


# that nothing acts on it


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    records = [
        Record(
            Item(f"{HOSTILE}{n}", f'{HOSTILE} \x1b[2J\u202e\x00 "\' {n}', (), {"m": HOSTILE}),
            annotation=Annotation(
                name, answers={"t": (HOSTILE, '" onmouseover="x', "&amp;")[(n + place) % 3]},
                flags=(Flag("<b>why</b>", f"{HOSTILE}\u2066"),), timing=Timing(3000),
                submitted_at=(START + timedelta(days=n)).isoformat(),
            ),
        )
        for n in range(8) for place, name in enumerate((HOSTILE, '"><img src=x onerror=alert(1)>'))
    ]  # fmt: skip
    folder = project_of(tmp_path / "p", EVIL, *records)
    store, _ = opening.open_store(config.load(folder))
    store.settle(1, Gold("lead", {"t": HOSTILE}, example=True), "g")
    store.close()
    return folder


def test_data_is_text_and_nothing_else(hostile):
    text = written(hostile)
    page = Page(text)

    assert not page.names & {"script", "img", "b", "iframe", "object", "link"}
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069]", text)
    assert HOSTILE in {row[0] for row in page.tables["people"]}


@pytest.mark.parametrize("folder", ["tweets", "hostile"])
def test_it_needs_nothing_but_itself(folder, request):
    text = written(request.getfixturevalue(folder))
    page = Page(text)

    links = [value for _, name, value in page.attributes if name in ("href", "src", "xlink:href", "action", "data")]
    assert links and all(value.startswith("#") for value in links)
    assert "url(" not in text and "@import" not in text
    assert ("meta", "content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


def test_markup_escapes_what_it_did_not_make():
    assert tag("td", "<b>\x07", class_='"') == '<td class="&quot;">&lt;b&gt;␇</td>'
    assert tag("p", tag("br"), None, ["a", tag("i", 3)]) == "<p><br>a<i>3</i></p>"


# writing it


def test_it_is_written_whole_and_over_an_earlier_page_only(tweets, capsys):
    out = tweets / "report.html"
    written(tweets)
    written(tweets)
    notes = tweets / "notes.txt"
    notes.write_text("mine")

    assert cli.main(["report", str(tweets), "-o", str(notes)]) == 2
    assert cli.main(["report", str(tweets), "-o", str(tweets / "project.db")]) == 2
    assert cli.main(["report", str(tweets), "-o", str(tweets)]) == 2
    assert cli.main(["report", str(tweets), "-o", str(tweets / "nowhere" / "r.html")]) == 2
    assert cli.main(["report", str(tweets), "-o", "/dev/null"]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 5 and all(line.startswith("tui-label: ") for line in errors)
    assert notes.read_text() == "mine" and out.read_text().startswith("<!doctype html>")
    assert not list(tweets.glob(".report*"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to(tweets, tmp_path, capsys):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)

    assert cli.main(["report", str(tweets), "-o", str(closed / "r.html")]) == 1
    assert "Permission denied" in capsys.readouterr().err


def test_a_disk_that_is_full_leaves_the_page_before(tweets, monkeypatch, capsys):
    before = written(tweets)

    def full(folder: Path, *_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    assert cli.main(["report", str(tweets), "-o", str(tweets / "report.html")]) == 1
    monkeypatch.undo()
    assert "No space left" in capsys.readouterr().err
    assert (tweets / "report.html").read_text() == before and not list(tweets.glob(".report*"))


# in a browser


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[list[str]]:
    """Headless Chromium with its network cut off."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is not installed")
    return [
        program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1000,1400",
        "--proxy-server=socks5://127.0.0.1:9", "--disable-background-networking", "--enable-logging=stderr",
        f"--user-data-dir={tmp_path / 'browser'}",
    ]  # fmt: skip


def look(command: list[str], page: Path, *arguments: str) -> tuple[str, list[str]]:
    """What the browser gives out, and what the page wrote to its console."""
    done = subprocess.run(
        [*command, *arguments, page.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def test_a_browser_shows_the_same_figures_and_has_nothing_to_complain_of(tweets, browser):
    written(tweets)
    dom, console = look(browser, tweets / "report.html", "--dump-dom")
    project = config.load(tweets)
    store, _ = opening.open_store(project)
    (found,) = agreement_report.agreement(project, store).tasks

    assert console == []
    check_figures(Page(dom), json.loads(json.dumps(status_report.status(project, store))), found.figures)


def test_hostile_data_does_nothing_in_a_browser(hostile, browser):
    written(hostile)
    dom, console = look(browser, hostile / "report.html", "--dump-dom")

    assert console == []
    assert "<title>evil: report</title>" in dom


def test_the_browser_would_have_told(tmp_path, browser):
    """The two tests above rest on this."""
    bad = tmp_path / "bad.html"
    bad.write_text('<!doctype html><title>a</title><script>document.title="broken into"; console.log("hello")</script>')
    dom, console = look(browser, bad, "--dump-dom")

    assert len(console) == 1 and "<title>broken into</title>" in dom


@pytest.mark.parametrize(("scheme", "is_light"), [("1", True), ("0", False)])
def test_light_and_dark(tweets, browser, tmp_path, scheme, is_light):
    written(tweets)
    shot = tmp_path / "shot.png"
    look(browser, tweets / "report.html", f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={shot}")
    ground = first_pixel(shot.read_bytes())

    assert (min(ground) > 240) if is_light else (max(ground) < 40)


def first_pixel(png: bytes) -> tuple[int, ...]:
    """Red, green and blue of the upper left corner, which no PNG filter changes."""
    data, at = b"", 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    return tuple(zlib.decompress(data)[1:4])


def test_sources_of_suggestions_have_a_section(tmp_path):
    folder = project_of(tmp_path / "p", SENTIMENT)
    assert "Suggestions" not in written(folder)
    suggested = (Suggestion("sentiment", "positive", source="<b>words</b>"),)
    with Project.open(folder) as project:
        project.add([Record(Item("i0", "fine"), suggested)])
        claim = project.store.claim("ann")
        decisions = {claim.suggestions[0].number: "accepted"}
        given = Annotation("ann", answers={"sentiment": "positive"}, decisions=decisions)
        project.store.submit(claim.number, given, "s", claim=False)
    page = written(folder)

    row = re.search(r"&lt;b&gt;words&lt;/b&gt;</th>(.*?)</tr>", page, re.DOTALL)
    assert row and re.findall(r"<td[^>]*>([^<]*)</td>", row[1]) == [
        "sentiment",
        "1",
        "1",
        "0",
        "0",
        "0",
        "100.0%",
        "100.0%",
    ]
    assert "precision, recall" in page


def test_a_place_for_the_page_that_is_none_is_said(tmp_path, capsys):
    folder = project_of(tmp_path / "p", SENTIMENT)
    for place, words in (
        (folder, f"{folder}: is a folder; name a file in it"),
        (tmp_path / "none" / "a.html", f"{tmp_path / 'none' / 'a.html'}: name a file in a folder that is there"),
    ):
        assert cli.main(["report", str(folder), "-o", str(place)]) == 2
        assert capsys.readouterr().err == f"tui-label: {words}\n"


def test_numbers_in_plots_can_be_read_on_light_and_on_dark_paper():
    """WCAG 2.2, 1.4.3: a contrast of 4.5 at least, of ink on the darkest cell and of paper on every bar."""
    names = ("a", "b")
    cells = str(plots.heat("mixed up", names, lambda one, other: 9))
    darkest = max(float(one) for one in re.findall(r'fill-opacity="([0-9.]+)"', cells))
    assert 'class="in' not in cells

    css = files("tui_label.report").joinpath("style.css").read_text(encoding="utf-8")
    for colors in (dict(re.findall(r"--(\w+): (#\w{6})", part)) for part in css.split("@media")[:2]):
        paper, ink, first = (Color.parse(colors[name]).get_truecolor() for name in ("paper", "ink", "s0"))
        assert contrast(ink, blend_rgb(paper, first, darkest)) >= 4.5
        for number in range(plots.HUES):
            assert contrast(paper, Color.parse(colors[f"s{number}"]).get_truecolor()) >= 4.5

"""What an annotator sees of review, under Textual's pilot on a real store: what came back, talk, news, training, figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from helpers import SENTIMENT, records, write_project
from piloting import resized, struck
from textual.events import Key, Paste

from tui_label import config
from tui_label.bench.workbench import Workbench
from tui_label.core.annotation import Annotation, Timing
from tui_label.core.comments import COMMENT, QUESTION, RETURN, Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item
from tui_label.core.keymap import Keymap, build
from tui_label.core.record import Record
from tui_label.core.training import Score
from tui_label.errors import ConfigError
from tui_label.projects import opening
from tui_label.store.sql import SqlStore
from tui_label.ui.canvas import cells
from tui_label.ui.label import LabelApp
from tui_label.ui.views.notices import words

SIZES = [(40, 12), (80, 24), (120, 36)]
SOURCE = SENTIMENT.replace("neutral,", "{value: neutral, help: Plain facts},") + "order: as-added\n"
TRAINED = SOURCE + "review: {attempts: 2, pass-mark: 60%}\n"
TYPED = "name: t\ntasks: [{id: why, type: text}]\n"
LONG = "sarcasm: “nobody told us. Again.” is 日本 a complaint 👩‍👩‍👧, please look at it once more " * 4


def opened(folder: Path) -> SqlStore:
    store, _ = opening.open_store(config.load(folder))
    return store


def seated(folder: Path) -> LabelApp:
    """Ann before the screen."""
    project = config.load(folder)
    store, versions = opening.open_store(project)
    return LabelApp(Workbench(project, store, "ann", versions), build(project), opening.guidelines_text(project))


def shown(app: LabelApp) -> list[str]:
    return ["".join(text for text, _ in row).rstrip() for row in app.sheet._rows]


def sees(app: LabelApp, words: str) -> bool:
    """Whether the words are on the screen, also over the end of a row."""
    return words in " ".join(row.strip() for row in shown(app)) or any(words in row for row in shown(app))


def styles(app: LabelApp, words: str) -> str:
    """The style of the piece of the screen that these words stand in."""
    return next(look for row in app.sheet._rows for text, look in row if words in text)


def fits(app: LabelApp) -> bool:
    width, height = app.sheet.size
    rows = app.sheet._rows
    return len(rows) == height and all(cells(row) <= width for row in rows) and "".join(shown(app)[-1:]) != ""


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """A project with four texts, the first of which Ann found positive."""

    def project(source: str = SOURCE) -> Path:
        folder = write_project(tmp_path / "p", source)
        store = opened(folder)
        store.add(records(4))
        store.claim("ann")
        task = config.load(folder).tasks[0]
        answer = {task.id: "positive"}
        store.submit(1, Annotation("ann", answers=answer, timing=Timing(2000)), "s0", claim=False)
        store.close()
        return folder

    return project


def send_back(folder: Path, text: str) -> None:
    store = opened(folder)
    store.send_back(1, ["ann"], Comment("lea", text, RETURN, "ann"))
    store.close()


def latest(folder: Path) -> list[tuple[str, object]]:
    store = opened(folder)
    found = [(item.key, next(iter(one.answers.values()))) for item, one in store.answers()]
    store.close()
    return found


# sent back


async def test_what_came_back_says_so_with_the_comment_over_the_question(make):
    folder = make()
    send_back(folder, "sarcasm: look again")
    app = seated(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = shown(app)
        assert screen[0].startswith(" tweets  ·  ann  ·  sent back  ·  1 unread")
        assert screen[18] == " lea: sarcasm: look again"
        assert screen[21] == " sentiment [p positive]  e neutral   n negative"
        assert (styles(app, "lea: "), styles(app, "sarcasm")) == ("hint", "")
        await pilot.press("n")
        assert not sees(app, "sent back") and not sees(app, "unread")

    assert latest(folder) == [("i0", "negative")]


@pytest.mark.parametrize("source", [SOURCE, TYPED])
@pytest.mark.parametrize("size", SIZES)
async def test_a_long_comment_takes_three_rows_at_most_and_all_fits(make, size, source):
    folder = make(source)
    send_back(folder, LONG)
    app = seated(folder)
    async with app.run_test(size=size) as pilot:
        rows = [row for row in shown(app) if "sarcasm" in row or "look at it" in row or "complaint" in row]
        assert 1 <= len(rows) <= 3 and rows[-1].endswith("…")
        assert sees(app, "Text number 0.") and sees(app, "sent back")
        assert sees(app, "why" if source is TYPED else "positive")
        assert fits(app)
        for key in ("enter", "ctrl+g", "q", *"how so", "escape", "ctrl+l", "escape"):
            await pilot.press(key)
            assert fits(app), key


async def test_a_comment_that_is_no_return_is_dim_and_its_author_hidden_where_reviews_are_blind(make):
    folder = make(SOURCE + "review: {blind: true}\n")
    store = opened(folder)
    store.say(2, Comment("lea", "mind the irony", COMMENT, "ann"))
    store.close()
    app = seated(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        assert sees(app, " reviewer: mind the irony") and not sees(app, "lea")
        assert styles(app, "mind the irony") == "faint"
        await pilot.press(",")
        assert sees(app, "reviewer") and not sees(app, "lea")


# talking


async def test_a_question_is_one_typed_line(make):
    folder = make()
    app = seated(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q", *"irony p?", "enter")
        assert sees(app, "sent: the answer comes with the item") and sees(app, "you asked: irony p?")
        await pilot.press("f", "q", "tab", *"odd one", "enter")
        assert sees(app, "you: odd one")
        await pilot.press("q", *"to the wrong item", "enter", ":", *"take back", "enter")
        assert sees(app, "taken back") and not sees(app, "wrong item")
        await pilot.press("q", "enter", "q", *"never", "escape", "p")
    store = opened(folder)
    said = [(one.kind, one.text) for one in store.comments(2)]
    store.close()

    assert said == [(QUESTION, "irony p?"), (COMMENT, "odd one")]
    assert latest(folder) == [("i0", "positive"), ("i1", "positive")]


@pytest.mark.parametrize("size", SIZES)
async def test_the_caret_of_a_long_line_stays_in_sight(make, size):
    app = seated(make())
    async with app.run_test(size=size) as pilot:
        await pilot.press("q")
        await app.on_paste(Paste("which of the two 日本 is it " * 6))
        await pilot.press("z")
        (row,) = [row for row in app.sheet._rows if any(look == "cursor" for _, look in row)]
        assert "".join(text for text, _ in row).rstrip().endswith("is it z") and fits(app)


async def test_the_list_leads_to_the_item_and_reading_there_is_reading(make):
    folder = make()
    store = opened(folder)
    store.say(1, Comment("lea", "why positive?", COMMENT, "ann"))
    store.say(2, Comment("lea", "mind the irony", COMMENT, "ann"))
    store.close()
    app = seated(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        assert sees(app, "2 unread") and ", comments" in shown(app)[-1]
        await pilot.press(",")
        assert [row.split()[1] for row in shown(app)[2:4]] == ["i1", "i0"] and sees(app, "2 unread of 2")
        await pilot.press("down")
        assert sees(app, " lea: why positive?")
        await pilot.press("enter")
        assert sees(app, "Text number 0.") and sees(app, "answered before") and sees(app, "1 unread")
        await pilot.press(">", ",", "q")
        assert sees(app, "Text number 1."), "a key that leads nowhere closes the list and does nothing"


async def test_with_nothing_left_the_list_still_opens(make):
    folder = make()
    app = seated(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        store = opened(folder)
        store.say(1, Comment("lea", "why positive?", COMMENT, "ann"))
        store.close()
        for _ in range(3):
            await struck(app, "p")
        assert sees(app, "Nothing is left") and "1 unread" in shown(app)[0] and ", comments" in shown(app)[-1]
        await pilot.press(",", "enter")
        assert sees(app, "Text number 0.") and sees(app, "why positive?")


# news


def change(folder: Path, lines: int = 1) -> None:
    more = "".join(f"Sarcasm of kind {n}.\n" for n in range(lines))
    (folder / "guidelines.md").write_text(f"# How to decide\n\n## negative\n\nComplaints.\n{more}", encoding="utf-8")
    source = (folder / "project.yaml").read_text()
    (folder / "project.yaml").write_text(source.replace("{value: negative", "{value: mixed, key: m}, {value: negative"))
    opened(folder).close()


async def test_news_stand_before_the_next_item_and_the_new_key_holds(make):
    folder = make()
    app = seated(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        change(folder)
        await struck(app, "p")
        assert sees(app, "The guidelines changed   version 2") and sees(app, "label “mixed” is new")
        assert styles(app, "Sarcasm") == "bold" and not sees(app, "Text number 2.")
        await struck(app, "g")
        assert sees(app, "Sarcasm of kind 0.") and sees(app, "guidelines")
        await pilot.press("escape")
        assert sees(app, "label “mixed” is new"), "back from the guidelines the page is still there"
        await struck(app, "enter")
        assert sees(app, "Text number 2.") and sees(app, "m mixed")
        await struck(app, "m")

    assert latest(folder) == [("i0", "positive"), ("i1", "positive"), ("i2", "mixed")]


async def test_ones_own_key_gives_way_to_a_new_label_and_the_screen_says_so(make):
    folder = make()
    app = seated(folder)
    app._make_keymap = partial(build, personal={"item.skip": "m"})
    async with app.run_test(size=(80, 24)):
        change(folder)
        await struck(app, "p")
        assert sees(app, "skip is on s here: m is “mixed”")
        await struck(app, "enter")
        assert sees(app, "m mixed") and sees(app, "s skip")
        await struck(app, "m")

    assert latest(folder) == [("i0", "positive"), ("i1", "positive"), ("i2", "mixed")]


async def test_a_mistake_in_ones_own_keys_takes_none_from_a_new_label(make):
    def refuse(_: object) -> Keymap:
        raise ConfigError("keys.yaml: keys item.skp: there is no command item.skp; did you mean item.skip?")

    folder = make()
    app = seated(folder)
    app._make_keymap = refuse
    async with app.run_test(size=(80, 24)):
        change(folder)
        await struck(app, "p")
        assert sees(app, "your own keys are not in force: `tui-label keys` says why")
        await struck(app, "enter")
        assert sees(app, "m mixed")


async def test_where_ones_own_keys_give_way_is_said_at_the_start(make):
    project = config.load(make())
    store, versions = opening.open_store(project)
    app = LabelApp(Workbench(project, store, "ann", versions), build(project, {"item.skip": "n"}), "")
    async with app.run_test(size=(80, 24)):
        assert shown(app)[19] == " skip is on s here: n is “negative”"


async def test_keys_typed_ahead_or_held_do_not_skip_the_page(make):
    folder = make()
    app = seated(folder)
    async with app.run_test(size=(80, 24)):
        change(folder)
        await struck(app, "p", 12, 0.03)
        assert sees(app, "label “mixed” is new")
        early = Key("enter", None)
        early.time = app._guard._drawn_at - 0.5
        await app.on_key(early)
        assert sees(app, "a key came before this was on the screen: ignored")
        early.time = app._guard._drawn_at + 0.3
        await app.on_key(early)
        assert sees(app, "a key came before this could be read: ignored") and sees(app, "label “mixed” is new")
        await struck(app, "n")
        assert sees(app, "label “mixed” is new"), "a label is no answer to a page"
        await struck(app, "enter")
        assert sees(app, "Text number 2.")

    assert latest(folder) == [("i0", "positive"), ("i1", "positive")]


async def test_long_news_scroll_and_a_page_down_at_the_end_goes_on(make):
    folder = make()
    change(folder, 60)
    app = seated(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        assert sees(app, "Sarcasm of kind 0.") and not sees(app, "Sarcasm of kind 59.")
        await pilot.press("down", "end")
        assert sees(app, "Sarcasm of kind 59.") and sees(app, "↵ go on") and fits(app)
        await resized(pilot, 80, 40)
        assert sees(app, "Sarcasm of kind 59.") and sees(app, "Sarcasm of kind 30.")
        await struck(app, "pagedown")
        assert sees(app, "Text number 1.")


@pytest.mark.parametrize("size", SIZES)
async def test_what_changed_can_be_read_again_the_latest_first(make, size):
    folder = make()
    app = seated(folder)
    async with app.run_test(size=size) as pilot:
        await pilot.press(":", *"what changed", "enter")
        assert sees(app, "nothing changed so far") and sees(app, "Text number 1.")
        change(folder)
        opened(folder).close()
        (folder / "guidelines.md").write_text("# Sarcasm\n\nIs negative. Always.\n")
        opened(folder).close()
        await pilot.press(":", *"what changed", "enter")
        assert sees(app, "what changed") and fits(app)
        rows = ["".join(text for text, _ in row).strip() for row in app._reading.rows]
        assert [row[:11] for row in rows if "version" in row] == ["The guideli", "The guideli", "The questio"]
        assert rows.index("+ Is negative. Always.") < rows.index("· label “mixed” is new")
        await pilot.press("escape")
        assert sees(app, "Text number 1.")


# training


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    folder = write_project(tmp_path / "p", TRAINED)
    store = opened(folder)
    known = {"q0": "positive", "q1": "negative"}
    golds = [
        Record(Item(key, f"Known {key}."), gold=Gold("lea", {"sentiment": label}), probe="qualification")
        for key, label in known.items()
    ]
    store.add([*records(2), *golds])
    store.close()
    return folder


def test_what_is_right_in_part_is_said_to_two_places():
    score = Score(right=1 / 2 + 1 / 3, of=2, pass_mark=0.8, attempt=1, attempts=2)

    assert words(score)[1] == "42% right: 0.83 of 2."


@pytest.mark.parametrize("size", SIZES)
async def test_training_from_the_first_page_to_the_last(trained, size):
    app = seated(trained)
    async with app.run_test(size=size) as pilot:
        assert sees(app, "Training: 2 items") and sees(app, "attempt 1 of 2") and fits(app)
        await struck(app, "enter")
        await struck(app, "n")
        assert sees(app, "Not right.") and sees(app, "yours  negative") and sees(app, "right  positive") and fits(app)
        await struck(app, "u")
        assert sees(app, "nothing to undo here") and sees(app, "Not right.")
        await struck(app, "enter")
        await struck(app, "n")
        assert sees(app, "Right.") and sees(app, "✓ negative") and fits(app)
        await struck(app, "g")
        assert sees(app, "negative") and sees(app, "Complaints.")
        await pilot.press("escape")
        await struck(app, "enter")
        assert sees(app, "Not passed.") and sees(app, "50% right: 1 of 2.") and fits(app)
        await struck(app, "enter")
        assert sees(app, "attempt 2 of 2")
        for key in ("enter", "n", "enter", "p", "enter", "enter"):
            await struck(app, key)
        assert sees(app, "All attempts are made.") and sees(app, "50% and 0%") and fits(app)
        await struck(app, "enter")
        assert sees(app, "All attempts are made.") and not sees(app, "go on")

    assert latest(trained) == []


@pytest.mark.parametrize(
    "keys", ["", "enter n", "enter n enter n", "enter p enter n enter", "enter n enter n enter enter"]
)
async def test_after_a_lost_link_the_same_page_is_there(trained, keys):
    """The app goes without a word: the page follows from what the store has."""
    app = seated(trained)
    app.workbench.leave = lambda **_: _nothing()  # type: ignore[method-assign]
    async with app.run_test(size=(80, 24)):
        for key in keys.split():
            await struck(app, key)
        before = shown(app)
        app.workbench._beating[0].cancel()
    again = seated(trained)
    async with again.run_test(size=(80, 24)):
        if any("assed." in row for row in before):
            assert sees(again, "2 of 2"), "the latest feedback leads to the score once more"
            await struck(again, "enter")
        assert shown(again) == before


async def _nothing() -> None:
    return None


async def test_a_held_answer_does_not_run_through_the_set(trained):
    app = seated(trained)
    async with app.run_test(size=(80, 24)):
        await struck(app, "enter")
        await struck(app, "p", 20, 0.03)
        assert sees(app, "Right.") and sees(app, "1 of 2")


async def test_skip_is_offered_where_it_is_not_refused(trained):
    app = seated(trained)
    async with app.run_test(size=(80, 24)):
        await struck(app, "enter")
        assert sees(app, "Known q0.") and "s skip" not in shown(app)[-1]
        for key in ("p", "enter", "n", "enter", "enter"):
            await struck(app, key)
        assert sees(app, "Text number 0.") and "s skip" in shown(app)[-1]


async def test_passed_leads_to_real_items(trained):
    app = seated(trained)
    async with app.run_test(size=(80, 24)):
        for key in ("enter", "p", "enter", "n", "enter"):
            await struck(app, key)
        assert sees(app, "Passed.") and sees(app, "100% right: 2 of 2.")
        await struck(app, "enter")
        assert sees(app, "Text number 0.")


# own figures


def work(folder: Path, answers: int) -> None:
    store = opened(folder)
    store.add(
        [
            Record(Item(f"w{n}", f"Work {n}."), gold=Gold("lea", {"sentiment": "neutral"}), probe="")
            for n in range(answers)
        ]
    )
    now = datetime.now(UTC).isoformat()
    for number in range(5, 5 + answers):
        label = "neutral" if number % 4 else "negative"
        answer = Annotation(
            "ann", answers={"sentiment": label}, timing=Timing(3000 + number * 100, 500), submitted_at=now
        )
        store.submit(number, answer, f"w{number}", claim=False)
    store.close()


@pytest.mark.parametrize("size", SIZES)
async def test_the_page_of_ones_own_figures(make, size):
    folder = make()
    work(folder, 40)
    app = seated(folder)
    async with app.run_test(size=size) as pilot:
        await pilot.press("=")
        assert sees(app, "my figures") and sees(app, "answers") and fits(app)
        rows = ["".join(text for text, _ in row) for row in app._reading.rows]
        assert ["answers", "40", "41"] in [row.split() for row in rows]
        for words in ("time at work ", "idle ", "half are within "):
            assert any(row.strip().startswith(words) for row in rows)
        (negative,) = [row.split() for row in rows if "negative" in row]
        assert "10" in negative and "━" in "".join(negative)
        (known,) = [row for row in rows if "items" in row and "sentiment" in row and "%" in row]
        assert "75%" in known and "40 items" in known
        assert "Shown after 20 items that you were asked again." in " ".join(row.strip() for row in rows)
        await pilot.press("end", "escape")
        assert sees(app, "Text number 1.")


@pytest.mark.parametrize("key", ["=", "g", "?"])
async def test_a_page_that_is_read_is_as_wide_as_the_screen(make, key):
    folder = make()
    work(folder, 40)
    (folder / "guidelines.md").write_text("# How to decide\n\n" + "Complaints are negative. " * 40)
    app = seated(folder)
    async with app.run_test(size=(120, 36)) as pilot:
        await struck(app, "enter")
        await pilot.press(key)
        await resized(pilot, 50, 24)
        assert fits(app) and not any(row.endswith("…") for row in shown(app))


async def test_known_answers_count_by_the_ten_so_that_none_gives_itself_away(make):
    folder = make()
    work(folder, 29)
    app = seated(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(":", *"own figures", "enter")
        rows = ["".join(text for text, _ in row) for row in app._reading.rows]
        assert any("20 items" in row and "%" in row for row in rows)


async def test_the_header_says_how_many_people_each_item_is_for(tmp_path):
    """`2 by you  ·  0 of 3` would read as if one's own answers did not count."""
    folder = write_project(tmp_path, SENTIMENT + "order: as-added\noverlap: 2\n")
    store = opened(folder)
    store.add(records(3))
    store.close()
    app = seated(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p")

        assert shown(app)[0].endswith("1 by you  ·  0 of 3 have 2 answers")


async def test_the_header_does_not_stand_still_behind_a_known_answer(tmp_path):
    folder = write_project(tmp_path, SENTIMENT + "order: as-added\nreview: {gold-rate: 100%}\n")
    store = opened(folder)
    store.add(records(3))
    store.add([Record(Item("k", "A known one."), gold=Gold("lea", {"sentiment": "positive"}), probe="check")])
    store.close()
    app = seated(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        for count in range(4):
            assert shown(app)[0].endswith(f"{count} by you  ·  3 items"), shown(app)[0]
            await pilot.press("p")

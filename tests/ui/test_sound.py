"""The screens of sound under Textual's pilot, on real files; what is heard is tested elsewhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
import soundfile
from piloting import settled
from screens import CALLS, EVENTS, TURNS, answers, make, shown, tones, until

from tui_label.ui.canvas import cells
from tui_label.ui.modes import Calibration

SIZES = [(40, 12), (80, 24), (120, 36), (200, 60)]


@pytest.fixture(autouse=True)
def deaf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


async def test_the_transcription_screen_at_80_by_24(tmp_path):
    app = make(tmp_path, CALLS, tones(4), draft="hello there")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "⣿")
        await until(app, "no sound")
        await pilot.press("!")
        screen = shown(app)

    assert screen[0] == " calls  ·  ann" + "0 of 1".rjust(65)
    assert screen[2] == " c0.wav"
    assert screen[12].startswith(" ●──")
    assert screen[13].startswith(" ■ 00:00.0 / 00:04.0   1.0×")
    assert screen[17] == "›transcript  hello there!"
    assert screen[20].startswith(" " * 13 + 'rule: "!" is not used   ^F mends')
    assert screen[20].endswith("draft kept 1 of 2 words")
    assert screen[23].startswith(" ↵ next   Esc single keys   ^J new line   Tab play   ^T tags")
    assert "F1 keys" in screen[23]
    assert screen[23].endswith("saved ✓")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("source", [CALLS, EVENTS, TURNS])
async def test_every_row_fits_the_screen(tmp_path, size, source):
    app = make(tmp_path, source, tones(90, channels=2))
    async with app.run_test(size=size) as pilot:
        for key in (
            "ctrl+p",
            "escape",
            "m",
            "right",
            "m",
            "1",
            "z",
            "Z",
            "ctrl+o",
            "i",
            "x",
            "f9",
            "escape",
            "f1",
            "q",
        ):
            await pilot.press(key)
            assert len(app.sheet._rows) == size[1]
            assert all(cells(row) <= size[0] for row in app.sheet._rows)


async def test_on_the_smallest_screen_an_open_mark_and_the_segment_at_hand_are_seen(tmp_path):
    more = "  - {id: behind, type: choice, labels: [quiet, a long street, much rain, a large room, wind, a crowd of people, an engine]}\n"
    app = make(tmp_path, EVENTS + more, tones(8))
    async with app.run_test(size=(40, 12)) as pilot:
        assert app._room == 1
        await pilot.press("right", "m", "right", "right")
        assert any("from 00:01.0 to 00:03.0 /" in row for row in shown(app))
        await pilot.press("m")
        assert not any("from 00:01.0" in row for row in shown(app))
        assert shown(app)[2].endswith(" 00:01.0–00:03.0")
        await pilot.press("right", "m", "right", "m")
        assert shown(app)[2].endswith(" 00:04.0–00:05.0")
        await pilot.press("shift+tab")
        assert shown(app)[2].endswith(" 00:01.0–00:03.0")


async def test_an_open_mark_beyond_what_is_shown_is_drawn_up_to_the_edge(tmp_path):
    app = make(tmp_path, EVENTS, tones(90))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "shown 00:00.0–00:30.0")
        await pilot.press("m", ";", *"60", "enter")
        await until(app, "shown 00:57.0–01:27.0")
        assert " " + "━" * 7 + "●──" in "\n".join(shown(app))
        await pilot.press("escape", "m", "home")
        await until(app, "shown 00:00.0–00:30.0")
        assert " ●" + "━" * 77 in shown(app)


async def test_nothing_above_the_box_moves_while_one_types(tmp_path):
    app = make(tmp_path, CALLS, tones(4))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "⣿")
        await until(app, "no sound")
        before = shown(app)[:14]
        await pilot.press(*"a few words and 5 ", *"more" * 20)

        assert shown(app)[:14] == before


async def test_two_channels_are_drawn_and_heard_together_or_one_alone(tmp_path):
    app = make(tmp_path, CALLS, tones(4, channels=2))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(app, "⣿")
        wave = [row for row in shown(app) if "⣿" in row]
        await pilot.press("ctrl+o", "ctrl+o")
        await until(app, "channel 2 alone")
        silent = shown(app)

    assert 0 < len(wave) <= 7, "the upper half is the first channel, the lower one is silent"
    assert not any("⣿" in row for row in silent)


async def test_the_spectrogram_shows_a_tone_as_a_line(tmp_path):
    app = make(tmp_path, CALLS, tones(4))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        await until(app, "█")
        loud = [number for number, row in enumerate(shown(app)[4:12]) if "█" in row]

    assert len(loud) <= 2 and loud[-1] - loud[0] < 2, "440 Hz, between two rows at most"


async def test_zooming_shows_which_part_is_seen(tmp_path):
    app = make(tmp_path, EVENTS, tones(40))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("z", "z")
        await until(app, "shown 00:00.0–00:10.0")
        await pilot.press("end")
        await until(app, "shown 00:30.0–00:40.0")


async def test_a_long_clip_is_paged_and_times_are_gone_to(tmp_path):
    app = make(tmp_path, EVENTS, tones(100))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("pagedown", "pagedown")
        await until(app, "■ 01:00.0")
        await pilot.press("z", "pageup")
        await until(app, "■ 00:45.0")
        await pilot.press(";", *"1:10.5")
        await until(app, "go to 1:10.5")
        await pilot.press("enter")
        await until(app, "■ 01:10.5")
        await pilot.press(*"ZZZZ", "pageup")
        await until(app, "■ 01:00.5")


async def test_pages_and_times_are_gone_to_while_one_types(tmp_path):
    app = make(tmp_path, CALLS, tones(100))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"so", "pagedown")
        await until(app, "■ 00:30.0")
        await pilot.press("f9", *"go to a time", "enter", *"12", "enter")
        await until(app, "■ 00:12.0")
        await pilot.press("!")
        await until(app, "so!")


@pytest.mark.parametrize("row", [5, 12])
async def test_a_click_on_the_waveform_or_its_line_goes_there(tmp_path, row):
    app = make(tmp_path, CALLS, tones(7.8))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click(offset=(1 + 39, row))
        await until(app, "─" * 39 + "●")
        await pilot.click(offset=(1, 15))
        await settled(pilot)

        assert app.workbench.deck.position == pytest.approx(3.95)


async def test_edges_are_shown_as_exactly_as_they_are_kept(tmp_path):
    drafts = [{"start": 1.276, "end": 2.0, "label": "doorbell"}]
    app = make(tmp_path, EVENTS, tones(40), draft=drafts)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab")
        await until(app, "›00:01.276–00:02.000   0.724 s")
        await pilot.press(*"zzz")
        await until(app, "■ 00:01.28 /")
        await pilot.press(*"zzz")
        await until(app, "■ 00:01.276 /")


async def test_what_must_still_be_heard_is_dotted_and_has_its_key(tmp_path):
    app = make(tmp_path, "sound: {must-hear: 90%}\n" + CALLS, tones(7.8))
    async with app.run_test(size=(80, 24)):
        deck = app.workbench.deck
        await until(app, " ●" + "·" * 77)
        deck.listening = deck.listening.heard(0.0, 3.9, 1.0)
        app._show()
        await until(app, " ●" + "─" * 38 + "·" * 39)
        await until(app, "^U unheard")
        deck.listening = deck.listening.heard(3.9, 7.5, 1.0)
        app._show()
        await until(app, " ●" + "─" * 77)


async def test_short_forms_tags_speakers_and_mending(tmp_path):
    app = make(tmp_path, CALLS, tones(4))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"so ", ";", "n", "space", "ctrl+t")
        await until(app, "unclear")
        await pilot.press(*"lau", "enter", *"gonna")
        await pilot.press("ctrl+n", "ctrl+n")
        await pilot.press("ctrl+f", "enter")

    assert answers(tmp_path) == [{"transcript": "caller: so [noise] [laugh] going to"}]


async def test_a_short_form_is_written_out_where_hands_leave_its_word(tmp_path):
    app = make(tmp_path, CALLS, *[tones(1)] * 3)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"a ", ";", "n", "enter")
        await pilot.press(";", "n", "ctrl+j", *"b ", ";", "n", "escape", "enter")
        await pilot.press(*"c ", ";", "n", "ctrl+j")
        assert app.workbench.session.box == "c [noise]\n"
        await pilot.press("ctrl+z")
        assert app.workbench.session.box == "c ;n"
        await pilot.press("enter")

    assert answers(tmp_path) == [{"transcript": text} for text in ("a [noise]", "[noise]\nb [noise]", "c [noise]")]


async def test_enter_writes_out_the_short_form_of_a_segment(tmp_path):
    source = TURNS.replace("{speakers:", "{short-forms: {';n': '[noise]'}, speakers:")
    app = make(tmp_path, source, tones(4), draft=[{"start": 0.0, "end": 1.0}, {"start": 2.0, "end": 3.0}])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab", "i", ";", "n", "enter", *"so ", ";", "n", "enter", "enter")

    assert [one["text"] for one in answers(tmp_path)[0]["turns"]] == ["[noise]", "so [noise]"]


async def test_overlapping_sounds_stand_in_rows_of_their_own(tmp_path):
    app = make(tmp_path, EVENTS, tones(10))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m", "right", "right", "right", "right", "1")
        await pilot.press("left", "left", "m", "right", "right", "right", "2")
        screen = shown(app)
        await pilot.press("enter")

    (bell,) = (n for n, row in enumerate(screen) if "doorbell──" in row)
    (bark,) = (n for n, row in enumerate(screen) if "dog bark──" in row)
    assert bell != bark
    assert answers(tmp_path) == [
        {"events": [{"start": 0.0, "end": 4.0, "label": "doorbell"}, {"start": 2.0, "end": 5.0, "label": "dog bark"}]}
    ]


async def test_no_segments_is_an_answer_too(tmp_path):
    app = make(tmp_path, EVENTS, tones(2))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")

    assert answers(tmp_path) == [{"events": []}]


async def test_segments_are_transcribed_one_after_the_other(tmp_path):
    drafts = [{"start": 0.0, "end": 2.0, "text": "hello"}, {"start": 2.0, "end": 4.0}]
    app = make(tmp_path, TURNS, tones(4), draft=drafts)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("i", *" you", "ctrl+n", "enter", *"yes", "ctrl+n", "ctrl+n", "enter", "enter")

    assert answers(tmp_path) == [
        {
            "turns": [
                {"start": 0.0, "end": 2.0, "text": "hello you", "speaker": "agent"},
                {"start": 2.0, "end": 4.0, "text": "yes", "speaker": "caller"},
            ]
        }
    ]


async def test_going_from_a_transcript_to_the_next_question_moves_nothing_above(tmp_path):
    app = make(tmp_path, CALLS, tones(4), draft="hello")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "no sound")
        before = shown(app)
        await pilot.press("escape", "t")
        after = shown(app)

    assert "›quality" in "\n".join(after)
    assert after[:17] == before[:17] and after[17][1:] == before[17][1:].rstrip()


async def test_typing_into_a_segment_moves_nothing_above(tmp_path):
    source = TURNS.replace("transcript:", "labels: [speech, bell], transcript:")
    app = make(tmp_path, source, tones(4), draft=[{"start": 0.0, "end": 2.0, "label": "speech", "text": "hello"}])
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "hello")
        await until(app, "no sound")
        before = shown(app)
        await pilot.press("i")
        after = shown(app)

    assert after[-1].startswith(" ↵ next") and after[:-1] == before[:-1]


@pytest.mark.parametrize("size", [(80, 24), (80, 16), (40, 12), (200, 60)])
async def test_where_segments_are_written_out_nothing_moves_as_the_playhead_goes_through_them(tmp_path, size):
    source = TURNS.replace("transcript:", "overlap: true, labels: [speech, bell], transcript:")
    source += "  - {id: quality, type: choice, labels: [clear, noisy]}\n"
    app = make(tmp_path, source, tones(4), draft=[{"start": 0.5, "end": 1.5, "label": "speech", "text": "hello"}])

    def frame() -> tuple[list[str], list[int], int]:
        """The waveform and the lanes of segments, where the rules are, and the item's rows."""
        rows = shown(app)
        top = next(number for number, row in enumerate(rows) if " / 00:04" in row)
        return rows[3 : max(3, top - 4)], [number for number, row in enumerate(rows) if row.endswith("──")], app._room

    async with app.run_test(size=size) as pilot:
        await until(app, "no sound")
        await pilot.press("t")
        frames = [frame()]
        for key in ("right", "right", "left", "t", "i"):
            await pilot.press(key)
            frames.append(frame())

    assert frames[0][2] >= 2 or size[1] < 16
    assert all(one == frames[0] for one in frames)


async def test_marking_the_first_segment_moves_nothing(tmp_path):
    source = TURNS.replace("transcript:", "labels: [speech, bell], overlap: true, transcript:")
    app = make(tmp_path, source, tones(20))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "no segments yet")
        await until(app, "no sound")
        before = shown(app)
        await pilot.press("m", "right", "m", "1")
        after = shown(app)

    def standing(screen):
        return [[n for n, row in enumerate(screen) if mark in row] for mark in ("⣿", "──", "1 speech")]

    assert any(row.startswith("›00:00") and row.endswith("speech") for row in after)
    assert standing(after) == standing(before)
    assert len(standing(after)[0]) == 3


async def test_the_step_of_edges_stays_from_item_to_item(tmp_path):
    app = make(tmp_path, EVENTS, tones(4), tones(5))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("c", "enter", "m", "right", "1", "]", "enter")

    assert answers(tmp_path)[1] == {"events": [{"start": 0.0, "end": 1.01, "label": "doorbell"}]}


async def test_a_file_that_changed_or_went_is_named_and_not_played(tmp_path):
    app = make(tmp_path, CALLS, tones(2), tones(3))
    soundfile.write(tmp_path / "c0.wav", tones(2) * 0.5, 8000)
    (tmp_path / "c1.wav").unlink()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "c0.wav was changed after it was added")
        await pilot.press("tab")
        assert not app.workbench.deck.playing
        await pilot.press(*"x", "enter")
        await until(app, "c0.wav was changed after it was added")
        await pilot.press("escape", "s")
        await until(app, "c1.wav is not there any more")


async def test_a_silent_file_is_called_silent(tmp_path):
    app = make(tmp_path, CALLS, np.zeros((8000, 1)))
    async with app.run_test(size=(80, 24)):
        await until(app, "silent: nothing louder than")


async def test_the_palette_finds_a_command_by_part_of_its_words(tmp_path):
    app = make(tmp_path, EVENTS, tones(4))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(":", *"spectro")
        await until(app, "do spectro")
        await pilot.press("enter")
        assert app._view.spectrogram
        await pilot.press("f9", *"begin a spr", "enter")
        await until(app, "25 if none are typed")
        await pilot.press("enter")
        await until(app, "sprint 25:00 left")


async def test_taps_cannot_be_measured_where_nothing_is_heard(tmp_path):
    app = make(tmp_path, EVENTS, tones(4))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "no sound")
        await pilot.press("ctrl+t")
        await until(app, "nothing can be heard here")


async def test_while_clicks_play_nothing_of_the_item_is_drawn(tmp_path):
    app = make(tmp_path, EVENTS, tones(4), draft=[{"start": 1.0, "end": 2.0, "label": "doorbell"}])
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "⣿")
        await until(app, "no sound")
        app.workbench.deck.trouble = ""
        await pilot.press("ctrl+t")
        while_clicks = shown(app)
        await pilot.press("escape")
        after = shown(app)

    assert not any("⣿" in row or "doorbell─" in row for row in while_clicks)
    assert any("tap Space at each click  20 left" in row for row in while_clicks)
    assert any("⣿" in row for row in after) and any("doorbell─" in row for row in after)


async def test_the_clicks_that_are_still_to_come_are_counted():
    heard = 0.0
    finished = []

    def finish(times: list[float], taps: list[float]) -> str:
        finished.append(taps)
        return ""

    clicks = Calibration(lambda: heard, finish, [1.0, 2.0, 3.0])
    heard = 1.2
    clicks = await clicks.key("space")
    assert ("2 left", "accent") in clicks.status
    heard = 2.9
    assert clicks.waited() is clicks and clicks.left == 1, "one may be missed"
    heard = 3.3

    assert await clicks.key("space") is None
    assert finished == [[1.2, 3.3]]


# finding what is said


async def test_words_of_a_transcript_are_found_one_after_the_other(tmp_path):
    draft = "\n".join(f"caller: line {number} of it" for number in range(30)) + " again line 7"
    app = make(tmp_path, CALLS, tones(4), draft=draft)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("escape", "/", *"line 7")
        await until(app, "2 here")
        await pilot.press("enter")
        await until(app, "caller: line 7 of it")
        found = [text for row in app.sheet._rows for text, look in row if "found" in look]
        await until(app, "place 1 of 2: n next, N previous")
        await pilot.press("n")
        await until(app, "again line 7")
        await pilot.press("N", "i")
        await until(app, "line 7 of it")
        await pilot.press("/")
        assert not app._mode, "there it is typed"
        await pilot.press("escape", "/", *"nowhere", "enter")
        await until(app, "'nowhere' is not in this item")

    assert "".join(found) == "line 7"


async def test_words_of_segments_are_found_and_gone_to(tmp_path):
    drafts = [{"start": n, "end": n + 1, "text": f"word{n % 3} here"} for n in range(6)]
    app = make(tmp_path, TURNS, tones(6), draft=drafts)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("/", *"word2", "enter")
        await until(app, "■ 00:02.0")
        await pilot.press("n")
        await until(app, "■ 00:05.0")
        await pilot.press("n")
        await until(app, "■ 00:02.0")
        await until(app, "›00:02.000–00:03.000")


async def test_times_beyond_the_end_are_not_gone_to(tmp_path):
    app = make(tmp_path, EVENTS, tones(100))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(";", *"1:50", "enter")
        await until(app, "the sound ends at 01:40.0")
        await pilot.press("backspace", "backspace", *"40", "enter")
        await until(app, "■ 01:40.0 / 01:40.0")


async def test_a_segment_at_the_edge_of_the_page_turns_it(tmp_path):
    drafts = [{"start": start, "end": end, "label": "dog bark"} for start, end in ((28, 31), (60, 64))]
    app = make(tmp_path, EVENTS, tones(100), draft=drafts)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "shown 00:00.0–00:30.0")
        await pilot.press("tab")
        await until(app, "shown 00:25.0–00:55.0")
        app._view._start = 30.0
        await pilot.press("tab")
        await until(app, "■ 01:00.0")
        assert any("shown 00:57.0–01:27.0" in row for row in shown(app))


async def test_more_sounds_at_once_than_rows_stand_each_at_its_time(tmp_path):
    """A short one lies over a long one in the row that they share."""
    drafts = [{"start": start, "end": 8, "label": "dog bark"} for start in (0, 1, 2, 3)]
    drafts.append({"start": 5, "end": 5.5, "label": "doorbell"})
    app = make(tmp_path, EVENTS, tones(10), draft=drafts)
    async with app.run_test(size=(80, 24)):
        await until(app, "bark")
        (row,) = (row for row in shown(app) if "│do│" in row)

    assert row.index("│do") == 1 + int(5 * 78 / 10)
    assert row.rstrip().endswith("─") and len(row.rstrip()) == 1 + int(8 * 78 / 10)


async def test_a_key_that_mends_is_named_with_the_finding_it_mends(tmp_path):
    app = make(tmp_path, CALLS, tones(4), draft="[qqqq] gonna")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "rule: write it out   +1   ^F mends")
        await pilot.press("ctrl+f")
        await until(app, "rule: unknown tag [qqqq]")
        assert not any("mends" in row for row in shown(app))
        await pilot.press("ctrl+f")
        await until(app, "nothing here that can be mended by a key")
        assert app.workbench.session.box == "[qqqq] going to"


async def test_a_key_that_mends_is_not_cut(tmp_path):
    app = make(tmp_path, CALLS, tones(4), draft="gonna gonna go")
    async with app.run_test(size=(50, 24)):
        await until(app, "rule: write it out   +1   ^F mends")


async def test_the_spectrogram_follows_the_ear(tmp_path):
    app = make(tmp_path, CALLS, tones(4, channels=2))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        await until(app, "█")
        await pilot.press("ctrl+o", "ctrl+o")
        await until(app, "channel 2 alone")
        await asyncio.wrap_future(app.workbench.deck._spectra.submit(int))  # behind what is computed
        await pilot.pause()

        assert not any("█" in row for row in shown(app))


async def test_what_is_refused_names_no_key_that_a_label_has(tmp_path):
    app = make(tmp_path, EVENTS.replace("doorbell", "{value: music, key: m}"), tones(4))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        await until(app, "nothing is marked: M marks where it starts, and where it ends")


async def test_commands_come_first_whose_words_begin_as_typed(tmp_path):
    app = make(tmp_path, EVENTS, tones(4))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(":", *"go", "enter")
        await until(app, "go to ")


# drafts, kept or rejected


async def test_a_rejected_draft_leaves_an_empty_box_and_comes_back_with_undo(tmp_path):
    app = make(tmp_path, CALLS, tones(4), draft="hello there")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("escape", "x")
        await until(app, "the draft is rejected and the box empty: u brings it back")
        work = app.workbench.session.work
        assert (work.answers["transcript"], work.origins["transcript"]) == ("", "manual")
        await pilot.press("u")
        await until(app, "hello there")
        assert app.workbench.session.work.origins["transcript"] == "accepted"
        await pilot.press("x", "i", *"mine", "enter")

    assert answers(tmp_path) == [{"transcript": "mine"}]


async def test_drafted_segments_are_kept_or_taken_out_one_by_one(tmp_path):
    drafts = [{"start": n, "end": n + 1, "label": "doorbell"} for n in (1, 2, 3)]
    app = make(tmp_path, EVENTS, tones(6), draft=drafts)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("x")
        await until(app, "the draft is its segments: Tab goes to one, a keeps it, x takes it out")
        await pilot.press("tab", "a", "x")
        await until(app, "the drafted segment is taken out")
        await pilot.press("m", "shift+right", "m", "x")
        await until(app, "Backspace removes it")
        await pilot.press("u", "enter")

    assert [[one["start"] for one in answer["events"]] for answer in answers(tmp_path)] == [[1, 3]]


# keys of a transcript


async def test_the_speaker_s_key_turns_the_line_where_there_are_no_segments(tmp_path):
    app = make(tmp_path, CALLS, tones(4), draft="hello")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("escape", "o")
        await until(app, "agent: hello")
        await pilot.press("?")
        assert not any("segment's end" in row for row in shown(app))
        page = app._reading.rows if hasattr(app._reading, "rows") else []
        assert not any("Move the segment" in text for row in page for text, _ in row)


async def test_the_box_has_its_two_ends(tmp_path):
    app = make(tmp_path, CALLS, tones(4), draft="one\ntwo")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+home", "a", "ctrl+end", "z", "enter")

    assert answers(tmp_path) == [{"transcript": "aone\ntwoz"}]


async def test_a_question_is_no_work_on_the_words_of_the_clip(tmp_path):
    app = make(tmp_path, CALLS, tones(4))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("escape", "q")
        before = app.workbench.deck.listening.keystrokes
        await pilot.press(*"why so?")

        assert app.workbench.session.line.words == "why so?"
        assert app.workbench.deck.listening.keystrokes == before

"""project.yaml: every mistake with its line, all at once; keys that clash."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import BOTH, SENTIMENT, make_pipe, project
from hypothesis import given
from hypothesis import strategies as st

from tui_label import config
from tui_label.core import keymap, keyproblems, keys
from tui_label.core.project import Server
from tui_label.core.roles import Roles
from tui_label.errors import ConfigError

FOLDER = Path("nowhere")


def problems(source: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        config.parse(source, FOLDER)
    return list(raised.value.problems)


def test_all_mistakes_at_once_with_lines_and_nearest_names():
    found = problems(
        """\
name: x
overlp: 2
order: randm
lease: soon
tasks:
  - id: sentiment
    type: chioce
    labels: [a]
  - id: second
    type: choice
    labels: [a, " a", {value: b, colour: red}]
  - id: third
    type: choice
    labels: [x]
    when: {secnd: [a]}
"""
    )

    assert found == [
        "project.yaml:2: project: unknown key 'overlp'; did you mean overlap?",
        "project.yaml:3: order: 'randm' is unknown; did you mean random?",
        "project.yaml:4: lease: must be a time such as 400ms, 60s, 5m or 1h",
        "project.yaml:7: sentiment.type: 'chioce' is unknown; did you mean choice?",
        "project.yaml:11: second.labels: ' a' is there twice",
        "project.yaml:11: second.labels: unknown key 'colour'; did you mean color?",
        "project.yaml:15: third.when: 'secnd' is no task before this one; did you mean second?",
    ]


def test_no_mistake_hides_another():
    found = problems(
        """\
name: x
overlp: 2
keys: {item.skp: w, item.skip: ctrl+m}
tasks:
  - {id: stars, type: rating, min: 5, max: 2}
  - id: topics
    type: choices
    min: 7
    labels: [{value: a, key: x}, {value: b, key: x}]
"""
    )

    assert [line.split("; free are")[0] for line in found] == [
        "project.yaml:2: project: unknown key 'overlp'; did you mean overlap?",
        "project.yaml:3: keys item.skip: key ctrl+m cannot be used: a terminal sends it as Enter",
        "project.yaml:3: keys item.skp: there is no command item.skp; did you mean item.skip?",
        "project.yaml:5: stars.max: a scale lies within 0 and 10, and min is less than max",
        "project.yaml:8: topics.min: must be between 0 and the 2 labels there are",
        "project.yaml:9: label topics b: key x is used by topics: a and by topics: b",
    ]


@pytest.mark.parametrize(
    ("rest", "mistake"),
    [
        ("tasks: [{id: stars, type: rating, mim: 0, max: 1}]", "task: unknown key 'mim'; did you mean min?"),
        ("tasks: [{id: stars, type: rating, min: one, max: 0}]", "stars.min: must be a whole number of at least 0"),
        ("tasks: [{id: a, type: choice, labels: [{value: b, key: p}, {value: b, key: p}]}]", "a.labels: 'b' is there twice"),
        ("tasks: [{id: a, type: choice, labels: [{value: b, key: p}, {value: '', key: p}]}]", "a.labels: a label must not be empty"),
        ("tasks: [{id: a, type: text}]\nkeys:\n  item.skip:", "keys.item.skip: must be text"),
        ("tasks: [{id: a, type: segments}]\nitems: sond", "items: 'sond' is unknown; did you mean sound?"),
    ],
)  # fmt: skip
def test_nothing_follows_from_what_could_not_be_read(rest, mistake):
    (found,) = problems(f"name: x\n{rest}\n")

    assert found.split(": ", 1)[1] == mistake


@pytest.mark.parametrize(
    ("rest", "mistake"),
    [
        ("tasks: [{id: a, type: ''}]", "a.type: '' is unknown; known are choice, "),
        ("tasks: [{id: a, type: text}, {}]", "task: is empty; a task needs an id and a type"),
        ("tasks: [{id: a, type: text}]\norder: ''", "order: '' is unknown; known are priority, "),
        ("tasks: [{id: a, type: text}]\nitems: ''", "items: '' is unknown; known are text, sound"),
        ("tasks: [{id: a, type: text}]\nstore: ''", "store: must be postgresql://"),
        ("tasks: [{id: a, type: text}]\nreview: {ignore: ['']}", "review.ignore: '' is unknown; known are case, "),
    ],
)
def test_what_is_left_empty_is_a_mistake_and_not_left_out(rest, mistake):
    (found,) = problems(f"name: x\n{rest}\n")

    assert found.split(": ", 1)[1].startswith(mistake)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ("{value: a, was: c}, {value: b, was: c}", "b has `was: c`, and a has it too; leave it to the one that takes the answers over"),
        ("b, {value: a, was: b}", "a has `was: b`, and b is a label here still; take out the one or the other"),
    ],
)  # fmt: skip
def test_answers_under_an_old_name_go_to_one_label_and_from_none_that_stands(labels, words):
    source = f"name: x\ntasks:\n  - {{id: t, type: choice, labels: [{labels}]}}\n"

    assert problems(source) == [f"project.yaml:3: t.labels: {words}"]


@pytest.mark.parametrize(
    "labels", ["{value: a, was: b}, {value: b, was: a}", "{value: a, was: [b, c]}, {value: b, was: d}"]
)
def test_labels_that_both_have_an_old_name_may_swap(labels):
    config.parse(f"name: x\ntasks:\n  - {{id: t, type: choice, labels: [{labels}]}}\n", FOLDER)


@pytest.mark.parametrize(
    ("items", "task", "words"),
    [
        ("text", "type: segments", "is about sound, and the items are text; say `items: sound`"),
        ("text", "type: text, transcript: {}", "is about sound, and the items are text; say `items: sound`"),
        ("sound", "type: compare", "a compare task is about text, and the items are sound; use segments"),
    ],
)
def test_a_task_that_does_not_fit_the_items_is_named_at_its_line(items, task, words):
    found = problems(f"name: x\nitems: {items}\ntasks:\n  - {{id: a, type: text}}\n  - {{id: b, {task}}}\n")

    assert found == [f"project.yaml:5: b: {words}"]


@pytest.mark.parametrize(
    ("rest", "mistake"),
    [
        (
            'items: sound\ntasks: [{id: a, type: text, transcript: {patterns: [{match: "\\bgonna\\b", say: b}]}}]',
            r"a.transcript.patterns.match: has a backspace in it, as \b is one in double quotes; write it in single quotes",
        ),
        (
            f"items: sound\ntasks: [{{id: a, type: text, transcript: {{patterns: [{{match: 'a{{{10**12}}}', say: b}}]}}}}]",
            "a.transcript.patterns.match: not a regular expression: the repetition number is too large",
        ),
        (
            "tasks: [{id: t, type: choice, labels: [a]}, {id: a, type: text, when: {t: []}}]",
            "a.when: t has no label to wait for; list at least one",
        ),
        (
            "tasks: [{id: a, type: text}]\nsound: {speed: 1.0}",
            "sound: is about sound, and the items are text; say `items: sound`",
        ),
    ],
)
def test_what_could_never_come_about_is_a_mistake(rest, mistake):
    (found,) = problems(f"name: x\n{rest}\n")

    assert found.split(": ", 1)[1] == mistake


def test_escapes_that_mean_the_same_to_yaml_and_to_a_regular_expression_may_be_in_double_quotes():
    made = project(
        'name: x\nitems: sound\ntasks: [{id: a, type: text, transcript: {patterns: [{match: "\\n\\t", say: b}]}}]\n'
    )

    assert made.tasks[0].transcript.patterns[0].match == "\n\t"


@pytest.mark.parametrize(
    ("number", "limits"),
    [
        ("5000000", "from 1 to 1,000,000"),
        ("1" + 5000 * "0", "from 1 to 1,000,000"),
        ("0", "of at least 1"),
        ("two", "of at least 1"),
        ("[2]", "of at least 1"),
    ],
)
def test_a_number_beyond_its_limit_is_told_the_limit(number, limits):
    source = f"name: x\noverlap: {number}\ntasks: [{{id: a, type: text}}]\n"

    assert problems(source) == [f"project.yaml:2: overlap: must be a whole number {limits}"]


@pytest.mark.parametrize("time", ["0s", "0.9ms", "3651d", "999999999999d", 400 * "9" + "d"])
@pytest.mark.parametrize("key", ["lease", "review.repeat-after", "pace.idle"])
def test_a_time_beyond_all_use_is_told_its_limits(key, time):
    *section, name = key.split(".")
    setting = f"{section[0]}: {{{name}: {time}}}" if section else f"{name}: {time}"

    assert problems(f"name: x\n{setting}\ntasks: [{{id: a, type: text}}]\n") == [
        f"project.yaml:2: {key}: must be a time from 1ms to 3650d"
    ]


@pytest.mark.parametrize(("time", "ms"), [("1ms", 1), ("3650d", 315_360_000_000)])
def test_a_time_at_its_limit_is_taken(time, ms):
    assert project(f"name: x\nlease: {time}\ntasks: [{{id: a, type: text}}]\n").lease_ms == ms


@pytest.mark.parametrize("source", ["- name: x\n- tasks: []\n", "name\n"])
def test_a_project_that_is_no_mapping_is_one_mistake(source):
    assert problems(source) == ["project.yaml:1: project: must be a mapping of `key: value` lines"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "empty"),
        ("- a", "mapping"),
        ("name: [", "not valid YAML"),
        ("name: x\nname: y\ntasks: []", "twice"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("name: x\ntasks: [{id: a, type: choice}]", "labels: is missing"),
        ("name: x\ntasks: [{id: a, type: text, labels: [b]}]", "has no labels"),
        ("name: x\ntasks: [{id: a, type: rating, min: 5, max: 2}]", "min is less than max"),
        ("name: x\nitems: sound\ntasks: [{id: a, type: spans, labels: [b]}]", "use segments"),
        ("name: x\ntasks: [{id: a, type: segments, labels: [b]}]", "say `items: sound`"),
        ("name: x\nsound: {must-hear: 110%}\ntasks: [{id: a, type: text}]", "share of the clip such as 90%"),
        ("name: x\nsound: {step-back: 1}\ntasks: [{id: a, type: text}]", "seconds such as 1.5s"),
        ("name: x\nsound: {autoplays: true}\ntasks: [{id: a, type: text}]", "did you mean autoplay?"),
        (
            "name: x\nitems: sound\ntasks: [{id: a, type: text, transcript: {patterns: [{match: '(', say: b}]}}]",
            "not a regular expression",
        ),
        (
            "name: x\nitems: sound\ntasks: [{id: a, type: text, transcript: {patterns: [{match: b, say: c, fix: '\\1'}]}}]",
            "not a replacement",
        ),
        ("name: x\nitems: sound\ntasks: [{id: a, type: text, transcript: {case: Lower}}]", "did you mean lower?"),
        ("name: x\nitems: sound\ntasks: [{id: a, type: text, transcript: {tags: ['[n]']}}]", "without brackets"),
        ('name: x\ntasks: [{id: a, type: choice, labels: ["a\\u001b[2J"]}]', "control characters"),
        ("name: x\nguidelines: ../../etc/passwd\ntasks: [{id: a, type: text}]", "within the project"),
        ("\x00", "not valid YAML"),
        ("name: x\ntasks: [{id: a, type: text, ask: Who said it?, min: 1}]", "belong in quotes"),
        ("name: x\ntasks: [{id: a, type: text}]\nflags:\n  - {reason: b, help: Note: a guess}", "belong in quotes"),
        ("name: x\ntasks:\n\t- {id: a, type: text}", "with blanks, not with tabs"),
    ],
)
def test_each_mistake_is_one_clear_line(source, words):
    found = problems(source)

    assert any(words in line for line in found)
    assert all("\n" not in line and "\x1b" not in line for line in found)


def test_labels_are_taken_as_written():
    made = project("name: x\ntasks: [{id: a, type: choice, labels: [yes, no, 1.0, null]}]")

    assert made.tasks[0].values == ("yes", "no", "1.0", "null")


@given(st.one_of(st.text(max_size=80), st.binary(max_size=80).map(lambda data: data.decode("latin-1"))))
def test_nothing_but_a_config_error_comes_out(source):
    try:
        config.parse(source, FOLDER)
        config.parse("name: x\ntasks:\n" + source, FOLDER)
    except ConfigError:
        pass


def test_not_utf8_names_line_and_byte(tmp_path):
    (tmp_path / "project.yaml").write_bytes(b"name: x\n# caf\xe9\n")
    with pytest.raises(ConfigError, match=r"project.yaml:2: not UTF-8 at byte 13"):
        config.load(tmp_path)


def test_a_file_of_another_kind_or_size_keeps_nobody_waiting(tmp_path):
    (tmp_path / "project.yaml").write_text(SENTIMENT + "# filler\n" * 120_000)
    with pytest.raises(ConfigError, match=r"project\.yaml:1: 1,080,\d+ characters, too many for one"):
        config.load(tmp_path)
    (tmp_path / "project.yaml").unlink()
    make_pipe(tmp_path / "project.yaml")
    with pytest.raises(ConfigError, match=r"project\.yaml: is a pipe, not a file"):
        config.load(tmp_path)


def test_no_project_says_how_to_start_one(tmp_path):
    with pytest.raises(ConfigError, match="tui-label new"):
        config.load(tmp_path)


def test_names_that_will_cause_grief_are_warned_about():
    made = project("name: x\ntasks: [{id: a, type: spans, labels: [Person, person, O, B-PER]}]")

    assert len(config.warnings(made)) == 3


# keys


def test_a_clash_names_both_users_and_what_is_free():
    (found,) = problems(
        "name: x\ntasks:\n  - id: t\n    type: choice\n    labels:\n      - {value: a, key: p}\n      - {value: b, key: p}\n"
    )

    assert found.startswith("project.yaml:7: label t b: key p is used by t: a and by t: b; free are")


@pytest.mark.parametrize(
    ("key", "why"),
    [("ctrl+m", "Enter"), ("ctrl+1", "plain terminals"), ("ctrl+bogus", "no such key"), ("alt+shift+s", "as Esc")],
)
def test_keys_that_terminals_do_not_send_are_refused(key, why):
    (found,) = problems(f"name: x\nkeys: {{item.skip: {key}}}\ntasks: [{{id: a, type: text}}]")

    assert why in found


def test_labels_get_digits_or_letters_of_their_names():
    keys = keymap.build(project(SENTIMENT)).labels

    assert keys == {("sentiment", "positive"): "p", ("sentiment", "neutral"): "e", ("sentiment", "negative"): "n"}
    assert keymap.build(project(BOTH)).key_of_label("entities", "person") == "1"


RATED = "name: n\ntasks:\n  - {id: topics, type: choices, labels: [a, b, c]}\n  - {id: stars, type: rating}\n"
COMPARED = "name: n\ntasks:\n  - {id: best, type: compare}\n  - {id: order, type: compare, mode: rank}\n"


def keys_of(task: str, source: str) -> dict[str, str]:
    return {value: key for (id, value), key in keymap.build(project(source)).labels.items() if id == task}


def test_a_scale_has_its_digits_or_letters_in_their_order():
    assert keys_of("stars", "name: n\ntasks: [{id: stars, type: rating}]") == {digit: digit for digit in "12345"}
    assert keys_of("stars", RATED) == dict(zip("12345", "bcdeh", strict=True))


def test_labels_that_are_digits_are_a_scale():
    source = (
        "name: n\ntasks: [{id: t, type: choice, labels: ['0', '1', '2']}, {id: u, type: choice, labels: ['2', '1']}]"
    )

    assert keys_of("t", source) == {"0": "0", "1": "1", "2": "2"}
    assert keys_of("u", source) == {"2": "b", "1": "c"}
    assert keys_of("t", "name: n\ntasks: [{id: t, type: choice, labels: [unsure, '1']}]") == {"unsure": "2", "1": "1"}


def test_a_question_of_many_labels_leaves_keys_to_those_with_few():
    many = ", ".join(f"topic{n}" for n in range(60))
    source = f"""
name: wide
tasks:
  - {{id: topics, type: choices, labels: [{many}]}}
  - {{id: names, type: spans, labels: [person, place]}}
  - {{id: slant, type: rating}}
"""
    labels = keymap.build(project(source)).labels

    assert {task for (task, _), key in labels.items() if not key} == {"topics"}
    assert next(iter(labels)) == ("topics", "topic0")


def test_no_candidate_is_on_the_letter_of_another():
    assert keys_of("order", COMPARED) == dict(zip("ABCDEFGHI", "lmortvwyz", strict=True))


@given(
    st.lists(
        st.sampled_from(
            [
                "type: rating}",
                "type: rating, min: 0, max: 9}",
                "type: rating, min: 1, max: 10}",
                "type: compare}",
                "type: compare, mode: rank}",
                "type: choice, labels: ['1', '2', '0']}",
                "type: choice, labels: [a, B, '3', d, e, dare]}",
                "type: choices, labels: [{value: b, key: m}, n, bond, '1']}",
                "type: spans, labels: [person, place, flight]}",
            ]
        ),
        min_size=1,
        max_size=3,
        unique=True,
    )
)
def test_no_key_that_is_given_out_says_anothers_name(kinds):
    made = project("name: n\ntasks:\n" + "".join(f"  - {{id: t{n}, {kind}\n" for n, kind in enumerate(kinds)))
    labels = keymap.build(made).labels
    given_out = {one: key for one, key in labels.items() if key}
    misleading = [
        (task, value, key)
        for (task, value), key in given_out.items()
        for other, name in labels
        if other == task and name != value and key.lower() == name.lower()
    ]

    assert misleading == []
    assert len(set(given_out.values())) == len(given_out)


def test_commands_make_way_for_labels():
    made = keymap.build(project(SENTIMENT))

    assert made.keys_of("pause") == ("P",)
    assert made.lookup("scroll", "n").label == ("sentiment", "negative")
    assert made.lookup("scroll", "ctrl+n").command == "find.next"


def test_remapping_by_team():
    made = keymap.build(project(SENTIMENT + "keys: {item.skip: 'w'}\n"))

    assert made.lookup("scroll", "w").command == "item.skip"
    assert made.lookup("scroll", "s") is None


@pytest.mark.parametrize(
    ("team", "own", "keys", "words"),
    [
        ("{}", {"item.skip": "n"}, {"item.skip": "s"}, ["skip is on s here: n is “negative”"]),
        ("{}", {"pause": "n"}, {"pause": "P"}, ["pause is on P here: n is “negative”"]),
        ("{}", {"item.skip": "n f8"}, {"item.skip": "f8"}, ["skip is on F8 here: n is “negative”"]),
        ("{hop: w}", {"item.skip": "w"}, {"item.skip": "s", "hop": "w"}, ["skip is on s here: w is hop"]),
        ("{hop: w}", {"item.skip": "w", "hop": "ctrl+x"}, {"item.skip": "w", "hop": "ctrl+x"}, []),
        ("{hop: w}", {"review.later": "n w"}, {"review.later": "n w"}, []),
        ("{item.skip: w}", {"item.skip": "n"}, {"item.skip": "w"}, ["skip is on w here: n is “negative”"]),
        (
            "{item.skip: w}",
            {"item.skip": "n", "hop": "w"},
            {"item.skip": "w", "hop": ";"},
            ["skip is on w here: n is “negative”", "hop is on ; here: w is skip"],
        ),
        ("{hop: '?'}", {"item.skip": "f1"}, {"item.skip": "s", "help.open": "f1"}, ["skip is on s here: F1 is keys"]),
        (
            "{}",
            {"item.submit": "n", "hop": "enter"},
            {"item.submit": "enter", "hop": ";"},
            ["next is on ↵ here: n is “negative”", "hop is on ; here: ↵ is next"],
        ),
    ],
)
def test_ones_own_keys_give_way_to_labels_and_to_the_teams(team, own, keys, words):
    made = project(f"{SENTIMENT}keys: {team}\n")
    found = keymap.build(made, own)

    assert keyproblems.own_problems(made, own) == []
    assert found.labels == keymap.build(made).labels
    mode = "review" if "review.later" in own else "spans"
    assert {name: " ".join(found.keys_of(name, mode)) for name in keys} == keys
    assert list(found.gave_way) == words


def test_what_gave_way_in_a_project_of_sounds_is_told_with_the_key_it_has_there():
    made = project(SOUND.replace("[a, b]", "[{value: a, key: p}, b]") + "keys: {focus.next: w}\n")

    assert keymap.build(made, {"focus.next": "p", "pause": "w"}).gave_way == (
        "next question is on w here: p is “a”",
        "pause is on P here: w is next question",
    )
    assert keymap.build(replace(made, keys={}), {"focus.next": "p"}).gave_way == (
        "next question is on t here: p is “a”",
    )


@pytest.mark.parametrize(
    ("own", "where", "words"),
    [
        ({"item.skp": "w"}, "item.skp", "did you mean item.skip?"),
        ({"item.skip": "ctrl+m"}, "item.skip", "Enter"),
        ({"item.skip": "w", "hop": "w"}, "hop", "key w is used by item.skip and by hop"),
        ({"item.skip": "enter"}, "item.skip", "key enter is item.submit's (confirm and go on to the next item)"),
        ({"text.newline": "escape"}, "text.newline", "key escape is text.leave's"),
        ({"review.later": "enter"}, "review.later", "key enter is review.settle's"),
    ],
)
def test_what_is_wrong_with_ones_own_keys_in_any_project_is_refused(own, where, words):
    ((place, problem),) = keyproblems.own_problems(project(SENTIMENT), own)

    assert place == f"keys {where}"
    assert problem.startswith(words) or words in problem


def test_no_command_that_is_needed_loses_its_only_key():
    found = problems(SENTIMENT + "keys: {pause: enter}\n")
    line = "project.yaml:6: keys pause: key enter is"

    assert found[0].startswith(f"{line} item.submit's (confirm and go on to the next item); free are")
    assert found[1].startswith(f"{line} review.settle's (settle the item and go on); free are")
    assert project(SENTIMENT + "keys: {find.open: enter, item.submit: f4, pause: '?'}\n").keys["pause"] == "?"


def test_every_key_of_the_map_is_one_that_terminals_send():
    made = keymap.build(project(BOTH))

    assert [key for _, key in made.table if keys.why_unsent(key)] == []


SOUND = "name: x\nitems: sound\ntasks:\n  - {id: said, type: text, transcript: {tags: [noise]}}\n  - {id: turns, type: segments, labels: [a, b]}\n"
TEXT = "name: x\ntasks: [{id: said, type: text}, {id: names, type: spans, labels: [a, b]}]\n"
STATES = {
    SOUND: {"sound": ("sound", "everywhere"), "transcribing": ("transcribing", "typing")},
    TEXT: {"spans": ("spans", "everywhere"), "scroll": ("scroll", "everywhere"), "typing": ("typing",)},
}
"""The modes whose keys act together."""


def misled(made: keymap.Keymap, source: str) -> list[tuple[str, str, str]]:
    """Keys that do something else than the list of keys says: mode, command and key."""
    return [
        (mode, command.name, key)
        for mode in STATES[source]
        for command in made.available(mode)
        for key in made.keys_of(command.name, mode)
        if (found := made.lookup(mode, key)) is None or found.command != command.name
    ]


@pytest.mark.parametrize("source", STATES)
@pytest.mark.parametrize("keys", ["", "{play.toggle: ctrl+x, text.newline: ctrl+k, help.open: f2}"])
def test_every_key_that_is_listed_does_what_is_said(source, keys):
    assert misled(keymap.build(project(source + (f"keys: {keys}\n" if keys else ""))), source) == []


@pytest.mark.parametrize("source", STATES)
def test_every_key_that_is_listed_does_what_is_said_whatever_letters_labels_have(source):
    for key in string.ascii_letters:
        own = f"labels: [{{value: a, key: {key}}}, {{value: b, key: {key.swapcase()}}}]"
        assert misled(keymap.build(project(source.replace("labels: [a, b]", own))), source) == [], key


@pytest.mark.parametrize(
    ("key", "command", "of_sound", "of_text"),
    [
        ("a", "suggestion.accept", "ctrl+k", "f5"),
        ("A", "suggestion.accept-all", "ctrl+w", "f6"),
        ("N", "find.previous", "ctrl+f", "ctrl+p"),
    ],
)
def test_a_spare_key_is_one_that_no_other_command_has_there(key, command, of_sound, of_text):
    for source, mode, spare in ((SOUND, "sound", of_sound), (TEXT, "spans", of_text)):
        made = keymap.build(project(source.replace("[a, b]", f"[{{value: a, key: {key}}}, b]")))
        assert made.keys_of(command, mode) == (spare,)


def test_words_name_the_keys_that_are_in_force():
    """Also where a label has a command's usual key, where a person has another one, and in a box where letters are typed."""
    source = SOUND.replace("[a, b]", "[{value: music, key: m}, {value: us, key: u}]")
    made = keymap.build(project(source), {"quit": "f10"})

    assert made.in_words("{segment.mark} ends it, {quit} leaves {this}", "sound") == "M ends it, F10 leaves {this}"
    assert made.in_words("{work.undo} brings it back", "transcribing") == "^Z brings it back"
    assert made.in_words("{segment.mark} or {sprint.start}", "transcribing") == "M or sprint"


def test_labels_without_a_key_are_listed_with_the_one_for_their_names():
    labels = ", ".join(f"label{n}" for n in range(60))
    made = keymap.build(project(TEXT.replace("a, b", labels)), {"label.by-name": "f12"})

    assert ("labels", "F12", "names: label59") in made.rows()
    assert ("labels", "1", "names: label0") in made.rows()


@pytest.mark.parametrize("mode", ["review", "listening", "editing"])
def test_before_the_versions_of_an_item_only_reviewers_commands_can_be_done(mode):
    modes = {one.mode for one in keymap.build(project(SOUND)).available(mode)}

    assert mode in modes and modes <= {"review", "listening", "editing"}


@pytest.mark.parametrize("mode", ["typing", "transcribing"])
def test_a_letter_that_is_a_key_elsewhere_is_none_while_one_types(mode):
    made = keymap.build(project(SOUND + "keys: {help.open: h f2, quit: Q}\n"))

    assert (made.keys_of("help.open", mode), made.keys_of("help.open")) == (("f2",), ("h", "f2"))
    assert (made.keys_of("quit", mode), made.keys_of("quit")) == (("ctrl+q",), ("Q",))


def test_twelve_function_keys_are_sent():
    assert [bool(keys.why_unsent(key)) for key in ("f0", "f1", "f12", "f13")] == [True, False, False, True]


@pytest.mark.parametrize("source", STATES)
def test_no_key_and_no_command_is_listed_twice(source):
    rows = keymap.build(project(source)).rows()
    for modes in STATES[source].values():
        here = [(keys.split(), words) for mode, keys, words in rows if mode in modes]
        words = [one for _, one in here]
        keys = [key for several, _ in here for key in several]

        assert sorted(words) == sorted(set(words))
        assert sorted(keys) == sorted(set(keys))


def test_labels_are_listed_in_the_order_of_the_questions():
    made = keymap.build(
        project(
            "name: n\ntasks: [{id: z, type: rating, max: 2}, {id: c, type: compare}, {id: a, type: choices, labels: [x]}]"
        )
    )

    assert list(dict.fromkeys(task for task, _ in made.labels)) == ["z", "c", "a"]


def test_a_project_of_sounds_lists_no_keys_of_texts():
    assert {mode for mode, *_ in keymap.build(project(SOUND)).rows()} == {
        "labels",
        "everywhere",
        "typing",
        "sound",
        "transcribing",
        "review",
        "listening",
        "editing",
    }


def test_a_labels_key_takes_nothing_from_a_reviewer():
    """No label's key is in force where versions are compared: the digits there are annotators."""
    source = "name: n\ntasks: [{id: t, type: choice, labels: [{value: one, key: a}, {value: two, key: '1'}]}]\n"
    made = keymap.build(project(source))

    assert made.lookup("review", "a").command == "review.accept"
    assert made.lookup("review", "1").command == "review.take"
    assert made.lookup("scroll", "1").label == ("t", "two")


def test_a_team_may_move_the_keys_of_a_reviewer():
    made = keymap.build(project(SOUND + "keys: {review.accept: y, segment.snap: a, pause: e}\n"))

    assert made.lookup("review", "y").command == "review.accept"
    assert made.lookup("sound", "y") is None, "segment.snap has the key it was given, and no other"
    assert made.lookup("review", "a") is None
    assert made.lookup("review", "e").command == "pause"
    assert made.keys_of("review.edit", "review") == ()


@pytest.mark.parametrize(
    ("content", "words"), [("item.skip: [", "not valid YAML"), ("item.skip: &a w\nitem.flag: *a", "aliases"), ("- w", "mapping")]
)  # fmt: skip
def test_a_mistake_in_ones_own_keys_names_the_path_of_their_file(tmp_path, content, words):
    path = tmp_path / "keys.yaml"
    path.write_text(content)

    with pytest.raises(ConfigError, match=rf"^{re.escape(str(path))}:\d: .*{words}"):
        config.personal_keys(path)


@pytest.mark.parametrize(
    "rest",
    [
        'keys: {"a\\e[2J": w}\ntasks: [{id: a, type: text}]',
        'tasks: [{id: a, type: choice, labels: [{value: "a\\e[2J", key: p}, {value: b, key: p}]}]',
    ],
)
def test_what_a_terminal_would_obey_is_shown_where_keys_are_wrong(rest):
    assert not any("\x1b" in line for line in problems(f"name: x\n{rest}\n"))


def test_a_new_line_has_the_key_that_the_team_gives_it():
    made = keymap.build(project(SOUND + "keys: {text.newline: ctrl+k}\n"))

    assert made.lookup("transcribing", "ctrl+k").command == "text.newline"
    assert made.lookup("transcribing", "ctrl+j") is None
    assert made.keys_of("segment.split", "transcribing") == ()


def test_roles_are_read():
    source = "roles: {leads: [lea], reviewers: [rob, '17'], annotators: [ann], as: anyone}\n"

    assert project(SENTIMENT + source).roles == Roles(("lea",), ("rob", "17"), ("ann",), True)
    assert project(SENTIMENT + "roles: {leads: [lea]}\n").roles == Roles(("lea",))
    assert not project(SENTIMENT).roles.are_set
    assert project(SENTIMENT + "roles: {leads: [lea], annotators: []}\n").roles.of("ann") is None


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("roles: {lead: [lea]}", "roles: unknown key 'lead'; did you mean leads?"),
        ("roles: {reviewers: [rob]}", "roles.leads: name at least one user: a project needs a lead"),
        ("roles: {leads: []}", "roles.leads: name at least one user: a project needs a lead"),
        ("roles: {leads: lea}", "roles.leads: must be a list"),
        ("roles: [lea]", "roles: must be a mapping of `key: value` lines"),
        ("roles: {leads: [lea], reviewers: [lea]}", "roles.reviewers: lea is among the leads already; keep one"),
        ("roles: {leads: [lea, lea]}", "roles.leads: lea is among the leads already; keep one"),
        ('roles: {leads: ["a\\nb"]}', "roles.leads: must be a user's name on one line"),
        ("roles: {leads: [lea], as: anybody}", "roles.as: 'anybody' is unknown; known are leads, anyone"),
        ("roles: {leads: [[lea]]}", "roles.leads: must be text"),
    ],
)
def test_mistakes_in_roles_are_named(source, problem):
    line = SENTIMENT.count("\n") + 1

    assert f"project.yaml:{line}: {problem}" in problems(SENTIMENT + source + "\n")


@pytest.mark.parametrize(
    ("store", "server"),
    [
        ("postgresql://lea@db.example.org/labels", Server("postgresql://lea@db.example.org/labels", "tweets")),
        ("postgres://a,b:5433/labels?sslmode=require&schema=other", Server("postgres://a,b:5433/labels?sslmode=require", "other")),
        ("postgresql:///labels?host=/run/pg", Server("postgresql:///labels?host=/run/pg", "tweets")),
    ],
)  # fmt: skip
def test_a_server_is_read(store, server):
    found = project(f"{SENTIMENT}store: {store}\n")

    assert found.server == found.store == server
    assert project(SENTIMENT).store == project(SENTIMENT).database


@pytest.mark.parametrize(
    ("store", "words"),
    [
        ("postgresql://lea:secret@db/labels", "~/.pgpass"),
        ("postgresql://lea@db/labels?password=secret", "PGPASSWORD"),
        ("mysql://lea@db/labels", "postgresql://USER@HOST/DATABASE"),
        ("postgresql://lea@db", "postgresql://USER@HOST/DATABASE"),
        ("postgresql://[x/labels", "is no URL"),
        ("postgresql://db/labels?sslmod=require", "does not take it: invalid URI query parameter"),
        ("postgresql://db/%zz", "does not take it: invalid percent-encoded token"),
        ("postgresql://db/labels?schema=Über", "small letters"),
        ("[a]", "must be text"),
    ],
)
def test_a_server_that_is_none_is_refused_at_its_line(store, words):
    with pytest.raises(ConfigError, match=re.escape(words)) as caught:
        project(f"{SENTIMENT}store: {store}\n")
    assert [problem.split(": ")[:2] for problem in caught.value.problems] == [["project.yaml:6", "store"]]
    assert "secret" not in str(caught.value)

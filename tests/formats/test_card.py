"""Names of classes that stand in the card of a Hugging Face dataset alone, beside files that `datasets` writes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from labelled import spoilt
from labelled_texts import MOOD, NAMES, TOPICS, given_file, read

from tui_label.cli import main
from tui_label.errors import InputError
from tui_label.formats import recognition

CARD = """\
---
license: mit
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*
dataset_info:
  features:
  - name: text
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
          '0': good
          '1': so so
          '2': 日本
  splits:
  - name: train
---
# A dataset
"""
TAGS = """\
---
dataset_info:
- config_name: fine
  features:
  - name: tokens
    sequence: string
  - name: ner_tags
    sequence:
      class_label:
        names: {'0': O, '1': B-person, '2': I-person, '3': B-big place, '4': I-big place}
- config_name: coarse
  features:
  - {name: tokens, list: string}
  - name: ner_tags
    list:
      class_label:
        names:
          - O
          - B-person
---
"""
ROWS = '{"text": "a", "label": 2}\n{"text": "b", "label": -1}\n{"text": "c", "label": 1}\n'


def moods(path):
    good, bad, _ = read(path, MOOD)
    return [(one.item.text, [said.value for said in one.suggestions]) for one in good], bad


SAID = [("a", ["日本"]), ("b", []), ("c", ["so so"])]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data/train-0.jsonl", ROWS),
        ("data/train-0.json", ROWS),
        ("train.json", json.dumps([json.loads(row) for row in ROWS.splitlines()])),
        ("data/en/train.csv", "text,label\na,2\nb,-1\nc,1\n"),
        ("train.tsv", "text\tlabel\na\t2\nb\t\nc\tso so\n"),
    ],
)
def test_numbers_of_classes_are_named_by_the_card(tmp_path, name, content):
    given_file(tmp_path, "README.md", CARD)
    file = given_file(tmp_path, name, content)

    assert moods(tmp_path) == moods(file) == (SAID, [])
    assert recognition.recognise(file).name == "datasets", "one format for all files of a dataset"


def test_of_parquet_too(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    given_file(tmp_path, "README.md", CARD)
    (tmp_path / "data").mkdir()
    table = arrow.Table.from_pylist([json.loads(row) for row in ROWS.splitlines()])
    parquet.write_table(table, tmp_path / "data/train-00000.parquet")

    assert moods(tmp_path) == (SAID, [])


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "json"])
def test_what_datasets_writes_with_its_card(tmp_path, suffix):
    datasets = pytest.importorskip("datasets")
    parquet = pytest.importorskip("pyarrow.parquet")
    from datasets.info import DatasetInfosDict
    from huggingface_hub import DatasetCardData

    names = datasets.ClassLabel(names=["O", "B-person", "I-person", "no"])
    features = datasets.Features(
        {
            "tokens": datasets.List(datasets.Value("string")), "ner_tags": datasets.List(names),
            "spare": datasets.List({"kind": names, "at": datasets.Value("int32")}),
        }
    )  # fmt: skip
    row = {"tokens": ["Ann", "Lee", "flew"], "ner_tags": [1, 2, 0], "spare": [{"kind": 3, "at": 1}]}
    made = datasets.Dataset.from_list([row], features)
    said = DatasetCardData()
    DatasetInfosDict({"default": made.info}).to_dataset_card_data(said)
    given_file(tmp_path, "README.md", f"---\n{said.to_yaml()}\n---\n")
    file = tmp_path / f"train.{suffix}"
    if suffix == "parquet":
        parquet.write_table(made.data.table.replace_schema_metadata(None), file)
    else:
        made.to_json(str(file))
    loaded = datasets.load_dataset(str(tmp_path), cache_dir=str(tmp_path / "cache"))["train"]
    (record,), bad, _ = read(file, NAMES, annotator="ann")

    assert loaded.features["ner_tags"].feature.names == names.names
    assert (bad, [one["text"] for one in record.annotation.answers["names"]]) == ([], ["Ann Lee"])
    assert record.item.meta == {"spare": [{"kind": "no", "at": 1}]}


def test_a_folder_is_converted_with_all_its_labels(tmp_path, capsys):
    """The column is called as the task that is made for it."""
    given_file(tmp_path, "README.md", CARD)
    given_file(tmp_path, "a.csv", "text,label\nx,1\n")
    given_file(tmp_path, "b.jsonl", ROWS)

    assert main(["convert", str(tmp_path), "-", "--to", "jsonl"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["text"], one["answers"]) for one in found] == [
        ("x", {"label": "so so"}), ("a", {"label": "日本"}), ("b", {}), ("c", {"label": "so so"}),
    ]  # fmt: skip


def test_each_file_has_the_names_of_its_configuration(tmp_path):
    given_file(tmp_path, "README.md", TAGS)
    row = '{"tokens": ["Ann", "flew", "to", "Rome"], "ner_tags": [1, 0, 0, %d]}\n'
    given_file(tmp_path, "coarse/train.jsonl", row % 1)
    given_file(tmp_path, "fine/train.jsonl", row % 3)
    good, bad, _ = read(tmp_path, NAMES)

    assert bad == []
    assert [[one.value["label"] for one in record.suggestions] for record in good] == [
        ["person", "person"], ["person", "big place"],
    ]  # fmt: skip


def test_configs_say_which_files_are_of_which(tmp_path):
    configs = "---\nconfigs:\n- {config_name: fine, data_files: 'a*.jsonl'}\n- {config_name: coarse, data_files: [{split: train, path: ['**/b.jsonl']}]}\n"
    given_file(tmp_path, "README.md", configs + TAGS.removeprefix("---\n"))
    row = '{"tokens": ["Ann"], "ner_tags": [3]}\n'
    (record,), _, _ = read(given_file(tmp_path, "a1.jsonl", row), NAMES)
    _, (bad,), _ = read(given_file(tmp_path, "b.jsonl", row), NAMES)

    assert record.suggestions[0].value["label"] == "big place"
    assert bad == f"{tmp_path}/b.jsonl:1: ner_tags: '3' is no class; they are 0 (O) to 1 (B-person)"
    with pytest.raises(InputError, match=r"README.md: .* none of the configurations fine, coarse says that c.jsonl is"):
        read(given_file(tmp_path, "c.jsonl", row), NAMES)


@pytest.mark.parametrize("number", ["3", "-2", '"bad"', "1.5", "[1]"])
def test_numbers_of_no_class_are_named_with_their_line(tmp_path, number):
    given_file(tmp_path, "README.md", CARD)
    content = ROWS + f'{{"text": "d", "label": {number}}}\n'
    good, (bad,), _ = read(given_file(tmp_path, "x.jsonl", content), MOOD)

    assert len(good) == 3
    assert bad.startswith(f"{tmp_path}/x.jsonl:4: label: ")
    assert bad.endswith(" is no class; they are 0 (good) to 2 (日本)")


def test_of_tables_too(tmp_path):
    given_file(tmp_path, "README.md", CARD)
    _, (bad,), _ = read(given_file(tmp_path, "x.csv", "text,label\na,3\n"), MOOD)

    assert bad == f"{tmp_path}/x.csv:2: label: '3' is no class; they are 0 (good) to 2 (日本)"


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (
            "      class_label:",
            "      class_label: [",
            "README.md:16: the YAML on top names the classes, but not YAML: ",
        ),
        ("'1': so so", "'7': so so", "the classes of label are not numbered from 0 on"),
        ("dataset_info:", "dataset_inf:", "dataset_info is no mapping"),
        ("        names:\n", "        num_classes:\n", "the class_label of label has no names"),
        ("- name: text", "- nam: text", "features is no list of columns with a name each"),
    ],
)
def test_a_broken_card_is_one_line(tmp_path, before, now, words):
    card = given_file(tmp_path, "README.md", CARD.replace(before, now, 1))
    with pytest.raises(InputError) as found:
        read(given_file(tmp_path, "x.jsonl", ROWS), MOOD)

    assert str(found.value).startswith(str(card)) and words in str(found.value) and "\n" not in str(found.value)


@pytest.mark.parametrize("text", ["# Notes on class_label\n", "---\nlicense: mit\n---\nclass_label\n", "---\n"])
def test_other_readmes_change_nothing(tmp_path, text):
    given_file(tmp_path, "README.md", text)
    good, bad, _ = read(given_file(tmp_path, "x.jsonl", '{"text": "a", "label": "sport"}\n'), TOPICS)

    assert (bad, good[0].suggestions[0].value) == ([], ["sport"])


@given(spoilt(CARD.encode()))
def test_any_card_is_read_or_refused_in_words(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("card")
    given_file(folder, "README.md", data)
    try:
        read(given_file(folder, "x.jsonl", ROWS), MOOD)
    except InputError as error:
        assert str(error).startswith(str(folder)) and "\n" not in str(error)

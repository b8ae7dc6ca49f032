"""A spaCy model is asked as any other assistant; run where spaCy is."""

from __future__ import annotations

import importlib.util

import pytest
from helpers import BOTH, write_project

from tui_label import cli, config
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.projects import opening


def made(folder, *texts):
    store, _ = opening.open_store(config.load(write_project(folder, BOTH)))
    store.add([Record(Item(f"i{number}", text)) for number, text in enumerate(texts)])
    return folder, store


@pytest.mark.skipif(importlib.util.find_spec("spacy") is not None, reason="spaCy is here")
def test_without_spacy_the_error_names_the_extra(tmp_path, capsys):
    folder, _ = made(tmp_path / "p", "Ada")

    assert cli.main(["suggest", str(folder), "--with", "spacy:en_core_web_sm"]) == 1
    assert "spaCy is not installed: `pip install 'tui-label[spacy]'`" in capsys.readouterr().err


def test_a_model_suggests_spans_and_labels(tmp_path, capsys):
    spacy = pytest.importorskip("spacy")
    model = spacy.blank("en")
    ruler = model.add_pipe("entity_ruler")
    categories = model.add_pipe("textcat")
    categories.add_label("positive")
    categories.add_label("negative")
    model.initialize()
    ruler.add_patterns([{"label": "person", "pattern": "Ada"}])
    model.meta |= {"name": "names", "version": "3.1"}
    model.to_disk(tmp_path / "model")
    folder, store = made(tmp_path / "p", "😀 Ada", "half \ud83d Ada")

    assert cli.main(["suggest", str(folder), "--with", f"spacy:{tmp_path / 'model'}"]) == 0
    found = {item.key: [(one.task, one.value) for one in some] for item, some in store.unanswered()}
    assert found["i0"][0] == ("entities", {"start": 2, "end": 5, "label": "person", "text": "Ada"})
    assert found["i0"][1][0] == "sentiment"
    # What spaCy can't read is named, and the others are there
    assert "item i1: UnicodeEncodeError" in capsys.readouterr().err
    assert store.source_counts()[0].source.version == "names 3.1"


def test_a_model_that_is_not_there_is_named(tmp_path, capsys):
    pytest.importorskip("spacy")
    folder, _ = made(tmp_path / "p", "Ada")

    assert cli.main(["suggest", str(folder), "--with", "spacy:en_nowhere"]) == 1
    assert "no model en_nowhere here; `python -m spacy download en_nowhere` brings it" in capsys.readouterr().err

"""Lines whatever the blocks they are read in, packed files, standard input, encodings; memory that stays flat."""

from __future__ import annotations

import bz2
import contextlib
import errno
import gc
import gzip
import io
import json
import lzma
import sys
import tracemalloc
import warnings

import pytest
from helpers import project
from hypothesis import given
from hypothesis import strategies as st

from tui_label import formats
from tui_label.core.record import Record
from tui_label.errors import InputError, LabelError, UsageError
from tui_label.formats import recognition, source
from tui_label.formats.source import STANDARD, BadLine, Reading

ROWS = 8_000
PACK = {".gz": gzip.compress, ".zst": source._zstandard().compress}
FILES = {
    "x.jsonl": '{"text": "one"}\n{"text": "two"}\n',
    "x.csv": 'text,label\none,positive\n"two\r\nlines",neutral\n',
    "x.tsv": 'text\tlabel\none "quoted" word\tpositive\n',
    "x.txt": "one\r\n\r\ntwo\rthree",
    "x.json": '[{"text": "one"}, {"text": "two"}]',
}


def records(path, **named) -> list[Record | BadLine]:
    return list(formats.read(Reading(path, project(), **named), recognition.recognise(path)))


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("name", FILES)
def test_a_packed_file_is_what_is_in_it(tmp_path, name, suffix):
    (tmp_path / name).write_bytes(FILES[name].encode())
    (tmp_path / (name + suffix)).write_bytes(PACK[suffix](FILES[name].encode()))

    assert records(tmp_path / (name + suffix)) == records(tmp_path / name) != []


@pytest.mark.parametrize("suffix", PACK)
def test_packed_files_after_each_other_are_one_and_a_cut_one_is_refused(tmp_path, suffix):
    path = tmp_path / f"x.txt{suffix}"
    path.write_bytes(PACK[suffix](b"one\n") + PACK[suffix](b"two\n"))
    assert [one.item.text for one in records(path)] == ["one", "two"]
    whole = PACK[suffix]("\n".join(str(n**3) for n in range(5000)).encode())
    path.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(InputError, match=rf"x.txt{suffix}: cannot be unpacked"):
        records(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.jsonl.gz", PACK[".gz"](FILES["x.jsonl"].encode())),
        ("x.jsonl.zst", PACK[".zst"](FILES["x.jsonl"].encode())),
        ("x.json", b'[{"text": "one"} {"text": "two"}]'),
    ],
    ids=["gz", "zst", "json"],
)
def test_what_was_read_or_refused_is_left_to_nobody_to_close(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", ResourceWarning)
        with contextlib.suppress(InputError):
            records(tmp_path / name)
        gc.collect()

    assert [str(one.message) for one in said if name in str(one.message)] == []


def test_without_zstandard_it_is_said_how_to_get_it(tmp_path, monkeypatch):
    """Python has it since 3.14, if it was there when that Python was built."""
    own = sys.version_info >= (3, 14)
    (tmp_path / "x.txt.zst").write_bytes(PACK[".zst"](b"one\n"))
    monkeypatch.setitem(sys.modules, "compression.zstd" if own else "backports.zstd", None)

    with pytest.raises(LabelError, match="another Python" if own else r"pip install 'tui-label\[zst\]'"):
        records(tmp_path / "x.txt.zst")


@pytest.mark.parametrize(("pack", "words"), [(bz2.compress, "packed by bzip2"), (lzma.compress, "packed by xz")])
def test_what_is_packed_otherwise_is_named(tmp_path, pack, words):
    (tmp_path / "x.jsonl").write_bytes(pack(b'{"text": "a"}\n'))

    with pytest.raises(InputError, match=f"is {words}: unpack it, or pack it as .gz"):
        records(tmp_path / "x.jsonl")


@given(
    st.lists(st.sampled_from(["a", "", "é\u2028\x85", "\x0b"])),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.integers(1, 5),
)
def test_lines_are_the_same_whatever_the_blocks(texts, end, size):
    data = end.join([*texts, ""]).encode()
    blocks = [data[n : n + size] for n in range(0, len(data), size)]
    words = data.decode()
    pieces = [words[n : n + size] for n in range(0, len(words), size)]

    assert list(source._split(iter(blocks), b"\n", b"\r")) == [(one + end).encode() for one in texts]
    assert list(source._split(iter(pieces), "\n", "\r")) == [one + end for one in texts]


@pytest.mark.parametrize("end", [b"\n", b"\r", b""])
def test_a_line_of_many_blocks_is_put_together_once(monkeypatch, end):
    """A file without line ends by mistake may have gigabytes: each block on top of all before it would take days."""
    looked_at, lines = [], source._lines
    monkeypatch.setattr(source, "_lines", lambda text, *ends: looked_at.append(len(text)) or lines(text, *ends))
    blocks = [b"x" * 1000] * 500
    found = list(source._split(iter([*blocks, end, *blocks]), b"\n", b"\r"))

    assert b"".join(found) == b"".join([*blocks, end, *blocks])
    assert sum(looked_at) < 3 * 1_000_000


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "shift_jis", "latin-1"])
def test_other_encodings_are_read_block_by_block(tmp_path, encoding, monkeypatch):
    monkeypatch.setattr(source, "BLOCK", 7)
    text = "ae\r\nc\rd\n" if encoding == "latin-1" else "日本\r\n語\rテスト\n"
    (tmp_path / "x.txt").write_bytes(text.encode(encoding))

    assert [one.item.text for one in records(tmp_path / "x.txt", encoding=encoding)] == text.split()


def test_standard_input_is_read_twice_where_a_format_needs_it(monkeypatch):
    for name in ("x.tsv", "x.jsonl"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(FILES[name].encode()))))
        reading = Reading(STANDARD, project())
        found = list(formats.read(reading, formats.find(name[2:])))

        assert [one.item.text[:3] for one in found] == ["one", "two"][: len(found)] and found


@pytest.mark.parametrize(
    ("found", "written"),
    [
        ("jsonl", '{"text": "one"}\n'),
        ("jsonl", '\ufeff{"text": "one"}\n'),
        ("jsonl", f'{{"text": "{"long " * 1000}"}}\n'),
        ("tsv", "\ufefftext\tlabel\n"),
        ("csv", "label,Text\n"),
        ("conll", "EU B-ORG\n"),
        ("text", "{laughs} one, two\n"),
    ],
)
def test_a_file_whose_name_says_nothing_is_recognised_by_its_first_line(tmp_path, found, written):
    (tmp_path / "file").write_text(f"\n{written}" if written[0] != "\ufeff" else written)

    assert recognition.recognise(tmp_path / "file").name == found


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "cp037"])
def test_it_is_recognised_in_its_encoding(tmp_path, encoding):
    (tmp_path / "file").write_text('{"text": "größe"}\n', encoding=encoding)

    assert recognition.recognise(tmp_path / "file", encoding).name == "jsonl"


@pytest.mark.parametrize("encoding", ["base64", "rot13", "utf-9", "idna"])
def test_an_encoding_that_makes_no_text_is_refused(tmp_path, encoding):
    (tmp_path / "file").write_text("one\n")

    with pytest.raises(InputError, match=f"{encoding}: no such encoding"):
        recognition.recognise(tmp_path / "file", encoding)


@pytest.mark.parametrize("name", ["x.jsonl", "x.json", "x.csv", "x.txt"])
@pytest.mark.parametrize("encoding", ["base64", "rot13", "utf-9", "idna", "undefined"])
def test_an_encoding_that_makes_no_text_is_refused_whatever_it_is_read_as(tmp_path, name, encoding):
    (tmp_path / name).write_text("[]\n")

    with pytest.raises(InputError, match=f"{encoding}: no such encoding"):
        records(tmp_path / name, encoding=encoding)


def test_standard_input_has_no_name_to_go_by():
    with pytest.raises(UsageError, match="name its format with --format"):
        recognition.recognise(STANDARD)


@pytest.mark.parametrize("form", ["jsonl", "csv", "tsv", "text", "conll", "doccano-csv"])
def test_memory_stays_flat(tmp_path, form):
    lines = {
        "jsonl": lambda n: json.dumps({"item": str(n), "text": f"text {n}"}) + "\n",
        "csv": lambda n: f"{n},text {n}\n",
        "doccano-csv": lambda n: f"{n},text {n}\n",
        "tsv": lambda n: f"{n}\ttext {n}\n",
        "text": lambda n: f"text {n % 100}\n",
        "conll": lambda n: f"text{n % 100}\tO\n\n",
    }[form]
    path = tmp_path / ("x.csv" if form == "doccano-csv" else "x")
    with path.open("w") as out:
        out.write({"csv": "id,text\n", "doccano-csv": "id,text\n", "tsv": "id\ttext\n"}.get(form, ""))
        out.writelines(lines(n) for n in range(ROWS))
    names = "name: n\ntasks: [{id: e, type: spans, labels: [a]}]\n"
    tracemalloc.start()
    count = sum(1 for _ in formats.read(Reading(path, project(names)), formats.find(form)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == ROWS
    # All of its records would take twice as much
    assert peak < 1_200_000


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_can_be_read_no_further_is_named(tmp_path, monkeypatch, name):
    class Torn(io.BytesIO):
        def read(self, *_):
            raise OSError(errno.EIO, "Input/output error")

        readinto = read

    (tmp_path / name).write_bytes(FILES[name].encode())
    found = recognition.recognise(tmp_path / name)
    monkeypatch.setattr(source, "opened", lambda _: Torn())
    with pytest.raises(InputError, match=rf"{name}: Input/output error"):
        list(formats.read(Reading(tmp_path / name, project()), found))

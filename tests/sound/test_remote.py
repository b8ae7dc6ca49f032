"""Sounds by URL, from servers that are there: they come whole or with a line of words, and are kept for the next time."""

from __future__ import annotations

import asyncio
import builtins
import errno
import getpass
import io
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from unittest.mock import Mock

import numpy as np
import pytest
import soundfile
from elsewhere import Elsewhere, elsewhere, impatient
from far import Far, needs_ssh, reached_by_ssh
from helpers import project, write_project

from tui_label import cli
from tui_label.core.item import Item, Sound
from tui_label.core.project import Listen
from tui_label.errors import InputError
from tui_label.sound import fetching, remote
from tui_label.sound.deck import Deck
from tui_label.sound.fetching import Unwanted
from tui_label.sound.media import fingerprint
from tui_label.sound.remote import AT_HAND, Cache

TURNS = "name: t\nitems: sound\ntasks: [{id: said, type: text}]\n"


def wav(seed: int = 0, seconds: float = 2.0) -> bytes:
    out = io.BytesIO()
    noise = np.random.default_rng(seed).standard_normal(round(seconds * 8000)) / 5
    soundfile.write(out, noise.astype(np.float32), 8000, format="WAV", subtype="PCM_16")
    return out.getvalue()


A, B = wav(0), wav(1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    with impatient(monkeypatch, tmp_path / "cache"):
        yield


@pytest.fixture
def server() -> Iterator[Elsewhere]:
    with elsewhere() as made:
        made.files |= {"/a.wav": A, "/b.wav": B}
        yield made


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "own")


def refused(cache: Cache, url: str, hash: str = "") -> str:
    with pytest.raises(InputError) as error:
        cache.fetch(url, hash)
    words = str(error.value)
    assert "\n" not in words and "Traceback" not in words
    assert not list(cache._folder.glob("*.partial"))
    return words.removeprefix(f"{url}: ").removeprefix(url)


# it comes, and stays


def test_a_file_is_fetched_once_and_named_after_its_content(cache, server):
    place = cache.fetch(f"{server.url}/a.wav")
    assert (place.read_bytes(), place.name) == (A, f"{fingerprint(place)}.wav")
    assert place == cache.place(f"{server.url}/a.wav", fingerprint(place))
    again = cache.fetch(f"{server.url}/a.wav")

    assert again == place
    assert [how for how, _ in server.asked] == ["HEAD", "GET", "HEAD"]


def test_what_is_there_with_the_right_bytes_needs_no_server(cache, server):
    url = f"{server.url}/a.wav"
    place = cache.fetch(url)
    server.close()

    assert cache.fetch(url, fingerprint(place)) == place


def test_a_changed_file_is_fetched_anew_and_is_not_the_one_that_was_added(cache, server):
    url = f"{server.url}/a.wav"
    first = cache.fetch(url)
    old = fingerprint(first)
    server.files["/a.wav"] = B
    assert cache.fetch(url).read_bytes() == B
    first.unlink()

    assert refused(cache, url, old) == " was changed after it was added: flag it, or add it again"


def test_redirects_are_followed(cache, server):
    server.how["/old.wav"] = "/a.wav"

    assert cache.fetch(f"{server.url}/old.wav").read_bytes() == A


def test_a_connection_that_breaks_off_is_tried_again(cache, server):
    server.how["/a.wav"] = ["cut", 503]

    assert cache.fetch(f"{server.url}/a.wav").read_bytes() == A


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (404, "is not there"),
        (410, "is not there"),
        (403, "no permission; a name and a password for it belong in ~/.netrc"),
        ("private", "no permission; a name and a password for it belong in ~/.netrc"),
        (500, "127.0.0.1 answers with status 500; try again later"),
        ("cut", "broke off on the way, three times; try again later"),
        ("silent", "127.0.0.1 said nothing for 1 seconds; try again later"),
    ],
)
def test_what_cannot_be_had_is_said_in_a_line(cache, server, how, words):
    server.how["/a.wav"] = how

    assert refused(cache, f"{server.url}/a.wav") == words


def test_a_server_that_is_not_there_and_names_that_are_none(cache, server):
    url = f"{server.url}/a.wav"
    server.close()
    assert refused(cache, url) == "127.0.0.1 can't be reached; is there a network?"
    assert refused(cache, "https://nobody.invalid/a.wav") == "nobody.invalid can't be reached; is there a network?"
    assert refused(cache, "gopher://x/a.wav").startswith("no way is known to gopher://; there are https, ")

    assert "has a password in it" in refused(cache, "https://ann:secret@x/a.wav")
    assert "secret" not in refused(cache, "https://ann:secret@x/a.wav")


def test_a_host_that_was_waited_for_in_vain_is_not_waited_for_once_more_by_each_of_its_files(cache, server):
    server.how["/a.wav"] = "silent"
    words = refused(cache, f"{server.url}/a.wav")
    asked = len(server.asked)

    assert refused(cache, f"{server.url}/b.wav") == words
    assert len(server.asked) == asked
    time.sleep(fetching.SILENCE_S)
    assert cache.fetch(f"{server.url}/b.wav").read_bytes() == B


def test_who_plays_a_sound_again_has_it_tried_again(cache, server, tmp_path):
    (tmp_path / "a").write_bytes(A)
    server.how["/a.wav"] = "silent"
    assert "said nothing" in refused(cache, f"{server.url}/a.wav", fingerprint(tmp_path / "a"))
    server.how.clear()

    assert cache.fetch(f"{server.url}/a.wav", fingerprint(tmp_path / "a")).read_bytes() == A


def test_google_is_not_asked_for_credentials_where_there_is_no_network(cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "gcsfs", ModuleType("gcsfs"))
    monkeypatch.setattr(fetching.socket, "getaddrinfo", Mock(side_effect=socket.gaierror(-3, "try again")))

    assert refused(cache, "gs://bucket/a.wav") == "bucket can't be reached; is there a network?"


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_a_certificate_that_is_not_trusted_is_no_network_that_is_not_there(cache, server, tmp_path):
    key, certificate = str(tmp_path / "key"), str(tmp_path / "certificate")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, *names]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.speak_tls(context)
    url = f"{server.url.replace('http://127.0.0.1', 'https://localhost')}/a.wav"

    assert refused(cache, url).startswith("localhost shows a certificate that is not trusted here (self")


def test_a_name_and_a_password_come_from_netrc(cache, server, monkeypatch, tmp_path):
    server.how["/a.wav"] = "private"
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ann password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    assert cache.fetch(f"{server.url}/a.wav").read_bytes() == A


@pytest.mark.parametrize(
    ("url", "library", "words"),
    [
        ("https://x/a.wav", "fsspec", "needs fsspec to be fetched: `pip install 'tui-label[media]'`"),
        ("https://x/a.wav", "aiohttp", "needs aiohttp to be fetched: `pip install 'tui-label[media]'`"),
        ("s3://x/a.wav", "s3fs", "needs s3fs to be fetched: `pip install s3fs`"),
        ("gs://x/a.wav", "gcsfs", "needs gcsfs to be fetched: `pip install gcsfs`"),
        ("sftp://x/a.wav", "paramiko", "needs paramiko to be fetched: `pip install paramiko`"),
    ],
)
def test_a_library_that_is_missing_is_named(cache, monkeypatch, url, library, words):
    real = builtins.__import__

    def without(name: str, *rest: object, **named: object) -> object:
        if name.partition(".")[0] == library:
            raise ModuleNotFoundError(f"No module named {library!r}", name=library)
        return real(name, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)

    assert refused(cache, url) == words


# the cache


def test_what_was_not_used_for_longest_goes_first(tmp_path, server):
    cache = Cache(tmp_path, most_bytes=8 * len(A))
    places = []
    for number in range(12):
        server.files[f"/{number}.wav"] = wav(number)
        places.append(cache.fetch(f"{server.url}/{number}.wav"))
        if number >= 2:
            cache.fetch(f"{server.url}/0.wav", fingerprint(places[0]))
        time.sleep(0.01)
    there = [number for number, place in enumerate(places) if place.exists()]

    assert there == [0, 5, 6, 7, 8, 9, 10, 11]


def test_the_files_at_hand_stay_however_large(tmp_path, server):
    cache = Cache(tmp_path, most_bytes=10)
    places = []
    for number in range(AT_HAND + 3):
        server.files[f"/{number}.wav"] = wav(number)
        places.append(cache.fetch(f"{server.url}/{number}.wav"))
        time.sleep(0.01)

    assert [place.exists() for place in places] == [False] * 2 + [True] * (AT_HAND + 1)


def test_two_processes_at_once_share_it(tmp_path, server):
    server.how |= {"/a.wav": "slow"}
    script = (
        "import sys; from pathlib import Path; from tui_label.sound.remote import Cache\n"
        "print(Cache(Path(sys.argv[1])).fetch(sys.argv[2]))"
    )
    command = [sys.executable, "-c", script, str(tmp_path), f"{server.url}/a.wav"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = {one.communicate(timeout=30)[0].strip() for one in both}
    (place,) = said

    assert Path(place).read_bytes() == A
    assert [one.name for one in (tmp_path / "media").iterdir()] == [Path(place).name]


@pytest.mark.skipif(not Path("/dev/full").exists() or os.getuid() != 0, reason="mounts a small file system: needs root")
def test_a_full_disk_and_a_folder_that_may_not_be_written_are_said(tmp_path, server):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(small)], check=False).returncode:
        pytest.skip("may not mount")
    try:
        words = refused(Cache(small), f"{server.url}/a.wav")
    finally:
        subprocess.run(["umount", str(small)], check=True)
    assert words == f"no space left for it in {small}/media; make some, or let XDG_CACHE_HOME name another folder"
    (tmp_path / "file").write_text("")

    assert "let XDG_CACHE_HOME name a folder that may be written" in refused(
        Cache(tmp_path / "file"), f"{server.url}/a.wav"
    )


def test_who_does_not_want_it_any_more_ends_it(cache, server):
    server.files["/a.wav"] = bytes(6 << 20)

    def tell(share: float) -> None:
        raise Unwanted

    with pytest.raises(Unwanted):
        cache.fetch(f"{server.url}/a.wav", "0" * 32, tell)

    assert list(cache._folder.iterdir()) == []


# other ways there


def test_files_of_this_machine_are_taken_where_they_lie(cache, tmp_path):
    (tmp_path / "a b.wav").write_bytes(A)

    assert cache.fetch(f"file://{tmp_path}/a%20b.wav") == tmp_path / "a b.wav"


def test_memory_is_a_way_too(cache):
    import fsspec

    fsspec.filesystem("memory").pipe("/clips/a.wav", A)

    assert cache.fetch("memory://clips/a.wav").read_bytes() == A
    assert refused(cache, "memory://clips/none.wav") == "is not there"
    assert refused(cache, "memory://clips") == "is a folder"


@pytest.fixture
def far(tmp_path, monkeypatch) -> Iterator[Far]:
    pytest.importorskip("paramiko")
    # It takes longer than the impatient wait where much goes on
    monkeypatch.setattr("tui_label.sound.sftp.SILENCE_S", 20.0)
    (tmp_path / "a.wav").write_bytes(A)
    with reached_by_ssh(tmp_path) as far:
        yield far


@needs_ssh
def test_sftp_goes_as_ssh_does(cache, tmp_path, far):
    url = f"sftp://far{tmp_path}/a.wav"
    assert refused(cache, url) == "far is not known yet: go there once by `sftp far`"
    (tmp_path / "hosts").rename(tmp_path / "known")
    assert cache.fetch(url).read_bytes() == A
    assert refused(cache, f"sftp://far{tmp_path}/none.wav") == "is not there"
    config = (tmp_path / "config").read_text()
    (tmp_path / "config").write_text(config.replace(f"{far.folder}/user", f"{far.folder}/host"))
    words = refused(cache, f"sftp://{getpass.getuser()}@far{tmp_path}/a.wav")
    assert words.startswith("no permission; keys and names come from ~/.ssh")


@needs_ssh
def test_an_sftp_server_that_says_nothing(cache, monkeypatch):
    monkeypatch.setattr("tui_label.sound.sftp.SILENCE_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        words = refused(cache, f"sftp://127.0.0.1:{silent.getsockname()[1]}/a.wav")

    assert words == "127.0.0.1 said nothing for 1 seconds; try again later"


@needs_ssh
def test_a_key_whose_path_has_a_blank_opens_sftp_as_it_opens_ssh(cache, tmp_path, far):
    (tmp_path / "hosts").rename(tmp_path / "known")
    key = tmp_path / "my key"
    key.write_bytes((far.folder / "user").read_bytes())
    key.chmod(0o600)
    config = (tmp_path / "config").read_text()
    (tmp_path / "config").write_text(config.replace(f"IdentityFile {far.folder}/user", f'IdentityFile "{key}"'))

    assert cache.fetch(f"sftp://far{tmp_path}/a.wav").read_bytes() == A


@needs_ssh
@pytest.mark.parametrize("way", ["ProxyJump far", "ProxyCommand ssh -W %h:%p far"])
def test_sftp_goes_through_another_host_as_ssh_does(cache, tmp_path, far, way, capfd):
    (tmp_path / "hosts").rename(tmp_path / "known")
    (tmp_path / "config").write_text(f"Include {tmp_path}/inside\n" + (tmp_path / "config").read_text())
    inside = (
        f"Host inside\n  HostName localhost\n  Port {far.port}\n  {way}\n  IdentityFile {far.folder}/user\n"
        f"  UserKnownHostsFile {tmp_path}/inner\n"
    )
    key = " ".join((far.folder / "host.pub").read_text().split()[:2])
    (tmp_path / "inner").write_text(f"[localhost]:{far.port} {key}\n")
    (tmp_path / "inside").write_text(inside.replace("far\n", "nowhere\n", 1))
    began = time.monotonic()
    assert (
        refused(cache, f"sftp://inside{tmp_path}/a.wav")
        == "inside can't be reached through another host: try `sftp inside`"
    )
    assert time.monotonic() - began < 15
    (tmp_path / "inside").write_text(inside)

    assert cache.fetch(f"sftp://inside{tmp_path}/a.wav").read_bytes() == A
    assert "Traceback" not in capfd.readouterr().err


def test_s3_from_a_server_that_speaks_it(cache, monkeypatch):
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ann")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr(fetching, "SILENCE_S", 20.0)
    try:
        import s3fs

        files = s3fs.S3FileSystem()
        files.mkdir("clips")
        files.pipe("clips/a.wav", A)
        assert cache.fetch("s3://clips/a.wav").read_bytes() == A
        assert refused(cache, "s3://clips/none.wav") == "is not there"
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        s3fs.S3FileSystem.clear_instance_cache()

        assert refused(cache, "s3://clips/none.wav").startswith("no permission; credentials come from where AWS")
    finally:
        server.stop()


# the commands


def manifest(folder: Path, *lines: object) -> Path:
    path = folder / "m.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return path


def test_add_takes_urls_and_export_writes_them_as_they_came(tmp_path, server, capsys):
    folder = write_project(tmp_path / "p", TURNS)
    url = f"{server.url}/a.wav?part=1"
    lines = [{"audio": url, "text": "hello"}, {"audio": url, "offset": 0.5, "duration": 1}]
    assert cli.main(["add", str(folder), str(manifest(tmp_path, *lines)), "--annotator", "ann"]) == 0
    assert [how for how, _ in server.asked] == ["HEAD", "GET", "HEAD"]
    for name in ("jsonl", "nemo", "csv", "labelstudio"):
        capsys.readouterr()
        assert cli.main(["export", str(folder), "--format", name]) == 0
        assert url in capsys.readouterr().out.replace("\\/", "/")
    assert cli.main(["export", str(folder), "--format", "kaldi", "-o", str(tmp_path / "k")]) == 0
    assert f"a {url}\n" in (tmp_path / "k" / "wav.scp").read_text()
    assert cli.main(["export", str(folder), "-o", str(tmp_path / "out.jsonl")]) == 0
    fresh = write_project(tmp_path / "q", TURNS)
    assert cli.main(["add", str(fresh), str(tmp_path / "out.jsonl")]) == 0
    server.files["/a.wav"] = B

    assert cli.main(["add", str(fresh), str(tmp_path / "out.jsonl")]) == 1
    assert "is not the file this line was written about" in capsys.readouterr().err


def test_add_names_the_line_whose_sound_cannot_be_had(tmp_path, server, capsys):
    folder = write_project(tmp_path / "p", TURNS)
    path = manifest(tmp_path, {"audio": f"{server.url}/a.wav"}, {"audio": f"{server.url}/none.wav?key=secret"})

    assert cli.main(["add", str(folder), str(path)]) == 1
    assert f"{path}:2: audio: {server.url}/none.wav: is not there" in capsys.readouterr().err


def test_the_commands_that_play_nothing_load_nothing_of_it():
    script = (
        "import sys; from tui_label import cli, formats; from tui_label.formats import tracks\n"
        "print([one for one in ('fsspec', 'aiohttp', 'soundfile', 'paramiko') if one in sys.modules])"
    )

    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "[]\n"


# the deck


class Silent:
    """A player that keeps what it was asked for."""

    def __init__(self) -> None:
        self.prepared: list[str] = []
        self.played: list[str] = []

    def prepare(self, clip, at=0.0) -> None:
        self.prepared.append(clip.path.name)

    def play(self, clip, at, manner) -> int:
        self.played.append(clip.path.name)
        return len(self.played)

    def pause(self) -> None: ...

    def wake(self) -> None: ...

    async def close(self) -> None: ...


def item(server: Elsewhere, name: str, data: bytes) -> Item:
    place = Path(remote.cache()._folder / name)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    hash = fingerprint(place)
    place.unlink()
    return Item(name, sound=Sound(f"{server.url}/{name}", 2.0, 0.0, 8000, 1, hash))


async def until(test, timeout: float = 5.0) -> None:
    end = time.monotonic() + timeout
    while not test():
        assert time.monotonic() < end, "never came true"
        await asyncio.sleep(0.005)


@pytest.fixture
async def deck(tmp_path):
    made = Deck(tmp_path, project(TURNS + "sound: {autoplay: true}\n").sound, lambda tell: Silent())  # type: ignore[arg-type, return-value]
    yield made
    await made.close()


async def test_a_sound_that_is_slow_to_come_holds_nothing_up_and_plays_when_it_is_there(deck, server):
    server.how["/a.wav"] = "slow"
    one, longest, words = item(server, "a.wav", A), 0.0, set()
    deck.on_change = lambda: words.add(deck.look.word)
    began = time.monotonic()
    deck.lay(one)
    deck.painted()
    assert time.monotonic() - began < 0.1
    assert deck.look.coming and deck.look.word.endswith("/a.wav is being fetched")
    while deck.look.coming:
        before = time.monotonic()
        await asyncio.sleep(0.001)
        longest = max(longest, time.monotonic() - before)
    await until(lambda: deck.look.peaks is not None)
    name = f"{one.sound.hash}.wav"

    assert longest < 0.3
    assert deck.look.word == "" and deck._player.prepared == [name] and deck._player.played == [name]
    assert any("% of it is here" in one for one in words)


async def test_the_next_sound_is_fetched_while_this_one_is_worked_on(deck, server):
    one, two = item(server, "a.wav", A), item(server, "b.wav", B)
    deck.lay(one)
    deck.ahead(two)
    await until(lambda: len(deck._player.prepared) == 2)
    server.close()
    deck.lay(two)

    assert not deck.look.coming and deck._playable


async def test_what_cannot_be_had_is_said_and_play_tries_again(deck, server):
    one = item(server, "a.wav", A)
    server.how["/a.wav"] = 404
    deck.lay(one)
    await until(lambda: deck.look.broken)
    assert deck.look.word == f"{server.url}/a.wav: is not there (play tries again)"
    del server.how["/a.wav"]
    deck.toggle()
    await until(lambda: deck._player.played)

    assert not deck.look.broken and deck.look.word == ""


async def test_a_sound_that_nobody_waits_for_any_more_is_not_fetched_to_its_end(deck, server, monkeypatch):
    server.how["/a.wav"] = "slow"
    deck.lay(item(server, "a.wav", A))
    await asyncio.sleep(0.15)
    deck.lay(item(server, "b.wav", B))
    await until(lambda: not deck._coming)
    await until(lambda: deck.look.peaks is not None)

    assert [one.name for one in remote.cache()._folder.glob("*.wav")] == [f"{deck._sound.hash}.wav"]


async def test_leaving_does_not_wait_for_a_download(tmp_path, server):
    server.how["/a.wav"] = "silent"
    before = {one for one in threading.enumerate() if not one.daemon}
    made = Deck(tmp_path, Listen(), lambda tell: Silent())  # type: ignore[arg-type, return-value]
    made.lay(item(server, "a.wav", A))
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await made.close()

    assert time.monotonic() - began < 0.2
    assert {one.name for one in threading.enumerate() if not one.daemon} - {one.name for one in before} == set()


def test_errors_of_the_disk_are_told_from_those_of_the_network(tmp_path):
    assert remote._at_home(OSError(errno.ENOSPC, "x"), tmp_path).startswith("no space left")
    assert remote._at_home(ConnectionResetError(errno.ECONNRESET, "x"), tmp_path) == ""

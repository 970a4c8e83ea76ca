"""Links: what is signed, for how long, and with which keys."""

import hashlib
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from places import JOB, NOW, OTHER_JOB, Clock
from pydantic import HttpUrl, SecretStr

from rigshot_storage import BadKey, Links, StorageSettings
from rigshot_storage.secret_keys import keyed_hash

OLD, NEW = "the-old-key-of-many-letters", "the-new-key-of-many-letters"


def links_with(*keys: str, clock: Clock | None = None, **settings: object) -> Links:
    values = {"link_keys": tuple(map(SecretStr, keys)), **settings}
    return Links(StorageSettings(**values), clock=clock or Clock())  # type: ignore[arg-type]


def verify(links: Links, url: str, path: str | None = None) -> str:
    parts = urlsplit(url)
    return links.verify(path or parts.path, dict(parse_qsl(parts.query)))


def test_a_link_is_good_until_its_time_is_over() -> None:
    clock = Clock()
    links = links_with(OLD, clock=clock, link_days=2)
    for url in (links.url(JOB, "turntable.gif"), links.viewer(JOB)):
        clock.now = NOW
        assert verify(links, url) == "good"
        clock.now = NOW + 2 * 86400 - 1
        assert verify(links, url) == "good"
        clock.now = NOW + 2 * 86400
        assert verify(links, url) == "expired"


def test_a_lifetime_may_be_given() -> None:
    clock = Clock()
    links = links_with(OLD, clock=clock)
    url = links.url(JOB, "glb", lifetime=60)
    clock.now += 61
    assert verify(links, url) == "expired"


def test_a_link_is_for_one_thing_only() -> None:
    links = links_with(OLD)
    url = links.url(JOB, "glb")
    assert verify(links, url, f"/f/{JOB}/fbx") == "bad"
    assert verify(links, url, f"/f/{OTHER_JOB}/glb") == "bad"
    assert verify(links, url, f"/m/{JOB}") == "bad"


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"e": "1800000001"},
        {"e": "9999999999", "s": "x"},
        {"e": "9999999999", "s": "貓" * 8},
        {"e": "-1", "s": "x"},
        {"e": "１８", "s": "x"},
        {"e": "1e9", "s": ""},
        {"e": "9" * 4000, "s": "x"},
    ],
)
def test_nonsense_is_bad(query: dict[str, str]) -> None:
    assert links_with(OLD).verify(f"/m/{JOB}", query) == "bad"


def test_every_changed_character_breaks_a_link() -> None:
    links = links_with(OLD)
    url = links.viewer(JOB)
    query = dict(parse_qsl(urlsplit(url).query))
    for name in ("e", "s"):
        for position, letter in enumerate(query[name]):
            changed = {**query, name: query[name][:position] + ("0" if letter != "0" else "1") + query[name][position + 1 :]}
            assert links.verify(f"/m/{JOB}", changed) == "bad"


def test_an_expired_link_with_a_wrong_signature_is_bad_not_expired() -> None:
    assert links_with(OLD).verify(f"/m/{JOB}", {"e": "1000000000", "s": "x" * 24}) == "bad"


def test_keys_rotate() -> None:
    before = links_with(OLD)
    during = links_with(NEW, OLD)
    after = links_with(NEW)
    old, new = before.viewer(JOB), during.viewer(JOB)
    assert verify(during, old) == "good"
    assert verify(during, new) == "good"
    assert verify(before, new) == "bad"
    assert verify(after, new) == "good"
    assert verify(after, old) == "bad"


def test_links_are_the_documented_hmac() -> None:
    """Another server, in another language, could verify them: this is the whole method."""
    import base64
    import hmac

    path, expires = f"/f/{JOB}/glb", 1_800_604_800
    digest = hmac.new(OLD.encode(), f"link\n{path}\n{expires}".encode(), hashlib.sha256).digest()[:18]
    assert links_with(OLD).sign(path, expires) == f"{path}?e={expires}&s={base64.urlsafe_b64encode(digest).decode()}"


def test_a_hash_for_one_purpose_is_none_for_another() -> None:
    assert keyed_hash(b"key", "link", "x") != keyed_hash(b"key", "owner", "x")


def test_public_links_keep_the_path_of_the_address(tmp_path: Path) -> None:
    links = links_with(OLD, public_url=HttpUrl("https://example.org/models/"))
    assert links.public
    assert links.viewer(JOB).startswith(f"https://example.org/models/m/{JOB}?e=")
    assert links.poster(JOB) == f"https://example.org/models/p/{JOB}.png"


@pytest.mark.parametrize("job", ["", "../../etc/passwd", JOB.upper(), JOB[:-1], JOB[:-1] + "u", JOB + "\n"])
def test_only_jobs_get_links(job: str) -> None:
    links = links_with(OLD)
    for make in (links.viewer, links.poster, lambda job: links.url(job, "glb")):
        with pytest.raises(BadKey):
            make(job)


@pytest.mark.parametrize("kind", ["", "../x", "GLB", "a/b", ".glb", "x" * 60])
def test_only_kinds_get_links(kind: str) -> None:
    with pytest.raises(BadKey):
        links_with(OLD).url(JOB, kind)

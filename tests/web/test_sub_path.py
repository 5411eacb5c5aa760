"""The page below a path of a reverse proxy: the real program, a proxy that leaves the path out and one that passes it on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from tests.support.browsing import WIDE, OpenPage, needs_chromium
from tests.support.proxy import behind_proxy
from tests.support.running import Running

pytestmark = pytest.mark.slow

ROOT_PATH = "/tools/photo-check"


@pytest.fixture(scope="module")
def running(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    arguments = ("--root-path", f"{ROOT_PATH}/", "--no-spare")
    with Running(tiny_weights, tmp_path_factory.mktemp("temp"), *arguments) as page:
        yield page


@pytest.mark.parametrize("strips", [True, False])
def test_the_page_its_files_and_a_check_work_below_a_path(running: Running, portrait: Path, strips: bool) -> None:
    with behind_proxy(urlsplit(running.url).port or 0, ROOT_PATH, strips=strips) as url:
        page = httpx.get(url, timeout=60)
        assert page.status_code == 200
        assert f'"root":"{url.rstrip("/")}"' in page.text.replace(" ", "")
        needed = [urljoin(url, each) for each in re.findall(r'(?:src|href)="([^"#]+\.(?:js|css))"', page.text)]
        assert needed
        assert {httpx.get(each, timeout=60).status_code for each in needed} == {200}
        direct, running.url = running.url, url
        try:
            report = running.check(portrait.read_bytes())
        finally:
            running.url = direct
    assert report["input"]["kind"] == "image"
    assert len(report["faces"]) == 1


def test_the_rules_hold_below_the_path_as_well(running: Running) -> None:
    for path in ("gradio_api/upload", f"{ROOT_PATH[1:]}/gradio_api/upload"):
        asked = HTTPConnection("127.0.0.1", urlsplit(running.url).port or 0, timeout=60)
        asked.request("POST", f"/{path}", headers={"content-length": str(1 << 30)})
        assert asked.getresponse().status == 413
        asked.close()
        assert httpx.get(running.url + path.replace("upload", "runs")).status_code == 404


@needs_chromium
def test_a_visitor_checks_a_photo_below_a_path(running: Running, portrait: Path, visit: OpenPage) -> None:
    with behind_proxy(urlsplit(running.url).port or 0, ROOT_PATH, strips=True) as url:
        seen = visit(url, WIDE)
        seen.choose(portrait)
        assert seen.check()
        assert seen.complaints == []

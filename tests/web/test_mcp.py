"""The tools for AI assistants, called as one would call them: through the protocol's own client, over loopback."""

from __future__ import annotations

import ast
import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest

import app
from detector.web.gate import surface
from detector.web.rules import Rules
from detector.web.uploads import Uploads
from tests.support import fakes
from tests.support.asynchronous import run
from tests.support.running import Running

pytest.importorskip("mcp", reason='the extra requirement is not installed: pip install "gradio[mcp]"')

from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[gr.Blocks]:
    with pytest.MonkeyPatch.context() as patch:
        uploads = str(tmp_path_factory.mktemp("uploads"))
        patch.setenv("GRADIO_TEMP_DIR", uploads)
        # Gradio reads the variable when this module is imported, which here another test may have done.
        patch.setattr("gradio.mcp.DEFAULT_TEMP_DIR", uploads)
        blocks = app.build_app(fakes.FakeDetector())
        options = app.launch_options() | {"mcp_server": True}
        blocks.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **options)
        try:
            yield blocks
        finally:
            blocks.close()


def ask(url: str, question: Callable[[ClientSession], Awaitable[Any]]) -> Any:
    async def session() -> Any:
        async with (
            streamable_http_client(f"{url}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as client,
        ):
            await client.initialize()
            return await question(client)

    return run(asyncio.wait_for(session(), 120))


def test_both_analyses_are_tools_and_nothing_else(served: gr.Blocks) -> None:
    tools = {tool.name: tool for tool in ask(str(served.local_url), lambda client: client.list_tools()).tools}
    assert set(tools) == {"analyze_image", "analyze_video"}
    assert "every face of one photo" in tools["analyze_image"].description
    assert "every person of one video" in tools["analyze_video"].description
    assert tools["analyze_image"].inputSchema["required"] == ["image"]
    assert "100 MB" in tools["analyze_image"].inputSchema["properties"]["image"]["description"]


def test_a_tool_gives_the_report(served: gr.Blocks) -> None:
    picture = base64.b64encode(fakes.jpeg(fakes.group_photo())).decode()
    asked = {"image": f"data:image/jpeg;base64,{picture}"}
    answer = ask(str(served.local_url), lambda client: client.call_tool("analyze_image", asked))
    assert not answer.isError
    report = ast.literal_eval(answer.content[0].text)
    assert (report["verdict"], report["p_fake"], len(report["faces"])) == ("strong_signs", 0.83, 3)
    assert report["error"] is None


def test_a_tool_call_is_one_check(tmp_path: Path) -> None:
    picture = base64.b64encode(fakes.jpeg(fakes.group_photo())).decode()
    asked = {"image": f"data:image/jpeg;base64,{picture}"}
    with pytest.MonkeyPatch.context() as patch, Uploads(300, root=tmp_path) as uploads:
        patch.setattr("gradio.mcp.DEFAULT_TEMP_DIR", str(uploads.folder / "uploads"))
        blocks = app.build_app(fakes.FakeDetector())
        options = app.launch_options() | {"mcp_server": True} | surface(Rules(checks_per_minute=2), uploads)
        blocks.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **options)
        try:
            url = str(blocks.local_url)
            for _ in range(2):
                assert not ask(url, lambda client: client.call_tool("analyze_image", asked)).isError
            with pytest.raises(BaseExceptionGroup, match="unhandled errors"):
                ask(url, lambda client: client.call_tool("analyze_image", asked))
        finally:
            blocks.close()


@pytest.mark.parametrize("where", ["path", "loopback"])
def test_a_tool_reads_no_file_and_no_address_of_this_computer(served: gr.Blocks, tmp_path: Path, where: str) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(fakes.jpeg(fakes.group_photo()))
    given = str(secret) if where == "path" else f"{served.local_url}gradio_api/info"
    answer = ask(str(served.local_url), lambda client: client.call_tool("analyze_image", {"image": given}))
    assert answer.isError
    assert "verdict" not in answer.content[0].text


@pytest.mark.slow
def test_a_tool_of_the_whole_program(clip_weights: Path, portrait: Path, tmp_path: Path) -> None:
    """As it is started by its users: behind the gate, and with the file read in the process that is bounded."""
    temp = tmp_path / "run"
    temp.mkdir()
    picture = base64.b64encode(portrait.read_bytes()).decode()
    with Running(clip_weights, temp, "--mcp") as running:
        url = f"data:image/png;base64,{picture}"
        answer = ask(running.url, lambda client: client.call_tool("analyze_image", {"image": url}))
        assert not answer.isError, answer.content
        report = ast.literal_eval(answer.content[0].text)
        assert (report["error"], report["input"]["format"], len(report["faces"])) == (None, "PNG", 1)
        assert running.worker() is not None
        junk = "data:image/jpeg;base64," + base64.b64encode(b"Dear diary").decode()
        answer = ask(running.url, lambda client: client.call_tool("analyze_image", {"image": junk}))
        assert "text file" in ast.literal_eval(answer.content[0].text)["error"]["message"]
        assert (
            httpx.post(f"{running.url}gradio_api/mcp/", headers={"origin": "https://evil.example"}).status_code == 403
        )

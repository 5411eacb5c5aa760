"""Server and clients of one federated training, each a process of its own on this machine, speaking gRPC over loopback."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from train.command_line import ROOT, UsageError

__all__ = ["APP", "run_federated"]

APP = Path(__file__).resolve().parent / "app"
_HOST = "127.0.0.1"
_START_S = 180
"""For the server's ports to open: a busy machine loads its libraries slowly."""


def run_federated(caches: Sequence[Path], settings: Mapping[str, str | int | float], out: Path, threads: int) -> int:
    """Start the server, a client for each cache and the run, and wait for its end.

    Args:
        caches: one for each client; only its own process is told where it lies.
        settings: of the run, as in ``app/pyproject.toml``; files and folders as absolute paths.
        out: folder for the result, for what each client sent (``client1.sent.jsonl``) and for the logs.
        threads: of the processor, for each client.

    Returns:
        The exit status of the run.

    Raises:
        UsageError: Flower is not installed, or the server did not start.
    """
    if importlib.util.find_spec("flwr") is None:
        raise UsageError("Flower is not installed; run: pip install -r requirements-federated.txt")
    out.mkdir(parents=True, exist_ok=True)
    home = out / "flower"
    home.mkdir(exist_ok=True)
    inner, fleet, control, *of_clients = _free_ports(3 + len(caches))
    (home / "config.toml").write_text(
        f'[superlink]\ndefault = "here"\n\n[superlink.here]\naddress = "{_HOST}:{control}"\ninsecure = true\n',
        encoding="utf-8",
    )
    environment = _environment(home)
    with ExitStack() as stack:
        stack.enter_context(_process(
            [_tool("flower-superlink"), "--insecure", "--serverappio-api-address", f"{_HOST}:{inner}",
             "--fleet-api-address", f"{_HOST}:{fleet}", "--control-api-address", f"{_HOST}:{control}"],
            out / "server.log", environment,
        ))  # fmt: skip
        for port in (fleet, control):
            _wait_for(port, out / "server.log")
        for number, (cache, port) in enumerate(zip(caches, of_clients, strict=True), start=1):
            own = {"cache": str(cache.resolve()), "log": str((out / f"client{number}.sent.jsonl").resolve())}
            config = " ".join([*(f'{key}="{value}"' for key, value in own.items()), f"threads={threads}"])
            stack.enter_context(_process(
                [_tool("flower-supernode"), "--insecure", "--superlink", f"{_HOST}:{fleet}", "--clientappio-api-address",
                 f"{_HOST}:{port}", "--node-config", config],
                out / f"client{number}.log", environment,
            ))  # fmt: skip
        given = {**settings, "out": str(out.resolve()), "clients": len(caches)}
        overrides = " ".join(f'{key}="{value}"' if isinstance(value, str) else f"{key}={value}"
                             for key, value in given.items())  # fmt: skip
        command = [_tool("flwr"), "run", str(APP), "here", "--stream", "--run-config", overrides]
        for old in (out / "federated.json", *out.glob("client*.sent.jsonl")):
            old.unlink(missing_ok=True)
        subprocess.run(command, env=environment, check=True, cwd=out)  # noqa: S603
    if not (out / "federated.json").exists():
        print(f"The run ended without a result; the logs in {out} say why.", file=sys.stderr)
        return 1
    print(*_table(out, len(caches)), sep="\n")
    return 0


def _table(out: Path, clients: int) -> list[str]:
    """The AUC of each model by source of the ``dev`` faces, and what each client sent."""
    rows = json.loads((out / "federated.json").read_text(encoding="utf-8"))
    lines = ["AUC on dev:"]
    lines += [
        f"  {row['model']}: " + ", ".join(f"{name} {value:.4f}" for name, value in row["dev"].items()) for row in rows
    ]
    for number in range(1, clients + 1):
        log = out / f"client{number}.sent.jsonl"
        sent = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        what = {f"{len(one['arrays'])} arrays of weights, {one['bytes']} bytes, and {one['numbers']}" for one in sent}
        lines.append(f"client {number} sent {len(sent)} times: {'; '.join(sorted(what))}")
    return lines


def _environment(home: Path) -> dict[str, str]:
    """Without Flower's telemetry, which is on by default; its apps and settings are kept in the run's folder."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    scripts = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    return {**os.environ, "FLWR_TELEMETRY_ENABLED": "0", "FLWR_HOME": str(home.resolve()), "PYTHONPATH": paths,
            "PATH": scripts, "TF_CPP_MIN_LOG_LEVEL": "2"}  # fmt: skip


def _tool(name: str) -> str:
    beside = Path(sysconfig.get_path("scripts")) / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise UsageError(f"{name} is not installed; run: pip install -r requirements-federated.txt")
    return found


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.socket()) for _ in range(count)]
        for listener in listeners:
            listener.bind((_HOST, 0))
        return [int(listener.getsockname()[1]) for listener in listeners]


@contextmanager
def _process(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """A process and its children, for the length of the block; what it prints goes to a file."""
    with open(log, "wb") as file:
        process = subprocess.Popen(  # noqa: S603
            command, stdout=file, stderr=subprocess.STDOUT, env=environment, cwd=log.parent, start_new_session=True
        )
    try:
        yield
    finally:
        # The group, since Flower starts processes of its own.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(port: int, log: Path) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        with socket.socket() as probe:
            probe.settimeout(1.0)
            if probe.connect_ex((_HOST, port)) == 0:
                return
        time.sleep(0.5)
    raise UsageError(f"Flower's server did not start within {_START_S} s; {log} says why.")

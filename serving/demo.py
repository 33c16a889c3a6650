"""The demo: the whole road on the simulated shop, by the commands that a user types."""

import http.client
import json
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final
from uuid import uuid4

import click

from features.errors import BundleError
from features.options import at_home
from training.bundle import Bundle, current

_LOOPBACK: Final = "127.0.0.1"
_PORT: Final = 3000
_READY_WITHIN_S: Final = 120
_REGULARS: Final = (20, 400)
"""Whose lists are shown: places in the order of how much they did."""


@click.command()
@click.option("--once", is_flag=True, help="End after the requests instead of serving on.")
@at_home
def demo(*, once: bool, home: Path) -> None:
    """Walk the whole road: simulate, ingest, train, promote, serve, ask."""
    at_home = ("--home", str(home))
    simulated = home / "simulated"
    _vitrine("simulate", "--out", str(simulated))
    kinds = ("events", "items", "users")
    files = [word for kind in kinds for word in (f"--{kind}", str(simulated / f"{kind}.parquet"))]
    _vitrine("ingest", *files, *at_home)
    _vitrine("train", *at_home)
    _vitrine("promote", "latest", *at_home)
    bundle = Bundle.open(current(home / "bundles"), verify=False)
    users, item = _somebody(bundle), bundle.items.id_of(int(bundle.recommender.trends.order[0]))
    for user_id in users:
        _vitrine("recommend", "--user", user_id, "--titles", *at_home)
    _vitrine("similar", "--item", item, "--titles", *at_home)
    picks = str(home / "picks.parquet")
    _vitrine("picks", "--placement", "weekly_email", "--all", "--out", picks, *at_home)
    key = _vitrine("keys", "create", "--name", "demo", "--scope", "storefront", *at_home)
    port = _free_port() if once else _PORT
    with _server(home, port) as server:
        _ask(port, key.split()[-1], users[0], item)
        _react(port, key.split()[-1], users[0], item)
        if not once:
            click.secho(f"\nServing on http://{_LOOPBACK}:{port} until Ctrl-C", bold=True)
            server.wait()


def _somebody(bundle: Bundle) -> list[str]:
    """Choose a keen customer and an occasional one."""
    by_activity = (-bundle.histories.lengths).argsort(kind="stable")
    return [bundle.users.id_of(int(by_activity[place])) for place in _REGULARS]


def _vitrine(*words: str) -> str:
    """Run a command in a process of its own, as a user would, and show what it prints."""
    click.secho(f"\n$ vitrine {shlex.join(words)}", bold=True)
    sys.stdout.flush()
    done = subprocess.run(_command(*words), stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 -- our own words
    click.echo(done.stdout, nl=False)
    if done.returncode:
        raise click.ClickException(f"vitrine {words[0]} ended with {done.returncode}; see above")
    return done.stdout


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "vitrine", *words]


@contextmanager
def _server(home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a real server process until the block ends."""
    words = ("serve", "--home", str(home), "--port", str(port))
    click.secho(f"\n$ vitrine {shlex.join(words)} &", bold=True)
    log = home / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(_command(*words), stdout=out, stderr=out)  # noqa: S603 -- our own words
    try:
        _wait_until_ready(server, port, log)
        yield server
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def _wait_until_ready(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = monotonic() + _READY_WITHIN_S
    while monotonic() < deadline and server.poll() is None:
        if _is_ready(port):
            return
        sleep(0.2)
    raise BundleError(f"the server did not get ready in {_READY_WITHIN_S} s; see {log}")


def _is_ready(port: int) -> bool:
    try:
        return _request(port, "GET", "/readyz")[0] == HTTPStatus.OK
    except OSError:
        return False


def _ask(port: int, key: str, user_id: str, item_id: str) -> None:
    """Ask as a storefront does, and print what it would show."""
    few = {"num_results": 5}
    southern = {"user_id": "never-seen", "context": {"country": "NZ"}, **few}
    visitor = {"anonymous_id": "somebody", "session_items": [item_id], **few}
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("a customer", "/v1/recommend", {"user_id": user_id, "explain": True, **few}),
        ("somebody new in New Zealand", "/v1/recommend", southern),
        ("a visitor who looks at one item", "/v1/recommend", visitor),
        ("what is similar to that item", "/v1/similar", {"item_id": item_id, **few}),
        ("an item that is not there", "/v1/similar", {"item_id": "no-such-item"}),
    ]
    for who, path, body in asked:
        click.secho(f"\n{who}: POST {path} {json.dumps(body)}", bold=True)
        _show(*_request(port, "POST", path, body=body, key=key))


def _react(port: int, key: str, user_id: str, item_id: str) -> None:
    """Do what shoppers do, and print how the next list differs."""
    stranger = {"anonymous_id": "somebody-new"}
    _before_and_after(port, key, stranger, {"event_type": "view", "item_id": item_id})
    customer = {"user_id": user_id}
    (first, *_) = _listed(port, key, customer)
    _before_and_after(port, key, customer, {"event_type": "purchase", "item_id": first["item_id"]})


def _before_and_after(port: int, key: str, who: dict[str, str], event: dict[str, str]) -> None:
    before = _listed(port, key, who)
    posted = {"event_id": uuid4().hex, **who, **event}
    click.secho(f"\nPOST /v1/events {json.dumps({'events': [posted]})}", bold=True)
    status, answer = _request(port, "POST", "/v1/events", body={"events": [posted]}, key=key)
    click.echo(f"  HTTP {status} {json.dumps(answer)}")
    after = _listed(port, key, who)
    known = {item["item_id"] for item in before}
    click.echo(f"  {'the list before':<44} {'and right after':<44}")
    for old, new in zip(before, after, strict=False):
        mark = " " if new["item_id"] in known else "+"
        click.echo(f"  {_title(old):<44.44} {mark} {_title(new):<42.42} {new['source']}")


def _listed(port: int, key: str, who: dict[str, str]) -> list[dict[str, Any]]:
    body = {**who, "num_results": 6}
    _, answer = _request(port, "POST", "/v1/recommend", body=body, key=key)
    items: list[dict[str, Any]] = answer["items"]
    return items


def _title(item: dict[str, Any]) -> str:
    return str(item["properties"].get("title", item["item_id"]))


def _request(
    port: int, method: str, path: str, *, body: object = None, key: str = ""
) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(_LOOPBACK, port, timeout=10)
    try:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        connection.request(method, path, json.dumps(body).encode() if body else None, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def _show(status: int, answer: dict[str, Any]) -> None:
    click.echo(f"  HTTP {status}")
    if "error" in answer:
        click.echo(f"  {answer['error']['code']}: {answer['error']['message']}")
        return
    for item in answer["items"]:
        shown = item["properties"]
        title, price = shown.get("title", item["item_id"]), shown.get("price", 0)
        why = ", ".join(f"{one['type']} {one.get('item_id', '')}" for one in item["reasons"][:1])
        click.echo(f"  {item['rank']:>2}  {title:<52.52} {price:>8.2f}  {item['source']:<14} {why}")
    told = [f"{one['code']}: {one['message']}" for one in answer["warnings"]]
    click.echo("\n".join(f"  note  {one}" for one in told), nl=bool(told))
    click.echo(f"  requested {answer['requested']}, returned {answer['returned']}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])

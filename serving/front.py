"""The front of the house: every request comes in and every reply goes out through here.

It owns what all routes share: request ids, keys, limits of bodies, the one shape of errors, the
access log and the metrics. It answers the endpoints itself, which docs/decisions/0002 explains,
and leaves the rest to BentoML.
"""

from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import Final

import orjson

from serving import logs, request_ids
from serving.auth import Scope
from serving.bodies import Message, Receive, parse_body, read_body
from serving.docs import describe
from serving.endpoints import ENDPOINTS, Endpoint
from serving.errors import InternalError, MethodNotAllowed
from serving.house import House
from serving.passing import PASSED, Passed, unknown_route
from serving.replies import Reply, error_reply, or_error
from serving.telemetry import METRICS_TYPE
from serving.visits import Send, Visit

Asgi = Callable[[Message, Receive, Send], Awaitable[None]]

_READ: Final = ("GET", "HEAD")
_AUTHORIZATION: Final = b"authorization"


class Front:
    """ASGI middleware that stands before BentoML's routes.

    Parameters
    ----------
    app : ASGI application
        BentoML's routes.
    house : House
        What this worker holds.
    answered : frozenset of str
        The endpoints that are answered here; the others are left to BentoML.
    """

    def __init__(
        self, app: Asgi, *, house: House, answered: frozenset[str] = frozenset(ENDPOINTS)
    ) -> None:
        self._app = app
        self._house = house
        self._answered = answered
        self._pages = {
            "/readyz": self._readyz,
            "/metrics": self._metrics,
            "/docs.json": self._docs,
        }
        self._routes = frozenset(ENDPOINTS) | PASSED | frozenset(self._pages)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request; what is not HTTP (start-up, shut-down) passes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = Visit(scope, receive, send)
        request_ids.CURRENT.set(visit.request_id)
        try:
            if self._is_passed(visit.path):
                await self._pass_on(scope, visit)
            else:
                reply = await or_error(self._reply(visit), request_id=visit.request_id)
                await visit.reply(reply)
        finally:
            route = visit.path if visit.path in self._routes else "other"
            self._house.ledger.add(visit, route=route)

    def _is_passed(self, path: str) -> bool:
        return path in PASSED or (path in ENDPOINTS and path not in self._answered)

    async def _pass_on(self, scope: Message, visit: Visit) -> None:
        try:
            await self._app(scope, visit.receive, Passed(visit))
        except Exception as error:  # noqa: BLE001 -- BentoML would tell it in a shape of its own
            logs.failure("internal_error", error, request_id=visit.request_id)
            if visit.status is None:
                await visit.reply(error_reply(InternalError(), request_id=visit.request_id))

    async def _reply(self, visit: Visit) -> Reply:
        if visit.path in self._answered:
            return await self._answer(visit, ENDPOINTS[visit.path])
        if visit.path not in self._pages:
            raise unknown_route()
        if visit.method not in _READ:
            raise MethodNotAllowed(*_READ)
        return self._pages[visit.path](visit)

    async def _answer(self, visit: Visit, endpoint: Endpoint) -> Reply:
        if visit.method != endpoint.method:
            raise MethodNotAllowed(endpoint.method)
        key = self._house.admit(visit.headers.get(_AUTHORIZATION), endpoint.scope)
        visit.key = None if key is None else key.name
        declared = visit.headers.get(b"content-length")
        body = await read_body(visit.receive, largest=endpoint.largest_body, declared=declared)
        request = parse_body(body, endpoint.takes)
        self._house.check_purposes(key, request)
        return await endpoint.respond(self._house.desk, request)

    def _readyz(self, visit: Visit) -> Reply:  # noqa: ARG002 -- a page may look at who asks
        bundle = self._house.live.ready().bundle
        manifest = bundle.manifest
        return Reply(
            orjson.dumps(
                {
                    "status": "ok",
                    "model_version": manifest.bundle_id,
                    "as_of": manifest.as_of,
                    "n_items": manifest.n_items,
                    "n_users": manifest.n_users,
                    "store": "ok" if self._house.reach.is_up else "away",
                }
            )
        )

    def _metrics(self, visit: Visit) -> Reply:
        key = self._house.admit(visit.headers.get(_AUTHORIZATION), Scope.ADMIN)
        visit.key = None if key is None else key.name
        return Reply(self._house.telemetry.render(), media_type=METRICS_TYPE)

    def _docs(self, visit: Visit) -> Reply:  # noqa: ARG002 -- a page may look at who asks
        return Reply(self._description)

    @cached_property
    def _description(self) -> bytes:
        return orjson.dumps(describe(ENDPOINTS.values()))

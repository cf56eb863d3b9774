"""A signed webhook: at least once, the critical first, else in order, with a receipt of every attempt.

A receiver that is away stops only its own queue. Redirects are not followed: a signed alarm goes where the
engineer said, and nowhere else.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path

import httpx

from alerts.journal import Line
from alerts.notifiers.cloudevent import CONTENT_TYPE, event
from alerts.notifiers.signature import key, sign
from alerts.outbox import Message, Outbox, Receipt
from alerts.routing import Route, wants
from plant.clock import SECOND, Clock
from plant.errors import FixError, Unavailable
from plant.service import Backoff, Outage

_LOG = logging.getLogger(__name__)
_ANSWER = 512
"""Bytes of an answer that are read."""
_LONGEST_PAUSE = 300.0
"""Longest wait between attempts of our own choice [s]: people wait for alarms."""
_LONGEST_RETRY_AFTER = 3600.0
_IMPOSSIBLE = frozenset({413, 415, 422})
"""Answers about this very message: the same again would fail again."""
_BAD_REQUEST = 400
_TRIES = 5
"""Attempts before a 400 counts as impossible: many receivers say it for a wrong signature or clock too."""


class Transport(StrEnum):
    """How the receiver is reached."""

    HTTPS = "https"
    PLAIN = "plain"
    """Unencrypted: for a closed test bench only."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook goes."""

    url: str
    secret: str = field(repr=False)
    """``whsec_`` and base64."""
    transport: Transport = Transport.HTTPS
    timeout: float = 15.0
    """For a whole attempt [s]."""
    authority: Path | None = None
    """PEM file of the authority that signed the receiver's certificate; None trusts the public ones."""


class Webhook:
    """One receiver. Fill it with ``offer``; ``run`` delivers until it is cancelled."""

    def __init__(
        self,
        plant: str,
        target: Target,
        outbox: Outbox,
        route: Route,
        clock: Clock,
        *,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Compose.

        Args:
            plant: plant id, for the event's source.
            target: where to post, and the secret.
            outbox: kept open by the caller; belongs to this receiver alone.
            route: what it wants to hear.
            clock: the real clock: receivers refuse time stamps more than minutes away [ns UTC].
            backoff: waits between attempts; 5 s doubling to 5 min, with jitter.
            sleep: how to wait [s].

        Raises:
            FixError: the address, the secret or the authority's file is wrong.
        """
        self._plant, self._url, self._key = plant, _address(target, route.target), key(target.secret)
        self._trust = _trust(target, route.target)
        self.outbox, self.route, self._clock = outbox, route, clock
        self._timeout, self._sleep = target.timeout, sleep
        self._backoff = Backoff(5.0, _LONGEST_PAUSE) if backoff is None else backoff
        self._outage = Outage(f"webhook {route.target}", _LOG)
        self._news = asyncio.Event()
        self._tried = ("", 0)
        self.gone = False
        """The receiver answered 410: nothing more is sent until a restart."""
        self.refused = 0
        """Messages that the receiver will never take: put aside, their receipts say why."""

    @property
    def name(self) -> str:
        """The receiver's name."""
        return self.route.target

    @property
    def cursor(self) -> int:
        """Number of the last journal line taken in."""
        return self.outbox.cursor

    def offer(self, lines: list[Line]) -> None:
        """Take in journal lines; those that the route does not want are skipped.

        Raises:
            Unavailable: the outbox cannot be written now; offer the same lines again.
        """
        messages = [event(self._plant, line) for line in lines if wants(self.route, line.entry)]
        self.outbox.put(messages, lines[-1].seq)
        if messages:
            self._news.set()

    async def run(self) -> None:
        """Deliver one message after the other; one that is not accepted now is tried again."""
        async with httpx.AsyncClient(
            follow_redirects=False, timeout=self._timeout, trust_env=False, verify=self._trust
        ) as client:
            while not self.gone:
                self._news.clear()
                try:
                    message = self.outbox.next()
                    wait = None if message is None else await self._deliver(client, message)
                except Unavailable as error:
                    self._outage.failed(error)
                    message, wait = None, self._backoff.next()
                if wait is not None:
                    await self._sleep(wait)
                elif message is None:
                    await self._news.wait()

    async def _deliver(self, client: httpx.AsyncClient, message: Message) -> float | None:
        """One attempt; the time to wait before the next [s], None when there is nothing to wait for."""
        receipt, after = await self._attempt(client, message)
        status = receipt.status
        tries = 1 + (self._tried[1] if self._tried[0] == message.id else 0)
        self._tried = (message.id, tries)
        accepted = status is not None and HTTPStatus(200) <= status < HTTPStatus.MULTIPLE_CHOICES
        refused = status in _IMPOSSIBLE or (status == _BAD_REQUEST and tries >= _TRIES)
        self.gone = status == HTTPStatus.GONE
        self.outbox.record(receipt, done=accepted or refused)
        if not (accepted or refused):
            self._outage.failed(f"{status}: {receipt.text[:100]}")
            return max(after, self._backoff.next())
        if refused:
            self.refused += 1
            _LOG.error("webhook %s will not take message %s: answer %s", self.name, message.id, status)
        self._outage.over()
        self._backoff.reset()
        return None

    async def _attempt(self, client: httpx.AsyncClient, message: Message) -> tuple[Receipt, float]:
        now = self._clock()
        headers = {
            "content-type": CONTENT_TYPE,
            "webhook-id": message.id,
            "webhook-timestamp": str(now // SECOND),
            "webhook-signature": sign(self._key, message.id, now // SECOND, message.body),
        }
        try:
            # httpx bounds each read; the whole attempt needs a bound of its own against a trickling answer.
            async with (
                asyncio.timeout(self._timeout),
                client.stream("POST", self._url, content=message.body, headers=headers) as answer,
            ):
                text = await _start(answer)
                return Receipt(message.id, now, answer.status_code, text), _retry_after(answer)
        except (httpx.HTTPError, TimeoutError) as error:
            return Receipt(message.id, now, None, f"{type(error).__name__}: {error}"), 0.0


def _address(target: Target, name: str) -> httpx.URL:
    allowed = {"https"} if target.transport is Transport.HTTPS else {"https", "http"}
    try:
        url = httpx.URL(target.url)
    except (httpx.InvalidURL, ValueError) as error:
        raise FixError(f"webhook {name}: the address cannot be read: {error}") from None
    if url.scheme not in allowed or not url.host or url.userinfo:
        raise FixError(f"webhook {name}: the address must be https://host/… without a user name")
    return url


def _trust(target: Target, name: str) -> ssl.SSLContext:
    if target.authority is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=target.authority)
    except OSError as error:
        raise FixError(f"webhook {name}: {target.authority} is no PEM file of an authority: {error}") from error


async def _start(answer: httpx.Response) -> str:
    found = b""
    async for part in answer.aiter_raw(_ANSWER):
        found += part
        if len(found) >= _ANSWER:
            break
    return found[:_ANSWER].decode("utf-8", "replace")


def _retry_after(answer: httpx.Response) -> float:
    text = answer.headers.get("retry-after", "")
    return min(float(text), _LONGEST_RETRY_AFTER) if text.isascii() and text.isdigit() else 0.0

"""HTTP with patience: what is worth another try is tried again, what is not is a typed error."""

import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from modelferry.codes import error_class
from modelferry.errors import BadAnswer, Misuse, ModelferryError, Passing, Unreachable

DEFAULT_URL: Final = "http://127.0.0.1:8080"
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
TENANT: Final = re.compile("[A-Za-z0-9_-]{1,64}")
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 10.0
PASSING: Final = frozenset({429, 502, 503, 504, 507})
REFUSED_UNDONE: Final = frozenset({429, 503, 507})
NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

Send = Callable[[], httpx.Response]


class Transport:
    """One service, one tenant, one pool of connections.

    Args:
        url: address of the service; MODELFERRY_URL, then http://127.0.0.1:8080, by default.
        tenant: MODELFERRY_TENANT, then `default`, by default.
        patience: seconds for which one request is tried again while the service is away. A
            service that never answered is not waited for: its address is probably wrong.

    Raises:
        Misuse: no service can have that address, or no tenant that name.
    """

    def __init__(
        self, url: str | None = None, *, tenant: str | None = None, patience: float = 30.0
    ) -> None:
        self.url = (url or os.environ.get("MODELFERRY_URL") or DEFAULT_URL).rstrip("/")
        self.tenant = tenant or os.environ.get("MODELFERRY_TENANT") or "default"
        self.patience = patience
        self._met = False
        if not self.url.startswith(("http://", "https://")):
            raise Misuse(
                f"{self.url!r} is no address of a service. Write it as http://HOST:PORT.",
                field="url",
            )
        if not TENANT.fullmatch(self.tenant):
            raise Misuse(
                f"{self.tenant!r} is no tenant: 1 to 64 letters, digits, '_' or '-'.",
                field="tenant",
            )
        try:
            self._http = httpx.Client(
                base_url=self.url,
                headers={
                    "X-Modelferry-Tenant": self.tenant,
                    "Accept": "application/json",
                    "User-Agent": "modelferry-python",
                },
                timeout=httpx.Timeout(60.0, connect=10.0),
                trust_env=urlsplit(self.url).hostname not in LOOPBACK,
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise Misuse(f"{self.url!r} is no address: {error}.", field="url") from None

    def close(self) -> None:
        self._http.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        content: Callable[[], Iterator[bytes]] | None = None,
        repeatable: bool = True,
        patience: float | None = None,
    ) -> httpx.Response:
        """The answer, read, of a request that the service took.

        Args:
            content: makes the body's chunks, anew for each try.
            repeatable: doing it twice is as good as once. Where it is not, a request that may
                have arrived is not sent again.

        Raises:
            ModelferryError: by the problem's code.
            Unreachable: no answer within the patience.
        """
        given = {name: value for name, value in (params or {}).items() if value is not None}

        def send() -> httpx.Response:
            return self._http.request(
                method,
                path,
                params=given,
                json=json,
                headers=headers,
                content=content() if content else None,
            )

        return self.patiently(
            lambda: self._taken(send()), repeatable=repeatable, patience=patience
        )

    def once(
        self, method: str, path: str, *, headers: Mapping[str, str], content: Iterator[bytes]
    ) -> httpx.Response:
        """One try, for a caller that looks at what arrived before the next one.

        Raises:
            ModelferryError: by the problem's code.
            httpx.TransportError: the connection broke.
        """
        return self._taken(self._http.request(method, path, headers=headers, content=content))

    def get(self, path: str, **params: Any) -> Any:
        """The JSON at that path."""
        return body(self.ask("GET", path, params=params))

    @contextmanager
    def stream(
        self, path: str, headers: Mapping[str, str], *, redirects: bool = False
    ) -> Iterator[httpx.Response]:
        """An open answer, not read yet. Not tried again: the caller knows where it was.

        Raises:
            ModelferryError: by the problem's code; Unreachable when the connection breaks.
        """
        try:
            with self._http.stream(
                "GET", path, headers=headers, follow_redirects=redirects
            ) as response:
                if not response.is_success:
                    response.read()
                yield self._taken(response)
        except httpx.TransportError as error:
            raise self.unreachable(error) from error

    def patiently(
        self,
        attempt: Send,
        *,
        repeatable: bool = True,
        patience: float | None = None,
    ) -> httpx.Response:
        """Repeat an attempt while time may mend what is wrong with it."""
        ends = time.monotonic() + (self.patience if patience is None else patience)
        tries = 0
        while True:
            try:
                return attempt()
            except httpx.TransportError as error:
                again = self._met and (repeatable or isinstance(error, NOT_SENT))
                trouble: ModelferryError = self.unreachable(error)
                cause: Exception = error
            except Passing as error:
                again = repeatable or error.status in REFUSED_UNDONE
                trouble = cause = error
            pause = self.pause(tries, trouble)
            if not again or time.monotonic() + pause > ends:
                raise trouble from (None if cause is trouble else cause)
            time.sleep(pause)
            tries += 1

    def pause(self, tries: int, trouble: ModelferryError) -> float:
        """Seconds before the next try: what the service asked for, or twice as long each time."""
        if trouble.retry_after is not None:
            return trouble.retry_after
        # Jitter, so that many clients of one service do not all come back at one moment.
        jitter = random.uniform(0.8, 1.2)  # noqa: S311 - no secret
        return jitter * min(FIRST_PAUSE * 2.0**tries, LONGEST_PAUSE)

    def unreachable(self, error: httpx.TransportError) -> Unreachable:
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, NOT_SENT):
            return Unreachable(f"{self.url} did not answer in time. Try again later.")
        if self._met and not isinstance(error, NOT_SENT):
            return Unreachable(f"The connection to {self.url} broke ({error}). Try again.")
        return Unreachable(
            f"Nothing answers at {self.url} ({error}). Start a service with `modelferry up`, or"
            " give another address with --url or MODELFERRY_URL."
        )

    def _taken(self, response: httpx.Response) -> httpx.Response:
        self._met = True
        if response.is_success:
            return response
        raise problem(response)


def body(response: httpx.Response) -> Any:
    """The JSON of an answer.

    Raises:
        BadAnswer: it is none.
    """
    try:
        return response.json()
    except ValueError:
        raise BadAnswer(
            f"{response.url} answered with no JSON. Is it the address of a Modelferry service?",
            status=response.status_code,
        ) from None


def problem(response: httpx.Response) -> ModelferryError:
    """The error that an answer (read) tells of, by its code or, without one, by its status."""
    try:
        told = response.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        told = {}
    status = response.status_code
    band = str(told.get("band") or _band(response))
    code = told.get("code")
    kind = error_class(str(code), band)
    wait = response.headers.get("Retry-After", "")
    return kind(
        str(told.get("detail") or told.get("title") or _bare(response)),
        code=code,
        field=told.get("field"),
        node=told.get("node"),
        operator=told.get("operator"),
        status=status,
        request_id=told.get("request_id") or response.headers.get("X-Request-Id"),
        retry_after=float(wait) if wait.isdecimal() else None,
    )


def _band(response: httpx.Response) -> str:
    if response.status_code in PASSING:
        return "passing"
    return "ours" if response.is_server_error else "yours"


def _bare(response: httpx.Response) -> str:
    return f"{response.url} answered {response.status_code} {response.reason_phrase}."

"""A running intake, for an operator's commands: signed in, patient where it is not ready, problems in one sentence."""

import time
from typing import Any

from deploy.trouble import Trouble

TRIES = 6
SECONDS = 120.0  # that one answer may take

NOT_CONNECTED = (
    "{url} is not in demo mode, and no identity provider is connected yet, so this command can't sign in there:"
    " use it on a service started with `motcua demo`."
)
SILENT = (
    "Intake does not answer at {url} ({reason}): start it, or name another with --url, and run the same command again;"
    " nothing is done twice."
)


class Refused(Exception):
    """A problem answer (RFC 9457): its status and its body."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail", status)))
        self.status, self.problem = status, problem

    def trouble(self) -> Trouble:
        """One sentence for a command that can't go on."""
        parts = [str(self.problem.get("detail", f"intake answered {self.status}")), self.problem.get("instead", "")]
        parts += [f"{each['where']}: {each['what']}." for each in self.problem.get("errors", ())[:5]]
        return Trouble(" ".join(part for part in parts if part))


class Intake:
    """Use as a context manager. `wait` is the first pause between tries, in seconds."""

    def __init__(self, url: str, *, wait: float = 0.3) -> None:
        import httpx2  # noqa: PLC0415 - slow to import, and --help does not need it

        self.url = url.rstrip("/")
        self._wait = wait
        self._silent = (httpx2.TransportError,)
        self._client = httpx2.Client(timeout=SECONDS, headers={"accept-language": "en"})

    def __enter__(self) -> "Intake":
        answer = self._send("POST", "/demo/login/operator", None)
        if answer.status_code == 404:
            raise Trouble(NOT_CONNECTED.format(url=self.url))
        self._client.headers["authorization"] = f"Bearer {self._read(answer)['token']}"
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def post(self, path: str, body: Any = None) -> Any:
        """Raises Refused; Trouble where nobody answers."""
        return self._read(self._send("POST", path, body))

    def get(self, path: str) -> Any:
        return self._read(self._send("GET", path, None))

    def _send(self, method: str, path: str, body: Any) -> Any:
        """What is sent again must be harmless twice; all that these commands send is."""
        reason = ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(self._wait * 2**attempt)
            try:
                answer = self._client.request(method, self.url + path, json=body)
            except self._silent as error:
                reason = str(error) or type(error).__name__
                continue
            if answer.status_code != 503:
                return answer
            reason = "it says that it is not ready"
        raise Trouble(SILENT.format(url=self.url, reason=reason))

    def _read(self, answer: Any) -> Any:
        try:
            found = answer.json()
        except ValueError:
            raise Trouble(
                f"What answers at {self.url} is not Motcua's intake (no JSON in its answer): check --url."
            ) from None
        if answer.status_code >= 300:
            raise Refused(answer.status_code, found)
        return found

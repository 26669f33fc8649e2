"""A headless Chromium that is told what to do by its own protocol, over a pipe.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)


@dataclass
class Page:
    """A tab, and the errors that its console has shown since it was asked last."""

    told: IO[bytes]
    heard: IO[bytes]
    session: str = ""
    errors: list[str] = field(default_factory=list)
    calls: int = 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What a method of the protocol answers."""
        self.calls += 1
        message: dict[str, Any] = {"id": self.calls, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.told.write(json.dumps(message).encode() + b"\0")
        self.told.flush()
        while (answer := self._next()).get("id") != self.calls:
            pass
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, address: str, width: int) -> None:
        """Go to an address, with a window so wide, and wait until all of it is loaded."""
        size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call("Page.navigate", url=address)
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def value(self, expression: str) -> Any:
        """What a JavaScript expression comes to; a promise is waited for."""
        options = {"returnByValue": True, "awaitPromise": True}
        return self.call("Runtime.evaluate", expression=expression, **options)["result"].get(
            "value"
        )

    def _next(self) -> dict[str, Any]:
        raw = bytearray()
        while (byte := self.heard.read(1)) != b"\0":
            assert byte, "Chromium has ended"
            raw += byte
        message: dict[str, Any] = json.loads(raw)
        told = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                self.errors.append(str(told["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if told["type"] == "error":
                self.errors.append(str(told["args"]))
            case "Log.entryAdded" if told["entry"]["level"] == "error":
                self.errors.append(f"{told['entry']['text']} {told['entry'].get('url')}")
        return message


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """A tab of a Chromium whose profile is in an empty folder."""
    assert CHROMIUM, "there is no Chromium on PATH"
    (its_input, told), (heard, its_output) = os.pipe(), os.pipe()
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
    words = [CHROMIUM, *options, f"--user-data-dir={profile}", "about:blank"]
    shell = ["bash", "-c", f'exec "$0" "$@" 3<&{its_input} 4>&{its_output}', *words]
    started = subprocess.Popen(
        shell,
        pass_fds=(its_input, its_output),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(its_input)
    os.close(its_output)
    with os.fdopen(told, "wb") as writing, os.fdopen(heard, "rb") as reading:
        try:
            page = Page(writing, reading)
            target = page.call("Target.createTarget", url="about:blank")["targetId"]
            attached = page.call("Target.attachToTarget", targetId=target, flatten=True)
            page.session = attached["sessionId"]
            for domain in ("Page", "Runtime", "Log"):
                page.call(f"{domain}.enable")
            yield page
        finally:
            started.terminate()
            started.wait()

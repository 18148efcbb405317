# SPDX-License-Identifier: Apache-2.0
"""A real Chromium without a screen, driven through its pipe of the DevTools
protocol (chromedevtools.github.io/devtools-protocol): JSON messages that end in
a NUL, over descriptors 3 and 4."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time

from rig import PATIENCE, Failed, Skipped, until

OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage")


class Browser:
    """One browser with one page."""

    def __init__(self, rig):
        if shutil.which("chromium") is None:
            raise Skipped("there is no chromium")
        to, self.tell = os.pipe()
        self.hear, back = os.pipe()
        # Out of the way of 3 and 4, which they become in the browser.
        ends = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (to, back)]
        profile = rig.path("chromium")
        with open(rig.path("chromium.log"), "wb") as log:
            self.process = subprocess.Popen(
                ["chromium", *OPTIONS, f"--user-data-dir={profile}", "about:blank"], pass_fds=(3, 4),
                preexec_fn=lambda: [os.dup2(fd, i) for i, fd in enumerate(ends, 3)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "HOME": rig.path("")})
        for fd in (to, back, *ends):
            os.close(fd)
        self.text, self.number, self.session = b"", 0, None
        self.failures = []  # what the page threw, or its console called an error
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        os.close(self.tell)  # the end of the pipe is the end of the browser
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.hear)

    def read(self, deadline):
        while b"\0" not in self.text:
            if not select.select([self.hear], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Failed("the browser is silent")
            octets = os.read(self.hear, 1 << 16)
            if not octets:
                raise Failed("the browser has ended")
            self.text += octets
        message, self.text = self.text.split(b"\0", 1)
        return json.loads(message)

    def note(self, message):
        method, about = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.failures.append(str(about["exceptionDetails"].get("exception", {}).get("description")))
        elif method == "Log.entryAdded" and about["entry"]["level"] == "error":
            self.failures.append(about["entry"]["text"])

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.tell, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + 20 * PATIENCE
        while True:
            answer = self.read(deadline)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise Failed(f"{method}: {answer['error']}")
                return answer["result"]
            self.note(answer)

    def open(self, url):
        self.call("Page.navigate", url=url)

    def ask(self, script):
        """What the script comes to, as plain data."""
        says = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in says:
            raise Failed(f"{script}: {says['exceptionDetails']}")
        return says["result"].get("value")

    def until(self, what, seconds, script):
        return until(what, seconds, lambda: self.ask(script))

    def key(self, name, code, text=""):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code,
                      **({"text": text} if text and kind == "keyDown" else {}))

    def window(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)

    def dark(self, on):
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if on else "light"}])

    def picture(self, path):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))

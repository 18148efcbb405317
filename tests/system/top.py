#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""windrose top on a pseudo-terminal against windrose up: it shows what happens as
it happens, follows the size of the terminal, obeys its keys, reads without
colours and on a dumb terminal, says when nobody answers, and gives the terminal
back as it was, however it ends."""

import errno
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading

from rig import Failed, Rig, main, note, until

POLICY = """
zone: {{name: gslb.example.com, nameservers: ns.example.net}}
regions:
  us-east: {{location: [38.95, -77.45]}}
  eu-west: {{location: [53.35, -6.26]}}
vantages:
  here: {{location: [50.11, 8.68]}}
checks:
  web:
    type: http
    port: {port}
    path: /healthz
    interval: 1s
    timeout: 500ms
    confirm: 250ms
    breaker: {{consecutive: 2, open_for: 1s, max_open_for: 5s, half_open_probes: 1}}
    quorum: 1
services:
  www:
    steer: failover
    check: web
    failback: {{mode: auto, hold: 1s, ramp: 2s}}
    endpoints: {{us-east: {{A: 127.0.2.1}}, eu-west: {{A: 127.0.2.2}}}}
safety: {{max_override: 24h}}
"""


class Screen:
    """What a terminal of this size would show: of ECMA-48 only what top may use."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.lines, self.at, self.written = [""] * height, 0, False
        self.alternate, self.cursor, self.colours, self.wide = False, True, set(), 0
        self.settled, self.drawn, self.over = True, False, False

    def feed(self, text):
        for sequence, plain in re.findall(r"\x1b(\[[?0-9;]*[A-Za-z])|([^\x1b]+)", text):
            if sequence:
                self.obey(sequence)
            else:
                self.write(plain)

    def obey(self, s):
        if s == "[H":
            self.settled |= self.drawn and not self.over and self.wide <= self.width
            if not self.settled:
                self.wide = 0
            self.at, self.written, self.drawn, self.over = 0, False, True, False
        elif s in ("[?1049h", "[?1049l"):
            self.alternate, self.lines = s.endswith("h"), [""] * self.height
        elif s in ("[?25l", "[?25h"):
            self.cursor = s.endswith("h")
        elif s == "[K":
            self.lines[self.at] = self.lines[self.at] if self.written else ""
        elif s == "[J":
            self.lines[self.at + 1:] = [""] * (self.height - self.at - 1)
        elif s.endswith("m"):
            self.colours.update(n for n in s[1:-1].split(";") if n.startswith("3"))
        else:
            raise Failed(f"a sequence that not every terminal knows: {s!r}")

    def write(self, text):
        for i, part in enumerate(text.replace("\r", "").split("\n")):
            if i > 0:
                self.at, self.written = self.at + 1, False
                if self.at >= self.height and self.settled:
                    raise Failed("it writes below the last line")
                self.over |= self.at >= self.height
                self.at = min(self.at, self.height - 1)
            if part:
                self.lines[self.at], self.written = part, True
                self.wide = max(self.wide, len(part))


class Top:
    """The program on a terminal of its own."""

    def __init__(self, rig, sock, width=80, height=24, **env):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.screen, self.raw, self.lock = Screen(width, height), "", threading.Lock()
        self.failed = None
        self.resize(width, height, tell=False)
        base = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "LC_ALL", "LC_CTYPE")}
        base.update({"TERM": "xterm", "LANG": "C.UTF-8"}, **env)
        self.p = subprocess.Popen([rig.program("windrose"), "top", "--node", sock, "--every", "1"], stdin=self.slave,
                                  stdout=self.slave, stderr=self.slave, env=base, start_new_session=True,
                                  preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while True:
            try:
                data = os.read(self.master, 1 << 16)
            except OSError as e:
                if e.errno != errno.EIO:
                    raise
                return
            if not data:
                return
            with self.lock:
                self.raw += data.decode(errors="replace")
                # A sequence that is not whole yet waits.
                whole = re.fullmatch(r"(?s)(.*?)(\x1b[^A-Za-z]*)?", self.raw[self.done():])
                try:
                    self.screen.feed(whole[1])
                except Failed as e:
                    self.failed = e
                self.fed += len(whole[1])

    fed = 0

    def done(self):
        return self.fed

    def resize(self, width, height, tell=True):
        with self.lock:
            self.screen = Screen(width, height)
            # What it wrote before it knew may still come, until a whole picture fits.
            self.screen.alternate, self.screen.settled = tell, not tell
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def shows(self, words):
        if self.failed:
            raise self.failed
        with self.lock:
            return any(words in line for line in self.screen.lines)

    def expect(self, words, seconds=10):
        try:
            return until(f"top shows \"{words}\"", seconds, lambda: self.shows(words))[1]
        except Failed:
            print("\n".join(self.screen.lines))
            raise

    def key(self, octets):
        os.write(self.master, octets.encode())

    def settings(self):
        return termios.tcgetattr(self.slave)

    def ended(self, title, wanted):
        """It ends so, and the terminal is as it was."""
        status = self.p.wait(15)
        if status != wanted:
            raise Failed(f"{title}: exit {status}, wanted {wanted}: {self.raw[-300:]!r}")
        self.given_back(title)
        os.close(self.slave)
        os.close(self.master)

    def given_back(self, title):
        def back():
            with self.lock:
                return self.settings() == self.before and not self.screen.alternate and self.screen.cursor
        until(f"{title}: the terminal is given back", 5, back)


def test():
    with Rig() as rig:
        web, dns = rig.port(), rig.port()
        sock = rig.path("up.sock")
        rig.write("policy.yaml", POLICY.format(port=web))

        def start_up():
            rig.start("up", rig.program("windrose"), "up", rig.path("policy.yaml"), "--workers", "1", "--listen",
                      f"127.0.0.1:{dns}", "--control", sock)

        def windrose(*argv, check=True):
            return rig.run(rig.program("windrose"), *argv, "--node", sock, check=check)

        rig.web("us-east", "127.0.2.1", web)
        rig.web("eu-west", "127.0.2.2", web)
        start_up()
        until("it leads", 15, lambda: "leads" in windrose("status", check=False)[1])

        status, _, err = windrose("top", check=False)
        if status != 2 or "must be a terminal" not in err or "windrose status" not in err:
            raise Failed(f"without a terminal: exit {status}: {err}")

        t = Top(rig, sock)
        t.expect("REGIONS")
        t.expect("www             us-east              us-east      up        100.0 %")
        if not t.screen.alternate or t.screen.cursor or t.settings() == t.before:
            raise Failed("it did not take the screen and the keys")
        rig.stop("us-east")
        note(f"an endpoint dies: shown as down after {t.expect('www/us-east is down', 15):.2f} s")
        if "33" not in t.screen.colours:
            raise Failed(f"no colours: {t.screen.colours}")
        windrose("drain", "us-east", "--reason", "Jørgen says so", "--for", "4m", "--yes")
        note(f"a drain: shown after {t.expect('drain us-east by'):.2f} s")
        t.expect("Jørgen says so")
        t.key("p")
        t.expect("PAUSED")
        windrose("drain", "us-east", "--reason", "another", "--for", "4m", "--yes", check=False)
        windrose("undrain", "us-east", "--reason", "over", "--yes")
        t.key("/eu-w")
        t.expect("filter: eu-w_")
        t.key("\r")
        until("only what is looked for", 5, lambda: t.shows("/ filter: eu-w") and not t.shows("us-east      down"))
        if not t.shows("PAUSED"):
            raise Failed("it goes on by itself")
        t.key("/\x1b")
        t.expect("drain us-east by")
        t.key("p")
        until("it goes on", 10, lambda: not t.shows("drain us-east by") and not t.shows("PAUSED"))
        t.key("s")
        t.expect("sort (by name)")
        for width, height in ((40, 10), (20, 5), (7, 3), (1, 1), (200, 60), (80, 24)):
            t.resize(width, height)
            until(f"it fits {width} by {height}", 5, lambda: t.screen.settled and ("top"[:width] in "".join(t.screen.lines) or t.shows("w"[:width])
                  or t.shows("~")))
            if t.screen.wide > width:
                raise Failed(f"{t.screen.wide} columns on a terminal of {width}")
        t.expect("SERVICES")
        t.p.send_signal(signal.SIGTSTP)
        if not os.WIFSTOPPED(os.waitpid(t.p.pid, os.WUNTRACED)[1]):
            raise Failed("it did not stop")
        t.given_back("stopped")
        t.p.send_signal(signal.SIGCONT)
        t.expect("SERVICES")
        rig.stop("up", signal.SIGKILL)
        t.expect("!! ", 15)
        t.expect("SERVICES")
        start_up()
        until("it answers again", 20, lambda: not t.shows("!! ") and t.shows("SERVICES"))
        t.key("q")
        t.ended("q", 0)

        for title, end, wanted in (("Ctrl-C", lambda t: t.key("\x03"), -signal.SIGINT),
                                   ("Ctrl-D", lambda t: t.key("\x04"), 0),
                                   ("SIGTERM", lambda t: t.p.send_signal(signal.SIGTERM), -signal.SIGTERM),
                                   ("SIGQUIT", lambda t: t.p.send_signal(signal.SIGQUIT), -signal.SIGQUIT),
                                   ("SIGHUP", lambda t: t.p.send_signal(signal.SIGHUP), -signal.SIGHUP)):
            t = Top(rig, sock)
            t.expect("SERVICES")
            end(t)
            t.ended(title, wanted)

        t = Top(rig, sock, NO_COLOR="1")
        t.expect("!  www/us-east is down")
        t.key("q")
        t.ended("NO_COLOR", 0)
        if t.screen.colours:
            raise Failed(f"NO_COLOR, and colours {t.screen.colours}")
        t = Top(rig, sock, height=1000, TERM="dumb", LANG="C")
        t.expect("!  www/us-east is down")
        t.key("q")
        t.ended("a dumb terminal", 0)
        if "\x1b" in t.raw:
            raise Failed("a dumb terminal gets sequences")
        note("8 ends of it, each with the terminal as it was; sizes from 1 by 1 to 200 by 60")


main(test)

# SPDX-License-Identifier: Apache-2.0
"""watching -- answers and reports, looked at all the time on the asyncio loop."""

import asyncio
import json
import socket
import time

import dns.message
from rig import Failed

STEADILY_S, OFTEN_S = 0.04, 0.004
ANSWER_S = 2.0  # after which a query counts as unanswered; a busy machine is no fault


def wall_ms():
    return int(time.time() * 1000)


async def until_all(what, seconds, condition):
    """As rig.until, on the loop."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise Failed(f"{what}: not within {seconds} s")
        await asyncio.sleep(0.005)


class Watcher(asyncio.DatagramProtocol):
    """Asks one responder for one service, whose answers hold all addresses
    but for one that may be missing.  permitted says whether that one may be in
    (True), or out (False), or either; what was permitted as a query left, or
    is as its answer comes, is right."""

    def __init__(self, responder, port, qname, mortal, rest):
        self.title, self.port = f"{qname} of {responder}", port
        self.mortal, self.rest = socket.inet_aton(mortal), [socket.inet_aton(a) for a in rest]
        self.wire = dns.message.make_query(qname, "A").to_wire()[2:]
        self.permitted = None  # nothing is judged yet
        self.asked, self.wrong, self.is_in, self.out_at = 0, [], False, None
        self._every, self._id, self._sent, self._heard = STEADILY_S, 0, (), asyncio.Event()

    async def start(self):
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, remote_addr=("127.0.0.1", self.port))
        self._task = asyncio.create_task(self._run())

    def hasten(self):
        """A death comes: asks often, and out_at is when it was first missing."""
        self.out_at, self._every = None, OFTEN_S

    def relax(self):
        self._every = STEADILY_S

    async def _run(self):
        while True:
            self._id = (self._id + 1) & 0xFFFF
            self._sent = self.permitted
            self._heard.clear()
            self._transport.sendto(self._id.to_bytes(2, "big") + self.wire)
            try:
                await asyncio.wait_for(self._heard.wait(), ANSWER_S)
            except asyncio.TimeoutError:
                self._blame("unanswered")
            await asyncio.sleep(self._every)

    def _blame(self, what):
        if self.permitted is not None:
            self.wrong.append((self.title, what, time.monotonic()))

    def datagram_received(self, data, _):
        if data[:2] != self._id.to_bytes(2, "big"):
            return
        self.asked += 1
        self.is_in = self.mortal in data
        if not self.is_in and self.out_at is None:
            self.out_at = time.monotonic()
        if not all(a in data for a in self.rest):
            self._blame("a living endpoint is missing")
        if self.is_in not in (self.permitted or {self.is_in}) | (self._sent or {self.is_in}):
            self._blame("one is in that had left" if self.is_in else "one that lives is missing")
        self._heard.set()

    def error_received(self, _):
        """Nobody listens yet, or any more: the query is unanswered."""


class Bus:
    """The reports of all vantages, as they are on a real Redis."""

    def __init__(self, port, vantages):
        self.port, self.vantages, self.reports = port, vantages, {}
        self._lock = asyncio.Lock()

    async def start(self):
        self._in, self._out = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)
        self._task = asyncio.create_task(self._follow())

    async def command(self, *argv):
        """A command that is answered with one text or number."""
        async with self._lock:
            self._out.write(b"*%d\r\n" % len(argv))
            for a in (str(a).encode() for a in argv):
                self._out.write(b"$%d\r\n%s\r\n" % (len(a), a))
            head = (await self._in.readline()).rstrip()
            if head[:1] == b"-":
                raise Failed(f"redis: {head.decode()}")
            if head[:1] != b"$" or head == b"$-1":
                return head[1:].decode()
            return (await self._in.readexactly(int(head[1:]) + 2))[:-2].decode()

    async def _follow(self):
        while True:
            for v in self.vantages:
                text = await self.command("GET", f"windrose:{{test}}:vantage:{v}")
                if text != "-1":
                    self.reports[v] = json.loads(text)
            await asyncio.sleep(0.1)

    async def put_report(self, key, vantage, report):
        """As a prober does."""
        await self.command("SET", key("vantage:" + vantage), json.dumps(report), "PX", 15000)
        n = await self.command("INCR", key("notices:reports"))
        await self.command("PUBLISH", key("notify:reports"), f"{n} {vantage}")

    def _entries(self, vantage):
        return self.reports.get(vantage, {}).get("entries", [])

    def up(self, vantage):
        """How many endpoints it sees up; none while it abstains."""
        if self.reports.get(vantage, {}).get("abstains"):
            return 0
        return sum(e.get("state") == "closed" and not e.get("failing") for e in self._entries(vantage))

    def sees(self, vantage, service, endpoint):
        """Whether it sees that endpoint up."""
        return any(e["service"] == service and e["endpoint"] == endpoint and e.get("state") == "closed" and
                   not e.get("failing") for e in self._entries(vantage))

    def mistrusts(self, vantage):
        return bool(self.reports.get(vantage, {}).get("mistrusts"))

# SPDX-License-Identifier: Apache-2.0
"""mortals -- endpoints that die and come back within a test's own process.

Each is a small web server with a port for each way that leads to it: "own" of
most vantages and "odd" of one, which can be cut so that all of them are dead
to that one alone.  They live on the asyncio loop.
"""

import asyncio
import time

PROBE_PORTS = ("own", "odd")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class _Visit(asyncio.Protocol):
    """A connection: answers the first request, unless nobody is there."""

    def __init__(self, mortal, way):
        self.mortal, self.way, self.transport = mortal, way, None

    def connection_made(self, transport):
        self.transport = transport
        self.mortal.visits.add(self)

    def connection_lost(self, _):
        self.mortal.visits.discard(self)

    def data_received(self, _):
        if not self.mortal.silent and self.way not in self.mortal.cut:
            self.transport.write(ANSWER)
            self.transport.close()


class Mortal:
    """cut names the ways on which nothing is answered."""

    def __init__(self, address, ports):
        self.address, self.ports = address, ports
        self.silent, self.cut, self.visits, self._servers = False, set(), set(), []

    async def live(self):
        self.silent = False
        if not self._servers:
            loop = asyncio.get_running_loop()
            for way, port in self.ports.items():
                self._servers.append(await loop.create_server(
                    lambda way=way: _Visit(self, way), self.address, port, backlog=64))

    def die(self, silent):
        """Falls silent, or refuses and resets connections; the moment at which it did."""
        self.silent = True
        if not silent:
            for s in self._servers:
                s.close()
            self._servers = []
            for v in list(self.visits):
                v.transport.abort()
        return time.monotonic()

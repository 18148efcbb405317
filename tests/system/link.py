# SPDX-License-Identifier: Apache-2.0
"""link -- a TCP way between a program and a server that a test can make bad.

A Link listens on a port of its own and carries octets to another, at will
later, slower, not at all, or cut off.  One thread carries all of its
connections.  What is carried is carried in order and whole.
"""

import selectors
import socket
import threading
import time

CHUNK = 65536
QUEUE_MAX = 1 << 20  # beyond it the sender has to wait, as on a real link


class _Way:
    """One direction of one connection: octets that wait until they are due."""

    def __init__(self, source, sink, up):
        self.source, self.sink, self.waiting, self.size, self.ended = source, sink, [], 0, False
        self.up = up  # to the server


class Link:
    """delay and rate may be changed at any time; cut() and heal() too."""

    def __init__(self, server_port, port):
        self.server = ("127.0.0.1", server_port)
        self.port = port
        self.delay = 0.0        # seconds each way
        self.rate = None        # octets a second each way, of all connections
        self.state = "open"     # or "blackhole", "refuse"
        self.carried = 0        # octets, both ways
        self._held = False      # what goes to the server waits
        self._ways, self._lock, self._over = [], threading.Lock(), threading.Event()
        self._free_at = 0.0     # when the next octet may go, at the rate
        self._selector = selectors.DefaultSelector()
        self._listener = None
        self._listen()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        self._drop_all()
        if self._listener is not None:
            self._listener.close()
        self._selector.close()

    def cut(self, blackhole):
        """Octets vanish without a word, or connections end and are refused."""
        with self._lock:
            self.state = "blackhole" if blackhole else "refuse"
            if not blackhole:
                self._drop_all()
                self._selector.unregister(self._listener)
                self._listener.close()
                self._listener = None

    def heal(self):
        """As new: what waited or was swallowed is gone with its connections."""
        with self._lock:
            self._drop_all()
            self.state = "open"
            if self._listener is None:
                self._listen()

    def hold(self):
        """What goes to the server waits from now on, for as long as it takes."""
        with self._lock:
            self._held = True

    def holds(self, octets):
        """Does what waits for the server contain this?"""
        with self._lock:
            return any(octets in b"".join(o for _, o in w.waiting) for w in self._ways)

    def release(self):
        """What was held goes on, in order, also of connections that have ended."""
        with self._lock:
            self._held = False

    def _listen(self):
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)

    def _drop_all(self):
        for way in self._ways:
            for s in (way.source, way.sink):
                if s.fileno() >= 0:
                    self._forget(s)
                    s.close()
        self._ways = []

    def _forget(self, s):
        if s in self._selector.get_map():
            self._selector.unregister(s)

    def _accept(self):
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(self.server, timeout=2)
        except OSError:
            client.close()
            return
        for s in (client, server):
            s.setblocking(False)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for way in (_Way(client, server, True), _Way(server, client, False)):
            self._ways.append(way)
            self._selector.register(way.source, selectors.EVENT_READ, way)

    def _read(self, way):
        try:
            octets = way.source.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            octets = b""
        if not octets:
            way.ended = True
            self._forget(way.source)
        elif self.state == "open":
            way.waiting.append((time.monotonic() + self.delay, octets))
            way.size += len(octets)
            if way.size > QUEUE_MAX:
                self._forget(way.source)

    def _pace(self, octets, now):
        """What may go now, at the rate."""
        if self.rate is None:
            return octets
        if self._free_at > now:
            return b""
        octets = octets[:max(1, int(self.rate * 0.02))]
        self._free_at = max(self._free_at, now - 0.02) + len(octets) / self.rate
        return octets

    def _write(self, way, now):
        while way.waiting and way.waiting[0][0] <= now:
            due, octets = way.waiting[0]
            part = self._pace(octets, now)
            if not part:
                return
            try:
                sent = way.sink.send(part)
            except BlockingIOError:
                return
            except OSError:
                way.waiting, way.ended, sent = [], True, 0
                return
            self.carried += sent
            way.size -= sent
            way.waiting[0] = (due, octets[sent:])
            if not way.waiting[0][1]:
                way.waiting.pop(0)
            if way.size <= QUEUE_MAX and not way.ended and way.source not in self._selector.get_map():
                self._selector.register(way.source, selectors.EVENT_READ, way)

    def _close_ended(self):
        """A connection ends as a whole once what waited has gone."""
        ended = [w for w in self._ways if w.ended and not w.waiting and self.state == "open"]
        for way in ended:
            for s in (way.source, way.sink):
                if s.fileno() >= 0:
                    self._forget(s)
                    s.close()
        if ended:
            self._ways = [w for w in self._ways if w.source.fileno() >= 0]

    def _run(self):
        while not self._over.is_set():
            events = self._selector.select(0.005)
            with self._lock:
                for key, _ in events:
                    if key.fileobj.fileno() < 0:
                        continue
                    if key.fileobj is self._listener:
                        self._accept()
                    elif key.data is not None:
                        self._read(key.data)
                now = time.monotonic()
                if self.state == "open":
                    for way in self._ways:
                        if not (way.up and self._held):
                            self._write(way, now)
                self._close_ended()

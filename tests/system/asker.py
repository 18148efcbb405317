# SPDX-License-Identifier: Apache-2.0
"""asker -- clients of DNS that ask all the time, and know what they may get.

What may be answered is said per responder and client network, and may change
at any moment: an answer is wrong when it is in neither what was permitted as
the query left nor in what is as the answer comes.
"""

import threading

from rig import Failed, addresses, ask, note, until

PAUSE_S = 0.03
LEAST = 20  # queries to a responder that a verdict rests on
PATIENCE_S = 2.0  # of a client; a busy machine is not to count as a fault


class Asker(threading.Thread):
    """Asks one responder for one name from several networks, in turn."""

    def __init__(self, name, port, qname):
        super().__init__(daemon=True)
        self.name, self.port, self.qname = name, port, qname
        self.permitted = {}  # client network: set of addresses, one an answer
        self.over, self.lock = threading.Event(), threading.Lock()
        self.asked, self.unanswered, self.wrong = 0, 0, []
        self.rounds = 0

    def permit(self, subnet, answers):
        with self.lock:
            self.permitted[subnet] = frozenset(answers)

    def rest(self):
        """Asks nothing until something is permitted again; nothing is under way any more."""
        with self.lock:
            self.permitted = {}
            last = self.rounds
        until(f"{self.name} is asked nothing", 10, lambda: self.rounds > last)

    def run(self):
        while not self.over.wait(PAUSE_S):
            with self.lock:
                now = dict(self.permitted)
                self.rounds += 1
            for subnet, before in now.items():
                self._ask(subnet, before)

    def _ask(self, subnet, before):
        try:
            got = addresses(ask(self.port, self.qname, subnet, timeout=PATIENCE_S))
        except Exception:  # whatever it is, it is not an answer
            got = None
        with self.lock:
            after = self.permitted.get(subnet, before)
            self.asked += 1
            if not got:
                self.unanswered += 1
            elif len(got) != 1 or got[0] not in before | after:
                self.wrong.append((self.name, subnet, got, sorted(before | after)))

    def take(self):
        """What there was since the last take."""
        with self.lock:
            seen = self.asked, self.unanswered, self.wrong
            self.asked, self.unanswered, self.wrong = 0, 0, []
        return seen


class Crowd:
    """An asker for each responder."""

    def __init__(self, ports, qname):
        self.askers = {n: Asker(n, p, qname) for n, p in ports.items()}

    def start(self):
        for a in self.askers.values():
            a.start()

    def permit(self, subnet, answers, only=None):
        for n, a in self.askers.items():
            if only is None or n in only:
                a.permit(subnet, answers)

    def judge(self, fault):
        """Notes what clients saw of a fault; any miss fails the test."""
        for a in self.askers.values():
            until(f"{a.name} was asked", 30, lambda a=a: a.asked >= LEAST)
        asked = unanswered = 0
        wrong = []
        for a in self.askers.values():
            n, u, w = a.take()
            asked, unanswered, wrong = asked + n, unanswered + u, wrong + w
        note(f"{fault}: {asked} queries, {unanswered} unanswered, {len(wrong)} wrong")
        if asked == 0 or unanswered or wrong:
            raise Failed(f"{fault}: {unanswered} of {asked} queries unanswered, {len(wrong)} wrong: {wrong[:5]}")

    def stop(self):
        for a in self.askers.values():
            a.over.set()
            a.join()

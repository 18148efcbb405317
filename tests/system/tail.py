#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""windrose history --follow: what was, and each change as it happens, once, also
over a restart of the agent."""

import json
import signal

from rig import ONE_SERVICE, Failed, Rig, main, note, until


def test():
    with Rig() as rig:
        sock = rig.path("up.sock")
        rig.write("policy.yaml", ONE_SERVICE)

        def start_up():
            rig.start("up", rig.program("windrose"), "up", rig.path("policy.yaml"), "--workers", "1", "--listen",
                      f"127.0.0.1:{dns}", "--control", sock, "--state", rig.path("state"))
            until("it leads", 15, lambda: "leads" in windrose("status", check=False)[1])

        def windrose(*argv, check=True):
            return rig.run(rig.program("windrose"), *argv, "--node", sock, check=check)

        def read(name):
            with open(rig.path(name + ".log")) as f:
                return f.read()

        def once(name, words):
            return read(name).count(words) == 1

        dns = rig.port()
        start_up()
        windrose("weight", "www/a", "50", "--reason", "INC-1", "--yes")
        rig.start("text", rig.program("windrose"), "history", "--follow", "--node", sock)
        rig.start("json", rig.program("windrose"), "history", "--follow", "--json", "--count", "1", "--node", sock)
        until("what was is told", 10, lambda: once("text", "weight www/a 50: INC-1"))
        windrose("weight", "www/a", "60", "--reason", "INC-2", "--yes")
        _, took = until("what is new is told", 10, lambda: once("text", "weight www/a 60: INC-2") and "INC-2" in read("json"))
        note(f"a change stands in the history that is followed {took:.2f} s later")
        rig.stop("up", signal.SIGKILL)
        until("it says that nobody answers", 15, lambda: "windrose history: " in read("text"))
        start_up()
        windrose("weight", "www/a", "70", "--reason", "INC-3", "--yes")
        until("it goes on", 15, lambda: once("text", "weight www/a 70: INC-3"))
        if not once("text", "weight www/a 50: INC-1") or not once("text", "weight www/a 60: INC-2"):
            raise Failed(f"something is told twice: {read('text')}")
        events = [json.loads(line)["event"] for line in read("json").splitlines() if line.startswith("{")]
        if [e["wall_ms"] for e in events] != sorted(e["wall_ms"] for e in events):
            raise Failed(f"not in order: {events}")
        for name in ("text", "json"):
            if rig.stop(name, signal.SIGINT) != -signal.SIGINT:
                raise Failed(f"{name} did not end by the signal")


main(test)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""A fleet that finds Redis by three sentinels, with the examples of
contrib/redis: the master is killed; a replica takes over that has lost the last
writes; a master is told to become a replica; a sentinel dies; the replica that
a responder reads from stops.  Clients of DNS are asked throughout, and nobody's
plan goes back."""

import signal

from bus_faults import commands_work, plan_of
from fleet import LONDON
from redis_many import Watch
from redis_servers import Reached, newer_everywhere, watched
from rig import Failed, Rig, main, note, until


def test():
    with Rig() as rig:
        w = Watch(rig)
        f = Reached(rig, w.url)
        f.start_all(dns1=w.url("dns", "?read=replica"))

        def reads_from_a_replica():
            until("dns1 listens to a replica", 10, lambda: sum(w.s.readers(n) for n in ("redis2", "redis3")) == 1)
            commands_work(f, "a replica to read from")

        def replica_stops():
            name = next(n for n in w.s.ports if n != w.master() and w.s.readers(n) == 1)
            rig.running[name].send_signal(signal.SIGSTOP)
            try:
                _, took = until("dns1 reads from the master", 10, lambda: w.s.readers(w.master()) >= 4)
                note(f"the replica that dns1 reads from stops: it reads from the master after {took:.2f} s")
                commands_work(f, "a replica that stops")
            finally:
                rig.running[name].send_signal(signal.SIGCONT)

        def sentinel_dies():
            rig.stop("sentinel1", signal.SIGKILL)
            commands_work(f, "a sentinel that dies")

        def master_is_killed():
            old = until("one master, two replicas", 30, w.settled)[0]
            before = plan_of(f, "dns2")
            w.s.kill(old)
            took = newer_everywhere(f, before, 60)
            note(f"master killed: both responders on a newer plan after {took:.2f} s, {before} -> {plan_of(f, 'dns2')}")
            commands_work(f, "a fail-over")
            w.s.start(old)
            until("the old master is a replica", 60, w.settled)

        def last_writes_are_lost():
            """The replicas hear nothing of a drain; one of them becomes the master."""
            old = until("one master, two replicas", 60, w.settled)[0]
            others = [n for n in w.s.ports if n != old]
            for n in others:
                rig.running[n].send_signal(signal.SIGSTOP)
            try:
                w.s.cli(old, "client", "kill", "type", "replica")
                before = plan_of(f, "dns2")
                f.person("drain", "eu-west", "--reason", "INC-2", "--for", "5m", "--yes", "--wait", "1", check=False)
                until("both responders have left eu-west", 10, lambda: f.both(LONDON, "eu-central"))
                lost = plan_of(f, "dns2")
                w.s.kill(old)
            finally:
                for n in others:
                    rig.running[n].send_signal(signal.SIGCONT)
            new = until("another master", 60, lambda: w.master() not in (None, old) and w.master())[0]
            took = newer_everywhere(f, lost, 60)
            if not lost > before:
                raise Failed(f"nothing was lost: {before}, {lost}")
            if not f.both(LONDON, "eu-central"):
                raise Failed("the drain was lost with the writes")
            note(f"fail-over to {new}, which had lost the drain: both responders on a newer plan after {took:.2f} s, "
                 f"{lost} -> {plan_of(f, 'dns2')}, and eu-west is still drained")
            f.person("undrain", "eu-west", "--reason", "INC-2 is over", "--yes")
            commands_work(f, "lost writes")
            w.s.start(old)
            until("the old master is a replica", 60, w.settled)

        def master_is_told_to_go():
            old, before = until("one master, two replicas", 60, w.settled)[0], plan_of(f, "dns2")
            sentinel = next(n for n in w.sentinels if n in rig.running)
            w.ask(sentinel, "sentinel", "failover", "windrose")
            until("another master", 30, lambda: w.master() not in (None, old))
            took = newer_everywhere(f, before)
            note(f"a fail-over on request, the old master alive: a newer plan everywhere after {took:.2f} s")
            commands_work(f, "a fail-over on request")

        watched(f, (reads_from_a_replica, replica_stops, sentinel_dies, master_is_killed, master_is_told_to_go,
                    last_writes_are_lost))


main(test)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""A fleet on a Redis Cluster of three masters and three replicas, with the
examples of contrib/redis: found from any node; the master that holds the keys
is killed and its replica takes over; the keys are moved to another master while
they are written; master and replica are killed, so that the cluster serves the
keys no more, and come back.  Clients of DNS are asked throughout, and nobody's
plan goes back."""

import time

from bus_faults import commands_work, log, plan_of
from redis_many import Cluster
from redis_servers import Reached, newer_everywhere, watched
from rig import Failed, Rig, main, note, until


def test():
    with Rig() as rig:
        c = Cluster(rig)
        f = Reached(rig, c.url)
        f.start_all(dns1=c.url("dns", "?read=replica"))
        owner, node = c.owner()
        until("dns1 listens to the replica of the keys", 40, lambda: [c.s.readers(n) for n in c.replicas_of(node)] == [1])
        note(f"found from nodes that do not hold the keys: slot {c.slot} is {owner}'s; dns1 reads from {c.replicas_of(node)[0]}")

        def master_is_killed():
            (old, _), before = c.owner(), plan_of(f, "dns2")
            until("its replica hears it", 20, lambda: "state=online" in c.s.cli(old, "info", "replication"))
            c.s.kill(old)
            took = newer_everywhere(f, before, 60)
            note(f"the master of the keys killed: both responders on a newer plan after {took:.2f} s, "
                 f"{before} -> {plan_of(f, 'dns2')}, from {c.owner()[0]}")
            commands_work(f, "a failed-over node")
            c.s.start(old)
            until("the old master is a replica", 30, lambda: old in c.replicas_of(c.owner()[1]))
            until("and hears the new one", 20, lambda: "state=online" in c.s.cli(c.owner()[0], "info", "replication"))

        def keys_move():
            """As redis-cli --cluster reshard does it, and slowly."""
            (source, source_id), before = c.owner(), plan_of(f, "dns2")
            target, target_id = next(m for m in c.masters() if m[0] != source)
            c.s.cli(target, "cluster", "setslot", c.slot, "importing", source_id, check=True)
            c.s.cli(source, "cluster", "setslot", c.slot, "migrating", target_id, check=True)
            began, moved = time.monotonic(), 0
            while time.monotonic() - began < 5:
                keys = c.s.cli(source, "cluster", "getkeysinslot", c.slot, "1").split()
                if keys:
                    said = c.s.cli(source, "migrate", "127.0.0.1", str(c.s.ports[target]), "", "0", "5000", "replace",
                                   "auth2", "admin", "change-me-admin", "keys", *keys)
                    moved += said == "OK"
            for name in (target, source):
                c.s.cli(name, "cluster", "setslot", c.slot, "node", target_id, check=True)
            took = newer_everywhere(f, before)
            if c.owner()[0] != target or not moved:
                raise Failed(f"the keys were not moved: {moved} of them, {c.owner()}")
            note(f"the keys moved to {target} within 5 s, {moved} of them while they were written: "
                 f"a newer plan everywhere {took:.2f} s later")
            commands_work(f, "a slot that moved")

        def commands():
            commands_work(f, "a cluster")

        def nobody_has_the_keys():
            (owner, node), before = c.owner(), plan_of(f, "dns2")
            gone = [owner, *c.replicas_of(node)]
            for name in gone:
                c.s.kill(name)
            # As configured the others go on with what they have; now they do not.
            for name in c.alive():
                c.s.cli(name, "config", "set", "cluster-require-full-coverage", "yes", check=True)
            until("the log tells that the cluster does not serve the keys", 20,
                  lambda: "the cluster does not serve the keys" in log(f, "dns2"))
            for name in gone:
                c.s.start(name)
            took = newer_everywhere(f, before, 60)
            note(f"{' and '.join(gone)} killed and started again, empty: a newer plan everywhere after {took:.2f} s")
            commands_work(f, "a cluster that was down")

        watched(f, (commands, master_is_killed, keys_move, nobody_has_the_keys))


main(test)

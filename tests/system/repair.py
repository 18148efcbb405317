#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""Back to an earlier plan, with agents and without.  A person rolls the plan back
and back again; then every agent is dead and Redis has lost everything, and an
operator publishes an earlier plan from what an agent kept on its disk, by hand,
as windrose-steer(8) tells; the agents that come back go on from it."""

import json
import shutil
import signal

from fleet import LONDON, NEW_YORK, Fleet
from rig import Failed, Rig, main, note, until


def person_done(f, *argv):
    status, out, err = f.person(*argv, "--reason", "INC-1", "--yes", check=False)
    if status != 0:
        raise Failed(f"{argv}: exit {status}: {out}{err}")
    return out


def sent_away(f, region):
    """Clients of New York do not go there, those of London do as ever."""
    until(f"nobody is sent to {region}", 10, lambda: f.neither(NEW_YORK, region) and f.both(LONDON, "eu-west"))


def usual(f):
    until("all is as usual", 10, lambda: f.both(NEW_YORK, "us-east") and f.both(LONDON, "eu-west"))


def with_agents(f):
    person_done(f, "drain", "us-east", "--for", "1h")
    sent_away(f, "us-east")
    person_done(f, "undrain", "us-east")
    usual(f)
    status, out, _ = f.person("rollback", "plan", "--reason", "INC-1", "--dry-run", check=False)
    if status != 0 or "us-east" not in out or not f.both(NEW_YORK, "us-east"):
        raise Failed(f"what a rollback would do is not shown first: exit {status}: {out}")
    person_done(f, "rollback", "plan")
    sent_away(f, "us-east")
    person_done(f, "rollback", "plan")
    usual(f)
    plans = json.loads(f.person("plans", "--json")[1])["plans"]
    drained = next(p["plan"] for p in plans if p["commands"])
    person_done(f, "rollback", "plan", drained)
    sent_away(f, "us-east")
    person_done(f, "undrain", "us-east")
    usual(f)
    status, _, err = f.person("rollback", "plan", "1/1", "--reason", "INC-1", "--yes", check=False)
    if status != 3 or "windrose plans" not in err:
        raise Failed(f"a plan that nobody kept: exit {status}: {err}")
    return drained


def start_repair(f, kept):
    r = f.rig
    r.start("repair", r.program("windrose-steer"), "--policy", r.path("policy"), "--name", "repair", "--bus", f.bus,
            "--key", f.plan_key, "--keep", kept, "--journal", r.path("repair.jsonl"), "--control", r.path("repair.sock"),
            "--open-control")


def by_hand(f, *argv):
    return f.windrose(*argv, "--node", f.rig.path("repair.sock"), check=False)


def while_an_agent_lives(f, kept):
    """The one by hand never leads, and says who does."""
    start_repair(f, kept)
    until("it knows who leads", 10, lambda: any(n["name"] == "steer1" and n.get("leads")
                                                for n in f.status("repair").get("nodes", [])))
    status, _, err = by_hand(f, "rollback", "plan", "--reason", "INC-2", "--yes")
    if status != 3 or "repair does not lead; steer1 does" not in err or f.leads("repair"):
        raise Failed(f"a repair while an agent leads: exit {status}: {err}")
    f.rig.stop("repair")


def by_an_operator(f, kept, drained):
    f.rig.stop("steer1", signal.SIGKILL)
    f.rig.stop("redis", signal.SIGKILL)
    f.rig.redis(f.redis_port)
    usual(f)
    start_repair(f, kept)
    _, took = until("it leads", 20, lambda: f.leads("repair"))
    status, out, err = by_hand(f, "plans")
    if status != 0 or f"{drained} of " not in out or "drain us-east" not in out:
        raise Failed(f"windrose plans: exit {status}: {out}{err}")
    status, out, err = by_hand(f, "rollback", "plan", drained, "--reason", "INC-2", "--yes")
    if status != 0:
        raise Failed(f"a repair by hand: exit {status}: {out}{err}")
    sent_away(f, "us-east")
    note(f"no agent, an empty Redis: one started by hand led after {took:.1f} s; {out.strip().splitlines()[-1]}")
    if f.rig.stop("repair") != 0:
        raise Failed("it did not end as it should")
    # With no agent at all it stays in force.
    sent_away(f, "us-east")
    f.start_steer("steer1")
    until("an agent leads again", 20, lambda: f.leads("steer1"))
    sent_away(f, "us-east")
    person_done(f, "undrain", "us-east")
    usual(f)


def test():
    with Rig() as rig:
        f = Fleet(rig)
        rig.redis(f.redis_port)
        for name in f.dns_ports:
            f.start_dns(name)
        f.start_steer("steer1")
        until("steer1 leads", 20, lambda: f.leads("steer1"))
        usual(f)
        drained = with_agents(f)
        # An operator's copy of what an agent keeps.
        kept = rig.path("copy")
        for suffix in ("", ".past"):
            shutil.copy(rig.path("steer1.keep") + suffix, kept + suffix)
        while_an_agent_lives(f, kept)
        by_an_operator(f, kept, drained)


main(test)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""A fleet of several versions on one Redis.  What the next version says, with
members that nobody here knows in every object, is followed: a plan, a report, a
node's record.  What needs a newer reader is refused by name, and what was in
force stays; the plan after it is followed again.  What the version before says
is read, too; and an agent of it may publish."""

import json
import time

from bus_faults import clients, key, log, plan_of, redis
from envelope import publish, sealed
from fleet import LONDON, NEW_YORK, REGIONS, Fleet
from rig import Failed, Rig, main, note, until

RESPONDERS = ("dns1", "dns2")


def grown(value):
    """A member that nobody knows, first in every object."""
    if isinstance(value, list):
        return [grown(v) for v in value]
    if isinstance(value, dict):
        return {"zz-next": {"a": [1, {"b": None}]}, **{k: grown(v) for k, v in value.items()}}
    return value


def wall_ms():
    return int(time.time() * 1000)


def plan(sequence, region, **more):
    """A plan that takes everyone out of a region, by a command."""
    command = {"id": "c-1", "kind": "drain", "target": region, "author": "ann", "reason": "INC-1",
               "wall_made_ms": wall_ms(), "wall_expires_ms": wall_ms() + 600000}
    share = {"service": "www", "endpoint": region, "share": 0.0, "cause": "command", "ref": "c-1"}
    return {"epoch": 1, "sequence": sequence, "agent": "next", "shares": [share], "commands": [command], **more}


def put(f, family, members, name, document):
    """What a program of another version puts there, told as it tells it."""
    redis(f, "set", key(family + name), json.dumps(document), "px", "60000")
    redis(f, "sadd", key(members), name)
    kind = {"nodes": "nodes", "vantages": "reports"}[members]
    redis(f, "publish", key("notify:" + kind), redis(f, "incr", key("notices:" + kind)) + " " + name)


def plans(f):
    def say(document):
        publish(f, f.plan_key, f.plan_pub, document)

    def follow(what, wanted):
        return until(what, 10, lambda: all(plan_of(f, n) == wanted for n in RESPONDERS))[1]

    say(grown(plan(1, "us-east")))
    note(f"the next version's plan is followed {1000 * follow('the plan of the next version', (1, 1)):.0f} ms after it is told")
    if not f.neither(NEW_YORK, "us-east") or not f.both(LONDON, "eu-west"):
        raise Failed("what the next version's plan says is not in the answers")
    crowd = clients(f, RESPONDERS)
    say(plan(2, "eu-west", needs=3, shares="of another kind"))
    until("both name what they cannot read", 10, lambda: all(
        "needs version 3" in f.node(n).get("trouble", "") and f.node(n).get("refused", 0) > 0 for n in RESPONDERS))
    if any(plan_of(f, n) != (1, 1) for n in RESPONDERS) or not f.both(LONDON, "eu-west"):
        raise Failed("a plan that needs a newer reader was followed")
    say(plan(3, "us-east", needs=1))
    follow("the plan after it", (1, 3))
    if any(f.node(n).get("trouble") for n in RESPONDERS):
        raise Failed(f"they are still in trouble: {[f.node(n) for n in RESPONDERS]}")
    crowd.judge("plans of the next version")
    crowd.stop()


def reports(f):
    entries = [{"service": "www", "endpoint": r, "state": "open" if r == "eu-west" else "closed",
                "wall_since_ms": wall_ms(), "wall_probed_ms": wall_ms()} for r in REGIONS]
    put(f, "vantage:", "vantages", "here", grown({"vantage": "here", "sequence": wall_ms(), "wall_made_ms": wall_ms(),
                                                  "entries": entries}))
    until("the next version's report is believed", 10, lambda: f.both(LONDON, "eu-central"))


def nodes(f):
    record = {"role": "dns", "plan_epoch": 1, "plan_sequence": 3, "wall_made_ms": wall_ms()}
    put(f, "node:", "nodes", "older", {"name": "older", **record})
    put(f, "node:", "nodes", "newer", grown({"name": "newer", "version": "9.0.0", "speaks": 3, **record}))
    put(f, "node:", "nodes", "beyond", {"name": "beyond", "needs": 3, **record})
    f.start_steer("steer1")
    versions, _ = until("the agent knows what runs", 20, lambda: len(
        f.status("steer1").get("fleet", {}).get("versions", {})) >= 3 and f.status("steer1")["fleet"]["versions"])
    note(f"software as the agent counts it: {versions}")
    if f.status("steer1")["fleet"]["speaks"] != 0:
        raise Failed("the agent does not tell that one node understands the least")
    if versions.get("9.0.0") != 1 or versions.get("unknown") != 1:
        raise Failed(f"older and newer nodes are not counted: {versions}")
    if "needs version 3" not in log(f, "steer1"):
        raise Failed("the agent does not name the node that it cannot read")
    text = f.windrose("status", "--node", f.rig.path("steer1.sock"))[1]
    if "9.0.0 on 1" not in text or "node newer" not in text:
        raise Failed(f"windrose status does not tell of versions: {text}")
    status, out, err = f.person("pin", "www", "--clients", "partners", "--to", "us-east", "--reason", "INC-4", "--yes",
                                check=False)
    if status != 3 or "pin: older is too old to obey a pin (version unknown); update it first" not in err:
        raise Failed(f"a pin that one responder would not obey: exit {status}: {out}{err}")


MANY = """
for i = 1, 1200 do
  local name = 'many-' .. i
  redis.call('SET', ARGV[1] .. name, cjson.encode({name = name, role = 'dns', version = '0.9', wall_made_ms = tonumber(ARGV[3])}), 'PX', 60000)
  redis.call('SADD', ARGV[2], name)
end
"""


def many(f):
    """The whole fleet is shown, page by page, over the bus and at the socket."""
    redis(f, "eval", MANY, "0", key("node:"), key("nodes"), str(wall_ms()))
    until("the agent knows them", 20, lambda: f.status("steer1")["fleet"]["versions"].get("0.9") == 1200)
    for where in (("--bus", f.bus, "--key", f.person_key), ("--node", f.rig.path("steer1.sock"))):
        seen = json.loads(f.windrose("status", "--json", *where)[1])
        names = [n["name"] for n in seen["nodes"]]
        if names != sorted(set(names)) or len(names) != seen["fleet"]["nodes"] or "many-1200" not in names:
            raise Failed(f"{where[0]}: {len(names)} of {seen['fleet']['nodes']} nodes are shown")
    status, out, err = f.person("drain", "eu-west", "--reason", "INC-2", "--for", "5m", "--wait", "1", "--yes", check=False)
    if status != 4 or "many-1, many-10, many-100" not in out or " more; see windrose status" not in out:
        raise Failed(f"a command does not name the first of those who are behind: exit {status}: {out}{err}")
    note(out.strip().splitlines()[-1])


# What an agent of 0.1 publishes by: it says nothing of what its plan was made from.
COMMIT_WITHOUT_BASE = """
if string.match(redis.call('GET', KEYS[3]), '^(%d+) ') ~= ARGV[1] or redis.call('GET', KEYS[4]) ~= ARGV[1] then return 0 end
local at, nth = string.match(redis.call('GET', KEYS[2]), '^(%d+) (%d+)$')
if tonumber(at) > tonumber(ARGV[1]) or tonumber(nth) >= tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[2], ARGV[1] .. ' ' .. ARGV[2])
redis.call('SET', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], redis.call('INCR', KEYS[5]))
return 1
"""


def agent_before(f):
    """An agent of the version before publishes under the same lease: that of this version, which did not know of it,
    goes on from it, and what was commanded of both is in force."""
    status, out, err = f.person("drain", "us-east", "--reason", "INC-3", "--for", "5m", "--yes", check=False)
    if status not in (0, 4):
        raise Failed(f"a drain: exit {status}: {out}{err}")
    keys = [key(n) for n in ("plan", "plan-head", "lease", "epoch", "notices:plan")]
    at = {}

    def publishes():
        """Unless this version's agent was quicker with a plan of its own."""
        at["epoch"], at["sequence"] = (int(n) for n in redis(f, "get", key("plan-head")).split())
        document = {**plan(at["sequence"] + 1, "eu-west"), "epoch": at["epoch"]}
        document["commands"] += f.status("steer1")["plan"]["commands"]
        return redis(f, "eval", COMMIT_WITHOUT_BASE, "5", *keys, str(at["epoch"]), str(at["sequence"] + 1),
                     sealed(f.rig, f.plan_key, f.plan_pub, json.dumps(document)), key("notify:plan")) == "1"
    until("an agent of the version before publishes", 10, publishes)

    def goes_on():
        epoch, sequence = (int(n) for n in redis(f, "get", key("plan-head")).split())
        commands = {c["target"] for c in f.status("steer1")["plan"]["commands"]}
        return epoch == at["epoch"] and sequence > at["sequence"] + 1 and commands == {"us-east", "eu-west"}
    until("this version's agent goes on from it", 20, goes_on)


def test():
    with Rig() as rig:
        f = Fleet(rig)
        with open(rig.path("policy/policy.yaml"), "a") as text:
            text.write("clients: {partners: [81.2.69.0/24]}\n")
        rig.redis(f.redis_port)
        for name in RESPONDERS:
            f.start_dns(name)
        until("both responders answer", 30, lambda: f.both(LONDON, "eu-west") and f.both(NEW_YORK, "us-east"))
        plans(f)
        reports(f)
        nodes(f)
        agent_before(f)
        many(f)
        for name in (*RESPONDERS, "steer1"):
            if not rig.alive(name) or rig.stop(name) != 0:
                raise Failed(f"{name} did not live and end as it should")


if __name__ == "__main__":
    main(test)

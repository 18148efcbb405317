#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""The key that signs plans is rolled, and a person's, without a restart: the
new key is added everywhere, the agents sign with it, the old one is taken out.
Clients are asked throughout, a drain stays in force, and each step is seen to
be needed: without the new key a node stays behind and says so, and after the
last step what the old key signs moves nobody."""

import signal

from bus_faults import clients, commands_work, key, log, plan_of, redis
from envelope import key_id, publish
from fleet import NEW_YORK, Fleet
from rig import Failed, Rig, main, note, until

FOLLOWERS = ("dns1", "dns2", "edge")
AGENTS = ("steer1", "steer2")


def put(path, *parts):
    """One file made of others; replaced as a whole, as an operator does."""
    text = "".join(open(p).read() for p in parts)
    with open(path, "w") as f:
        f.write(text)


class Roll:
    """The files that the command lines name, and who reads them."""

    def __init__(self, f):
        self.f, rig = f, f.rig
        self.old_key, self.old_pub = rig.keypair("old")
        self.new_key, self.new_pub = rig.keypair("new")
        put(f.plan_key, self.old_key)
        put(f.plan_pub, self.old_pub)

    def reads(self, name):
        """How often it has read its keys; an agent does so with its policy."""
        return log(self.f, name).count("event=reload " if name in AGENTS else "event=keys ")

    def reread(self, *names):
        """SIGHUP, and until each says what it trusts or that it has reloaded."""
        before = {n: self.reads(n) for n in names}
        for n in names:
            self.f.rig.running[n].send_signal(signal.SIGHUP)
        until("everyone has read its keys again", 20, lambda: all(
            self.reads(n) > before[n] for n in names))

    def signed_by(self, pub):
        return redis(self.f, "getrange", key("plan"), "0", "19") == "wr1 " + key_id(self.f.rig, pub)


def everyone_moves(f, what, names=FOLLOWERS):
    before = {n: plan_of(f, n) for n in names}
    _, took = until(f"a newer plan everywhere: {what}", 20, lambda: all(plan_of(f, n) > before[n] for n in names))
    return took


def roll(f, r):
    # A file that cannot be read changes nothing.
    with open(f.plan_pub, "w") as file:
        file.write("nonsense\n")
    f.rig.running["dns1"].send_signal(signal.SIGHUP)
    until("dns1 says that its keys cannot be read", 10, lambda: "keys-failed" in log(f, "dns1"))
    everyone_moves(f, "with the old key still trusted", ("dns1",))
    # 1. The new key is added, everywhere but at one node.
    put(f.plan_pub, r.old_pub, r.new_pub)
    r.reread("dns1", "edge", *AGENTS)
    everyone_moves(f, "both keys are trusted")
    # 2. The agents sign with it.  Who was left out stays where it is and says so.
    put(f.plan_key, r.new_key)
    r.reread(*AGENTS)
    until("plans are signed with the new key", 15, lambda: r.signed_by(r.new_pub))
    everyone_moves(f, "signed with the new key", ("dns1", "edge"))
    until("the node that was left out names the key", 10,
          lambda: f"signed by key {key_id(f.rig, r.new_pub)}, which is not trusted" in f.node("dns2").get("trouble", ""))
    status, out, err = f.person("drain", "eu-west", "--reason", "INC-2", "--for", "5m", "--wait", "1", "--yes", check=False)
    if status != 4 or "dns2" not in out:
        raise Failed(f"a command does not name who is behind: exit {status}: {out}{err}")
    behind, _ = until("the status tells who is longest behind", 10,
                      lambda: f.status("steer1").get("fleet", {}).get("last") == "dns2" and f.status("steer1")["fleet"])
    note(f"left out: {behind['have']} of {behind['followers']} have the newest plan, dns2 is behind for {behind['lag_ms']} ms")
    f.person("undrain", "eu-west", "--reason", "INC-2 is over", "--wait", "1", "--yes", check=False)
    r.reread("dns2")
    note(f"the forgotten node follows {everyone_moves(f, 'dns2 trusts the new key', ('dns2',)):.2f} s after its reload")
    # 3. The old key is taken out.
    put(f.plan_pub, r.new_pub)
    r.reread(*FOLLOWERS, *AGENTS)
    note(f"the old key is out: the next plan is everywhere after {everyone_moves(f, 'the old key is out'):.2f} s")


def old_key_moves_nobody(f, r):
    """Neither an agent that was forgotten, nor a thief of the old key."""
    for name in AGENTS:
        f.rig.stop(name)
    before = {n: plan_of(f, n) for n in FOLLOWERS}
    plan = {"epoch": before["dns1"][0] + 1, "sequence": before["dns1"][1] + 1, "agent": "thief"}
    good = redis(f, "getrange", key("plan"), "0", "-1")
    publish(f, r.old_key, r.old_pub, plan)
    until("all refuse what the old key signed", 10, lambda: all(
        f"signed by key {key_id(f.rig, r.old_pub)}, which is not trusted" in f.node(n).get("trouble", "")
        for n in ("dns1", "dns2")) and "which is not trusted" in log(f, "edge"))
    if any(plan_of(f, n) != before[n] for n in FOLLOWERS):
        raise Failed("a plan of the old key was followed")
    redis(f, "set", key("plan"), good)
    put(f.plan_key, r.old_key)
    f.start_steer("steer1")
    until("the forgotten agent cannot go on from plans of the new key", 30,
          lambda: "which is not trusted" in log(f, "steer1") and "event=plan-unread" in log(f, "steer1"))
    put(f.plan_key, r.new_key)
    r.reread("steer1")
    note(f"its key replaced: everyone follows after {everyone_moves(f, 'the forgotten agent has the new key'):.2f} s")


def person_rolls(f):
    """The same for a person's key: added, used, the old one taken out."""
    old_key, old_pub = f.rig.path("person.key"), f.rig.path("person.pub")
    new_key, new_pub = f.rig.keypair("person2")
    old = f.rig.path("person-old.pub")
    put(old, old_pub)
    r = Roll.__new__(Roll)
    r.f = f
    put(f.person_pub, old, new_pub)
    r.reread("steer1")
    f.person_key = new_key
    commands_work(f, "a new key of a person")
    put(f.person_pub, new_pub)
    r.reread("steer1")
    commands_work(f, "the old key of a person taken out")
    f.person_key = old_key
    status, out, err = f.person("drain", "eu-west", "--reason", "x", "--yes", check=False)
    if status != 3 or "not trusted" not in err:
        raise Failed(f"the old key of a person is still obeyed: exit {status}: {out}{err}")


def test():
    with Rig() as rig:
        f = Fleet(rig)
        r = Roll(f)
        f.start_all()
        until("everyone has the plan", 30, lambda: all(plan_of(f, n) > (0, 0) for n in FOLLOWERS))
        f.person("drain", "us-east", "--reason", "INC-1", "--for", "30m", "--yes")
        crowd = clients(f, ("dns1",))
        for step in (roll, old_key_moves_nobody):
            step(f, r)
            crowd.judge(step.__name__.replace("_", " "))
        person_rolls(f)
        crowd.judge("person rolls")
        crowd.stop()
        if not f.neither(NEW_YORK, "us-east"):
            raise Failed("the drain was lost")
        for name in (*FOLLOWERS, "steer1"):
            if not rig.alive(name) or rig.stop(name) != 0:
                raise Failed(f"{name} did not live and end as it should")


if __name__ == "__main__":
    main(test)

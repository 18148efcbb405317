#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""What a bad Redis and a restarted proxy do to a fleet: a server that stops for a
while, garbage in every key, forged and replayed plans, numbers that leave no
epoch, no memory left, a server that hangs up, a wrong password. A region is
drained throughout; every client of DNS is answered all the time, and never with
what is drained; each fault is told in a log or in the status, and after it
commands work again."""

import http.client
import signal
import threading
import time

from asker import Crowd
from fleet import LONDON, NEW_YORK, REGIONS, WWW, Fleet
from rig import Failed, Rig, addresses, ask, main, note, until

PERMITTED = [a for r, (a, _, _) in REGIONS.items() if r != "us-east"]  # which is drained


def redis(f, *argv):
    return f.rig.run("redis-cli", "-p", str(f.redis_port), *argv)[1].rstrip("\n")


def key(name):
    return "windrose:{test}:" + name


def log(f, name):
    with open(f.rig.path(name + ".log"), errors="replace") as file:
        return file.read()


def leader(f):
    return next((n for n in ("steer1", "steer2") if f.leads(n)), None)


def plan_of(f, name):
    n = f.node(name)
    return n.get("plan_epoch", 0), n.get("plan_sequence", 0)


def clients(f, names=None):
    """Clients of these responders who may get everything but what is drained."""
    crowd = Crowd({n: p for n, p in f.dns_ports.items() if names is None or n in names}, WWW)
    for subnet in (LONDON, NEW_YORK):
        crowd.permit(subnet, PERMITTED)
    crowd.start()
    return crowd


def commands_work(f, what):
    """A command of a person gets through everything, there and back."""
    def drained():
        status, _, err = f.person("drain", "eu-west", "--reason", what, "--for", "5m", "--yes", check=False)
        return status == 0 or print("#   " + err.strip().replace("\n", " / "))
    _, took = until(f"a drain after {what}", 30, drained)
    if not f.both(LONDON, "eu-central"):
        raise Failed(f"after {what} a drain is done but not in the answers")
    f.person("undrain", "eu-west", "--reason", what + " is over", "--yes")
    if not f.both(LONDON, "eu-west"):
        raise Failed(f"after {what} an undrain is done but not in the answers")
    return took


def outcome(f, wanted, what):
    """A command while the bus is bad says that it failed, and how."""
    status, out, err = f.person("drain", "eu-west", "--reason", what, "--yes", check=False)
    if status not in wanted or not err.strip():
        raise Failed(f"a drain during {what}: exit {status}, wanted one of {wanted}: {out}{err}")


def paused(f):
    server = f.rig.running["redis"]
    began = time.monotonic()
    server.send_signal(signal.SIGSTOP)
    try:
        until("no agent leads any longer", 10, lambda: leader(f) is None)
        outcome(f, (5,), "a pause")
        until("8 s are over", 10, lambda: time.monotonic() - began > 8)
    finally:
        server.send_signal(signal.SIGCONT)
    _, took = until("an agent leads again", 20, lambda: leader(f))
    note(f"Redis stopped for 8 s: an agent leads {took:.2f} s after it goes on")
    commands_work(f, "a pause")


def garbage(f):
    keys = redis(f, "keys", "*").split("\n")
    if not {key(n) for n in ("plan", "plan-head", "lease", "epoch", "nodes", "vantages", "audit")} <= set(keys):
        raise Failed(f"keys are missing: {keys}")
    before = plan_of(f, "dns1")
    for kind in ("set", "rpush"):
        for k in keys:
            redis(f, "del", k)
            redis(f, kind, k, "\x01 garbage \xff")
        _, took = until("a plan that is newer than all before", 30, lambda: all(
            plan_of(f, n) > before for n in ("dns1", "dns2", "edge")))
        note(f"garbage ({kind}) in {len(keys)} keys: everyone on a newer plan after {took:.2f} s")
        before = plan_of(f, "dns1")
    commands_work(f, "garbage")
    # What is no stream is somebody's: it is told, not deleted.
    until("the log tells that the audit cannot be written", 10,
          lambda: any("WRONGTYPE" in log(f, n) and ":audit" in log(f, n) for n in ("steer1", "steer2")))
    redis(f, "del", key("audit"))
    until("the audit goes on where it was", 10, lambda: "garbage is over" in redis(f, "xrange", key("audit"), "-", "+"))


def reads(f):
    """How many full reads of reports the server has seen."""
    stats = redis(f, "info", "commandstats")
    return int(next(line for line in stats.split("\n") if "srandmember" in line).split("calls=")[1].split(",")[0])


def crowd_of_garbage(f):
    """Thousands of ids and reports that are none: refused at every read, told of a few times."""
    daemons = ("dns1", "dns2", "steer1", "steer2")
    before = {n: log(f, n).count("refused") for n in daemons}
    redis(f, "eval", "for i = 1, 1500 do redis.call('SADD', KEYS[1], 'bad id ' .. i, 'v' .. i)"
          " redis.call('SET', KEYS[2] .. i, 'garbage') end", "2", key("vantages"), key("vantage:v"))
    seen = reads(f)
    until("everybody has read it again and again", 60, lambda: reads(f) > seen + 6 * len(daemons))
    told = {n: log(f, n).count("refused") - before[n] for n in daemons}
    redis(f, "del", key("vantages"))
    note(f"1500 ids and 1500 reports that are none: lines about them {told}")
    if not all(0 < n <= 2 * 64 for n in told.values()):
        raise Failed(f"wanted some lines of each, and few: {told}")
    commands_work(f, "a crowd of garbage")


def forged_and_replayed(f):
    """Readers keep what they have; the leader puts its own plan back."""
    old = redis(f, "--no-raw", "getrange", key("plan"), "0", "-1")
    old = old[1:-1].encode().decode("unicode_escape")
    commands_work(f, "a plan to replay")
    for what, envelope in (("forged", old.replace('"epoch"', '"epocH"', 1)), ("old", old), ("empty", "{}")):
        before = plan_of(f, "dns1")
        seen = log(f, "dns1").count("plan-refused") + log(f, "dns1").count("refused")
        redis(f, "set", key("plan"), envelope)
        redis(f, "publish", key("notify:plan"), redis(f, "incr", key("notices:plan")))
        _, took = until(f"a newer plan in place of the {what} one", 15, lambda: all(
            plan_of(f, n) > before for n in ("dns1", "dns2", "edge")))
        note(f"{what} plan put into Redis: the next good one was everywhere after {took:.2f} s")
        if what != "old" and log(f, "dns1").count("plan-refused") + log(f, "dns1").count("refused") <= seen:
            raise Failed(f"the responder does not tell of the {what} plan")


def far_ahead(f):
    """Somebody writes numbers that leave no epoch to go on with: they count as none."""
    for name, number in (("epoch", "9007199254740987"), ("plan-head", "9007199254740987 1")):
        before = plan_of(f, "dns1")
        redis(f, "set", key(name), number)
        redis(f, "del", key("lease"))
        _, took = until(f"a newer plan after {name} was put far ahead", 15, lambda: all(
            plan_of(f, n) > before for n in ("dns1", "dns2", "edge")))
        note(f"{name} put to {number}: everyone on a newer plan after {took:.2f} s, {before} -> {plan_of(f, 'dns1')}")
        if plan_of(f, "dns1")[0] > 1 << 40:
            raise Failed(f"epochs are used up: {plan_of(f, 'dns1')}")
    commands_work(f, "numbers far ahead")


def no_memory(f):
    redis(f, "config", "set", "maxmemory", "1")
    try:
        until("the log says that Redis has no memory", 15,
              lambda: any("OOM" in log(f, n) for n in ("steer1", "steer2")))
        until("the status of a responder says so", 10,
              lambda: f.node("dns1").get("trouble") == "the server's memory is full, it refuses writes")
        outcome(f, (3, 5, 7), "no memory")
    finally:
        redis(f, "config", "set", "maxmemory", "0")
    until("and not any longer", 10, lambda: not f.node("dns1").get("trouble"))
    note(f"memory again: a command works after {commands_work(f, 'no memory'):.2f} s")


def cut_off_at_once(f):
    """A server that hangs up on who listens: told a few times, and once when it is over."""
    def told(word):
        return log(f, "dns1").count("event=redis-" + word)

    def since():
        return log(f, "dns1").partition("event=redis-flapping")[2]

    def hang_up():
        return redis(f, "client", "kill", "type", "pubsub")
    for n in range(told("up"), told("up") + 4):
        until("dns1 is there", 20, lambda n=n: told("up") >= n)
        hang_up()
    until("the log of dns1 tells that the link does not hold", 10, since)
    cut = []
    until("everybody has been cut off again and again", 60, lambda: cut.append(int(hang_up())) or sum(cut) > 30)
    seen = since()
    note(f"{told('down')} losses of the link were told, and not {sum(cut)} more of all daemons")
    if "event=redis-" in seen:
        raise Failed(f"told again and again: {seen}")
    until("and that it holds again", 20, lambda: "event=redis-up" in since())
    commands_work(f, "a link that did not hold")


def wrong_password(f):
    """One clear line, retries, and all is well when the server takes it."""
    r = f.rig
    port = r.port()
    r.start("dns3", r.program("windrose-dns"), "--policy", r.path("policy"), "--workers", "1",
            "--listen", f"127.0.0.1:{port}", "--name", "dns3", "--trust", f.plan_pub,
            "--bus", f.bus.replace("//", "//:s3cret@"), "--control", r.path("dns3.sock"))
    until("it answers without the bus", 10, lambda: addresses(ask(port, WWW, LONDON)))
    until("the log tells of the password", 10, lambda: "password" in log(f, "dns3"))
    redis(f, "config", "set", "requirepass", "s3cret")
    _, took = until("it has the plan", 10, lambda: plan_of(f, "dns3") > (0, 0))
    f.rig.run("redis-cli", "-p", str(f.redis_port), "--no-auth-warning", "-a", "s3cret", "config", "set", "requirepass", "")
    note(f"password taken by the server: the plan was there {took:.2f} s later")
    lines = [line for line in log(f, "dns3").splitlines() if "redis-trouble" in line]
    if len(lines) > 2 or "s3cret" in log(f, "dns3"):
        raise Failed(f"wanted one line a link, and never the password: {lines}")
    r.stop("dns3")


class Browser(threading.Thread):
    """A client of the proxy, with a connection a request or one for all."""

    def __init__(self, f, keeps):
        super().__init__(daemon=True)
        self.f, self.keeps, self.over = f, keeps, threading.Event()
        self.seen, self.failed = {}, []  # when each endpoint last answered

    def run(self):
        c = None
        while not self.over.wait(0.002):
            try:
                c = c or http.client.HTTPConnection("127.0.0.1", self.f.http_port, timeout=5)
                c.request("GET", "/")
                answer = c.getresponse()
                body = answer.read().decode()
                if answer.status != 200:
                    self.failed.append(answer.status)
                self.seen[body] = time.monotonic()
            except OSError as e:
                self.failed.append(repr(e))
                c = None
            if c is not None and not self.keeps:
                c.close()
                c = None


def proxy_drains(f):
    """From the command to the last response of the drained endpoint."""
    browsers = [Browser(f, keeps) for keeps in (False, True)]
    for b in browsers:
        b.start()
    until("all endpoints answer through the proxy", 10, lambda: all(len(b.seen) >= 3 for b in browsers))
    began = time.monotonic()
    f.person("drain", "us-east", "--reason", "INC-1", "--for", "30m", "--yes")
    done = time.monotonic()
    until("others have answered for a second", 10, lambda: all(
        b.seen["eu-west"] > done + 1 and b.seen["eu-central"] > done + 1 for b in browsers))
    for b in browsers:
        b.over.set()
        b.join()
        note(f"drain to the last HTTP response of the endpoint, {'one connection' if b.keeps else 'a connection each'}: "
             f"{1000 * (b.seen['us-east'] - began):.0f} ms; the command was done after {1000 * (done - began):.0f} ms; "
             f"{len(b.failed)} requests failed")
        if b.seen["us-east"] > done or b.failed:
            raise Failed(f"after the drain was done the endpoint was still asked, or requests failed: {b.failed[:3]}")


def proxy_restarts(f):
    f.rig.stop("haproxy", signal.SIGKILL)
    f.start_haproxy()
    _, took = until("a restarted HAProxy has the drain again", 2, lambda: f.haproxy_weights().get("us-east") == 0)
    note(f"HAProxy restarted: weights reapplied after {took:.2f} s")


def edge_restarts_alone(f):
    f.rig.stop("redis", signal.SIGKILL)
    f.rig.stop("edge", signal.SIGKILL)
    f.rig.stop("haproxy", signal.SIGKILL)
    f.start_haproxy()
    until("HAProxy begins with all servers", 5, lambda: f.haproxy_weights().get("us-east") == 100)
    f.start_edge()
    _, took = until("the edge applies its plan from disk", 5, lambda: f.haproxy_weights().get("us-east") == 0)
    note(f"edge restarted without Redis: the plan from its disk in force after {took:.2f} s")


def test():
    with Rig() as rig:
        f = Fleet(rig)
        f.start_all()
        until("everything is up and everyone has the plan", 30, lambda: all(
            plan_of(f, n) > (0, 0) for n in ("dns1", "dns2", "edge")) and all(
            e["verdict"] == "up" for s in f.status("dns1")["services"] for e in s["endpoints"]))
        proxy_drains(f)
        crowd = clients(f)
        for fault in (proxy_restarts, paused, garbage, crowd_of_garbage, forged_and_replayed, far_ahead, no_memory, cut_off_at_once, wrong_password, edge_restarts_alone):
            fault(f)
            crowd.judge(fault.__name__.replace("_", " "))
        crowd.stop()
        for name in ("dns1", "dns2", "health", "steer1", "steer2", "edge"):
            if not rig.alive(name) or rig.stop(name) != 0:
                raise Failed(f"{name} did not live and end as it should")


if __name__ == "__main__":
    main(test)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`windrose bus doctor` against a real redis-server in each bad state: it names
what is wrong, all of it and nothing else, and says nothing of a good one."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import threading
import time

from envelope import sealed
from rig import SRC, Failed, Rig, main, note, until

GOOD = ("--save", "300 1")
PREFIX = "windrose:{default}:"


class Clinic:
    """One server at a time, and the doctor's word on it."""

    def __init__(self, rig):
        self.rig, self.port, self.cases = rig, rig.port(), 0

    def open(self, *extra):
        self.rig.redis(self.port, *GOOD, *extra)

    def close(self):
        self.rig.stop("redis")

    def cli(self, *argv):
        return self.rig.run("redis-cli", "-p", str(self.port), *argv)[1].strip()

    def ask(self, *extra, who="", port=None):
        status, out, err = self.rig.run(
            self.rig.program("windrose"), "bus", "doctor", "--json", "--bus",
            f"redis://{who}127.0.0.1:{port or self.port}", *extra, check=False)
        if not out:
            raise Failed(f"the doctor says nothing: exit {status}: {err}")
        return status, json.loads(out)

    def expect(self, title, *ailments, exit=None, **where):
        """Exactly these, in any number."""
        extra = where.pop("extra", ())
        status, answer = self.ask(*extra, **where)
        found = {f["what"] for f in answer["findings"]}
        wanted = exit if exit is not None else 1 if ailments else 0
        if found != set(ailments) or status != wanted or answer["ok"] != (not ailments):
            raise Failed(f"{title}: exit {status}, wanted {wanted}: {answer['findings']}, wanted {ailments}")
        if any(not f["do"] or not f["text"] for f in answer["findings"]):
            raise Failed(f"{title}: nothing to do or nothing said: {answer['findings']}")
        self.cases += 1
        return answer["findings"]


def reach(c):
    c.expect("nobody listens", "unreachable", exit=5)
    c.open("--requirepass", "s3cret")
    c.expect("no password", "password")
    c.expect("a wrong password", "password", who=":wrong@")
    c.expect("a right one", who=":s3cret@")
    c.rig.running["redis"].send_signal(signal.SIGSTOP)
    try:
        c.expect("stopped", "unreachable", exit=5, who=":s3cret@")
    finally:
        c.rig.running["redis"].send_signal(signal.SIGCONT)
    c.close()


def settings(c):
    c.open()
    c.expect("all is well")
    for title, ailment, name, bad, good in (
            ("it evicts", "eviction", "maxmemory-policy", "allkeys-lru", "noeviction"),
            ("it saves nothing", "persistence", "save", "", "300 1"),
            ("notices are cut off", "buffers", "client-output-buffer-limit", "pubsub 1kb 1kb 1", "pubsub 32mb 8mb 60"),
            ("plans are cut off", "buffers", "client-output-buffer-limit", "normal 1mb 0 0", "normal 0 0 0")):
        if ailment == "eviction":
            c.cli("config", "set", "maxmemory", "1gb")
        c.cli("config", "set", name, bad)
        c.expect(title, ailment)
        c.cli("config", "set", name, good)
    c.cli("config", "set", "save", "", "appendonly", "yes")
    c.expect("the append-only file is enough")
    c.cli("config", "set", "save", "300 1", "appendonly", "no")
    c.cli("set", "ballast", "x" * 100_000)
    used = next(int(line.split(":")[1]) for line in c.cli("info", "memory").split() if line.startswith("used_memory:"))
    c.cli("config", "set", "maxmemory", str(used * 10 // 9))
    c.expect("memory nearly full", "size")
    c.cli("config", "set", "maxmemory", "0")
    c.cli("config", "set", "min-replicas-to-write", "1")
    c.expect("too few replicas to write", "replication")
    c.cli("config", "set", "min-replicas-to-write", "0")
    # Where the file would be stands a folder; PING is refused then, INFO is not.
    with contextlib.suppress(FileNotFoundError):
        os.unlink(c.rig.path("dump.rdb"))
    os.mkdir(c.rig.path("dump.rdb"))
    c.cli("bgsave")
    until("a save fails", 10, lambda: "rdb_last_bgsave_status:err" in c.cli("info", "persistence"))
    if not c.cli("ping").startswith("MISCONF"):
        raise Failed(f"this Redis does not refuse PING: {c.cli('ping')}")
    c.expect("it cannot save to disk", "persistence")
    os.rmdir(c.rig.path("dump.rdb"))
    c.cli("bgsave")
    until("a save succeeds", 10, lambda: "rdb_last_bgsave_status:ok" in c.cli("info", "persistence"))
    c.expect("all is well again")
    c.cli("config", "set", "maxclients", "2")
    try:
        with socket.create_connection(("127.0.0.1", c.port)) as other:
            other.sendall(b"PING\r\n")
            other.recv(100)
            c.expect("connections nearly used up", "size")
    finally:
        until("the other has gone", 5, lambda: c.cli("config", "set", "maxclients", "100") == "OK")
    c.close()


def replicas(c):
    c.open()
    other = c.rig.port()
    c.rig.start("replica", "redis-server", "--port", str(other), "--bind", "127.0.0.1", "--save", "300 1",
                "--dir", c.rig.dir, "--dbfilename", "replica.rdb", "--replicaof", "127.0.0.1", str(c.port))
    until("the replica is in step", 20, lambda: "state=online" in c.cli("info", "replication"))
    c.expect("a primary with its replica")
    c.expect("a replica", "not-master", port=other)
    c.rig.running["replica"].send_signal(signal.SIGSTOP)
    try:
        until("the replica lags", 30, lambda: "lag=11" in c.cli("info", "replication"))
        c.expect("a replica that lags", "replication")
    finally:
        c.rig.running["replica"].send_signal(signal.SIGCONT)
    c.close()
    until("the replica has lost it", 10, lambda: c.ask(port=other)[1]["findings"] and {
        f["what"] for f in c.ask(port=other)[1]["findings"]} == {"not-master", "replication"})
    c.cases += 1
    c.rig.stop("replica")


def rights(c):
    """The users as they are shipped; then each right of theirs taken."""
    acl = c.rig.path("users.acl")
    shutil.copy(os.path.join(SRC, "contrib/redis/users.acl"), acl)
    c.rig.start("redis", "redis-server", "--port", str(c.port), "--bind", "127.0.0.1", *GOOD, "--dir", c.rig.dir,
                "--aclfile", acl)
    doctor = {"who": "doctor:change-me-doctor@"}
    until("redis answers", 10, lambda: c.ask(**doctor)[0] != 5)
    c.expect("the users as they are shipped", **doctor)
    c.expect("a user that may not look", "not-looked", who="operator:change-me-operator@")
    with open(acl) as f:
        lines = f.read().splitlines()
    c.close()
    for user in ("dns", "health-eu", "steer", "edge", "operator"):
        mine = next(line for line in lines if line.startswith(f"user {user} "))
        for right in re.findall(r"(?<= )(?:\([^)]*\)|[+%&]\S+)", mine):
            without = mine.replace(f" {right}", "", 1)
            text = "\n".join(without if line == mine else line for line in lines)
            c.rig.write("users.acl", text + "\n")
            c.rig.start("redis", "redis-server", "--port", str(c.port), "--bind", "127.0.0.1", *GOOD, "--dir",
                        c.rig.dir, "--aclfile", acl)
            until("redis answers", 10, lambda: c.ask(**doctor)[0] != 5)
            status, answer = c.ask(**doctor)
            # The audit is there for people to read, not for the command.
            if status == 0 and right not in ("+xrange", "+xrevrange", "%R~" + PREFIX + "audit"):
                raise Failed(f"user {user} without {right}: the doctor finds nothing")
            if any(f["what"] != "rights" or f"user {user} " not in f["text"] for f in answer["findings"]):
                raise Failed(f"user {user} without {right}: {answer['findings']}")
            c.cases += 1
            c.close()


def keys(c):
    c.open()
    plan_key, plan_pub = c.rig.keypair("plan")
    c.rig.write("policy.yaml", POLICY)
    c.rig.start("steer", c.rig.program("windrose-steer"), "--policy", c.rig.path("policy.yaml"), "--name", "s1",
                "--bus", f"redis://127.0.0.1:{c.port}", "--key", plan_key)
    until("a plan is there", 20, lambda: c.cli("exists", PREFIX + "plan") == "1")
    c.rig.stop("steer")
    c.expect("what an agent leaves behind", extra=("--trust", plan_pub))
    _, stranger = c.rig.keypair("stranger")
    c.expect("a plan of a key that is not trusted", "unsigned", extra=("--trust", stranger))
    ours, ours_pub = c.rig.keypair("vantage")
    report = json.dumps({"vantage": "eu", "sequence": 1})
    c.cli("set", PREFIX + "vantage:eu", sealed(c.rig, ours, ours_pub, report, "report"))
    c.expect("a report signed by anybody")
    c.expect("by its vantage", extra=("--trust-vantage", f"eu={ours_pub}"))
    c.expect("by another", "unsigned", extra=("--trust-vantage", f"eu={stranger}"))
    c.cli("set", PREFIX + "vantage:eu", report)
    c.expect("by nobody")
    c.expect("by nobody where somebody must", "unsigned", extra=("--trust-vantage", f"eu={ours_pub}"))
    c.cli("del", PREFIX + "vantage:eu")
    plan = c.cli("--no-raw", "get", PREFIX + "plan")[1:-1].encode().decode("unicode_escape")
    for title, key, value, ailment in (
            ("a plan in no envelope", "plan", "{}", "unsigned"),
            ("a plan that is none", "plan", plan.split("\n")[0] + "\n{}", "unreadable"),
            ("a report that is none", "vantage:eu", "garbage", "unreadable"),
            ("a node that says to be another", "node:x", '{"name":"y","role":"dns"}', "unreadable"),
            ("an epoch that is no number", "epoch", "x", "unreadable"),
            ("a head of one number", "plan-head", "12", "unreadable"),
            ("a count of notices that is none", "notices:plan", "x", "unreadable"),
            ("a lease of nobody", "lease", "12", "unreadable")):
        before = c.cli("--no-raw", "get", PREFIX + key)
        c.cli("set", PREFIX + key, value)
        c.expect(title, ailment)
        c.cli("del", PREFIX + key)
        if before != "(nil)":
            c.cli("set", PREFIX + key, before[1:-1].encode().decode("unicode_escape"))
    for key in ("plan", "plan-head", "epoch", "lease", "vantage:eu", "node:x", "served:x", "notices:nodes"):
        c.cli("del", PREFIX + key)
        c.cli("rpush", PREFIX + key, "x")
        c.expect(f"a list in {key}", "wrong-type")
        c.cli("del", PREFIX + key)
    for key in ("nodes", "vantages", "edges", "audit"):
        c.cli("del", PREFIX + key)
        c.cli("set", PREFIX + key, "x")
        c.expect(f"a string in {key}", "wrong-type")
        c.cli("del", PREFIX + key)
    c.cli("sadd", PREFIX + "nodes", *[str(i) for i in range(3400)])
    c.expect("a crowd of nodes", "size")
    c.cli("del", PREFIX + "nodes")
    c.cli("set", PREFIX + "unknown", "x")
    c.cli("rpush", "somebody-elses", "x")
    c.expect("what is not Windrose's is left alone")
    c.close()


POLICY = """
zone: {name: gslb.example.com, nameservers: ns.example.net}
regions:
  a: {location: [0, 0]}
services:
  www: {steer: failover, endpoints: {a: {A: 192.0.2.1}}}
"""


class OffClock(threading.Thread):
    """Passes everything on but TIME, which it answers an hour off."""

    def __init__(self, server_port, off_s):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.server_port, self.off_s = self.listener.getsockname()[1], server_port, off_s
        self.start()

    def run(self):
        client, _ = self.listener.accept()
        with client, socket.create_connection(("127.0.0.1", self.server_port)) as server:
            while query := client.recv(65536):
                if b"TIME\r\n" in query:
                    second = str(int(time.time() + self.off_s)).encode()
                    client.sendall(b"*2\r\n$%d\r\n%s\r\n$1\r\n0\r\n" % (len(second), second))
                    continue
                server.sendall(query)
                answer = server.recv(1 << 20)
                while not answer.endswith(b"\r\n"):
                    answer += server.recv(1 << 20)
                client.sendall(answer)


def clock(c):
    c.open()
    for off_s in (-3600, 3600):
        text = c.expect(f"a clock {off_s} s off", "clock", port=OffClock(c.port, off_s).port)[0]["text"]
        if ("behind" in text) != (off_s < 0):
            raise Failed(f"a clock {off_s} s off: {text}")
    c.close()


def test():
    with Rig() as rig:
        c = Clinic(rig)
        for part in (reach, settings, clock, keys, replicas, rights):
            part(c)
        note(f"{c.cases} states of a real redis-server: each named as what it is, nothing else said")


main(test)

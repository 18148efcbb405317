#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""`windrose bus doctor` over TLS with every certificate that is wrong, behind
three sentinels, and on a Redis Cluster, all real and with the examples of
contrib/redis: it names what is wrong and at which server, and nothing else."""

import json
import signal

from papers import authority, paper
from redis_many import Cluster, Watch
from redis_servers import Servers, example
from rig import Failed, Rig, main, note, until

DOCTOR = "doctor:change-me-doctor"


class Doctor:
    def __init__(self, rig):
        self.rig, self.cases = rig, 0

    def ask(self, bus):
        status, out, err = self.rig.run(self.rig.program("windrose"), "bus", "doctor", "--json", "--bus", bus, check=False)
        if not out:
            raise Failed(f"the doctor says nothing: exit {status}: {err}")
        return status, json.loads(out)

    def sees(self, bus, *wanted, exit=None):
        """None, or why the doctor's word is not this: what, or (what, words of its text and of what to do)."""
        status, answer = self.ask(bus)
        rows = [w if isinstance(w, tuple) else (w,) for w in wanted]
        if status != (exit if exit is not None else 1 if wanted else 0):
            return f"exit {status}: {answer['findings']}"
        for what, *words in rows:
            if not any(f["what"] == what and all(w in f"{f.get('server', '')} {f['text']} {f['do']}" for w in words)
                       for f in answer["findings"]):
                return f"no {what} {words}: {answer['findings']}"
        if {f["what"] for f in answer["findings"]} != {r[0] for r in rows}:
            return f"more than {rows}: {answer['findings']}"
        return None

    def expect(self, title, bus, *wanted, exit=None):
        why = self.sees(bus, *wanted, exit=exit)
        if why:
            raise Failed(f"{title}: {why}")
        self.cases += 1

    def await_(self, title, seconds, bus, *wanted):
        """What servers find out after a while."""
        until(title, seconds, lambda: self.sees(bus, *wanted) is None)
        self.cases += 1


def tls(d):
    """One server; its certificate and the doctor's are each wrong in turn."""
    r, s, port = d.rig, Servers(d.rig), d.rig.port()
    authority(r, "ca")
    authority(r, "other")
    both = "serverAuth,clientAuth"
    paper(r, "redis", "ca", "DNS:localhost,IP:127.0.0.1", both, days=60)
    paper(r, "expired", "ca", "DNS:localhost,IP:127.0.0.1", both, days=-1)
    paper(r, "ending", "ca", "DNS:localhost,IP:127.0.0.1", both, days=5)
    paper(r, "elsewhere", "ca", "DNS:redis.example.net,IP:192.0.2.1", both, days=60)
    paper(r, "program", "ca", "DNS:program", "clientAuth", days=60)
    paper(r, "stale", "ca", "DNS:program", "clientAuth", days=-1)
    paper(r, "stranger", "other", "DNS:program", "clientAuth", days=60)
    paper(r, "server-only", "ca", "DNS:program", "serverAuth", days=60)
    conf = r.write("tls.conf", example("tls.conf").replace("/etc/redis/tls", r.dir))
    s.cli_extra = ("--tls", "--insecure", "--cacert", r.path("ca.crt"), "--cert", r.path("program.crt"), "--key",
                   r.path("program.key"))

    def url(ca="ca", cert="program", host="localhost", scheme="rediss"):
        own = f"&cert={r.dir}/{cert}.crt&key={r.dir}/{cert}.key" if cert else ""
        query = f"?ca={r.dir}/{ca}.crt{own}" if scheme == "rediss" else ""
        return f"{scheme}://{DOCTOR}@{host}:{port}/default{query}"

    def serve(name):
        """The server shows this certificate from now on."""
        s.cli("redis", "config", "set", "tls-cert-file", r.path(name + ".crt"), "tls-key-file", r.path(name + ".key"),
              check=True)

    s.start("redis", "--include", conf, "--port", "0", "--tls-port", str(port), "--save", "300 1", port=port)
    d.expect("all is well over TLS", url())
    d.expect("by address", url(host="127.0.0.1"))
    for name, words in (("expired", "has expired"), ("elsewhere", "another name"), ("ending", "ends in")):
        serve(name)
        d.expect(f"the server's certificate: {name}", url(), ("certificate", words))
    serve("redis")
    d.expect("an authority that nobody knows", url(ca="other"), ("certificate", "nobody who is trusted", "ca=FILE"))
    d.expect("no certificate of ours", url(cert=""), ("certificate", "wants a client certificate", "cert=FILE"))
    d.expect("ours has ended", url(cert="stale"), ("certificate", "our certificate has expired", "renew"))
    d.expect("ours is signed by another", url(cert="stranger"), ("certificate", "nobody who signed our certificate"))
    d.expect("ours is for servers", url(cert="server-only"), ("certificate", "clientAuth"))
    d.expect("no TLS where TLS is spoken", url(scheme="redis"), ("tls", "write rediss://"))
    s.kill("redis")
    d.expect("nobody listens", url(), "unreachable", exit=5)
    s.extra["redis"] = ("--save", "300 1")
    s.cli_extra = ()
    s.start("redis")
    d.expect("TLS where none is spoken", url(), ("tls", "speaks no TLS", "redis://"))
    s.kill("redis")


def sentinels(d):
    w = Watch(d.rig)
    bus, reading = w.url("doctor"), w.url("doctor", "?read=replica")
    for name in w.s.ports:
        w.s.cli(name, "config", "set", "save", "300 1", check=True)
    d.expect("three sentinels, a master, two replicas", bus)
    d.expect("and read from replicas", reading)
    d.expect("another name", bus.replace("/windrose/", "/roses/"), ("sentinel", "no master of the name roses"))
    d.expect("a password that the sentinels do not want", bus + "?sentinel=:wrong", ("password", "AUTH"))
    w.ask("sentinel2", "sentinel", "set", "windrose", "quorum", "1")
    d.expect("one wants fewer votes", bus, ("quorum", "votes"))
    w.ask("sentinel2", "sentinel", "set", "windrose", "quorum", "2")
    w.s.cli("redis2", "acl", "setuser", "dns", "-getrange", check=True)
    d.expect("a user of a replica", bus, ("rights", "user dns", str(w.s.ports["redis2"])))
    w.s.cli("redis2", "acl", "setuser", "dns", "+getrange", check=True)
    w.s.cli("redis1", "config", "set", "maxmemory-policy", "allkeys-lru", check=True)
    d.expect("the master evicts", bus, ("eviction", str(w.s.ports["redis1"])))
    w.s.cli("redis1", "config", "set", "maxmemory-policy", "noeviction", check=True)
    w.ask("sentinel3", "sentinel", "remove", "windrose")
    d.expect("one has forgotten it", bus, ("sentinel", "no master", str(w.sentinels["sentinel3"])))
    w.ask("sentinel3", "sentinel", "monitor", "windrose", "127.0.0.1", str(w.s.ports["redis2"]), "2")
    d.await_("one names another, which it may not ask", 40, bus, ("disagreement", "names the master", str(w.s.ports["redis2"])),
             "quorum", ("unreachable", "is down, it says", str(w.sentinels["sentinel3"])))
    d.rig.stop("sentinel3", signal.SIGKILL)
    d.await_("one is gone", 10, bus, ("unreachable", str(w.sentinels["sentinel3"])))
    d.rig.stop("sentinel2", signal.SIGKILL)
    d.await_("two are gone", 20, bus, ("unreachable", str(w.sentinels["sentinel2"])), ("quorum", "NOQUORUM"))
    w.s.kill("redis3")
    d.await_("and a replica", 20, bus, "unreachable", "quorum", ("replication", f"{w.s.ports['redis3']} is down"))
    w.s.kill("redis1")
    d.await_("and the master", 20, bus, ("unreachable", f"the master 127.0.0.1:{w.s.ports['redis1']} is down"), "quorum",
             "replication")
    d.rig.stop("sentinel1", signal.SIGKILL)
    d.expect("nobody is left", bus, "unreachable", exit=5)
    for name in ("redis2",):
        w.s.kill(name)


def cluster(d):
    c = Cluster(d.rig)
    for name in c.s.ports:
        c.s.cli(name, "config", "set", "save", "300 1", check=True)
    (owner, node), bus = c.owner(), c.url("doctor")
    one = f"redis://{DOCTOR}@127.0.0.1:{c.s.ports[owner]}/default"
    d.await_("a cluster, by the nodes without the keys", 30, bus)
    d.expect("and by the one that has them", one)
    answer = d.ask(bus)[1]
    if answer["servers"] < 6 or answer["keys"] != 0:
        raise Failed(f"not all nodes were asked: {answer}")
    c.s.cli(owner, "set", "windrose:{default}:epoch", "x", check=True)
    d.expect("a key there", bus, ("unreadable", "epoch", str(c.s.ports[owner])))
    c.s.cli(owner, "del", "windrose:{default}:epoch", check=True)
    replica = c.replicas_of(node)[0]
    for name, words in ((owner, "the node with the keys"), (replica, "its replica")):
        c.s.cli(name, "acl", "setuser", "steer", "-get", check=True)
        d.expect(f"a user of {words}", bus, ("rights", "user steer", str(c.s.ports[name])))
        c.s.cli(name, "acl", "setuser", "steer", "+get", check=True)
    other, other_id = next(m for m in c.masters() if m[0] != owner)
    c.s.cli(owner, "cluster", "setslot", c.slot, "migrating", other_id, check=True)
    d.expect("the keys are on the move", one, ("cluster", f"slot {c.slot}", "being moved"))
    c.s.cli(owner, "cluster", "setslot", c.slot, "stable", check=True)
    gone = [other, *c.replicas_of(other_id)]
    for name in gone:
        c.s.kill(name)
    d.await_("a master that has other keys is gone", 30, one, ("cluster", str(c.s.ports[other]), "has failed"),
             ("cluster", "slots are served by nobody"))
    c.s.cli(owner, "cluster", "delslots", c.slot, check=True)
    d.expect("nobody has the slot", one, ("cluster", f"slot {c.slot}, in which all keys"))
    for name in c.alive():
        c.s.kill(name)
    s = Servers(d.rig)
    for name in ("alone1", "alone2"):
        s.start(name)
        s.cli(name, "config", "set", "save", "300 1", check=True)
    both = ",".join(f"127.0.0.1:{p}" for p in s.ports.values())
    d.expect("two servers that are no cluster", f"redis://{DOCTOR}@{both}/default", ("cluster", "2 of them"))


def test():
    for part in (tls, sentinels, cluster):
        with Rig() as rig:
            d = Doctor(rig)
            part(d)
            note(f"{part.__name__}: {d.cases} states of real servers: each named as what it is, nothing else said")


main(test)

# SPDX-License-Identifier: Apache-2.0
"""redis_many -- several real Redis servers that belong together, with the examples
of contrib/redis: behind three sentinels, or as a cluster of six nodes."""

from redis_servers import Servers, example
from rig import until

KEY = "windrose:{default}:plan"


class Cluster:
    def __init__(self, rig):
        self.rig, self.s = rig, Servers(rig)
        names = [f"node{i}" for i in range(1, 7)]
        for name in names:
            bus = rig.port()
            self.s.start(name, *self.s.include("cluster.conf"), "--cluster-port", str(bus))
        self.s.cli("node1", "--cluster", "create", *(f"127.0.0.1:{self.s.ports[n]}" for n in names),
                   "--cluster-replicas", "1", "--cluster-yes", check=True)
        until("the cluster is whole", 30, lambda: all(
            "cluster_state:ok" in self.s.cli(n, "cluster", "info") and
            self.s.cli(n, "cluster", "nodes").count(" connected") >= 6 for n in names))
        self.slot = self.s.cli("node1", "cluster", "keyslot", KEY)

    def alive(self):
        return [n for n in self.s.ports if n in self.rig.running]

    def nodes(self):
        """What a living node tells: rows of words."""
        return [line.split() for line in self.s.cli(self.alive()[0], "cluster", "nodes").splitlines()]

    def holds(self, row):
        if "master" not in row[2] or "fail" in row[2].replace("nofailover", ""):
            return False
        for words in row[8:]:
            first, _, last = words.partition("-")
            if first.isdigit() and int(first) <= int(self.slot) <= int(last or first):
                return True
        return False

    def server(self, row):
        return self.s.named(row[1].split("@")[0].rsplit(":", 1)[1])

    def owner(self):
        """(server, id) of the master that holds the keys."""
        row, _ = until("a master holds the keys", 30, lambda: next((r for r in self.nodes() if self.holds(r)), None))
        return self.server(row), row[0]

    def masters(self):
        return [(self.server(r), r[0]) for r in self.nodes() if "master" in r[2] and "fail" not in r[2]]

    def replicas_of(self, node):
        return [self.server(r) for r in self.nodes() if r[3] == node and "fail" not in r[2]]

    def url(self, role, query=""):
        """The nodes that do not hold the keys."""
        owner = self.owner()[0]
        places = ",".join(f"127.0.0.1:{p}" for n, p in self.s.ports.items() if n != owner)
        return f"redis://{role}:change-me-{role}@{places}/default{query}"


class Watch:
    """Three servers, of which one is the master, and three sentinels."""

    def __init__(self, rig):
        self.rig, self.s = rig, Servers(rig)
        self.sentinels = {}
        self.s.start("redis1")
        for name in ("redis2", "redis3"):
            self.s.start(name, *self.s.include("replica.conf"), "--replicaof", f"127.0.0.1 {self.s.ports['redis1']}")
        until("both replicas hear the master", 15, lambda: "connected_slaves:2" in self.s.cli("redis1", "info", "replication"))
        for name in ("sentinel1", "sentinel2", "sentinel3"):
            self.start_sentinel(name)
        until("the sentinels know each other and the replicas", 20, lambda: all(
            self.knows(n) == ("2", "2") for n in self.sentinels))

    def start_sentinel(self, name):
        port = self.sentinels[name] = self.rig.port()
        text = example("sentinel.conf").replace("127.0.0.1 6379", f"127.0.0.1 {self.s.ports['redis1']}")
        conf = self.rig.write(name + ".conf", text.replace("port 26379", f"port {port}", 1))
        self.rig.start(name, "redis-server", conf, "--sentinel", "--bind", "127.0.0.1")

    def ask(self, name, *argv):
        return self.rig.run("redis-cli", "-p", str(self.sentinels[name]), *argv, check=False)[1].split("\n")

    def knows(self, name):
        """(other sentinels, replicas) of the master."""
        lines = self.ask(name, "sentinel", "master", "windrose")
        if "num-other-sentinels" not in lines:
            return None
        return lines[lines.index("num-other-sentinels") + 1], lines[lines.index("num-slaves") + 1]

    def master(self):
        """The server that the sentinels name, when all name the same."""
        told = {self.ask(n, "sentinel", "get-master-addr-by-name", "windrose")[1] for n in self.sentinels
                if n in self.rig.running}
        return self.s.named(told.pop()) if len(told) == 1 else None

    def is_master(self, name):
        return self.s.cli(name, "role").startswith("master")

    def replicas(self, name):
        return int(self.s.cli(name, "info", "replication").split("connected_slaves:")[1].split()[0])

    def settled(self):
        """One master that all name, with two replicas that hear it."""
        name = self.master()
        return name if name and self.is_master(name) and self.replicas(name) == 2 else None

    def url(self, role, query=""):
        places = ",".join(f"127.0.0.1:{p}" for p in self.sentinels.values())
        return f"redis+sentinel://{role}:change-me-{role}@{places}/windrose/default{query}"

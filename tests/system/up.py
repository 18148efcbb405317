#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""windrose up as its operator meets it: what it predicts is what then happens,
a drain outlives kill -9 with --state and nothing outlives a restart without,
and it ends without leaving anything behind."""

import json
import os
import signal
import socket
import stat

from rig import Failed, Rig, addresses, ask, main, note, until

ZONE = "gslb.example.com"
WWW = "www." + ZONE
REGIONS = {"us-east": "127.0.2.1", "eu-west": "127.0.2.2", "eu-central": "127.0.2.3"}
NEW_YORK = "72.229.28.0/24"

POLICY = """
zone:
  name: gslb.example.com
  nameservers: [ns1.example.net]
  contact: hostmaster.example.com
geo:
  databases: [city-ipv4.mmdb, city-ipv6.mmdb]
regions:
  us-east: {location: [38.95, -77.45]}
  eu-west: {location: [53.35, -6.26]}
  eu-central: {location: [50.11, 8.68]}
services:
  www:
    steer: geo
    ttl: {steady: 60s, changing: 10s}
    endpoints:
      us-east: {A: 127.0.2.1}
      eu-west: {A: 127.0.2.2}
      eu-central: {A: 127.0.2.3}
safety:
  max_override: 24h
  min_regions_in_service: 1
"""


class Up:
    """One process, and questions to it."""

    def __init__(self, rig, name, *extra):
        self.rig, self.name, self.extra = rig, name, extra
        self.port, self.socket = rig.port(), rig.path(name + ".sock")
        self.start()

    def start(self):
        r = self.rig
        r.start(self.name, r.program("windrose"), "up", r.path("policy"), "--workers", "1",
                "--listen", f"127.0.0.1:{self.port}", "--control", self.socket, *self.extra)
        until(f"{self.name} leads and answers", 15, lambda: self.node().get("leads") and self.region(NEW_YORK))

    def windrose(self, *argv, check=True):
        return self.rig.run(self.rig.program("windrose"), *argv, "--node", self.socket, check=check)

    def status(self):
        status, out, _ = self.windrose("status", "--json", check=False)
        return json.loads(out) if status == 0 else {"node": {"leads": False}}

    def node(self):
        return self.status()["node"]

    def commands(self):
        return [(c["kind"], c["target"]) for c in self.status()["plan"]["commands"]]

    def region(self, subnet):
        got = addresses(ask(self.port, WWW, subnet))
        return next((r for r, a in REGIONS.items() if [a] == got), None)


def networks(rig):
    """A network of each /16 of the small world: equal parts of nearly all its address space."""
    found = []
    with open(os.path.join(os.environ.get("SRCDIR", "."), "contrib/geo/small.txt")) as f:
        for line in f:
            word = line.split()[0] if line.split() else "#"
            if word[0] == "#" or ":" in word or "/" not in word:
                continue
            address, bits = word.split("/")
            if int(bits) > 16:
                continue
            first = int.from_bytes(socket.inet_aton(address), "big")
            step = 1 << 16
            for at in range(first, first + (1 << (32 - int(bits))), step):
                found.append(socket.inet_ntoa(at.to_bytes(4, "big")) + "/24")
    return found


def shares(up, nets):
    counts = dict.fromkeys(REGIONS, 0)
    for n in nets:
        counts[up.region(n)] += 1
    return {r: 100 * c / len(nets) for r, c in counts.items()}


def prediction_holds(up, nets):
    """What drain says before is what clients then get."""
    before = shares(up, nets)
    done = json.loads(up.windrose("drain", "eu-central", "--reason", "INC-1", "--for", "10m", "--yes", "--json")[1])
    after = shares(up, nets)
    told = {r["region"]: r for r in done["prediction"]["services"][0]["regions"]}
    worst = max(max(abs(told[r]["before_pct"] - before[r]), abs(told[r]["after_pct"] - after[r])) for r in REGIONS)
    note(f"drain of eu-central over {len(nets)} networks: predicted "
         + ", ".join(f"{r} {told[r]['after_pct']:.1f} % (got {after[r]:.1f})" for r in REGIONS))
    if worst > 3 or after["eu-central"] != 0:
        raise Failed(f"prediction and answers differ by {worst:.1f} points: {told} {before} {after}")
    up.windrose("undrain", "eu-central", "--reason", "INC-1 is over", "--yes")


def tells_why(rig, up):
    """Over DNS, who is listed; and a word that is no network is refused at once."""
    def told(*words):
        return rig.run("dig", "@127.0.0.1", "-p", str(up.port), "+tcp", "CH", "TXT", "_explain." + WWW, *words)[1]
    if 'TXT\t"answer 1: us-east 127.0.2.1"' not in told("+subnet=" + NEW_YORK) or "REFUSED" not in told("-b", "127.0.0.2"):
        raise Failed(f"--explain-to: {told()}{told('-b', '127.0.0.2')}")
    status, out, err = rig.run(rig.program("windrose"), "up", rig.path("policy"), "--explain-to", "here", check=False)
    if status != 2 or '--explain-to "here": is an address' not in err:
        raise Failed(f"--explain-to here: exit {status}: {out}{err}")


def warnings_and_exits(up):
    """Words and exit statuses of what goes wrong, or nearly so."""
    up.windrose("drain", "eu-west", "--reason", "INC-2", "--yes")
    out = up.windrose("drain", "us-east", "--reason", "INC-2", "--dry-run")[1]
    if "only eu-central is left" not in out:
        raise Failed(f"nobody warns of the last region: {out}")
    up.windrose("drain", "us-east", "--reason", "INC-2", "--yes")
    for argv, wanted, words in (
            (("drain", "eu-central", "--reason", "x", "--yes"), 3, "no endpoint left"),
            (("drain", "eu-central", "--reason", "x", "--dry-run"), 3, "no endpoint left"),
            (("undrain", "eu-west", "--reason", "x", "--for", "2h", "--yes"), 2, "does not take --for"),
            (("drain", "eu-west", "--reason", "x", "--bus", "redis://h/e"), 2, "exclude each other"),
            (("cancel", "c-0", "--reason", "x", "--yes"), 3, "no command c-0"),
            (("undrain", "mars", "--reason", "x", "--yes"), 3, "mars"),
            (("weight", "www/us-east", "many", "--reason", "x"), 2, "0..1000000"),
            (("canary", "start", "v9", "--reason", "x", "--yes"), 3, "v9"),
            (("history", "--count", "0"), 2, "count")):
        status, out, err = up.windrose(*argv, check=False)
        if status != wanted or words not in err:
            raise Failed(f"windrose {' '.join(argv)}: exit {status}, wanted {wanted} and {words!r}: {out}{err}")
    for target in ("us-east", "eu-west"):
        up.windrose("undrain", target, "--reason", "INC-2 is over", "--yes")


def outlives_kill(rig, up):
    up.windrose("drain", "us-east", "--reason", "INC-3", "--for", "10m", "--yes")
    before = up.node()
    rig.stop("kept", signal.SIGKILL)
    up.start()
    if up.region(NEW_YORK) == "us-east":
        raise Failed("the first answer after kill -9 ignores the drain")
    if ("drain", "us-east") not in up.commands():
        raise Failed(f"the drain is not in force after kill -9: {up.commands()}")
    until("a newer plan", 10, lambda: up.node()["plan_epoch"] > before["plan_epoch"])
    up.windrose("undrain", "us-east", "--reason", "INC-3 is over", "--yes")
    if up.region(NEW_YORK) != "us-east":
        raise Failed("undrain after a restart moves nobody")
    lines = up.windrose("history")[1]
    if "INC-3: " in lines or "INC-3 is over" not in lines:
        raise Failed(f"the history is not whole over a restart: {lines}")


def second_one_is_refused(rig, up):
    """Of the same port, the same socket, the same state: one clear line each."""
    other = str(rig.port())
    for argv, words in (
            (("--listen", f"127.0.0.1:{up.port}", "--control", rig.path("x.sock")), str(up.port)),
            (("--listen", f"127.0.0.1:{other}", "--control", up.socket), "in use by another process"),
            (("--listen", f"127.0.0.1:{other}", "--control", rig.path("x.sock"), "--state", rig.path("state")),
             "in use by another process"),
            (("--listen", f"127.0.0.1:{other}", "--control", rig.path("no/x.sock")), "no/x.sock"),
            (("--listen", f"127.0.0.1:{other}", "--control", rig.path("x.sock"), "--state", rig.path("no/state")),
             "no/state"),
            (("--listen", f"127.0.0.1:{other}", "--control", rig.path("x.sock"), "--vantage", "moon"), '"moon"')):
        status, out, err = rig.run(rig.program("windrose"), "up", rig.path("policy"), "--workers", "1", *argv, check=False)
        said = [line for line in err.splitlines() if line.startswith("windrose up: ")]
        if status != 1 or len(said) != 1 or words not in said[0]:
            raise Failed(f"up {argv}: exit {status}, wanted one line with {words!r}: {out}{err}")
    if not os.path.exists(up.socket) or up.region(NEW_YORK) is None:
        raise Failed("a second process has hurt the first")


def reloads(rig, up):
    digest = up.node()["policy_digest"]
    rig.write("policy/policy.yaml", "zone: nonsense\n")
    rig.running[up.name].send_signal(signal.SIGHUP)
    until("a bad policy is a trouble in status", 10, lambda: "reload" in up.node().get("trouble", ""))
    if up.node()["policy_digest"] != digest or up.region(NEW_YORK) != "us-east":
        raise Failed("a bad policy has changed something")
    rig.write("policy/policy.yaml", POLICY.replace("steady: 60s", "steady: 50s"))
    rig.running[up.name].send_signal(signal.SIGHUP)
    until("the new policy is in use everywhere, without trouble", 10, lambda: all(
        n["policy_digest"] != digest and n.get("trouble", "") == "" for n in up.status()["nodes"]))


def ends_clean(rig, up, left):
    if stat.S_IMODE(os.stat(up.socket).st_mode) != 0o660:
        raise Failed(f"the control socket's mode is {oct(os.stat(up.socket).st_mode)}")
    status = rig.stop(up.name)
    if status != 0 or os.path.exists(up.socket):
        raise Failed(f"{up.name} ended with status {status}; socket left: {os.path.exists(up.socket)}")
    state = rig.path("state")
    there = sorted(os.listdir(state)) if os.path.isdir(state) else []
    if there != left:
        raise Failed(f"left behind: {there}")


def test():
    with Rig() as rig:
        rig.write("policy/policy.yaml", POLICY)
        rig.geo(rig.path("policy"))
        brief = Up(rig, "brief", "--explain-to", "127.0.0.1")
        tells_why(rig, brief)
        nets = networks(rig)
        prediction_holds(brief, nets[::max(1, len(nets) // 600)])
        warnings_and_exits(brief)
        brief.windrose("drain", "us-east", "--reason", "INC-0", "--yes")
        rig.stop("brief", signal.SIGKILL)
        brief.start()
        if brief.commands() != [] or brief.region(NEW_YORK) != "us-east":
            raise Failed("without --state something outlived a restart")
        ends_clean(rig, brief, [])
        kept = Up(rig, "kept", "--state", rig.path("state"))
        outlives_kill(rig, kept)
        second_one_is_refused(rig, kept)
        reloads(rig, kept)
        ends_clean(rig, kept, ["audit.jsonl", "audit.jsonl.head", "dns.keep", "dns.keep.geo", "plan.key", "steer.keep",
                               "steer.keep.past"])


main(test)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""A canary of 1, 5, 25, 50, 100 % at a real HAProxy and a real nginx, as in the
examples of contrib: of 10,000 sessions none goes into it and out again, nor does
any other way; those who are in it at HAProxy are those that the hash's
definition says, and by network those that a responder sends there, too."""

import uuid

import hash_vectors
from edge_world import ENDPOINTS, PERCENTS, ZONE, HAProxy, Nginx, World, ask_all
from rig import Failed, Rig, addresses, ask, main, note, until

SESSIONS = 10000
NETWORKS = [(a, b) for a in (16, 80, 144) for b in range(200)]  # 127.a.b.0/24
WEIGHTS = 2000  # sessions that a balance by weights is shown with

BALANCED = """
frontend balanced
	bind 127.0.0.1:{port}
	default_backend balanced
backend balanced
	balance hdr(Cookie)
	hash-type consistent
	server v1 127.0.0.1:{v1} weight 100
	server v2 127.0.0.1:{v2} weight 0
"""


def versions(port, sessions):
    return ["v2" if name.startswith("v2.") else "v1" for name in ask_all(port, sessions)]


class Proxy:
    """What each session got so far."""

    def __init__(self, name, port, sessions):
        self.name, self.port, self.sessions = name, port, sessions
        self.before = versions(port, sessions)
        self.shares = []
        if "v2" in self.before:
            raise Failed(f"{name}: a canary that has not begun")

    def step(self, percent):
        """Whoever is in stays in; as many are in as should be."""
        now = versions(self.port, self.sessions)
        if versions(self.port, self.sessions[:1000]) != now[:1000]:
            raise Failed(f"{self.name}: at {percent} % sessions are not steady")
        back = sum(was == "v2" and is_now == "v1" for was, is_now in zip(self.before, now))
        share = 100 * now.count("v2") / len(now)
        if back or abs(share - percent) > 2 or (percent == 100 and share < 100):
            raise Failed(f"{self.name}: at {percent} %, {share} % are in it, {back} went back")
        self.before = now
        self.shares.append(f"{share:.2f}")


def thresholds_are_those_of_the_zone(haproxy, percent):
    limit = haproxy.thresholds()["www/v2"]
    if limit != (int(percent / 100 * 2**32) if percent < 100 else 2**32):
        raise Failed(f"{percent} % is a threshold of {limit}")
    return limit


def agrees_with_definition(haproxy, proxy, percent):
    """With hash_vectors.py, which the published vectors hold."""
    limit = thresholds_are_those_of_the_zone(haproxy, percent)
    purpose = "accept/www/canary:v2"
    for session, version in zip(proxy.sessions, proxy.before):
        is_in = hash_vectors.draw(hash_vectors.session_hash(session), purpose) >> 32 < limit
        if is_in != (version == "v2"):
            raise Failed(f"session {session} at {percent} %: {version}")


def agrees_with_responder(port, dns_port):
    """By networks: who a responder sends to the canary is in it here."""
    in_both = 0
    for a, b in NETWORKS:
        answer = addresses(ask(dns_port, f"www.{ZONE}", f"127.{a}.{b}.0/24"))
        here = ask_all(port, ["x"], f"127.{a}.{b}.9")[0].startswith("v2.")
        if (answer == [ENDPOINTS["v2.us"]]) != here:
            raise Failed(f"127.{a}.{b}.0/24: DNS says {answer}, HAProxy's answer is the canary's: {here}")
        in_both += here
    return in_both


def by_weights(haproxy, port, sessions):
    """What the same does to sessions that are balanced by weights on a ring."""
    shares, back, before = [], 0, versions(port, sessions)
    for percent in PERCENTS:
        haproxy.ask(f"set server balanced/v1 weight {100 - percent}")
        haproxy.ask(f"set server balanced/v2 weight {percent}")
        now = versions(port, sessions)
        back += sum(was == "v2" and is_now == "v1" for was, is_now in zip(before, now))
        shares.append(f"{100 * now.count('v2') / len(now):.1f}")
        before = now
    note(f"for comparison, weights on a ring (hash-type consistent): {', '.join(shares)} % of {len(sessions)} sessions, "
         f"{back} went back")


def test():
    with Rig() as rig:
        world = World(rig)
        dns_port, balanced_port = rig.port(), rig.port()
        haproxy, nginx = HAProxy(world), Nginx(world)
        with open(rig.path("haproxy.cfg"), "a") as f:
            f.write(BALANCED.format(port=balanced_port, v1=world.origins["us"], v2=world.origins["v2.us"]))
        by_network = HAProxy(world, "by-network", [(r"var\(txn.session\),lua.windrose_session\(www,v2\)",
                                                    "src,ipmask(24,48),lua.windrose_client(www,v2)")])
        world.start_redis()
        world.start_origins()
        haproxy.start()
        by_network.start()
        world.start_steer()
        world.start_dns(dns_port)
        world.start_edge(*haproxy.options, *by_network.options, "--cohorts", haproxy.map, "--backend", "www=www",
                         "--backend", "www/v2=www-v2", *nginx.options)
        until("nginx's file is written", 10, lambda: nginx.text())
        nginx.start()
        world.all_applied()
        sessions = [str(uuid.UUID(int=hash_vectors.mix(i) << 64 | i)) for i in range(1, SESSIONS + 1)]
        proxies = [Proxy("HAProxy", haproxy.port, sessions), Proxy("nginx", nginx.port, sessions)]
        for i, percent in enumerate(PERCENTS):
            world.person("canary", "promote" if i else "start", "v2")
            world.all_applied()
            for p in proxies:
                p.step(percent)
            agrees_with_definition(haproxy, proxies[0], percent)
            both = agrees_with_responder(by_network.port, dns_port)
            note(f"{percent} %: {both} of {len(NETWORKS)} networks, the same at the responder and at HAProxy")
        for p in proxies:
            note(f"{p.name}: {', '.join(p.shares)} % of {SESSIONS} sessions; nobody went back")
        by_weights(haproxy, balanced_port, sessions[:WEIGHTS])


main(test)

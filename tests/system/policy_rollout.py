#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""A policy is itself a canary: windrose publish over a real Redis, with three
responders and an agent.

A good policy goes out in waves.  One that makes a service answer nothing is
noticed at the first responder though nobody asks it for that service; it goes
back by itself, and the others never take it.  A responder that is killed in its
wave comes up with what all serve, and takes the wave's policy again.  Redis is
killed while a wave is watched, and nobody goes on.  A person takes one back.
Where the policy in force says so, two people publish.
Clients ask for the other service all the time, and each gets a right answer."""

import signal
import time
import urllib.request

import fleet
from asker import Asker
from fleet import LONDON, NEW_YORK, REGIONS
from rig import Failed, Rig, addresses, ask, main, note, until

SHOP = "shop." + fleet.ZONE
NOBODY = "127.0.2.9"  # no web server is there
SOAK_S = 3
NODES = ("dns1", "dns2", "dns3")


def policy(f, steady, shop, soak=SOAK_S, confirm=False):
    """A policy that differs in a TTL; shop is the service's endpoints and what it does in panic."""
    text = fleet.policy(f.web_port).replace("steady: 60s", f"steady: {steady}s")
    if confirm:
        text = text.replace("safety:", "safety:\n  confirm: publish")
    for family in ("v4", "v6"):
        text = text.replace(f"city-ip{family}.mmdb", f.rig.path(f"geo/city-ip{family}.mmdb"))
    text = text.replace("canaries:", f"  shop:\n    steer: failover\n    check: web\n    {shop}\ncanaries:")
    return text + f"""
rollout:
  soak: {soak}s
  patience: 15s
  waves:
    - nodes: dns1
    - percent: 50%
"""


GOOD = f"endpoints: {{eu-west: {{A: 127.0.2.2}}, eu-central: {{A: {NOBODY}}}}}"
MORE = f"endpoints: {{us-east: {{A: 127.0.2.1}}, eu-west: {{A: 127.0.2.2}}, eu-central: {{A: {NOBODY}}}}}"
MUTE = f"endpoints: {{eu-central: {{A: {NOBODY}}}}}\n    panic: no-answer"


class Rollout(fleet.Fleet):
    def __init__(self, rig):
        super().__init__(rig)
        self.dns_ports = {name: rig.port() for name in NODES}
        self.metrics = rig.port()
        self.first_key = self.person_key
        self.second_key, public = rig.keypair("second")
        with open(self.person_pub, "a") as people, open(public) as second:
            people.write(second.read())
        rig.write("geo/here", "")
        rig.geo(rig.path("geo"))
        for name in ("city-ipv4.mmdb", "city-ipv6.mmdb"):
            rig.run("rm", rig.path("policy/" + name))
        rig.write("policy/policy.yaml", policy(self, 60, GOOD))

    def start_dns(self, name, *extra):
        super().start_dns(name, "--policy-from-bus", self.rig.path(name + ".policies"), *extra)

    def start_all(self):
        self.start_ground()
        for name in NODES:
            self.start_dns(name)
        self.start_health("--trust", self.plan_pub, "--policy-from-bus", self.rig.path("health.policies"))
        self.start_steer("steer1", "--policy-from-bus", self.rig.path("steer1.policies"),
                         "--metrics", str(self.metrics))
        until("steer1 leads", 20, lambda: self.leads("steer1"))
        until("eu-central's shop is down, and all else up", 30, lambda: all(
            e["verdict"] == ("down" if (s["service"], e["endpoint"]) == ("shop", "eu-central") else "up")
            for s in self.status("dns1")["services"] for e in s["endpoints"] if "v2/" not in e["endpoint"]))

    def shop_probed(self):
        """Endpoints of shop, and what the prober holds of them."""
        return {t["endpoint"]: t["state"] for t in self.status("health")["targets"] if t["service"] == "shop"}

    def shop_judged(self, name):
        """The same, and what a responder makes of it."""
        services = {s["service"]: s["endpoints"] for s in self.status(name)["services"]}
        return {e["endpoint"]: e["verdict"] for e in services["shop"]}

    def digest(self, name):
        return self.node(name).get("policy_digest")

    def digests(self):
        return [self.digest(name) for name in NODES]

    def write_policy(self, name, *words, **more):
        self.rig.write(name + "/policy.yaml", policy(self, *words, **more))
        out = self.rig.run(self.rig.program("windrose"), "check", "--format", "json", self.rig.path(name))[1]
        return out.split('"digest":')[1].split('"')[1]

    def wants(self, what, status, words, *argv):
        argv = [self.rig.program("windrose"), *argv, "--bus", self.bus, "--key", self.person_key]
        got, out, err = self.rig.run(*argv, check=False)
        if got != status or any(w not in out + err for w in words):
            raise Failed(f"{what}: exit {got}, wanted {status} and {words}:\n{out}{err}")
        return out + err

    def publish(self, what, status, words, name, *extra):
        return self.wants(what, status, words, "publish", self.rig.path(name), "--yes", *extra)

    def tells(self, what, digest, phase, serving):
        """The agent's metrics have it so."""
        wanted = [f'rollout_info{{policy="{digest[:16]}",phase="{phase}"}} 1', "rollout_under_way 0", "rollout_wave 0",
                  'rollout_nodes{state="taking"} 3', f'rollout_nodes{{state="serving"}} {serving}']

        def scrape():
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=2) as f:
                text = f.read().decode()
            return all("\nwindrose_steer_" + w + "\n" in text for w in wanted)
        until(what, 10, scrape)

    def rollout(self):
        return self.wants("rollout status", 0, [], "rollout", "status")

    def settles(self, what, digest):
        try:
            until(what, 20, lambda: self.digests() == [digest] * 3)
        except Failed as e:
            raise Failed(f"{e}\n{self.rollout()}") from None

    def log(self, name):
        with open(self.rig.path(name + ".log"), errors="replace") as log:
            return log.read()


def judge(askers, what):
    """Who asked for www in the meantime, everywhere, was answered, and rightly."""
    asked = 0
    for asker in askers:
        count, unanswered, wrong = asker.take()
        asked += count
        if unanswered or wrong:
            raise Failed(f"{what}: {asker.name}: {unanswered} of {count} unanswered, wrong: {wrong[:3]}")
    note(f"{what}: {asked} queries at {len(askers)} responders, all answered and right")


def goes_out(f, askers):
    digest = f.write_policy("v1", 61, GOOD)
    f.publish("nothing is known of what is served", 3, ["--against"], "v1")
    f.publish("another than the reviewed one", 3, ["what was reviewed has"], "v1", "--expect", "0" * 64)
    f.publish("a dry run", 0, [], "v1", "--against", f.rig.path("policy"), "--dry-run", "--expect", digest)
    if digest in f.digests():
        raise Failed("a dry run published")
    began = time.monotonic()
    f.publish("a good one", 0, [f"wave {n} of 3, soak: responders that serve it: {n}" for n in (1, 2, 3)] + ["done"],
              "v1", "--against", f.rig.path("policy"), "--expect", digest[:16], "--reason", "CHG-1")
    note(f"published to all three in {time.monotonic() - began:.1f} s, with soaks of {SOAK_S} s")
    until("all serve it, the agent too", 5, lambda: set(f.digests() + [f.digest("steer1")]) == {digest})
    f.tells("metrics tell of three that serve it", digest, "done", 3)
    judge(askers, "a policy went out")
    f.publish("what all serve", 3, ["what all serve"], "v1")
    return digest


def goes_back(f, askers, base):
    digest = f.write_policy("mute", 62, MUTE)
    f.publish("more than may move", 3, ["rollout.max_change"], "mute")
    shop = [Asker(name, f.dns_ports[name], SHOP) for name in NODES[1:]]
    for asker in shop:
        asker.permit(LONDON, {"127.0.2.2"})
        asker.start()
    began = time.monotonic()
    f.publish("one that makes a service mute", 3, ["gone: dns1: " + SHOP + ". answers nothing to"], "mute", "--force",
              "--reason", "a test")
    note(f"a policy that makes a service mute was taken back {time.monotonic() - began:.1f} s after its command")
    if f.digests() != [base] * 3:
        raise Failed(f"digests: {f.digests()}")
    f.tells("metrics tell that it is gone", digest, "gone", 0)
    if f"event=policy from={digest}" not in f.log("dns1") or "event=mute" not in f.log("dns1"):
        raise Failed("dns1 did not take it, or did not notice")
    for name in NODES[1:]:
        if digest[:16] in f.log(name):
            raise Failed(f"{name} took it")
    until("dns1 answers for shop again", 5, lambda: addresses(ask(f.dns_ports["dns1"], SHOP, LONDON)) == ["127.0.2.2"])
    for asker in shop:
        asker.over.set()
        asker.join()
    judge(shop, "shop, where it was not taken")
    judge(askers, "a policy went back")
    f.publish("again, without force", 3, ["rollout.max_change"], "mute")
    f.wants("history", 0, ["policy " + digest[:16], "back", "CHG-1"], "history", "--count", "40")


def restarts(f, askers, base):
    digest = f.write_policy("v2", 63, GOOD)
    f.publish("the next good one", 0, ["on its way"], "v2", "--no-wait")
    until("dns1 serves it", 20, lambda: f.digest("dns1") == digest)
    f.publish("a second one meanwhile", 3, ["on its way"], "v1")
    for asker in askers:
        if asker.name == "dns1":
            asker.rest()
    f.rig.stop("dns1", signal.SIGKILL)
    f.start_dns("dns1")
    until("it comes up with what all serve", 10, lambda: f"event=start digest={base[:16]}" in f.log("dns1").split("event=mute")[-1])
    until("it takes the wave's again", 10, lambda: f.digest("dns1") == digest)
    fill(askers)
    f.settles("all serve it", digest)
    judge(askers, "a responder was killed in its wave")
    until("it is over", 20, lambda: "done" in f.rollout())
    return digest


def loses_redis(f, askers, base):
    digest = f.write_policy("v3", 64, GOOD)
    f.publish("one while Redis dies", 0, ["on its way"], "v3", "--no-wait")
    until("dns1 is watched", 20, lambda: "soak" in f.rollout() and f.digest("dns1") == digest)
    f.rig.stop("redis", signal.SIGKILL)
    began = time.monotonic()
    until("longer than the soak passes", 3 * SOAK_S, lambda: time.monotonic() - began > 3 * SOAK_S)
    if f.digests() != [digest, base, base]:
        raise Failed(f"without a bus somebody went on: {f.digests()}")
    f.rig.redis(f.redis_port)
    f.settles("with an empty Redis it goes on, and all serve it", digest)
    judge(askers, "Redis was killed in a soak, and came back empty")
    until("it is over", 30, lambda: "done" in f.rollout())
    return digest


def is_aborted(f, askers, base):
    digest = f.write_policy("v4", 65, GOOD)
    f.publish("one too many", 0, ["on its way"], "v4", "--no-wait")
    until("dns1 serves it", 20, lambda: f.digest("dns1") == digest)
    f.wants("without a reason", 2, ["--reason"], "rollout", "abort")
    f.wants("taken back", 0, ["taken back"], "rollout", "abort", "--reason", "INC-9")
    until("all serve what was before", 20, lambda: f.digests() == [base] * 3 and "gone" in f.rollout())
    f.publish("it failed", 3, ["was taken back", "INC-9"], "v4")
    judge(askers, "a policy was aborted")


def is_probed_first(f, askers, base):
    """A new endpoint is probed before a responder serves it, and no prober's file is touched."""
    digest = f.write_policy("v5", 66, MORE)
    before = {"eu-west": "up", "eu-central": "down"}
    f.publish("one with a new endpoint", 0, ["on its way"], "v5", "--no-wait", "--force", "--reason", "CHG-5")
    until("dns1 serves it", 20, lambda: f.digest("dns1") == digest)
    if f.node("health").get("next_digest") != digest or f.shop_probed().get("us-east") != "closed":
        raise Failed(f"dns1 serves what the prober does not know: {f.status('health')}")
    until("dns1 judges the new endpoint", 10, lambda: f.shop_judged("dns1") == {"us-east": "up", **before})
    if f.digest("dns2") == base and f.shop_judged("dns2") != before:
        raise Failed(f"dns2 judges otherwise than before: {f.shop_judged('dns2')}")
    f.settles("all serve it", digest)
    until("the prober goes by it, and by nothing else", 20,
          lambda: f.digest("health") == digest and "next_digest" not in f.node("health"))
    if addresses(ask(f.dns_ports["dns3"], SHOP, LONDON)) != ["127.0.2.1"]:
        raise Failed("dns3 does not answer with the new endpoint")
    f.rig.stop("us-east", signal.SIGKILL)
    for asker in askers:  # whoever was sent there is sent to another
        asker.permit(NEW_YORK, {REGIONS[r][0] for r in ("us-east", "eu-west")})
    until("dns3 leaves it when it dies", 30, lambda: addresses(ask(f.dns_ports["dns3"], SHOP, LONDON)) == ["127.0.2.2"])
    f.rig.web("us-east", REGIONS["us-east"][0], f.web_port)
    judge(askers, "an endpoint was published, and died")
    return digest


def is_refused_by_a_prober(f, askers, base):
    """What no prober can probe by is seen by no responder; and a prober starts with what all serve."""
    f.write_policy("v6", 67, MORE)
    with open(f.rig.path("v6/policy.yaml")) as text:
        moved = text.read().replace("here: {location", "there: {location")
    f.rig.write("v6/policy.yaml", moved)
    f.publish("one without the prober's vantage", 3, ["health1 refuses it", 'vantage "here" is not defined'], "v6",
              "--force", "--reason", "CHG-6")
    if f.digests() != [base] * 3 or "v6" in f.log("dns1"):
        raise Failed(f"a responder took what a prober refuses: {f.digests()}")
    until("the prober is at peace again", 10,
          lambda: f.node("health").get("trouble", "") == "" and "refused_digest" not in f.node("health"))
    f.rig.stop("health", signal.SIGKILL)
    f.start_health("--trust", f.plan_pub, "--policy-from-bus", f.rig.path("health.policies"))
    until("the prober starts with what all serve", 20, lambda: f.digest("health") == base)
    judge(askers, "a prober refused a policy, and was killed")


def needs_two(f, askers):
    """Where the policy in force says so, one person publishes nothing."""
    rule = f.write_policy("rule", 68, MORE, confirm=True)
    f.publish("the rule itself goes out by one", 0, ["done"], "rule")
    f.settles("all serve it", rule)
    until("the agent goes by it", 20, lambda: f.digest("steer1") == rule)
    digest = f.write_policy("v7", 69, MORE, confirm=True)
    held = ["Held", "publish needs a second person", f"--expect {digest[:16]}"]
    f.publish("one person", 8, held, "v7", "--author", "ann")
    f.publish("with the same key", 8, held, "v7", "--author", "bob")
    if f"held: policy {digest[:16]} of bob" not in f.rollout() or f.digests() != [rule] * 3:
        raise Failed(f"not held: {f.rollout()}")
    f.person_key = f.second_key
    f.publish("under the same name", 8, held, "v7", "--author", "bob")
    f.publish("another person", 8, held, "v7", "--author", "ann", "--may-silence", "--reason", "more")
    f.person_key = f.first_key
    f.publish("who wants the same", 0, ["done"], "v7", "--author", "bob", "--may-silence", "--reason", "more")
    f.settles("all serve it", digest)
    judge(askers, "two people published a policy")


def fill(askers):
    for asker in askers:
        asker.permit(LONDON, {REGIONS["eu-west"][0]})
        asker.permit(NEW_YORK, {REGIONS["us-east"][0]})


def test():
    with Rig() as rig:
        f = Rollout(rig)
        f.start_all()
        askers = [Asker(name, f.dns_ports[name], fleet.WWW) for name in NODES]
        fill(askers)
        for asker in askers:
            asker.start()
        base = goes_out(f, askers)
        goes_back(f, askers, base)
        base = restarts(f, askers, base)
        base = loses_redis(f, askers, base)
        is_aborted(f, askers, base)
        base = is_probed_first(f, askers, base)
        is_refused_by_a_prober(f, askers, base)
        needs_two(f, askers)
        for asker in askers:
            asker.over.set()
            asker.join()


if __name__ == "__main__":
    main(test)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""What contrib/github and contrib/pre-commit run, run in a repository of git: a
good change passes and gets its comment, a mistake is annotated where it is, a
hole in the residency stops the commit and the pull request."""
import json
import os
import re
import subprocess

from rig import SRC, Failed, Rig, main, note

POLICY = """zone: {{name: gslb.example.com, nameservers: ns.example.net}}
geo: {{databases: [{geo}/city-ipv4.mmdb, {geo}/city-ipv6.mmdb]}}
clients: {{europeans: [eea, GB]}}
regions:
  us: {{location: [38.95, -77.45], jurisdictions: us}}
  eu: {{location: [53.35, -6.26], jurisdictions: eu}}
residency: {{home: {{clients: europeans, within: eu}}}}
services:
  www:
    steer: geo
    endpoints: {{us: {{A: 192.0.2.1}}, eu: {{A: 192.0.2.2}}}}
tests:
  - {{clients: europeans, service: www, always_within: eu}}
"""


def steps():
    """The commands of the workflow by their step's name, as a runner has them."""
    with open(os.path.join(SRC, "contrib/github/windrose-policy.yml")) as f:
        text = f.read()
    found = {}
    for part in re.split(r"\n      - ", text)[1:]:
        name = re.search(r"name: (.*)", part)
        one = re.search(r"run: (?!\|)(.*)", part)
        many = re.search(r"run: \|\n((?:          .*\n?)+)", part)
        if one or many:
            found[name[1]] = one[1] if one else re.sub(
                r"(?m)^ {10}", "", many[1])
    return found


class Repository:
    def __init__(self, rig):
        self.rig, self.top = rig, rig.path("repo")
        self.temp = rig.path("temp")
        self.bin = rig.path("bin")
        for folder in (self.top, self.temp, self.bin):
            os.mkdir(folder)
        os.symlink(rig.program("windrose"), os.path.join(self.bin, "windrose"))
        self.write_gh()
        self.env = dict(os.environ, POLICY="policy", RUNNER_TEMP=self.temp,
                        PATH=self.bin + ":" + os.environ["PATH"], PR="7",
                        GIT_CONFIG_GLOBAL="/dev/null", HOME=self.temp)
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "somebody")
        self.git("config", "user.email", "somebody@example.com")

    def write_gh(self):
        """What of GitHub the workflow talks to: it keeps what it is told."""
        path = os.path.join(self.bin, "gh")
        with open(path, "w") as f:
            f.write('#!/bin/sh\necho "$@" >"$RUNNER_TEMP/gh.said"\n')
        os.chmod(path, 0o755)

    def git(self, *words, check=True):
        p = subprocess.run(("git", *words), cwd=self.top, env=self.env,
                           capture_output=True, text=True, timeout=120)
        if check and p.returncode != 0:
            raise Failed(f"git {' '.join(words)}: {p.stdout}{p.stderr}")
        return p

    def write(self, text):
        os.makedirs(os.path.join(self.top, "policy"), exist_ok=True)
        with open(os.path.join(self.top, "policy/main.yaml"), "w") as f:
            f.write(text)
        self.git("add", "-A")

    def step(self, script, base):
        return subprocess.run(("bash", "-e", "-c", script), cwd=self.top,
                              env=dict(self.env, BASE=base), text=True,
                              capture_output=True, timeout=120)


def expect(what, holds, p):
    if not holds:
        raise Failed(f"{what}: {p.returncode} {p.stdout}{p.stderr}")


def pull_request(repo, base):
    """Each step until one fails, and those that run always: as a runner does."""
    done, failed = {}, None
    for name, script in steps().items():
        if failed is None or name == "comment":
            done[name] = repo.step(script, base)
            if done[name].returncode != 0 and failed is None:
                failed = name
    repo.git("worktree", "prune")
    return failed, done


def test():
    with Rig() as rig:
        rig.geo(rig.dir)
        good = POLICY.format(geo=rig.dir)
        repo = Repository(rig)
        os.symlink(os.path.join(SRC, "contrib/pre-commit/windrose-policy"),
                   os.path.join(repo.top, ".git/hooks/pre-commit"))

        repo.write(good)
        repo.git("commit", "-qm", "a policy")
        base = repo.git("rev-parse", "HEAD").stdout.strip()

        repo.write(good.replace("eu: {A: 192.0.2.2}}", "eu: {A: 192.0.2.2}}\n"
                                "    ttl: {steady: 30s}"))
        repo.git("commit", "-qm", "a shorter TTL")
        failed, done = pull_request(repo, base)
        expect("a good change passes", failed is None,
               list(done.values())[-1])
        with open(os.path.join(repo.temp, "comment.md")) as f:
            comment = f.read()
        if "service www: ttl.steady s 60 -> 30" not in comment:
            raise Failed(f"the comment does not tell of the TTL: {comment}")
        with open(os.path.join(repo.temp, "evidence.json")) as f:
            evidence = json.load(f)
        if not evidence["holds"] or len(evidence["places"]) != 2:
            raise Failed(f"the evidence: {evidence}")
        with open(os.path.join(repo.temp, "gh.said")) as f:
            if not f.read().startswith("pr comment 7 --body-file"):
                raise Failed("nobody commented")

        repo.write(good.replace("jurisdictions: eu}", "jurisdictions: eu, near: 1}"))
        p = repo.git("commit", "-qm", "a mistake", check=False)
        expect("a mistake is not committed", p.returncode != 0 and
               "policy/main.yaml:6:" in p.stderr, p)
        repo.git("commit", "-qnm", "a mistake")
        failed, done = pull_request(repo, base)
        expect("check fails", failed == "check", done["check"])
        expect("where it is", "::error title=windrose check,file=policy/main.yaml,"
               "line=6," in done["check"].stdout, done["check"])

        hole = good.replace("always_within: eu", "always_within: us")
        repo.write(hole)
        p = repo.git("commit", "-qm", "a hole", check=False)
        expect("a hole is not committed", p.returncode != 0, p)
        repo.write(hole.replace("residency: {home: {clients: europeans, within: eu}}",
                                "residency: {}"))
        p = repo.git("commit", "-qm", "no wall", check=False)
        expect("nor is a wall torn down", p.returncode != 0, p)
        note(f"{len(steps())} steps of the workflow and the hook did what they say")


main(test)

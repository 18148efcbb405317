#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""What contrib/github and contrib/pre-commit run, run in a repository of git: a
good change passes and gets its comment, a mistake is annotated where it is, a
hole in the residency stops the commit and the pull request.  And how windrose
diff takes revisions: as git names them, with what git ignores, leaving nothing
behind."""
import json
import os
import re
import signal
import subprocess
import xml.etree.ElementTree

from rig import SRC, Failed, Rig, main, note, until

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
    return failed, done


def revisions(repo, base):
    """windrose diff with what git knows; the working tree is left as it is."""
    def diff(*words, where=".", **env):
        return subprocess.run(
            (repo.rig.program("windrose"), "diff", *words), text=True,
            cwd=os.path.join(repo.top, where), capture_output=True, timeout=120,
            env=dict(repo.env, TMPDIR=repo.temp, **env))

    status = repo.git("status", "--porcelain").stdout
    for words, where in (((base, "policy"), "."), ((base, "."), "policy"),
                         ((base, "main.yaml"), "policy"),
                         ((base + ":policy", "policy"), "."),
                         ((base + ":./", "../policy"), "policy"),
                         ((base + ":policy/main.yaml", "HEAD:policy"), "policy"),
                         ((base, os.path.join(repo.top, "policy")), ".")):
        p = diff(*words, where=where)
        expect(f"{words} in {where}", p.returncode == 0 and
               "service www: ttl.steady s 60 -> 30" in p.stdout and
               p.stdout.startswith(f"before   {words[0]}, "), p)
    # What a hook is given names another index; it is not the one to use.
    p = diff("HEAD", "policy", GIT_DIR=".git", GIT_INDEX_FILE="none")
    expect("nothing changed", p.returncode == 0 and "0 alterations" in p.stdout, p)
    p = diff("policy", "HEAD:policy")
    expect("the other way", p.returncode == 0, p)
    for words, said in ((("nosuch", "policy"), 'git knows no revision "nosuch"'),
                        (("HEAD:nosuch", "policy"), "revision HEAD has no nosuch"),
                        (("HEAD", "HEAD"), "HEAD: neither a file nor REV:PATH")):
        p = diff(*words)
        expect(words, p.returncode == 1 and said in p.stderr, p)
    p = diff("HEAD", "policy", PATH="/nonexistent")
    expect("no git", p.returncode == 1 and "install git" in p.stderr, p)
    os.mkdir(repo.rig.path("nowhere"))
    p = diff("HEAD:policy", repo.top + "/policy", where=repo.rig.path("nowhere"))
    expect("no repository", p.returncode == 1 and "not a git repository" in p.stderr, p)
    if repo.git("status", "--porcelain").stdout != status:
        raise Failed("the working tree is not as it was")
    left = [f for f in os.listdir(repo.temp) if f.startswith("windrose-")]
    if left:
        raise Failed(f"left behind: {left}")


def interrupted(repo, base):
    """What ends windrose diff in its midst leaves nothing behind: it waits for a trace."""
    def left():
        return [f for f in os.listdir(repo.temp) if f.startswith("windrose-")]

    fifo = os.path.join(repo.temp, "trace")
    os.mkfifo(fifo)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        p = subprocess.Popen((repo.rig.program("windrose"), "diff", base + ":policy",
                              "HEAD:policy", "--trace", fifo), cwd=repo.top,
                             env=dict(repo.env, TMPDIR=repo.temp),
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("both revisions are laid out", 60, lambda: len(left()) == 2)
        p.send_signal(number)
        if p.wait(60) != -number:
            raise Failed(f"it ended with {p.returncode}, not by {number}")
        until("nothing is left", 60, lambda: not left())


def check_map(repo, base):
    """XML that somebody else's parser takes, whatever the policy is called."""
    odd = os.path.join(repo.temp, 'a <b> & "c\' \xe4')
    os.symlink(os.path.join(repo.top, "policy"), odd)
    path = os.path.join(repo.temp, "odd.svg")
    subprocess.run((repo.rig.program("windrose"), "diff", base + ":policy", odd,
                    "--svg", path), cwd=repo.top, env=repo.env, check=True,
                   capture_output=True, timeout=120)
    svg = xml.etree.ElementTree.parse(path).getroot()
    ns = "{http://www.w3.org/2000/svg}"
    said = {c.tag.removeprefix(ns): c.text for c in svg if c.text}
    if svg.tag != ns + "svg" or not said["title"].startswith("Who moves: ") or \
            f"to {odd}" not in said["desc"]:
        raise Failed(f"the map says {said}")


def test():
    with Rig() as rig:
        rig.geo(rig.dir)
        good = POLICY.format(geo="../geo")
        repo = Repository(rig)
        os.mkdir(os.path.join(repo.top, "geo"))
        for name in os.listdir(rig.dir):
            if name.endswith(".mmdb"):
                os.symlink(rig.path(name), os.path.join(repo.top, "geo", name))
        with open(os.path.join(repo.top, ".gitignore"), "w") as f:
            f.write("*.mmdb\n")
        os.symlink(os.path.join(SRC, "contrib/pre-commit/windrose-policy"),
                   os.path.join(repo.top, ".git/hooks/pre-commit"))

        repo.write(good)
        repo.git("commit", "-qm", "a policy")
        base = repo.git("rev-parse", "HEAD").stdout.strip()

        repo.write(good.replace("eu: {A: 192.0.2.2}}", "eu: {A: 192.0.2.2}}\n"
                                "    ttl: {steady: 30s}"))
        p = repo.git("commit", "-qm", "a shorter TTL")
        expect("the hook says what it does",
               "ttl.steady s 60 -> 30" in p.stderr, p)
        failed, done = pull_request(repo, base)
        expect("a good change passes", failed is None,
               list(done.values())[-1])
        with open(os.path.join(repo.temp, "comment.md")) as f:
            comment = f.read()
        if "service www: ttl.steady s 60 -> 30" not in comment:
            raise Failed(f"the comment does not tell of the TTL: {comment}")
        with open(os.path.join(repo.temp, "evidence.json")) as f:
            evidence = json.load(f)
        xml.etree.ElementTree.parse(os.path.join(repo.temp, "map.svg"))
        if not evidence["holds"] or len(evidence["places"]) != 2:
            raise Failed(f"the evidence: {evidence}")
        with open(os.path.join(repo.temp, "gh.said")) as f:
            if not f.read().startswith("pr comment 7 --body-file"):
                raise Failed("nobody commented")
        revisions(repo, base)
        interrupted(repo, base)
        check_map(repo, base)

        repo.write(good.replace("jurisdictions: eu}", "jurisdictions: eu, near: 1}"))
        p = repo.git("commit", "-qm", "a mistake", check=False)
        expect("a mistake is not committed", p.returncode != 0 and
               "policy/main.yaml:6:" in p.stderr, p)
        repo.git("commit", "-qnm", "a mistake")
        failed, done = pull_request(repo, base)
        expect("check fails", failed == "check", done["check"])
        expect("where it is", re.search("::error title=windrose check[^,]*,"
               "file=policy/main.yaml,line=6,", done["check"].stdout), done["check"])

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

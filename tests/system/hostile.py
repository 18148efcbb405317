#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""What nobody should review: bombs, files without end, circles, octets that are
no text.  Each is refused politely, in bounded time and memory: windrose check
runs with a limit on its address space and on seconds of the processor, and ends
by itself with one finding a mistake."""

import os
import resource
import socket
import subprocess

import rig

MEMORY = 512 << 20  # octets of address space
SECONDS = 30  # of the processor
HEAD = b"zone: {name: gslb.example.com, nameservers: ns.example.net}\n"
MB = 1 << 20


def limit(memory):
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def check(path, memory=MEMORY, geo=False):
    """Its lines, its status, and its seconds of the processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [os.path.join(rig.BUILD, "windrose"), "check", path, *([] if geo else ["--no-geo"])],
        capture_output=True,
        preexec_fn=lambda: limit(memory),
        stdin=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stderr.decode(), done.returncode, seconds


def refuses(folder, title, code, memory=MEMORY, lines=None, geo=False):
    """windrose check of the folder fails with this code, and with so many lines."""
    said, status, seconds = check(folder, memory, geo)
    if status != 1:
        raise rig.Failed(f"{title}: status {status}: {said[-500:]}")
    if f"[{code}]" not in said:
        raise rig.Failed(f"{title}: no {code}: {said[:500]}")
    if lines is not None and said.count("\n") != lines + 1:
        raise rig.Failed(f"{title}: {said.count(chr(10))} lines: {said[:500]}")
    if any(len(line) > 4600 for line in said.split("\n")):
        raise rig.Failed(f"{title}: a line that is too long to read")
    rig.note(f"{title}: {code}, {seconds:.2f} s")


def bomb():
    """Nine levels of nine aliases: a thousand million values, if they were made."""
    text = b"a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for i in range(1, 10):
        text += b"a%d: &a%d [%s]\n" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 9))
    return text


# Title, text of policy.yaml, code, how many findings (None: not looked at).
TEXTS = [
    ("a bomb of aliases", bomb(), "WR0205", None),
    ("a merge of itself", b"zone: &z\n  <<: *z\n", "WR0205", None),
    ("16 MB of one scalar", b"zone: {name: " + b"a" * (15 * MB) + b"}\n", "WR0305", None),
    ("a key of 1 MB", b'? "' + b"k" * MB + b'"\n: 1\n', "WR0301", None),
    ("a million values", HEAD + b"clients: {a: [" + b"GB," * ((1 << 20) + 1) + b"]}\n", "WR0209", 1),
    ("a million brackets", b"zone: " + b"[" * MB + b"\n", "WR0208", 1),
    ("a million braces", b"{a: " * (MB // 4), "WR0208", 1),
    ("a million dashes", b"- " * MB, "WR0208", 1),
    ("a million documents", b"---\n" * MB, "WR0207", 1),
    ("a million question marks", b"? " * MB, "WR0208", None),
    ("a million quotes", b'"' * MB, "WR0201", 1),
    ("a comment of 15 MB", b"#" * (15 * MB), "WR0302", 1),
    ("15 MB of lines", b"\n" * (15 * MB), "WR0302", 1),
    ("a hundred thousand keys twice", HEAD + b"zone: {}\n" * 100000, "WR0211", None),
    ("a hundred thousand unknown keys", HEAD + b"".join(b"k%d: 1\n" % i for i in range(100000)), "WR0301", None),
    ("UTF-16", "\ufeff".encode("utf-16-le") + HEAD.decode().encode("utf-16-le"), "WR0203", 1),
    ("UTF-32", HEAD.decode().encode("utf-32"), "WR0203", 1),
    ("Latin-1", HEAD + b"clients: {caf\xe9: GB}\n", "WR0203", 1),
    ("a cut character", HEAD + b"clients: {a: [\xf0\x9f\x92", "WR0203", 1),
    ("a surrogate", HEAD + b"clients: {\xed\xa0\x80: GB}\n", "WR0203", 1),
    ("too long a form of a slash", HEAD + b"clients: {\xc0\xaf: GB}\n", "WR0203", 1),
    ("NUL octets", HEAD + b"clients: {a\x00b: GB}\n", "WR0203", 1),
    ("nothing but NUL octets", bytes(MB), "WR0203", 1),
    ("noise", os.urandom(64), None, None),
    ("an ELF file", open(os.path.join(rig.BUILD, "windrose"), "rb").read()[: 4 * MB], "WR0203", 1),
    ("a set of itself by way of all others", HEAD + b"clients:\n" + b"".join(b"  s%d: [s%d]\n" % (i, (i + 1) % 64) for i in range(64)), "WR0402", None),
    ("every set in every other", HEAD + b"clients:\n" + b"".join(b"  s%d: [%s]\n" % (i, b", ".join(b"s%d" % k for k in range(64))) for i in range(64)), "WR0402", None),
]


def texts(r):
    for number, (title, text, code, lines) in enumerate(TEXTS):
        folder = os.path.join(r.dir, f"text{number}")
        os.mkdir(folder)
        with open(os.path.join(folder, "policy.yaml"), "wb") as file:
            file.write(text)
        if code is None:
            code = "WR02"  # whatever is wrong with it
            said, status, _ = check(folder)
            if status != 1 or "[WR" not in said:
                raise rig.Failed(f"{title}: {status} {said}")
            continue
        refuses(folder, title, code, lines=lines)
        os.unlink(os.path.join(folder, "policy.yaml"))


def policy(r, name):
    """A new folder with a policy that is well."""
    folder = os.path.join(r.dir, name)
    os.mkdir(folder)
    with open(os.path.join(folder, "zone.yaml"), "wb") as file:
        file.write(HEAD)
    return folder


def files(r):
    """Names that are no files, and files that are too large."""
    folder = policy(r, "large")
    with open(os.path.join(folder, "large.yaml"), "wb") as file:
        for _ in range(100):
            file.write(b"# " + b"x" * (MB - 3) + b"\n")
    refuses(folder, "a file of 100 MB", "WR0102", lines=1)
    with open(os.path.join(folder, "large.yaml"), "wb") as file:
        file.truncate(1 << 40)
    refuses(folder, "a file of 1 TB with nothing in it", "WR0102", lines=1)

    folder = policy(r, "many")
    for i in range(1200):
        with open(os.path.join(folder, f"f{i}.yaml"), "wb") as file:
            file.write(b"# nothing\n")
    refuses(folder, "1,200 files", "WR0102")

    folder = policy(r, "links")
    os.symlink(".", os.path.join(folder, "here"))
    os.mkdir(os.path.join(folder, "inner"))
    os.symlink("..", os.path.join(folder, "inner", "up"))
    os.symlink("loop.yaml", os.path.join(folder, "loop.yaml"))
    os.symlink("nowhere", os.path.join(folder, "nowhere.yaml"))
    refuses(folder, "links that lead back, to themselves, and nowhere", "WR0102", lines=4)

    folder = policy(r, "deep")
    inside = folder
    for _ in range(40):
        inside = os.path.join(inside, "d")
        os.mkdir(inside)
    refuses(folder, "40 folders in each other", "WR0102", lines=1)

    folder = policy(r, "strange")
    os.mkfifo(os.path.join(folder, "pipe.yaml"))
    refuses(folder, "a pipe that nobody writes to", "WR0102", lines=1)
    os.unlink(os.path.join(folder, "pipe.yaml"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.join(folder, "socket.yaml"))
        refuses(folder, "a socket", "WR0102", lines=1)
    os.unlink(os.path.join(folder, "socket.yaml"))
    os.symlink("/dev/zero", os.path.join(folder, "zero.yaml"))
    refuses(folder, "zeros without end", "WR0102", lines=1)
    os.unlink(os.path.join(folder, "zero.yaml"))
    os.mkdir(os.path.join(folder, "folder.yaml"))
    said, status, _ = check(folder)
    if status != 0 or ": ok: " in said:
        raise rig.Failed(f"a folder named x.yaml: {status} {said}")
    os.rmdir(os.path.join(folder, "folder.yaml"))
    with open(os.path.join(folder, "secret.yaml"), "wb") as file:
        file.write(b"regions: {}\n")
    os.chmod(os.path.join(folder, "secret.yaml"), 0)
    if os.geteuid() != 0:
        refuses(folder, "a file that may not be read", "WR0102", lines=1)


def includes(r):
    """A master file that includes itself over others, and one without end."""
    folder = os.path.join(r.dir, "zone")
    os.mkdir(folder)
    with open(os.path.join(folder, "policy.yaml"), "wb") as file:
        file.write(b"zone: {name: gslb.example.com, nameservers: ns.example.net, records: a.zone}\n")
    for name, other in (("a", "b"), ("b", "a")):
        with open(os.path.join(folder, f"{name}.zone"), "w", encoding="ascii") as file:
            file.write(f"$INCLUDE {other}.zone\n")
    refuses(folder, "zones that include each other", "WR1005", lines=1)
    with open(os.path.join(folder, "a.zone"), "wb") as file:
        file.write(b"x 300 TXT (" + b' "a"\n' * 200000)
    refuses(folder, "a record without end", "WR1004")
    with open(os.path.join(folder, "a.zone"), "wb") as file:
        file.write(os.urandom(MB))
    refuses(folder, "a zone of noise", "WR1004")


def classes(r):
    """Places of two degrees, each with clients of five countries that sets name."""
    folder = policy(r, "classes")
    countries = ("GB", "FR", "DE", "US", "CA")
    with open(os.path.join(folder, "more.yaml"), "w", encoding="ascii") as file:
        file.write("clients: {%s}\n" % ", ".join(f"s{c.lower()}: {c}" for c in countries))
        file.write("geo: {networks: networks.csv}\n")
        file.write("regions: {eu: {location: [53.35, -6.26]}}\n")
        file.write("services: {www: {steer: geo, endpoints: {eu: {A: 192.0.2.1}}}}\n")
    with open(os.path.join(folder, "networks.csv"), "w", encoding="ascii") as file:
        for i in range(5 * 90 * 180):
            place, country = divmod(i, 5)
            north, east = place // 180 * 2 - 89, place % 180 * 2 - 179
            file.write(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}/32,{countries[country]},,{north},{east}\n")
    refuses(folder, "81,000 classes of clients", "WR1106", geo=True)


def memory(r):
    """Too little of it is a finding, too, and no crash."""
    folder = policy(r, "memory")
    with open(os.path.join(folder, "sets.yaml"), "wb") as file:
        file.write(b"clients: {a: [" + b"GB, " * 900000 + b"]}\n")
    refuses(folder, "too little memory", "WR0101", memory=60 * MB)


def test():
    if b"__asan_init" in open(os.path.join(rig.BUILD, "windrose"), "rb").read():
        raise rig.Skipped("the sanitizer needs all address space")
    with rig.Rig() as r:
        texts(r)
        files(r)
        includes(r)
        classes(r)
        memory(r)


rig.main(test)

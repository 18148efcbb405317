#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""A service that follows the clock, over a change: at the minute the answer is
another, on time, and no answer before was to be kept for longer than until
then.  The windows are Berlin's and Lord Howe's; the minute is the next one."""

import datetime
import time
import zoneinfo

from rig import Failed, Rig, addresses, ask, main, note, until

EARLY, LATE = "192.0.2.1", "192.0.2.2"

POLICY = """
zone: {{name: gslb.example.com, nameservers: [ns1.example.net]}}
regions:
  early: {{location: [52.52, 13.40]}}
  late: {{location: [-31.55, 159.08]}}
windows:
  before: {{zone: Europe/Berlin, hours: {before}}}
  after: {{zone: Australia/Lord_Howe, hours: {after}}}
services:
  office:
    steer: schedule
    ttl: {{steady: 60s, changing: 10s, jitter: 0%}}
    endpoints:
      early: {{A: {EARLY}, open: before}}
      late: {{A: {LATE}, open: after}}
      rest: {{A: 192.0.2.3, region: late}}
"""


def clock(zone, at):
    return datetime.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(zone)).strftime("%H:%M")


def span(zone, begin, end):
    return f"{clock(zone, begin)}-{clock(zone, end)}"


def test():
    with Rig() as r:
        edge = (int(time.time()) // 60 + 1) * 60
        if edge - time.time() < 15:
            edge += 60
        hour = 3600
        r.write("policy/policy.yaml", POLICY.format(
            EARLY=EARLY, LATE=LATE, before=span("Europe/Berlin", edge - 2 * hour, edge),
            after=span("Australia/Lord_Howe", edge, edge + 2 * hour)))
        port = r.port()
        r.start("dns", r.program("windrose-dns"), "--policy", r.path("policy"), "--workers", "1",
                "--listen", f"127.0.0.1:{port}", "--control", r.path("dns.sock"))
        until("it answers", 10, lambda: addresses(ask(port, "office.gslb.example.com")) == [EARLY])

        seen = []  # (left before it was asked, TTL)

        def watch():
            asked = time.time()
            message = ask(port, "office.gslb.example.com")
            got, ttl = addresses(message), message.answer[0].ttl
            if got == [LATE]:
                return time.time() - edge
            if got != [EARLY]:
                raise Failed(f"{edge - asked:.2f} s before the change the answer is {got}")
            seen.append((edge - asked, ttl))
            return None

        late, _ = until("the answer changes", edge - time.time() + 5, watch)
        kept = [(left, ttl) for left, ttl in seen if ttl > max(left, 1)]
        if kept:
            raise Failed(f"answers are kept beyond the change: seconds left and TTL {kept[:5]}")
        if late < -0.05:
            raise Failed(f"it changed {-late:.3f} s early")
        long = max(ttl for _, ttl in seen)
        if long < 8:
            raise Failed(f"no TTL was above {long} s, {max(left for left, _ in seen):.0f} s before")
        text = r.run(r.program("windrose"), "explain", r.path("policy"), "--client", "192.0.2.9",
                     "--service", "office", "--node", r.path("dns.sock"))[1]
        for line in ("tier 1: open by after", "tier 3: closed", "tier 2: for when no window is open"):
            if line not in text:
                raise Failed(f"explain does not say \"{line}\": {text}")
        note(f"{len(seen)} answers before the change, none to be kept beyond it; the first after it came "
             f"{1000 * late:.0f} ms after it")


main(test)

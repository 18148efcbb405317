#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# programs: developer
"""The status page in a real Chromium: the map and the tables say what clients
of DNS get, an endpoint's death and a drain are seen without a reload, nothing
of a command's text is taken for HTML, by keyboard, on a phone and in the dark,
and another site cannot read it."""

import json
import time
import urllib.error
import urllib.request

from browser import Browser
from fleet import LONDON, NEW_YORK, Fleet
from rig import Failed, Rig, main, note, until

REASON = '<img src=x onerror="document.title=1">'


class Paged(Fleet):
    def __init__(self, rig):
        super().__init__(rig)
        self.page_port = rig.port()
        self.url = f"http://127.0.0.1:{self.page_port}/"

    def start_steer(self, name, *options):
        super().start_steer(name, *options, *(("--page", str(self.page_port)) if name == "steer1" else ()))

    def fetch(self, path, host=None):
        request = urllib.request.Request(self.url + path, headers={"Host": host} if host else {})
        try:
            with urllib.request.urlopen(request, timeout=10) as f:
                return f.status, f.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()


def row(table, text):
    """What the cells of a table's row say, of the first that has the text; null when there is none."""
    return (f"([...document.querySelectorAll('#{table} tbody tr')].map(r => [...r.cells].map(c => c.textContent))"
            f".find(cells => cells.join(' ').includes({json.dumps(text)})) ?? null)")


def cell_of(browser, latitude, longitude):
    """The region of the cell that a place is in, as the page has it."""
    return browser.ask(f"(() => {{ const c = destinations.cells.find(c => Math.abs(c[0] - {latitude}) <= 1 && "
                       f"Math.abs(c[1] - {longitude}) <= 1); return c ? destinations.regions[c[3]]?.name ?? 'nowhere' : null; }})()")


def check_places(fleet, browser):
    for subnet, at in ((LONDON, (51.5, -0.1)), (NEW_YORK, (40.7, -74.0))):
        wanted = fleet.region("dns1", subnet)
        until(f"{subnet} is where DNS sends it", 20, lambda a=at, w=wanted: cell_of(browser, *a) == w)


def check_looks(browser):
    """Keys alone choose a region; a phone does not scroll sideways; the dark is dark."""
    browser.ask("document.querySelector('#regions button').focus()")
    browser.key("Enter", 13, "\r")
    browser.until("a region is chosen by keyboard", 10,
                  "document.querySelector('#regions button').getAttribute('aria-pressed') === 'true' && "
                  "document.querySelectorAll('#map .chosen').length > 0")
    browser.until("and is still when the map is drawn anew", 20,
                  "(looked = 0, lookAtMap(), document.activeElement.closest('#regions') !== null)")
    browser.window(390, 844)
    if browser.ask("document.documentElement.scrollWidth > window.innerWidth"):
        raise Failed("the page is wider than a phone")
    light = browser.ask("getComputedStyle(document.body).backgroundColor")
    browser.dark(True)
    if browser.ask("getComputedStyle(document.body).backgroundColor") == light:
        raise Failed("the dark is as light as the light")
    browser.dark(False)
    browser.window(1300, 1400)


def check_strangers(fleet):
    if fleet.fetch("api/status", "evil.example.com")[0] != 403:
        raise Failed("a status for another site's name")
    for path in ("api/drain", "api/verify", "api/reload", "../etc/passwd"):
        status, text = fleet.fetch(path)
        if status != 404:
            raise Failed(f"{path}: {status} {text}")


def test():
    with Rig() as rig:
        fleet = Paged(rig)
        fleet.start_all()
        until("all are up", 20, lambda: [e["verdict"] for s in fleet.status("steer1")["services"]
                                         for e in s["endpoints"] if not e["canary"]] == ["up"] * 3)
        check_strangers(fleet)
        with Browser(rig) as browser:
            browser.window(1300, 1400)
            browser.open(fleet.url)
            browser.until("it is drawn", 30, "document.querySelectorAll('#map .cell').length > 0")
            browser.until("it says who leads", 10, "document.getElementById('line').textContent.includes('steer1 leads')")
            check_places(fleet, browser)
            for name in ("dns1", "dns2", "edge1", "health1", "steer2"):
                browser.until(f"{name} is there", 10, row("nodes", name))
            check_looks(browser)

            began = time.monotonic()
            rig.stop("us-east")
            browser.until("the dead endpoint is seen", 20, row("endpoints", "www/us-east") + "?.[1].startsWith('down')")
            note(f"an endpoint's death is on the page after {time.monotonic() - began:.1f} s")
            until("New York goes elsewhere", 20, lambda: fleet.region("dns1", NEW_YORK) != "us-east")
            check_places(fleet, browser)
            rig.web("us-east", "127.0.2.1", fleet.web_port)
            browser.until("and its return", 20, row("endpoints", "www/us-east") + "?.[1].startsWith('up')")

            fleet.person("drain", "eu-west", "--reason", REASON, "--for", "10m", "--yes")
            told = browser.until("the drain is there", 10, row("commands", "drain eu-west"))[0]
            if told[2] != REASON or not told[3].endswith(("min", "s")):
                raise Failed(f"the drain reads {told}")
            browser.until("and takes nobody", 10, row("endpoints", "www/eu-west") + "?.[2] === '0 %'")
            browser.until("and is in the history", 10, row("history", "drain eu-west"))
            check_places(fleet, browser)
            if browser.ask("document.title") != "Windrose" or browser.ask("document.images.length"):
                raise Failed("a reason was taken for HTML")

            rig.stop("steer1")
            browser.until("the agent's silence is told", 30, "document.getElementById('line').textContent.startsWith('nothing heard')")
            fleet.start_steer("steer1")
            browser.until("and its return", 60, "document.getElementById('line').textContent.startsWith('steer1')")
            errors = [f for f in browser.failures if "ERR_CONNECTION_REFUSED" not in f and "ERR_INCOMPLETE" not in f
                      and "ERR_EMPTY" not in f and "ERR_CONNECTION_RESET" not in f]
            if errors:
                raise Failed(f"the page's errors: {errors}")


main(test)

// SPDX-License-Identifier: Apache-2.0
// The status page.  Everything it shows comes from /events, a status a second,
// and from /api.  Text goes into the document as text, never as HTML.
"use strict";

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const STRIP_S = 15 * 60; // how far back an endpoint's strip goes
const LOOK_MS = 5000; // the map is looked at again after that
const SILENT_MS = 5000;

const seen = new Map(); // "service/endpoint": [[second, word], ...]
let status = null;
let destinations = null;
let chosen = -1; // the region whose clients are shown alone
let looked = 0;
let heard = 0;
let planShown = "";

function make(name, options = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(options)) {
    if (key === "class") e.className = value;
    else if (key === "onclick") e.onclick = value;
    else e.setAttribute(key, value);
  }
  e.append(...children.filter((c) => c !== null));
  return e;
}

function draw(name, attributes) {
  const e = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  return e;
}

// A table's rows: arrays of cells, each a text, a node, or [class, text].
function fill(table, rows, nothing) {
  const cell = (c) => Array.isArray(c) ? make("td", { class: c[0] }, c[1]) : make("td", {}, c);
  const body = rows.map((r) => make("tr", {}, ...r.map(cell)));
  if (body.length === 0) body.push(make("tr", {}, make("td", { class: "faint", colspan: 9 }, nothing)));
  $(table).tBodies[0].replaceChildren(...body);
}

function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 120) return s + " s";
  if (s < 7200) return Math.floor(s / 60) + " min";
  if (s < 172800) return Math.floor(s / 3600) + " h " + Math.floor(s % 3600 / 60) + " min";
  return Math.floor(s / 86400) + " days";
}

const percent = (part) => (100 * part).toFixed(part > 0 && part < 0.1 ? 1 : 0) + " %";
const clock = (ms) => new Date(ms).toLocaleTimeString();

// Endpoints, what is held of them, and for how long.

function word(e) {
  return e.deferred ? "deferred" : e.verdict;
}

function health(e) {
  const says = e.down > 0 ? ` (${e.down_by.join(", ")})` : "";
  if (e.deferred) return ["warn", "down, served all the same" + says];
  if (e.verdict === "up") return ["up", e.trickle ? "up, on trial with users" : "up" + (says && `; down at${says}`)];
  if (e.verdict === "down") return ["down", "down" + says];
  return ["faint", e.verdict];
}

function why(e) {
  const causes = { full: "", ramp: "comes back slowly", hold: "waits before it comes back", canary: "canary", command: "command " + e.ref };
  return causes[e.cause] ?? e.cause;
}

function remember(service, e, now) {
  const key = service + "/" + e.endpoint;
  const list = seen.get(key) ?? [];
  if (list.length === 0 || list[list.length - 1][1] !== word(e)) list.push([now, word(e)]);
  while (list.length > 1 && list[1][0] < now - STRIP_S) list.shift();
  seen.set(key, list);
  return list;
}

function strip(list, now) {
  const svg = draw("svg", { class: "strip", viewBox: `0 0 ${STRIP_S} 10`, preserveAspectRatio: "none", role: "img" });
  const said = list.map(([at, w]) => `${w} since ${clock(at * 1000)}`);
  svg.setAttribute("aria-label", said.slice(-4).join(", "));
  svg.append(draw("rect", { class: "unknown", x: 0, y: 8, width: STRIP_S, height: 2 }));
  list.forEach(([at, w], i) => {
    const from = Math.max(0, STRIP_S - (now - at));
    const to = i + 1 < list.length ? STRIP_S - (now - list[i + 1][0]) : STRIP_S;
    svg.append(draw("rect", { class: w, x: Math.min(from, STRIP_S - 4), y: w === "up" ? 4 : 0, width: Math.max(to - from, 4), height: w === "up" ? 6 : 10 }));
  });
  return svg;
}

function showEndpoints(now) {
  const rows = [];
  for (const s of status.services)
    for (const e of s.endpoints)
      rows.push([`${s.service}/${e.endpoint}`, health(e), percent(e.share), why(e), strip(remember(s.service, e, now), now)]);
  fill("endpoints", rows, "There is no endpoint.");
  $("more").hidden = !status.left_out;
  $("more").textContent = `${status.left_out} more are not shown; windrose status has all.`;
}

// Everything else that a status says.

function rate(errors, requests) {
  return requests > 0 ? `${percent(errors / requests)} of ${requests}` : "none yet";
}

function showCanaries() {
  fill("canaries", status.canaries.map((c) => [
    `${c.canary} of ${c.service}`, `${c.frozen ? "frozen, " : ""}${c.phase !== "planned" ? c.phase : c.state}${c.reason ? ": " + c.reason : ""}`, c.percent + " %",
    rate(c.canary_errors, c.canary_requests), rate(c.stable_errors, c.stable_requests),
  ]), "There is no canary.");
}

function showCommands(now) {
  const rows = (status.plan?.commands ?? []).map((c) => [
    `${c.drill ? "DRILL" : c.kind} ${c.target}${c.clients ? " of " + c.clients : ""}${c.to ? " to " + c.to : ""}`, c.author, c.reason,
    c.wall_expires_ms ? span(c.wall_expires_ms - now * 1000) : "no end",
  ]);
  for (const h of status.held ?? [])
    rows.push([["warn", `${h.command.kind} ${h.command.target} waits for a second person: ${h.why}`],
      h.command.author, h.command.reason, span(h.wall_until_ms - now * 1000)]);
  fill("commands", rows, "Nothing is overridden.");
}

function showNodes() {
  fill("nodes", status.nodes.map((n) => [
    n.name, n.role + (n.leads ? ", leads" : ""), n.plan_epoch ? `${n.plan_epoch}/${n.plan_sequence}` : "",
    n.silent_ms > SILENT_MS ? ["bad", "silent for " + span(n.silent_ms)]
      : n.lag_ms > 0 ? ["warn", span(n.lag_ms)] : ["good", "up to date"],
    n.trouble ? ["bad", n.trouble] : (n.local ?? []).join("; "),
  ]), "No node was heard of.");
}

function showAlarms() {
  const list = [];
  for (const s of status.services)
    if (s.panic) list.push(`${s.service}: only ${s.healthy_pct} % is healthy; health is not obeyed`);
  for (const n of status.nodes)
    for (const a of n.alarms ?? []) list.push(`${n.name} finds ${a.responder} ${a.kind}: ${a.text}`);
  $("alarms").hidden = list.length === 0;
  $("alarms").firstElementChild.replaceChildren(...list.map((t) => make("li", {}, t)));
}

function showLine() {
  const fleet = status.fleet;
  const lead = status.leads ? `${status.node.name} leads` : `${status.node.name} stands by`;
  const plan = status.plan ? `plan ${status.plan.epoch}/${status.plan.sequence}` : "no plan yet";
  $("line").textContent = `${lead} · ${plan} · ${fleet.have} of ${fleet.followers} nodes have it` +
    (status.node.trouble ? ` · ${status.node.trouble}` : "");
  $("line").className = status.node.trouble || fleet.have < fleet.followers ? "bad" : "";
}

function showServices() {
  const names = status.services.map((s) => s.service);
  const select = $("service");
  const now = [...select.options].map((o) => o.value);
  if (names.join("\n") === now.join("\n")) return;
  const kept = select.value;
  select.replaceChildren(...names.map((n) => make("option", {}, n)));
  if (names.includes(kept)) select.value = kept;
  looked = 0;
}

// The map: a cell's shape and colour are its region's, so either is enough.

function shape(region, x, y, r) {
  const name = region < 0 ? "rnone" : "r" + region % 8;
  switch (region < 0 ? 9 : (region + Math.floor(region / 8)) % 4) {
    case 0: return draw("circle", { class: name, cx: x, cy: y, r });
    case 1: return draw("rect", { class: name, x: x - r, y: y - r, width: 2 * r, height: 2 * r });
    case 2: return draw("path", { class: name, d: `M${x} ${y - r}L${x + r} ${y + r}H${x - r}Z` });
    case 3: return draw("path", { class: name, d: `M${x} ${y - r}L${x + r} ${y}L${x} ${y + r}L${x - r} ${y}Z` });
    default: return draw("path", { class: name, d: `M${x - r} ${y - r}L${x + r} ${y + r}M${x + r} ${y - r}L${x - r} ${y + r}`, "stroke-width": 0.5 });
  }
}

const letter = (i) => String.fromCharCode(65 + i % 26) + (i >= 26 ? Math.floor(i / 26) : "");

function tell(cell) {
  const [lat, lon, , region, part, country, note] = cell;
  const where = `${Math.abs(lat)}° ${lat < 0 ? "S" : "N"}, ${Math.abs(lon)}° ${lon < 0 ? "W" : "E"}`;
  const goes = region < 0 ? "get no answer" : `go to ${destinations.regions[region].name}`;
  $("why").textContent = `Clients near ${where}${country ? " (" + country + ")" : ""}: ${percent(part)} ${goes}` +
    (note === "plain" ? "." : `; ${note.replaceAll("-", " ")}.`);
}

function showMap() {
  const map = $("map");
  const parts = [];
  for (let lon = -150; lon < 180; lon += 30) parts.push(draw("path", { class: "grid", d: `M${lon} -90V90` }));
  for (let lat = -60; lat < 90; lat += 30) parts.push(draw("path", { class: "grid", d: `M-180 ${-lat}H180` }));
  const most = Math.max(1, ...destinations.cells.map((c) => c[2]));
  for (const cell of destinations.cells) {
    const r = 0.45 + 0.75 * Math.log1p(cell[2]) / Math.log1p(most);
    const dot = shape(cell[3], cell[1], -cell[0], r);
    dot.classList.add("cell");
    if (cell[3] === chosen) dot.classList.add("chosen");
    dot.addEventListener("pointerenter", () => tell(cell));
    parts.push(dot);
  }
  for (const v of destinations.vantages) {
    const ring = draw("circle", { class: "vantage", cx: v.longitude, cy: -v.latitude, r: 2.6 });
    ring.append(draw("title", {}));
    ring.firstChild.textContent = "vantage " + v.name;
    parts.push(ring);
  }
  destinations.regions.forEach((r, i) => {
    const g = draw("g", { class: "region" });
    g.append(draw("rect", { class: "r" + i % 8, x: r.longitude - 3, y: -r.latitude - 3, width: 6, height: 6, rx: 1 }),
      draw("text", { x: r.longitude, y: -r.latitude + 1.7 }), draw("title", {}));
    g.children[1].textContent = letter(i);
    g.children[2].textContent = r.name;
    parts.push(g);
  });
  map.classList.toggle("one", chosen >= 0);
  map.replaceChildren(...parts);
  showRegions();
}

function choose(region) {
  chosen = chosen === region ? -1 : region;
  showMap();
}

function showRegions() {
  const weight = (test) => destinations.cells.filter(test).reduce((sum, c) => sum + c[2], 0);
  const whole = weight(() => true);
  const service = status.services.find((s) => s.service === destinations.service);
  const rows = destinations.regions.map((r, i) => {
    const here = (service?.endpoints ?? []).filter((e) => e.region === r.name);
    const part = whole > 0 ? weight((c) => c[3] === i) / whole : 0;
    const icon = draw("svg", { viewBox: "-1 -1 2 2", "aria-hidden": "true" });
    icon.append(shape(i, 0, 0, 0.9));
    const key = make("button", { class: "key", type: "button", "aria-pressed": chosen === i, onclick: () => choose(i) }, icon, `${letter(i)} ${r.name}`);
    const up = here.filter((e) => e.verdict !== "down").length;
    return [key, make("span", {}, make("meter", { min: 0, max: 1, value: part, "aria-label": "clients" }), " " + percent(part)), String(here.length),
      here.length > 0 && up === 0 ? ["down", "none"] : String(up)];
  });
  const focus = document.activeElement?.closest?.("#regions tr");
  const at = focus ? [...$("regions").tBodies[0].rows].indexOf(focus) : -1;
  fill("regions", rows, "The policy has no region.");
  if (at >= 0) $("regions").tBodies[0].rows[at]?.querySelector("button")?.focus();
}

async function get(path) {
  const answer = await fetch(path);
  const says = answer.ok ? await answer.json() : { ok: false };
  return says.ok ? says : null;
}

async function lookAtMap() {
  const name = $("service").value;
  if (!name || Date.now() - looked < LOOK_MS) return;
  looked = Date.now();
  const says = await get("/api/destinations?service=" + encodeURIComponent(name));
  if (says === null) return;
  destinations = says;
  showMap();
}

async function lookAtHistory() {
  const plan = status.plan ? `${status.plan.epoch}/${status.plan.sequence}` : "";
  if (plan === planShown) return;
  planShown = plan;
  looked = 0; // what goes where may be another now
  const says = await get("/api/history?count=15");
  fill("history", (says?.lines ?? []).map((l) => l.event).reverse().map((e) => [
    clock(e.wall_ms), `${e.kind}: ${e.what ?? ""}`, e.who ?? "", e.why ?? e.after ?? "",
  ]), says === null ? "This agent keeps no journal." : "Nothing has changed yet.");
}

function show(says) {
  const now = Math.round(says.node.wall_made_ms / 1000);
  status = says;
  heard = Date.now();
  showLine();
  showServices();
  showAlarms();
  showEndpoints(now);
  showCanaries();
  showCommands(now);
  showNodes();
  lookAtHistory();
  lookAtMap();
  document.body.dataset.plan = status.plan ? status.plan.sequence : "";
}

$("service").addEventListener("change", () => {
  looked = 0;
  lookAtMap();
});
setInterval(() => {
  if (Date.now() - heard < SILENT_MS) return;
  $("line").textContent = heard ? `nothing heard since ${clock(heard)}; what is shown is as old` : "no answer yet";
  $("line").className = "bad";
}, 1000);
// The browser opens the next stream by itself when one ends.
new EventSource("/events").addEventListener("message", (m) => show(JSON.parse(m.data)));

// Goal: states, shapes and reports follow from the graph's facts.
// Method: small things built here, answers worked out by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { Thing, compare, condition } = await load("model.ts");
const { linkState, shape, withContact } = await load("network.ts");
const { addressOrder, collection, onePerSerial, support } = await load("reports.ts");
const { arrange } = await load("inventory.tsx");
const { causes } = await load("findings.tsx");
const { crosses, distance, score } = await load("geometry.ts");

const NS = "https://w3id.org/nettwin/ns#";

function thing(iri, facts) {
  const made = new Thing(iri);
  for (const [key, values] of Object.entries(facts)) {
    for (const value of [values].flat()) made.add(NS + key, { type: "literal", value });
  }
  return made;
}

const map = (...things) => new Map(things.map((t) => [t.iri, t]));

test("an interface is up, down, shut or unknown (RFC 2863 section 3.1.13)", () => {
  const state = (operStatus, adminStatus) => condition(thing("i", { operStatus, adminStatus }));
  assert.equal(state("up", "up"), "up");
  assert.equal(state("down", "up"), "down");
  assert.equal(state("lowerLayerDown", "up"), "down");
  assert.equal(state("down", "down"), "shut");
  assert.equal(state("unknown", "up"), "unknown");
  assert.equal(condition(undefined), "unknown");
});

test("a link's state follows its ends", () => {
  assert.equal(linkState("up", "up"), "up");
  assert.equal(linkState("up", "shut"), "half");
  assert.equal(linkState("down", "shut"), "down");
  assert.equal(linkState("up", "unknown"), "unknown");
});

test("the topology counts downs and findings by device", () => {
  const devices = map(thing("d1", { name: "a" }), thing("d2", { name: "b" }));
  const states = map(
    thing("i1", { name: "e1", interfaceOf: "d1", operStatus: "up", adminStatus: "up" }),
    thing("i2", { name: "e1", interfaceOf: "d2", operStatus: "down", adminStatus: "up" }),
  );
  const finding = { iri: "f", rule: "r", type: "t", message: "m", about: ["i1", "i2"], devices: ["d1"], due: "", fact: "" };
  const need = { ...finding, iri: "n", need: true };
  const links = map(thing("l", { endpoint: ["i1", "i2"] }), thing("broken", { endpoint: ["i1"] }));
  const network = shape(devices, states, links, [finding, need]);
  assert.equal(network.devices.get("d1").state, "attention");
  assert.equal(network.devices.get("d2").state, "trouble");
  assert.deepEqual([...network.links.keys()], ["l"]);
  assert.equal(network.links.get("l").state, "half");
  assert.equal(network.links.get("l").findings.length, 1);
  assert.equal(network.devices.get("d1").findings, 1);
  assert.deepEqual(network.needs.map((n) => n.iri), ["n"]);
  const seen = withContact(network, [{ device: "a", collector: "x", address: "", thing: "d1", state: "in sync" }, { device: "a", collector: "y", address: "", thing: "d1", state: "stale" }]);
  assert.equal(seen.devices.get("d1").contact, "stale");
});

test("one row per serial number: the outermost part", () => {
  const parts = map(
    thing("inner", { componentOf: "d", serialNumber: "S1", partOf: "outer" }),
    thing("outer", { componentOf: "d", serialNumber: "S1" }),
    thing("elsewhere", { componentOf: "d2", serialNumber: "S1" }),
    thing("slot", { componentOf: "d" }),
  );
  assert.deepEqual(onePerSerial(parts).map((c) => c.iri).sort(), ["elsewhere", "outer", "slot"]);
});

test("addresses sort by number, IPv4 first", () => {
  const sorted = ["2001:db8::10", "10.0.0.2", "2001:db8::9", "::1", "9.255.0.1", "10.0.0.10", "fe80::1"].sort((a, b) => compare(addressOrder(a), addressOrder(b)));
  assert.deepEqual(sorted, ["9.255.0.1", "10.0.0.2", "10.0.0.10", "::1", "2001:db8::9", "2001:db8::10", "fe80::1"]);
});

test("support is told in words, never as a negative number", () => {
  const today = new Date("2026-11-22T23:59:00Z");
  assert.deepEqual([support("2026-11-21", today).text, support("2026-11-21", today).mark], ["ended 1 day ago", "bad"]);
  assert.equal(support("2027-11-22", today).mark, "warn");
  assert.equal(support("2027-11-23", today).mark, undefined);
  assert.equal(support("not a date", today).text, "");
});

test("tables keep rows that hold every word, and put unknown last", () => {
  const row = (...texts) => ({ key: texts.join(), cells: texts.map((text) => ({ text })) });
  const rows = [row("r10", "up"), row("r2", "down"), row("", "up"), row("r1", "up")];
  assert.deepEqual(arrange(rows, "UP r1", null).map((r) => r.cells[0].text), ["r10", "r1"]);
  assert.deepEqual(arrange(rows, "", { column: 0, down: false }).map((r) => r.cells[0].text), ["r1", "r2", "r10", ""]);
  assert.deepEqual(arrange(rows, "", { column: 0, down: true }).map((r) => r.cells[0].text), ["r10", "r2", "r1", ""]);
});

test("root causes come with what they explain, however deep", () => {
  const finding = (iri, root, ...causedBy) => ({ iri, root, causes: causedBy });
  const all = [finding("link", true), finding("adjacency", false, "link"), finding("service", false, "adjacency", "link"), finding("age", false), finding("loop", false, "loop")];
  assert.deepEqual(causes(all).map((c) => [c.root.iri, c.consequences.map((f) => f.iri)]), [["link", ["adjacency", "service"]]]);
});

test("drawings with crossings cost more", () => {
  const square = { a: { x: 0, y: 0 }, b: { x: 100, y: 0 }, c: { x: 100, y: 100 }, d: { x: 0, y: 100 } };
  const ring = [["a", "b"], ["b", "c"], ["c", "d"], ["d", "a"]];
  assert.ok(score(square, ring, 10) < score({ ...square, b: square.c, c: square.b }, ring, 10));
  assert.ok(crosses(square.a, square.c, square.b, square.d));
  assert.ok(!crosses(square.a, square.b, square.c, square.d));
  assert.equal(distance({ x: 50, y: 30 }, square.a, square.b), 30);
  assert.equal(distance({ x: 103, y: 4 }, square.a, square.b), 5);
});

test("the collection report tells what is late, and sorts ages as numbers", () => {
  const now = Date.parse("2026-01-01T00:10:00Z");
  const source = (device, lastContact, state) => ({
    device, address: "a", collector: "snmp", state, lastContact, periodSeconds: 30, failures: 0, tookSeconds: 0.25, facts: 7, unmapped: 0, requestRate: 1.234, byteRate: 2048,
  });
  const rows = collection([
    source("fresh", "2026-01-01T00:09:50Z", "in sync"), source("late", "2026-01-01T00:01:00Z", "in sync"),
    source("lost", "2025-12-31T00:00:00Z", "lost"), source("never", undefined, "unknown"),
  ], now);
  assert.deepEqual(rows.map((r) => r.cells.slice(0, 8).map((c) => c.text)), [
    ["fresh", "snmp", "in sync", "10 s ago", "30 s", "0.25 s", "1.2/s", "2 KiB/s"],
    ["late", "snmp", "late", "9 min ago", "30 s", "0.25 s", "1.2/s", "2 KiB/s"],
    ["lost", "snmp", "lost", "24 h ago", "30 s", "0.25 s", "1.2/s", "2 KiB/s"],
    ["never", "snmp", "unknown", "never", "30 s", "0.25 s", "1.2/s", "2 KiB/s"],
  ]);
  const ages = rows.map((r) => r.cells[3].sort);
  assert.deepEqual([...ages].sort(), ages);
});

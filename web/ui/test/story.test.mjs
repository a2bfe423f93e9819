// Goal: the time line tells what happened, once, in the order it happened.
// Method: entries as the API gives them, newest first; lines worked out by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { episodes, mark } = await load("story.ts");

const NS = "https://w3id.org/nettwin/ns#";
const derived = "https://demo.example/graph/derived";
const time = (seconds) => new Date(Date.UTC(2026, 10, 22, 5, 0, 0) + seconds * 1000).toISOString();
const thing = (iri, message, ...classes) => ({ iri, graph: derived, message, classes: classes.map((c) => NS + c) });
const fault = thing("f", "e1 is down", "LinkDownFinding");
const need = thing("n", "enable e1", "Need");
const changed = (from, to) => [{ thing: "i", property: `${NS}operStatus`, from, to }];
const said = (ep) => ep.lines.map((l) => `${l.kind} ${l.verb} ${l.text}${l.from ? `${l.from}>${l.to}` : ""}`);

test("commits that follow one another closely are one episode, oldest line first", () => {
  const list = episodes([
    { kind: "commit", seq: 9, time: time(60), gone: [fault, need], changed: changed("down", "up") },
    { kind: "step", plan: "1", step: "lock", time: time(59.5) },
    { kind: "step", plan: "1", step: "approve", message: "enable e1", time: time(30) },
    { kind: "commit", seq: 3, time: time(1), appeared: [need] },
    { kind: "commit", seq: 2, time: time(0.2), appeared: [fault] },
    { kind: "commit", seq: 1, time: time(0), changed: changed("up", "down") },
  ]);
  assert.deepEqual(list.map(said), [
    ["state oper status down>up", "finding gone e1 is down", "need no longer needed enable e1"],
    ["plan approved enable e1"],
    ["state oper status up>down", "finding found e1 is down", "need needed enable e1"],
  ]);
  assert.deepEqual(list.map(mark), ["ok", "accent", "bad"]);
  assert.deepEqual([list[2].time, list[2].end, list[2].commits.length], [time(0), time(1), 3]);
});

test("what comes and goes within an episode is not told, nor a value that returns", () => {
  const list = episodes([
    { kind: "commit", seq: 4, time: time(0.9), changed: changed("up", "down"), classes: [{ class: `${NS}Link`, deleted: 2 }] },
    { kind: "commit", seq: 3, time: time(0.6), gone: [fault], changed: changed("testing", "up") },
    { kind: "commit", seq: 2, time: time(0.3), appeared: [fault], changed: changed("down", "testing"), classes: [{ class: `${NS}Link`, added: 3 }] },
  ]);
  assert.deepEqual(list.map(said), [["inventory new 1 link"]]);
});

test("what was done stands apart from what the network did, and no episode is endless", () => {
  const list = episodes([
    { kind: "step", plan: "1", step: "end", state: "failed", detail: "why", message: "m", time: time(2) },
    { kind: "commit", seq: 5, time: time(1.9), changed: changed("down", "up") },
    { kind: "step", plan: "1", step: "apply", message: "m", time: time(1.8) },
  ]);
  assert.deepEqual(list.map(said), [["plan failed m (why)"], ["state oper status down>up"], ["plan begun m"]]);
  const long = episodes(Array.from({ length: 20 }, (_, i) => ({ kind: "commit", seq: 20 - i, time: time(20 - i), changed: [{ thing: `i${i}`, property: `${NS}operStatus`, from: "up", to: "down" }] })));
  assert.ok(long.length > 2 && long.every((ep) => ep.lines.length <= 6));
});

test("a fact can be explained at the moment it appeared, quotes and all", () => {
  const [ep] = episodes([{ kind: "commit", seq: 2, time: time(0), appeared: [thing("f", 'r1 "x" \\', "Finding")] }]);
  assert.equal(ep.lines[0].fact, `<f> <${NS}message> "r1 \\"x\\" \\\\" <${derived}> .`);
  assert.equal(ep.lines[0].at, time(0));
});

test("events of devices are no findings", () => {
  const [ep] = episodes([{ kind: "commit", seq: 2, time: time(0), appeared: [{ iri: "e", graph: "https://demo.example/graph/provenance", message: "linkDown", classes: [`${NS}Event`] }, { iri: "x", graph: "https://demo.example/graph/intended", message: "a note", classes: [] }] }]);
  assert.deepEqual(said(ep), ["event event linkDown"]);
});

// Goal: the stream of events is read as the HTML standard says, and attempts
// come ever later.
// Method: one stream cut at every place; the delays' bounds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { EventParser, backoff } = await load("stream.ts");

const stream = 'retry: 2000\n\nid: 7\nevent: commit\ndata: {"seq":7}\n\n: still here\n\nevent: intent\r\ndata:a\r\ndata: b\r\n\r\nid: 8\ndata\n\nevent: lost\n\n';
const wanted = [
  { id: "7", type: "commit", data: '{"seq":7}' },
  { id: "7", type: "intent", data: "a\nb" },
  { id: "8", type: "message", data: "" },
];

test("events come out whole wherever the stream is cut", () => {
  for (let at = 0; at <= stream.length; at++) {
    for (const second of [at, Math.min(stream.length, at + 3)]) {
      const parser = new EventParser();
      const got = [stream.slice(0, at), stream.slice(at, second), stream.slice(second)].flatMap((piece) => parser.push(piece));
      assert.deepEqual(got, wanted, `cut at ${at} and ${second}`);
    }
  }
});

test("attempts come later each time, up to a bound, and never all at once", () => {
  const delays = Array.from({ length: 12 }, (_, i) => backoff(i, 0.5));
  for (let i = 1; i < delays.length; i++) assert.ok(delays[i] >= delays[i - 1]);
  assert.equal(delays[0], 500);
  assert.equal(delays[11], 15_000);
  assert.ok(backoff(2, 0) < backoff(2, 1));
});

// Goal: exported CSV follows RFC 4180 and is safe in a spreadsheet.
// Method: fields and files written here against texts by the standard's rules.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { csv, field, fileName } = await load("csv.ts");

test("fields are quoted as RFC 4180 section 2 says", () => {
  assert.equal(field("plain"), "plain");
  assert.equal(field("a,b"), '"a,b"');
  assert.equal(field('say "no"'), '"say ""no"""');
  assert.equal(field("two\r\nlines"), '"two\r\nlines"');
  assert.equal(field(" kept "), " kept ");
});

test("cells that a spreadsheet would compute are guarded", () => {
  for (const start of ["=", "+", "-", "@"]) assert.equal(field(`${start}1`), `'${start}1`);
  assert.equal(field("\tx"), "'\tx");
  assert.equal(field("\rx"), '"\'\rx"');
  assert.equal(field('=HYPERLINK("x","y")'), '"\'=HYPERLINK(""x"",""y"")"');
  assert.equal(field("a=b"), "a=b");
});

test("lines end with CRLF, the header comes first", () => {
  assert.equal(csv(["a", "b"], [["1", ""], ["ü", "x"]]), "a,b\r\n1,\r\nü,x\r\n");
});

test("the file's name holds report and UTC time", () => {
  assert.equal(fileName("devices", new Date("2026-11-22T04:05:06.789Z")), "devices_20261122T040506Z.csv");
});

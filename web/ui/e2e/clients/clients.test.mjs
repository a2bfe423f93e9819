// Goal: SPARQL clients of others work with the twin as they are.
// Method: Comunica takes the endpoint as a source, alone and beside a file;
// YASGUI, on a page of another origin, asks it from a browser. Expected values
// are the recording's truth.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { QueryEngine } from "@comunica/query-sparql";
import { missing, startBrowser, startTwin, truth } from "../demo.mjs";

const lack = missing();
if (lack && process.env.CI === "true") throw new Error(lack);
const skip = lack || false;
const twinNS = "PREFIX twin: <https://w3id.org/nettwin/ns#>\n";
const yasgui = path.join(path.dirname(fileURLToPath(import.meta.url)), "node_modules/@zazuko/yasgui/build");

let twin, endpoint, expected, engine;

before(async () => {
  if (skip) return;
  expected = await truth();
  twin = await startTwin();
  endpoint = `${twin.url}sparql`;
  engine = new QueryEngine();
});

after(async () => {
  await twin?.stop();
  await twin?.remove();
});

const ask = async (query, sources) => {
  const rows = await (await engine.queryBindings(twinNS + query, { sources })).toArray();
  return rows.map((row) => Object.fromEntries([...row].map(([v, term]) => [v.value, term.value])));
};

test("Comunica reads the inventory from the endpoint", { skip }, async () => {
  const rows = await ask("SELECT ?name { ?d a twin:Device ; twin:name ?name } ORDER BY ?name", [{ type: "sparql", value: endpoint }]);
  assert.deepEqual(rows.map((r) => r.name), expected.devices);
});

test("Comunica recognizes the endpoint by itself", { skip }, async () => {
  const rows = await ask("SELECT (COUNT(DISTINCT ?d) AS ?n) { ?d a twin:Device }", [endpoint]);
  assert.deepEqual(rows, [{ n: String(expected.devices.length) }]);
});

test("Comunica joins the endpoint with a file of somebody else", { skip }, async () => {
  const owners = `<http://x/o1> <http://x/device> "r1" ; <http://x/owner> "Ada" .
    <http://x/o2> <http://x/device> "r9" ; <http://x/owner> "Grace" .
    <http://x/o3> <http://x/device> "r77" ; <http://x/owner> "Nobody" .`;
  const rows = await ask(
    "SELECT ?name ?owner { ?o <http://x/device> ?name ; <http://x/owner> ?owner . ?d a twin:Device ; twin:name ?name } ORDER BY ?name",
    [{ type: "sparql", value: endpoint }, { type: "serialized", value: owners, mediaType: "text/turtle", baseIRI: "http://x/" }],
  );
  assert.deepEqual(rows, [{ name: "r1", owner: "Ada" }, { name: "r9", owner: "Grace" }]);
});

test("YASGUI of another origin asks the endpoint from a browser", { skip }, async () => {
  const page = `<!doctype html><meta charset="utf-8"><title>YASGUI</title><link rel="icon" href="data:,">
    <link rel="stylesheet" href="/yasgui.min.css"><div id="yasgui"></div><script src="/yasgui.min.js"></script>
    <script>window.yasgui = new Yasgui(document.getElementById("yasgui"), { requestConfig: { endpoint: ${JSON.stringify(endpoint)} } })</script>`;
  const server = http.createServer(async (req, res) => {
    const name = new URL(req.url, "http://x").pathname;
    const type = { ".css": "text/css", ".js": "text/javascript" }[path.extname(name)];
    res.setHeader("Content-Type", type ?? "text/html");
    res.end(type ? await readFile(path.join(yasgui, path.basename(name))) : page);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await startBrowser(`http://127.0.0.1:${server.address().port}`, 1200, 900);
  try {
    const tab = browser.page;
    await tab.goto(`http://127.0.0.1:${server.address().port}/`);
    await tab.evaluate((q) => void window.yasgui.getTab().setQuery(q), `${twinNS}SELECT ?name { ?d a twin:Device ; twin:name ?name } ORDER BY ?name`);
    await tab.locator(".yasqe_queryButton").click();
    await tab.locator(".yasr table.dataTable tbody tr").first().waitFor({ timeout: 15_000 });
    const cells = await tab.locator(".yasr table.dataTable tbody tr").allInnerTexts();
    assert.deepEqual(cells.map((c) => c.match(/r\d+/)?.[0]), expected.devices);
    // The one foreign address that the page asks is the endpoint.
    const elsewhere = browser.problems.filter((p) => !p.includes(endpoint));
    assert.deepEqual(elsewhere.filter((p) => p.startsWith("error") || p.startsWith("exception")), []);
  } finally {
    await browser.stop();
    server.close();
  }
});

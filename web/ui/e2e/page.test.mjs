// Goal: an operator can work with the page on the recorded network.
// Method: the demo in a real browser; what the page shows is compared with
// the recording's truth and with the SPARQL endpoint.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { eventually, forgive, missing, out, startBrowser, startTwin, truth } from "./demo.mjs";
import { unreadable } from "./readable.mjs";

const lack = missing();
if (lack && process.env.CI === "true") throw new Error(lack);
const skip = lack || false;

let twin, browser, page, expected;

before(async () => {
  if (skip) return;
  expected = await truth();
  expected.cables = expected.links.map(({ a, b }) => cable(`${a.device} ${a.interface}`, `${b.device} ${b.interface}`)).sort();
  twin = await startTwin();
  browser = await startBrowser(twin.url, 1440, 900);
  page = browser.page;
});

after(async () => {
  await browser?.stop();
  await twin?.stop();
  await twin?.remove();
});

const shot = (name) => page.screenshot({ path: path.join(out, `${name}.png`) });
const go = (hash) => page.goto(twin.url + hash);
const byId = (id) => page.locator(`[data-testid="${id}"]`);
const inspect = () => byId("topology").evaluate((e) => e.drawing.inspect());
const update = async (text) => {
  await eventually(async () => {
    // 409: a collector's commit came between; the request may be repeated.
    const answer = await fetch(`${twin.url}update`, { method: "POST", headers: { "Content-Type": "application/sparql-update" }, body: text });
    assert.ok(answer.ok, await answer.text());
  });
};

test("the topology holds every router and every link of the lab", { skip }, async () => {
  await go("");
  await eventually(async () => {
    const drawn = await inspect();
    assert.deepEqual(Object.keys(drawn.positions).sort(), expected.devices);
    assert.equal(drawn.links, expected.links.length);
  });
  await shot("topology");
});

test("the layout is the same after a reload, and in another browser", { skip }, async () => {
  const first = (await inspect()).positions;
  await page.reload();
  await eventually(async () => assert.deepEqual((await inspect()).positions, first));
  const other = await startBrowser(twin.url, 1440, 900);
  try {
    await other.page.goto(twin.url);
    await other.page.locator('[data-testid="device-list"] button').first().waitFor();
    const drawn = await other.page.locator('[data-testid="topology"]').evaluate((e) => e.drawing.inspect());
    assert.deepEqual(drawn.positions, first);
  } finally {
    await other.stop();
  }
});

test("the link that is down at one end is told in words", { skip }, async () => {
  const troubled = page.locator(".rows .row", { hasText: "one end down" });
  assert.equal(await troubled.count(), 1);
  assert.match(await troubled.innerText(), /r3 eth3 – r7 eth3/);
  await troubled.click();
  await byId("link-panel").waitFor();
  assert.match(await byId("link-panel").innerText(), /shut/);
});

test("search finds devices by name and by address", { skip }, async () => {
  await go("#/topology");
  const box = page.getByLabel("Find a device");
  await box.fill("198.18.250.1");
  await eventually(async () => assert.deepEqual(await page.locator('[data-testid="device-list"] strong').allInnerTexts(), ["r3", "r9"]));
  await box.fill("r7");
  await box.press("Enter");
  await byId("device-panel").waitFor();
  assert.match(await byId("device-panel").innerText(), /NTW-070001/);
  await box.fill("");
});

test("a click on a drawn device shows its interfaces, addresses and findings", { skip }, async () => {
  await page.keyboard.press("Escape");
  await go("#/topology");
  await byId("device-list").waitFor();
  const at = (await inspect()).positions.r3;
  const canvas = await byId("topology").boundingBox();
  await page.mouse.move(canvas.x + at.x, canvas.y + at.y);
  await page.locator(".tip").waitFor();
  await page.mouse.click(canvas.x + at.x, canvas.y + at.y);
  await byId("device-interfaces").waitFor();
  const names = await byId("device-interfaces").locator("strong").allInnerTexts();
  assert.deepEqual([...names].sort(), ["eth1", "eth2", "eth3", "lan0", "lo", "mgmt0"]);
  assert.match(await byId("device-panel").innerText(), /198\.18\.250\.1\/24/);
  assert.equal(await page.locator(".findings-short .why").count(), 3);
  await page.locator(".findings-short .why").first().click();
  await byId("explain").locator(".rule-name").first().waitFor();
  await page.keyboard.press("Escape");
  await byId("explain").waitFor({ state: "detached" });
  await shot("device");
});

test("the drawing can be used with the keyboard alone", { skip }, async () => {
  await go("#/topology");
  await byId("device-list").waitFor();
  await byId("topology").focus();
  await page.keyboard.press("ArrowDown");
  await byId("device-panel").waitFor();
  const first = await byId("device-panel").locator("h2").innerText();
  await page.keyboard.press("ArrowDown");
  await eventually(async () => assert.notEqual(await byId("device-panel").locator("h2").innerText(), first));
  await page.keyboard.press("+");
  await page.keyboard.press("0");
  await page.keyboard.press("Escape");
  await byId("device-list").waitFor();
});

// rowsOf reads a table as it stands on the screen.
const rowsOf = (id) => byId(id).evaluate((table) => [...table.rows].map((row) => [...row.cells].map((cell) => cell.innerText.replace(/[↑↓]$/, "").trim())));

// parseCSV reads RFC 4180 and takes the guard against formulas away.
function parseCSV(text) {
  const rows = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    const value = quoted === undefined ? plain : quoted.replaceAll('""', '"');
    if (end === "" && value === "") break;
    rows.at(-1).push(value.replace(/^'(?=[=+\-@\t\r])/, ""));
    if (end === "\r\n") rows.push([]);
  }
  return rows.filter((row) => row.length);
}

async function exported() {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export CSV" }).click()]);
  return { name: download.suggestedFilename(), rows: parseCSV(await readFile(await download.path(), "utf8")) };
}

for (const report of ["devices", "components", "interfaces", "addresses", "end-of-life", "collection"]) {
  test(`the inventory of ${report} is exported as it is on screen`, { skip }, async () => {
    await go(`#/inventory/${report}`);
    await byId("inventory-table").waitFor();
    await page.locator("th button").nth(1).click();
    await page.locator("th button").nth(1).click();
    const whole = await rowsOf("inventory-table");
    await page.getByLabel(/^Filter/).fill(report === "addresses" ? "ipv6" : "r3");
    await eventually(async () => assert.match(await byId("row-count").innerText(), /^\d+ of \d+ rows$/));
    const screen = await rowsOf("inventory-table");
    assert.ok(screen.length > 1 && screen.length < whole.length, `${screen.length} of ${whole.length} rows`);
    const file = await exported();
    assert.match(file.name, new RegExp(`^${report}_\\d{8}T\\d{6}Z\\.csv$`));
    assert.deepEqual(file.rows, screen);
    await page.getByLabel(/^Filter/).fill("");
    await shot(`inventory-${report}`);
  });
}

test("the collection report says of each router how it is read", { skip }, async () => {
  await go("#/inventory/collection");
  await eventually(async () => {
    const [head, ...rows] = await rowsOf("inventory-table");
    const column = (name) => head.indexOf(name);
    const snmp = rows.filter((row) => row[column("Protocol")] === "snmp");
    assert.deepEqual(snmp.map((row) => row[column("Device")]).sort(), expected.devices);
    for (const row of snmp) {
      assert.equal(row[column("State")], "in sync");
      assert.match(row[column("Last contact")], /^(just now|\d+ s ago)$/);
      assert.match(row[column("Requests")], /^[\d.]+\/s$/);
      assert.match(row[column("Answers")], /^[\d.]+ \w+\/s$/);
      assert.ok(Number(row[column("Facts")]) > 100);
    }
  });
});

test("a serial number has one row", { skip }, async () => {
  await go("#/inventory/components");
  await byId("inventory-table").waitFor();
  const rows = await rowsOf("inventory-table");
  const serials = rows.slice(1).map((row) => row[rows[0].indexOf("Serial number")]);
  assert.ok(serials.length > 9 && serials.every(Boolean));
  assert.equal(new Set(serials).size, serials.length);
});

const cable = (one, other) => [one, other].sort().join(" – ");

for (let n = 0; n < 5; n++) {
  test(`example query ${n + 1} has an answer`, { skip }, async () => {
    await go("#/sparql");
    await page.locator(".example").nth(n).click();
    await byId("results").waitFor();
    await eventually(async () => assert.match(await byId("result-count").innerText(), /^[\d,]+ rows?, /));
    const rows = await rowsOf("results");
    assert.ok(rows.length > 1);
    if (n === 0) assert.deepEqual(rows.slice(1).map(([device, port, , neighbour, far]) => cable(`${device} ${port}`, `${neighbour} ${far}`)).sort(), expected.cables);
    assert.match(page.url(), /#\/sparql\?query=/);
    await shot(`sparql-${n + 1}`);
    await page.goto("about:blank");
  });
}

test("a shared link runs its query, and a mistake is told with its place", { skip }, async () => {
  await go(`#/sparql?query=${encodeURIComponent("SELECT * WHERE { ?s a <https://w3id.org/nettwin/ns#Device> }")}`);
  await eventually(async () => assert.equal((await rowsOf("results")).length - 1, expected.devices.length));
  await page.goto("about:blank");
  await go(`#/sparql?query=${encodeURIComponent("SELECT * WHERE {\n  ?s ?p \n}")}`);
  await page.locator(".answer .problem").waitFor();
  assert.match(await page.locator(".answer .problem").innerText(), /3:1|line 3/);
  forgive(browser.problems, /400 \(Bad Request\)/);
  await page.goto("about:blank");
});

test("findings lead by their explanation to device, time and items", { skip }, async () => {
  await go("#/findings");
  await byId("findings").waitFor();
  const kinds = ["duplicate-address", "end-of-life-device", "end-of-life-module", "interface-down-neighbour-up", "lldp-disagreement"];
  for (const kind of kinds) assert.ok((await page.locator(`section[aria-label="${kind}"] .finding-list li`).count()) > 0, kind);
  await shot("findings");
  await page.locator('section[aria-label="duplicate-address"] .why').click();
  const tree = byId("explain");
  await tree.locator(".roots .source").first().waitFor();
  const said = await tree.locator(".roots").innerText();
  for (const device of ["r3", "r9"]) assert.match(said, new RegExp(`said by ${device} over SNMP, \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC, commit \\d+`));
  await tree.locator("summary").nth(1).click();
  await tree.locator("li li summary").nth(1).click();
  await shot("explanation");
  const item = await tree.locator('.roots a[href^="/names/"]').first().getAttribute("href");
  const answer = await fetch(new URL(item, twin.url));
  assert.equal(answer.status, 200);
  await page.keyboard.press("Escape");
});

test("the page follows the twin without a reload", { skip }, async () => {
  await go("#/topology");
  await byId("device-list").waitFor();
  const before = (await inspect()).positions;
  await page.evaluate(() => (window.notReloaded = true));
  const device = "<https://demo.example/id/device/e2e>";
  await update(`PREFIX twin: <https://w3id.org/nettwin/ns#> INSERT DATA { ${device} a twin:Device ; twin:name "zz-new" }`);
  await eventually(async () => assert.equal((await inspect()).devices, expected.devices.length + 1));
  await update(`PREFIX twin: <https://w3id.org/nettwin/ns#> DELETE WHERE { ${device} ?p ?o }`);
  await eventually(async () => assert.equal((await inspect()).devices, expected.devices.length));
  assert.equal(await page.evaluate(() => window.notReloaded), true);
  await page.getByRole("button", { name: "Show all" }).click();
  assert.deepEqual(Object.keys((await inspect()).positions).sort(), Object.keys(before).sort());
});

test("the header tells name, base, size, commit and sources", { skip }, async () => {
  const { sources } = await (await fetch(`${twin.url}api/v1/sources`)).json();
  assert.ok(sources.length >= expected.devices.length);
  await eventually(async () => {
    const header = await page.locator("header.top").innerText();
    const inSync = new RegExp(`${sources.filter((s) => s.state === "in sync").length} in sync`);
    for (const part of [/nettwin/, /https:\/\/demo\.example\//, /live/, /[\d,]+ quads/, /commit [\d,]+/, inSync]) assert.match(header, part);
  });
  await page.locator(".sources summary").click();
  assert.equal(await page.locator(".sources tbody tr").count(), sources.length);
  await page.locator(".sources summary").click();
});

test("whoever comes from elsewhere is asked for a token", { skip }, async () => {
  const other = await startBrowser(twin.url, 1440, 900, { "X-Forwarded-For": "192.0.2.1" });
  try {
    await other.page.goto(twin.url);
    await other.page.getByLabel("Token").fill(twin.token());
    await other.page.screenshot({ path: path.join(out, "token.png") });
    await other.page.getByRole("button", { name: "Continue" }).click();
    await other.page.locator('[data-testid="device-list"] button').first().waitFor();
    assert.equal(await other.page.locator('[data-testid="device-list"] button').count(), expected.devices.length);
  } finally {
    await other.stop();
  }
});

test("where no stream gets through, the page polls", { skip }, async () => {
  const other = await startBrowser(twin.url, 1440, 900);
  try {
    await other.page.route("**/api/v1/events", (route) => route.abort());
    await other.page.goto(twin.url);
    await eventually(async () => assert.equal(await other.page.locator('[data-testid="link"]').innerText(), "polling"));
    assert.equal(await other.page.locator(".problem").count(), 0);
    const commit = async () => Number(/commit ([\d,]+)/.exec(await other.page.locator("header.top").innerText())[1].replace(",", ""));
    const before = await commit();
    await eventually(async () => assert.ok((await commit()) > before));
  } finally {
    await other.stop();
  }
});

test("every view fits 800 pixels and can be read", { skip }, async () => {
  await page.setViewportSize({ width: 800, height: 900 });
  for (const view of ["topology", "inventory", "services", "findings", "plans", "timeline", "sparql"]) {
    await go(`#/${view}`);
    await page.waitForTimeout(400);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 800, `${view} is ${wide} pixels wide`);
    assert.deepEqual(await page.evaluate(unreadable), [], view);
    await shot(`narrow-${view}`);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
});

test("nothing was complained of in the console, no other host was asked", { skip }, () => {
  assert.deepEqual(browser.problems, []);
});

test("when the twin is gone, the page says so and keeps what it has", { skip }, async () => {
  await go("#/topology");
  await byId("device-list").waitFor();
  await twin.stop();
  await page.locator(".problem", { hasText: "does not answer" }).first().waitFor();
  assert.equal((await inspect()).devices, expected.devices.length);
  await shot("gone");
});

// Goal: an operator sees a fault, understands it, repairs it and looks back at
// it, without leaving the page.
// Method: the demo in a real browser; a cable is cut in the simulated network,
// and each thing is done by what the page offers. Tests go on from one another.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { eventually, forgive, missing, out, startBrowser, startTwin } from "./demo.mjs";
import { unreadable } from "./readable.mjs";

const lack = missing();
if (lack && process.env.CI === "true") throw new Error(lack);
const skip = lack || false;

let twin, browser, page, faultAt;
const plans = []; // ids of the plans that were made

before(async () => {
  if (skip) return;
  twin = await startTwin();
  browser = await startBrowser(twin.url, 1440, 900);
  page = browser.page;
});

after(async () => {
  await browser?.stop();
  await twin?.stop();
  await twin?.remove();
});

const root = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../../..");
const shot = (name) => page.screenshot({ path: path.join(out, `story-${name}.png`) });
const view = (hash) => page.evaluate((to) => (location.hash = to), hash);
const byId = (id) => page.locator(`[data-testid="${id}"]`);
const dialog = () => page.locator("dialog.dialog[open]");
const inspect = () => byId("topology").evaluate((e) => e.drawing.inspect());
const api = async (what, init) => (await fetch(new URL(what, twin.url), init)).json();

async function ask(query) {
  const answer = await fetch(`${twin.url}sparql?query=${encodeURIComponent(`PREFIX twin: <https://w3id.org/nettwin/ns#> ${query}`)}`, { headers: { Accept: "application/sparql-results+json" } });
  return answer.json();
}

// services puts the catalogue into a twin that was started without it.
async function services() {
  if ((await ask("ASK { ?s a twin:Service }")).boolean) return;
  const body = await readFile(path.join(root, "fixtures/services/services.ttl"));
  await eventually(async () => {
    const graph = encodeURIComponent("https://demo.example/graph/source/catalogue/services");
    const answer = await fetch(`${twin.url}data?graph=${graph}`, { method: "POST", headers: { "Content-Type": "text/turtle" }, body });
    assert.ok(answer.ok, await answer.text());
  });
}

test("the page is alive and shows the services", { skip }, async () => {
  await page.goto(`${twin.url}#/services`);
  await services();
  const names = byId("services").locator(".service h2");
  await eventually(async () => assert.deepEqual((await names.allInnerTexts()).sort(), ["Management", "Storage", "Voice"]));
  await eventually(async () => assert.match(await page.locator('.service[aria-label="Storage"]').innerText(), /✓\s*ok[\s\S]*now 2/));
  assert.equal(await byId("link").innerText(), "live");
  await page.evaluate(() => (window.notReloaded = true));
});

test("a cut cable shows by itself: the link, its cause, the service at risk", { skip }, async () => {
  await view("#/topology");
  await byId("device-list").waitFor();
  const before = await inspect();
  const started = Date.now();
  await twin.ctl("fail-link r3:eth2 r4:eth1");
  const row = page.locator(".rows .row", { hasText: "r3 eth2 – r4 eth1" });
  await row.waitFor();
  await eventually(async () => assert.match(await row.innerText(), /✕ down/));
  console.log(`# the cut was on screen after ${Date.now() - started} ms`);
  await byId("news").locator("li").first().waitFor();
  await shot("fault");
  assert.deepEqual((await inspect()).positions, before.positions);
  await view("#/findings");
  const cause = page.locator(".cause", { hasText: "the link between r3 eth2 and r4 eth1 is down" });
  await eventually(async () => assert.match(await cause.innerText(), /service Storage has 1 way/));
  await shot("findings");
  await cause.locator(".why").first().click();
  await byId("explain").locator(".rule-name").first().waitFor();
  await eventually(async () => assert.match(await byId("explain").innerText(), /said by r[34] over SNMP/));
  await page.keyboard.press("Escape");
  await view("#/services");
  await eventually(async () => assert.match(await page.locator('.service[aria-label="Storage"]').innerText(), /at risk[\s\S]*now 1/));
  await shot("services");
  faultAt = (await api("api/v1/timeline?limit=1")).entries.at(-1).time;
});

const planShown = () => /#\/plans\/(\w+)$/.exec(page.url())[1];

const needRow = () => byId("plans").locator(".finding-list li", { hasText: "r7 eth3" }).first();

test("a repair is planned by an operator only, and shows why, what and to which effect", { skip }, async () => {
  await view("#/plans");
  await needRow().getByRole("button", { name: /^Plan/ }).click();
  await dialog().getByLabel("Operator token").fill("not-a-token");
  await dialog().getByRole("button", { name: "Continue" }).click();
  await dialog().locator(".problem").waitFor();
  forgive(browser.problems, /401/);
  await shot("token");
  await dialog().getByLabel("Operator token").fill(twin.token());
  await dialog().getByRole("button", { name: "Continue" }).click();
  await byId("plan").waitFor();
  plans.push(planShown());
  assert.ok(!(await page.evaluate(() => location.href + JSON.stringify(localStorage))).includes(twin.token()), "the token is kept for this tab only");
  await eventually(async () => assert.match(await byId("plan-diff").innerText(), /r7 eth3\s+enabled\s+false\s*→\s*true\s+NETCONF/));
  assert.match(await byId("plan-payload").innerText(), /to r7 by NETCONF[\s\S]*<name>eth3<\/name>\s*<enabled nc:operation="replace">true<\/enabled>/);
  assert.match(await byId("plan-impact").innerText(), /findings? resolved[\s\S]*No finding introduced[\s\S]*pairs of devices[\s\S]*Services[\s\S]*Storage/);
  await shot("plan");
  await byId("plan-why").locator(".why").first().click();
  await byId("explain").locator(".rule-name").first().waitFor();
  await page.keyboard.press("Escape");
});

test("one plan is rejected with a reason", { skip }, async () => {
  await byId("decide").getByRole("button", { name: "Reject" }).click();
  await dialog().getByLabel("Reason").fill("after the maintenance window");
  await dialog().getByRole("button", { name: "Reject" }).click();
  await page.locator(".note", { hasText: "rejected: after the maintenance window" }).waitFor();
  assert.equal(await byId("decide").count(), 0);
});

test("another is approved, sent, watched and confirmed", { skip }, async () => {
  await view("#/plans");
  await needRow().getByRole("button", { name: "Plan again" }).click();
  await byId("plan").waitFor();
  plans.push(planShown());
  await byId("decide").getByRole("button", { name: "Approve" }).click();
  assert.match(await dialog().innerText(), /sent to r7[\s\S]*<enabled nc:operation="replace">true<\/enabled>[\s\S]*Digest/);
  await shot("approve");
  await dialog().getByRole("button", { name: "Approve", exact: true }).click();
  await byId("decide").getByRole("button", { name: "Send to r7" }).click();
  assert.match(await dialog().innerText(), /changes the configuration of r7 now/);
  await dialog().getByRole("button", { name: "Send to r7" }).click();
  await byId("decide").locator(".under-way").waitFor();
  await shot("under-way");
  await page.locator(".plan-head .state", { hasText: "done" }).waitFor({ timeout: 60_000 });
  assert.match(await byId("plan-steps").innerText(), /session opened r7[\s\S]*configuration locked r7[\s\S]*committed, until confirmed r7[\s\S]*all is as expected[\s\S]*confirmed r7[\s\S]*done/);
  await byId("plan-steps").getByRole("button", { name: "Verify the journal" }).click();
  await byId("journal").locator(".note", { hasText: "Intact" }).waitFor();
  await shot("done");
});

test("the recovery shows by itself", { skip }, async () => {
  await view("#/services");
  await eventually(async () => assert.match(await page.locator('.service[aria-label="Storage"]').innerText(), /✓\s*ok[\s\S]*now 2/));
  await view("#/topology");
  await eventually(async () => assert.equal(await page.locator(".rows .row", { hasText: "r3 eth3 – r7 eth3" }).count(), 0));
  await shot("recovered");
  assert.equal(await page.evaluate(() => window.notReloaded), true);
});

test("the time line tells the story, and leads back to the fault", { skip }, async () => {
  await view("#/timeline");
  await byId("timeline").waitFor();
  await eventually(async () => {
    const told = await byId("timeline").innerText();
    const at = [`plan ${plans[1]}`, `plan ${plans[0]}`, "the link between r3 eth2 and r4 eth1 is down"].map((text) => told.indexOf(text));
    assert.ok(at.every((n, i) => n >= 0 && n > (at[i - 1] ?? -1)), `newest first: ${at}`);
    assert.match(told, /link status\s+r3 eth2 – r4 eth1 up → down/);
  });
  await shot("timeline");
  const fault = page.locator(".episode", { hasText: "the link between r3 eth2 and r4 eth1 is down" }).last();
  await fault.getByRole("button", { name: "Look at this moment" }).click();
  await byId("banner").waitFor();
  assert.equal(await byId("link").innerText(), "◷ history");
  await eventually(async () => assert.match(await page.locator(".rows .row", { hasText: "r3 eth2 – r4 eth1" }).innerText(), /down/));
  await shot("past");
  await page.locator("nav.views").getByText("Inventory").click();
  await byId("banner").waitFor();
});

test("the slider moves through the history by keys and by events, and comes back", { skip }, async () => {
  await view("#/topology");
  const links = () => page.locator(".tiles .tile", { hasText: "links up" }).innerText();
  await eventually(async () => assert.match(await links(), /^11\s*\/12/));
  const slider = byId("slider");
  await slider.focus();
  await page.keyboard.press("PageDown");
  await byId("banner").waitFor();
  const first = await byId("moment").innerText();
  assert.match(first, /^\d\d:\d\d:\d\d$/);
  await slider.fill(String(Math.round((2000 * (Date.parse(faultAt) - Date.parse((await api("api/v1/info")).created))) / (Date.now() - Date.parse((await api("api/v1/info")).created)))));
  await eventually(async () => assert.notEqual(await byId("moment").innerText(), first));
  await page.getByRole("button", { name: "Back to now" }).click();
  await byId("banner").waitFor({ state: "detached" });
  await eventually(async () => assert.equal(await byId("link").innerText(), "live"));
  await page.getByRole("button", { name: "Event before" }).click();
  await byId("banner").waitFor();
  await page.getByRole("button", { name: "Now", exact: true }).click();
  await byId("banner").waitFor({ state: "detached" });
});

test("an intent is stated from an example, and reported on", { skip }, async (t) => {
  const answer = await fetch(new URL("tmf-api/intentManagement/v5/intent", twin.url));
  await view("#/services");
  await byId("services").waitFor();
  if (answer.status === 404) return t.diagnostic("this twin takes no intents");
  await page.getByRole("button", { name: "State an intent" }).click();
  await dialog().getByLabel("Which").selectOption({ label: "Storage" });
  await eventually(async () => assert.match(await dialog().locator("textarea").inputValue(), /service\/storage/));
  await shot("intent-form");
  await dialog().getByRole("button", { name: "State the intent" }).click();
  const row = page.locator(".intent-list li", { hasText: "Keep Storage reachable" });
  await eventually(async () => assert.match(await row.innerText(), /compliant/));
  await shot("intents");
});

test("every view fits a narrow window, and can be read in dark colours", { skip }, async () => {
  await page.emulateMedia({ colorScheme: "dark" });
  await eventually(async () => assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark"));
  await page.setViewportSize({ width: 420, height: 860 });
  for (const to of ["topology", "services", "findings", "plans", `plans/${plans[1]}`, "timeline"]) {
    await view(`#/${to}`);
    await page.waitForTimeout(400);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 420, to);
    assert.deepEqual(await page.evaluate(unreadable), [], to);
    await shot(`narrow-${to.replace(/\/.*/, "-one")}`);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await view(`#/plans/${plans[1]}`);
  await page.waitForTimeout(400);
  await shot("dark");
  await page.emulateMedia({ colorScheme: "light" });
});

test("nothing was complained of in the console", { skip }, () => {
  assert.deepEqual(browser.problems, []);
});

test("the page takes up its stream again when the twin comes back", { skip }, async () => {
  await view("#/topology");
  await twin.stop();
  await eventually(async () => assert.equal(await byId("link").innerText(), "reconnecting"));
  const problems = page.locator(".problem", { hasText: "does not answer" });
  await problems.first().waitFor();
  twin = await startTwin(twin);
  await eventually(async () => assert.equal(await byId("link").innerText(), "live"), 30_000);
  await eventually(async () => assert.equal(await problems.count(), 0));
  assert.equal(await page.evaluate(() => window.notReloaded), true);
});

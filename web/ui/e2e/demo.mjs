// What the browser test needs: a demo twin, a browser, the recording's truth.
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, "../../..");
const binary = process.env.NETTWIN_BIN ?? path.join(root, "bin/nettwin");
export const out = path.join(here, "out");

const readyMillis = 60_000;
const browsers = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

// missing says what the test lacks; "" if nothing. Under CI=true a lack fails.
export function missing() {
  if (!existsSync(binary)) return "no bin/nettwin: run make ui build";
  if (!browsers.some((b) => b && existsSync(b))) return "no Chromium: install it or name it in the environment variable CHROMIUM";
  return "";
}

// startTwin starts the demo and waits until it is ready: on an empty data
// directory and a free port, or on those of an earlier one.
export async function startTwin(earlier) {
  const data = earlier?.data ?? (await mkdtemp(path.join(os.tmpdir(), "nettwin-e2e-")));
  const listen = earlier ? new URL(earlier.url).host : "127.0.0.1:0";
  const child = spawn(binary, ["demo", "--listen", listen, "--data", data], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const url = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the demo was not ready in time:\n${said}`)), readyMillis);
    const read = (chunk) => {
      said += chunk;
      const found = said.match(/twin ready at (http:\S+)/);
      if (found) {
        clearTimeout(timer);
        resolve(found[1]);
      }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => reject(new Error(`the demo ended with ${code}:\n${said}`)));
  });
  const stop = async () => {
    child.kill("SIGINT");
    await ended;
  };
  const token = () => said.match(/ntw_[\w-]+/)?.[0] ?? "";
  // ctl drives the simulated network: "fail-link r3:eth2 r4:eth1".
  const ctl = (order) => promisify(execFile)(binary, ["simulate", "ctl", "--data", data, ...order.split(" ")]);
  return { url, data, token, stop, ctl, remove: () => rm(data, { recursive: true, force: true }) };
}

// startBrowser opens a page in a fresh profile and notes what goes wrong.
export async function startBrowser(url, width, height, headers = {}) {
  await mkdir(out, { recursive: true });
  const profile = await mkdtemp(path.join(os.tmpdir(), "nettwin-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: browsers.find((b) => b && existsSync(b)),
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    viewport: { width, height },
    acceptDownloads: true,
    extraHTTPHeaders: headers,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const problems = [];
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && problems.push(`${m.type()}: ${m.text()}`));
  page.on("pageerror", (err) => problems.push(`exception: ${err.message}`));
  page.on("request", (r) => /^https?:/.test(r.url()) && !r.url().startsWith(url) && problems.push(`foreign request: ${r.url()}`));
  const stop = async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  };
  return { page, problems, stop };
}

// eventually waits until a check no longer throws.
export async function eventually(check, millis = 15_000) {
  const end = Date.now() + millis;
  for (;;) {
    try {
      return await check();
    } catch (err) {
      if (Date.now() > end) throw err;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

// forgive takes one expected complaint out of a browser's problems: the browser
// notes refused requests by itself.
export function forgive(problems, pattern) {
  const noted = problems.findIndex((p) => pattern.test(p));
  if (noted < 0) throw new Error(`no complaint like ${pattern} among ${JSON.stringify(problems)}`);
  problems.splice(noted, 1);
}

// truth is what the lab that was recorded looked like; no device was asked.
export async function truth() {
  const read = async (name) => JSON.parse(await readFile(path.join(root, "fixtures/network", name), "utf8"));
  const [network, topology] = [await read("network.json"), await read("truth/topology.json")];
  const between = topology.links.filter((l) => l.a.kind === "router" && l.b.kind === "router");
  return { devices: network.devices.map((d) => d.name).sort(), links: between };
}

// The network's shape, made of devices, interfaces' states, links and findings.

import type { SourceStatus } from "./api";
import { compare, condition, deviceName, loadDevices, loadFindings, loadLinks, loadStates, type Condition, type Finding, type Thing } from "./model";

export interface DeviceShape {
  iri: string;
  name: string;
  model: string;
  thing: Thing;
  interfaces: number;
  down: number; // interfaces that should be up and are not
  findings: number;
  state: "ok" | "attention" | "trouble";
  contact: string; // of its sources: "in sync", "stale", "lost"; "" if none is known
}

export interface LinkEnd {
  interface: string;
  device: string;
  deviceName: string;
  name: string;
  condition: Condition;
}

export type LinkState = "up" | "half" | "down" | "unknown";

export interface LinkShape {
  iri: string;
  evidence: string;
  a: LinkEnd;
  b: LinkEnd;
  state: LinkState;
  findings: Finding[];
}

export interface Network {
  devices: Map<string, DeviceShape>;
  links: Map<string, LinkShape>;
  findings: Finding[]; // without needs
  needs: Finding[];
  interfaces: { total: number; down: number; shut: number };
}

// linkState follows the two ends: half means that one end is up only.
export function linkState(a: Condition, b: Condition): LinkState {
  if (a === "unknown" || b === "unknown") return "unknown";
  if (a === "up" && b === "up") return "up";
  return a === "up" || b === "up" ? "half" : "down";
}

export const linkWords: Record<LinkState, string> = {
  up: "up",
  half: "one end down",
  down: "down",
  unknown: "state unknown",
};

export async function loadNetwork(base: string): Promise<Network> {
  const [devices, states, links, findings] = await Promise.all([loadDevices(), loadStates(), loadLinks(), loadFindings(base)]);
  return shape(devices, states, links, findings);
}

export function shape(devices: Map<string, Thing>, states: Map<string, Thing>, links: Map<string, Thing>, all: Finding[]): Network {
  const findings = all.filter((f) => !f.need);
  const network: Network = { devices: new Map(), links: new Map(), findings, needs: all.filter((f) => f.need), interfaces: { total: 0, down: 0, shut: 0 } };
  const names = [...devices.values()].sort((a, b) => compare(deviceName(a), deviceName(b)) || compare(a.iri, b.iri));
  for (const thing of names) {
    network.devices.set(thing.iri, {
      iri: thing.iri, name: deviceName(thing), model: thing.get("modelName"), thing,
      interfaces: 0, down: 0, findings: 0, state: "ok", contact: "",
    });
  }
  for (const i of states.values()) {
    const state = condition(i);
    network.interfaces.total++;
    if (state === "down") network.interfaces.down++;
    if (state === "shut") network.interfaces.shut++;
    const device = network.devices.get(i.get("interfaceOf"));
    if (!device) continue;
    device.interfaces++;
    if (state === "down") device.down++;
  }
  for (const finding of findings) {
    for (const iri of finding.devices) {
      const device = network.devices.get(iri);
      if (device) device.findings++;
    }
  }
  for (const d of network.devices.values()) d.state = d.down > 0 ? "trouble" : d.findings > 0 ? "attention" : "ok";
  for (const link of [...links.values()].sort((a, b) => compare(a.iri, b.iri))) {
    const made = linkShape(link, states, network);
    if (made) network.links.set(made.iri, made);
  }
  return network;
}

const worst = ["lost", "stale", "unknown", "in sync"];

// withContact tells of each device how well its sources are known.
export function withContact(network: Network, sources: SourceStatus[]): Network {
  const devices = new Map<string, DeviceShape>();
  for (const [iri, device] of network.devices) {
    const states = sources.filter((s) => s.thing === iri).map((s) => s.state);
    devices.set(iri, { ...device, contact: worst.find((w) => states.includes(w)) ?? "" });
  }
  return { ...network, devices };
}

function linkShape(link: Thing, states: Map<string, Thing>, network: Network): LinkShape | null {
  const ends = link.all("endpoint").flatMap((iri): LinkEnd[] => {
    const thing = states.get(iri);
    const device = network.devices.get(thing?.get("interfaceOf") ?? "");
    if (!thing || !device) return [];
    return [{ interface: iri, device: device.iri, deviceName: device.name, name: thing.get("name"), condition: condition(thing) }];
  });
  ends.sort((x, y) => compare(x.deviceName, y.deviceName) || compare(x.name, y.name));
  const [a, b] = ends;
  if (!a || !b) return null;
  const about = network.findings.filter((f) => f.about.includes(a.interface) && f.about.includes(b.interface));
  return { iri: link.iri, evidence: link.all("evidence").join(", "), a, b, state: linkState(a.condition, b.condition), findings: about };
}

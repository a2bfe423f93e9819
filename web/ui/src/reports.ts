// The inventory's reports: what each shows, in which columns.

import type { SourceStatus } from "./api";
import { addressText } from "./details";
import { compare, condition, deviceName, loadAddresses, loadComponents, loadDevices, loadInterfaces, loadModels, type Thing } from "./model";
import { ago, bytes, plural, rate } from "./parts";

// Cell is what is shown, how it sorts, and where it leads.
export interface Cell {
  text: string;
  sort?: string;
  device?: string; // a device to open in the topology
  mark?: "up" | "down" | "shut" | "unknown" | "warn" | "bad";
}

export interface Row {
  key: string;
  cells: Cell[];
}

export interface Report {
  id: string;
  title: string;
  columns: string[];
  load: () => Promise<Row[]>;
  // now makes the rows of what changes all the time, instead of load.
  now?: (sources: SourceStatus[]) => Row[];
  empty: string; // what to do if there are no rows
  // minor rows are shown on demand only.
  minor?: { label: string; is: (row: Row) => boolean };
}

const text = (value: string): Cell => ({ text: value });

const deviceCell = (d: Thing | undefined): Cell => (d ? { text: deviceName(d), device: d.iri } : text(""));

async function devices(): Promise<Row[]> {
  return [...(await loadDevices()).values()].map((d) => ({
    key: d.iri,
    cells: [
      deviceCell(d), text(d.get("vendor")), text(d.all("modelName").join(", ")), text(d.all("serialNumber").join(", ")),
      text(d.all("softwareVersion").join(", ")), text(d.all("managementAddress").join(", ")), text(d.get("location")), text(d.get("description")),
    ],
  }));
}

const kinds: Record<string, string> = {
  PowerSupply: "power supply", CPU: "processor", StorageDrive: "storage drive",
};

const kindOf = (c: Thing): string => {
  const type = c.types.find((t) => t !== "Component" && t !== "Element") ?? "";
  return kinds[type] ?? type.toLowerCase();
};

// depth is how many components hold a component.
function depth(c: Thing, all: Map<string, Thing>): number {
  let levels = 0;
  for (let at: Thing | undefined = c; at && levels < 32; at = all.get(at.get("partOf"))) levels++;
  return levels;
}

// onePerSerial keeps one of the components that tell the same serial number
// of the same manufacturer in one device: the outermost.
export function onePerSerial(all: Map<string, Thing>): Thing[] {
  const kept = new Map<string, Thing>();
  for (const c of all.values()) {
    const serial = c.get("serialNumber");
    const key = serial ? `${c.get("componentOf")} ${serial}` : c.iri;
    const other = kept.get(key);
    if (!other || depth(c, all) < depth(other, all)) kept.set(key, c);
  }
  return [...kept.values()];
}

async function components(): Promise<Row[]> {
  const [all, owners] = await Promise.all([loadComponents(), loadDevices()]);
  return onePerSerial(all).map((c) => ({
    key: c.iri,
    cells: [
      deviceCell(owners.get(c.get("componentOf"))), text(c.get("name")), text(kindOf(c)), text(c.get("manufacturer")), text(c.get("modelName")),
      text(c.get("serialNumber")), text(all.get(c.get("partOf"))?.get("name") ?? ""), text(c.get("description")),
    ],
  }));
}

// describe is what an operator wrote on an interface, else its description
// where that says more than the name.
function describe(i: Thing): string {
  const told = i.get("alias") || i.get("description");
  return told === i.get("name") ? "" : told;
}

async function interfaces(): Promise<Row[]> {
  const [all, owners, addresses] = await Promise.all([loadInterfaces(), loadDevices(), loadAddresses()]);
  const carried = new Map<string, string[]>();
  for (const a of addresses.values()) {
    for (const i of a.all("addressOf")) carried.set(i, [...(carried.get(i) ?? []), addressText(a)]);
  }
  return [...all.values()].map((i) => {
    const state = condition(i);
    return {
      key: i.iri,
      cells: [
        deviceCell(owners.get(i.get("interfaceOf"))), text(i.get("name")), { text: state, mark: state }, text(i.get("adminStatus")), text(i.get("operStatus")),
        { text: rate(i.get("speed")), sort: i.get("speed").padStart(18, "0") }, text(i.get("macAddress")), text((carried.get(i.iri) ?? []).sort(compare).join(" ")),
        text(describe(i)),
      ],
    };
  });
}

async function addresses(): Promise<Row[]> {
  const [all, owners, ports] = await Promise.all([loadAddresses(), loadDevices(), loadInterfaces()]);
  return [...all.values()].map((a) => {
    const port = ports.get(a.get("addressOf"));
    const v6 = a.get("address").includes(":");
    return {
      key: a.iri,
      cells: [
        { text: a.get("address"), sort: addressOrder(a.get("address")) }, text(a.get("prefixLength")), text(v6 ? "IPv6" : "IPv4"), text(a.get("prefix")),
        deviceCell(owners.get(port?.get("interfaceOf") ?? "")), text(port?.get("name") ?? ""),
      ],
    };
  });
}

// addressOrder lets addresses sort by number, IPv4 before IPv6.
export function addressOrder(address: string): string {
  const plain = address.split("%")[0] ?? "";
  if (!plain.includes(":")) return `4 ${plain.split(".").map((n) => n.padStart(3, "0")).join(".")}`;
  const [head = "", tail] = plain.split("::");
  const groups = (part: string | undefined): string[] => (part ? part.split(":") : []);
  const before = groups(head);
  const after = groups(tail);
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0");
  return `6 ${[...before, ...zeros, ...after].map((g) => g.padStart(4, "0")).join(":")}`;
}

const milestones = ["endOfSale", "endOfSoftwareMaintenance", "endOfSecuritySupport", "endOfSupport", "endOfLife"];

const dayMillis = 86_400_000;

// support says in words how far away a date is.
export function support(date: string, today: Date): Cell {
  const at = Date.parse(date.slice(0, 10));
  if (Number.isNaN(at)) return { text: "", sort: "9" };
  const days = Math.round((at - Date.parse(today.toISOString().slice(0, 10))) / dayMillis);
  const sort = String(1_000_000 + days).padStart(8, "0");
  if (days < 0) return { text: `ended ${plural(-days, "day")} ago`, sort, mark: "bad" };
  return days <= 365 ? { text: `ends in ${plural(days, "day")}`, sort, mark: "warn" } : { text: `ends in ${plural(days, "day")}`, sort };
}

// endOfLife lists every physical asset whose model has dates: one row per
// serial number, a device's chassis being the device.
async function endOfLife(): Promise<Row[]> {
  const [owners, parts, models] = await Promise.all([loadDevices(), loadComponents(), loadModels()]);
  const rows: Row[] = [];
  const today = new Date();
  const add = (thing: Thing, device: Thing | undefined, part: string): void => {
    const model = models.get(thing.get("productModel"));
    if (!model || !milestones.some((m) => model.get(m))) return;
    const decisive = model.get("endOfSupport") || model.get("endOfLife");
    rows.push({
      key: thing.iri,
      cells: [
        deviceCell(device), text(part), text(model.get("manufacturer")), text(model.get("modelName")), text(thing.get("serialNumber")),
        support(decisive, today), ...milestones.map((m) => text(model.get(m).slice(0, 10))),
      ],
    });
  };
  for (const d of owners.values()) add(d, d, "device");
  for (const c of onePerSerial(parts)) {
    const device = owners.get(c.get("componentOf"));
    const isDevice = device?.all("serialNumber").includes(c.get("serialNumber")) && device.get("productModel");
    if (!isDevice) add(c, device, c.get("name"));
  }
  return rows.sort((a, b) => compare(a.cells[5]?.sort ?? "", b.cells[5]?.sort ?? ""));
}

const contactMarks: Record<string, Cell["mark"]> = { "in sync": "up", stale: "warn", lost: "down" };

// seconds are few: of a period, or of what a reading took.
const seconds = (n: number): string => (n >= 120 ? `${+(n / 60).toFixed(1)} min` : n >= 10 ? `${Math.round(n)} s` : `${+n.toPrecision(2)} s`);

const padded = (n: number): string => n.toFixed(3).padStart(16, "0");

// collection shows each source: how it does, how old what it says is, what it
// is asked.
export function collection(sources: SourceStatus[], now = Date.now()): Row[] {
  return sources.map((s) => {
    const age = s.lastContact ? Math.max(0, now - Date.parse(s.lastContact)) / 1000 : Infinity;
    const late = s.state === "in sync" && s.periodSeconds > 0 && age > 3 * s.periodSeconds;
    return {
      key: `${s.collector} ${s.device} ${s.address}`,
      cells: [
        s.thing ? { text: s.device || s.address, device: s.thing } : text(s.device || s.address), text(s.collector),
        { text: late ? "late" : s.state, mark: late ? "warn" : (contactMarks[s.state] ?? "unknown") },
        { text: ago(s.lastContact, now), sort: padded(Math.min(age, 1e11)) },
        { text: s.periodSeconds > 0 ? seconds(s.periodSeconds) : "when it tells", sort: padded(s.periodSeconds) },
        { text: s.tookSeconds > 0 ? seconds(s.tookSeconds) : "", sort: padded(s.tookSeconds) },
        { text: s.requestRate > 0 ? `${+s.requestRate.toPrecision(2)}/s` : "", sort: padded(s.requestRate) },
        { text: s.byteRate > 0 ? `${bytes(s.byteRate)}/s` : "", sort: padded(s.byteRate) },
        { text: String(s.facts), sort: padded(s.facts) },
        { text: s.unmapped ? String(s.unmapped) : "", sort: padded(s.unmapped) },
        { text: s.failures ? String(s.failures) : "", sort: padded(s.failures) },
        text(s.lastReason ?? ""), text([s.lastError, s.watchError].filter(Boolean).join("; ")),
      ],
    };
  });
}

export const reports: Report[] = [
  {
    id: "devices", title: "Devices", load: devices, empty: "No device has been collected yet.",
    columns: ["Device", "Vendor", "Model", "Serial number", "Software", "Management address", "Location", "Description"],
  },
  {
    id: "components", title: "Components", load: components, empty: "No device has told its parts (ENTITY-MIB) yet.",
    columns: ["Device", "Component", "Kind", "Manufacturer", "Model", "Serial number", "Part of", "Description"],
    minor: { label: "Slots, ports and other parts without a serial number", is: (row) => !row.cells[5]?.text },
  },
  {
    id: "interfaces", title: "Interfaces", load: interfaces, empty: "No interface has been collected yet.",
    columns: ["Device", "Interface", "State", "Admin", "Oper", "Speed", "MAC address", "Addresses", "Description"],
  },
  {
    id: "addresses", title: "Addresses", load: addresses, empty: "No address has been collected yet.",
    columns: ["Address", "Length", "Family", "Prefix", "Device", "Interface"],
  },
  {
    id: "end-of-life", title: "End of life", load: endOfLife,
    empty: "No model in the network has life-cycle dates. Load a table of them: nettwin load --data DIR lifecycle.ttl (see fixtures/lifecycle).",
    columns: ["Device", "Part", "Manufacturer", "Model", "Serial number", "Support", "End of sale", "End of software maintenance", "End of security support", "End of support", "End of life"],
  },
  {
    id: "collection", title: "Collection", load: async () => [], now: collection,
    empty: "This twin collects nothing by itself: give serve a configuration with devices.",
    columns: ["Device", "Protocol", "State", "Last contact", "Read every", "Took", "Requests", "Answers", "Facts", "Not mapped", "Failures", "Read because of", "Error"],
  },
];

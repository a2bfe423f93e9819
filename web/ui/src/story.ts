// The time line in words: what the twin tells of commits and steps becomes
// lines, and lines of one burst become an episode.

import type { TimelineEntry, TimelineThing } from "./api";
import { acronyms, RDF, TWIN, words } from "./rdf";

// burstMillis: what follows within this time belongs to the same episode, up
// to its whole length.
const burstMillis = 1500;
const episodeMillis = 5000;

export type Tone = "bad" | "warn" | "ok" | "accent" | "calm";
export type LineKind = "finding" | "need" | "event" | "state" | "plan" | "inventory";

// Line is one thing that happened.
export interface Line {
  key: string;
  time: string;
  kind: LineKind;
  tone: Tone;
  verb: string; // "appeared", "gone", "changed" …
  text: string;
  thing?: string; // IRI to label and to link
  device?: string; // IRI of a device to open in the topology
  service?: boolean; // a service suffers
  from?: string;
  to?: string;
  minor?: boolean; // of interest to few
  plan?: string;
  fact?: string; // to explain, as of the moment at
  at?: string; // the moment after it
}

export interface Episode {
  key: string;
  time: string; // of its first commit or step
  end: string; // of its last
  lines: Line[];
  commits: TimelineEntry[];
}

const local = (iri: string): string => iri.slice(Math.max(iri.lastIndexOf("#"), iri.lastIndexOf("/")) + 1);

const classesOf = (thing: TimelineThing): string[] => (thing.classes ?? []).map(local);

// kindOf tells findings, needs and events; null is anything else that has a
// message.
function kindOf(thing: TimelineThing): LineKind | null {
  const classes = classesOf(thing);
  if (classes.includes("Need")) return "need";
  if (classes.some((c) => c.endsWith("Event"))) return "event";
  return thing.graph?.endsWith("graph/derived") ? "finding" : null;
}

function toneOf(thing: TimelineThing, kind: LineKind, came: boolean): Tone {
  if (kind === "event") return "calm";
  if (!came) return "ok";
  if (kind === "need") return "accent";
  const classes = classesOf(thing);
  return classes.includes("RootCause") || classes.includes("ServiceAffectedFinding") ? "bad" : "warn";
}

const quoted = (text: string): string => `"${text.replace(/[\\"\n\r]/g, (c) => ({ "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r" })[c] ?? c)}"`;

const factOf = (thing: TimelineThing): string =>
  `<${thing.iri}> <${TWIN}message> ${quoted(thing.message)}${thing.graph ? ` <${thing.graph}>` : ""} .`;

// goodStates and badStates colour values; all others stay calm.
const goodStates = new Set(["ok", "Compliant", "up", "full", "established", "true", "in sync", "compliant"]);
const badStates = new Set(["atRisk", "affected", "Degraded", "down", "lowerLayerDown", "lower-layer-down", "notPresent", "idle", "false", "lost", "stale", "degraded"]);

export const valueTone = (value: string): Tone => (goodStates.has(value) ? "ok" : badStates.has(value) ? "bad" : "calm");

// stepWords say what a step of a plan is; control announces it before it is done.
export const stepWords: Record<string, string> = {
  propose: "proposed",
  verify: "tried on a branch and judged",
  "verify again": "tried again, the network had changed",
  approve: "approved",
  reject: "rejected",
  apply: "begun",
  open: "session opened",
  lock: "configuration locked",
  edit: "change prepared and tested by the device",
  commit: "committed, until confirmed",
  compare: "running configuration read again",
  collect: "sources read again",
  confirm: "confirmed",
  cancel: "commit taken back",
  end: "ended",
  recover: "taken up again after a stop",
};

const mainSteps = new Set(["propose", "approve", "reject", "apply", "commit", "cancel", "end", "recover"]);

const stepTones: Record<string, Tone> = { cancel: "warn", reject: "warn", recover: "warn" };

const endTones: Record<string, Tone> = { done: "ok", failed: "bad" };

function linesOf(e: TimelineEntry): Line[] {
  if (e.kind === "step") {
    const step = e.step ?? "";
    if (!mainSteps.has(step)) return [];
    return [{
      key: `plan ${e.plan} ${step} ${e.time}`, time: e.time, kind: "plan", tone: e.state ? endTones[e.state] ?? "warn" : stepTones[step] ?? "accent",
      verb: e.state ?? stepWords[step] ?? step, text: (e.message ?? "") + (e.detail && e.state ? ` (${e.detail})` : ""), ...(e.plan ? { plan: e.plan } : {}),
    }];
  }
  const lines: Line[] = [];
  const add = (thing: TimelineThing, came: boolean): void => {
    const kind = kindOf(thing);
    if (!kind) return;
    const device = thing.devices?.[0];
    lines.push({
      key: `${e.seq} ${thing.iri}`, time: e.time, kind, tone: toneOf(thing, kind, came),
      verb: kind === "event" ? "event" : came ? (kind === "need" ? "needed" : "found") : kind === "need" ? "no longer needed" : "gone",
      text: thing.message, thing: thing.iri, at: e.time, ...(came ? { fact: factOf(thing) } : {}), ...(device ? { device } : {}), service: classesOf(thing).some((c) => c.startsWith("Service")),
    });
  };
  for (const value of e.changed ?? []) {
    lines.push({
      key: `${e.seq} ${value.thing} ${value.property}`, time: e.time, kind: "state", tone: valueTone(value.to), verb: words(value.property),
      text: "", thing: value.thing, from: value.from, to: value.to, at: e.time, minor: !/(status|state)$/i.test(value.property),
    });
  }
  for (const thing of e.appeared ?? []) add(thing, true);
  for (const thing of e.gone ?? []) add(thing, false);
  return lines;
}

// episodes groups entries, newest first, into bursts, and leaves out what came
// and went within one.
export function episodes(entries: TimelineEntry[]): Episode[] {
  const found: TimelineEntry[][] = [];
  for (const e of entries.filter((e) => e.kind === "commit" || mainSteps.has(e.step ?? ""))) {
    const burst = found.at(-1);
    if (burst && belongs(e, burst)) burst.push(e);
    else found.push([e]);
  }
  return found.map(episode).filter((ep) => ep.lines.length > 0);
}

// belongs tells whether an entry is of a burst that came after it. What was
// done stands apart from what the network did.
function belongs(e: TimelineEntry, burst: TimelineEntry[]): boolean {
  const [last, first] = [burst[0] as TimelineEntry, burst.at(-1) as TimelineEntry];
  const at = Date.parse(e.time);
  return e.kind === first.kind && e.plan === first.plan && Date.parse(first.time) - at <= burstMillis && Date.parse(last.time) - at <= episodeMillis;
}

const lineOrder: LineKind[] = ["plan", "state", "finding", "need", "inventory", "event"];
const toneOrder: Tone[] = ["bad", "warn", "accent", "ok", "calm"];

function episode(burst: TimelineEntry[]): Episode {
  const first = burst.at(-1) as TimelineEntry;
  const last = burst[0] as TimelineEntry;
  const ordered = [...burst].reverse();
  // What the network is comes before what devices told of it.
  const lines = [...net(ordered.flatMap(linesOf)), ...inventory(ordered)].sort((a, b) => lineOrder.indexOf(a.kind) - lineOrder.indexOf(b.kind) || toneOrder.indexOf(a.tone) - toneOrder.indexOf(b.tone));
  return { key: `${first.kind} ${first.seq ?? first.plan} ${first.time}`, time: first.time, end: last.time, lines, commits: ordered.filter((e) => e.kind === "commit") };
}

// net drops what came and went again, and keeps of several changes of one
// value the first and the last state.
function net(lines: Line[]): Line[] {
  const values = new Map<string, Line>();
  const things = new Map<string, Line[]>();
  for (const line of lines) {
    if (line.kind === "state") {
      const key = `${line.thing} ${line.verb}`;
      const before = values.get(key);
      values.set(key, before?.from !== undefined ? { ...line, from: before.from } : line);
    } else if (line.kind === "finding" || line.kind === "need") {
      const key = `${line.kind} ${line.text}`;
      things.set(key, [...(things.get(key) ?? []), line]);
    }
  }
  const came = (line: Line): boolean => line.fact !== undefined;
  return lines.flatMap((line): Line[] => {
    if (line.kind === "state") {
      const whole = values.get(`${line.thing} ${line.verb}`);
      return whole?.key === line.key && whole.from !== whole.to ? [whole] : [];
    }
    const same = things.get(`${line.kind} ${line.text}`);
    if (!same) return [line];
    const [first, last] = [same[0] as Line, same.at(-1) as Line];
    return line === last && came(first) === came(last) ? [line] : [];
  });
}

// inventory sums up which kinds of things came and went.
function inventory(burst: TimelineEntry[]): Line[] {
  const sums = new Map<string, number>();
  for (const e of burst) {
    for (const c of e.classes ?? []) {
      if (c.class.startsWith(TWIN)) sums.set(c.class, (sums.get(c.class) ?? 0) + (c.added ?? 0) - (c.deleted ?? 0));
    }
  }
  const text = (sign: number): string =>
    [...sums].filter(([iri, n]) => n * sign > 0 && shownClasses.has(local(iri))).map(([iri, n]) => counted(Math.abs(n), acronyms(words(RDF + local(iri)).toLowerCase()))).join(", ");
  const last = burst.at(-1) as TimelineEntry;
  return [1, -1].flatMap((sign): Line[] => {
    const said = text(sign);
    return said ? [{ key: `${last.time} inventory ${sign}`, time: last.time, kind: "inventory", tone: "calm", verb: sign > 0 ? "new" : "no more", text: said, at: last.time }] : [];
  });
}

const shownClasses = new Set(["Device", "Interface", "Address", "Link", "LldpAdjacency", "CdpAdjacency", "OspfAdjacency", "BgpSession", "Service", "Intent", "ProductModel"]);

function counted(n: number, one: string): string {
  if (n === 1) return `1 ${one}`;
  return `${n.toLocaleString("en")} ${one.endsWith("y") ? `${one.slice(0, -1)}ies` : one.endsWith("s") ? `${one}es` : `${one}s`}`;
}

// mark is how the slider shows an entry; "" is not at all.
export function mark(ep: Episode): Tone | "" {
  return toneOrder.find((tone) => tone !== "calm" && ep.lines.some((l) => l.tone === tone)) ?? "";
}

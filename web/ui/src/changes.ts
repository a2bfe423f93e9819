// A plan's changes as people read them: which thing, which property, from
// what to what, by which source.

import { select, type Change, type Plan } from "./api";
import { parseQuad, prologue, RDF, words, type Statement, type Term } from "./rdf";

// Row is one property of one thing that changes.
export interface Row {
  key: string;
  subject: string; // as the source names it
  property: string;
  from: string;
  to: string;
  source: string; // "NETCONF · ietf-interfaces"
}

// Supposition is a new thing of the twin that the action supposes.
export interface Supposition {
  subject: string;
  type: string;
  values: { property: string; value: Term }[];
  deleted: boolean;
}

export interface Readable {
  sent: Row[]; // configuration that devices are sent
  expected: Row[]; // what sources should say afterwards
  supposed: Supposition[];
  subjects: string[]; // to name
}

const parsed = (list: Change[]): { q: Statement; gone: boolean }[] =>
  list.flatMap((c) => {
    const q = parseQuad(c.quad);
    return q ? [{ q, gone: c.delete ?? false }] : [];
  });

// sourceOf names the source that a statement belongs to, and its vocabulary.
export function sourceOf(q: Statement): string {
  const collector = /graph\/source\/([^/]+)\//.exec(q.g?.value ?? "")?.[1] ?? "";
  const vocabulary = /\/nettwin\/(?:yang|mib|ipfix)\/([^/]+)/.exec(q.p.value)?.[1] ?? "";
  return [collector.toUpperCase(), vocabulary].filter(Boolean).join(" · ");
}

export function readable(plan: Plan): Readable {
  const sentQuads = new Set((plan.payloads ?? []).flatMap((p) => (p.changes ?? []).map((c) => c.quad)));
  const rows = new Map<string, Row & { sent: boolean }>();
  const supposed = new Map<string, Supposition>();
  for (const { change, q, gone } of (plan.changes ?? []).flatMap((change) => parsed([change]).map((p) => ({ change, ...p })))) {
    if (!q.g) {
      suppose(supposed, q, gone);
      continue;
    }
    const key = `${q.g.value} ${q.s.value} ${q.p.value}`;
    const row = rows.get(key) ?? { key, subject: q.s.value, property: words(q.p.value).replace(/^if /, ""), from: "", to: "", source: sourceOf(q), sent: false };
    if (gone) row.from = q.o.value;
    else row.to = q.o.value;
    row.sent ||= sentQuads.has(change.quad);
    rows.set(key, row);
  }
  const all = [...rows.values()];
  const subjects = [...all.map((r) => r.subject), ...[...supposed.values()].flatMap((s) => s.values.filter((v) => v.value.type === "uri").map((v) => v.value.value))];
  return { sent: all.filter((r) => r.sent), expected: all.filter((r) => !r.sent), supposed: [...supposed.values()], subjects: [...new Set(subjects)] };
}

function suppose(found: Map<string, Supposition>, q: Statement, gone: boolean): void {
  const key = `${gone} ${q.s.value}`;
  const one = found.get(key) ?? { subject: q.s.value, type: "", values: [], deleted: gone };
  found.set(key, one);
  if (q.p.value === RDF + "type") one.type = words(q.o.value);
  else one.values.push({ property: words(q.p.value), value: q.o });
}

// represented finds which thing of the twin a source's row stands for.
export async function represented(subjects: string[]): Promise<Map<string, string>> {
  if (subjects.length === 0) return new Map();
  const rows = await select(`${prologue}SELECT ?s ?thing WHERE { VALUES ?s { ${subjects.map((s) => `<${s}>`).join(" ")} } ?s twin:represents ?thing }`);
  return new Map(rows.flatMap(({ s, thing }) => (s && thing ? [[s.value, thing.value] as const] : [])));
}

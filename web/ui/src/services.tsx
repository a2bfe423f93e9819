// Services: how each stands, why, and what it rests on; below them the intents.

import type { JSX } from "preact";
import { select } from "./api";
import { Intents } from "./intents";
import { useLoad } from "./live";
import { compare, loadFindings, loadLabels, Thing, things, type Finding } from "./model";
import { Empty, Loading, plural, Problem } from "./parts";
import { localPath, prologue, quote, TWIN } from "./rdf";
import { href } from "./route";
import type { ViewProps } from "./topology";

export interface Connection {
  ways: string;
  critical: string[];
}

export interface Objective {
  metric: string;
  bound: string;
  now: string; // what is observed, "" if it is not known here
  met?: boolean;
}

export interface ServiceShape {
  iri: string;
  name: string;
  description: string;
  customer: string;
  state: string; // "ok", "atRisk", "affected", "" if no rule says
  endpoints: { name: string; where: string[] }[];
  objectives: Objective[];
  ways: number | undefined; // the least of its connections
  critical: string[];
  findings: Finding[];
}

export interface ServiceList {
  services: ServiceShape[];
  labels: Map<string, string>;
}

// derivedOf adds to things what rules say of them.
async function derivedOf(found: Map<string, Thing>, pattern: string, base: string): Promise<void> {
  const rows = await select(`${prologue}SELECT ?s ?p ?o WHERE { ${pattern} GRAPH <${base}graph/derived> { ?s ?p ?o } }`);
  for (const { s, p, o } of rows) if (s && p && o) found.get(s.value)?.add(p.value, o);
}

export async function loadServices(base: string): Promise<ServiceList> {
  const derived = `${base}graph/derived`;
  const [services, endpoints, objectives, findings, connections, derivedConnections, customers] = await Promise.all([
    things("?s a twin:Service ."), things("?s a twin:ServiceEndpoint ."), things("?s a twin:ServiceObjective ."), loadFindings(base),
    things("?s twin:connectionOf ?service ."), things("?s twin:connectionOf ?service .", [], derived), things("?service a twin:Service ; twin:customer ?s ."),
  ]);
  if (services.size === 0) return { services: [], labels: new Map() };
  await derivedOf(services, "?s a twin:Service .", base);
  const all = [...connections.values(), ...derivedConnections.values()];
  const labels = await loadLabels([...new Set([...[...endpoints.values()].flatMap((e) => [...e.all("servingInterface"), ...e.all("servingDevice")]), ...all.flatMap((c) => c.all("criticalLink"))])]);
  return { services: [...services.values()].map((s) => shapeService(s, { endpoints, objectives, findings, connections: all, customers, labels })).sort((a, b) => compare(a.name, b.name)), labels };
}

interface Parts {
  endpoints: Map<string, Thing>;
  objectives: Map<string, Thing>;
  findings: Finding[];
  connections: Thing[];
  customers: Map<string, Thing>;
  labels: Map<string, string>;
}

export function shapeService(s: Thing, parts: Parts): ServiceShape {
  const connections = parts.connections.filter((c) => c.all("connectionOf").includes(s.iri));
  const counted = connections.map((c) => Number(c.get("disjointPaths"))).filter((n) => Number.isFinite(n));
  const ways = connections.some((c) => c.get("disjointPaths")) && counted.length ? Math.min(...counted) : undefined;
  return {
    iri: s.iri, name: s.get("name") || s.iri, description: s.get("description"), state: s.get("serviceState"),
    customer: parts.customers.get(s.get("customer"))?.get("name") ?? "",
    endpoints: s.all("serviceEndpoint").flatMap((iri) => {
      const e = parts.endpoints.get(iri);
      return e ? [{ name: e.get("name"), where: [...(e.all("servingInterface").length ? e.all("servingInterface") : e.all("servingDevice"))].sort((a, b) => compare(parts.labels.get(a) ?? a, parts.labels.get(b) ?? b)) }] : [];
    }).sort((a, b) => compare(a.name, b.name)),
    objectives: s.all("objective").flatMap((iri) => {
      const o = parts.objectives.get(iri);
      return o ? [objective(o, ways)] : [];
    }).sort((a, b) => compare(a.metric, b.metric)),
    ways,
    critical: [...new Set(connections.flatMap((c) => c.all("criticalLink")))],
    findings: parts.findings.filter((f) => !f.need && (f.about.includes(s.iri) || f.affects.includes(s.iri))),
  };
}

function objective(o: Thing, ways: number | undefined): Objective {
  const [least, most] = [o.get("atLeast"), o.get("atMost")];
  const bound = [least && `at least ${least}`, most && `at most ${most}`].filter(Boolean).join(", ");
  if (o.get("metric") !== "disjointPaths" || ways === undefined) return { metric: o.get("metric"), bound, now: "" };
  return { metric: "disjointPaths", bound, now: String(ways), met: (!least || ways >= Number(least)) && (!most || ways <= Number(most)) };
}

const metricWords: Record<string, string> = {
  availability: "availability", oneWayDelaySeconds: "one-way delay, s", lossRatio: "loss ratio", bandwidthBitsPerSecond: "bandwidth, bit/s",
  disjointPaths: "ways without a common cable",
};

const stateWords: Record<string, { mark: string; text: string; tone: string }> = {
  ok: { mark: "✓", text: "ok", tone: "up" },
  atRisk: { mark: "!", text: "at risk", tone: "warn" },
  affected: { mark: "✕", text: "affected", tone: "down" },
};

export function ServiceBadge({ state }: { state: string }): JSX.Element {
  const w = stateWords[state] ?? { mark: "?", text: state || "unknown", tone: "unknown" };
  return <span class={`state state-${w.tone}`}><span aria-hidden="true">{w.mark}</span> {w.text}</span>;
}

const order = ["affected", "atRisk", "", "ok"];

export function Services({ live, explain }: ViewProps): JSX.Element {
  const base = live.info?.base ?? "";
  const { data, error } = useLoad(live.info ? `${base} ${live.key}` : null, () => loadServices(base));
  if (!data) return error ? <Problem>The services could not be read: {error}</Problem> : <Loading what="services" />;
  const list = [...data.services].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || compare(a.name, b.name));
  return (
    <div class="sheet services" data-testid="services">
      {error && <Problem>What is shown may be out of date: {error}</Problem>}
      {list.length === 0 ? (
        <Empty title={live.at ? "No services at that moment" : "No services"}>
          <p>Services are listed in a catalogue that is loaded into the twin: <code>nettwin load --data DIR services.ttl</code> (see fixtures/services).</p>
        </Empty>
      ) : (
        <section class="service-list" aria-label="Services">
          {list.map((s) => <ServiceCard key={s.iri} service={s} labels={data.labels} base={base} explain={explain} />)}
        </section>
      )}
      <Intents live={live} services={list} explain={explain} />
    </div>
  );
}

interface CardProps {
  service: ServiceShape;
  labels: Map<string, string>;
  base: string;
  explain: ViewProps["explain"];
}

// maxPlaces bounds the places listed of one endpoint.
const maxPlaces = 4;

function ServiceCard({ service: s, labels, base, explain }: CardProps): JSX.Element {
  const path = localPath(s.iri, base);
  const name = (iri: string): string => labels.get(iri) ?? iri;
  return (
    <article class={`card service service-${stateWords[s.state]?.tone ?? "unknown"}`} aria-label={s.name}>
      <header>
        <div class="service-head">
          <h2>{path ? <a class="plain-link" href={path}>{s.name}</a> : s.name}</h2>
          <ServiceBadge state={s.state} />
          {s.state && <button type="button" class="why" onClick={() => explain(`<${s.iri}> <${TWIN}serviceState> ${quote(s.state)} .`)}>why?</button>}
        </div>
        <p>{s.description}{s.customer && <span class="muted"> for {s.customer}</span>}</p>
      </header>
      <div class="card-body">
        {s.findings.length > 0 && (
          <ul class="reasons">
            {s.findings.map((f) => (
              <li key={f.iri}>
                <span class={`warn-mark ${s.state === "affected" ? "bad-mark" : ""}`} aria-hidden="true">!</span><span>{f.message}</span>
                <button type="button" class="why" onClick={() => explain(f.fact)}>why?</button>
              </li>
            ))}
          </ul>
        )}
        <dl class="facts">
          {s.endpoints.map((e) => [
            <dt key={`${e.name} name`}>{e.name}</dt>,
            <dd key={e.name}>
              {e.where.length === 0 ? <span class="muted">no interface serves it</span> : e.where.slice(0, maxPlaces).map(name).join(", ")}
              {e.where.length > maxPlaces && <span class="muted"> and {e.where.length - maxPlaces} more</span>}
            </dd>,
          ])}
          {s.objectives.map((o) => [
            <dt key={`${o.metric} name`}>{metricWords[o.metric] ?? o.metric}</dt>,
            <dd key={o.metric}>{o.bound}{o.now && <>, now <b class={o.met ? "tone-text-ok" : "tone-text-bad"}>{o.now}</b></>}</dd>,
          ])}
          {s.critical.length > 0 && [<dt key="critical name">Rests on</dt>, <dd key="critical">{s.critical.map((l, i) => <span key={l}>{i > 0 && ", "}<a href={href("topology", { select: l })}>{name(l)}</a></span>)} <span class="muted">({plural(s.critical.length, "link")} that every way crosses)</span></dd>]}
        </dl>
      </div>
    </article>
  );
}

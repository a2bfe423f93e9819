// What rules inferred, rule by rule, each with its explanation.

import type { JSX } from "preact";
import * as api from "./api";
import { useLoad } from "./live";
import { loadFindings, loadLabels, type Finding } from "./model";
import { ago, Empty, Loading, plural, Problem } from "./parts";
import { localPath } from "./rdf";
import { href } from "./route";
import type { ViewProps } from "./topology";

interface Loaded {
  rules: api.RuleStatus[];
  findings: Finding[];
  labels: Map<string, string>;
}

async function load(base: string): Promise<Loaded> {
  const [rules, findings] = await Promise.all([api.rules(), loadFindings(base)]);
  const labels = await loadLabels([...new Set(findings.flatMap((f) => f.about))]);
  return { rules, findings, labels };
}

export function Findings({ live, explain }: ViewProps): JSX.Element {
  const base = live.info?.base ?? "";
  const { data, error } = useLoad(live.info ? `${base} ${live.version}` : null, () => load(base));
  if (!data) return error ? <Problem>The findings could not be read: {error}</Problem> : <Loading what="findings" />;
  const rules = data.rules.filter((r) => r.target !== "default" || r.error);
  if (rules.length === 0) {
    return (
      <Empty title="No rules">
        <p>Rules are files in the data directory: <code>knowledge/rules/NAME.rule</code>. Bring in those of this release with <code>nettwin knowledge update</code>.</p>
      </Empty>
    );
  }
  const known = new Set(rules.map((r) => r.rule));
  const others = data.findings.filter((f) => !known.has(f.rule));
  const aligned = data.rules.filter((r) => r.target === "default" && !r.error);
  return (
    <div class="findings" data-testid="findings">
      {error && <Problem>The findings may be out of date: {error}</Problem>}
      <p class="lead">
        <strong>{plural(data.findings.length, "finding")}</strong> of {plural(rules.length, "rule")}. Another {plural(aligned.length, "alignment rule")} lift what devices say into
        the twin. Rules are files; deleting one takes its findings away.
      </p>
      {rules.map((rule) => (
        <RuleCard key={rule.rule} rule={rule} findings={data.findings.filter((f) => f.rule === rule.rule)} labels={data.labels} base={base} explain={explain} />
      ))}
      {others.length > 0 && <section class="card"><h2>Other derived facts</h2><List findings={others} labels={data.labels} base={base} explain={explain} /></section>}
    </div>
  );
}

interface CardProps {
  rule: api.RuleStatus;
  findings: Finding[];
  labels: Map<string, string>;
  base: string;
  explain: (fact: string) => void;
}

function RuleCard({ rule, findings, labels, base, explain }: CardProps): JSX.Element {
  return (
    <section class="card" aria-label={rule.rule}>
      <header>
        <h2>{rule.rule} <span class={findings.length ? "badge" : "badge badge-none"}>{findings.length}</span></h2>
        <p>{rule.comment}</p>
        <p class="muted small">
          {rule.citation && <>Source: {rule.citation} · </>}file {rule.file} · last run {ago(rule.lastRun)}
        </p>
        {rule.error && <Problem>The rule does not run: {rule.error}</Problem>}
      </header>
      {findings.length ? <List findings={findings} labels={labels} base={base} explain={explain} /> : <p class="muted none">Nothing found.</p>}
    </section>
  );
}

function List({ findings, labels, base, explain }: Omit<CardProps, "rule">): JSX.Element {
  return (
    <ul class="finding-list">
      {findings.map((f) => (
        <li key={f.iri}>
          <span class="warn-mark" aria-hidden="true">!</span>
          <div>
            <div>{f.message}</div>
            <div class="about">
              {f.about.map((iri) => {
                const isDevice = f.devices.includes(iri);
                const to = isDevice ? href("topology", { select: iri }) : localPath(iri, base);
                return to && labels.get(iri) && <a key={iri} class="chip" href={to}>{labels.get(iri)}</a>;
              })}
              {f.devices.filter((d) => !f.about.includes(d)).length > 0 && (
                <a class="muted" href={href("topology", { select: f.devices[0] ?? "" })}>show in the topology</a>
              )}
            </div>
          </div>
          <button type="button" class="why" onClick={() => explain(f.fact)}>why?</button>
        </li>
      ))}
    </ul>
  );
}

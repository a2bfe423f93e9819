// What rules inferred, rule by rule, each with its explanation.

import type { JSX } from "preact";
import * as api from "./api";
import { useLoad } from "./live";
import { loadFindings, loadLabels, type Finding } from "./model";
import { ago, Empty, Loading, plural, Problem } from "./parts";
import { PlanBadge } from "./plans";
import { localPath } from "./rdf";
import { href } from "./route";
import type { ViewProps } from "./topology";

interface Loaded {
  rules: api.RuleStatus[];
  findings: Finding[];
  needs: Finding[];
  answers: Map<string, api.Need>; // needs of now, with the plans that answer them
  labels: Map<string, string>;
}

async function load(base: string): Promise<Loaded> {
  const [rules, all, answers] = await Promise.all([api.rules(), loadFindings(base), api.needs()]);
  const labels = await loadLabels([...new Set(all.flatMap((f) => [...f.about, ...f.affects]))]);
  return { rules, findings: all.filter((f) => !f.need), needs: all.filter((f) => f.need), answers: new Map(answers.map((n) => [n.need, n])), labels };
}

// maxCauses bounds how deep causes are followed.
const maxCauses = 8;

// Cause is a root cause with what it explains, the nearest first.
interface Cause {
  root: Finding;
  consequences: Finding[];
}

// causes groups findings below the root causes that explain them.
export function causes(findings: Finding[]): Cause[] {
  return findings.filter((f) => f.root).map((root) => {
    const found: Finding[] = [];
    let level = [root.iri];
    for (let depth = 0; depth < maxCauses && level.length > 0; depth++) {
      const next = findings.filter((f) => f !== root && !found.includes(f) && f.causes.some((c) => level.includes(c)));
      found.push(...next);
      level = next.map((f) => f.iri);
    }
    return { root, consequences: found };
  });
}

export function Findings({ live, explain }: ViewProps): JSX.Element {
  const base = live.info?.base ?? "";
  const { data, error } = useLoad(live.info ? `${base} ${live.key}` : null, () => load(base));
  if (!data) return error ? <Problem>The findings could not be read: {error}</Problem> : <Loading what="findings" />;
  const all = data.rules.filter((r) => r.target !== "default" || r.error);
  const found = causes(data.findings);
  const below = new Set(found.flatMap((c) => [c.root, ...c.consequences]));
  const of = (rule: api.RuleStatus): Finding[] => data.findings.filter((f) => f.rule === rule.rule && !below.has(f));
  const rules = all.filter((r) => r.error || of(r).length > 0);
  const silent = all.filter((r) => !rules.includes(r));
  if (all.length === 0) {
    return (
      <Empty title="No rules">
        <p>Rules are files in the data directory: <code>knowledge/rules/NAME.rule</code>. Bring in those of this release with <code>nettwin knowledge update</code>.</p>
      </Empty>
    );
  }
  const known = new Set(all.map((r) => r.rule));
  const others = data.findings.filter((f) => !known.has(f.rule) && !below.has(f));
  const aligned = data.rules.filter((r) => r.target === "default" && !r.error);
  const shared = { labels: data.labels, base, explain };
  return (
    <div class="findings" data-testid="findings">
      {error && <Problem>The findings may be out of date: {error}</Problem>}
      <p class="lead">
        <strong>{plural(data.findings.length, "finding")}</strong> of {plural(all.length, "rule")}. Another {plural(aligned.length, "alignment rule")} lift what devices say into
        the twin. Rules are files; deleting one takes its findings away.
      </p>
      {found.length > 0 && (
        <section class="card cause-card" aria-label="Root causes">
          <header><h2>What went wrong, and what follows from it</h2></header>
          {found.map(({ root, consequences }) => (
            <div key={root.iri} class="cause">
              <List findings={[root]} {...shared} tone="bad" />
              {consequences.length > 0 && <div class="consequences"><List findings={consequences} {...shared} /></div>}
            </div>
          ))}
        </section>
      )}
      {data.needs.length > 0 && <Needs needs={data.needs} answers={live.at ? new Map() : data.answers} explain={explain} />}
      {rules.map((rule) => <RuleCard key={rule.rule} rule={rule} findings={of(rule)} {...shared} />)}
      {others.length > 0 && <section class="card"><header><h2>Other derived facts</h2></header><List findings={others} {...shared} /></section>}
      {silent.length > 0 && (
        <section class="card" aria-label="Rules without findings">
          <details>
            <summary class="silent-summary">{plural(silent.length, "rule")} found nothing more</summary>
            <ul class="silent">
              {silent.map((r) => <li key={r.rule}><b>{r.rule}</b> {r.comment} <span class="muted small">last run {ago(r.lastRun)}</span></li>)}
            </ul>
          </details>
        </section>
      )}
    </div>
  );
}

interface NeedsProps {
  needs: Finding[];
  answers: Map<string, api.Need>;
  explain: ViewProps["explain"];
}

const Needs = ({ needs, answers, explain }: NeedsProps): JSX.Element => (
  <section class="card" aria-label="Needs">
    <header><h2>What rules say should be done <span class="badge">{needs.length}</span></h2></header>
    <ul class="finding-list">
      {needs.map((n) => {
        const answer = answers.get(n.iri);
        return (
          <li key={n.iri}>
            <span class="need-mark" aria-hidden="true">→</span>
            <div>{n.message}</div>
            {answer?.plan && answer.state ? <a class="chip" href={href(`plans/${answer.plan}`)}>plan {answer.plan} <PlanBadge state={answer.state} /></a> : <a class="chip" href={href("plans")}>plan a repair</a>}
            <button type="button" class="why" onClick={() => explain(n.fact)}>why?</button>
          </li>
        );
      })}
    </ul>
  </section>
);

interface CardProps {
  rule: api.RuleStatus;
  findings: Finding[];
  labels: Map<string, string>;
  base: string;
  explain: ViewProps["explain"];
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

function List({ findings, labels, base, explain, tone }: Omit<CardProps, "rule"> & { tone?: string }): JSX.Element {
  return (
    <ul class="finding-list">
      {findings.map((f) => (
        <li key={f.iri}>
          <span class={tone === "bad" ? "warn-mark bad-mark" : "warn-mark"} aria-hidden="true">!</span>
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

// One plan: why, what, with which effect, and how it went.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { readable, represented, type Row } from "./changes";
import { useLoad, type Live } from "./live";
import { loadLabels } from "./model";
import { Dialog, useDeed } from "./operator";
import { clock, plural, Problem } from "./parts";
import { needFact, PlanBadge } from "./plans";
import { pretty } from "./pretty";
import { itemPath, quote, shortIRI, TWIN } from "./rdf";
import { href } from "./route";
import { stepWords } from "./story";
import { timeOf } from "./moment";
import type { ViewProps } from "./topology";

interface Props {
  plan: api.Plan;
  live: Live;
  explain: ViewProps["explain"];
  again: () => void;
  lost: string;
}

type Name = (iri: string) => string;

interface Naming {
  labels: Map<string, string>;
  things: Map<string, string>;
}

// useNames names the things and the sources' rows that a plan speaks of.
function useNames(plan: api.Plan, base: string): Name {
  const { data } = useLoad(`${plan.id} ${plan.digest ?? ""} ${base}`, async (): Promise<Naming> => {
    const things = await represented(readable(plan).subjects);
    const pairs = [...(plan.verdict?.impact.lost ?? []), ...(plan.verdict?.impact.gained ?? [])].flat();
    const iris = [...things.values(), ...readable(plan).subjects.filter((s) => s.startsWith(`${base}id/`)), ...(plan.need.targets ?? []), ...(plan.need.devices ?? []), ...pairs];
    return { things, labels: await loadLabels([...new Set(iris)]) };
  });
  return (iri) => {
    const thing = data?.things.get(iri) ?? iri;
    return data?.labels.get(thing) ?? shortIRI(thing, base);
  };
}

export function PlanPage({ plan, live, explain, again, lost }: Props): JSX.Element {
  const base = live.info?.base ?? "";
  const name = useNames(plan, base);
  const parts = readable(plan);
  return (
    <div class="sheet plan" data-testid="plan">
      <p class="crumbs"><a href={href("plans")}>Plans</a> <span aria-hidden="true">/</span> plan {plan.id}</p>
      {lost && <Problem>What is shown may be out of date: {lost}</Problem>}
      <header class="plan-head">
        <div>
          <h2>{plan.need.message}</h2>
          <p class="muted">
            Plan {plan.id}, action <b>{plan.action}</b>, made {clock(plan.created)}{plan.base ? <>, verified on commit {plan.base}</> : null}
          </p>
        </div>
        <PlanBadge state={plan.state} />
      </header>
      <Stages plan={plan} />
      {plan.reason && plan.state !== "done" && <p class={`note ${plan.state === "failed" || plan.state === "refused" ? "note-bad" : ""}`}><b>{plan.state}:</b> {plan.reason}</p>}
      <div class="plan-columns">
        <div>
          <Why plan={plan} explain={explain} />
          <Diff plan={plan} name={name} />
          <Payloads plan={plan} />
          {parts.sent.length === 0 && plan.payloads === undefined && <p class="muted">Nothing would be sent.</p>}
        </div>
        <div>
          <Decide plan={plan} again={again} />
          <Effect plan={plan} name={name} explain={explain} />
          <Steps plan={plan} />
        </div>
      </div>
    </div>
  );
}

const Card = ({ title, children, id }: { title: ComponentChildren; children: ComponentChildren; id?: string }): JSX.Element => (
  <section class="card" data-testid={id}><header><h3>{title}</h3></header><div class="card-body">{children}</div></section>
);

const stages = ["proposed", "verified", "approved", "sent", "confirmed"];

// reached is how many stages a plan has passed.
function reached(plan: api.Plan): number {
  const has = (step: string): boolean => (plan.steps ?? []).some((s) => s.step === step);
  if (plan.state === "done") return 5;
  if (has("commit")) return 4;
  if (plan.approval) return 3;
  if (plan.verdict?.ok) return 2;
  return 1;
}

function Stages({ plan }: { plan: api.Plan }): JSX.Element {
  const done = reached(plan);
  const ended = ["refused", "rejected", "expired", "superseded", "rolled-back", "failed"].includes(plan.state);
  const underWay = plan.state === "applying" || plan.state === "confirming";
  return (
    <ol class="stages" aria-label="Progress">
      {stages.map((stage, i) => (
        <li key={stage} class={i < done ? (ended && i === done - 1 ? "stage-ended" : "stage-done") : i === done && underWay ? "stage-now" : ""} aria-current={i === done - 1 ? "step" : undefined}>
          <span aria-hidden="true">{i < done ? (ended && i === done - 1 ? "✕" : "✓") : i + 1}</span>{ended && i === done - 1 ? plan.state : stage}
        </li>
      ))}
    </ol>
  );
}

function Why({ plan, explain }: { plan: api.Plan; explain: ViewProps["explain"] }): JSX.Element {
  const resolved = plan.verdict?.resolved ?? [];
  const causes = (plan.need.because ?? []).map((iri) => ({ iri, message: resolved.find((f) => f.finding === iri)?.message ?? "" }));
  const at = plan.state === "done" || plan.state === "rolled-back" || plan.state === "failed" ? plan.created : "";
  return (
    <Card title="Why" id="plan-why">
      <ul class="reasons">
        <li>
          <span class="need-mark" aria-hidden="true">→</span>
          <span>{plan.need.message}</span>
          <button type="button" class="why" onClick={() => explain(needFact(plan.need), at)}>why?</button>
        </li>
        {causes.map((c) => (
          <li key={c.iri}>
            <span class="warn-mark" aria-hidden="true">!</span>
            <span>{c.message || shortIRI(c.iri, "")}</span>
            {c.message && <button type="button" class="why" onClick={() => explain(`<${c.iri}> <${TWIN}message> ${quote(c.message)} .`, at)}>why?</button>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Diff({ plan, name }: { plan: api.Plan; name: Name }): JSX.Element | null {
  const { sent, expected, supposed } = readable(plan);
  if (sent.length + expected.length + supposed.length === 0) return null;
  return (
    <Card title="What changes, branch against now" id="plan-diff">
      <Rows title="Configuration that is sent" rows={sent} name={name} />
      <Rows title="What the sources must say afterwards" rows={expected} name={name} />
      {supposed.length > 0 && (
        <>
          <h4>Supposed, for the rules on the branch</h4>
          <ul class="supposed">
            {supposed.map((s) => (
              <li key={s.subject}>
                <b>{s.deleted ? "no more: " : ""}{s.type || "thing"}</b>{" "}
                {s.values.map((v, i) => <span key={i}>{i > 0 && ", "}<span class="muted">{v.property}</span> {v.value.type === "uri" ? name(v.value.value) : v.value.value}</span>)}
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

function Rows({ title, rows, name }: { title: string; rows: Row[]; name: Name }): JSX.Element | null {
  if (rows.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <table class="diff">
        <tbody>
          {rows.map((r) => (
            <tr key={r.key}>
              <td><b>{name(r.subject)}</b></td>
              <td>{r.property}</td>
              <td class="nowrap"><del>{r.from || "not set"}</del> <span aria-label="becomes">→</span> <ins>{r.to || "removed"}</ins></td>
              <td class="muted small">{r.source}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

export const Code = ({ body, mediaType }: { body: string; mediaType: string }): JSX.Element => (
  <pre class="code" tabIndex={0}>
    {pretty(body, mediaType).map((line, i) => <span key={i} class="code-line">{line.map((p, n) => <span key={n} class={`x-${p.kind}`}>{p.text}</span>)}{"\n"}</span>)}
  </pre>
);

function Payloads({ plan }: { plan: api.Plan }): JSX.Element | null {
  const list = plan.payloads ?? [];
  if (list.length === 0) return null;
  return (
    <Card title="What is sent, exactly" id="plan-payload">
      {list.map((p) => (
        <div key={`${p.driver} ${p.device}`} class="payload">
          <p>
            to <b>{p.device}</b> by {p.driver.toUpperCase()}, <span class="muted">{plural(new TextEncoder().encode(p.body).length, "byte")}, {p.mediaType}; indented here</span>
            {p.item && <> · <a class="mono small" href={itemPath(p.item)} title={p.item}>{p.item.slice(0, 12)}…{p.item.slice(-6)}</a></>}
          </p>
          <Code body={p.body} mediaType={p.mediaType} />
        </div>
      ))}
    </Card>
  );
}

function Effect({ plan, name, explain }: { plan: api.Plan; name: Name; explain: ViewProps["explain"] }): JSX.Element | null {
  const v = plan.verdict;
  if (!v) return null;
  const { impact } = v;
  const same = impact.pairsLost + impact.pairsGained === 0;
  const resolved = v.resolved ?? [];
  const introduced = v.introduced ?? [];
  const over = ["done", "rolled-back", "failed"].includes(plan.state);
  return (
    <Card title="Predicted effect, by the rules on the branch" id="plan-impact">
      {(v.reasons ?? []).map((r) => <p key={r} class="note note-bad">{r}</p>)}
      <h4>{plural(resolved.length, "finding")} resolved</h4>
      <ul class="reasons">
        {resolved.map((f) => (
          <li key={f.finding}>
            <span class="tick" aria-hidden="true">✓</span><span>{f.message}</span>
            <button type="button" class="why" onClick={() => explain(`<${f.finding}> <${TWIN}message> ${quote(f.message)} .`, over ? plan.created : "")}>why?</button>
          </li>
        ))}
      </ul>
      <h4>{introduced.length === 0 ? "No finding introduced" : `${plural(introduced.length, "finding")} introduced`}</h4>
      {introduced.length > 0 && <ul class="reasons">{introduced.map((f) => <li key={f.finding}><span class="cross" aria-hidden="true">✕</span><span>{f.message}</span></li>)}</ul>}
      <h4>Reachability</h4>
      <p>
        {same
          ? <>All {impact.pairsBefore} pairs of devices that reach each other still do; none is gained.</>
          : <><b>{impact.pairsBefore}</b> → <b>{impact.pairsAfter}</b> pairs of devices reach each other: {impact.pairsGained} gained, {impact.pairsLost} lost.</>}
      </p>
      <Pairs title="Gained" pairs={impact.gained ?? []} name={name} />
      <Pairs title="Lost" pairs={impact.lost ?? []} name={name} />
      <h4>Services</h4>
      {(impact.services ?? []).length === 0 ? <p class="muted">No service comes or goes.</p> : (
        <ul class="reasons">
          {(impact.services ?? []).map((s) => (
            <li key={s.service}>
              <span class={(s.introduced ?? []).length ? "cross" : "tick"} aria-hidden="true">{(s.introduced ?? []).length ? "✕" : "✓"}</span>
              <span><b>{s.name || shortIRI(s.service, "")}</b>{[...(s.resolved ?? []).map((m) => `no longer: ${m}`), ...(s.introduced ?? [])].map((m) => <div key={m} class="small muted">{m}</div>)}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

const maxPairs = 8;

const Pairs = ({ title, pairs, name }: { title: string; pairs: [string, string][]; name: Name }): JSX.Element | null =>
  pairs.length === 0 ? null : (
    <p class="small">{title}: {pairs.slice(0, maxPairs).map(([a, b]) => `${name(a)} – ${name(b)}`).join(", ")}{pairs.length > maxPairs && ` and ${pairs.length - maxPairs} more`}</p>
  );

const final = ["refused", "rejected", "expired", "superseded", "done", "rolled-back", "failed"];

// startedMillis is after how long a plan's state is asked for while an order
// is under way.
const startedMillis = 200;

// Decide holds what an operator may do with the plan as it stands.
function Decide({ plan, again }: { plan: api.Plan; again: () => void }): JSX.Element | null {
  const deed = useDeed();
  const [ask, setAsk] = useState<"approve" | "apply" | "reject" | null>(null);
  const [reason, setReason] = useState("");
  useEffect(() => setAsk(null), [plan.state]);
  const run = async (what: string, order: (token: string) => Promise<unknown>): Promise<void> => {
    setAsk(null);
    const started = setTimeout(again, startedMillis);
    await deed.run(what, order);
    clearTimeout(started);
    again();
  };
  const underWay = plan.state === "applying" || plan.state === "confirming";
  if (final.includes(plan.state) && !deed.error) return null;
  const devices = (plan.payloads ?? []).map((p) => p.device).join(", ");
  return (
    <section class="card decide" data-testid="decide">
      <div class="card-body">
        {deed.error && <Problem>{deed.error}</Problem>}
        {underWay || deed.busy === "apply" ? <p class="under-way"><span class="spinner" aria-hidden="true" /> Under way at {devices || "the devices"}. It is taken back unless every source says what is expected.</p> : null}
        {plan.state === "verified" && <p>It was tried on a branch and does what it should. It waits for an operator's approval.</p>}
        {plan.state === "approved" && !deed.busy && <p>Approved by <b>{plan.approval?.by}</b>, {clock(plan.approval?.at ?? "")}. Nothing has been sent yet.</p>}
        <div class="dialog-actions decide-actions">
          {(plan.state === "verified" || plan.state === "approved") && deed.busy !== "apply" && <button type="button" class="button danger" disabled={deed.busy !== ""} onClick={() => setAsk("reject")}>Reject …</button>}
          {plan.state === "verified" && <button type="button" class="button primary" disabled={deed.busy !== ""} onClick={() => setAsk("approve")}>{deed.busy === "approve" ? "Approving …" : "Approve …"}</button>}
          {plan.state === "approved" && deed.busy !== "apply" && <button type="button" class="button primary" disabled={deed.busy !== ""} onClick={() => setAsk("apply")}>Send to {devices} …</button>}
        </div>
      </div>
      {ask === "approve" && (
        <Dialog title={`Approve plan ${plan.id}?`} close={() => setAsk(null)} wide>
          <p>This allows exactly the following to be sent to <b>{devices}</b>, and nothing else. It is not sent yet.</p>
          <Sent plan={plan} />
          <p class="muted small">Digest of changes, payload and verdict: <span class="mono">{plan.digest}</span>. If the network changes in between and the plan with it, the approval does not count.</p>
          <div class="dialog-actions">
            <button type="button" class="button" onClick={() => setAsk(null)} data-focus>Cancel</button>
            <button type="button" class="button primary" onClick={() => void run("approve", (token) => api.approve(plan.id, token))}>Approve</button>
          </div>
        </Dialog>
      )}
      {ask === "apply" && (
        <Dialog title={`Send plan ${plan.id} to ${devices}?`} close={() => setAsk(null)} wide>
          <p>This changes the configuration of <b>{devices}</b> now, by a confirmed commit: unless all sources say what is expected, it is taken back.</p>
          <Sent plan={plan} />
          <div class="dialog-actions">
            <button type="button" class="button" onClick={() => setAsk(null)} data-focus>Cancel</button>
            <button type="button" class="button primary" onClick={() => void run("apply", (token) => api.apply(plan.id, token))}>Send to {devices}</button>
          </div>
        </Dialog>
      )}
      {ask === "reject" && (
        <Dialog title={`Reject plan ${plan.id}?`} close={() => setAsk(null)}>
          <form class="dialog-form" onSubmit={(e) => { e.preventDefault(); void run("reject", (token) => api.reject(plan.id, reason.trim(), token)); }}>
            <p>Nothing is sent. The need stays as long as its rule finds it, and can be planned again.</p>
            <label class="field">Reason, for the journal <input type="text" value={reason} maxLength={300} onInput={(e) => setReason(e.currentTarget.value)} data-focus /></label>
            <div class="dialog-actions">
              <button type="button" class="button" onClick={() => setAsk(null)}>Cancel</button>
              <button type="submit" class="button danger" disabled={!reason.trim()}>Reject</button>
            </div>
          </form>
        </Dialog>
      )}
    </section>
  );
}

const Sent = ({ plan }: { plan: api.Plan }): JSX.Element => (
  <>
    {(plan.payloads ?? []).map((p) => (
      <div key={`${p.driver} ${p.device}`} class="payload">
        <p>To <b>{p.device}</b> by {p.driver.toUpperCase()}:</p>
        <Code body={p.body} mediaType={p.mediaType} />
      </div>
    ))}
  </>
);

// Steps lists what the journal holds of the plan, each with how long it took.
function Steps({ plan }: { plan: api.Plan }): JSX.Element | null {
  const steps = plan.steps ?? [];
  const underWay = plan.state === "applying" || plan.state === "confirming";
  return (
    <Card title={<>Journal {underWay && <span class="spinner" aria-hidden="true" />}</>} id="plan-steps">
      <ol class="steps" aria-live="polite">
        {steps.map((s, i) => {
          const next = steps[i + 1];
          const now = underWay && !next;
          return (
            <li key={s.seq} class={now ? "step-now" : ""}>
              <span class="step-seq" title={`entry ${s.seq} of the journal`}>{s.seq}</span>
              <time dateTime={s.time} title={s.time}>{timeOf(Date.parse(s.time))}</time>
              <span>
                {s.step === "end" ? <b>{plan.state}</b> : s.step === "confirm" && !s.device ? "all is as expected" : (stepWords[s.step] ?? s.step)}
                {s.device && <> <b>{s.device}</b></>}
                {s.by && <> by <b>{s.by}</b></>}
                {s.detail && <span class="muted small detail" title={s.detail}>{short(s.detail)}</span>}
              </span>
              <span class="muted small took">{next ? took(s.time, next.time) : now ? "…" : ""}</span>
            </li>
          );
        })}
      </ol>
      <Journal first={steps[0]?.seq} last={steps.at(-1)?.seq} />
    </Card>
  );
}

// auditPage is how many entries are asked for at most.
const auditPage = 1000;

// Journal verifies the chain of hashes on demand: that takes an operator. With
// first and last it shows the hashes of these entries.
export function Journal({ first, last }: { first?: number | undefined; last?: number | undefined }): JSX.Element {
  const deed = useDeed();
  const [audit, setAudit] = useState<api.Audit | null>(null);
  const verify = (): Promise<boolean> =>
    deed.run("audit", async (token) => setAudit(await api.audit(Math.max(0, (first ?? 1) - 1), first && last ? Math.min(auditPage, last - first + 1) : 1, token)));
  const log = (audit?.log ?? []).filter((e) => first !== undefined && last !== undefined && e.seq >= first && e.seq <= last);
  return (
    <div class="journal" data-testid="journal">
      {deed.error && <Problem>{deed.error}</Problem>}
      <p class="small muted">
        Each line of the journal holds the hash of the one before.{" "}
        <button type="button" class="link" disabled={deed.busy !== ""} onClick={() => void verify()}>{deed.busy ? "Verifying …" : audit ? "Verify again" : "Verify the journal"}</button>
      </p>
      {audit && (
        <p class={`note ${audit.verified ? "note-ok" : "note-bad"}`} role="status">
          {audit.verified ? <><b>Intact:</b> {plural(audit.entries, "entry", "entries")}, head <span class="mono small">{audit.head.slice(0, 16)}…</span></> : <><b>Broken:</b> {audit.error}</>}
        </p>
      )}
      {log.length > 0 && (
        <details>
          <summary class="muted small">hashes of these entries</summary>
          <ol class="hashes mono">{log.map((e) => <li key={e.seq}><span>{e.seq}</span> {e.hash}</li>)}</ol>
        </details>
      )}
    </div>
  );
}

// short cuts hashes, which are there in full when they are pointed at.
const short = (text: string): string => text.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, "$1…");

function took(from: string, to: string): string {
  const millis = Date.parse(to) - Date.parse(from);
  if (millis < 1) return "< 1 ms";
  if (millis < 1000) return `${Math.round(millis)} ms`;
  return millis < 60_000 ? `${(millis / 1000).toFixed(1)} s` : "";
}

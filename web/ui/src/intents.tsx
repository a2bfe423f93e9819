// Intents: what the network is meant to do, whether it does, and a form to say
// another.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { useLoad, type Live } from "./live";
import { compare, loadDevices, loadStates } from "./model";
import { Dialog, useDeed } from "./operator";
import { ago, clock, Loading, plural, Problem } from "./parts";
import { itemPath, quote, TWIN } from "./rdf";
import type { ServiceShape } from "./services";
import type { ViewProps } from "./topology";

// reportsAsked bounds the intents whose reasons are asked for.
const reportsAsked = 40;

interface Props {
  live: Live;
  services: ServiceShape[];
  explain: ViewProps["explain"];
}

interface Kept {
  intent: api.Intent;
  reports: api.IntentReport[]; // the newest first
}

async function load(): Promise<Kept[] | null> {
  const list = await api.intents();
  if (!list) return null;
  const reports = await Promise.all(list.slice(0, reportsAsked).map((i) => api.intentReports(i.id).catch(() => [])));
  return list.map((intent, i) => ({ intent, reports: (reports[i] ?? []).sort((a, b) => b.reportNumber - a.reportNumber) }));
}

const tones: Record<string, { tone: string; mark: string }> = {
  Compliant: { tone: "up", mark: "✓" }, Degraded: { tone: "down", mark: "✕" }, Accepted: { tone: "accent", mark: "○" }, Rejected: { tone: "unknown", mark: "✕" },
};

const IntentBadge = ({ state }: { state: string }): JSX.Element => (
  <span class={`state state-${tones[state]?.tone ?? "unknown"}`}><span aria-hidden="true">{tones[state]?.mark ?? "?"}</span> {state.toLowerCase()}</span>
);

export function Intents({ live, services, explain }: Props): JSX.Element | null {
  const [round, setRound] = useState(0);
  const [open, setOpen] = useState(false);
  const { data, error } = useLoad(live.info ? `${live.version} ${live.intents} ${round}` : null, load);
  if (data === null || (!data && error)) return error ? <Problem>The intents could not be read: {error}</Problem> : null;
  if (!data) return <Loading what="intents" />;
  return (
    <section class="card" aria-label="Intents" data-testid="intents">
      <header>
        <div class="service-head">
          <h2>Intents <span class="badge badge-none">{data.length}</span></h2>
          <button type="button" class="button primary push" onClick={() => setOpen(true)}>State an intent …</button>
        </div>
        <p class="muted small">What the network is meant to do, in the terms of TM Forum's intent ontology (TMF921). It is looked at after every change.{live.at && " Shown as they stand now."}</p>
      </header>
      {error && <Problem>What is shown may be out of date: {error}</Problem>}
      {data.length === 0 && <p class="muted none">None yet.</p>}
      <ul class="intent-list">
        {data.map((k) => <IntentRow key={k.intent.id} kept={k} base={live.info?.base ?? ""} explain={explain} again={() => setRound((n) => n + 1)} />)}
      </ul>
      {open && <IntentForm services={services} base={live.info?.base ?? ""} close={() => setOpen(false)} done={() => { setOpen(false); setRound((n) => n + 1); }} />}
    </section>
  );
}

interface RowProps {
  kept: Kept;
  base: string;
  explain: ViewProps["explain"];
  again: () => void;
}

const stated = (state: string): boolean => state === "Compliant" || state === "Degraded";

function IntentRow({ kept: { intent, reports }, base, explain, again }: RowProps): JSX.Element {
  const deed = useDeed();
  const [ask, setAsk] = useState(false);
  const newest = reports[0];
  const value = intent.expression?.expressionValue;
  return (
    <li>
      <div class="intent-head">
        <IntentBadge state={intent.lifecycleStatus} />
        <b>{intent.name}</b>
        <span class="muted small">since {ago(intent.statusChangeDate)}</span>
        {stated(intent.lifecycleStatus) && <button type="button" class="why" onClick={() => explain(`<${base}id/intent/${intent.id}> <${TWIN}intentState> ${quote(intent.lifecycleStatus)} .`)}>why?</button>}
        <button type="button" class="link push small" disabled={deed.busy !== ""} onClick={() => setAsk(true)}>Withdraw …</button>
      </div>
      {deed.error && <Problem>{deed.error}</Problem>}
      {(newest?.reason ?? []).map((r) => (
        <p key={r.message} class="intent-reason">
          {r.message} {(r.items ?? []).slice(0, 3).map((item) => <a key={item} class="mono small" href={itemPath(item)} title={item}>{item.slice(0, 10)}…</a>)}
        </p>
      ))}
      <details>
        <summary class="muted small">{plural(reports.length, "report")} and the expression</summary>
        <ol class="ladder">
          {reports.map((r) => <li key={r.id}><span class="muted">{clock(r.creationDate)}</span> <IntentBadge state={r.state} /> {r.reason.map((x) => x.message).join("; ")}</li>)}
        </ol>
        <pre class="code">{typeof value === "string" ? value : JSON.stringify(value, null, 2)}</pre>
      </details>
      {ask && (
        <Dialog title={`Withdraw “${intent.name}”?`} close={() => setAsk(false)}>
          <p>The intent and its reports leave the twin; the network is not changed.</p>
          <div class="dialog-actions">
            <button type="button" class="button" onClick={() => setAsk(false)} data-focus>Keep it</button>
            <button type="button" class="button danger" onClick={() => { setAsk(false); void deed.run("withdraw", (token) => api.withdrawIntent(intent.id, token)).then(again); }}>Withdraw</button>
          </div>
        </Dialog>
      )}
    </li>
  );
}

const tio = "http://tio.models.tmforum.org/tio/v3.6.0";

const prefixes = `@prefix icm: <${tio}/IntentCommonModel/> .
@prefix log: <${tio}/LogicalOperators/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix twin: <${TWIN}> .
@prefix my: <urn:example:my#> .
`;

// expression writes an intent that things of one kind shall be delivered.
export function expression(target: string, type: "ReachableService" | "UpInterface"): string {
  return `${prefixes}
my:intent a icm:Intent ; log:allOf ( my:expectation ) .
my:expectation a icm:DeliveryExpectation ;
  icm:deliveryType twin:${type} ;
  icm:target [ a icm:Target ; rdfs:member <${target}> ] .
`;
}

interface FormProps {
  services: ServiceShape[];
  base: string;
  close: () => void;
  done: () => void;
}

interface Choice {
  iri: string;
  label: string;
}

async function loadPorts(): Promise<Choice[]> {
  const [devices, states] = await Promise.all([loadDevices(), loadStates()]);
  return [...states.values()]
    .flatMap((i) => {
      const device = devices.get(i.get("interfaceOf"));
      return device ? [{ iri: i.iri, label: `${device.get("name")} ${i.get("name")}` }] : [];
    })
    .sort((a, b) => compare(a.label, b.label));
}

function IntentForm({ services, close, done }: FormProps): JSX.Element {
  const deed = useDeed();
  const { data: ports } = useLoad("ports", loadPorts);
  const [kind, setKind] = useState<"ReachableService" | "UpInterface">(services.length ? "ReachableService" : "UpInterface");
  const [target, setTarget] = useState("");
  const [name, setName] = useState("");
  const [named, setNamed] = useState(false);
  const [text, setText] = useState("");
  const choices: Choice[] = kind === "ReachableService" ? services.map((s) => ({ iri: s.iri, label: s.name })) : (ports ?? []);
  const chosen = choices.find((c) => c.iri === target) ?? choices[0];
  useEffect(() => {
    if (!chosen) return;
    setText(expression(chosen.iri, kind));
    if (!named) setName(kind === "ReachableService" ? `Keep ${chosen.label} reachable` : `Keep ${chosen.label} up`);
  }, [chosen?.iri, kind]);
  const submit = async (): Promise<void> => {
    if (await deed.run("submit", (token) => api.submitIntent(name.trim(), text, token))) done();
  };
  return (
    <Dialog title="State an intent" close={close} wide>
      <form class="dialog-form" onSubmit={(e) => { e.preventDefault(); void submit(); }}>
        <div class="field-row">
          <label class="field">What
            <select value={kind} onChange={(e) => { setKind(e.currentTarget.value as typeof kind); setTarget(""); }} data-focus>
              <option value="ReachableService" disabled={services.length === 0}>A service shall be reachable</option>
              <option value="UpInterface">An interface shall be up</option>
            </select>
          </label>
          <label class="field">Which
            <select value={chosen?.iri ?? ""} onChange={(e) => setTarget(e.currentTarget.value)}>
              {choices.map((c) => <option key={c.iri} value={c.iri}>{c.label}</option>)}
            </select>
          </label>
        </div>
        <label class="field">Name <input type="text" value={name} maxLength={200} onInput={(e) => { setNamed(true); setName(e.currentTarget.value); }} /></label>
        <label class="field">Expression, Turtle
          <textarea class="mono" rows={12} spellcheck={false} value={text} onInput={(e) => setText(e.currentTarget.value)} />
        </label>
        {deed.error && <Problem><pre>{deed.error}</pre></Problem>}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={close}>Cancel</button>
          <button type="submit" class="button primary" disabled={deed.busy !== "" || !name.trim() || !text.trim()}>{deed.busy ? "Stating …" : "State the intent"}</button>
        </div>
      </form>
    </Dialog>
  );
}

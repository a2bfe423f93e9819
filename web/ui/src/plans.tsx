// Plans: what rules say should be done, and what became of it.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { useLoad, type Live } from "./live";
import { useDeed, type Deed } from "./operator";
import { ago, Empty, Loading, Problem } from "./parts";
import { Journal, PlanPage } from "./plan";
import { href } from "./route";
import { quote, TWIN } from "./rdf";
import type { ViewProps } from "./topology";

// How often plans are asked for: their steps are no commits.
const busyMillis = 400;
const idleMillis = 3000;

// plansShown bounds the plans that are listed.
const plansShown = 100;

export interface PlanList {
  needs: api.Need[];
  plans: api.Plan[]; // the newest first
  total: number;
}

const running: api.PlanState[] = ["proposed", "applying", "confirming"];

// usePlans reads needs and plans, often while one is under way.
export function usePlans(live: Live): { data?: PlanList; error?: string; again: () => void } {
  const [tick, setTick] = useState(0);
  const loaded = useLoad(live.info ? `${live.version} ${tick}` : null, async (): Promise<PlanList> => {
    const [needs, page] = await Promise.all([api.needs(), api.plans(plansShown)]);
    return { needs, plans: page.plans.sort((a, b) => Date.parse(b.created) - Date.parse(a.created)), total: page.total };
  });
  const busy = loaded.data?.plans.some((p) => running.includes(p.state)) ?? false;
  useEffect(() => {
    const every = setInterval(() => document.visibilityState === "visible" && setTick((n) => n + 1), busy ? busyMillis : idleMillis);
    return () => clearInterval(every);
  }, [busy]);
  return { ...loaded, again: () => setTick((n) => n + 1) };
}

export const planTones: Record<api.PlanState, string> = {
  proposed: "unknown", verified: "accent", approved: "accent", applying: "warn", confirming: "warn",
  refused: "down", rejected: "unknown", expired: "unknown", superseded: "unknown", done: "up", "rolled-back": "warn", failed: "down",
};

const planMarks: Record<api.PlanState, string> = {
  proposed: "○", verified: "◐", approved: "◕", applying: "▶", confirming: "▶", refused: "✕", rejected: "✕", expired: "◌", superseded: "◌", done: "✓", "rolled-back": "↶", failed: "!",
};

export const PlanBadge = ({ state }: { state: api.PlanState }): JSX.Element => (
  <span class={`state state-${planTones[state]}`}><span aria-hidden="true">{planMarks[state]}</span> {state}</span>
);

export function Plans({ live, route, explain }: ViewProps): JSX.Element {
  const { data, error, again } = usePlans(live);
  const deed = useDeed();
  const id = route.path[1];
  if (!data) return error ? <Problem>The plans could not be read: {error}</Problem> : <Loading what="plans" />;
  if (id) {
    const plan = data.plans.find((p) => p.id === id);
    if (!plan) return <OlderPlan key={id} id={id} live={live} explain={explain} again={again} />;
    return <PlanPage key={id} plan={plan} live={live} explain={explain} again={again} lost={error ?? ""} />;
  }
  return <Overview data={data} error={error ?? ""} live={live} deed={deed} again={again} explain={explain} />;
}

interface OlderProps {
  id: string;
  live: Live;
  explain: ViewProps["explain"];
  again: () => void;
}

// OlderPlan is one that is not among the newest.
function OlderPlan({ id, live, explain, again }: OlderProps): JSX.Element {
  const { data, error } = useLoad(`${id} ${live.version}`, () => api.plan(id));
  if (data) return <PlanPage plan={data} live={live} explain={explain} again={again} lost={error ?? ""} />;
  if (error) return <Empty title={`No plan ${id}`}><p>{error}</p><p><a href={href("plans")}>All plans</a></p></Empty>;
  return <Loading what={`plan ${id}`} />;
}

// undecided are the states in which a plan still answers its need.
const undecided: (api.PlanState | undefined)[] = ["proposed", "verified", "approved", "applying", "confirming"];

interface OverviewProps {
  data: PlanList;
  error: string;
  live: Live;
  deed: Deed;
  again: () => void;
  explain: ViewProps["explain"];
}

function Overview({ data, error, live, deed, again, explain }: OverviewProps): JSX.Element {
  const { plans } = data;
  const propose = async (need: api.Need): Promise<void> => {
    let made: api.Plan | undefined;
    if (await deed.run(need.need, async (token) => (made = await api.propose(need.need, token)))) location.hash = href(`plans/${made?.id}`);
    again();
  };
  return (
    <div class="sheet" data-testid="plans">
      {error && <Problem>What is shown may be out of date: {error}</Problem>}
      {live.at && <p class="note">Plans are shown as they stand now, whatever the moment: they are kept in the journal, not in the graph.</p>}
      <section class="card" aria-label="Needs">
        <header>
          <h2>What rules say should be done <span class={data.needs.length ? "badge" : "badge badge-none"}>{data.needs.length}</span></h2>
          <p class="muted small">A plan is tried on a branch of the graph first; nothing is sent before an operator approves it.</p>
        </header>
        {deed.error && <Problem>{deed.error}</Problem>}
        {data.needs.length === 0 && <p class="muted none">Nothing. Rules look again at every change.</p>}
        <ul class="finding-list">
          {data.needs.map((need) => (
            <li key={need.need}>
              <span class="need-mark" aria-hidden="true">→</span>
              <div>{need.message}</div>
              {need.plan && need.state && <a class="chip" href={href(`plans/${need.plan}`)}>plan {need.plan} <PlanBadge state={need.state} /></a>}
              <button type="button" class="why" onClick={() => explain(needFact(need))}>why?</button>
              {need.plan && undecided.includes(need.state) ? <a class="button primary" href={href(`plans/${need.plan}`)}>Open plan {need.plan}</a> : (
                <button type="button" class="button primary" disabled={deed.busy !== ""} onClick={() => void propose(need)}>
                  {deed.busy === need.need ? "Trying on a branch …" : need.plan ? "Plan again" : "Plan a repair"}
                </button>
              )}
            </li>
          ))}
        </ul>
      </section>
      <section class="card" aria-label="Plans">
        <header><h2>Plans <span class="badge badge-none">{data.total}</span></h2></header>
        {plans.length === 0 ? <p class="muted none">None yet.</p> : (
          <table class="plain-table" data-testid="plan-list">
            <thead><tr><th>Plan</th><th>What</th><th>State</th><th>Devices</th><th>Changed</th></tr></thead>
            <tbody>
              {plans.map((p) => (
                <tr key={p.id}>
                  <td><a href={href(`plans/${p.id}`)}><b>{p.id}</b></a></td>
                  <td><a class="plain-link" href={href(`plans/${p.id}`)}>{p.need.message}</a>{p.reason && <div class="muted small">{p.reason}</div>}</td>
                  <td><PlanBadge state={p.state} /></td>
                  <td>{(p.verdict?.impact.devices ?? []).join(", ")}</td>
                  <td class="muted nowrap">{ago(p.updated)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      {data.total > plans.length && <p class="muted small">The newest {plans.length} are listed.</p>}
      {plans.length > 0 && <Journal />}
    </div>
  );
}

export const needFact = (need: api.Need): string => `<${need.need}> <${TWIN}message> ${quote(need.message)} .`;

// The twin's HTTP API, the only thing that this page talks to.

import { type AnswerTerm, readTerm, type Term } from "./rdf";

export interface Info {
  version: string;
  base: string;
  engine: string;
  quads: number;
  terms: number;
  head: number;
  created: string;
  sizeBytes: number;
}

export interface RuleStatus {
  rule: string;
  file: string;
  target: string; // "default" or "derived"
  comment: string;
  citation: string;
  derivations: number;
  lastRun: string;
  error?: string;
}

export interface Commit {
  seq: number;
  time: string;
  adds: number;
  deletes: number;
  note: string;
}

export interface SourceStatus {
  device: string;
  address: string;
  collector: string;
  state: string; // "in sync", "stale", "lost", "unknown"
  thing?: string; // IRI of the device
  periodSeconds: number; // zero: it tells by itself
  lastContact?: string;
  lastReason?: string; // why it was read then
  lastError?: string;
  watchError?: string;
  failures: number; // in a row
  nextTry?: string;
  tookSeconds: number; // of the last try
  facts: number;
  unmapped: number; // values that no table knows
  requestRate: number; // a second
  byteRate: number;
}

export interface Explanation {
  fact: string;
  asserted?: boolean;
  because?: Because[];
  source?: SourceTrace;
  truncated?: boolean;
  repeated?: boolean;
}

export interface Because {
  rule: string;
  name: string;
  comment: string;
  citation: string;
  derivation: string;
  premises: Explanation[] | null;
}

export interface SourceTrace {
  graph: string;
  device?: string;
  collector?: string;
  thing: string;
  knowledgeItem?: string;
  started?: string;
  ended?: string;
  rawItems?: string[];
  envelope?: string;
  commit?: { seq: number; time: string };
}

export interface Results {
  vars: string[];
  rows: Record<string, Term>[];
}

// TimelineEntry is a commit that changed the network's state, or a step of a
// plan.
export interface TimelineEntry {
  kind: "commit" | "step";
  time: string;
  seq?: number;
  note?: string;
  adds?: number;
  deletes?: number;
  touched?: { default: number; derived: number; source: number; provenance: number; other: number };
  appeared?: TimelineThing[];
  gone?: TimelineThing[];
  changed?: { thing: string; property: string; from: string; to: string }[];
  classes?: { class: string; added?: number; deleted?: number }[];
  truncated?: boolean;
  plan?: string;
  message?: string;
  step?: string;
  device?: string;
  by?: string;
  detail?: string;
  state?: PlanState; // what the plan came to, of its last step
}

export interface TimelineThing {
  iri: string;
  graph?: string;
  classes?: string[];
  message: string;
  about?: string[];
  devices?: string[];
}

export interface Timeline {
  begin: string; // the first instant that asOf= answers
  now: string;
  head: number;
  entries: TimelineEntry[];
  before?: number; // where to go on; absent at the end
}

export interface Need {
  need: string;
  action: string;
  message: string;
  targets: string[] | null;
  devices: string[] | null;
  because?: string[];
  plan?: string;
  state?: PlanState;
}

export type PlanState =
  | "proposed" | "verified" | "approved" | "applying" | "confirming"
  | "refused" | "rejected" | "expired" | "superseded" | "done" | "rolled-back" | "failed";

export interface Change {
  quad: string;
  delete?: boolean;
}

export interface Payload {
  driver: string;
  device: string;
  deviceIri: string;
  graph: string;
  mediaType: string;
  body: string;
  changes: Change[] | null;
  item?: string;
}

export interface PlanFinding {
  finding: string;
  class: string;
  message: string;
  about: string[] | null;
}

export interface Impact {
  devices: string[] | null;
  pairsBefore: number;
  pairsAfter: number;
  pairsLost: number;
  pairsGained: number;
  lost?: [string, string][];
  gained?: [string, string][];
  services?: { service: string; name?: string; resolved?: string[]; introduced?: string[] }[];
}

export interface Verdict {
  ok: boolean;
  reasons?: string[];
  resolved?: PlanFinding[];
  introduced?: PlanFinding[];
  impact: Impact;
}

export interface PlanStep {
  seq: number;
  time: string;
  step: string;
  device?: string;
  by?: string;
  detail?: string;
}

export interface Plan {
  id: string;
  need: Need;
  action: string;
  freshnessNanoseconds: number;
  state: PlanState;
  reason?: string;
  created: string;
  updated: string;
  base?: number;
  branch?: string;
  changes?: Change[];
  payloads?: Payload[];
  verdict?: Verdict;
  digest?: string;
  approval?: { by: string; at: string; digest: string };
  token?: string;
  started?: string;
  deadline?: string;
  steps?: PlanStep[];
}

// Unauthorized: the twin wants a token, or another one.
export class Unauthorized extends Error {}

// Failure carries what the twin said about a refused request.
export class Failure extends Error {
  constructor(message: string, readonly status: number) {
    super(message);
  }
}

// Tokens live in this tab only: one for reading, where the twin asks for it,
// and one for what reaches devices.
const tokenKey = "nettwin.token";
const operatorKey = "nettwin.operator";

export function setToken(token: string): void {
  sessionStorage.setItem(tokenKey, token);
}

export const operatorToken = (): string => sessionStorage.getItem(operatorKey) ?? sessionStorage.getItem(tokenKey) ?? "";

export function setOperatorToken(token: string): void {
  if (token) sessionStorage.setItem(operatorKey, token);
  else sessionStorage.removeItem(operatorKey);
}

// moment is the instant whose network is shown: "" is now. The page sets it
// from its address before any view asks.
let moment = "";

export function setMoment(at: string): void {
  moment = at;
}

// asOf adds the moment to a path.
function asOf(path: string): string {
  if (!moment) return path;
  return `${path}${path.includes("?") ? "&" : "?"}asOf=${encodeURIComponent(moment)}`;
}

// request sends one request; any answer other than 2xx becomes an error.
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const token = sessionStorage.getItem(tokenKey);
  if (token && !headers.has("Authorization")) headers.set("Authorization", `Bearer ${token}`);
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, headers });
  } catch (err) {
    if (err instanceof DOMException && err.name === "AbortError") throw err;
    throw new Failure("the twin does not answer; is it still running?", 0);
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  if (answer.status === 401) throw new Unauthorized(detail(text) || "the twin asks for a token");
  throw new Failure(detail(text) || `${answer.status} ${answer.statusText}`, answer.status);
}

// detail takes the explanation out of application/problem+json, or out of an
// error of the TMF APIs.
function detail(text: string): string {
  try {
    const problem: unknown = JSON.parse(text);
    if (problem && typeof problem === "object") {
      if ("detail" in problem) return String(problem.detail);
      if ("message" in problem) return String(problem.message);
      if ("reason" in problem) return String(problem.reason);
    }
  } catch {
    // plain text
  }
  return text.trim();
}

async function json<T>(path: string): Promise<T> {
  return (await request(path)).json() as Promise<T>;
}

export const info = (): Promise<Info> => json("/api/v1/info");

export const rules = async (): Promise<RuleStatus[]> =>
  (await json<{ rules: RuleStatus[] }>("/api/v1/rules")).rules;

export const sources = async (): Promise<SourceStatus[]> =>
  (await json<{ sources: SourceStatus[] }>("/api/v1/sources")).sources;

export const commits = async (after: number, limit: number): Promise<Commit[]> =>
  (await json<{ commits: Commit[] }>(`/api/v1/commits?after=${after}&limit=${limit}`)).commits;

// explain asks why a fact is there: at an instant, else at the moment shown.
export const explain = (fact: string, at = ""): Promise<Explanation> => {
  const path = `/api/v1/explain?fact=${encodeURIComponent(fact)}`;
  return json(at ? `${path}&asOf=${encodeURIComponent(at)}` : asOf(path));
};

export interface TimelineQuery {
  from?: string;
  after?: number;
  before?: number;
  limit?: number;
  all?: boolean;
}

export function timeline(q: TimelineQuery): Promise<Timeline> {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(q)) if (value) params.set(key, String(value));
  return json(`/api/v1/timeline?${params}`);
}

export const needs = async (): Promise<Need[]> => (await json<{ needs: Need[] }>("/api/v1/needs")).needs;

// plans lists the newest plans and tells how many there are.
export const plans = async (limit: number): Promise<{ plans: Plan[]; total: number }> => {
  const page = await json<{ plans: Plan[]; total?: number }>(`/api/v1/plans?limit=${limit}`);
  return { plans: page.plans, total: page.total ?? page.plans.length };
};

export const plan = (id: string): Promise<Plan> => json(`/api/v1/plans/${encodeURIComponent(id)}`);

const bearer = (token: string): Record<string, string> => (token ? { Authorization: `Bearer ${token}` } : {});

// order sends what only an operator may ask for.
async function order<T>(path: string, body: unknown, token: string): Promise<T> {
  const headers = { "Content-Type": "application/json", ...bearer(token) };
  const answer = await request(path, { method: "POST", headers, body: JSON.stringify(body) });
  return answer.json() as Promise<T>;
}

// Audit is what the journal of changes is worth: each line holds the hash of
// the one before it.
export interface Audit {
  entries: number;
  head: string;
  verified: boolean;
  error?: string;
  log: { seq: number; time: string; plan: string; step: string; hash: string; prev: string }[];
}

export const audit = async (after: number, limit: number, token: string): Promise<Audit> =>
  (await request(`/api/v1/audit?after=${after}&limit=${limit}`, { headers: bearer(token) })).json() as Promise<Audit>;

export interface Intent {
  id: string;
  href: string;
  name: string;
  description?: string;
  creationDate: string;
  lifecycleStatus: string; // "Accepted", "Compliant", "Degraded", "Rejected"
  statusChangeDate: string;
  expression?: { "@type": string; iri?: string; expressionValue: unknown };
}

export interface IntentReport {
  id: string;
  reportNumber: number;
  creationDate: string;
  state: string;
  reason: { message: string; about?: string[]; items?: string[] }[];
}

const intentPath = "/tmf-api/intentManagement/v5/intent";

// intents lists what the network is meant to do; null if this twin takes none.
export async function intents(): Promise<Intent[] | null> {
  try {
    return await json<Intent[]>(`${intentPath}?limit=200`);
  } catch (err) {
    if (err instanceof Failure && err.status === 404) return null;
    throw err;
  }
}

export const intentReports = (id: string): Promise<IntentReport[]> => json(`${intentPath}/${encodeURIComponent(id)}/intentReport?limit=100`);

export const submitIntent = (name: string, turtle: string, token: string): Promise<Intent> =>
  order(intentPath, { "@type": "Intent", name, expression: { "@type": "TurtleExpression", expressionValue: turtle } }, token);

export const withdrawIntent = (id: string, token: string): Promise<Response> =>
  request(`${intentPath}/${encodeURIComponent(id)}`, { method: "DELETE", headers: bearer(token) });

export const propose = (need: string, token: string): Promise<Plan> => order("/api/v1/plans", { need }, token);

export const approve = (id: string, token: string): Promise<Plan> => order(`/api/v1/plans/${encodeURIComponent(id)}/approve`, {}, token);

export const reject = (id: string, reason: string, token: string): Promise<Plan> =>
  order(`/api/v1/plans/${encodeURIComponent(id)}/reject`, { reason }, token);

export const apply = (id: string, token: string): Promise<Plan> => order(`/api/v1/plans/${encodeURIComponent(id)}/apply`, {}, token);

const asResults = "application/sparql-results+json";

// query runs a query; the answer may be JSON results or, for CONSTRUCT and
// DESCRIBE, Turtle.
export function query(text: string, signal?: AbortSignal): Promise<Response> {
  return request(asOf("/sparql"), {
    method: "POST",
    headers: { "Content-Type": "application/sparql-query", Accept: `${asResults}, text/turtle;q=0.8` },
    body: text,
    signal: signal ?? null,
  });
}

// select runs a SELECT of the page itself.
export async function select(text: string): Promise<Record<string, Term>[]> {
  return results(await (await query(text)).text()).rows;
}

// results reads SPARQL 1.2 Query Results JSON; ASK becomes one row.
export function results(text: string): Results {
  const body = JSON.parse(text) as {
    head: { vars?: string[] };
    boolean?: boolean;
    results?: { bindings: Record<string, AnswerTerm>[] };
  };
  if (body.boolean !== undefined) {
    return { vars: ["answer"], rows: [{ answer: { type: "literal", value: String(body.boolean) } }] };
  }
  const rows = (body.results?.bindings ?? []).map((row) => Object.fromEntries(Object.entries(row).map(([name, term]) => [name, readTerm(term)])));
  return { vars: body.head.vars ?? [], rows };
}

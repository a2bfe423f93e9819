// The twin's HTTP API, the only thing that this page talks to.

import type { Term } from "./rdf";

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
  changes?: { op: string; quad: string }[];
  changesTruncated?: boolean;
}

export interface SourceStatus {
  device: string;
  address: string;
  collector: string;
  state: string; // "in sync", "stale", "lost", "unknown"
  thing?: string; // IRI of the device
  lastContact?: string;
  lastError?: string;
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

// Unauthorized: the twin wants a token.
export class Unauthorized extends Error {}

// Failure carries what the twin said about a refused request.
export class Failure extends Error {
  constructor(message: string, readonly status: number) {
    super(message);
  }
}

const tokenKey = "nettwin.token";

export function setToken(token: string): void {
  sessionStorage.setItem(tokenKey, token);
}

// request sends one request; any answer other than 2xx becomes an error.
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const token = sessionStorage.getItem(tokenKey);
  if (token) headers.set("Authorization", `Bearer ${token}`);
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

// detail takes the explanation out of application/problem+json.
function detail(text: string): string {
  try {
    const problem: unknown = JSON.parse(text);
    if (problem && typeof problem === "object" && "detail" in problem) return String(problem.detail);
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

export const feed = async (after: number, limit: number): Promise<Commit[]> =>
  (await json<{ commits: Commit[] }>(`/api/v1/feed?after=${after}&limit=${limit}`)).commits;

export const explain = (fact: string): Promise<Explanation> =>
  json(`/api/v1/explain?fact=${encodeURIComponent(fact)}`);

const asResults = "application/sparql-results+json";

// query runs a query; the answer may be JSON results or, for CONSTRUCT and
// DESCRIBE, Turtle.
export function query(text: string, signal?: AbortSignal): Promise<Response> {
  return request("/sparql", {
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

// results reads SPARQL 1.1 Query Results JSON; ASK becomes one row.
export function results(text: string): Results {
  const body = JSON.parse(text) as {
    head: { vars?: string[] };
    boolean?: boolean;
    results?: { bindings: Record<string, Term>[] };
  };
  if (body.boolean !== undefined) {
    return { vars: ["answer"], rows: [{ answer: { type: "literal", value: String(body.boolean) } }] };
  }
  return { vars: body.head.vars ?? [], rows: body.results?.bindings ?? [] };
}

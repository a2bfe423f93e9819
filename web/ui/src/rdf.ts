// Terms, statements and how they are shown to people.

export interface Term {
  type: "uri" | "literal" | "bnode" | "typed-literal" | "triple";
  value: string; // of a triple term: its text in N-Triples
  datatype?: string;
  "xml:lang"?: string;
}

// AnswerTerm is a term as an answer in JSON has it: a triple term in parts.
export interface AnswerTerm extends Omit<Term, "value"> {
  value: string | { subject: AnswerTerm; predicate: AnswerTerm; object: AnswerTerm };
  "its:dir"?: string;
}

// readTerm makes a term of an answer's.
export function readTerm(term: AnswerTerm): Term {
  return typeof term.value === "string" ? { ...term, value: term.value } : { type: "triple", value: writeTerm(term) };
}

function writeTerm(term: AnswerTerm): string {
  const { value } = term;
  if (typeof value !== "string") return `<<( ${writeTerm(value.subject)} ${writeTerm(value.predicate)} ${writeTerm(value.object)} )>>`;
  if (term.type === "uri") return `<${value}>`;
  if (term.type === "bnode") return `_:${value}`;
  const lang = term["xml:lang"];
  const dir = term["its:dir"] ? `--${term["its:dir"]}` : "";
  return quote(value) + (lang ? `@${lang}${dir}` : term.datatype ? `^^<${term.datatype}>` : "");
}

export interface Statement {
  s: Term;
  p: Term;
  o: Term;
  g?: Term;
}

export const TWIN = "https://w3id.org/nettwin/ns#";
export const RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
export const RDFS = "http://www.w3.org/2000/01/rdf-schema#";
export const XSD = "http://www.w3.org/2001/XMLSchema#";
export const PROV = "http://www.w3.org/ns/prov#";

export const prefixes: Record<string, string> = { twin: TWIN, rdf: RDF, rdfs: RDFS, xsd: XSD, prov: PROV };

// prologue declares our prefixes.
export const prologue = Object.entries(prefixes)
  .map(([name, iri]) => `PREFIX ${name}: <${iri}>\n`)
  .join("");

const iriref = String.raw`<[^<>"\s]*>`;
const bnode = String.raw`_:[^\s<>"]+`;
const literal = String.raw`"(?:[^"\\\n\r]|\\.)*"(?:\^\^${iriref}|@[A-Za-z0-9-]+)?`;
const line = new RegExp(String.raw`^\s*(${iriref}|${bnode})\s*(${iriref})\s*(${iriref}|${bnode}|${literal})\s*(${iriref}|${bnode})?\s*\.?\s*$`);

// parseQuad reads one statement of N-Quads; null if it is none.
export function parseQuad(text: string): Statement | null {
  const m = line.exec(text);
  if (!m) return null;
  const [, s, p, o, g] = m;
  if (!s || !p || !o) return null;
  const statement: Statement = { s: parseTerm(s), p: parseTerm(p), o: parseTerm(o) };
  if (g) statement.g = parseTerm(g);
  return statement;
}

function parseTerm(text: string): Term {
  if (text.startsWith("<")) return { type: "uri", value: unescape(text.slice(1, -1)) };
  if (text.startsWith("_:")) return { type: "bnode", value: text.slice(2) };
  const end = text.lastIndexOf('"');
  const term: Term = { type: "literal", value: unescape(text.slice(1, end)) };
  const rest = text.slice(end + 1);
  if (rest.startsWith("^^")) term.datatype = rest.slice(3, -1);
  if (rest.startsWith("@")) term["xml:lang"] = rest.slice(1);
  return term;
}

const escapes: Record<string, string> = { t: "\t", b: "\b", n: "\n", r: "\r", f: "\f" };

function unescape(text: string): string {
  return text.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g, (_, u4, u8, c) =>
    u4 || u8 ? String.fromCodePoint(parseInt(u4 ?? u8, 16)) : (escapes[c] ?? c),
  );
}

// quote writes a string as a literal of N-Quads and SPARQL.
export function quote(text: string): string {
  const escaped = text.replace(/[\\"\n\r]/g, (c) => ({ "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r" })[c] ?? c);
  return `"${escaped}"`;
}

// shortIRI is how an IRI is shown: with a prefix, below the base, or its end.
export function shortIRI(iri: string, base: string): string {
  for (const [name, start] of Object.entries(prefixes)) {
    if (iri.startsWith(start)) return `${name}:${iri.slice(start.length)}`;
  }
  if (iri.startsWith("https://w3id.org/nettwin/")) return decode(iri.slice("https://w3id.org/nettwin/".length));
  if (base && iri.startsWith(base)) return decode(iri.slice(base.length).replace(/^id\//, ""));
  return iri;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// words turns a property's local name into words: operStatus, "oper status".
export function words(iri: string): string {
  const local = iri.slice(Math.max(iri.lastIndexOf("#"), iri.lastIndexOf("/")) + 1);
  return acronyms(local.replace(/([a-z0-9])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`));
}

// acronyms writes the names of protocols as people do.
export const acronyms = (text: string): string => text.replace(/\b(lldp|ospf|bgp|mac)\b/gi, (name) => name.toUpperCase());

// localPath turns an IRI of this twin into a path on its server.
export function localPath(iri: string, base: string): string | undefined {
  if (!iri.startsWith(base)) return undefined;
  const path = iri.slice(base.length);
  return path.startsWith("id/") || path.startsWith("names/") ? `/${path}` : undefined;
}

// itemPath is where the item of a name is served; names may come as IRIs.
export function itemPath(name: string): string {
  return `/names/${itemName(name)}`;
}

export function itemName(name: string): string {
  return name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf(":")) + 1);
}

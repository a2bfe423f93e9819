// The explanation of a fact: the rules that made it, what they rest on, and
// below that the device, the time and the items.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "./api";
import { useLoad } from "./live";
import { compare, loadLabels } from "./model";
import { clock, Loading, plural, Problem } from "./parts";
import { itemName, itemPath, localPath, parseQuad, RDF, shortIRI, words, type Term } from "./rdf";

// Branches from this depth on are closed, and drawn when they are opened.
const openDepth = 1;

interface Context {
  base: string;
  labels: Map<string, string>;
}

interface Explained {
  tree: api.Explanation;
  labels: Map<string, string>;
  roots: Root[];
}

// Root is what one device said at one time, on which the fact rests.
interface Root {
  trace: api.SourceTrace;
  facts: Set<string>;
}

async function load(fact: string, at: string, base: string): Promise<Explained> {
  const tree = await api.explain(fact, at);
  const iris = new Set<string>();
  const roots = new Map<string, Root>();
  collect(tree, (node) => {
    const q = parseQuad(node.fact);
    for (const term of [q?.s, q?.o]) if (term?.type === "uri" && term.value.startsWith(`${base}id/`)) iris.add(term.value);
    if (!node.source) return;
    const key = `${node.source.graph} ${node.source.envelope ?? ""}`;
    const root = roots.get(key) ?? { trace: node.source, facts: new Set() };
    roots.set(key, root);
    root.facts.add(node.fact);
  });
  const order = (a: Root, b: Root): number => compare(a.trace.device ?? "", b.trace.device ?? "") || compare(b.trace.ended ?? "", a.trace.ended ?? "");
  return { tree, labels: await loadLabels([...iris]), roots: [...roots.values()].sort(order) };
}

function collect(node: api.Explanation, visit: (node: api.Explanation) => void): void {
  visit(node);
  for (const because of node.because ?? []) for (const premise of because.premises ?? []) collect(premise, visit);
}

export function Explain({ fact, at, base, close }: { fact: string; at: string; base: string; close: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const { data, error } = useLoad(fact, () => load(fact, at, base), fact);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog} class="drawer" aria-label="Explanation" data-testid="explain" onClose={close}
      onClick={(e) => e.target === dialog.current && dialog.current?.close()}
    >
      <div class="drawer-inner">
        <header class="panel-head">
          <div>
            <h2>Why?</h2>
            <p class="muted">From the fact down to the device that said it, the time, and the stored items{at && <>, as of {clock(at)}</>}.</p>
          </div>
          <button type="button" class="close" aria-label="Close explanation" onClick={() => dialog.current?.close()}>×</button>
        </header>
        {error && <Problem>This could not be explained: {error}</Problem>}
        {data ? (
          <>
            <ul class="tree"><Fact node={data.tree} depth={0} ctx={{ base, labels: data.labels }} /></ul>
            {data.roots.length > 0 && <Roots roots={data.roots} ctx={{ base, labels: data.labels }} />}
          </>
        ) : !error && <Loading what="the derivation" />}
      </div>
    </dialog>
  );
}

function Fact({ node, depth, ctx }: { node: api.Explanation; depth: number; ctx: Context }): JSX.Element {
  const [open, setOpen] = useState(depth < openDepth);
  const [first, ...others] = node.because ?? [];
  return (
    <li>
      <details open={open} onToggle={(e) => setOpen(e.currentTarget.open)}>
        <summary><Sentence fact={node.fact} ctx={ctx} /></summary>
        {open && (
          <>
            {first && <Reason because={first} depth={depth} ctx={ctx} />}
            {others.length > 0 && <Others others={others} depth={depth} ctx={ctx} />}
            {node.source && <Source trace={node.source} ctx={ctx} />}
            {node.asserted && <p class="origin">stated directly, not by a rule{first ? " (as well)" : ""}</p>}
            {node.repeated && <p class="origin">explained where it stands first in this tree</p>}
            {node.truncated && <p class="origin">more lies below; explain this fact by itself to see it</p>}
          </>
        )}
      </details>
    </li>
  );
}

// Others are further ways to the same fact.
function Others({ others, depth, ctx }: { others: api.Because[]; depth: number; ctx: Context }): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <details class="others" open={open} onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary class="muted">{plural(others.length, "more way")} to the same fact</summary>
      {open && others.map((b) => <Reason key={b.derivation} because={b} depth={depth} ctx={ctx} />)}
    </details>
  );
}

// Roots sums up who said what all of it rests on.
const Roots = ({ roots, ctx }: { roots: Root[]; ctx: Context }): JSX.Element => (
  <section class="roots">
    <h3>All of it rests on</h3>
    {roots.map((root) => (
      <div key={`${root.trace.graph} ${root.trace.envelope ?? ""}`} class="root">
        <p class="muted small">{plural(root.facts.size, "statement")}</p>
        <Source trace={root.trace} ctx={ctx} whole />
      </div>
    ))}
  </section>
);

function Sentence({ fact, ctx }: { fact: string; ctx: Context }): JSX.Element {
  const q = parseQuad(fact);
  if (!q) return <code>{fact}</code>;
  return (
    <span class="sentence" title={fact}>
      <TermView term={q.s} ctx={ctx} /> <span class="property">{q.p.value === RDF + "type" ? "is a" : words(q.p.value)}</span> <TermView term={q.o} ctx={ctx} />
    </span>
  );
}

function TermView({ term, ctx }: { term: Term; ctx: Context }): JSX.Element {
  if (term.type !== "uri") return <span class="literal">{term.value}</span>;
  const label = ctx.labels.get(term.value) ?? shortIRI(term.value, ctx.base);
  const path = localPath(term.value, ctx.base);
  return path ? <a href={path}>{label}</a> : <span>{label}</span>;
}

function Reason({ because, depth, ctx }: { because: api.Because; depth: number; ctx: Context }): JSX.Element {
  const premises = because.premises ?? [];
  return (
    <div class="reason">
      <p>
        <span class="rule-name">{because.name || shortIRI(because.rule, ctx.base)}</span> {because.comment}
        {because.citation && <span class="muted small"> ({because.citation})</span>}
      </p>
      {premises.length > 0 && <p class="muted small">because of {plural(premises.length, "fact")}:</p>}
      <ul class="tree">{premises.map((p) => <Fact key={p.fact} node={p} depth={depth + 1} ctx={ctx} />)}</ul>
    </div>
  );
}

const Item = ({ name, kind }: { name: string; kind: string }): JSX.Element => (
  <li><span class="muted">{kind}</span> <a class="mono" href={itemPath(name)} title={itemName(name)}>{shortName(itemName(name))}</a></li>
);

const shortName = (cid: string): string => (cid.length > 24 ? `${cid.slice(0, 12)}…${cid.slice(-8)}` : cid);

function Source({ trace, ctx, whole }: { trace: api.SourceTrace; ctx: Context; whole?: boolean }): JSX.Element {
  const raw = trace.rawItems ?? [];
  return (
    <div class="source">
      <p>
        said by <strong>{trace.device ?? shortIRI(trace.graph, ctx.base)}</strong>
        {trace.collector && <> over {trace.collector.toUpperCase()}</>}
        {trace.ended && <>, <time dateTime={trace.ended}>{clock(trace.ended)}</time></>}
        {trace.commit && <>, commit {trace.commit.seq}</>}
      </p>
      <ul class="items">
        {trace.knowledgeItem && !whole && <Item name={trace.knowledgeItem} kind="knowledge" />}
        {trace.envelope && <Item name={trace.envelope} kind="envelope" />}
        {raw.length === 1 && <Item name={raw[0] ?? ""} kind="raw" />}
      </ul>
      {raw.length > 1 && (
        <details>
          <summary class="muted small">{plural(raw.length, "raw item")}</summary>
          <ul class="items">{raw.map((name) => <Item key={name} name={name} kind="raw" />)}</ul>
        </details>
      )}
    </div>
  );
}

// The SPARQL view: editor, example queries, results, share link.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import * as api from "./api";
import { csv, download, fileName } from "./csv";
import { edit, type Editor } from "./editor";
import { examples } from "./examples";
import { ExportButton, Loading, plural, Problem } from "./parts";
import { localPath, shortIRI, type Term } from "./rdf";
import { href, replace, type Route } from "./route";
import type { ViewProps } from "./topology";

// pageRows bounds the rows drawn at first.
const pageRows = 500;

interface Answer {
  results?: api.Results;
  text?: string; // of CONSTRUCT and DESCRIBE
  error?: string;
  millis: number;
}

export function Sparql({ live, route }: ViewProps): JSX.Element {
  return live.info ? <Workbench base={live.info.base} route={route} /> : <Loading what="the twin's name" />;
}

function Workbench({ base, route }: { base: string; route: Route }): JSX.Element {
  const list = useMemo(() => examples(base), [base]);
  const frame = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor>(null);
  const running = useRef<AbortController>(null);
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [note, setNote] = useState("");
  const shared = route.params.get("query");

  const run = async (): Promise<void> => {
    running.current?.abort();
    const control = new AbortController();
    running.current = control;
    const text = editor.current?.get() ?? "";
    const started = performance.now();
    setBusy(true);
    setNote("");
    let result: Answer;
    try {
      result = { ...(await ask(text, control.signal)), millis: performance.now() - started };
    } catch (err) {
      if (control.signal.aborted) {
        if (running.current === control) setBusy(false);
        return;
      }
      result = { error: err instanceof Error ? err.message : String(err), millis: performance.now() - started };
    }
    if (running.current !== control) return;
    setBusy(false);
    setAnswer(result);
  };
  const latest = useRef(run);
  latest.current = run;

  useEffect(() => {
    if (!frame.current) return;
    const made = edit(frame.current, shared ?? list[0]?.text ?? "", () => void latest.current(), (text) => {
      history.replaceState(null, "", href("sparql", { query: text }));
    });
    editor.current = made;
    if (shared) void latest.current();
    return () => {
      running.current?.abort();
      made.destroy();
    };
  }, [list]);
  useEffect(() => {
    if (shared !== null && editor.current && editor.current.get() !== shared) editor.current.set(shared);
  }, [shared]);

  const share = async (): Promise<void> => {
    replace(href("sparql", { query: editor.current?.get() ?? "" }));
    try {
      await navigator.clipboard.writeText(location.href);
      setNote("Link copied");
    } catch {
      setNote("The address bar holds the link");
    }
  };
  return (
    <div class="sparql">
      <div class="examples" role="group" aria-label="Example queries">
        {list.map((example) => (
          <button
            key={example.title} type="button" class="example"
            onClick={() => {
              editor.current?.set(example.text);
              void run();
            }}
          >
            {example.title}
          </button>
        ))}
      </div>
      <div class="editor" ref={frame} data-testid="editor" />
      <div class="table-tools">
        <button type="button" class="button primary" onClick={() => void run()} disabled={busy} title="Control and Enter">▶ Run</button>
        {busy && <button type="button" class="button" onClick={() => running.current?.abort()}>Stop</button>}
        <button type="button" class="button" onClick={() => editor.current?.insertPrefixes()}>Insert prefixes</button>
        <button type="button" class="button" onClick={() => void share()}>Share link</button>
        <span class="muted" role="status">{busy ? "Running …" : note}</span>
      </div>
      {answer ? <AnswerView answer={answer} base={base} /> : (
        <p class="muted hint">Pick a question above, or write your own and press Control and Enter. Control and Space completes the twin's terms. Everything is read-only here.</p>
      )}
    </div>
  );
}

async function ask(text: string, signal: AbortSignal): Promise<Omit<Answer, "millis">> {
  const reply = await api.query(text, signal);
  const body = await reply.text();
  return (reply.headers.get("Content-Type") ?? "").includes("json") ? { results: api.results(body) } : { text: body };
}

function AnswerView({ answer, base }: { answer: Answer; base: string }): JSX.Element {
  const [limit, setLimit] = useState(pageRows);
  useEffect(() => setLimit(pageRows), [answer]);
  if (answer.error) return <div class="answer"><Problem><pre>{answer.error}</pre></Problem></div>;
  const time = `${answer.millis < 10 ? answer.millis.toFixed(1) : Math.round(answer.millis)} ms`;
  if (answer.text !== undefined) {
    return (
      <div class="answer">
        <p class="count">Graph as Turtle, {time}</p>
        <pre class="turtle">{answer.text}</pre>
      </div>
    );
  }
  const { vars, rows } = answer.results ?? { vars: [], rows: [] };
  const save = (): void => download(fileName("sparql", new Date()), csv(vars, rows.map((r) => vars.map((v) => r[v]?.value ?? ""))));
  return (
    <div class="answer">
      <div class="table-tools">
        <span class="count" role="status" data-testid="result-count">{plural(rows.length, "row")}, {time}</span>
        <ExportButton save={save} disabled={rows.length === 0} />
      </div>
      {rows.length === 0 ? <p class="muted none">The query is correct and has no solution.</p> : (
        <div class="table-frame" tabIndex={0} role="region" aria-label="Results">
          <table class="grid" data-testid="results">
            <thead><tr>{vars.map((v) => <th key={v}><span class="plain">{v}</span></th>)}</tr></thead>
            <tbody>
              {rows.slice(0, limit).map((row, i) => (
                <tr key={i}>{vars.map((v) => <td key={v}><Value term={row[v]} base={base} /></td>)}</tr>
              ))}
            </tbody>
          </table>
          {rows.length > limit && <p class="nothing"><button type="button" class="button" onClick={() => setLimit(limit + pageRows)}>Show {Math.min(pageRows, rows.length - limit)} more</button></p>}
        </div>
      )}
    </div>
  );
}

function Value({ term, base }: { term: Term | undefined; base: string }): JSX.Element {
  if (!term) return <span class="muted">–</span>;
  if (term.type !== "uri") return <span title={term.datatype}>{term.type === "bnode" ? `_:${term.value}` : term.value}</span>;
  const path = localPath(term.value, base);
  const label = shortIRI(term.value, base);
  return path ? <a href={path} title={term.value}>{label}</a> : <span title={term.value}>{label}</span>;
}

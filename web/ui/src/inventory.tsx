// The inventory: reports as tables with filter, order and export.

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { csv, download, fileName } from "./csv";
import { useLoad } from "./live";
import { compare } from "./model";
import { Empty, ExportButton, Loading, plural, Problem } from "./parts";
import { reports, type Cell, type Report, type Row } from "./reports";
import { href, replace } from "./route";
import type { ViewProps } from "./topology";

// pageRows bounds the rows drawn at first; a button draws more.
const pageRows = 500;

// shortCell is how many characters stay on one line.
const shortCell = 32;

export function Inventory({ live, route }: ViewProps): JSX.Element {
  const report = reports.find((r) => r.id === route.path[1]) ?? (reports[0] as Report);
  const loaded = useLoad(live.info ? `${report.id} ${live.key}` : null, report.load, report.id);
  const { data, error } = report.now ? { data: live.sources && report.now(live.sources), error: undefined } : loaded;
  return (
    <div class="inventory">
      <nav class="tabs" aria-label="Reports">
        {reports.map((r) => (
          <a key={r.id} href={href(`inventory/${r.id}`)} aria-current={r === report ? "page" : undefined}>{r.title}</a>
        ))}
      </nav>
      {error && <Problem>{report.title} could not be read: {error}</Problem>}
      {data ? <Table key={report.id} report={report} rows={data} params={route.params} /> : !error && <Loading what={report.title.toLowerCase()} />}
    </div>
  );
}

const texts = (row: Row): string => row.cells.map((c) => c.sort ?? c.text).join("\n");

interface Order {
  column: number;
  down: boolean;
}

// arrange filters and orders rows; every word of the filter must occur.
export function arrange(rows: Row[], filter: string, order: Order | null): Row[] {
  const wanted = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = rows.filter((row) => {
    const all = row.cells.map((c) => c.text).join("\n").toLowerCase();
    return wanted.every((w) => all.includes(w));
  });
  if (!order) return kept;
  const key = (row: Row): string => row.cells[order.column]?.sort ?? row.cells[order.column]?.text ?? "";
  return kept.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (!x !== !y) return Number(!x) - Number(!y); // what is unknown comes last
    const first = order.down ? compare(y, x) : compare(x, y);
    return first || compare(texts(a), texts(b));
  });
}

function orderOf(params: URLSearchParams): Order | null {
  const [column, way] = (params.get("sort") ?? "").split("-");
  return column ? { column: Number(column), down: way === "down" } : null;
}

function Table({ report, rows, params }: { report: Report; rows: Row[]; params: URLSearchParams }): JSX.Element {
  const [limit, setLimit] = useState(pageRows);
  const all = params.get("all") === "1";
  const listed = useMemo(() => (report.minor && !all ? rows.filter((r) => !report.minor?.is(r)) : rows), [rows, report, all]);
  const filter = params.get("q") ?? "";
  const order = orderOf(params) ?? (report.id === "end-of-life" ? { column: 5, down: false } : { column: 0, down: false });
  const shown = useMemo(() => arrange(listed, filter, order), [listed, filter, order.column, order.down]);
  const go = (q: string, sort: string, more = all): void => replace(href(`inventory/${report.id}`, { q, sort, all: more ? "1" : "" }));
  const sort = params.get("sort") ?? "";
  const save = (): void => {
    const lines = shown.map((row) => row.cells.map((c) => c.text));
    download(fileName(report.id, new Date()), csv(report.columns, lines));
  };
  if (rows.length === 0) return <Empty title="Nothing to list"><p>{report.empty}</p></Empty>;
  return (
    <>
      <div class="table-tools">
        <input
          type="search" placeholder="Filter: words that must occur" aria-label={`Filter ${report.title.toLowerCase()}`} value={filter}
          onInput={(e) => go(e.currentTarget.value, sort)}
        />
        {report.minor && (
          <label class="check"><input type="checkbox" checked={all} onChange={(e) => go(filter, sort, e.currentTarget.checked)} /> {report.minor.label}</label>
        )}
        <span class="count" role="status" data-testid="row-count">
          {shown.length === listed.length ? plural(listed.length, "row") : `${shown.length.toLocaleString("en")} of ${plural(listed.length, "row")}`}
        </span>
        <ExportButton save={save} disabled={shown.length === 0} />
      </div>
      <div class="table-frame" tabIndex={0} role="region" aria-label={report.title}>
        <table class="grid" data-testid="inventory-table">
          <thead>
            <tr>
              {report.columns.map((name, i) => (
                <th key={name} aria-sort={order.column === i ? (order.down ? "descending" : "ascending") : undefined}>
                  <button type="button" onClick={() => go(filter, `${i}-${order.column === i && !order.down ? "down" : "up"}`)}>
                    {name}<span class="arrow" aria-hidden="true">{order.column === i ? (order.down ? "↓" : "↑") : ""}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.slice(0, limit).map((row) => (
              <tr key={row.key}>{row.cells.map((cell, i) => <td key={i} class={cell.text.length <= shortCell ? "short" : "long"}><Value cell={cell} /></td>)}</tr>
            ))}
          </tbody>
        </table>
        {shown.length === 0 && <p class="nothing">No row holds all of “{filter}”. <button type="button" class="link" onClick={() => go("", sort)}>Clear the filter</button></p>}
        {shown.length > limit && (
          <p class="nothing">
            <button type="button" class="button" onClick={() => setLimit(limit + pageRows)}>Show {Math.min(pageRows, shown.length - limit)} more</button>{" "}
            <span class="muted">The export holds all {shown.length.toLocaleString("en")} rows.</span>
          </p>
        )}
      </div>
    </>
  );
}

const marks: Record<string, string> = { up: "▲", down: "▼", shut: "■", unknown: "?", warn: "!", bad: "✕" };

// Value draws a cell; marks are drawn by the style sheet and are no text.
function Value({ cell }: { cell: Cell }): JSX.Element {
  if (cell.device) return <a href={href("topology", { select: cell.device })}>{cell.text}</a>;
  if (cell.mark && cell.text) return <span class={`state state-${cell.mark}`} data-mark={marks[cell.mark]}>{cell.text}</span>;
  return <>{cell.text}</>;
}

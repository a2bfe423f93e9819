// The time line of the incident: what appeared, what went, what changed, and
// what was done about it.

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import * as api from "./api";
import { useLoad, type Live } from "./live";
import { loadLabels } from "./model";
import { ago, Empty, Loading, plural, Problem } from "./parts";
import { localPath, shortIRI } from "./rdf";
import { href, replace } from "./route";
import { episodes, type Episode, type Line, type LineKind } from "./story";
import { timeOf } from "./moment";
import type { ViewProps } from "./topology";

const pageCommits = 150;
// linesShown bounds the lines of an episode that are drawn at first.
const linesShown = 12;

const filters: { id: string; title: string; kinds: LineKind[] }[] = [
  { id: "", title: "Everything", kinds: ["finding", "need", "event", "state", "plan", "inventory"] },
  { id: "findings", title: "Findings", kinds: ["finding", "need"] },
  { id: "states", title: "States", kinds: ["state", "inventory"] },
  { id: "events", title: "Events of devices", kinds: ["event"] },
  { id: "plans", title: "Plans", kinds: ["plan"] },
];

const glyphs: Record<LineKind, string> = { finding: "!", need: "→", event: "≀", state: "●", plan: "✓", inventory: "+" };

interface Story {
  entries: api.TimelineEntry[];
  before: number;
  labels: Map<string, string>;
}

async function named(page: { entries: api.TimelineEntry[]; before?: number }, labels: Map<string, string>): Promise<Story> {
  const missing = new Set(page.entries.flatMap((e) => [...(e.changed ?? []).map((c) => c.thing), ...(e.appeared ?? []).flatMap((a) => a.devices ?? [])]).filter((iri) => !labels.has(iri)));
  for (const [iri, label] of await loadLabels([...missing])) labels.set(iri, label);
  return { entries: page.entries, before: page.before ?? 0, labels };
}

export function Timeline({ live, route, explain }: ViewProps): JSX.Element {
  const base = live.info?.base ?? "";
  const [older, setOlder] = useState<Story | null>(null);
  const [busy, setBusy] = useState(false);
  const [plansTick, setPlansTick] = useState(0);
  // Steps of plans come between commits.
  useEffect(() => {
    const every = setInterval(() => document.visibilityState === "visible" && setPlansTick((n) => n + 1), 5000);
    return () => clearInterval(every);
  }, []);
  const { data, error } = useLoad(live.info ? `${base} ${live.version} ${plansTick}` : null, async () => named(await api.timeline({ limit: pageCommits }), new Map()));
  const chosen = filters.find((f) => f.id === (route.params.get("show") ?? "")) ?? filters[0];
  const list = useMemo(() => {
    const cut = older ? data?.entries.filter((e) => !older.entries.some((o) => o.seq === e.seq && o.time === e.time && o.step === e.step)) : data?.entries;
    return episodes([...(cut ?? []), ...(older?.entries ?? [])])
      .map((ep) => ({ ...ep, lines: ep.lines.filter((l) => chosen?.kinds.includes(l.kind) && (!l.minor || chosen.id === "states")) }))
      .filter((ep) => ep.lines.length > 0);
  }, [data, older, chosen]);
  const next = older ? older.before : (data?.before ?? 0);
  const more = async (): Promise<void> => {
    setBusy(true);
    try {
      const story = await named(await api.timeline({ limit: pageCommits, before: next }), new Map(older?.labels));
      const kept = older?.entries ?? data?.entries ?? [];
      setOlder({ ...story, entries: [...kept, ...story.entries] });
    } finally {
      setBusy(false);
    }
  };
  if (!data) return error ? <Problem>The time line could not be read: {error}</Problem> : <Loading what="the time line" />;
  const label = (iri: string): string => data.labels.get(iri) ?? older?.labels.get(iri) ?? shortIRI(iri, base);
  return (
    <div class="story" data-testid="timeline">
      {error && <Problem>The time line may be out of date: {error}</Problem>}
      <nav class="tabs" aria-label="What is shown">
        {filters.map((f) => <a key={f.id} href={href("timeline", { show: f.id })} aria-current={f === chosen ? "page" : undefined} onClick={(e) => { e.preventDefault(); replace(href("timeline", { show: f.id })); }}>{f.title}</a>)}
      </nav>
      {list.length === 0 && <Empty title="Nothing yet"><p>What appears, goes or changes in the network is told here as it happens, with what was done about it.</p></Empty>}
      <ol class="episodes">
        {list.map((ep) => <EpisodeView key={ep.key} episode={ep} live={live} label={label} base={base} explain={explain} />)}
      </ol>
      {next > 0 && <p class="nothing"><button type="button" class="button" disabled={busy} onClick={() => void more()}>{busy ? "Reading …" : "Show what was before"}</button></p>}
    </div>
  );
}

interface EpisodeProps {
  episode: Episode;
  live: Live;
  label: (iri: string) => string;
  base: string;
  explain: ViewProps["explain"];
}

function EpisodeView({ episode, live, label, base, explain }: EpisodeProps): JSX.Element {
  const [all, setAll] = useState(false);
  const lines = all ? episode.lines : episode.lines.slice(0, linesShown);
  const looked = live.at !== "" && episode.time <= live.at && live.at <= episode.end;
  return (
    <li class={`episode ${looked ? "looked" : ""}`}>
      <div class="when">
        <time dateTime={episode.time} title={episode.time}>{timeOf(Date.parse(episode.time))}</time>
        <span class="muted small">{ago(episode.time)}</span>
      </div>
      <div class="what">
        <ul>
          {lines.map((line) => <LineView key={line.key} line={line} live={live} label={label} base={base} explain={explain} />)}
        </ul>
        {episode.lines.length > linesShown && (
          <button type="button" class="link" onClick={() => setAll(!all)}>{all ? "Show fewer" : `${plural(episode.lines.length - linesShown, "more line")}`}</button>
        )}
        <div class="episode-foot">
          {episode.commits.length > 0 && (
            <button type="button" class="link" title="Topology, inventory and findings as they were after this" onClick={() => { location.hash = href("topology", { at: episode.end }); }}>
              Look at this moment
            </button>
          )}
          <Commits commits={episode.commits} />
        </div>
      </div>
    </li>
  );
}

function Commits({ commits }: { commits: api.TimelineEntry[] }): JSX.Element | null {
  const [first, last] = [commits[0], commits.at(-1)];
  if (!first || !last) return null;
  const title = first === last ? `commit ${first.seq}` : `commits ${first.seq} to ${last.seq}`;
  return (
    <details class="commits">
      <summary class="muted small">{title}</summary>
      <ul class="small muted">
        {commits.map((c) => <li key={c.seq}><b>{c.seq}</b> {c.note} <span>+{c.adds ?? 0} −{c.deletes ?? 0}</span></li>)}
      </ul>
    </details>
  );
}

function LineView({ line, live, label, base, explain }: Omit<EpisodeProps, "episode"> & { line: Line }): JSX.Element {
  const drawn = /\/id\/(link|device)\//.test(line.thing ?? "");
  const path = drawn ? href("topology", { select: line.thing ?? "" }) : line.thing ? localPath(line.thing, base) : undefined;
  return (
    <li class={`line tone-${line.tone}`}>
      <span class="glyph" aria-hidden="true">{glyphs[line.kind]}</span>
      <span class="verb">{line.verb}</span>
      <span class="said">
        {line.kind === "state" && line.thing && <a href={path ?? "#"}>{label(line.thing)}</a>}
        {line.from !== undefined && <span class="values"> <s>{line.from}</s> → <b>{line.to}</b></span>}
        {line.plan ? <a href={href(`plans/${line.plan}`)}>plan {line.plan}</a> : null}{line.plan && line.text ? ": " : ""}
        {line.kind === "event" && line.device && <><a href={href("topology", { select: line.device })}>{label(line.device)}</a>: </>}{line.text}
        {line.service && <>{" "}<a class="muted small" href={href("services")}>services</a></>}
        {line.device && line.kind !== "event" && <>{" "}<a class="muted small" href={href("topology", { select: line.device })}>show</a></>}
      </span>
      {line.fact && line.kind !== "event" && (
        <button
          type="button" class="why"
          onClick={() => explain(line.fact ?? "", live.at ? "" : line.at)}
        >
          why?
        </button>
      )}
    </li>
  );
}

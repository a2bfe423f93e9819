// Which moment is shown: the bar at the foot of the page with its slider over
// the retained history, and the banner that says when it is not now.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import * as api from "./api";
import { useLoad, type Link, type Live } from "./live";
import { ago, clock } from "./parts";
import { showMoment } from "./route";
import { episodes, mark, type Episode } from "./story";

const minute = 60_000;

// ranges are how much of the history the slider spans.
const ranges: [string, number][] = [["15 min", 15 * minute], ["1 h", 60 * minute], ["6 h", 360 * minute], ["1 day", 1440 * minute], ["1 week", 10_080 * minute], ["all", Infinity]];

// markLimit bounds the commits that the slider marks.
const markLimit = 300;
const dragMillis = 140;
const tickMillis = 5000;
// steps is into how many parts the slider divides its range.
const steps = 2000;

const linkWords: Record<Link, { text: string; title: string; tone: string }> = {
  connecting: { text: "connecting", title: "The stream of events is being opened", tone: "unknown" },
  live: { text: "live", title: "The page follows each commit as it comes", tone: "up" },
  polling: { text: "polling", title: "No stream of events gets through, perhaps because of a proxy: the page asks every few seconds", tone: "warn" },
  reconnecting: { text: "reconnecting", title: "The stream of events was lost; it is being opened again", tone: "warn" },
  paused: { text: "paused", title: "This tab was hidden", tone: "unknown" },
};

// LinkState says whether what is shown is alive.
export function LinkState({ live }: { live: Live }): JSX.Element {
  if (live.at) return <span class="state state-warn pulse-none" data-testid="link" title="A past state of the network is shown">◷ history</span>;
  const { text, title, tone } = linkWords[live.link];
  return (
    <span class={`state state-${tone} link-${live.link}`} data-testid="link" role="status" title={title}>
      <span class="dot" aria-hidden="true" /> {text}
    </span>
  );
}

export function Banner({ live }: { live: Live }): JSX.Element | null {
  if (!live.at) return null;
  return (
    <div class="banner" role="status" data-testid="banner">
      <span aria-hidden="true">◷</span>
      <span>You are looking at <b>{clock(live.at)}</b>, {ago(live.at)}. Topology, inventory, services, findings and queries show that moment.</span>
      <button type="button" class="button" onClick={() => showMoment("")}>Back to now</button>
    </div>
  );
}

const pad = (n: number): string => String(n).padStart(2, "0");

// timeOf is the time of day of an instant, in UTC as everywhere in the page.
export function timeOf(millis: number, withDay = false): string {
  const d = new Date(millis);
  const day = withDay ? `${d.getUTCFullYear()}-${pad(d.getUTCMonth() + 1)}-${pad(d.getUTCDate())} ` : "";
  return `${day}${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}:${pad(d.getUTCSeconds())}`;
}

interface Reach {
  begin: number;
  marks: Episode[];
}

async function load(from: number, wholeFrom: number): Promise<Reach> {
  const page = await api.timeline({ from: new Date(Math.max(from, wholeFrom)).toISOString(), limit: markLimit });
  return { begin: Date.parse(page.begin), marks: episodes(page.entries) };
}

export function TimeBar({ live }: { live: Live }): JSX.Element | null {
  const [range, setRange] = useState("");
  const [drag, setDrag] = useState<number | null>(null);
  const [tick, setTick] = useState(Date.now);
  const timer = useRef(0);
  useEffect(() => {
    const every = setInterval(() => setTick(Date.now()), tickMillis);
    return () => clearInterval(every);
  }, []);
  // A moment chosen elsewhere wins over one that is being dragged.
  useEffect(() => {
    clearTimeout(timer.current);
    setDrag(null);
  }, [live.at]);
  const created = live.info ? Date.parse(live.info.created) : tick;
  const now = Math.max(tick, live.headTime ? Date.parse(live.headTime) : 0);
  const age = now - created;
  const offered = ranges.filter(([, span]) => span === Infinity || span < age);
  const chosen = range && offered.some(([name]) => name === range) ? range : (offered.find(([name]) => name === "1 h") ?? offered.at(-1))?.[0] ?? "all";
  const span = ranges.find(([name]) => name === chosen)?.[1] ?? Infinity;
  const at = live.at ? Date.parse(live.at) : NaN;
  // What is looked at stays on the slider, also if it is older than its range.
  const begin = Math.max(created, Math.min(now - span, Number.isNaN(at) ? Infinity : at - minute));
  const { data } = useLoad(live.info ? `${live.version} ${chosen} ${begin < now - span ? live.at : ""}` : null, () => load(begin, created));
  const marks = useMemo(() => (data?.marks ?? []).flatMap((ep) => (mark(ep) ? [{ ep, tone: mark(ep) }] : [])), [data]);
  if (!live.info) return null;

  const toMillis = (position: number): number => begin + ((now - begin) * position) / steps;
  const toPosition = (millis: number): number => Math.round((Math.min(1, Math.max(0, (millis - begin) / Math.max(1, now - begin)))) * steps);
  const position = drag ?? (Number.isNaN(at) ? steps : toPosition(at));
  const go = (to: number): void => {
    setDrag(to);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      setDrag(null);
      showMoment(to >= steps ? "" : new Date(Math.max(created + 1, toMillis(to))).toISOString());
    }, dragMillis);
  };
  const instant = Number.isNaN(at) ? now : at;
  const stops = marks.map(({ ep }) => ep.end).sort();
  const before = stops.filter((t) => Date.parse(t) < Math.floor(instant) - 1).at(-1);
  const after = stops.find((t) => Date.parse(t) > instant + 1);
  const shown = drag === null ? instant : toMillis(drag);
  return (
    <section class={`timebar ${live.at ? "timebar-past" : ""}`} aria-label="Moment">
      <button type="button" class="button small-button" title="The state after the event before this moment" aria-label="Event before" disabled={!before} onClick={() => before && showMoment(before)}>‹</button>
      <button type="button" class="button small-button" title="The state after the next event" aria-label="Next event" disabled={!live.at} onClick={() => showMoment(after ?? "")}>›</button>
      <div class="slider">
        <div class="marks" aria-hidden="true">
          {marks.map(({ ep, tone }) => {
            const left = ((Date.parse(ep.end) - begin) / Math.max(1, now - begin)) * 100;
            return left >= 0 && left <= 100 && <i key={ep.key} class={`mark tone-${tone}`} style={{ left: `${left}%` }} title={`${timeOf(Date.parse(ep.end))} ${ep.lines[0]?.text ?? ""}`} />;
          })}
        </div>
        <input
          type="range" min={0} max={steps} step={1} value={position} aria-label="Moment that is shown" data-testid="slider"
          aria-valuetext={live.at || drag !== null ? timeOf(shown, true) : "now"}
          onInput={(e) => go(Number(e.currentTarget.value))}
        />
        <div class="ends" aria-hidden="true"><span>{timeOf(begin, span > 1440 * minute && age > 1440 * minute)}</span><span>now</span></div>
      </div>
      <output class="moment" data-testid="moment">{live.at || (drag !== null && drag < steps) ? timeOf(shown) : "now"}</output>
      {offered.length > 1 && (
        <select aria-label="History on the slider" value={chosen} onChange={(e) => setRange(e.currentTarget.value)}>
          {offered.map(([name]) => <option key={name} value={name}>{name}</option>)}
        </select>
      )}
      <button type="button" class="button" disabled={!live.at} onClick={() => showMoment("")}>Now</button>
    </section>
  );
}

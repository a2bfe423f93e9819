// News: a note for a while when a finding appears or goes.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Live } from "./live";
import { href } from "./route";
import { episodes, type Line } from "./story";

const noteMillis = 9000;
const maxNotes = 12;
const shownNotes = 2;

interface Note {
  line: Line;
  until: number;
}

const told = (line: Line): boolean => line.kind === "finding" || line.kind === "need";

// weight orders notes: causes, then what is needed, then the rest.
const weight = (line: Line): number => (line.tone === "bad" ? 0 : line.kind === "need" ? 1 : line.service ? 2 : 3);

// News stands over the page; hidden where the view itself shows what is new.
export function News({ live, hidden }: { live: Live; hidden: boolean }): JSX.Element {
  const [notes, setNotes] = useState<Note[]>([]);
  useEffect(() => {
    const fresh = episodes(live.news).flatMap((ep) => ep.lines).filter(told);
    if (fresh.length === 0) return;
    const until = Date.now() + noteMillis;
    // What went with its coming still on screen replaces it.
    setNotes((old) => [...fresh.map((line) => ({ line, until })), ...old.filter((n) => !fresh.some((f) => f.thing === n.line.thing))].slice(0, maxNotes));
  }, [live.news]);
  useEffect(() => {
    if (notes.length === 0) return;
    const timer = setTimeout(() => setNotes((all) => all.filter((n) => n.until > Date.now())), 1000);
    return () => clearTimeout(timer);
  }, [notes]);
  const sorted = [...notes].sort((a, b) => weight(a.line) - weight(b.line));
  return (
    <ul class="news" aria-live="polite" aria-label="News" data-testid="news" hidden={hidden || notes.length === 0}>
      {sorted.slice(0, shownNotes).map(({ line }) => (
        <li key={line.key} class={`tone-${line.tone}`}>
          <span class="verb">{line.verb}</span>
          <span>{line.text}</span>
          <a href={line.kind === "need" && line.fact ? href("plans") : href("timeline")}>{line.kind === "need" && line.fact ? "plan" : "show"}</a>
          <button type="button" class="close" aria-label="Dismiss" onClick={() => setNotes((all) => all.filter((n) => n.line.key !== line.key))}>×</button>
        </li>
      ))}
      {sorted.length > shownNotes && <li class="tone-calm"><a href={href("timeline")}>and {sorted.length - shownNotes} more</a></li>}
    </ul>
  );
}

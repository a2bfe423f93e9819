// The page follows the twin: it polls the newest commit, and reloads what a
// view shows only if a commit touched the graphs that views read.

import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "./api";
import { parseQuad } from "./rdf";

const pollMillis = 3000;
const sourcesMillis = 9000;
// feedLimit bounds the commits looked at; with more, everything is reloaded.
const feedLimit = 50;

export interface Live {
  info?: api.Info;
  headTime?: string;
  sources?: api.SourceStatus[];
  version: number; // grows when views must reload
  error?: string; // what keeps the page from following
  since?: Date; // of the error
  locked?: string; // why a token is needed
}

// concerns tells whether commits changed the default or the derived graph.
export function concerns(commits: api.Commit[], base: string): boolean {
  if (commits.length >= feedLimit) return true;
  const derived = `${base}graph/derived`;
  return commits.some(
    (c) =>
      c.changesTruncated ||
      (c.changes ?? []).some(({ quad }) => {
        const g = parseQuad(quad)?.g;
        return !g || g.value === derived;
      }),
  );
}

async function step(last: Live, withSources: boolean): Promise<Live> {
  const info = await api.info();
  const next: Live = { ...last, info };
  delete next.error;
  delete next.since;
  delete next.locked;
  const before = last.info;
  if (!before || before.base !== info.base || info.head < before.head || before.created !== info.created) {
    next.version++;
  } else if (info.head !== before.head) {
    const commits = await api.feed(before.head, feedLimit);
    if (concerns(commits, info.base)) next.version++;
  }
  if (!before || info.head !== before.head) {
    const newest = (await api.commits(Math.max(info.head - 1, 0), 1))[0];
    if (newest) next.headTime = newest.time;
  }
  if (withSources) next.sources = await api.sources();
  return next;
}

// useLive polls while the page is visible.
export function useLive(): [Live, () => void] {
  const [live, setLive] = useState<Live>({ version: 0 });
  const [round, setRound] = useState(0);
  const state = useRef(live);
  useEffect(() => {
    let timer = 0;
    let ended = false;
    let sourcesAt = 0;
    const tick = async (): Promise<void> => {
      if (document.visibilityState === "visible") {
        const due = Date.now() - sourcesAt >= sourcesMillis;
        let next: Live;
        try {
          next = await step(state.current, due);
          if (due) sourcesAt = Date.now();
        } catch (err) {
          const text = err instanceof Error ? err.message : String(err);
          next = { ...state.current, error: text, since: state.current.since ?? new Date() };
          if (err instanceof api.Unauthorized) next.locked = text;
        }
        if (ended) return;
        if (JSON.stringify(next) !== JSON.stringify(state.current)) setLive((state.current = next));
      }
      timer = window.setTimeout(() => void tick(), pollMillis);
    };
    void tick();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, [round]);
  return [live, () => setRound(round + 1)];
}

// Loaded is the state of something read from the twin.
export interface Loaded<T> {
  data?: T;
  error?: string;
}

// useLoad reads something again whenever the key changes, and keeps showing
// what it has until the new answer is there.
export function useLoad<T>(key: string | null, load: () => Promise<T>, subject = ""): Loaded<T> {
  const [state, setState] = useState<Loaded<T> & { subject: string }>({ subject });
  useEffect(() => {
    if (key === null) return;
    let ended = false;
    load().then(
      (data) => ended || setState({ data, subject }),
      (err: unknown) => ended || setState((s) => ({ ...s, error: err instanceof Error ? err.message : String(err) })),
    );
    return () => {
      ended = true;
    };
  }, [key]);
  return state.subject === subject ? state : {};
}

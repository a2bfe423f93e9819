// The page follows the twin: a stream of events tells of each commit; views
// ask again only if a commit changed what they show. Where no stream gets
// through, the page asks every few seconds.

import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "./api";
import { backoff, listen } from "./stream";

const sourcesMillis = 9000;
const infoMillis = 3000;
// settleMillis lets the rules finish their run before views ask; restlessMillis
// bounds the waiting.
const settleMillis = 150;
const restlessMillis = 600;
// hiddenMillis is how long a hidden page keeps its stream.
const hiddenMillis = 20_000;
// newsLimit bounds the entries looked at after a commit; with more, everything
// is asked for again.
const newsLimit = 50;
// withoutStream is after how many failed streams the page polls.
const withoutStream = 3;

export type Link = "connecting" | "live" | "polling" | "reconnecting" | "paused";

export interface Live {
  info?: api.Info;
  headTime?: string;
  sources?: api.SourceStatus[];
  version: number; // grows when views of now must ask again
  at: string; // the moment shown; "" is now
  key: string; // changes whenever views must ask again
  intents: number; // grows with each report on an intent
  link: Link;
  news: api.TimelineEntry[]; // what the newest commits brought, newest first
  error?: string; // what keeps the page from following
  since?: Date; // of the error
  locked?: string; // why a token is needed
}

type Update = (change: Partial<Live>) => void;

// Follower keeps one twin in sight until it is stopped.
class Follower {
  private info: api.Info | undefined;
  private seen = 0; // the commit up to which views are told
  private head = 0;
  private version = 0;
  private intents = 0;
  private failed = 0;
  private since: Date | undefined;
  private sourcesAt = 0;
  private infoAt = 0;
  private settle = 0;
  private restless = 0;
  private hidden = 0;
  private wake: () => void = () => undefined;
  private control = new AbortController();
  private readonly ended = new AbortController();

  constructor(private readonly update: Update) {}

  start(): void {
    document.addEventListener("visibilitychange", this.visibility);
    addEventListener("online", this.online);
    void this.run();
    void this.watchSources();
  }

  stop(): void {
    this.ended.abort();
    this.control.abort();
    this.wake();
    document.removeEventListener("visibilitychange", this.visibility);
    removeEventListener("online", this.online);
    for (const timer of [this.settle, this.restless, this.hidden]) clearTimeout(timer);
  }

  private readonly online = (): void => this.wake();

  // A hidden page lets its stream go: browsers allow few connections to one
  // host, over all pages.
  private readonly visibility = (): void => {
    clearTimeout(this.hidden);
    if (document.visibilityState === "visible") this.wake();
    else this.hidden = window.setTimeout(() => this.control.abort(), hiddenMillis);
  };

  private async run(): Promise<void> {
    while (!this.ended.signal.aborted) {
      if (document.visibilityState !== "visible" && this.info) {
        this.update({ link: "paused" });
        await this.sleep(600_000);
        continue;
      }
      this.control = new AbortController();
      let begun = false;
      let opened = false;
      try {
        await this.begin();
        begun = true;
        await listen("/api/v1/events", String(this.head), {
          opened: () => {
            opened = true;
            this.failed = 0;
            this.answering({ link: "live" });
          },
          event: (event) => {
            if (event.type === "commit") this.commit(event.data);
            if (event.type === "intent") this.update({ intents: ++this.intents });
          },
        }, this.control.signal);
      } catch (err) {
        if (this.ended.signal.aborted || document.visibilityState !== "visible") continue;
        this.trouble(err, begun, opened);
      }
      const wait = backoff(this.failed++);
      await this.sleep(this.failed > withoutStream && !this.since ? Math.min(wait, infoMillis) : wait);
    }
  }

  // begin asks for the newest state, on which the stream goes on.
  private async begin(): Promise<void> {
    const info = await api.info();
    const other = this.info && (this.info.base !== info.base || this.info.created !== info.created || info.head < this.head);
    const first = !this.info || other;
    this.info = info;
    this.infoAt = Date.now();
    const behind = info.head !== this.head;
    this.head = info.head;
    if (first) {
      this.seen = info.head;
      this.answering({ info, version: ++this.version, news: [] });
      const newest = (await api.commits(Math.max(info.head - 1, 0), 1).catch(() => []))[0];
      if (newest) this.update({ headTime: newest.time });
    } else {
      this.answering({ info });
      if (behind) await this.catchUp();
    }
    if (this.failed >= withoutStream) this.update({ link: "polling" });
  }

  // answering: the twin is there; what could not be asked meanwhile is asked
  // again.
  private answering(change: Partial<Live>): void {
    const again = this.since ? { version: ++this.version } : {};
    this.since = undefined;
    this.update({ ...change, ...again, error: "", locked: "" });
  }

  // trouble tells what keeps the page from following: a twin that does not
  // answer, or only its stream.
  private trouble(err: unknown, begun: boolean, opened: boolean): void {
    const text = err instanceof Error ? err.message : String(err);
    if (err instanceof api.Unauthorized) {
      this.since ??= new Date();
      this.update({ locked: text, error: text, since: this.since, link: "reconnecting" });
      return;
    }
    if (!begun) {
      this.since ??= new Date();
      this.update({ error: text, since: this.since, link: "reconnecting" });
    } else if (opened || this.failed < withoutStream) this.update({ link: "reconnecting" });
  }

  private commit(data: string): void {
    const commit = JSON.parse(data) as api.Commit;
    this.head = Math.max(this.head, commit.seq);
    if (this.info) this.info = { ...this.info, head: this.head };
    this.update({ headTime: commit.time, ...(this.info ? { info: this.info } : {}) });
    clearTimeout(this.settle);
    this.settle = window.setTimeout(this.settled, settleMillis);
    this.restless ||= window.setTimeout(this.settled, restlessMillis);
  }

  private readonly settled = (): void => {
    clearTimeout(this.settle);
    clearTimeout(this.restless);
    this.restless = 0;
    // The stream tells when the twin is gone; else views ask again, to be safe.
    void this.catchUp().catch((err: unknown) => {
      if (err instanceof api.Failure && err.status > 0) this.update({ version: ++this.version });
    });
  };

  // catchUp asks what the commits since the last time changed.
  private async catchUp(): Promise<void> {
    const from = this.seen;
    if (this.head <= from) return;
    const { entries, before, head } = await api.timeline({ after: from, limit: newsLimit });
    if (this.seen !== from) return; // another call was faster
    this.seen = Math.max(head, from);
    if (entries.length > 0 || before) this.update({ version: ++this.version, news: entries });
    if (Date.now() - this.infoAt < infoMillis) return;
    this.infoAt = Date.now();
    this.info = await api.info();
    this.update({ info: this.info });
  }

  private async watchSources(): Promise<void> {
    while (!this.ended.signal.aborted) {
      if (document.visibilityState === "visible" && Date.now() - this.sourcesAt >= sourcesMillis) {
        this.sourcesAt = Date.now();
        await api.sources().then((sources) => this.update({ sources })).catch(() => (this.sourcesAt = 0));
      }
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }

  private sleep(millis: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, millis);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

// useLive follows the twin. Views show the moment at, or now.
export function useLive(at: string): [Live, () => void] {
  const [state, setState] = useState<Omit<Live, "at" | "key">>({ version: 0, intents: 0, link: "connecting", news: [] });
  const [round, setRound] = useState(0);
  const latest = useRef(state);
  useEffect(() => {
    const follower = new Follower((change) => {
      const next = { ...latest.current, ...change };
      if (JSON.stringify(next) !== JSON.stringify(latest.current)) setState((latest.current = next));
    });
    follower.start();
    return () => follower.stop();
  }, [round]);
  const key = at ? `at ${at}` : `version ${state.version}`;
  return [{ ...state, at, key }, () => setRound(round + 1)];
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

// Server-sent events (HTML Living Standard §9.2) by fetch, because a browser's
// EventSource cannot send a token in a header.

import { request } from "./api";

export interface ServerEvent {
  id: string;
  type: string;
  data: string;
}

// EventParser reads a stream piece by piece; pieces may end anywhere.
export class EventParser {
  private rest = "";
  private id = "";
  private type = "";
  private data: string[] = [];

  push(piece: string): ServerEvent[] {
    this.rest += piece;
    // A carriage return at the end may be the first half of a line end.
    const end = this.rest.endsWith("\r") ? this.rest.length - 1 : this.rest.length;
    const lines = this.rest.slice(0, end).split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? "") + this.rest.slice(end);
    return lines.flatMap((line) => this.line(line));
  }

  private line(line: string): ServerEvent[] {
    if (line === "") {
      const event = { id: this.id, type: this.type || "message", data: this.data.join("\n") };
      const empty = this.data.length === 0;
      this.type = "";
      this.data = [];
      return empty ? [] : [event];
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "id" && !value.includes("\0")) this.id = value;
    if (field === "event") this.type = value;
    if (field === "data") this.data.push(value);
    return [];
  }
}

// silenceMillis is how long a stream may say nothing: the twin gives a sign of
// life every 15 seconds.
const silenceMillis = 40_000;

export interface Listener {
  opened(): void;
  event(event: ServerEvent): void;
}

// listen reads one stream until it ends; it throws what ended it.
export async function listen(path: string, lastID: string, listener: Listener, signal: AbortSignal): Promise<void> {
  const control = new AbortController();
  const stop = (): void => control.abort();
  signal.addEventListener("abort", stop);
  let timer = window.setTimeout(stop, silenceMillis);
  try {
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (lastID) headers["Last-Event-ID"] = lastID;
    const answer = await request(path, { headers, signal: control.signal, cache: "no-store" });
    const reader = answer.body?.getReader();
    if (!reader) throw new Error("the stream of events has no body");
    listener.opened();
    const parser = new EventParser();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new Error("the stream of events ended");
      clearTimeout(timer);
      timer = window.setTimeout(stop, silenceMillis);
      for (const event of parser.push(decoder.decode(value, { stream: true }))) listener.event(event);
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    control.abort();
  }
}

// backoff is how long to wait before the next attempt: longer each time, never
// the same for all pages.
export function backoff(attempt: number, chance = Math.random()): number {
  return Math.min(15_000, 500 * 2 ** Math.min(attempt, 10)) * (0.75 + chance / 2);
}

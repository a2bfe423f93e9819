// Small pieces that several views use.

import type { ComponentChildren, JSX } from "preact";
import type { Condition } from "./model";

const marks: Record<Condition, string> = { up: "▲", down: "▼", shut: "■", unknown: "?" };
const titles: Record<Condition, string> = {
  up: "operationally up",
  down: "down although it should be up",
  shut: "shut: administratively down",
  unknown: "state unknown",
};

// State shows an interface's condition by colour, mark and word.
export const State = ({ of }: { of: Condition }): JSX.Element => (
  <span class={`state state-${of}`} title={titles[of]}>
    <span aria-hidden="true">{marks[of]}</span> {of}
  </span>
);

export const Problem = ({ children }: { children: ComponentChildren }): JSX.Element => (
  <div class="problem" role="alert">
    <span class="problem-mark" aria-hidden="true">!</span>
    <div>{children}</div>
  </div>
);

export const Empty = ({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element => (
  <div class="empty">
    <h2>{title}</h2>
    {children}
  </div>
);

export const Loading = ({ what }: { what: string }): JSX.Element => (
  <p class="loading" role="status">Reading {what} …</p>
);

// NoDevices tells a newcomer how to fill the graph.
export const NoDevices = (): JSX.Element => (
  <Empty title="No devices yet">
    <p>Nothing has been collected into this twin. Either</p>
    <ul>
      <li>start the recorded network: <code>nettwin demo</code>,</li>
      <li>read one of your own devices: <code>nettwin collect --once --data DIR snmp://COMMUNITY@HOST:PORT</code>,</li>
      <li>or list devices in a configuration: <code>nettwin serve --data DIR --config FILE</code>.</li>
    </ul>
    <p>The page follows by itself once there is something to show.</p>
  </Empty>
);

export const ExportButton = ({ save, disabled }: { save: () => void; disabled: boolean }): JSX.Element => (
  <button type="button" class="button" onClick={save} disabled={disabled} title="What is shown, as filtered and ordered, as a file">
    <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11" /></svg>Export CSV
  </button>
);

export function ago(time: string | undefined, now = Date.now()): string {
  const at = time ? Date.parse(time) : NaN;
  if (Number.isNaN(at) || at <= 0) return "never";
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 5) return "just now";
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}

// clock shows an instant in UTC, as logs do.
export const clock = (time: string): string => time.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");

export const plural = (n: number, one: string, many = `${one}s`): string => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

export function bytes(n: number): string {
  for (const [unit, size] of [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]] as const) {
    if (n >= size) return `${+(n / size).toPrecision(3)} ${unit}`;
  }
  return `${Math.round(n)} B`;
}

export function rate(bits: string): string {
  const n = Number(bits);
  if (!bits || !Number.isFinite(n) || n <= 0) return "";
  for (const [unit, size] of [["Tbit/s", 1e12], ["Gbit/s", 1e9], ["Mbit/s", 1e6], ["kbit/s", 1e3]] as const) {
    if (n >= size) return `${+(n / size).toFixed(1)} ${unit}`;
  }
  return `${n} bit/s`;
}

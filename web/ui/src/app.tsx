// The page: header with the twin's state, navigation, one view.

import type { JSX } from "preact";
import { Suspense, lazy } from "preact/compat";
import { useEffect, useState } from "preact/hooks";
import { needs as needsOfNow, setMoment, setToken, type SourceStatus } from "./api";
import { Explain } from "./explain";
import { Findings } from "./findings";
import { Inventory } from "./inventory";
import { useLive, useLoad, type Live } from "./live";
import { Banner, LinkState, TimeBar } from "./moment";
import { News } from "./news";
import { TokenPrompt } from "./operator";
import { ago, clock, Loading, plural, Problem } from "./parts";
import { Plans } from "./plans";
import { href, useRoute } from "./route";
import { Services } from "./services";
import { Timeline } from "./timeline";
import { Topology, type ViewProps } from "./topology";

// The editor is the heaviest part and is read only when it is wanted.
const Sparql = lazy(() => import("./sparql").then((m) => m.Sparql));

const views: { path: string; title: string }[] = [
  { path: "topology", title: "Topology" },
  { path: "inventory", title: "Inventory" },
  { path: "services", title: "Services" },
  { path: "findings", title: "Findings" },
  { path: "plans", title: "Plans" },
  { path: "timeline", title: "Time line" },
  { path: "sparql", title: "SPARQL" },
];

export function App(): JSX.Element {
  const route = useRoute();
  const at = route.params.get("at") ?? "";
  setMoment(at); // before any view asks
  const [live, retry] = useLive(at);
  const [asked, setAsked] = useState<{ fact: string; at: string } | null>(null);
  const [theme, setTheme] = useTheme();
  const { data: needs } = useLoad(live.info ? String(live.version) : null, needsOfNow);
  const current = views.find((v) => v.path === route.path[0]) ?? views[0];
  const props: ViewProps = { live, route, explain: (fact, when = "") => setAsked({ fact, at: when }), theme };
  useEffect(() => setAsked(null), [route]);
  useEffect(() => {
    document.title = `${current?.title ?? ""} · nettwin`;
  }, [current]);
  return (
    <>
      <Header live={live} needs={needs?.length ?? 0} theme={theme} setTheme={setTheme} current={current?.path ?? ""} />
      {live.error && !live.locked && (
        <Problem>
          {live.info ? "What is shown may be out of date: " : ""}{live.error} <span class="muted">Since {live.since?.toLocaleTimeString()}; trying again.</span>
        </Problem>
      )}
      <Banner live={live} />
      <main id="main" tabIndex={-1}>
        {live.locked ? <Unlock reason={live.locked} retry={retry} /> : live.info || !live.error ? (
          <Suspense fallback={<Loading what="the editor" />}>
            {current?.path === "topology" && <Topology {...props} />}
            {current?.path === "inventory" && <Inventory {...props} />}
            {current?.path === "services" && <Services {...props} />}
            {current?.path === "findings" && <Findings {...props} />}
            {current?.path === "plans" && <Plans {...props} />}
            {current?.path === "timeline" && <Timeline {...props} />}
            {current?.path === "sparql" && <Sparql {...props} />}
          </Suspense>
        ) : null}
      </main>
      {!live.locked && <TimeBar live={live} />}
      {!live.at && <News live={live} hidden={["findings", "plans", "timeline"].includes(current?.path ?? "")} />}
      {asked && <Explain key={asked.fact} fact={asked.fact} at={asked.at} base={live.info?.base ?? ""} close={() => setAsked(null)} />}
      <TokenPrompt />
    </>
  );
}

// useTheme follows the system until the reader chooses.
function useTheme(): [string, (theme: string) => void] {
  const [chosen, setChosen] = useState(() => localStorage.getItem("nettwin.theme"));
  const [system, setSystem] = useState(() => (darkSystem.matches ? "dark" : "light"));
  useEffect(() => {
    const changed = (): void => setSystem(darkSystem.matches ? "dark" : "light");
    darkSystem.addEventListener("change", changed);
    return () => darkSystem.removeEventListener("change", changed);
  }, []);
  const theme = chosen ?? system;
  if (document.documentElement.dataset["theme"] !== theme) document.documentElement.dataset["theme"] = theme;
  return [
    theme,
    (wanted) => {
      // Who chooses what the system shows follows it again.
      if (wanted === system) localStorage.removeItem("nettwin.theme");
      else localStorage.setItem("nettwin.theme", wanted);
      setChosen(wanted === system ? null : wanted);
    },
  ];
}

const darkSystem = matchMedia("(prefers-color-scheme: dark)");

interface HeaderProps {
  live: Live;
  needs: number;
  theme: string;
  setTheme: (theme: string) => void;
  current: string;
}

function Header({ live, needs, theme, setTheme, current }: HeaderProps): JSX.Element {
  const { info } = live;
  return (
    <header class="top">
      <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); document.getElementById("main")?.focus(); }}>Skip to the content</a>
      <div class="brand">
        <svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" /><path d="M9 10h14l-7 13z" /><circle cx="9" cy="10" r="3" /><circle cx="23" cy="10" r="3" /><circle cx="16" cy="23" r="3" /></svg>
        <div>
          <h1>nettwin</h1>
          {info && <p class="base" title="Base IRI of this twin">{info.base}</p>}
        </div>
      </div>
      <nav class="views" aria-label="Views">
        {views.map((v) => <a key={v.path} href={href(v.path)} aria-current={v.path === current ? "page" : undefined}>{v.title}{v.path === "plans" && needs > 0 && <span class="badge nav-badge" title={plural(needs, "need")}>{needs}</span>}</a>)}
      </nav>
      <div class="status" data-testid="status">
        <LinkState live={live} />
        {info && (
          <>
            <span class="stat" title={`${plural(info.terms, "term")}; engine ${info.engine}`}><b>{info.quads.toLocaleString("en")}</b> quads</span>
            <span class="stat" title={live.headTime ? `committed ${clock(live.headTime)}` : "newest commit"}>
              commit <b>{info.head.toLocaleString("en")}</b>
            </span>
          </>
        )}
        <Sources list={live.sources} />
        <button type="button" class="theme" aria-label={theme === "dark" ? "Light colours" : "Dark colours"} title={theme === "dark" ? "Light colours" : "Dark colours"} onClick={() => setTheme(theme === "dark" ? "light" : "dark")}>
          {theme === "dark" ? "☀" : "☾"}
        </button>
      </div>
    </header>
  );
}

const stateMarks: Record<string, { mark: string; tone: string }> = {
  "in sync": { mark: "●", tone: "up" },
  stale: { mark: "▲", tone: "warn" },
  lost: { mark: "✕", tone: "down" },
  unknown: { mark: "?", tone: "unknown" },
};

// Sources shows how many sources are in which state, and which on demand.
function Sources({ list }: { list: SourceStatus[] | undefined }): JSX.Element | null {
  if (!list) return null;
  if (list.length === 0) return <span class="stat muted" title="This twin collects nothing by itself">no sources</span>;
  const states = Object.keys(stateMarks).map((state) => ({ state, n: list.filter((s) => (s.state || "unknown") === state).length })).filter(({ n }) => n > 0);
  return (
    <details class="sources">
      <summary aria-label={`Sources: ${states.map(({ state, n }) => `${n} ${state}`).join(", ")}`}>
        {states.map(({ state, n }) => (
          <span key={state} class={`state state-${stateMarks[state]?.tone ?? ""}`}><span aria-hidden="true">{stateMarks[state]?.mark}</span> {n} {state}</span>
        ))}
      </summary>
      <div class="popover">
        <table class="mini">
          <thead><tr><th>Source</th><th>State</th><th>Last contact</th></tr></thead>
          <tbody>
            {list.map((s) => (
              <tr key={`${s.collector} ${s.device} ${s.address}`}>
                <td><strong>{s.device || s.address}</strong> <span class="muted">{s.collector}</span></td>
                <td>
                  <span class={`state state-${stateMarks[s.state]?.tone ?? "unknown"}`}><span aria-hidden="true">{stateMarks[s.state]?.mark ?? "?"}</span> {s.state}</span>
                  {s.lastError && <div class="small source-error">{s.lastError}</div>}
                </td>
                <td class="muted">{ago(s.lastContact)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Unlock({ reason, retry }: { reason: string; retry: () => void }): JSX.Element {
  const [token, set] = useState("");
  return (
    <form
      class="unlock"
      onSubmit={(e) => {
        e.preventDefault();
        setToken(token.trim());
        retry();
      }}
    >
      <h2>This twin asks for a token</h2>
      <p class="muted">{reason}</p>
      <label>Token <input type="password" autocomplete="off" value={token} onInput={(e) => set(e.currentTarget.value)} /></label>
      <button type="submit" class="button primary" disabled={!token.trim()}>Continue</button>
      <p class="muted small">It is kept until this tab is closed. Tokens are listed in the twin's configuration.</p>
    </form>
  );
}

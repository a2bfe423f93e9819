// The topology view: drawing, search, legend, and the panel beside it.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { DevicePanel, LinkPanel } from "./details";
import { Drawing } from "./drawing";
import { useLoad, type Live } from "./live";
import { deviceName, searchAddresses } from "./model";
import { linkWords, loadNetwork, withContact, type Network } from "./network";
import { Empty, Loading, NoDevices, plural, Problem } from "./parts";
import { href, replace, type Route } from "./route";
import { loadServices, ServiceBadge } from "./services";

// Limits of the lists beside the drawing.
const maxListed = 200;
const maxTroubled = 15;

export interface ViewProps {
  live: Live;
  route: Route;
  // explain shows why a fact holds, or held at an instant.
  explain: (fact: string, at?: string) => void;
  theme: string;
}

export function Topology({ live, route, explain, theme }: ViewProps): JSX.Element {
  const base = live.info?.base ?? "";
  const { data, error } = useLoad(live.info ? `${base} ${live.key}` : null, () => loadNetwork(base));
  const network = useMemo(() => data && (live.at ? data : withContact(data, live.sources ?? [])), [data, live.sources, live.at]);
  const chosen = route.params.get("select");
  const [search, setSearch] = useState("");
  const found = useSearch(network, search, live.key);
  const choose = (iri: string | null): void => replace(href("topology", iri ? { select: iri } : {}));

  if (!network) return error ? <Problem>The topology could not be read: {error}</Problem> : <Loading what="the topology" />;
  if (network.devices.size === 0) return live.at ? <Empty title="No devices at that moment"><p>The twin had not read any yet. Move the slider on, or go back to now.</p></Empty> : <NoDevices />;
  const device = chosen ? network.devices.get(chosen) : undefined;
  const link = chosen ? network.links.get(chosen) : undefined;
  return (
    <div class="topology">
      <section class="stage" aria-label="Topology">
        <Toolbar search={search} setSearch={setSearch} found={found} network={network} choose={choose} />
        <Canvas base={base} network={network} chosen={chosen} choose={choose} found={found} theme={theme} />
        <Legend />
        {error && <Problem>The topology may be out of date: {error}</Problem>}
      </section>
      <aside class="panel" aria-label="Details">
        {device ? (
          <DevicePanel key={device.iri} device={device} network={network} live={live} choose={choose} explain={explain} />
        ) : link ? (
          <LinkPanel link={link} choose={choose} explain={explain} />
        ) : (
          <Overview network={network} live={live} found={found} choose={choose} />
        )}
      </aside>
    </div>
  );
}

// useSearch finds devices by name, facts or address; null means all.
function useSearch(network: Network | undefined, text: string, key: string): Set<string> | null {
  const wanted = text.trim().toLowerCase();
  const { data: addresses } = useLoad(wanted ? key : null, searchAddresses);
  return useMemo(() => {
    if (!wanted || !network) return null;
    const found = new Set<string>();
    for (const d of network.devices.values()) {
      const t = d.thing;
      const texts = [deviceName(t), t.get("modelName"), t.get("vendor"), ...t.all("serialNumber"), t.get("location"), ...t.all("managementAddress"), t.get("softwareVersion")];
      if (texts.some((s) => s.toLowerCase().includes(wanted))) found.add(d.iri);
    }
    for (const { device, text: address } of addresses ?? []) if (address.toLowerCase().includes(wanted)) found.add(device);
    return found;
  }, [network, wanted, addresses]);
}

interface ToolbarProps {
  search: string;
  setSearch: (s: string) => void;
  found: Set<string> | null;
  network: Network;
  choose: (iri: string | null) => void;
}

function Toolbar({ search, setSearch, found, network, choose }: ToolbarProps): JSX.Element {
  const first = found ? [...network.devices.keys()].find((iri) => found.has(iri)) : undefined;
  const keys = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && first) choose(first);
    if (event.key === "Escape") setSearch("");
  };
  return (
    <div class="stage-search">
      <input
        type="search" placeholder="Find a device, serial number, address …" aria-label="Find a device" value={search}
        onInput={(e) => setSearch(e.currentTarget.value)} onKeyDown={keys}
      />
      <span class="muted" role="status">{found ? (found.size ? `${plural(found.size, "device")} found` : "none found") : ""}</span>
    </div>
  );
}

interface CanvasProps {
  base: string;
  network: Network;
  chosen: string | null;
  choose: (iri: string | null) => void;
  found: Set<string> | null;
  theme: string;
}

const directions: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};

function Canvas({ base, network, chosen, choose, found, theme }: CanvasProps): JSX.Element {
  const container = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing>(null);
  const latest = useRef(choose);
  latest.current = choose;
  const [hover, setHover] = useState<{ iri: string; x: number; y: number } | null>(null);

  useEffect(() => {
    if (!container.current) return;
    const made = new Drawing(container.current, base, { select: (iri) => latest.current(iri), hover: setHover });
    drawing.current = made;
    (container.current as unknown as { drawing: Drawing }).drawing = made;
    return () => made.destroy();
  }, [base]);
  useEffect(() => drawing.current?.update(network), [network, base]);
  useEffect(() => {
    drawing.current?.select(chosen);
    if (chosen) drawing.current?.show(chosen);
  }, [chosen, network]);
  useEffect(() => drawing.current?.dim(found), [found, network]);
  useEffect(() => drawing.current?.theme(), [theme]);

  const keys = (event: KeyboardEvent): void => {
    const d = drawing.current;
    const direction = directions[event.key];
    if (!d || event.ctrlKey || event.metaKey || event.altKey) return;
    if (direction && event.shiftKey) d.pan(-60 * direction[0], -60 * direction[1]);
    else if (direction) {
      const next = d.next(chosen, ...direction);
      if (next) choose(next);
    } else if (event.key === "+" || event.key === "=") d.zoom(1.25);
    else if (event.key === "-") d.zoom(0.8);
    else if (event.key === "0") d.fit();
    else if (event.key === "Escape") choose(null);
    else return;
    event.preventDefault();
  };
  return (
    <div class="canvas-frame">
      <div
        class="canvas" ref={container} tabIndex={0} role="application" data-testid="topology" onKeyDown={keys}
        aria-label={`Drawing of ${plural(network.devices.size, "device")} and ${plural(network.links.size, "link")}. Arrow keys go from device to device, plus and minus zoom, 0 shows all, Escape lets go. The list beside it holds the same devices.`}
      />
      {hover && <Tip hover={hover} network={network} />}
      <div class="zoom" role="group" aria-label="Zoom">
        <button type="button" title="Zoom in (+)" aria-label="Zoom in" onClick={() => drawing.current?.zoom(1.25)}>+</button>
        <button type="button" title="Zoom out (−)" aria-label="Zoom out" onClick={() => drawing.current?.zoom(0.8)}>−</button>
        <button type="button" title="Show all (0)" aria-label="Show all" onClick={() => drawing.current?.fit()}>⤢</button>
        <button type="button" title="Arrange again: forget what was moved by hand" aria-label="Arrange again" onClick={() => drawing.current?.arrange()}>⟲</button>
      </div>
    </div>
  );
}

function Tip({ hover, network }: { hover: { iri: string; x: number; y: number }; network: Network }): JSX.Element | null {
  const style = { left: `${hover.x + 14}px`, top: `${hover.y + 14}px` };
  const device = network.devices.get(hover.iri);
  const link = network.links.get(hover.iri);
  if (device) {
    return (
      <div class="tip" style={style} role="tooltip">
        <strong>{device.name}</strong>
        {device.model && <div>{device.thing.get("vendor")} {device.model}</div>}
        <div>{plural(device.interfaces, "interface")}{device.down > 0 && `, ${device.down} down`}</div>
        {device.findings > 0 && <div>{plural(device.findings, "finding")}</div>}
        {device.contact && device.contact !== "in sync" && <div>source {device.contact}</div>}
      </div>
    );
  }
  if (!link) return null;
  return (
    <div class="tip" style={style} role="tooltip">
      <strong>{link.a.deviceName} {link.a.name} – {link.b.deviceName} {link.b.name}</strong>
      <div>{linkWords[link.state]}</div>
    </div>
  );
}

const Legend = (): JSX.Element => (
  <ul class="legend" aria-label="Legend">
    <li><svg viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="7.5" class="lg-ok" /></svg>no findings</li>
    <li><svg viewBox="0 0 20 20" aria-hidden="true"><path d="M6 3h8l5 7-5 7H6l-5-7z" class="lg-warn" /></svg>findings (count)</li>
    <li><svg viewBox="0 0 20 20" aria-hidden="true"><path d="M10 1l9 9-9 9-9-9z" class="lg-bad" /></svg>interface down</li>
    <li><svg viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="7.5" class="lg-old" stroke-dasharray="4 3" /></svg>not heard of</li>
    <li><svg viewBox="0 0 28 20" aria-hidden="true"><path d="M1 10h26" class="lg-ok" /></svg>link up</li>
    <li><svg viewBox="0 0 28 20" aria-hidden="true"><path d="M1 10h26" class="lg-warn" stroke-dasharray="7 4" /></svg>one end down</li>
    <li><svg viewBox="0 0 28 20" aria-hidden="true"><path d="M1 10h26" class="lg-bad" stroke-dasharray="3 4" /></svg>link down</li>
  </ul>
);

interface OverviewProps {
  network: Network;
  live: Live;
  found: Set<string> | null;
  choose: (iri: string) => void;
}

function Overview({ network, live, found, choose }: OverviewProps): JSX.Element {
  const base = live.info?.base ?? "";
  const { data: catalogue } = useLoad(live.info ? `${base} ${live.key}` : null, () => loadServices(base));
  const links = [...network.links.values()];
  const up = links.filter((l) => l.state === "up").length;
  const devices = [...network.devices.values()].filter((d) => !found || found.has(d.iri));
  const troubled = links.filter((l) => l.state !== "up");
  const i = network.interfaces;
  return (
    <div class="panel-body">
      <h2>Network</h2>
      <div class="tiles">
        <a class="tile" href={href("inventory/devices")}><b>{network.devices.size}</b> devices</a>
        <div class="tile"><b>{up}<small>/{links.length}</small></b> links up</div>
        <a class={`tile ${i.down ? "tile-bad" : ""}`} href={href("inventory/interfaces")}><b>{i.down}<small>/{i.total}</small></b> interfaces down{i.shut > 0 && `, ${i.shut} shut`}</a>
        <a class={`tile ${network.findings.length ? "tile-warn" : ""}`} href={href("findings")}><b>{network.findings.length}</b> findings</a>
      </div>
      {troubled.length > 0 && (
        <>
          <h3>Links that need a look</h3>
          <ul class="rows">
            {troubled.slice(0, maxTroubled).map((l) => (
              <li key={l.iri}>
                <button type="button" class="row" onClick={() => choose(l.iri)}>
                  <span>{l.a.deviceName} <span class="muted">{l.a.name}</span> – {l.b.deviceName} <span class="muted">{l.b.name}</span></span>
                  <span class={`state state-${l.state === "half" ? "warn" : l.state}`}>✕ {linkWords[l.state]}</span>
                </button>
              </li>
            ))}
          </ul>
          {troubled.length > maxTroubled && <p class="muted">{plural(troubled.length - maxTroubled, "more link")} in the drawing.</p>}
        </>
      )}
      {catalogue && catalogue.services.length > 0 && (
        <>
          <h3>Services</h3>
          <ul class="rows">
            {catalogue.services.slice(0, maxTroubled).map((s) => (
              <li key={s.iri}><a class="row" href={href("services")}><span><strong>{s.name}</strong> <span class="muted">{s.customer}</span></span><ServiceBadge state={s.state} /></a></li>
            ))}
          </ul>
        </>
      )}
      <h3>Devices</h3>
      {devices.length === 0 && <p class="muted">No device matches the search.</p>}
      <ul class="rows" data-testid="device-list">
        {devices.slice(0, maxListed).map((d) => (
          <li key={d.iri}>
            <button type="button" class="row" onClick={() => choose(d.iri)}>
              <span><strong>{d.name}</strong> <span class="muted">{d.model || "model unknown"}</span></span>
              <span class="chips">
                {d.down > 0 && <span class="state state-down">▼ {d.down} down</span>}
                {d.findings > 0 && <span class="badge" title={plural(d.findings, "finding")}>{d.findings}</span>}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {devices.length > maxListed && <p class="muted">{devices.length - maxListed} more; narrow the search.</p>}
    </div>
  );
}

// The panel of one device or link: facts, findings, interfaces, neighbours.

import type { ComponentChildren, JSX } from "preact";
import { useLoad, type Live } from "./live";
import { compare, condition, loadDetail, type DeviceDetail, type Finding, type Thing } from "./model";
import { linkWords, type DeviceShape, type LinkEnd, type LinkShape, type Network } from "./network";
import { Loading, plural, Problem, rate, State } from "./parts";
import { localPath } from "./rdf";
import { href } from "./route";

type Choose = (iri: string | null) => void;

interface DeviceProps {
  device: DeviceShape;
  network: Network;
  live: Live;
  choose: Choose;
  explain: (fact: string, at?: string) => void;
}

export function DevicePanel({ device, network, live, choose, explain }: DeviceProps): JSX.Element {
  const { data, error } = useLoad(`${device.iri} ${live.key}`, () => loadDetail(device.iri), device.iri);
  const findings = network.findings.filter((f) => f.devices.includes(device.iri));
  const path = localPath(device.iri, live.info?.base ?? "");
  return (
    <div class="panel-body" data-testid="device-panel">
      <Head title={device.name} choose={choose}>
        {device.thing.get("vendor")} {device.model}
      </Head>
      {device.contact && device.contact !== "in sync" && <Problem>Its source is {device.contact}: what is shown is what the device said last.</Problem>}
      <Facts thing={device.thing} />
      <p class="links">
        {path && <a href={path}>All statements</a>}
        <a href={href("inventory/interfaces", { q: device.name })}>In the inventory</a>
      </p>
      {findings.length > 0 && <FindingList findings={findings} explain={explain} />}
      <NeedList needs={network.needs.filter((n) => n.devices.includes(device.iri))} explain={explain} />
      {error && <Problem>Its details could not be read: {error}</Problem>}
      {data ? <Detail data={data} network={network} choose={choose} /> : !error && <Loading what="its details" />}
    </div>
  );
}

const Head = ({ title, choose, children }: { title: string; choose: Choose; children?: ComponentChildren }): JSX.Element => (
  <header class="panel-head">
    <div>
      <h2>{title}</h2>
      <p class="muted">{children}</p>
    </div>
    <button type="button" class="close" aria-label="Close details" onClick={() => choose(null)}>×</button>
  </header>
);

const shownFacts: [string, string][] = [
  ["serialNumber", "Serial number"],
  ["softwareVersion", "Software"],
  ["managementAddress", "Management"],
  ["location", "Location"],
  ["contact", "Contact"],
  ["routerId", "Router ID"],
  ["autonomousSystem", "AS"],
  ["chassisMac", "Chassis MAC"],
  ["description", "Description"],
];

const Facts = ({ thing }: { thing: Thing }): JSX.Element => (
  <dl class="facts">
    {shownFacts.map(([key, label]) => {
      const values = thing.all(key);
      return values.length > 0 && [<dt>{label}</dt>, <dd>{values.join(", ")}</dd>];
    })}
  </dl>
);

export const FindingList = ({ findings, explain }: { findings: Finding[]; explain: (fact: string, at?: string) => void }): JSX.Element => (
  <>
    <h3>Findings</h3>
    <ul class="findings-short">
      {findings.map((f) => (
        <li key={f.iri}>
          <span class="warn-mark" aria-hidden="true">!</span>
          <span>{f.message}</span>
          <button type="button" class="why" onClick={() => explain(f.fact)}>why?</button>
        </li>
      ))}
    </ul>
  </>
);

export const NeedList = ({ needs, explain }: { needs: Finding[]; explain: (fact: string, at?: string) => void }): JSX.Element | null =>
  needs.length === 0 ? null : (
    <>
      <h3>Needed</h3>
      <ul class="findings-short">
        {needs.map((n) => (
          <li key={n.iri}>
            <span class="need-mark" aria-hidden="true">→</span>
            <span>{n.message} <a href={href("plans")}>plan</a></span>
            <button type="button" class="why" onClick={() => explain(n.fact)}>why?</button>
          </li>
        ))}
      </ul>
    </>
  );

function Detail({ data, network, choose }: { data: DeviceDetail; network: Network; choose: Choose }): JSX.Element {
  const serials = data.components.filter((c) => c.get("serialNumber"));
  return (
    <>
      <h3>{plural(data.interfaces.length, "interface")}</h3>
      <table class="mini" data-testid="device-interfaces">
        <thead><tr><th>Name</th><th>State</th><th>Addresses</th></tr></thead>
        <tbody>
          {data.interfaces.map((i) => (
            <tr key={i.iri}>
              <td>
                <strong>{i.get("name")}</strong>
                {i.get("alias") && i.get("alias") !== i.get("name") && <div class="muted small">{i.get("alias")}</div>}
              </td>
              <td><State of={condition(i)} /><div class="muted small">{rate(i.get("speed"))}</div></td>
              <td class="addresses">{(data.addresses.get(i.iri) ?? []).map(addressText).sort(compare).map((a) => <div key={a}>{a}</div>)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Neighbours adjacencies={data.adjacencies} interfaces={data.interfaces} network={network} choose={choose} />
      {serials.length > 0 && (
        <>
          <h3>{plural(serials.length, "part")} with a serial number</h3>
          <table class="mini">
            <thead><tr><th>Part</th><th>Model</th><th>Serial number</th></tr></thead>
            <tbody>
              {serials.map((c) => (
                <tr key={c.iri}><td>{c.get("name")}</td><td>{c.get("modelName")}</td><td class="mono">{c.get("serialNumber")}</td></tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </>
  );
}

export const addressText = (a: Thing): string => a.get("address") + (a.get("prefixLength") ? `/${a.get("prefixLength")}` : "");

const protocols: Record<string, string> = { LldpAdjacency: "LLDP", CdpAdjacency: "CDP", OspfAdjacency: "OSPF", BgpSession: "BGP" };

interface NeighbourProps {
  adjacencies: Thing[];
  interfaces: Thing[];
  network: Network;
  choose: Choose;
}

function Neighbours({ adjacencies, interfaces, network, choose }: NeighbourProps): JSX.Element | null {
  if (adjacencies.length === 0) return null;
  const local = new Map(interfaces.map((i) => [i.iri, i.get("name")]));
  const rows = adjacencies.map((a) => {
    const remote = network.devices.get(a.get("remoteDevice"));
    return {
      key: a.iri,
      protocol: a.types.map((t) => protocols[t]).find(Boolean) ?? "",
      from: local.get(a.get("localInterface")) ?? "",
      remote,
      name: remote?.name ?? (a.get("remoteSystemName") || a.get("remoteRouterId") || a.get("remoteAddress") || a.get("remoteChassisId")),
      state: a.get("state") || (a.get("remotePortId") && `port ${a.get("remotePortId")}`),
    };
  });
  rows.sort((x, y) => compare(x.protocol, y.protocol) || compare(x.from, y.from) || compare(x.name, y.name));
  return (
    <>
      <h3>{plural(rows.length, "neighbour relation")}</h3>
      <table class="mini">
        <thead><tr><th>By</th><th>Interface</th><th>Neighbour</th><th>State</th></tr></thead>
        <tbody>
          {rows.map((r) => (
            <tr key={r.key}>
              <td>{r.protocol}</td>
              <td>{r.from}</td>
              <td>{r.remote ? <button type="button" class="link" onClick={() => choose(r.remote?.iri ?? null)}>{r.name}</button> : r.name}</td>
              <td class="muted">{r.state}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

const evidenceWords: Record<string, string> = {
  "lldp-both": "both ends name each other by LLDP",
  "lldp-one": "one end names the other by LLDP",
  "cdp": "one end names the other by CDP",
  "prefix": "both ends have an address in one prefix",
};

export function LinkPanel({ link, choose, explain }: { link: LinkShape; choose: Choose; explain: (fact: string, at?: string) => void }): JSX.Element {
  const end = (e: LinkEnd): JSX.Element => (
    <tr>
      <td><button type="button" class="link" onClick={() => choose(e.device)}>{e.deviceName}</button></td>
      <td>{e.name}</td>
      <td><State of={e.condition} /></td>
    </tr>
  );
  return (
    <div class="panel-body" data-testid="link-panel">
      <Head title={`${link.a.deviceName} ${link.a.name} – ${link.b.deviceName} ${link.b.name}`} choose={choose}>Link, {linkWords[link.state]}</Head>
      <table class="mini">
        <thead><tr><th>Device</th><th>Interface</th><th>State</th></tr></thead>
        <tbody>{end(link.a)}{end(link.b)}</tbody>
      </table>
      {link.evidence && (
        <p class="muted">
          Evidence: {link.evidence.split(", ").map((e) => evidenceWords[e] ?? e).join("; ")}.{" "}
          <button type="button" class="why" onClick={() => explain(`<${link.iri}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://w3id.org/nettwin/ns#Link> .`)}>why?</button>
        </p>
      )}
      {link.findings.length > 0 && <FindingList findings={link.findings} explain={explain} />}
    </div>
  );
}

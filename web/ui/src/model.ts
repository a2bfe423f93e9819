// The network as the page needs it, read by SPARQL.

import { select } from "./api";
import { prologue, quote, RDF, TWIN, type Term } from "./rdf";

// Thing is a resource with its properties by local name of our vocabulary.
export class Thing {
  readonly types: string[] = [];
  private readonly values = new Map<string, Term[]>();

  constructor(readonly iri: string) {}

  add(property: string, value: Term): void {
    if (property === RDF + "type") {
      if (value.value.startsWith(TWIN)) this.types.push(value.value.slice(TWIN.length));
      return;
    }
    const key = property.startsWith(TWIN) ? property.slice(TWIN.length) : property;
    const list = this.values.get(key);
    if (list) list.push(value);
    else this.values.set(key, [value]);
  }

  // get is the value, the first in order if there are several, "" if none.
  get(key: string): string {
    return this.all(key)[0] ?? "";
  }

  all(key: string): string[] {
    return (this.values.get(key) ?? []).map((t) => t.value).sort();
  }
}

// things reads all resources that match a pattern on ?s, with the properties
// named, or all of them; of the default graph unless another is given.
export async function things(pattern: string, properties: string[] = [], graph = ""): Promise<Map<string, Thing>> {
  const only = properties.length ? `FILTER(?p IN (rdf:type, ${properties.map((p) => `twin:${p}`).join(", ")}))` : "";
  const where = `{ ${pattern} ?s ?p ?o . ${only} }`;
  const rows = await select(`${prologue}SELECT ?s ?p ?o WHERE ${graph ? `{ GRAPH <${graph}> ${where} }` : where}`);
  const found = new Map<string, Thing>();
  for (const { s, p, o } of rows) {
    if (!s || !p || !o) continue;
    let thing = found.get(s.value);
    if (!thing) found.set(s.value, (thing = new Thing(s.value)));
    thing.add(p.value, o);
  }
  return found;
}

const deviceProperties = [
  "name", "configuredName", "serialNumber", "vendor", "modelName", "productModel", "softwareVersion", "location", "contact",
  "description", "managementAddress", "routerId", "autonomousSystem", "chassisMac",
];

export const loadDevices = (): Promise<Map<string, Thing>> => things("?s a twin:Device .", deviceProperties);

export const loadInterfaces = (): Promise<Map<string, Thing>> => things("?s a twin:Interface .");

// loadStates reads of interfaces only what the topology shows.
export const loadStates = (): Promise<Map<string, Thing>> =>
  things("?s a twin:Interface .", ["name", "interfaceOf", "operStatus", "adminStatus"]);

export const loadAddresses = (): Promise<Map<string, Thing>> => things("?s a twin:Address .");

export const loadComponents = (): Promise<Map<string, Thing>> => things("?s twin:componentOf ?device .");

export const loadModels = (): Promise<Map<string, Thing>> => things("?s a twin:ProductModel .");

export const loadLinks = (): Promise<Map<string, Thing>> => things("?s a twin:Link .");

// DeviceDetail is all that the panel of one device shows.
export interface DeviceDetail {
  interfaces: Thing[];
  addresses: Map<string, Thing[]>; // by interface
  components: Thing[];
  adjacencies: Thing[];
}

export async function loadDetail(device: string): Promise<DeviceDetail> {
  const iri = `<${device}>`;
  const [interfaces, addresses, components, adjacencies] = await Promise.all([
    things(`?s twin:interfaceOf ${iri} .`),
    things(`?i twin:interfaceOf ${iri} . ?s twin:addressOf ?i .`),
    things(`?s twin:componentOf ${iri} .`),
    things(`?s twin:localDevice ${iri} .`),
  ]);
  const byInterface = new Map<string, Thing[]>();
  for (const address of addresses.values()) {
    for (const i of address.all("addressOf")) byInterface.set(i, [...(byInterface.get(i) ?? []), address]);
  }
  return {
    interfaces: [...interfaces.values()].sort(byIndex),
    addresses: byInterface,
    components: [...components.values()].sort(byEntity),
    adjacencies: [...adjacencies.values()].sort((a, b) => compare(a.iri, b.iri)),
  };
}

const byIndex = (a: Thing, b: Thing): number =>
  Number(a.get("ifIndex")) - Number(b.get("ifIndex")) || compare(a.get("name"), b.get("name"));

const byEntity = (a: Thing, b: Thing): number =>
  Number(a.get("entityIndex")) - Number(b.get("entityIndex")) || compare(a.get("name"), b.get("name"));

const collator = new Intl.Collator("en", { numeric: true });

// compare orders texts as people do: eth2 before eth10.
export const compare = (a: string, b: string): number => collator.compare(a, b);

export const deviceName = (d: Thing | undefined): string => d?.get("name") || d?.get("configuredName") || d?.get("managementAddress") || "unnamed";

// Condition is the state of an interface as operators speak of it.
export type Condition = "up" | "down" | "shut" | "unknown";

export function condition(i: Thing | undefined): Condition {
  const oper = i?.get("operStatus");
  if (oper === "up" || oper === "dormant") return "up";
  if (i?.get("adminStatus") === "down") return "shut";
  return oper === "down" || oper === "lowerLayerDown" || oper === "notPresent" ? "down" : "unknown";
}

// Finding is something that a rule inferred and that operators should know.
export interface Finding {
  iri: string;
  rule: string; // its file's name, from <base>id/finding/<rule>/<key>
  type: string;
  message: string;
  about: string[];
  devices: string[];
  due: string;
  need: boolean; // something that should be done, not something that is
  root: boolean; // no other finding explains it
  causes: string[]; // findings that explain it
  affects: string[]; // things that suffer from it
  fact: string; // the statement to explain, in N-Quads
}

// loadFindings reads the derived graph, whose findings and needs have an IRI
// that names their rule (ontology/rules/README.md).
export async function loadFindings(base: string): Promise<Finding[]> {
  const found = await things("?s twin:message ?message .", [], `${base}graph/derived`);
  const start = `${base}id/finding/`;
  const list = [...found.values()].map((f): Finding => {
    const message = f.get("message");
    return {
      iri: f.iri,
      rule: f.iri.startsWith(start) ? (f.iri.slice(start.length).split("/")[0] ?? "") : "",
      type: f.types.find((t) => t !== "Finding" && t !== "RootCause") ?? "Finding",
      message,
      about: f.all("about"),
      devices: f.all("onDevice"),
      due: f.get("dueDate"),
      need: f.types.includes("Need"),
      root: f.types.includes("RootCause"),
      causes: f.all("causedBy"),
      affects: f.all("affects"),
      fact: `<${f.iri}> <${TWIN}message> ${quote(message)} .`,
    };
  });
  return list.sort((a, b) => compare(a.rule, b.rule) || compare(a.due, b.due) || compare(a.message, b.message));
}

const labelBatch = 200;

// loadLabels names things as people do: "r7 eth3" for an interface of r7.
export async function loadLabels(iris: string[]): Promise<Map<string, string>> {
  const labels = new Map<string, string>();
  for (let at = 0; at < iris.length; at += labelBatch) {
    const values = iris.slice(at, at + labelBatch).map((iri) => `<${iri}>`).join(" ");
    const rows = await select(`${prologue}SELECT ?s ?name ?owner WHERE {
      VALUES ?s { ${values} }
      { ?s twin:name ?name } UNION { ?s twin:address ?name } UNION { ?s a twin:ProductModel ; twin:modelName ?name }
      OPTIONAL { { ?s twin:interfaceOf ?o } UNION { ?s twin:componentOf ?o } ?o twin:name ?owner }
    }`);
    for (const { s, name, owner } of rows) {
      if (s && name) labels.set(s.value, owner ? `${owner.value} ${name.value}` : name.value);
    }
  }
  const links = iris.filter((iri) => iri.includes("/id/link/") && !labels.has(iri));
  for (const [iri, label] of await linkLabels(links)) labels.set(iri, label);
  return labels;
}

// linkLabels names links by their ends: "r3 eth2 – r4 eth1".
async function linkLabels(iris: string[]): Promise<Map<string, string>> {
  if (iris.length === 0) return new Map();
  const rows = await select(`${prologue}SELECT ?s ?name ?owner WHERE {
    VALUES ?s { ${iris.slice(0, labelBatch).map((iri) => `<${iri}>`).join(" ")} }
    ?s twin:endpoint ?end . ?end twin:name ?name ; twin:interfaceOf/twin:name ?owner
  }`);
  const ends = new Map<string, string[]>();
  for (const { s, name, owner } of rows) {
    if (s && name && owner) ends.set(s.value, [...(ends.get(s.value) ?? []), `${owner.value} ${name.value}`]);
  }
  return new Map([...ends].map(([iri, names]) => [iri, names.sort(compare).join(" – ")]));
}

// searchAddresses reads which device has which address.
export async function searchAddresses(): Promise<{ device: string; text: string }[]> {
  const rows = await select(`${prologue}SELECT ?device ?text WHERE { ?a twin:address ?text ; twin:addressOf ?i . ?i twin:interfaceOf ?device }`);
  return rows.flatMap(({ device, text }) => (device && text ? [{ device: device.value, text: text.value }] : []));
}

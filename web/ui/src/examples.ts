// The queries that the page offers. They use the twin's vocabulary only.

import { PROV, RDF, RDFS, TWIN, XSD } from "./rdf";

export interface Example {
  title: string;
  text: string;
}

const all: Record<string, string> = { twin: TWIN, rdf: RDF, rdfs: RDFS, xsd: XSD, prov: PROV };

const declare = (...names: string[]): string => names.map((n) => `PREFIX ${n}: <${all[n] ?? ""}>\n`).join("") + "\n";

export const examples = (base: string): Example[] => [
  {
    title: "Who is connected to whom?",
    text: `${declare("twin")}SELECT ?device ?interface ?state ?neighbour ?port
WHERE {
  ?link a twin:Link ; twin:endpoint ?a, ?b .
  FILTER(STR(?a) < STR(?b))
  ?a twin:name ?interface ; twin:interfaceOf/twin:name ?device ; twin:operStatus ?state .
  ?b twin:name ?port ; twin:interfaceOf/twin:name ?neighbour .
}
ORDER BY ?device ?interface
`,
  },
  {
    title: "What loses support, and when?",
    text: `${declare("twin")}SELECT ?device ?part ?model ?serial ?endOfSupport
WHERE {
  ?product a twin:ProductModel ; twin:modelName ?model ; twin:endOfSupport ?endOfSupport .
  ?thing twin:productModel ?product .
  { ?thing a twin:Device ; twin:name ?device . BIND("device" AS ?part) }
  UNION
  { ?thing twin:componentOf/twin:name ?device ; twin:name ?part
    FILTER NOT EXISTS { ?thing a twin:Chassis } }
  OPTIONAL { ?thing twin:serialNumber ?serial }
}
ORDER BY ?endOfSupport ?device
`,
  },
  {
    title: "Which interfaces are down?",
    text: `${declare("twin")}SELECT ?device ?interface ?wanted ?state ?description
WHERE {
  ?i twin:interfaceOf/twin:name ?device ; twin:name ?interface ;
     twin:operStatus ?state ; twin:adminStatus ?wanted .
  FILTER(?state != "up")
  OPTIONAL { ?i twin:alias ?description }
}
ORDER BY ?device ?interface
`,
  },
  {
    title: "What did the rules find?",
    text: `${declare("twin")}SELECT ?finding ?kind ?message
WHERE {
  GRAPH <${base}graph/derived> {
    ?finding twin:message ?message ; a ?kind .
  }
}
ORDER BY ?kind ?message
`,
  },
  {
    title: "How many of each model do we have?",
    text: `${declare("twin")}SELECT ?manufacturer ?model (COUNT(DISTINCT ?thing) AS ?pieces)
WHERE {
  ?thing twin:componentOf ?device ; twin:manufacturer ?manufacturer ; twin:modelName ?model .
}
GROUP BY ?manufacturer ?model
ORDER BY DESC(?pieces) ?model
`,
  },
];

// The SPARQL editor: yasqe without its calls to other hosts. Its prefix and
// term completions ask public services; ours ask the twin.

import Yasqe from "@zazuko/yasqe";
import * as api from "./api";
import { prefixes, prologue } from "./rdf";

// maxTerms bounds the terms offered for completion.
const maxTerms = 2000;

let terms: Promise<string[]> | undefined;

// twinTerms reads the classes and properties that the twin uses.
function twinTerms(): Promise<string[]> {
  terms ??= api
    .select(`SELECT DISTINCT ?t WHERE { { ?s ?t ?o } UNION { ?s a ?t } } LIMIT ${maxTerms}`)
    .then((rows) => rows.flatMap((r) => r["t"]?.value ?? []).map(abbreviate).sort(), () => []);
  return terms;
}

function abbreviate(iri: string): string {
  for (const [name, start] of Object.entries(prefixes)) if (iri.startsWith(start)) return `${name}:${iri.slice(start.length)}`;
  return `<${iri}>`;
}

export interface Editor {
  get(): string;
  set(text: string): void;
  insertPrefixes(): void;
  destroy(): void;
}

export function edit(parent: HTMLElement, text: string, run: () => void, changed: (text: string) => void): Editor {
  Yasqe.Autocompleters["twin"] ??= {
    name: "twin",
    bulk: false,
    autoShow: false,
    isValidCompletionPosition: () => true,
    get: async (_yasqe: unknown, token: { string?: string } | undefined) => {
      const start = (token?.string ?? "").trim().toLowerCase();
      return (await twinTerms()).filter((t) => t.toLowerCase().startsWith(start));
    },
  } as (typeof Yasqe.Autocompleters)[string];
  const yasqe = new Yasqe(parent, {
    value: text,
    autocompleters: ["variables", "twin"],
    persistenceId: null,
    consumeShareLink: null,
    createShareableLink: () => location.href,
    showQueryButton: false,
    resizeable: false,
    editorHeight: "320px",
    queryingDisabled: undefined,
    extraKeys: { "Ctrl-Enter": run, "Cmd-Enter": run, Tab: false, "Shift-Tab": false },
  } as never);
  yasqe.getInputField().setAttribute("aria-label", "SPARQL query; Control and Enter runs it");
  yasqe.on("change", () => changed(yasqe.getValue()));
  setTimeout(() => yasqe.refresh());
  return {
    get: () => yasqe.getValue(),
    set: (value) => {
      yasqe.setValue(value);
      yasqe.getDoc().setCursor(0, 0);
    },
    insertPrefixes: () => yasqe.setValue(withPrefixes(yasqe.getValue())),
    destroy: () => {
      yasqe.destroy();
      parent.replaceChildren();
    },
  };
}

// withPrefixes declares those of our prefixes that a query does not.
export function withPrefixes(text: string): string {
  const missing = prologue.split("\n").filter((line) => line && !new RegExp(`PREFIX\\s+${line.split(" ")[1] ?? ""}`, "i").test(text));
  return missing.length ? `${missing.join("\n")}\n${text}` : text;
}

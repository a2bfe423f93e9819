// load bundles a module of src and imports it.
import { build } from "esbuild";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");

export async function load(name) {
  const result = await build({
    absWorkingDir: root, entryPoints: [`src/${name}`], bundle: true, write: false, format: "esm", platform: "neutral",
    mainFields: ["module", "main"], jsx: "automatic", jsxImportSource: "preact", logLevel: "error",
  });
  return import(`data:text/javascript;base64,${Buffer.from(result.outputFiles[0].contents).toString("base64")}`);
}

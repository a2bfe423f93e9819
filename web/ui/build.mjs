// Bundles src into dist: index.html, hashed scripts and styles, the font and
// the licences of what is bundled. Nothing in the result asks another host.
import { build } from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(root, "dist");

// The editor brings a list of prefixes for completion, taken from a public
// site that anybody can edit. We complete our own terms, so it is left out.
const withoutForeignPrefixes = {
  name: "without-foreign-prefixes",
  setup(plugin) {
    plugin.onLoad({ filter: /yasqe\.esm\.js$/ }, async ({ path: file }) => {
      const text = await readFile(file, "utf8");
      const from = text.indexOf('madsrdf = "http');
      const list = text.indexOf("prefixes_default = {", from);
      const to = text.indexOf("\n}", list);
      if (from < 0 || list < 0 || to < 0) throw new Error(`build: ${file}: the list of prefixes has moved; adapt build.mjs to this version of the editor`);
      return { contents: text.slice(0, from) + "prefixes_default = {" + text.slice(to), loader: "js" };
    });
  },
};

async function empty(folder) {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    if (name !== ".keep") await rm(path.join(folder, name), { recursive: true });
  }
}

// page writes index.html with the names of the built files.
async function page(outputs) {
  const entry = Object.entries(outputs).find(([, o]) => o.entryPoint === "src/main.tsx");
  const name = (file) => path.relative("dist", file);
  let html = await readFile(path.join(root, "src/index.html"), "utf8");
  html = html.replace("%SCRIPT%", name(entry[0])).replace("%STYLE%", name(entry[1].cssBundle));
  await writeFile(path.join(dist, "index.html"), html);
}

// licences collects the licence of every bundled package.
async function licences(inputs) {
  const folders = new Set();
  for (const input of Object.keys(inputs)) {
    const found = input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//);
    if (found) folders.add(found[1]);
  }
  // The editor is published as one bundle; these are inside it.
  for (const inside of ["codemirror", "lodash-es", "query-string"]) folders.add(`node_modules/${inside}`);
  const parts = [];
  for (const folder of [...folders].sort()) {
    const about = JSON.parse(await readFile(path.join(root, folder, "package.json"), "utf8"));
    const file = (await readdir(path.join(root, folder))).find((name) => /^licen[cs]e/i.test(name));
    const text = file ? await readFile(path.join(root, folder, file), "utf8") : `Licence: ${about.license}\n`;
    parts.push(`${about.name} ${about.version} (${about.license})\n\n${text.trim()}\n`);
  }
  await writeFile(path.join(dist, "licenses.txt"), parts.join(`\n${"-".repeat(72)}\n\n`));
}

await empty(dist);
const result = await build({
  absWorkingDir: root,
  entryPoints: ["src/main.tsx"],
  bundle: true,
  format: "esm",
  splitting: true,
  minify: true,
  metafile: true,
  target: "es2022",
  outdir: "dist",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".woff2": "file" },
  legalComments: "none",
  plugins: [withoutForeignPrefixes],
});
await page(result.metafile.outputs);
await licences(result.metafile.inputs);

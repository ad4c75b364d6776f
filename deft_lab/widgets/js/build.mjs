// Builds ../static/<entry>.js for every entry in widgets/, each one self-contained ES module.
// The first line of a bundle names its sources and their hash, so that a test without Node can
// tell whether the bundle is of these sources.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "static");
const notice = "/*! contains Preact, MIT licence, Copyright (c) 2015-present Jason Miller */";
const only = process.argv.slice(2); // names of entries; default: all
mkdirSync(out, { recursive: true });
process.chdir(here);

export function hashOf(sources) {
  const hash = createHash("sha256");
  for (const name of sources) hash.update(readFileSync(join(here, name), "utf8").replaceAll("\r\n", "\n"));
  return hash.digest("hex").slice(0, 16);
}

async function bundle(entry, path) {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    minify: true,
    legalComments: "inline",
    metafile: true,
    target: "es2022",
    banner: { js: notice },
    write: false,
    loader: { ".css": "text" },
    outfile: "bundle.js",
  });
  const own = Object.keys(result.metafile.inputs).filter((path) => !path.startsWith("node_modules"));
  const sources = [...own.sort(), "build.mjs", "package-lock.json"];
  const text = `// sources ${sources.join(" ")} sha256 ${hashOf(sources)}\n${result.outputFiles[0].text}`;
  writeFileSync(path, text);
  console.log(`${path.split("/").pop()} ${text.length.toLocaleString("en-US")} bytes`);
}

for (const file of readdirSync("widgets").sort()) {
  const name = file.replace(/\.js$/, "");
  if (name === file || (only.length && !only.includes(name))) continue;
  await bundle(`widgets/${file}`, join(out, file));
}
if (!only.length) await bundle("text.js", join(here, "../../../tests/js/text.bundle.mjs"));
copyFileSync("look/look.css", join(out, "look.css"));

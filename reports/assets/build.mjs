// `make assets`: what Node makes out of packages, for pages that start faster. Without it, all works too.
//
//   node build.mjs           built/ (ignored by git) and report.css (committed)
//   node build.mjs --check   only compares report.css with its sources
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildExplore } from "./make/explore.mjs";
import { buildPlotly } from "./make/plotly.mjs";
import { buildStyle } from "./make/style.mjs";

const ASSETS = dirname(fileURLToPath(import.meta.url));

/** What the bundles follow from, as reports/built_assets.py computes it too: an old build is not used. */
function recipe() {
  const files = ["package-lock.json", ...readdirSync(join(ASSETS, "make")).sort().map((name) => `make/${name}`)];
  const hash = createHash("sha256");
  for (const name of files) hash.update(`${name}\n`).update(readFileSync(join(ASSETS, name)));
  return hash.digest("hex");
}

const kilobytes = (bytes) => `${Math.round(bytes / 1e3).toLocaleString("en")} KB`;

async function main() {
  if (process.argv.includes("--check")) {
    buildStyle(ASSETS, { check: true });
    return;
  }
  const style = buildStyle(ASSETS, { check: false });
  console.log(`report.css             ${kilobytes(style.bytes)}`);
  // Built beside its place and then put there: a build that stops half-way leaves nothing that looks whole.
  const fresh = join(ASSETS, "built.new");
  const place = join(ASSETS, "built");
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh);
  const plotly = await buildPlotly(ASSETS, fresh);
  console.log(`built/plotly.js        ${kilobytes(plotly.bytes)}, version ${plotly.version}`);
  const explore = await buildExplore(ASSETS, fresh);
  console.log(`built/duckdb-*.js      ${kilobytes(explore.bytes)}, version ${explore.version}`);
  const built = { recipe: recipe(), plotly: plotly.version, duckdb: explore.version };
  writeFileSync(join(fresh, "built.json"), JSON.stringify(built, null, 2) + "\n");
  rmSync(place, { recursive: true, force: true });
  renameSync(fresh, place);
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});

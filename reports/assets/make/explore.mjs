// DuckDB for the Explore page: what a page from disk may not fetch, as scripts that it may include.
import * as esbuild from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { packagesIn, noticeOf } from "./notice.mjs";

const PACKAGE = "node_modules/@duckdb/duckdb-wasm";

/** Write duckdb-*.js and their notices into `folder`; gives the version. */
export async function buildExplore(assets, folder) {
  const { version } = JSON.parse(readFileSync(join(assets, PACKAGE, "package.json"), "utf-8"));
  const dist = (name) => readFileSync(join(assets, PACKAGE, "dist", name));
  // A worker from a blob may not import the page's scripts, and wasm may not be fetched: both come as text.
  const worker = dist("duckdb-browser-eh.worker.js").toString("utf-8").replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
  writeFileSync(join(folder, "duckdb-worker.js"), `TILLHOUSE_PARTS.worker=${asScript(worker)};\n`);
  const wasm = gzipSync(dist("duckdb-eh.wasm"), { level: 9 }).toString("base64");
  writeFileSync(join(folder, "duckdb-wasm.js"), `TILLHOUSE_PARTS.wasm="${wasm}";\n`);
  const result = await esbuild.build({
    absWorkingDir: assets,
    entryPoints: { "duckdb-api": "make/duckdb_bundle.js" },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "iife",
    target: "es2022",
    charset: "ascii",
    legalComments: "external",
    outdir: folder,
  });
  const text = (suffix) => result.outputFiles.find((file) => file.path.endsWith(suffix))?.text ?? "";
  writeFileSync(join(folder, "duckdb-api.js"), text(".js"));
  writeFileSync(join(folder, "duckdb.NOTICE.txt"), noticeOf(assets, packagesIn(result.metafile), text(".LEGAL.txt")));
  return { version, bytes: wasm.length + worker.length + text(".js").length };
}

/** A text as a literal of JavaScript in ASCII. */
function asScript(text) {
  return JSON.stringify(text).replace(/[\u0080-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

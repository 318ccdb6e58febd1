// Plotly made small: only the traces that our charts use, in one file that starts fast.
import * as esbuild from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packagesIn, noticeOf } from "./notice.mjs";

const BUDGET = 1.6e6; // bytes; more is not worth having built it

/** Write plotly.js and its notices into `folder`; gives the version of Plotly. */
export async function buildPlotly(assets, folder) {
  const { version } = JSON.parse(readFileSync(join(assets, "node_modules/plotly.js/package.json"), "utf-8"));
  const result = await esbuild.build({
    absWorkingDir: assets,
    entryPoints: ["make/plotly_bundle.js"],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "iife",
    target: "es2022",
    charset: "ascii", // the same script whatever a server says its character set is
    define: { global: "globalThis" },
    loader: { ".css": "empty" }, // a style of the maps, which are left out
    legalComments: "external",
    banner: { js: `/* plotly.js v${version}, copyright 2012-2026, Plotly, Inc., MIT licence; what is bundled with it: see NOTICE */` },
    outdir: folder,
  });
  const text = (suffix) => result.outputFiles.find((file) => file.path.endsWith(suffix))?.contents;
  const script = text(".js");
  if (script.length > BUDGET) {
    throw new Error(`Plotly's bundle has ${script.length} bytes, and ${BUDGET} are its budget`);
  }
  writeFileSync(join(folder, "plotly.js"), script);
  const comments = new TextDecoder().decode(text(".LEGAL.txt") ?? new Uint8Array());
  writeFileSync(join(folder, "plotly.NOTICE.txt"), noticeOf(assets, packagesIn(result.metafile), comments));
  return { version, bytes: script.length };
}

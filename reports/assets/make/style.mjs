// The style sheet, compiled by Tailwind from report.source.css; the outcome is committed.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const HEAD = "/* Made by `make assets` from report.source.css: change that one. */\n";

/** Write report.css; with `check`, throw an error when the committed one is another. */
export function buildStyle(assets, { check }) {
  const target = join(assets, "report.css");
  const style = compiled(assets);
  if (check) {
    if (readFileSync(target, "utf-8") !== style) {
      throw new Error("reports/assets/report.css is not what its sources say: run `make assets` and commit it");
    }
  } else {
    writeFileSync(target, style);
  }
  return { bytes: Buffer.byteLength(style) };
}

function compiled(assets) {
  const folder = mkdtempSync(join(tmpdir(), "till-style-"));
  try {
    const out = join(folder, "report.css");
    const command = join(assets, "node_modules/@tailwindcss/cli/dist/index.mjs");
    execFileSync(process.execPath, [command, "--input", "report.source.css", "--output", out, "--optimize"], {
      cwd: assets,
      stdio: ["ignore", "ignore", "pipe"],
    });
    return HEAD + readFileSync(out, "utf-8").trimStart();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// The licences of what is bundled, collected from the packages themselves.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The folders of the packages whose files went into a bundle, sorted. */
export function packagesIn(metafile) {
  const used = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  return [...new Set(used.filter(Boolean))].sort();
}

/** One text with name, version and licence of each package, and the comments that ask to be kept. */
export function noticeOf(assets, folders, comments = "") {
  const parts = folders.map((folder) => {
    const { name, version, license, author } = JSON.parse(readFileSync(join(assets, folder, "package.json"), "utf-8"));
    const by = typeof author === "string" ? author : author?.name ?? "its authors";
    const text = licenceText(join(assets, folder)) ?? `Copyright ${by}. The package has no licence file of its own.`;
    return `${name} ${version} (${license ?? "see below"})\n\n${text}`;
  });
  if (comments.trim()) parts.push(`Comments kept from the sources\n\n${comments.trim()}`);
  return parts.join(`\n\n${"-".repeat(100)}\n\n`) + "\n";
}

function licenceText(folder) {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
  return file && readFileSync(join(folder, file), "utf-8").trim();
}

// What a reader can take away: rows as CSV, a chart as a picture.

/** A cell of a CSV file. A text that a spreadsheet would run as a formula gets an apostrophe. */
const csvCell = (value) => {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  let text = Array.isArray(value) ? value.map((one) => one ?? "").join(" ") : String(value);
  if (/^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(text)) text = `'${text}`;
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
/** The rows at these places (all, if absent) as CSV with a head. */
const csvOf = (frame, places = frame.columns[0].raw.keys()) => {
  const lines = [frame.columns.map((column) => csvCell(column.name))];
  for (const row of places) lines.push(frame.columns.map((column) => csvCell(column.raw[row])));
  return lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
};
const save = (name, parts, type) => {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob(parts, { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
/** What an item shows now, as CSV: the rows that search and filters leave, in their order. */
const saveCsv = (id) => {
  const state = tables.get(id);
  const text = csvOf(shownOf(id).frame, state ? state.rows : undefined);
  save(`${id}.csv`, ["\ufeff", text], "text/csv;charset=utf-8");
};

/** A chart with its title and legend as a picture of its own: `png` or `svg`. */
const PICTURE = { width: 960, height: 540 };
const saveChart = async (id, format) => {
  const { frame, figure } = shownOf(id);
  const card = document.getElementById(id);
  const style = getComputedStyle(root);
  const { traces, layout } = plotOf(frame, figure, PICTURE);
  const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const titles = [...card.querySelectorAll(":scope > .item-title, :scope > .subtitle")].map((one) => escape(one.textContent));
  const several = traces.length > 1;
  figure.traces.forEach(({ x, y }, index) => { traces[index].name ??= escape(frame.columns[y?.$ ?? x?.$]?.label ?? ""); });
  const picture = {
    ...layout,
    paper_bgcolor: style.getPropertyValue("--card").trim(),
    margin: { l: 24, r: 32, t: several ? 104 : 84, b: 28 },
    title: { text: `<b>${titles[0] ?? ""}</b>${titles[1] ? `<br><span style="font-size:13px">${titles[1]}</span>` : ""}`, x: 0, xref: "container", xanchor: "left", pad: { l: 24 }, y: 0.95, yanchor: "top", font: { size: 18 } },
    showlegend: several,
    legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", traceorder: "normal" },
  };
  const address = await Plotly.toImage({ data: traces, layout: picture }, { format, ...PICTURE, scale: format === "png" ? 2 : 1 });
  const [head, body] = [address.slice(0, address.indexOf(",")), address.slice(address.indexOf(",") + 1)];
  const bytes = head.endsWith("base64") ? Uint8Array.from(atob(body), (one) => one.charCodeAt(0)) : decodeURIComponent(body);
  save(`${id}.${format}`, [bytes], format === "png" ? "image/png" : "image/svg+xml");
};

// The data behind an item: its rows as a table, and what can be downloaded.

const fillRows = (details) => {
  const place = details.querySelector("[data-rows]");
  const { frame } = shownOf(details.dataset.behind);
  if (!place || place.shownFrame === frame) return;
  place.shownFrame = frame;
  const table = element("table");
  const head = table.createTHead().insertRow();
  for (const column of frame.columns) {
    const cell = head.appendChild(element("th", column.number ? "number" : "", column.label));
    cell.scope = "col";
  }
  const body = table.createTBody();
  const count = frame.columns[0].raw.length;
  for (let row = 0; row < Math.min(count, PAPER_ROWS); row += 1) {
    const line = body.insertRow();
    for (const column of frame.columns) line.append(element("td", column.number ? "number" : "", textOf(column, row)));
  }
  place.replaceChildren(table);
  if (count > PAPER_ROWS) place.append(element("p", "note", say("rows_printed", { first: 1, last: PAPER_ROWS, count })));
};

const startBehind = () => {
  for (const details of document.querySelectorAll("[data-behind]")) {
    const id = details.dataset.behind;
    details.addEventListener("toggle", () => { if (details.open) fillRows(details); });
    details.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !details.open) return;
      details.open = false;
      details.querySelector("summary").focus();
    });
    details.querySelector("[data-csv]").addEventListener("click", () => saveCsv(id));
    for (const picture of details.querySelectorAll("[data-picture]")) {
      picture.addEventListener("click", () => saveChart(id, picture.dataset.picture));
    }
  }
};
const refillBehind = () => { for (const details of document.querySelectorAll("[data-behind][open]")) fillRows(details); };

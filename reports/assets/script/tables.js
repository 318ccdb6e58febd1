// Tables: the first rows are in the page, all of them in columns. Sort, search and paging work on
// places of rows, and only the rows of the page are ever elements.

const PAPER_ROWS = 500;
const tables = new Map(); // what each table shows, by its item's id
const plainText = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss");

/** What a table shows: all its rows in their order, until somebody sorts, searches or filters. */
const tableState = (id) => {
  if (!tables.has(id)) {
    const place = document.querySelector(`[data-table="${id}"]`);
    tables.set(id, { id, place, element: place.querySelector("table"), first: 0, query: "", sort: null });
    useFrame(tables.get(id), shownOf(id));
  }
  return tables.get(id);
};
/** Give a table other rows: those that the filters left, or all again. */
const useFrame = (state, { frame, table }) => {
  const count = frame.columns[0].raw.length;
  Object.assign(state, { frame, table, count, first: 0, haystacks: null, keys: new Map() });
  state.greatest = table.columns.map((column, index) => (column.bar
    ? frame.columns[index].raw.reduce((most, value) => (Math.abs(value ?? 0) > most ? Math.abs(value) : most), 0) : 0));
  state.faded = new Set(table.faded || []);
  arrange(state);
};

/** Which rows are shown, in which order: those that hold every word, sorted. */
const arrange = (state) => {
  const words = plainText(state.query).split(/\s+/).filter(Boolean);
  let places = Array.from({ length: state.count }, (_, row) => row);
  if (words.length) {
    state.haystacks ||= places.map((row) => plainText(state.frame.columns.map((column) => textOf(column, row)).join("\n")));
    places = places.filter((row) => words.every((word) => state.haystacks[row].includes(word)));
  }
  if (state.sort) {
    const { keys, known } = sortKeys(state, state.sort.column);
    const sign = state.sort.direction === "ascending" ? 1 : -1;
    places.sort((a, b) => (known[b] - known[a]) || sign * (keys[a] - keys[b]) || a - b);
  }
  state.rows = places;
  if (state.first >= places.length) state.first = 0;
};
/** A column's rows as numbers that sort: the values, or the places of texts in the language's order. */
const sortKeys = (state, index) => {
  if (!state.keys.has(index)) {
    const { raw } = state.frame.columns[index];
    const values = raw.map((value) => (Array.isArray(value) ? value.findLast((one) => one !== null) ?? null : value));
    const known = Uint8Array.from(values, (value) => (value === null ? 0 : 1));
    let keys;
    if (values.some((value) => typeof value === "string")) {
      const collator = new Intl.Collator(language.tag, { numeric: true });
      const distinct = [...new Set(values.filter((value) => value !== null))].sort(collator.compare);
      const rank = new Map(distinct.map((value, place) => [value, place]));
      keys = Float64Array.from(values, (value) => rank.get(value) ?? 0);
    } else keys = Float64Array.from(values, Number);
    state.keys.set(index, { keys, known });
  }
  return state.keys.get(index);
};

const sparkline = (values) => {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const step = 112 / (values.length - 1);
  let path = "";
  let pen = "M";
  let last = "";
  values.forEach((value, index) => {
    if (value === null) { pen = "M"; return; }
    const share = high > low ? (value - low) / (high - low) : 0.5;
    last = `${(4 + index * step).toFixed(1)} ${(28 - share * 24).toFixed(1)}`;
    path += pen + last;
    pen = "L";
  });
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "sparkline");
  svg.setAttribute("viewBox", "0 0 120 32");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  for (const [kind, d] of [["", path], ["end", `M${last}h0`]]) {
    const line = svg.appendChild(document.createElementNS(SVG, "path"));
    if (kind) line.setAttribute("class", kind);
    line.setAttribute("d", d);
  }
  return svg;
};

const cellOf = (state, index, row) => {
  const column = state.frame.columns[index];
  const shown = state.table.columns[index];
  const value = column.raw[row];
  const cell = element("td", [column.number && "number", shown.bar && "bar", column.list && "spark", toneOf(shown, value)].filter(Boolean).join(" "));
  if (column.list) {
    const known = (value || []).filter((one) => one !== null);
    const line = sparkline(value || []);
    if (!line) { cell.textContent = language.formats.missing; return cell; }
    const ends = { first: writeNumber(column.format, known[0]), last: writeNumber(column.format, known.at(-1)) };
    cell.append(line, element("span", "hidden", say("from_to", ends)));
    return cell;
  }
  if (shown.bar) cell.style.setProperty("--share", (state.greatest[index] ? Math.max(value ?? 0, 0) / state.greatest[index] * 100 : 0).toFixed(1));
  const address = column.href && safeAddress(column.href[row]);
  if (address) {
    const link = cell.appendChild(element("a", "", textOf(column, row)));
    if (shown.keep) link.dataset.keep = "";
    link.setAttribute("href", shown.keep ? withFilters(address) : address);
  } else cell.textContent = textOf(column, row);
  return cell;
};
const toneOf = (shown, value) => {
  if (!shown.better || shown.better === "neutral" || typeof value !== "number" || !value) return "";
  return (value > 0) === (shown.better === "up") ? "good" : "bad";
};

/** Put the rows of the page (on paper: all up to a cap) into the table, and say which they are. */
const fillTable = (state) => {
  const most = printing ? PAPER_ROWS : state.table.page;
  const from = printing ? 0 : state.first;
  const rows = state.rows.slice(from, from + most);
  state.element.tBodies[0].replaceChildren(...rows.map((row) => {
    const line = element("tr", state.faded.has(row) ? "pale" : "");
    line.append(...state.table.columns.map((_, index) => cellOf(state, index, row)));
    return line;
  }));
  fillTotals(state);
  const count = state.rows.length;
  const span = { first: from + 1, last: from + rows.length, count };
  const isPart = count > rows.length;
  let told = isPart ? say(printing ? "rows_printed" : "rows_span", span) : "";
  if (!count) told = say("rows_none");
  else if (count < state.count && !printing) told = [say("rows_found", { count, all: state.count }), told].filter(Boolean).join(" · ");
  if (state.status) state.status.textContent = told;
  for (const [turn, isEnd] of [[state.before, from === 0], [state.after, from + most >= count]]) {
    if (turn) turn.setAttribute("aria-disabled", String(isEnd));
  }
  if (state.pager) state.pager.hidden = count <= state.table.page;
};
const fillTotals = (state) => {
  const foot = state.element.tFoot;
  if (!foot) return;
  state.totals ||= [...foot.rows[0].cells].map((cell) => cell.textContent);
  const all = state.rows.length === state.count && state.frame === entries.get(state.id).frame;
  state.table.columns.forEach(({ total }, index) => {
    if (!total) return;
    const { raw, format } = state.frame.columns[index];
    const sum = () => steady(state.rows.reduce((added, row) => added + (raw[row] ?? 0), 0));
    foot.rows[0].cells[index].textContent = all ? state.totals[index] : writeNumber(format, sum());
  });
};

const sortBy = (state, head) => {
  const column = head.cellIndex;
  const first = head.classList.contains("number") ? "descending" : "ascending";
  const other = first === "ascending" ? "descending" : "ascending";
  const direction = head.getAttribute("aria-sort") === first ? other : first;
  for (const cell of head.parentNode.children) cell.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", direction);
  state.sort = { column, direction };
  state.first = 0;
  arrange(state);
  fillTable(state);
};
const turnTo = (state, first) => {
  if (first < 0 || first >= state.rows.length) return;
  state.first = first;
  fillTable(state);
  state.place.scrollTop = 0;
};

/** Search, count and paging of a table that is longer than its page. */
const addTools = (state) => {
  if (state.count <= state.table.page) return;
  const search = element("input", "search");
  search.type = "search";
  search.placeholder = say("search");
  search.setAttribute("aria-label", say("search_in", { title: state.place.getAttribute("aria-label") }));
  search.addEventListener("input", () => {
    state.query = search.value;
    state.first = 0;
    arrange(state);
    fillTable(state);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !search.value) return;
    search.value = "";
    search.dispatchEvent(new Event("input"));
    event.preventDefault();
  });
  const foot = state.place.parentNode.querySelector("[data-count]");
  state.status = foot.querySelector("[role=status]");
  state.before = button(say("previous"), () => turnTo(state, state.first - state.table.page));
  state.after = button(say("next"), () => turnTo(state, state.first + state.table.page));
  state.pager = element("span", "pager");
  state.pager.append(state.before, state.after);
  foot.append(state.pager);
  state.place.before(search);
  fillTable(state);
};

const startTables = () => {
  for (const place of document.querySelectorAll("[data-table]")) {
    const state = tableState(place.dataset.table);
    for (const turn of place.querySelectorAll("th button")) {
      turn.addEventListener("click", () => sortBy(state, turn.closest("th")));
    }
    addTools(state);
  }
};
const refillTables = () => { for (const state of tables.values()) fillTable(state); };

// What a reader chooses: controls, the address that keeps the choice, and drawing the page anew.
// What Python declares stands in reports/filtering.py.

let declared = null; // what TILLHOUSE.filters was called with
const choice = { ranges: new Map(), values: new Map(), compare: null };
/** A date range over no dates is no filter; a choice of nothing but `none` no comparison. */
const declareFilters = (shipped) => {
  const hasFigures = Object.values(shipped.items).some((recipe) => recipe.kind === "kpis");
  declared = {
    ...shipped,
    filters: shipped.filters.filter((filter) => filter.kind !== "date_range" || filter.first),
    compare: hasFigures && shipped.compare?.choices.length > 1 ? shipped.compare : null,
  };
};
const MANY_VALUES = 8; // from here on a list of values has a search of its own

const rangeNames = (filter) => [...new Set([...filter.presets.map((preset) => preset.name), "all"])];
const rangeOf = (filter, name) => (name === "all"
  ? { name: "all", from: filter.first, to: filter.last }
  : filter.presets.find((preset) => preset.name === name) ?? null);
const defaultOf = (filter) => (filter.kind === "date_range" ? rangeOf(filter, filter.default ?? "all")
  : filter.kind === "one" ? [filter.default].filter((value) => value !== null && value !== undefined) : filter.default ?? []);
const chosenOf = (filter) => (filter.kind === "date_range" ? choice.ranges : choice.values).get(filter.field);
const isEverything = (filter) => {
  const chosen = chosenOf(filter);
  return filter.kind === "date_range" ? chosen.from <= filter.first && chosen.to >= filter.last : !chosen.length;
};
const isDefault = (filter) => JSON.stringify(chosenOf(filter)) === JSON.stringify(defaultOf(filter));
const setFilters = () => declared.filters.filter((filter) => !isEverything(filter));

// ---- the address: ?country=DE&country=FR&period=30d or &from=2026-01-01&to=2026-02-01&compare=none ---
const isDay = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text ?? "") && !Number.isNaN(Date.parse(text));
const readAddress = () => {
  const asked = new URLSearchParams(location.search);
  const ranges = declared.filters.filter((filter) => filter.kind === "date_range");
  for (const filter of declared.filters) {
    if (filter.kind === "date_range") {
      const before = ranges.indexOf(filter) ? `${filter.field}.` : "";
      const [from, to] = [asked.get(`${before}from`), asked.get(`${before}to`)];
      const named = rangeOf(filter, asked.get(`${before}period`));
      choice.ranges.set(filter.field, named ?? (isDay(from) || isDay(to) ? spanOf(filter, from, to) : defaultOf(filter)));
    } else {
      const known = asked.getAll(filter.field).filter((value) => filter.values.includes(value));
      const isAsked = asked.has(filter.field);
      const chosen = filter.kind === "one" ? known.slice(0, 1) : [...new Set(known)];
      choice.values.set(filter.field, isAsked ? chosen : defaultOf(filter));
    }
  }
  const compare = asked.get("compare");
  choice.compare = declared.compare ? (declared.compare.choices.includes(compare) ? compare : declared.compare.default) : null;
};
/** Two ends in their order; an end that is no day is that of the data. */
const spanOf = (filter, from, to) => {
  const ends = [isDay(from) ? from : filter.first, isDay(to) ? to : filter.last].sort();
  return filter.grain === "month"
    ? { name: "", from: isoOf(cut(dayOf(ends[0]), "month")), to: isoOf(monthsBefore(cut(dayOf(ends[1]), "month"), -1) - 1) }
    : { name: "", from: ends[0], to: ends[1] };
};
const writeAddress = () => {
  const kept = new URLSearchParams(location.search);
  const ranges = declared.filters.filter((filter) => filter.kind === "date_range");
  for (const filter of declared.filters) {
    const before = ranges.indexOf(filter) > 0 ? `${filter.field}.` : "";
    for (const name of filter.kind === "date_range" ? ["period", "from", "to"].map((one) => before + one) : [filter.field]) kept.delete(name);
    if (isDefault(filter)) continue;
    const chosen = chosenOf(filter);
    if (filter.kind !== "date_range") {
      for (const value of chosen.length ? chosen : [""]) kept.append(filter.field, value);
    } else if (chosen.name) kept.set(`${before}period`, chosen.name);
    else { kept.set(`${before}from`, chosen.from); kept.set(`${before}to`, chosen.to); }
  }
  kept.delete("compare");
  if (declared.compare && choice.compare !== declared.compare.default) kept.set("compare", choice.compare);
  const query = kept.toString();
  history.replaceState(null, "", `${location.pathname}${query ? `?${query}` : ""}${location.hash}`);
};

// ---- controls -----------------------------------------------------------------------------------
const spanText = ({ from, to }) => `${writeDate("date", from)} – ${writeDate("date", to)}`;
const textOfChoice = (filter) => {
  const chosen = chosenOf(filter);
  if (filter.kind === "date_range") return filter.presets.find((preset) => preset.name === chosen.name)?.label ?? (chosen.name === "all" ? say("preset_all") : spanText(chosen));
  const texts = chosen.map((value) => filter.texts[filter.values.indexOf(value)]);
  return texts.length === 0 ? say("filter_all") : texts.length <= 2 ? texts.join(", ") : say("chosen", { count: texts.length });
};

/** A button with a panel below; Escape and a click elsewhere close it. */
const dropdown = (label) => {
  const box = element("details", "filter");
  const summary = box.appendChild(element("summary"));
  const [name, shown] = [element("span", "filter-name", label), element("b", "filter-value")];
  summary.append(name, shown);
  const panel = box.appendChild(element("div", "filter-panel"));
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !box.open) return;
    box.open = false;
    summary.focus();
  });
  document.addEventListener("pointerdown", (event) => { if (!box.contains(event.target)) box.open = false; });
  box.addEventListener("focusout", (event) => { if (event.relatedTarget && !box.contains(event.relatedTarget)) box.open = false; });
  return { box, panel, shown };
};

const rangeControl = (filter) => {
  const { box, panel, shown } = dropdown(filter.label);
  const presets = panel.appendChild(element("div", "presets"));
  const buttons = rangeNames(filter).map((name) => {
    const label = filter.presets.find((preset) => preset.name === name)?.label ?? say("preset_all");
    const made = button(label, () => { choice.ranges.set(filter.field, rangeOf(filter, name)); applyFilters(); });
    made.dataset.name = name;
    return made;
  });
  presets.append(...buttons);
  const ends = panel.appendChild(element("div", "ends"));
  const inputs = ["from", "to"].map((end) => {
    const label = ends.appendChild(element("label", "", say(`filter_${end}`)));
    const input = label.appendChild(element("input"));
    Object.assign(input, { type: "date", min: filter.first, max: filter.last });
    input.addEventListener("change", () => {
      if (!inputs.every((one) => isDay(one.value))) return;
      choice.ranges.set(filter.field, spanOf(filter, inputs[0].value, inputs[1].value));
      applyFilters();
    });
    return input;
  });
  const show = () => {
    const chosen = chosenOf(filter);
    shown.textContent = textOfChoice(filter);
    [inputs[0].value, inputs[1].value] = [chosen.from, chosen.to];
    for (const made of buttons) made.setAttribute("aria-pressed", String(made.dataset.name === chosen.name));
  };
  return { box, show };
};

const valueControl = (filter) => {
  const { box, panel, shown } = dropdown(filter.label);
  const list = element("div", "values");
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", filter.label);
  const isOne = filter.kind === "one";
  const offered = [...(isOne ? [[null, say("filter_all")]] : []), ...filter.values.map((value, index) => [value, filter.texts[index]])];
  const rows = offered.map(([value, text]) => {
    const label = element("label", "value");
    const input = label.appendChild(element("input"));
    input.type = isOne ? "radio" : "checkbox";
    input.name = `filter-${filter.field}`;
    input.addEventListener("change", () => {
      const others = chosenOf(filter).filter((one) => one !== value);
      const chosen = isOne ? [value].filter((one) => one !== null) : input.checked ? [...others, value] : others;
      choice.values.set(filter.field, filter.values.filter((one) => chosen.includes(one)));
      applyFilters();
    });
    label.append(element("span", "", text));
    return { label, input, value, key: plainText(text) };
  });
  if (filter.values.length > MANY_VALUES) {
    const search = panel.appendChild(element("input", "search"));
    search.type = "search";
    search.placeholder = say("search");
    search.setAttribute("aria-label", say("search_in", { title: filter.label }));
    search.addEventListener("input", () => {
      for (const row of rows) row.label.hidden = !row.key.includes(plainText(search.value));
    });
  }
  list.append(...rows.map((row) => row.label));
  panel.append(list);
  if (!isOne) panel.append(button(say("clear"), () => { choice.values.set(filter.field, []); applyFilters(); }));
  const show = () => {
    const chosen = chosenOf(filter);
    shown.textContent = textOfChoice(filter);
    for (const row of rows) row.input.checked = row.value === null ? !chosen.length : chosen.includes(row.value);
  };
  return { box, show };
};

const compareControl = () => {
  const label = element("label", "filter compare");
  label.append(element("span", "filter-name", say("compare")));
  const select = label.appendChild(element("select"));
  for (const name of declared.compare.choices) {
    const option = select.appendChild(element("option", "", say(`compare_${name}`)));
    option.value = name;
  }
  select.addEventListener("change", () => { choice.compare = select.value; applyFilters(); });
  return { box: label, show: () => { select.value = choice.compare; } };
};

const controls = [];
const startFilters = () => {
  const place = document.querySelector(".page-head");
  if (!declared || !place) return;
  readAddress();
  const bar = element("div", "filters");
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", say("filters"));
  controls.push(...declared.filters.map((filter) => (filter.kind === "date_range" ? rangeControl : valueControl)(filter)));
  if (declared.compare) controls.push(compareControl());
  const reset = button(say("filter_reset"), () => {
    for (const filter of declared.filters) (filter.kind === "date_range" ? choice.ranges : choice.values).set(filter.field, defaultOf(filter));
    if (declared.compare) choice.compare = declared.compare.default;
    applyFilters();
    bar.querySelector("summary, select").focus();
  }, "button reset");
  bar.append(...controls.map((control) => control.box), reset);
  const told = element("p", "filtered");
  told.setAttribute("role", "status");
  controls.push({ show: () => {
    const set = setFilters();
    reset.hidden = declared.filters.every(isDefault) && (!declared.compare || choice.compare === declared.compare.default);
    const parts = set.map((filter) => `${filter.label}: ${filter.kind === "date_range" ? spanText(chosenOf(filter)) : chosenOf(filter).map((value) => filter.texts[filter.values.indexOf(value)]).join(", ")}`);
    told.textContent = parts.length ? say("filtered_by", { filters: parts.join("; ") }) : "";
  } });
  place.after(bar, told);
  applyFilters(true);
};

/** An address of ours with the filters that are set, so that they go along to the next page. */
const withFilters = (address) => {
  const [page, place] = address.split("#");
  return `${page.split("?")[0]}${location.search}${place === undefined ? "" : `#${place}`}`;
};

/** Links that take the filters along: those of the navigation, and where a page's YAML says so. */
const keepFilters = () => {
  for (const link of document.querySelectorAll("a[data-keep]")) link.setAttribute("href", withFilters(link.getAttribute("href")));
};

// ---- drawing the page anew ----------------------------------------------------------------------
const applyFilters = (isFirst = false) => {
  for (const control of controls) control.show();
  if (!isFirst) writeAddress();
  const set = setFilters();
  for (const [id, recipe] of Object.entries(declared.items)) showItem(id, recipe, set.filter((filter) => recipe.by.includes(filter.field)));
  for (const id of [...declared.untouched, ...Object.keys(declared.items)]) {
    const by = declared.items[id]?.by ?? [];
    noteNotFiltered(id, set.filter((filter) => !by.includes(filter.field)), set.length);
  }
  refillBehind();
  keepFilters();
  if (!isFirst) redraw();
};
const conditionOfFilter = (filter) => {
  const chosen = chosenOf(filter);
  return filter.kind === "date_range"
    ? { field: filter.field, from: dayOf(chosen.from), to: dayOf(chosen.to), first: dayOf(filter.first), grain: filter.grain }
    : { field: filter.field, values: chosen };
};
/** The rows of comparison are filtered by all but the range itself. */
const chosenFor = (recipe, set) => {
  const conditions = set.map(conditionOfFilter);
  const range = conditions.find((one) => one.from !== undefined && one.field === recipe.time) ?? null;
  const compare = declared.compare ? [choice.compare].filter((one) => one !== "none") : recipe.compare;
  return { conditions, range, others: conditions.filter((one) => one !== range), compare };
};

const showItem = (id, recipe, set) => {
  const card = document.getElementById(id);
  const entry = entries.get(id);
  if (!card || !entry || !["kpis", "table", "chart"].includes(recipe.kind)) return;
  const isSet = set.length > 0;
  const title = card.querySelector(":scope > .item-title");
  if (title) {
    title.dataset.found ??= title.textContent;
    title.textContent = isSet && recipe.title ? recipe.title : title.dataset.found;
  }
  if (recipe.kind === "kpis") { showCards(card, recipe, chosenFor(recipe, set), isSet); return; }
  const { conditions } = chosenFor(recipe, set);
  const live = { chart: liveChart, table: liveTable }[recipe.kind];
  const shown = isSet ? live(recipe, entry, conditions) : undefined;
  // Of a chart of which nothing is left, the download holds nothing either.
  const bare = () => ({ ...entry, frame: { columns: entry.frame.columns.map((column) => ({ ...column, raw: [] })) } });
  entry.shown = shown === null ? bare() : shown;
  const isEmpty = shownOf(id).frame.columns[0].raw.length === 0;
  const drawn = card.querySelector("[data-chart], [data-table]");
  drawn.hidden = isEmpty;
  noteEmpty(card, drawn, isEmpty);
  if (recipe.kind === "table") {
    const state = tableState(id);
    useFrame(state, shownOf(id));
    fillTable(state);
  } else if (!isEmpty) describe(drawn, recipe, shownOf(id).frame, isSet);
};
const noteEmpty = (card, drawn, isEmpty) => {
  let note = card.querySelector(":scope > .empty");
  if (!note && isEmpty) { note = element("p", "empty", say("empty_choice")); drawn.before(note); }
  if (note) note.hidden = !isEmpty;
};
/** An item that a set filter does not reach says so: that it shows everything, or which of them it leaves out. */
const noteNotFiltered = (id, leftOut, count) => {
  const card = document.getElementById(id);
  if (!card) return;
  let note = card.querySelector(":scope > .unfiltered");
  if (!note && leftOut.length) note = card.appendChild(element("p", "note unfiltered"));
  if (!note) return;
  note.textContent = leftOut.length < count ? say("not_filtered_by", { filters: leftOut.map((filter) => filter.label).join(", ") }) : say("not_filtered");
  note.hidden = !leftOut.length;
};
/** The words for those who cannot see the chart, and the ends of a heat map's colours. */
const describe = (host, recipe, frame, isSet) => {
  host.dataset.label ??= host.getAttribute("aria-label");
  const { raw } = frame.columns[0];
  const ends = { first: written(frame.columns[0], raw[0]), last: written(frame.columns[0], raw.at(-1)) };
  const told = [recipe.title, say("from_to", ends), say("points", { count: raw.length })].join(". ");
  host.setAttribute("aria-label", isSet ? `${told}.` : host.dataset.label);
  const gradient = host.closest(".item").querySelector("p.legend");
  if (!gradient) return;
  const numbers = frame.columns.slice(1).flatMap((column) => column.raw.filter((value) => value !== null));
  const texts = [Math.min(...numbers), Math.max(...numbers)].map((value) => writeNumber(frame.columns[1].format, value));
  [gradient.firstElementChild.textContent, gradient.lastElementChild.textContent] = texts;
};

const showCards = (card, recipe, chosen, isSet) => {
  const isAsItCame = !isSet && (!declared.compare || choice.compare === declared.compare.default);
  const made = isAsItCame ? undefined : liveCards(recipe, chosen);
  card.querySelectorAll(".kpi").forEach((place, index) => {
    place.asItCame ??= [...place.childNodes];
    if (made === undefined) { place.replaceChildren(...place.asItCame); return; }
    const one = made?.cards[index] ?? { value: language.formats.missing, exact: "", changes: [], line: [] };
    const label = place.asItCame.find((node) => node.className === "kpi-label").cloneNode(true);
    const value = element("p", "kpi-value", one.value);
    value.title = one.exact;
    const changes = one.changes.map(({ text, arrow, tone, period }) => {
      const line = element("p", "kpi-change");
      const said = element("span", tone);
      if (arrow) { said.append(element("span", "", arrow), " "); said.firstChild.setAttribute("aria-hidden", "true"); }
      said.append(text);
      line.append(said, " ", element("span", "versus", say("versus", { period })));
      return line;
    });
    place.replaceChildren(...[label, value, ...changes, sparkline(one.line)].filter(Boolean));
  });
  // What the page said of its own comparison gives way to what is to be said of this one.
  let own = card.querySelector(":scope > .own");
  if (!own) { own = element("p", "note own"); card.querySelector(".kpis").after(own); }
  own.textContent = made?.note ?? "";
  for (const note of card.querySelectorAll(":scope > .note:not(.unfiltered, .own)")) note.hidden = made !== undefined;
};

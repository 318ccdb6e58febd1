// Items computed anew from filtered rows, by their recipes (reports/filtering.py).

/** The figure of a chart over other rows; null where nothing is left of it. */
const liveChart = (recipe, base, conditions) => {
  const dataset = datasets.get(recipe.dataset);
  const passes = passing(dataset, conditions);
  const frame = recipe.mark === "heatmap" || recipe.series
    ? pivoted(recipe, base.frame, dataset, passes)
    : measuredRows(recipe, base.frame, dataset, passes);
  const drawn = frame.columns.slice(1).some((column) => column.raw.some((value) => value !== null));
  return drawn ? { ...base, frame, figure: figureOf(recipe, base, frame) } : null;
};

/** One row for each x, one column for each measure; `pale` says which rows are faded. */
const measuredRows = (recipe, base, dataset, passes) => {
  const { field, grain } = recipe.x;
  const isGrouped = Boolean(grain) || recipe.y.some((measure) => measure.metric);
  let columns;
  let paleOf = () => false;
  if (isGrouped) {
    const grouped = groupBy(dataset, passes, [{ field, grain }]);
    const x = Array.from({ length: grouped.count }, (_, group) => grouped.valueOf(0, group));
    columns = [x, ...recipe.y.map((measure) => measured(measure, dataset, grouped))];
    if (recipe.faded) {
      const pale = new Set(grouped.groups.filter((group, row) => group >= 0 && dataset.columns[recipe.faded].values[row] === 1));
      paleOf = (group) => pale.has(group);
    }
  } else {
    const rows = Array.from(passes.keys()).filter((row) => passes[row]);
    columns = [field, ...recipe.y.map((measure) => measure.field)].map((name) => rows.map((row) => valueAt(dataset.columns[name], row)));
    if (recipe.faded) paleOf = (place) => dataset.columns[recipe.faded].values[rows[place]] === 1;
  }
  const pale = recipe.faded ? columns[0].map((_, place) => paleOf(place)) : null;
  return { columns: base.columns.map((column, index) => ({ ...column, raw: columns[index] })), pale };
};

/** One row for each x, one column for each name that the whole chart has; other names are computed as one. */
const pivoted = (recipe, base, dataset, passes) => {
  const isHeat = recipe.mark === "heatmap";
  const { field } = isHeat ? recipe.y : recipe.series;
  const names = new Map(base.columns.map((column, index) => [column.name, index]).slice(1));
  const keys = keysOf(dataset.columns[field], isHeat ? recipe.y.grain : null);
  const rest = isHeat ? -1 : names.get(recipe.series.other) ?? -1;
  const columnOf = Int32Array.from(keys.shown, (value) => (value === null ? rest : names.get(String(value)) ?? rest));
  const along = groupBy(dataset, passes, [recipe.x]);
  const width = base.columns.length;
  const groups = along.groups.map((group, row) => {
    const column = columnOf[keys.keys[row]];
    return group < 0 || column < 0 ? -1 : group * width + column;
  });
  const values = measured(isHeat ? recipe.value : recipe.y[0], dataset, { groups, count: along.count * width });
  const raws = base.columns.map((_, index) => Array.from({ length: along.count }, (_unused, group) => (index ? values[group * width + index] : along.valueOf(0, group))));
  return { columns: base.columns.map((column, index) => ({ ...column, raw: raws[index] })) };
};

/** Notes stay at their days, also where bars stand at counted places; a day that is gone takes its note along. */
const movedNotes = (layout, before, now) => {
  const days = now.filter((value) => value !== null).sort();
  const move = (place) => (typeof place === "number" ? now.indexOf(before[place]) : place >= days[0] && place <= days.at(-1) ? place : -1);
  const shapes = layout.shapes?.map((shape) => (shape.yref === "paper" && shape.x0 === shape.x1 && shape.line?.dash === "dash"
    ? { ...shape, x0: move(shape.x0), x1: move(shape.x1) } : shape)).filter((shape) => shape.x0 !== -1);
  const annotations = layout.annotations?.map((note) => (note.name ? note : { ...note, x: move(note.x) })).filter((note) => note.x !== -1);
  return { ...layout, ...(shapes && { shapes }), ...(annotations && { annotations }) };
};

/** Lines to compare with: a mean is that of the rows that are left, and what all rows together aim at is left out. */
const movedLines = (layout, horizontal, first) => {
  const [start, end] = horizontal ? ["x0", "x1"] : ["y0", "y1"];
  const known = first.raw.filter((value) => value !== null);
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const isKept = ({ name }) => name !== "target" && (name !== "mean" || known.length);
  const shapes = layout.shapes?.filter(isKept).map((shape) => (shape.name === "mean" ? { ...shape, [start]: mean, [end]: mean } : shape));
  const annotations = layout.annotations?.filter(isKept).map((text) => (text.name === "mean" ? { ...text, [horizontal ? "x" : "y"]: mean } : text));
  return { layout: { ...layout, ...(shapes && { shapes }), ...(annotations && { annotations }) }, lines: shapes?.filter((shape) => shape.name).map((shape) => shape[start]) ?? [] };
};

const figureOf = (recipe, { figure, frame: whole }, frame) => {
  const { layout, lines } = movedLines(figure.layout, recipe.horizontal, frame.columns[1]);
  const base = { ...figure, layout: movedNotes(layout, whole.columns[0].raw, frame.columns[0].raw) };
  const traces = structuredClone(base.traces);
  const [x, ...rest] = frame.columns;
  if (recipe.mark === "heatmap") return { ...base, traces, x: placeAxis(x, false) };
  const along = recipe.mark === "bar" || !x.date || x.raw.includes(null) ? placeAxis(x, recipe.horizontal) : dateAxis(x.raw);
  const numbers = recipe.stack
    ? x.raw.flatMap((_, row) => [1, -1].map((sign) => rest.reduce((sum, column) => sum + Math.max(sign * (column.raw[row] ?? 0), 0) * sign, 0)))
    : rest.flatMap((column) => column.raw.filter((value) => value !== null));
  if (recipe.stack === "share") numbers.splice(0, numbers.length, 0, 1);
  numbers.push(...lines);
  const main = recipe.series ? 0 : Math.max(recipe.y.findIndex((measure) => measure.emphasis === "main"), 0);
  let values = valueAxis(numbers, recipe.stack === "share" ? "rate0" : rest[main].format || "", recipe.zero || recipe.mark === "bar");
  for (const [index, trace] of traces.entries()) {
    if (recipe.mark !== "bar") continue;
    if (Array.isArray(trace.marker.color)) trace.marker.color = rest[index].raw.map((value) => ((value ?? 0) < 0 ? "var(--series-2)" : base.colours[index]));
    delete trace.marker.opacity;
    if (frame.pale?.some(Boolean)) trace.marker.opacity = frame.pale.map((pale) => (pale ? 0.45 : 1));
    for (const key of LABELLING) delete trace[key];
    if (isLabelled(recipe, rest, lines.length > 0)) values = labelBars(trace, rest[0], recipe, numbers, lines);
  }
  return { ...base, traces, x: recipe.horizontal ? values : along, y: recipe.horizontal ? along : values };
};

/** Whether each bar has room for its value beside it, as reports/charts/xy_traces.py decides. */
const LABELLING = ["text", "textposition", "insidetextanchor", "textangle", "insidetextfont", "cliponaxis"];
const isLabelled = (recipe, measures, hasLines) => {
  if (measures.length !== 1) return false;
  const count = measures[0].raw.length;
  if (recipe.horizontal || count <= 7) return true;
  const longest = Math.max(...measures[0].raw.map((value) => written(measures[0], value).length));
  return count <= 12 && longest <= 4 && !hasLines;
};
const labelBars = (trace, column, { horizontal }, numbers, lines) => {
  const [low, high] = [Math.min(...numbers, 0), Math.max(...numbers, 0)];
  const size = high - low || 1;
  const room = size * (horizontal ? 0.22 : 0.12);
  Object.assign(trace, {
    text: column.raw.map((value) => forPlotly(written(column, value))),
    textposition: column.raw.map((value) => (value !== null
      && lines.some((line) => line >= value && line - value <= 0.1 * size) ? "inside" : "outside")),
    insidetextanchor: "end",
    textangle: 0,
    insidetextfont: { color: "var(--on-series)" },
    cliponaxis: false,
  });
  return { kind: "value", range: [low < 0 ? low - room : 0, high + room] };
};

/** A table over other rows: as they are, or grouped by its fields where it has metrics. */
const liveTable = (recipe, base, conditions) => {
  const dataset = datasets.get(recipe.dataset);
  const passes = passing(dataset, conditions);
  const nameOf = (column) => column.field || column.metric;
  // A column without any value may have been left out of the page.
  const shown = base.frame.columns.map(({ name }) => recipe.columns.find((column) => nameOf(column) === name));
  const fields = shown.filter((column) => column.field);
  let raws;
  if (fields.length < shown.length) {
    const grouped = groupBy(dataset, passes, fields);
    raws = shown.map((column) => (column.metric
      ? measured(column, dataset, grouped)
      : Array.from({ length: grouped.count }, (_, group) => grouped.valueOf(fields.indexOf(column), group))));
    const places = raws[0].map((_, place) => place).sort(orderOf(recipe, shown.map(nameOf), raws)).slice(0, recipe.limit ?? undefined);
    raws = raws.map((raw) => places.map((place) => raw[place]));
  } else {
    const rows = Array.from(passes.keys()).filter((row) => passes[row]).slice(0, recipe.limit ?? undefined);
    raws = fields.map(({ field }) => rows.map((row) => valueAt(dataset.columns[field], row)));
  }
  const columns = base.frame.columns.map((column, index) => {
    const made = { ...column, raw: raws[index] };
    if (column.href) {
      const known = new Map(column.raw.map((value, row) => [value, column.href[row]]));
      made.href = made.raw.map((value) => known.get(value) ?? null);
    }
    return made;
  });
  return { ...base, frame: { columns }, table: { ...base.table, faded: [] } };
};
const orderOf = (recipe, names, raws) => {
  const keys = (recipe.order || []).filter(([name]) => names.includes(name))
    .map(([name, direction]) => [raws[names.indexOf(name)], direction === "desc" ? -1 : 1]);
  return (a, b) => {
    for (const [raw, sign] of keys) {
      if (raw[a] === raw[b]) continue;
      if (raw[a] === null || raw[b] === null) return raw[a] === null ? 1 : -1;
      return raw[a] < raw[b] ? -sign : sign;
    }
    return a - b;
  };
};

/** The cards of a KPI item, each with its value, changes and the points of its small line, and a note; null without rows. */
const liveCards = (recipe, { conditions, others, range, compare }) => {
  const dataset = datasets.get(recipe.dataset);
  if (!recipe.time) { // figures without a time: of all rows that are left
    const grouped = groupBy(dataset, passing(dataset, conditions), []);
    if (!grouped.count) return null;
    return { cards: recipe.metrics.map((name) => cardOf(name, measured({ metric: name }, dataset, grouped)[0], [], [])), note: "" };
  }
  const inRange = range && range.field === recipe.time;
  const one = (from, to) => {
    const passes = passing(dataset, [...others, { field: recipe.time, from, to }]);
    return { rows: passes.some(Boolean), passes, grouped: groupBy(dataset, passes, []) };
  };
  const line = groupBy(dataset, passing(dataset, conditions), [{ field: recipe.time, grain: recipe.grain }]);
  const starts = Array.from({ length: line.count }, (_, group) => line.valueOf(0, group));
  const order = starts.map((_, group) => group).filter((group) => starts[group]).sort((a, b) => (starts[a] < starts[b] ? -1 : 1));
  if (!order.length) return null;
  const lines = recipe.metrics.map((name) => measured({ metric: name }, dataset, line));
  const last = order.at(-1);
  const isPartial = (passes) => recipe.incomplete && dataset.columns[recipe.incomplete].values.some((value, row) => value === 1 && passes[row]);
  const periods = [];
  const notes = [];
  let now = (index) => lines[index][last];
  let nowPasses = null;
  if (inRange) {
    const current = one(range.from, range.to);
    nowPasses = current.passes;
    now = (index) => measured({ metric: recipe.metrics[index] }, dataset, current.grouped)[0] ?? null;
    for (const kind of compare) {
      const days = range.to - range.from + 1;
      const months = range.grain === "month" ? monthsIn(range) : 0;
      const [from, to] = kind === "previous" ? [months ? monthsBefore(range.from, months) : range.from - days, range.from - 1]
        : [monthsBefore(range.from, 12), monthsBefore(range.to, 12)];
      const before = one(from, to);
      const name = kind !== "previous" ? say("year_before")
        : months === 1 ? say("month_before") : months ? say("months_before", { months }) : say("days_before", { days });
      if (!before.rows || from < range.first || isPartial(before.passes)) { // a part of a range beside a whole one misleads
        notes.push(say("not_compared_with", { period: name }));
        continue;
      }
      periods.push({ name, value: (index) => measured({ metric: recipe.metrics[index] }, dataset, before.grouped)[0] ?? null });
    }
  } else {
    const rowsOf = (group) => Uint8Array.from(line.groups, (one_) => (one_ === group ? 1 : 0));
    nowPasses = recipe.incomplete ? rowsOf(last) : null;
    for (const kind of compare) {
      const start = isoOf(earlier(dayOf(starts[last]), recipe.grain, kind));
      const group = order.find((place) => starts[place] === start);
      if (group === undefined || (recipe.incomplete && isPartial(rowsOf(group)))) continue;
      const isWindow = recipe.grain === "30 days" && kind === "previous";
      periods.push({ name: isWindow ? say("days_before", { days: 30 }) : writeDate(recipe.format, start), value: (index) => lines[index][group] });
    }
  }
  const kept = recipe.incomplete && isPartial(nowPasses) ? [] : periods;
  const cards = recipe.metrics.map((name, index) => {
    const points = recipe.sparkline ? order.slice(-25).map((group) => lines[index][group]) : [];
    return cardOf(name, now(index), kept.map((period) => ({ name: period.name, value: period.value(index) })), points);
  });
  return { cards, note: notes.join(" ") };
};

const cardOf = (name, value, periods, line) => {
  const metric = metrics.get(name);
  return {
    value: writeNumber(shortFormat(metric.format, value), value),
    exact: writeNumber(metric.format, value),
    changes: periods.map((period) => changeOf(value, period.value, metric, period.name)).filter(Boolean),
    line,
  };
};

/** The change between two values, as reports/kpis.py writes it. */
const changeOf = (now, before, metric, period) => {
  if (now === null || before === null) return null;
  let size;
  let text;
  if (metric.format.startsWith("rate")) {
    size = steady((now - before) * 100);
    text = writeNumber("change_pp1", steady(now - before));
  } else if (before === 0) {
    return now ? { text: say("new"), arrow: "", tone: "neutral", period } : null;
  } else {
    size = steady(((now - before) / Math.abs(before)) * 100);
    text = writeNumber("change_pct1", size);
  }
  const isLevel = Math.abs(size) < 0.05;
  const tone = isLevel || metric.better === "neutral" ? "neutral" : (size > 0) === (metric.better === "up") ? "good" : "bad";
  return { text, arrow: isLevel ? "" : size > 0 ? "▲" : "▼", tone, period };
};
const shortFormat = (format, value) => {
  const size = Math.abs(value ?? 0);
  if (format === "currency0" || (format === "currency2" && size >= 10_000)) return "currency_short";
  if (format === "int" || format === "num0") return size < 100_000 ? "int" : "number_short";
  return format;
};

// Axes drawn anew for filtered rows: where they carry labels, as reports/charts/ticks.py chooses.

const WIDE_TICKS = 9;
const NARROW_TICKS = 5;
const LONGEST_LABEL = 28;

/** Round values that cover low to high, at most five. */
const valueSteps = (low, high) => {
  const top = low === high ? low + (Math.abs(low) || 1) : high;
  const rough = (top - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  for (const factor of [1, 2, 2.5, 5, 10, 20, 25]) {
    const step = factor * power;
    const [first, last] = [Math.floor(steady(low / step)), Math.ceil(steady(top / step))];
    if (last - first < 5) return Array.from({ length: last - first + 1 }, (_, index) => steady(step * (first + index)));
  }
  return [low, top];
};
const valueAxis = (values, format, zero) => {
  const ends = zero ? [...values, 0] : values;
  const steps = ends.length ? valueSteps(Math.min(...ends), Math.max(...ends)) : [0, 1];
  const isLong = format.startsWith("num") && Math.max(...steps.map(Math.abs)) >= 10_000; // never with all their digits
  const names = language.axes.find(([start]) => (isLong ? "number_short" : format).startsWith(start))[1];
  let texts = [];
  for (const name of names) {
    texts = steps.map((step) => writeNumber(name, step));
    if (new Set(texts).size === texts.length) break;
  }
  const ticks = steps.map((step, index) => [step, texts[index]]);
  return { kind: "value", ticks, range: [steps[0], steps.at(-1)], grid: true };
};

/** Labels of dates: beginnings of months with the year below the first, or days on a short axis. */
const dateTicks = (first, last, most) => {
  const days = last - first;
  if (days <= 62) {
    const step = [1, 2, 7, 14].find((one) => Math.floor(days / one) < most) ?? 30;
    const places = Array.from({ length: Math.floor(days / step) + 1 }, (_, index) => last - step * index).reverse();
    return places.map((day) => [isoOf(day), writeDate("day", isoOf(day))]);
  }
  const months = [];
  for (let day = cut(first, "month"); day <= last; day = monthsBefore(day, -1)) if (day >= first) months.push(day);
  const numberOf = (day) => new Date(day * DAY).getUTCFullYear() * 12 + new Date(day * DAY).getUTCMonth();
  let places = months;
  for (const step of [1, 2, 3, 6, 12, 24, 60, 120]) {
    places = months.filter((day) => numberOf(day) % step === 0);
    if (places.length <= most) break;
  }
  return places.map((day, index) => {
    const [iso, before] = [isoOf(day), index ? isoOf(places[index - 1]) : ""];
    const month = writeDate("month_of_year", iso);
    return [iso, before.slice(0, 4) === iso.slice(0, 4) ? month : `${month}<br>${iso.slice(0, 4)}`];
  });
};
const dateAxis = (isos) => {
  const days = isos.map(dayOf);
  const [first, last] = [Math.min(...days), Math.max(...days)];
  return { kind: "date", ticks: dateTicks(first, last, WIDE_TICKS), narrow: dateTicks(first, last, NARROW_TICKS), range: [isoOf(first), isoOf(last)] };
};

/** Text for Plotly, which reads a little HTML. */
const forPlotly = (text) => {
  const short = text.length <= LONGEST_LABEL ? text : `${text.slice(0, LONGEST_LABEL - 1).trimEnd()}…`;
  return short.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
};
/** An axis of counted places, one for each value. */
const placeAxis = (column, reverse) => {
  const { raw } = column;
  const range = reverse ? [raw.length - 0.5, -0.5] : [-0.5, raw.length - 0.5];
  if (column.date && raw.every((value) => value !== null)) {
    const days = raw.map(dayOf);
    const sorted = days.map((day, index) => [day, index]).sort((a, b) => a[0] - b[0]);
    const [wide, narrow] = [WIDE_TICKS, NARROW_TICKS].map((most) => dateTicks(sorted[0][0], sorted.at(-1)[0], most)
      .map(([iso, text]) => [sorted.find(([day]) => day >= dayOf(iso))[1], text]));
    return { kind: "index", ticks: wide, narrow, range };
  }
  const ticks = raw.map((value, index) => [index, forPlotly(written(column, value))]);
  const thin = column.number && !reverse && ticks.length > 7;
  return { kind: "index", ticks, range, ...(thin ? { narrow: ticks.filter((_, index) => index % Math.ceil(ticks.length / NARROW_TICKS) === 0) } : {}) };
};

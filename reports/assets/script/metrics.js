// Metrics over groups of rows. Their expression trees come from the metrics' SQL, and mean what SQL
// means: a sum of nothing is missing, a count of nothing 0, a division by zero missing.

const metrics = new Map();
const addMetrics = (shipped) => { for (const [name, metric] of Object.entries(shipped)) metrics.set(name, metric); };

/** One number for each group (NaN: missing) of a tree over the rows of a dataset. */
const evaluate = (tree, dataset, { groups, count }) => {
  const args = () => tree.args.map((part) => evaluate(part, dataset, { groups, count }));
  const each = (of) => { const parts = args(); return Float64Array.from({ length: count }, (_, group) => of(...parts.map((part) => part[group]))); };
  switch (tree.op) {
    case "number": return new Float64Array(count).fill(tree.value ?? NaN);
    case "metric": return evaluate(metrics.get(tree.name).tree, dataset, { groups, count });
    case "+": return each((a, b) => a + b);
    case "-": return each((a, b) => a - b);
    case "*": return each((a, b) => a * b);
    case "/": return each((a, b) => (b === 0 ? NaN : a / b));
    case "negate": return each((a) => -a);
    case "nullif": return each((a, b) => (a === b ? NaN : a));
    case "coalesce": return each((...values) => values.find((value) => !Number.isNaN(value)) ?? NaN);
    default: return aggregate(tree, dataset, groups, count);
  }
};

const aggregate = ({ op, column: name, where }, dataset, groups, count) => {
  const column = name && dataset.columns[name];
  const values = column ? column.values : null;
  const isKnown = { text: (value) => value >= 0, boolean: (value) => value >= 0, date: (value) => value !== MISSING_DAY, number: (value) => value === value }[column?.type]; // eslint-disable-line no-self-compare
  const meets = where ? conditionOf(dataset.columns[where.column], where.equals) : null;
  const found = new Float64Array(count).fill(op === "count" ? 0 : NaN);
  for (let row = 0; row < groups.length; row += 1) {
    const group = groups[row];
    if (group < 0 || (meets && !meets(row))) continue;
    if (values && !isKnown(values[row])) continue;
    if (op === "count") { found[group] += 1; continue; }
    const [value, now] = [values[row], found[group]];
    if (Number.isNaN(now)) found[group] = value;
    else if (op === "sum") found[group] = now + value;
    else if (op === "min" ? value < now : value > now) found[group] = value;
  }
  return found;
};
const conditionOf = ({ type, names, values }, wanted) => {
  const code = { text: () => names.indexOf(wanted), date: () => dayOf(wanted), boolean: () => Number(wanted), number: () => wanted }[type]();
  return type === "text" && code < 0 ? () => false : (row) => values[row] === code;
};

/** A measure of a chart or table over groups: a metric, or the sum of a field; null where missing. */
const measured = ({ metric, field }, dataset, grouped) => {
  const tree = metric ? { op: "metric", name: metric } : { op: "sum", column: field };
  return Array.from(evaluate(tree, dataset, grouped), (value) => (Number.isNaN(value) ? null : steady(value)));
};

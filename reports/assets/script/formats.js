// Numbers and dates as text, with the records that Python writes with (reports/number_formats.py).
// Rounding is half up on the digits that a double shows, so that both write the same.

const MINUS = "\u2212";
const MOST_DIGITS = 30;

/** A number as its digits: `12345` with `point` 3 is 123.45. */
const digitsOf = (number) => {
  const [mantissa, power] = Math.abs(number).toExponential().split("e");
  return { minus: number < 0, digits: mantissa.replace(".", ""), point: Number(power) + 1 };
};

/** The first `keep` digits, rounded half up. */
const roundedTo = ({ minus, digits, point }, keep) => {
  if (keep >= digits.length) return { minus, digits, point };
  const up = keep >= 0 && digits[keep] >= "5";
  const kept = [...digits.slice(0, Math.max(keep, 0))];
  let place = kept.length - 1;
  if (up) {
    for (; place >= 0 && kept[place] === "9"; place -= 1) kept[place] = "0";
    if (place >= 0) kept[place] = String(Number(kept[place]) + 1);
    else { kept.unshift("1"); point += 1; }
  }
  return { minus, digits: kept.join("") || "0", point: kept.length ? point : 1 };
};

/** What stands before and behind the decimal point, with `places` digits behind it. */
const partsOf = ({ digits, point }, places) => {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "0";
  const rest = point > 0 ? digits.slice(point) : "0".repeat(-point) + digits;
  return [whole.replace(/^0+(?=\d)/, ""), rest.slice(0, places).padEnd(places, "0")];
};

const grouped = (whole, { group, groups: [size, further] }) => {
  if (whole.length <= size) return whole;
  const parts = [whole.slice(-size)];
  for (let rest = whole.slice(0, -size); rest; rest = rest.slice(0, -further)) parts.unshift(rest.slice(-further));
  return parts.join(group);
};

const writeDigits = (number, record, places) => {
  const rounded = roundedTo(number, number.point + places);
  const [whole, fraction] = partsOf(rounded, places);
  const isZero = !/[1-9]/.test(whole + fraction);
  const [before, after] = isZero ? record.zero : number.minus ? record.minus : record.plus;
  return before + grouped(whole, record) + (fraction ? record.decimal + fraction : "") + after;
};

/** Three significant digits: 123, 1.23K, 12.3K, 123K. */
const writeShort = (value, record) => {
  const size = Math.abs(value);
  const number = digitsOf(value);
  if (size < 1000) return writeDigits(number, record, size >= 100 || Number.isInteger(size) ? 0 : 2);
  const shown = roundedTo(number, 3);
  const power = shown.point - 1;
  const step = (record.steps || []).findLast((one) => one[0] <= power);
  if (!step) return writeDigits(number, record, 0);
  const [, divisor, plus, minus] = step;
  const scaled = { ...shown, point: shown.point - divisor };
  const places = 2 - (power % 3);
  const [whole, fraction] = partsOf(roundedTo(scaled, scaled.point + places), places);
  const bare = fraction.replace(/0+$/, "");
  const [before, after] = number.minus ? minus : plus;
  return before + whole + (bare ? record.decimal + bare : "") + after;
};

/** A number in the format of this name. */
const writeNumber = (name, value) => {
  if (value === null || value === undefined || !Number.isFinite(value)) return language.formats.missing;
  const record = language.formats.numbers[name] || { kind: "plain" };
  const number = digitsOf(value);
  if (value && number.point - 1 > MOST_DIGITS) {
    const shown = roundedTo(number, 3);
    const [whole, fraction] = partsOf({ ...shown, point: 1 }, 2);
    return `${number.minus ? MINUS : ""}${whole}.${fraction}E+${shown.point - 1}`;
  }
  if (record.kind === "names") return record.names[Math.trunc(value) - 1] ?? writePlain(Math.trunc(value));
  if (record.kind === "plain") return writePlain(value);
  if (record.kind === "short") return writeShort(value, record);
  return writeDigits({ ...number, point: number.point + record.shift }, record, record.digits);
};
const writePlain = (value) => String(value).replace("e", "E").replaceAll("-", MINUS);

/** An ISO date in the format of this name; a name that is not of a date writes day, month and year. */
const writeDate = (name, iso) => {
  const [year, month, day] = [Number(iso.slice(0, 4)), Number(iso.slice(5, 7)), Number(iso.slice(8, 10))];
  const tokens = language.formats.dates[name] || language.formats.dates.date || [["text", iso]];
  return tokens.map(([kind, ...said]) => {
    if (kind === "text") return said[0];
    if (kind === "month_name") return said[month - 1];
    if (kind === "weekday") return said[(new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7];
    return String({ day, month, year }[kind]).padStart(Number(said[0]), "0");
  }).join("");
};

/** A value of a column as readers see it; a missing one is a dash, never a zero. */
const written = (column, value) => {
  if (value === null || value === undefined) return language.formats.missing;
  if (Array.isArray(value)) return value.map((one) => writeNumber(column.format, one)).join(", ");
  if (typeof value === "number") return writeNumber(column.format, value);
  return column.date ? writeDate(column.format, value) : String(value);
};
const textOf = (column, row) => (column.text ? column.text[row] : written(column, column.raw[row]));

/** A double without the noise of its last digits, as reports/formats.py cuts it. */
const steady = (value) => {
  if (value === null || !Number.isFinite(value)) return null;
  return Math.abs(value) < 1e7 ? Number(value.toPrecision(10)) : Number(value.toFixed(3));
};

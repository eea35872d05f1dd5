// What the map shows: a measure of the table, today's from its cells, earlier ones from the series.

const CLASSES = 7;
const ROUND = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

class Figures {
  constructor(series) {
    this.series = series; // null where the page has none
    this.known = new Map();
    const days = series ? [...series.lines.values()].flatMap((line) => [line.first, line.first + lengthOf(series, line) - 1]) : [];
    this.months = days.length ? monthsBetween(Math.min(...days), Math.max(...days)) : [];
  }

  // the ranking's measure
  measure() {
    const column = 1 + beside + Number(byId("measure").value);
    if (!this.known.has(column)) this.known.set(column, this.describe(column));
    return this.known.get(column);
  }

  describe(column) {
    const { dataset, title } = headings[column];
    const cell = rows.map((row) => row.cells[column].textContent).find((text) => text !== "–") ?? "";
    const share = cell.endsWith("%");
    const places = (cell.replace("%", "").split(".")[1] ?? "").length;
    const measure = { column, title, key: dataset.column, share, places };
    measure.brief = (value) => brief(value) + (share ? "%" : "");
    measure.months = this.series && measure.key !== "population" ? this.byMonth(measure) : null;
    return measure;
  }

  // key of a row -> its value on the last known day of each month, NaN without one
  byMonth({ key, share }) {
    const incidence = key === "cases_7d_per_100k";
    const source = incidence ? "cases_7d_avg" : key;
    if (source !== "case_fatality" && !this.series.has(source)) return null;
    const found = new Map();
    for (const row of rows) {
      const line = this.series.lines.get(row.dataset.key);
      if (!line) continue;
      const values = valuesOf(this.series, line, { key: source, share, of_sums: true }, incidence);
      const monthly = this.months.map(() => NaN);
      this.series.days(line).forEach((day, n) => {
        if (Number.isNaN(values[n])) return;
        const at = monthNumber(day) - this.months[0];
        if (this.months[at] !== undefined) monthly[at] = values[n] * (incidence ? WEEK : 1);
      });
      found.set(row.dataset.key, monthly);
    }
    return found;
  }

  // which month the slider chooses; undefined: the latest day
  month(measure) {
    const slider = byId("month");
    byId("month-row").hidden = !measure.months || this.months.length < 2;
    if (byId("month-row").hidden) return undefined;
    const at = Number(slider.value);
    const month = at < this.months.length ? at : undefined;
    byId("month-read").textContent = month === undefined ? _("latest") : monthName(this.months[at]);
    slider.setAttribute("aria-valuetext", byId("month-read").textContent);
    return month;
  }

  value(measure, row, month) {
    if (month !== undefined) return measure.months.get(row.dataset.key)?.[month] ?? NaN;
    return row.matches(".stale, .silent") || hasFew(row, measure.column) ? NaN : valueOf(row, measure.column);
  }

  // Breaks at even shares of the values: today's, or those of all months, so that months compare.
  breaks(measure, month) {
    if (month === undefined) return (measure.breaks ??= breaksOf(rows.map((row) => this.value(measure, row))));
    return (measure.monthlyBreaks ??= breaksOf([...measure.months.values()].flat()));
  }

  text(measure, row, value, month) {
    if (!row) return _("no data");
    const figure = Number.isNaN(value) ? "" : said(value, measure.places) + (measure.share ? "%" : "");
    const note = month === undefined ? (row.querySelector("small")?.textContent ?? "") : "";
    const few = month === undefined && hasFew(row, measure.column) ? _("too few cases for a rate") : "";
    return [figure || few || _("no data"), note].filter(Boolean).join("\n");
  }
}

const lengthOf = (series, line) => (line.steps.find(Array.isArray) ?? []).length * series.every;
const monthNumber = (ms) => new Date(ms).getUTCFullYear() * 12 + new Date(ms).getUTCMonth();
const monthName = (number) =>
  new Date(Date.UTC(Math.floor(number / 12), number % 12)).toLocaleDateString(calendar, { month: "long", year: "numeric", timeZone: "UTC" });

function monthsBetween(first, last) {
  const [from, to] = [first, last].map((day) => monthNumber(day * DAY));
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}

// A few totals that the source lowered make no class of their own.
function breaksOf(values) {
  const known = values.filter((value) => !Number.isNaN(value));
  const lowered = known.filter((value) => value < 0).length > known.length / 20;
  const counted = Float64Array.from(known.filter((value) => lowered || value > 0)).sort();
  const shares = Array.from({ length: CLASSES - 1 }, (_, n) => counted[Math.floor(((n + 1) * counted.length) / CLASSES)]);
  // finer where the values differ by little
  const tried = [roundly, (value) => Number(value.toPrecision(2)), (value) => Number(value.toPrecision(3))].map((rounded) => {
    const breaks = new Set(shares.filter((value) => value !== undefined).map(rounded));
    return [...breaks].filter((value) => value > counted[0] && value <= counted.at(-1));
  });
  return tried.find((breaks) => breaks.length > 3) ?? tried.at(-1);
}

// the nearest of 1, 1.5, 2 ... 10 at its power of ten
function roundly(value) {
  if (!value) return 0;
  const power = 10 ** Math.floor(Math.log10(Math.abs(value)));
  const digit = Math.abs(value) / power;
  const near = ROUND.reduce((a, b) => (Math.abs(b - digit) < Math.abs(a - digit) ? b : a));
  return Number((Math.sign(value) * near * power).toPrecision(3));
}

const brief = (value) => value.toLocaleString("en", { notation: "compact", maximumSignificantDigits: 3 });

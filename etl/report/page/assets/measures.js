// What a chart can show: the series' columns, decoded, and the measures that come from them.

const WEEK = 7;
const LEAST_CASES = 100; // below, a case fatality rate says little

// The series of series.py, by key; a column is decoded when it is first asked for.
class Series {
  constructor({ every, columns, scales, own, sums, series }) {
    Object.assign(this, { every, columns, scales, own });
    this.lines = new Map([...Object.entries(sums), ...Object.entries(series)]);
    this.decoded = new Map();
  }

  has(name) {
    return this.columns.includes(name);
  }

  // a line's days, in ms
  days(line) {
    const steps = line.steps.find(Array.isArray) ?? [];
    return steps.map((_, n) => (line.first + n * this.every) * DAY);
  }

  // a line's values of a column, NaN where unknown; `heads`: of its members with a population
  column(line, name, heads = false) {
    const made = this.decoded.get(line) ?? {};
    this.decoded.set(line, made);
    return (made[`${name} ${heads}`] ??= this.decode(line, name, heads));
  }

  decode(line, name, heads) {
    const at = this.columns.indexOf(name);
    const steps = (heads ? line.heads : line.steps)[at] ?? null;
    if (steps === 0) {
      const total = this.column(line, name.startsWith("cases") ? "cumulative_cases" : "cumulative_deaths", heads);
      const back = WEEK / Math.min(this.every, WEEK);
      return total.map((value, n) => (n < back ? NaN : (value - total[n - back]) / WEEK));
    }
    if (steps === null) return this.days(line).map(() => NaN);
    let sum = 0;
    return steps.map((step) => (step === null ? NaN : (sum += step) / this.scales[at]));
  }
}

// key, title, title per 100,000 people, short: for the chooser, decimals, share: in percent, of_sums: also of the world
function measuresOf(series) {
  const totals = series.has("cumulative_cases");
  const found = [
    ["cases_7d_avg", _("New cases a day"), _("New cases a day, average of 7 days"), _("New cases a day per 100,000 people, average of 7 days")],
    ["deaths_7d_avg", _("New deaths a day"), _("New deaths a day, average of 7 days"), _("New deaths a day per 100,000 people, average of 7 days")],
    ["cumulative_cases", _("Total confirmed cases"), _("Total confirmed cases"), _("Total confirmed cases per 100,000 people")],
    ["cumulative_deaths", _("Total deaths"), _("Total deaths"), _("Total deaths per 100,000 people")],
  ]
    .filter(([key]) => series.has(key))
    .map(([key, short, title, per_head]) => ({ key, short, title, per_head, of_sums: true }));
  const known = (name) => [...series.lines.values()].some((line) => line.steps[series.columns.indexOf(name)]);
  if (totals && known("cumulative_recoveries") && known("cumulative_deaths")) {
    const per_head = _("Active cases per 100,000 people");
    found.push({ key: "active", short: _("Active cases"), title: _("Active cases: confirmed, without deaths and recoveries"), per_head });
  }
  if (totals && series.has("cumulative_deaths")) {
    found.push({ key: "case_fatality", short: _("Case fatality rate"), title: _("Case fatality rate: deaths as a share of confirmed cases"), share: true, of_sums: true });
  }
  const own = series.own.map(([key, meaning, places, share]) => ({ key, title: _(meaning), places, share }));
  for (const one of own) one.short = one.title.split(",")[0];
  return [...found, ...own];
}

// a line's values of a measure, NaN where unknown
function valuesOf(series, line, measure, per_head) {
  if (line.members && !measure.of_sums) return series.days(line).map(() => NaN);
  const heads = per_head && line.heads !== undefined;
  const column = (name) => series.column(line, name, heads);
  let values;
  if (measure.key === "active") values = active(["cases", "deaths", "recoveries"].map((name) => column(`cumulative_${name}`)));
  else if (measure.key === "case_fatality") {
    const [cases, deaths] = [column("cumulative_cases"), column("cumulative_deaths")];
    values = cases.map((count, n) => (count >= LEAST_CASES ? deaths[n] / count : NaN));
  } else values = column(measure.key);
  const factor = (measure.share ? 100 : 1) * (per_head ? 100_000 / (line.population ?? NaN) : 1);
  return factor === 1 ? values : values.map((value) => value * factor);
}

// Recoveries that fell back to 0 are no longer counted.
function active([cases, deaths, recoveries]) {
  let counted = false;
  return cases.map((count, n) => {
    counted ||= recoveries[n] > 0;
    return counted && recoveries[n] === 0 ? NaN : count - deaths[n] - recoveries[n];
  });
}

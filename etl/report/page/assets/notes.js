// What the chart says in words: its title, its summary, and notes on how the source reported.

const dayOf = (number) => longDay(number * DAY);

function summary(chart) {
  const sentences = chart.shown.map(({ name, days, values }) => {
    const known = values.map((value, n) => [value, n]).filter(([value]) => !Number.isNaN(value));
    if (!known.length) return _("{name}: unknown", { name });
    const [most, at] = known.reduce((a, b) => (b[0] > a[0] ? b : a));
    const [now, end] = known.at(-1);
    const [end_day, day] = [end, at].map((n) => longDay(days[n]));
    return _("{name}: {now} on {end}, at most {most} on {day}", { name, now: chart.text(now), end: end_day, most: chart.text(most), day });
  });
  return `${chart.title}. ${sentences.join("; ")}.`;
}

function notesOn(chart, { name, line, values }) {
  const notes = [];
  const reported = line.reported ?? {};
  const [from, to] = chart.range.map((ms) => ms / DAY);
  const columns = chart.measure.key.includes("deaths") ? ["cumulative_deaths"] : ["cumulative_cases"];
  if (chart.measure.key === "case_fatality") columns.push("cumulative_deaths");
  const lowered = [...new Set(columns.flatMap((column) => reported.lowered?.[column] ?? []))].filter((day) => day >= from && day <= to);
  if (lowered.length) {
    const days = lowered.slice(0, 3).map(dayOf).join(", ");
    const more = lowered.length - 3;
    notes.push(
      more > 0
        ? _("{name}: the source lowered its total on {days}, and on {more} other days.", { name, days, more })
        : _("{name}: the source lowered its total on {days}.", { name, days }),
    );
    if (values.some((value) => value < 0)) notes.push(_("An average is below zero where the source lowered its total by more than what was new."));
  }
  if (reported.weekly) notes.push(_("{name}: the source reports once a week.", { name }));
  const [count, first, last] = reported.missing ?? [];
  if (count && first <= to && last >= from) {
    const days = { name, count, from: dayOf(first), to: dayOf(last) };
    notes.push(
      count === 1
        ? _("{name}: the source has no figure for {from}.", days)
        : _("{name}: the source has no figures for {count} days between {from} and {to}. Averages spread what came in over such a gap.", days),
    );
  }
  if (line.silent_since) {
    const since = longDay(Date.parse(line.silent_since));
    notes.push(_("{name}: silent since {since}. The source repeats its last total, so what is new is unknown.", { name, since }));
  }
  if (line.stale) notes.push(_("{name}: this series ended on {day}.", { name, day: longDay(chart.series.days(line).at(-1)) }));
  if (line.members) {
    notes.push(_("{name}: the sum of {count} series; those that ended earlier are left out.", { name, count: line.members }));
    if (chart.per_head && line.heads) {
      notes.push(_("{name}, per 100,000 people: of the {count} whose population is known.", { name, count: line.peopled }));
    }
    if (!chart.measure.of_sums) notes.push(_("{name}: this measure is not summed.", { name }));
  } else if (chart.per_head && !line.population) notes.push(_("{name}: the population is unknown.", { name }));
  return notes;
}

function allNotes(chart) {
  const notes = chart.shown.flatMap((one) => notesOn(chart, one));
  const { key } = chart.measure;
  if (key === "case_fatality") notes.push(_("The case fatality rate is shown from {count} confirmed cases on.", { count: LEAST_CASES }));
  if (key === "active") notes.push(_("Active cases are unknown once the source no longer counts recoveries."));
  if (state.scale === "log" && chart.shown.some(({ values }) => values.some((value) => value <= 0))) {
    notes.push(_("A logarithmic scale has no zero: the line has gaps where the value is zero or below."));
  }
  return [...new Set(notes)];
}

function showWords(chart) {
  byId("chart-title").textContent = chart.title;
  byId("chart-says").textContent = summary(chart);
  byId("chart-notes").replaceChildren(...allNotes(chart).map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

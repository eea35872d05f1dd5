// The chart of cases and deaths: Bokeh's documents (chart_documents.py), filled from the series.

// [first day, steps of cases, steps of deaths] -> { day, cases, deaths }, columns of a chart
function decoded([first, ...steps], { scale, every }) {
  const line = { day: steps[0].map((_, n) => (first + n * every) * DAY) };
  MEASURES.forEach((measure, n) => {
    let sum = 0;
    line[measure] = steps[n].map((step) => (step === null ? NaN : (sum += step) / scale));
  });
  return line;
}

// of averages, and of totals where there are none
const WORDS = {
  cases: {
    told: (values) => _("cases: {figure}", values),
    averaged: {
      title: _("Cases a day, average of 7 days"),
      known: (values) => _("{now} cases a day on {end}, at most {most} on {day}", values),
      unknown: _("cases a day: unknown"),
    },
    total: {
      title: _("Cases in all"),
      known: (values) => _("{now} cases in all on {end}, at most {most} on {day}", values),
      unknown: _("cases in all: unknown"),
    },
  },
  deaths: {
    told: (values) => _("deaths: {figure}", values),
    averaged: {
      title: _("Deaths a day, average of 7 days"),
      known: (values) => _("{now} deaths a day on {end}, at most {most} on {day}", values),
      unknown: _("deaths a day: unknown"),
    },
    total: {
      title: _("Deaths in all"),
      known: (values) => _("{now} deaths in all on {end}, at most {most} on {day}", values),
      unknown: _("deaths in all: unknown"),
    },
  },
};

class Chart {
  constructor(figures, series) {
    this.document = figures;
    this.series = series;
    this.source = figures.get_model_by_name("days");
    this.range = figures.get_model_by_name("range");
    for (const plot of this.plots()) {
      const [measure] = plot.name.split("_");
      plot.title.text = this.words(measure).title;
      plot.below[0].ticker.desired_num_ticks = innerWidth < 600 ? 3 : 6;
      // a finger scrolls the page
      if (matchMedia("(pointer: coarse)").matches) plot.toolbar.active_drag = null;
    }
    this.document.on_change((event) => {
      if (event.model === this.range && !this.drawing) this.dragged();
    });
    this.choose(this.first);
  }

  // where there is no world, the first of the table
  get first() {
    return this.series.world ? "" : rows[0].dataset.key;
  }

  plots() {
    return MEASURES.flatMap((m) => ["linear", "log"].map((s) => this.document.get_model_by_name(`${m}_${s}`)));
  }

  words(measure) {
    return WORDS[measure][this.series.averaged ? "averaged" : "total"];
  }

  choose(key) {
    this.name = key ? nameOf(rowOf.get(key)) : _("World");
    this.line = decoded(key ? this.series.countries[key] : this.series.world, this.series);
    const [first, last] = [this.line.day[0], this.line.day.at(-1)].map((ms) => (ms === undefined ? "" : isoDay(ms)));
    for (const input of [byId("from"), byId("to")]) [input.min, input.max] = [first, last];
    [byId("from").value, byId("to").value] = [first, last];
    this.draw();
  }

  // another stretch was chosen by dragging across a chart: it goes where it can be read and typed
  dragged() {
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      const [from, to] = [byId("from"), byId("to")];
      const within = (ms) => {
        const day = isoDay(ms);
        return day < from.min ? from.min : day > from.max ? from.max : day;
      };
      [from.value, to.value] = [within(this.range.start), within(this.range.end)];
      this.draw();
    }, 50);
  }

  draw() {
    const from = Date.parse(byId("from").value || byId("from").min);
    const to = Date.parse(byId("to").value || byId("to").max);
    const shown = this.line.day.map((day) => day >= from && day <= to);
    const cut = (values) => values.filter((_, n) => shown[n]);
    const data = { day: cut(this.line.day) };
    data.day_text = data.day.map(longDay);
    for (const measure of MEASURES) {
      const values = (data[measure] = cut(this.line[measure]));
      data[`${measure}_above_0`] = values.map((value) => (value > 0 ? value : NaN));
      data[`${measure}_text`] = values.map((value) => said(value, this.series.averaged && Math.abs(value) < 100 ? 1 : 0));
      data[`${measure}_told`] = data[`${measure}_text`].map((figure, n) => {
        const told = WORDS[measure].told({ figure });
        return values[n] < 0 ? _("{told} (the source lowered its total)", { told }) : told;
      });
    }
    this.drawing = true;
    this.source.data = data;
    const edge = data.day.length > 1 ? 0 : DAY / 2;
    if (data.day.length) this.range.setv({ start: data.day[0] - edge, end: data.day.at(-1) + edge });
    for (const plot of this.plots()) {
      const [measure, scale] = plot.name.split("_");
      plot.visible = scale === document.querySelector("[name=scale]:checked").value;
      const values = data[scale === "log" ? `${measure}_above_0` : measure].filter((value) => !Number.isNaN(value));
      const [low, high] = [Math.min(...values), Math.max(...values)];
      if (scale === "log") plot.y_range.setv(values.length ? { start: low / 1.3, end: high * 1.3 } : { start: 1, end: 10 });
      else plot.y_range.setv({ start: Math.min(0, low || 0) * 1.06, end: Math.max(0, high || 0) * 1.06 || 1 });
    }
    this.drawing = false;
    this.say(data);
  }

  // the chart in words
  say(data) {
    const sentences = MEASURES.map((measure) => {
      const known = data[measure].map((value, n) => [value, n]).filter(([value]) => !Number.isNaN(value));
      if (!known.length) return this.words(measure).unknown;
      const [most, at] = known.reduce((a, b) => (b[0] > a[0] ? b : a));
      const [, end] = known.at(-1);
      const [texts, days] = [data[`${measure}_text`], data.day_text];
      return this.words(measure).known({ now: texts[end], end: days[end], most: texts[at], day: days[at] });
    });
    byId("chart-says").textContent = `${this.name}: ${sentences.join("; ")}.`;
  }

  paint() {
    for (const plot of this.plots()) {
      paintPlot(plot);
      const [measure] = plot.name.split("_");
      plot.renderers[0].glyph.line_color = { value: cssColour(measure) };
    }
  }
}

function paintPlot(plot) {
  const [ink, quiet, line] = ["ink", "quiet", "line"].map(cssColour);
  plot.title?.setv({ text_color: ink });
  for (const axis of [...plot.below, ...plot.left]) {
    axis.setv({ major_label_text_color: quiet, axis_line_color: line, major_tick_line_color: line, minor_tick_line_color: null });
  }
  for (const grid of plot.center) grid.grid_line_color = line;
}

// The chart: a line for each of the chosen series, drawn by uPlot.

const FONTS = "system-ui, sans-serif";
const COLOURS = 7; // of lines, in chart.css
const HEIGHT = 380;
const LEAST_HEIGHT = 160; // in a frame that is low
const GAP = 15; // between the labels at the lines' ends, in px

class Chart {
  constructor(place, series) {
    this.place = place;
    this.series = series;
    this.measures = measuresOf(series);
    // a few days have no average: the first measure that says something
    const isKnown = (measure) => valuesOf(series, series.lines.get(this.first), measure, false).some((value) => !Number.isNaN(value));
    this.usual = this.measures.find(isKnown) ?? this.measures[0];
    this.slots = new Map(); // the colour of each chosen key, which it keeps
    this.listeners = []; // told when another day is read
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(place);
  }

  // where there is no world, the first of the table
  get first() {
    return this.knows("") ? "" : this.allKeys()[0];
  }

  knows(key) {
    return this.series.lines.has(key);
  }

  nameOf(key) {
    return key === "" ? _("World") : this.series.lines.get(key).name;
  }

  // the world, the continents, then all others by name
  allKeys() {
    const inOrder = new Intl.Collator("en");
    const rank = (key) => (key === "" ? 0 : key.startsWith("@") ? 1 : 2);
    return [...this.series.lines.keys()].sort((a, b) => rank(a) - rank(b) || inOrder.compare(this.nameOf(a), this.nameOf(b)));
  }

  // those that are shown
  keys() {
    const known = state.chosen.filter((key) => this.knows(key)).slice(0, COLOURS);
    return known.length ? known : [this.first];
  }

  get measure() {
    return this.measures.find(({ key }) => key === state.measure) ?? this.usual;
  }

  get per_head() {
    return state.per_head && "per_head" in this.measure;
  }

  get title() {
    return this.per_head ? this.measure.per_head : this.measure.title;
  }

  text(value) {
    const { places, share } = this.measure;
    if (value === undefined || value === null || Number.isNaN(value)) return _("unknown");
    const fine = share ? 2 : this.measure.key.startsWith("cumulative") && !this.per_head ? 0 : Math.abs(value) < 100 ? 1 : 0;
    const decimals = places ?? (this.per_head && Math.abs(value) < 1 ? 3 : fine);
    return said(value, decimals) + (share ? "%" : "");
  }

  colour(key) {
    return cssColour(`line-${this.slots.get(key)}`);
  }

  // Lines of the chosen series, with their days and values between two dates.
  choose() {
    const keys = this.keys();
    for (const key of this.slots.keys()) if (!keys.includes(key)) this.slots.delete(key);
    for (const key of keys) {
      const taken = [...this.slots.values()];
      if (!this.slots.has(key)) this.slots.set(key, [...Array(COLOURS).keys()].find((slot) => !taken.includes(slot)));
    }
    const whole = keys.map((key) => {
      const line = this.series.lines.get(key);
      return { key, line, name: this.nameOf(key), days: this.series.days(line), values: valuesOf(this.series, line, this.measure, this.per_head) };
    });
    const ends = whole.flatMap(({ days }) => [days[0], days.at(-1)]).filter((day) => day !== undefined);
    this.bounds = ends.length ? [Math.min(...ends), Math.max(...ends)] : [0, 0];
    this.range = rangeIn(this.bounds, [state.from, state.to].map(Date.parse));
    const within = (day) => day >= this.range[0] && day <= this.range[1];
    this.shown = whole.map(({ days, values, ...one }) => ({
      ...one,
      days: days.filter(within),
      values: values.filter((_, n) => within(days[n])),
    }));
  }

  draw() {
    this.choose();
    const log = state.scale === "log";
    const drawn = (value) => (Number.isNaN(value) || (log && value <= 0) ? null : value);
    this.data = uPlot.join(this.shown.map(({ days, values }) => [days, values.map(drawn)]));
    this.plot?.destroy();
    this.place.replaceChildren();
    this.plot = new uPlot(this.options(log), this.data, this.place);
    this.read(null);
  }

  size() {
    const { clientWidth, clientHeight, dataset } = this.place;
    return { width: clientWidth, height: "fill" in dataset ? Math.max(clientHeight, LEAST_HEIGHT) : HEIGHT };
  }

  options(log) {
    const [quiet, line] = ["quiet", "line"].map(cssColour);
    const axis = { stroke: quiet, font: `12px ${FONTS}`, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    const [start, end] = this.range;
    return {
      ...this.size(),
      ms: 1,
      tzDate: (ms) => uPlot.tzDate(new Date(ms), "Etc/UTC"),
      padding: [14, this.labelWidth(), 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        // a finger scrolls the page
        drag: { x: !matchMedia("(pointer: coarse)").matches, y: false, setScale: false },
        bind: { dblclick: () => () => choose({ from: "", to: "" }) },
      },
      scales: {
        x: { time: true, range: () => (end > start ? [start, end] : [start - DAY / 2, end + DAY / 2]) },
        y: { distr: log ? 3 : 1, range: (_, low, high) => yRange(log, low, high) },
      },
      axes: [
        // no two labels for one day
        { ...axis, space: (_, __, low, high, width) => Math.max(70, Math.floor((width * DAY) / (high - low))), values: (_, splits, __, ___, step) => dayLabels(splits, step) },
        { ...axis, size: (_, labels) => 18 + 8 * Math.max(3, ...(labels ?? []).map((label) => label.length)), values: (_, splits) => splits.map((value) => this.axisText(value)) },
      ],
      series: [
        {},
        ...this.shown.map(({ key, name }) => ({ label: name, stroke: this.colour(key), width: 2, points: { show: this.data[0].length === 1 } })),
      ],
      hooks: {
        drawAxes: [(plot) => drawZero(plot)],
        draw: [(plot) => this.drawLabels(plot)],
        setCursor: [(plot) => this.read(plot.cursor.idx)],
        setSelect: [(plot) => this.zoom(plot)],
      },
    };
  }

  axisText(value) {
    if (value === null) return "";
    const short = value.toLocaleString("en", { notation: "compact", maximumFractionDigits: Math.abs(value) < 1 ? 6 : 2 });
    return short.replace("-", "\u2212") + (this.measure.share ? "%" : "");
  }

  // Another stretch was chosen by dragging across the chart.
  zoom(plot) {
    const { left, width } = plot.select;
    if (width < 4) return;
    const [from, to] = [left, left + width].map((x) => isoDay(plot.posToVal(x, "x")));
    choose({ from, to });
  }

  // The values of a day, at the cursor; without one, each line's last.
  read(index) {
    this.index = index;
    const day = index === null || index === undefined ? null : this.data[0][index];
    this.day = day;
    this.values = this.shown.map(({ days, values }) => {
      if (day === null) return values.findLast((value) => !Number.isNaN(value));
      const at = days.findLastIndex((one) => one <= day);
      return at >= 0 && day - days[at] < this.series.every * DAY ? values[at] : NaN;
    });
    for (const listener of this.listeners) listener(this);
  }

  // The labels at the lines' ends: names, or codes where there is little room.
  label({ name, line }) {
    const narrow = this.place.clientWidth < 560;
    if (narrow && line.iso3) return line.iso3;
    const most = narrow ? 12 : 24;
    return name.length > most ? `${name.slice(0, most - 1)}…` : name;
  }

  labelWidth() {
    const context = document.createElement("canvas").getContext("2d");
    context.font = LABEL_FONT(1);
    return 12 + Math.max(...this.shown.map((one) => context.measureText(this.label(one)).width));
  }

  drawLabels({ ctx, bbox, valToPos }) {
    const ratio = devicePixelRatio;
    const labels = this.shown.flatMap((one, n) => {
      const at = this.data[n + 1].findLastIndex((value) => value !== null && value !== undefined);
      if (at < 0) return [];
      return [{ text: this.label(one), colour: this.colour(one.key), y: valToPos(this.data[n + 1][at], "y", true) }];
    });
    apart(labels, GAP * ratio, bbox.top, bbox.top + bbox.height);
    ctx.save();
    ctx.font = LABEL_FONT(ratio);
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    for (const { text, colour, y } of labels) {
      ctx.fillStyle = colour;
      ctx.fillText(text, bbox.left + bbox.width + 6 * ratio, y);
    }
    ctx.restore();
  }
}

const LABEL_FONT = (ratio) => `600 ${12 * ratio}px ${FONTS}`;

// Days of the bounds between two chosen ones, in either order; all days if none is between them.
function rangeIn([first, last], days) {
  const [from, to] = days[0] > days[1] ? days.toReversed() : days;
  const range = [from > first ? from : first, to < last ? to : last];
  return range[0] > range[1] ? [first, last] : range;
}

function yRange(log, low, high) {
  if (low === null) return log ? [1, 10] : [0, 1];
  if (log) return uPlot.rangeLog(low, high, 10, true);
  return [Math.min(0, low) * 1.06, Math.max(0, high) * 1.06 || 1];
}

function dayLabels(splits, step) {
  let year = "";
  return splits.map((ms) => {
    const text = (options) => new Date(ms).toLocaleDateString(calendar, { ...options, timeZone: "UTC" });
    const [before, now] = [year, text({ year: "numeric" })];
    year = now;
    if (step >= 360 * DAY) return now;
    const day = step >= 28 * DAY ? text({ month: "short" }) : text({ day: "numeric", month: "short" });
    return before === now ? day : `${day}\n${now}`;
  });
}

// A heavier line at zero, where the scale goes below it.
function drawZero(plot) {
  const { ctx, bbox } = plot;
  if (state.scale === "log" || !(plot.scales.y.min < 0)) return;
  const y = Math.round(plot.valToPos(0, "y", true));
  ctx.save();
  ctx.strokeStyle = cssColour("quiet");
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

// Moves labels until none overlaps another: down from the top, then up from the bottom.
function apart(labels, gap, top, bottom) {
  labels.sort((a, b) => a.y - b.y);
  let free = top;
  for (const label of labels) {
    label.y = Math.max(label.y, free);
    free = label.y + gap;
  }
  free = bottom;
  for (const label of labels.toReversed()) {
    label.y = Math.min(label.y, free);
    free = label.y - gap;
  }
}

// What the page does beyond being read. The table and the ranking work on the page's own cells; the
// charts are Bokeh documents (etl/report/figures.py) that are filled here.
"use strict";
(() => {
  const DAY = 86_400_000;
  const MEASURES = ["cases", "deaths"];
  const byId = (id) => document.getElementById(id);
  const cssColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const said = (value, places) =>
    Number.isNaN(value)
      ? "unknown"
      : value.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });
  const isoDay = (ms) => new Date(ms).toISOString().slice(0, 10);
  const longDay = (ms) =>
    new Date(ms).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

  // The table: every other part reads the figures from its cells.

  const table = byId("table");
  const rows = [...table.tBodies[0].rows];
  const nameOf = (row) => row.querySelector("a").textContent;
  const rowOf = new Map(rows.map((row) => [row.dataset.key, row]));
  const inOrder = new Intl.Collator("en");

  function valueOf(row, column) {
    const text = row.cells[column].textContent.replace(/[,%]/g, "").replace("\u2212", "-");
    return text === "–" ? NaN : Number(text);
  }

  function sortBy(heading, column, ascending) {
    const sign = ascending ? 1 : -1;
    const known = (row) => (column === 0 ? nameOf(row) : valueOf(row, column));
    const compare = (a, b) => {
      if (column === 0) return sign * inOrder.compare(a, b);
      // what is missing stands last, whichever way
      return Number.isNaN(a) - Number.isNaN(b) || sign * (a - b) || 0;
    };
    const keyed = rows.map((row) => [known(row), row]).sort((a, b) => compare(a[0], b[0]));
    table.tBodies[0].append(...keyed.map(([, row]) => row));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  }

  function makeSortable() {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      if ("unsorted" in heading.dataset) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const now = heading.getAttribute("aria-sort");
        sortBy(heading, column, now ? now === "descending" : column === 0);
      });
    });
  }

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  function filterTable() {
    const wanted = plain(byId("filter").value.trim());
    let shown = 0;
    for (const row of rows) {
      row.hidden = !`${plain(nameOf(row))}\n${row.dataset.iso3.toLowerCase()}`.includes(wanted);
      shown += !row.hidden;
    }
    byId("shown").textContent = `${shown} of ${rows.length} countries`;
  }

  // The ranking.

  function link(row) {
    const to = document.createElement("a");
    to.href = `#chart=${encodeURIComponent(row.dataset.key)}`;
    to.textContent = nameOf(row);
    return to;
  }

  function rank() {
    const chooser = byId("measure");
    const column = 1 + Number(chooser.value);
    const body = byId("bars").tBodies[0];
    const ranked = rows
      .filter((row) => !row.classList.contains("stale") && !Number.isNaN(valueOf(row, column)))
      .sort((a, b) => valueOf(b, column) - valueOf(a, column) || inOrder.compare(nameOf(a), nameOf(b)))
      .slice(0, body.dataset.most);
    const highest = ranked.length ? Math.max(valueOf(ranked[0], column), 0) : 0;
    body.replaceChildren(
      ...ranked.map((row) => {
        const line = document.createElement("tr");
        const [name, bar, value] = ["th", "td", "td"].map((tag) => line.appendChild(document.createElement(tag)));
        name.scope = "row";
        name.append(link(row));
        bar.className = "bar";
        const length = highest ? (100 * Math.max(valueOf(row, column), 0)) / highest : 0;
        bar.appendChild(document.createElement("span")).style.width = `${length}%`;
        value.className = "number";
        value.textContent = row.cells[column].textContent;
        return line;
      }),
    );
    byId("bars-measure").textContent = chooser.selectedOptions[0].textContent;
  }

  // Staleness and the strip of runs: newer than the page, where status.json can be read.

  function sayHowOld(days) {
    const notice = byId("stale");
    notice.hidden = !(days > Number(notice.dataset.after));
    notice.querySelector("span").textContent = said(days, 0);
  }

  function showStatus(status) {
    if (status.format !== 1) return;
    const element = (tag, within, text) => Object.assign(within.appendChild(document.createElement(tag)), { textContent: text });
    const [strip, without] = [byId("strip"), byId("without")];
    strip.replaceChildren();
    without.querySelector("ul").replaceChildren();
    for (const { slot, outcome, why } of status.slots) {
      const text = `${slot}: ${outcome}${why ? `, ${why}` : ""}`;
      const square = element("li", strip, "");
      [square.className, square.title] = [outcome, text];
      element("span", square, text).className = "unseen";
      if (!["published", "unchanged"].includes(outcome)) element("li", without.querySelector("ul"), text);
    }
    const count = without.querySelectorAll("li").length;
    without.querySelector("span").textContent = count;
    without.hidden = count === 0;
    byId("checked").dateTime = status.checked_at;
    byId("checked").textContent = `${status.checked_at.slice(0, 16).replace("T", " ")} UTC`;
    if (status.days_behind !== null) sayHowOld(status.days_behind);
  }

  async function readStatus() {
    if (!location.protocol.startsWith("http")) return; // a page on a disk may not
    try {
      const answer = await fetch("status.json", { cache: "no-cache" });
      if (answer.ok) showStatus(await answer.json());
    } catch {
      // what was baked in stays
    }
  }

  // The charts.

  async function unpacked(name) {
    const bytes = Uint8Array.from(atob(window.packed[name]), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  function runBokeh(code) {
    const script = document.createElement("script");
    script.textContent = code;
    document.head.append(script);
    Bokeh.set_log_level("warn");
  }

  async function embedded(figure) {
    byId(figure.target_id).replaceChildren();
    const views = await Bokeh.embed.embed_item(figure);
    const view = [...views][0];
    for (const canvas of canvases(view)) canvas.events_el.tabIndex = -1; // nothing to do there by key
    return view.model.document;
  }

  const canvases = (view) =>
    view.canvas_view ? [view.canvas_view] : (view.child_views ?? []).flatMap((child) => canvases(child));

  // [first day, steps of cases, steps of deaths] -> { day, cases, deaths }, columns of a chart
  function decoded([first, ...steps], scale) {
    const line = { day: steps[0].map((_, n) => (first + n) * DAY) };
    MEASURES.forEach((measure, n) => {
      let sum = 0;
      line[measure] = steps[n].map((step) => (step === null ? NaN : (sum += step) / scale));
    });
    return line;
  }

  class Chart {
    constructor(figures, series) {
      this.document = figures;
      this.series = series;
      this.source = figures.get_model_by_name("days");
      this.range = figures.get_model_by_name("range");
      for (const plot of this.plots()) {
        const [measure] = plot.name.split("_");
        const what = series.averaged ? "a day, average of 7 days" : "in all";
        plot.title.text = `${measure === "cases" ? "Cases" : "Deaths"} ${what}`;
        plot.below[0].ticker.desired_num_ticks = innerWidth < 600 ? 3 : 6;
        // a finger scrolls the page
        if (matchMedia("(pointer: coarse)").matches) plot.toolbar.active_drag = null;
      }
      this.document.on_change((event) => {
        if (event.model === this.range && !this.drawing) this.dragged();
      });
      this.choose("");
    }

    plots() {
      return MEASURES.flatMap((m) => ["linear", "log"].map((s) => this.document.get_model_by_name(`${m}_${s}`)));
    }

    choose(key) {
      this.name = key ? nameOf(rowOf.get(key)) : "World";
      this.line = decoded(key ? this.series.countries[key] : this.series.world, this.series.scale);
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
        data[`${measure}_text`] = values.map((value) => said(value, this.series.averaged && value < 100 ? 1 : 0));
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
        const what = `${measure} ${this.series.averaged ? "a day" : "in all"}`;
        if (!known.length) return `${what}: unknown`;
        const [most, at] = known.reduce((a, b) => (b[0] > a[0] ? b : a));
        const [now, end] = known.at(-1);
        const texts = data[`${measure}_text`];
        return `${texts[end]} ${what} on ${data.day_text[end]}, at most ${texts[at]} on ${data.day_text[at]}`;
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

  class WorldMap {
    constructor(figures, shapes) {
      this.plot = figures.get_model_by_name("map");
      this.source = figures.get_model_by_name("countries");
      this.column = [...table.tHead.rows[0].cells].findIndex((cell) => cell.dataset.column === "cases_7d_per_100k");
      // several series may be of one country: the one that goes on
      const alive = rows.filter((row) => !row.classList.contains("stale"));
      this.rows = new Map(alive.map((row) => [row.dataset.iso3, row]));
      this.classes = [...byId("legend").querySelectorAll("[data-from]")].map((item) => Number(item.dataset.from));
      const [xs, ys] = [0, 1].map((axis) => shapes.countries.map((c) => c.polygons.map((p) => p.map((r) => points(r, axis)))));
      const found = shapes.countries.map((country) => country.iso3 && this.rows.get(country.iso3));
      this.values = found.map((row) => (row ? valueOf(row, this.column) : NaN));
      const texts = this.values.map((value) => (Number.isNaN(value) ? "no data" : `${said(value, 1)} per 100,000 in 7 days`));
      const names = shapes.countries.map((country, n) => (found[n] ? nameOf(found[n]) : country.name));
      this.source.data = { xs, ys, name: names, text: texts, colour: names.map(() => "#888") };
      this.source.inspect.connect(() => {
        const [at] = this.source.inspected.indices;
        if (at !== undefined) byId("map-says").textContent = `${names[at]}: ${texts[at]}.`;
      });
    }

    paint() {
      const colours = this.classes.map((_, n) => cssColour(`c${n}`));
      const unknown = cssColour("unknown");
      const colour = this.values.map((value) => colours[this.classes.findLastIndex((from) => value >= from)] ?? unknown);
      this.source.data = { ...this.source.data, colour };
      paintPlot(this.plot);
      this.plot.renderers[0].glyph.line_color = { value: cssColour("border") };
    }
  }

  // [x, y, dx, dy, dx, dy ...] -> the xs or the ys
  function points(ring, axis) {
    let at = 0;
    return ring.filter((_, n) => n % 2 === axis).map((step) => (at += step));
  }

  async function draw() {
    const drawn = [];
    const [series, charts] = (await Promise.all(["series", "charts"].map(unpacked))).map((text) => JSON.parse(text));
    runBokeh(await unpacked("bokeh"));
    const chart = new Chart(await embedded(charts.figures.chart), series);
    drawn.push(chart);
    if (byId("map")) drawn.push(new WorldMap(await embedded(charts.figures.map), charts.shapes));
    const paint = () => drawn.forEach((part) => part.paint());
    paint();
    for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", paint);
    return chart;
  }

  function control(chart) {
    const chooser = byId("country");
    for (const row of [...rows].sort((a, b) => inOrder.compare(nameOf(a), nameOf(b)))) {
      chooser.append(new Option(nameOf(row), row.dataset.key));
    }
    chooser.addEventListener("change", () => {
      history.replaceState(null, "", `#chart=${encodeURIComponent(chooser.value)}`);
      chart.choose(chooser.value);
    });
    for (const input of [byId("from"), byId("to"), ...document.querySelectorAll("[name=scale]")]) {
      input.addEventListener("change", () => chart.draw());
    }
    byId("all-days").addEventListener("click", () => chart.choose(chooser.value));
    const follow = () => {
      const key = location.hash.startsWith("#chart=") ? decodeURIComponent(location.hash.slice(7)) : null;
      if (key === null || !(key === "" || rowOf.has(key))) return;
      chooser.value = key;
      chart.choose(key);
      byId("chart-section").scrollIntoView();
    };
    addEventListener("hashchange", follow);
    follow();
    byId("chart-controls").hidden = false;
  }

  function giveUp(why) {
    for (const waiting of document.querySelectorAll(".plot .waiting")) waiting.prepend(`${why} `);
  }

  async function start() {
    if (!("DecompressionStream" in window)) {
      giveUp("This browser is too old for the charts: it lacks DecompressionStream.");
    } else if (!["series", "charts", "bokeh"].every((name) => window.packed?.[name])) {
      giveUp("The scripts beside this page, in assets/, could not be loaded.");
    } else {
      control(await draw());
    }
    document.documentElement.dataset.readyAfterMs = Math.round(performance.now());
  }

  makeSortable();
  filterTable();
  byId("filter").addEventListener("input", filterTable);
  byId("table-controls").hidden = false;
  if (byId("bars")) {
    byId("measure").addEventListener("change", rank);
    byId("ranking-controls").hidden = false;
  }
  for (const form of document.forms) form.addEventListener("submit", (event) => event.preventDefault());
  sayHowOld(Math.floor((Date.now() - Date.parse(byId("stale").dataset.last)) / DAY));
  readStatus();
  document.addEventListener("DOMContentLoaded", start);
})();

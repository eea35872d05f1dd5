// The map: the countries of shapes.json, coloured by the table's figures.

class WorldMap {
  constructor(figures, shapes) {
    this.plot = figures.get_model_by_name("map");
    this.source = figures.get_model_by_name("countries");
    this.column = [...table.tHead.rows[0].cells].findIndex((cell) => cell.dataset.column === "cases_7d_per_100k");
    // a series that ended or is silent says nothing of now
    const alive = rows.filter((row) => !row.matches(".stale, .silent"));
    this.rows = new Map(alive.map((row) => [row.dataset.iso3, row]));
    this.classes = [...byId("legend").querySelectorAll("[data-from]")].map((item) => Number(item.dataset.from));
    const [xs, ys] = [0, 1].map((axis) => shapes.countries.map((c) => c.polygons.map((p) => p.map((r) => points(r, axis)))));
    const found = shapes.countries.map((country) => country.iso3 && this.rows.get(country.iso3));
    this.values = found.map((row) => (row ? valueOf(row, this.column) : NaN));
    const texts = this.values.map((value) => (Number.isNaN(value) ? _("no data") : _("{figure} per 100,000 in 7 days", { figure: said(value, 1) })));
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

function paintPlot(plot) {
  const [ink, quiet, line] = ["ink", "quiet", "line"].map(cssColour);
  plot.title?.setv({ text_color: ink });
  for (const axis of [...plot.below, ...plot.left]) {
    axis.setv({ major_label_text_color: quiet, axis_line_color: line, major_tick_line_color: line, minor_tick_line_color: null });
  }
  for (const grid of plot.center) grid.grid_line_color = line;
}

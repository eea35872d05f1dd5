// The map: an SVG of the countries of shapes.json, coloured by the ranking's measure.

const SVG = "http://www.w3.org/2000/svg";
const BOX = [-1000, -500, 2000, 900]; // of the shapes' coordinates, without most of Antarctica
const COLOURS_OF_MAP = 8;
const NEAR_PX = 14; // a pointer that close to a small country means it
const dotPx = (width) => (width < 500 ? 2.5 : 3.5);
const SMALL_PX = 9; // a country drawn smaller than this is hard to hit

function drawn(tag, attributes, within) {
  const element = within.appendChild(document.createElementNS(SVG, tag));
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

class WorldMap {
  constructor(shapes, figures) {
    this.figures = figures;
    const byCode = new Map(rows.filter((row) => row.dataset.iso3).map((row) => [row.dataset.iso3, row]));
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.setAttribute("viewBox", BOX.join(" "));
    this.svg.setAttribute("role", "group");
    this.svg.setAttribute("aria-labelledby", "map-heading");
    this.hatch();
    // points come last, so that they lie on the shapes
    const countries = shapes.countries.map((shape) => ({ ...shape, row: byCode.get(shape.iso3) }));
    this.places = [...countries.filter(({ path }) => path), ...countries.filter(({ at, row }) => at && row)].map((one) => this.place(one));
    byId("map").replaceChildren(this.svg);
    this.tip = byId("map").appendChild(document.createElement("div"));
    this.tip.className = "tip";
    this.tip.hidden = true;
    this.links = this.places.filter(({ link }) => link.hasAttribute("href"));
    if (this.links.length) this.links[0].link.setAttribute("tabindex", "0");
    this.listen();
    new ResizeObserver(() => this.fit()).observe(this.svg);
    this.fit();
  }

  hatch() {
    const attributes = { id: "hatch", width: 14, height: 14, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" };
    const pattern = drawn("pattern", attributes, drawn("defs", {}, this.svg));
    drawn("rect", { width: 14, height: 14, class: "hatch-ground" }, pattern);
    drawn("rect", { width: 5, height: 14, class: "hatch-line" }, pattern);
  }

  // A country that the table has is a link to its chart.
  place({ name, path, at, row }) {
    const link = drawn(row ? "a" : "g", {}, this.svg);
    if (row) {
      link.setAttribute("href", `#chart=${encodeURIComponent(row.dataset.key)}`);
      link.setAttribute("tabindex", "-1");
    }
    const shape = path ? drawn("path", { d: path }, link) : drawn("circle", { cx: at[0], cy: at[1] }, link);
    return { name: row ? nameOf(row) : name, row, link, shape, at, text: "" };
  }

  // Points keep their size on the screen, whatever the map's.
  fit() {
    const width = this.svg.clientWidth || 1;
    this.unit = BOX[2] / width; // of coordinates in a pixel
    for (const { shape, at } of this.places) if (at) shape.setAttribute("r", dotPx(width) * this.unit);
    for (const one of this.places) {
      const { x, y, width, height } = one.shape.getBBox();
      one.middle = [x + width / 2, y + height / 2];
      one.small = Math.max(width, height) < SMALL_PX * this.unit;
    }
  }

  listen() {
    this.svg.addEventListener("pointermove", (event) => this.show(this.under(event)));
    this.svg.addEventListener("pointerleave", () => this.show(null));
    this.svg.addEventListener("focusin", ({ target }) => this.show(this.of(target)));
    this.svg.addEventListener("focusout", () => this.show(null));
    this.svg.addEventListener("keydown", (event) => this.press(event));
    this.svg.addEventListener("click", (event) => this.click(event));
  }

  of(element) {
    return this.places.find(({ link }) => link.contains(element)) ?? null;
  }

  under(event) {
    const on = this.of(event.target);
    if (on) return on;
    const box = this.svg.getBoundingClientRect();
    const at = [BOX[0] + (event.clientX - box.left) * this.unit, BOX[1] + (event.clientY - box.top) * this.unit];
    const far = (one) => Math.hypot(one.middle[0] - at[0], one.middle[1] - at[1]);
    const near = this.links.filter((one) => one.small && far(one) < NEAR_PX * this.unit);
    return near.sort((a, b) => far(a) - far(b))[0] ?? null;
  }

  // A finger has no pointer to read by: its first tap reads, its second follows.
  click(event) {
    const one = this.under(event);
    const reads = event.pointerType === "touch" && one !== this.tapped;
    this.tapped = one;
    if (reads) {
      event.preventDefault();
      this.show(one);
    } else if (one && !one.link.contains(event.target)) location.hash = one.link.getAttribute("href");
  }

  press(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    const from = this.of(event.target);
    if (!step || !from) return;
    event.preventDefault();
    const cost = (one) => {
      const [x, y] = [0, 1].map((axis) => one.middle[axis] - from.middle[axis]);
      const [ahead, aside] = [x * step[0] + y * step[1], Math.abs(x * step[1]) + Math.abs(y * step[0])];
      return ahead > 0 && aside <= 2 * ahead ? ahead + 2 * aside : Infinity;
    };
    const next = this.links.filter((one) => one !== from).sort((a, b) => cost(a) - cost(b))[0];
    if (next && cost(next) < Infinity) this.focus(next);
  }

  focus(one) {
    for (const { link } of this.links) link.setAttribute("tabindex", link === one.link ? "0" : "-1");
    one.link.focus({ preventScroll: true });
  }

  show(one) {
    for (const { link } of this.places) link.classList.toggle("pointed", link === one?.link);
    this.tip.hidden = !one;
    if (!one) return;
    const name = Object.assign(document.createElement("strong"), { textContent: one.name });
    this.tip.replaceChildren(name, ...one.text.split("\n").flatMap((line) => [document.createElement("br"), line]));
    const [x, y] = [(one.middle[0] - BOX[0]) / this.unit, (one.middle[1] - BOX[1]) / this.unit];
    const room = this.svg.clientWidth - this.tip.offsetWidth;
    this.tip.style.left = `${Math.max(0, Math.min(x - this.tip.offsetWidth / 2, room))}px`;
    const above = y - this.tip.offsetHeight - 12;
    this.tip.style.top = `${above < 0 ? y + 12 : above}px`;
  }

  // Colour every country by the measure of the ranking, on a month's last day or, without, today.
  paint() {
    const measure = this.figures.measure();
    const month = this.figures.month(measure);
    byId("map-measure").textContent = measure.title;
    const breaks = this.figures.breaks(measure, month);
    for (const one of this.places) {
      const value = one.row ? this.figures.value(measure, one.row, month) : NaN;
      const known = !Number.isNaN(value);
      // a class and no fill for what is known: `fill` yields to the style
      one.shape.setAttribute("class", known ? colourOfClass(breaks.filter((from) => value >= from).length, breaks) : "none");
      if (known) one.shape.removeAttribute("fill");
      else one.shape.setAttribute("fill", "url(#hatch)");
      one.text = this.figures.text(measure, one.row, value, month);
      if (one.row) one.link.setAttribute("aria-label", `${one.name}: ${one.text.replaceAll("\n", "; ")}`);
    }
    showLegend(measure, breaks);
  }

  mark(chosen) {
    for (const { link, row } of this.links) link.classList.toggle("chosen", chosen.includes(row.dataset.key));
  }
}

// The page's eight colours are spread over the classes there are.
const colourOfClass = (at, breaks) => `c${breaks.length ? Math.round((at * (COLOURS_OF_MAP - 1)) / breaks.length) : 3}`;

function showLegend(measure, breaks) {
  const item = (colour, from, told) => {
    const entry = document.createElement("li");
    entry.className = colour;
    const shown = Object.assign(document.createElement("span"), { textContent: from });
    shown.setAttribute("aria-hidden", "true");
    entry.append(shown, Object.assign(document.createElement("span"), { className: "unseen", textContent: told }));
    return entry;
  };
  const steps = breaks.map((from) => measure.brief(from));
  const classes = ["", ...steps].map((from, n) => {
    const to = steps[n];
    if (!n) return item(colourOfClass(0, breaks), "0", to ? _("under {limit}", { limit: to }) : _("any"));
    return item(colourOfClass(n, breaks), from, to ? _("{from} to {limit}", { from, limit: to }) : _("{limit} and more", { limit: from }));
  });
  byId("legend").replaceChildren(...classes, item("none", _("no data"), _("no data")));
}

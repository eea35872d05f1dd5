// The chart's controls: a box that finds countries, one entry for each line, measure, scale, dates.

const MOST_OPTIONS = 300;

// A combobox with a list, after the pattern of WAI-ARIA. `find` has the keys for a text.
class Finder {
  constructor(input, list, { find, nameOf, pick }) {
    Object.assign(this, { input, list, find, nameOf, pick, at: -1 });
    input.addEventListener("input", () => this.open());
    input.addEventListener("focus", () => this.open());
    input.addEventListener("click", () => this.open());
    input.addEventListener("blur", () => this.close());
    input.addEventListener("keydown", (event) => this.press(event));
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
    list.addEventListener("click", ({ target }) => this.take(target.closest("[role=option]")));
  }

  open() {
    const keys = this.find(this.input.value).slice(0, MOST_OPTIONS);
    this.list.replaceChildren(
      ...keys.map((key, n) => {
        const option = Object.assign(document.createElement("li"), { id: `${this.list.id}-${n}`, textContent: this.nameOf(key) });
        option.dataset.key = key;
        option.setAttribute("role", "option");
        return option;
      }),
    );
    this.list.hidden = keys.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.mark(this.input.value.trim() && keys.length ? 0 : -1);
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.mark(-1);
  }

  mark(at) {
    this.at = at;
    [...this.list.children].forEach((option, n) => option.setAttribute("aria-selected", String(n === at)));
    const option = this.list.children[at];
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  press(event) {
    const count = this.list.children.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (this.list.hidden) this.open();
      else if (count) this.mark((this.at + (event.key === "ArrowDown" ? 1 : this.at < 0 ? 0 : -1) + count) % count);
    } else if (event.key === "Enter") this.take(this.list.hidden ? null : this.list.children[this.at]);
    else if (event.key === "Escape") {
      this.input.value = "";
      this.close();
    } else return;
    event.preventDefault();
  }

  take(option) {
    if (!option) return;
    this.input.value = "";
    this.close();
    this.pick(option.dataset.key);
  }
}

function find(chart, text) {
  const wanted = plain(text.trim());
  const called = (key) => (rowOf.has(key) ? isCalled(rowOf.get(key), text) : plain(chart.nameOf(key)).includes(wanted));
  // a whole code or other name comes first: uk, us
  const isCode = (key) => rowOf.get(key)?.dataset.called?.split("|").includes(wanted);
  const starts = (key) => (isCode(key) ? 0 : plain(chart.nameOf(key)).startsWith(wanted) ? 1 : 2);
  const shown = chart.keys();
  return chart.allKeys().filter((key) => !shown.includes(key) && called(key)).sort((a, b) => starts(a) - starts(b));
}

// The first choice takes the place of the line that nobody chose; others are added.
function add(chart, key) {
  const before = state.chosen.length ? chart.keys() : [];
  if (before.length < COLOURS) choose({ chosen: [...before, key] });
  byId("too-many").hidden = before.length < COLOURS;
}

function control(chart) {
  const [measure, per, from, to] = ["chart-measure", "per-head", "from", "to"].map(byId);
  measure.append(...chart.measures.map(({ key, short }) => new Option(short, key)));
  measure.addEventListener("change", () => choose({ measure: measure.value }));
  per.addEventListener("change", () => choose({ per_head: per.checked }));
  for (const input of document.querySelectorAll("[name=scale]")) input.addEventListener("change", () => choose({ scale: input.value }));
  for (const input of [from, to]) {
    // a year that is being typed is 0002, 0020, 0202
    input.addEventListener("change", () => (input.value && input.value < "1000" ? null : choose({ [input.id]: input.value })));
    input.addEventListener("blur", () => showDates(chart));
  }
  byId("all-days").addEventListener("click", () => choose({ from: "", to: "" }));
  byId("day").addEventListener("input", ({ target }) => {
    chart.plot.setCursor({ left: chart.plot.valToPos(chart.data[0][target.value], "x"), top: 10 });
  });
  new Finder(byId("country"), byId("country-list"), {
    find: (text) => find(chart, text),
    nameOf: (key) => chart.nameOf(key),
    pick: (key) => add(chart, key),
  });
  byId("chart-controls").hidden = false;
}

function showControls(chart) {
  byId("chart-measure").value = chart.measure.key;
  const per = byId("per-head");
  [per.checked, per.disabled] = [chart.per_head, !chart.measure.per_head || !chart.shown.some(({ line }) => line.population)];
  document.querySelector(`[name=scale][value=${state.scale}]`).checked = true;
  showDates(chart);
}

// The shown days, but not in a field that is being typed in.
function showDates(chart) {
  for (const [n, id] of ["from", "to"].entries()) {
    const [min, max] = chart.bounds.map(isoDay);
    Object.assign(byId(id), { min, max });
    if (byId(id) !== document.activeElement) byId(id).value = isoDay(chart.range[n]);
  }
}

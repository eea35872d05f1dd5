// Take the chart along: as a picture, as data, as a link, or in a frame on another page.

const fileName = (chart, ending) => ["covid", ...chart.keys().map((key) => key.replace("@", "") || "world"), chart.measure.key, ...(chart.per_head ? ["per_100k"] : [])].join("-").slice(0, 120) + ending;

function save(name, blob) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// A spreadsheet runs text that begins like this (OWASP, CSV injection): it gets an apostrophe.
const harmless = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
const QUOTE = "\u0022";
const cell = (text) => (/[\u0022,\r\n]/.test(text) ? QUOTE + text.replaceAll(QUOTE, QUOTE + QUOTE) + QUOTE : text);

// The shown data: a row for each day, a column for each line.
function csvOf({ shown, data }) {
  const columns = shown.map(({ days, values }) => new Map(days.map((day, n) => [day, values[n]])));
  const figure = (value) => (value === undefined || Number.isNaN(value) ? "" : String(Number(value.toPrecision(10))));
  const rows = data[0].map((day) => [isoDay(day), ...columns.map((column) => figure(column.get(day)))]);
  const head = ["date", ...shown.map(({ name }) => cell(harmless(name)))];
  return [head, ...rows].map((row) => row.join(",")).join("\r\n") + "\r\n";
}

// Break a text into lines of at most a width.
function wrapped(context, text, width) {
  const lines = [""];
  for (const word of text.trim().split(/\s+/)) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (lines.at(-1) && context.measureText(longer).width > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

// The chart with its title, its lines' names and its source, as a canvas.
function pictureOf(chart, source) {
  const ratio = devicePixelRatio;
  const plot = chart.plot.ctx.canvas;
  const [edge, step] = [16 * ratio, 22 * ratio];
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const font = (size, weight = 400) => (context.font = `${weight} ${size * ratio}px ${FONTS}`);
  font(18, 600);
  const title = wrapped(context, chart.title, plot.width);
  font(13);
  const names = [];
  let [x, row] = [0, 0];
  for (const { key, name } of chart.shown) {
    const width = 26 * ratio + context.measureText(name).width + 18 * ratio;
    if (x && x + width > plot.width) [x, row] = [0, row + 1];
    names.push({ name, x, row, colour: chart.colour(key) });
    x += width;
  }
  font(12);
  const foot = wrapped(context, source, plot.width);
  const top = edge + (title.length + row + 1) * step;
  canvas.width = plot.width + 2 * edge;
  canvas.height = top + plot.height + foot.length * step + edge;
  context.fillStyle = cssColour("raised");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.textBaseline = "middle";
  const write = (text, left, line, colour) => {
    context.fillStyle = colour;
    context.fillText(text, edge + left, line);
  };
  font(18, 600);
  title.forEach((text, n) => write(text, 0, edge + (n + 0.4) * step, cssColour("ink")));
  font(13);
  for (const { name, x: left, row: at, colour } of names) {
    const line = edge + (title.length + at + 0.5) * step;
    context.fillStyle = colour;
    context.fillRect(edge + left, line - 2.5 * ratio, 18 * ratio, 5 * ratio);
    write(name, left + 26 * ratio, line, cssColour("ink"));
  }
  context.drawImage(plot, edge, top);
  font(12);
  foot.forEach((text, n) => write(text, 0, top + plot.height + (n + 0.6) * step, cssColour("quiet")));
  return canvas;
}

// The address of this page, or of the chart alone, with all that is chosen.
function addressTo(chart, page) {
  const base = byId("take").dataset.address || location.href.replace(/[?#].*$/, "").replace(/[^/]*$/, "");
  return base + page + addressOf({ ...state, chosen: chart.keys(), measure: chart.measure.key, per_head: chart.per_head });
}

function frameOf(chart) {
  const language = byId("take").dataset.language;
  const address = addressTo(chart, "chart.html") + (language ? `&lang=${language}` : "");
  const frame = Object.assign(document.createElement("iframe"), { title: chart.title, loading: "lazy" });
  frame.setAttribute("src", address);
  frame.setAttribute("style", "width:100%;height:480px;border:0");
  return frame.outerHTML;
}

function makeTakeable(chart) {
  const source = byId("chart-source");
  const page = location.pathname.replace(/.*\//, "");
  const copy = async (button, text) => {
    const before = button.textContent;
    await copyText(text);
    byId("take-said").textContent = button.textContent = _("Copied");
    setTimeout(() => (button.textContent = before), 2000);
  };
  byId("save-png").addEventListener("click", () => {
    pictureOf(chart, source.textContent).toBlob((blob) => save(fileName(chart, ".png"), blob));
  });
  byId("save-csv").addEventListener("click", () => {
    save(fileName(chart, ".csv"), new Blob([csvOf(chart)], { type: "text/csv;charset=utf-8" }));
  });
  byId("copy-link").addEventListener("click", ({ target }) => {
    // the signature of a shared page stays in its link
    copy(target, location.search ? location.href : addressTo(chart, page));
  });
  byId("copy-frame")?.addEventListener("click", ({ target }) => copy(target, byId("frame").value));
  if (byId("embed")) byId("embed").hidden = location.search !== ""; // a shared page is alone
  byId("take").hidden = false;
}

function showFrame(chart) {
  if (byId("frame")) byId("frame").value = frameOf(chart);
}

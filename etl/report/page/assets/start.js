// Where it begins: what needs no charts at once, the charts when all scripts are there.

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
  chooser.value = chart.first;
  chooser.addEventListener("change", () => choose({ chosen: [chooser.value] }));
  onChoice(({ chosen: [key] }) => {
    chooser.value = key;
    chart.choose(key);
  });
  for (const input of [byId("from"), byId("to"), ...document.querySelectorAll("[name=scale]")]) {
    input.addEventListener("change", () => chart.draw());
  }
  byId("all-days").addEventListener("click", () => chart.choose(chooser.value));
  const follow = () => {
    const key = chosenIn(location.hash)?.chosen[0];
    if (key === undefined || !(rowOf.has(key) || (key === "" && chart.series.world))) return;
    choose({ chosen: [key] });
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
  if (!byId("chart")) {
    // the page says why
  } else if (!("DecompressionStream" in window)) {
    giveUp(_("This browser is too old for the charts: it lacks DecompressionStream."));
  } else if (!["series", "charts", "bokeh"].every((name) => window.packed?.[name])) {
    giveUp(_("The scripts beside this page, in assets/, could not be loaded."));
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
makeCopyable();
readStatus();
document.addEventListener("DOMContentLoaded", start);

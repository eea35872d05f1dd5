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
  const [series, charts] = (await Promise.all(["series", "charts"].map(unpacked))).map((text) => JSON.parse(text));
  const chart = new Chart(byId("chart"), new Series(series));
  chart.listeners.push(showDay);
  const drawChart = () => {
    chart.draw();
    showControls(chart);
    showWords(chart);
  };
  control(chart);
  onChoice(drawChart);
  const follow = () => {
    const patch = chosenIn(location.hash);
    if (!patch || !patch.chosen.some((key) => chart.knows(key))) return;
    choose(patch);
    byId("chart-section").scrollIntoView();
  };
  addEventListener("hashchange", follow);
  drawChart();
  follow();
  byId("day-row").hidden = false;
  runBokeh(await unpacked("bokeh"));
  const map = byId("map") && new WorldMap(await embedded(charts.figures.map), charts.shapes);
  map?.paint();
  for (const query of ["(prefers-color-scheme: dark)", "print"]) {
    matchMedia(query).addEventListener("change", () => {
      drawChart();
      map?.paint();
    });
  }
}

function giveUp(why) {
  for (const waiting of document.querySelectorAll(".plot .waiting")) waiting.prepend(`${why} `);
}

async function start() {
  if (!byId("chart")) {
    // the page says why
  } else if (!("DecompressionStream" in window)) {
    giveUp(_("This browser is too old for the charts: it lacks DecompressionStream."));
  } else if (!window.uPlot || !["series", "charts", "bokeh"].every((name) => window.packed?.[name])) {
    giveUp(_("The scripts beside this page, in assets/, could not be loaded."));
  } else {
    await draw();
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

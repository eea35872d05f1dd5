// Where it begins: what needs no charts at once, the charts when all scripts are there.

async function draw() {
  const series = new Series(JSON.parse(await unpacked("series")));
  const chart = new Chart(byId("chart"), series);
  chart.listeners.push(showDay);
  const drawChart = () => {
    chart.draw();
    showControls(chart);
    showWords(chart);
    showFrame(chart);
  };
  control(chart);
  makeTakeable(chart);
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
  if (byId("map") && !window.packed.shapes) giveUp(missingScripts());
  else if (byId("map")) await drawMap(series);
  for (const query of ["(prefers-color-scheme: dark)", "print"]) {
    matchMedia(query).addEventListener("change", drawChart);
  }
}

async function drawMap(series) {
  const map = new WorldMap(JSON.parse(await unpacked("shapes")), new Figures(series));
  byId("month").max = map.figures.months.length;
  byId("month").value = map.figures.months.length;
  map.paint();
  byId("map-says").hidden = false;
  if (matchMedia("(pointer: coarse)").matches) {
    byId("map-says").textContent = _("The measure is that of the ranking. Tap a country to read its figure, and tap it again to see it in the chart.");
  }
  byId("measure").addEventListener("change", () => map.paint());
  byId("month").addEventListener("input", () => map.paint());
  onChoice(({ chosen }) => map.mark(chosen));
  map.mark(state.chosen);
}

function giveUp(why) {
  for (const waiting of document.querySelectorAll(".plot .waiting")) waiting.prepend(`${why} `);
}

async function start() {
  if (!byId("chart")) {
    // the page says why; the map does without the past
    if (byId("map") && window.packed?.shapes && "DecompressionStream" in window) await drawMap(null);
  } else if (chartFault()) giveUp(chartFault());
  else await draw();
  document.documentElement.dataset.readyAfterMs = Math.round(performance.now());
}

makeSortable(headings, (column) => column <= beside, sortBy);
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

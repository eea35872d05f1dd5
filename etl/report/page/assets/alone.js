// The chart alone, in a frame on another page.

async function start() {
  const waiting = document.querySelector(".waiting");
  if (chartFault()) {
    waiting.textContent = chartFault();
    return;
  }
  const chart = new Chart(byId("chart"), new Series(JSON.parse(await unpacked("series"))));
  const draw = () => {
    chart.draw();
    showWords(chart);
    if (chart.series.every > 1) {
      const note = byId("chart-notes").appendChild(document.createElement("li"));
      note.textContent = _("The chart shows one day in {count}.", { count: chart.series.every });
    }
    const page = lang === "en" ? "index.html" : `index.${lang}.html`;
    byId("whole").href = page + addressOf({ ...state, chosen: chart.keys(), measure: chart.measure.key });
  };
  chart.listeners.push(showDay);
  byId("source-heading").textContent = _("Source");
  byId("whole").textContent = _("All figures");
  const follow = () => {
    Object.assign(state, chosenIn(location.hash));
    draw();
  };
  onChoice(draw);
  addEventListener("hashchange", follow);
  follow();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  document.title = chart.title;
  document.documentElement.dataset.readyAfterMs = Math.round(performance.now());
}

document.addEventListener("DOMContentLoaded", start);

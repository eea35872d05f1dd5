// An entry for each line of the chart: its colour, its name, and its value on the day that is read.

function entry(chart, { key, name }, value, removable) {
  const item = document.createElement("li");
  const part = (tag, className, text) => Object.assign(item.appendChild(document.createElement(tag)), { className, textContent: text });
  part("span", "swatch", "").style.background = `var(--line-${chart.slots.get(key)})`;
  part("span", "name", name);
  part("strong", "value", chart.text(value));
  if (removable) {
    const button = part("button", "remove", "×");
    button.type = "button";
    button.setAttribute("aria-label", _("Remove {name}", { name }));
    button.addEventListener("click", () => {
      byId("too-many").hidden = true;
      choose({ chosen: chart.keys().filter((other) => other !== key) });
      byId("country").focus();
      byId("country").blur();
    });
  }
  return item;
}

// The entries have the values of the day that is read, and so has the slider.
function showDay(chart) {
  const list = byId("lines");
  const removable = "removable" in list.dataset && chart.shown.length > 1;
  list.replaceChildren(...chart.shown.map((one, n) => entry(chart, one, chart.values[n], removable)));
  const days = chart.data[0];
  const at = chart.day === null ? days.length - 1 : chart.index;
  const day = days.length ? longDay(days[at]) : "";
  const slider = byId("day");
  byId("day-read").textContent = chart.day !== null ? day : slider ? _("last known") : "";
  if (!slider) return;
  Object.assign(slider, { min: 0, max: Math.max(days.length - 1, 0), value: at });
  const values = chart.shown.map(({ name }, n) => `${name} ${chart.text(chart.values[n])}`).join(", ");
  slider.setAttribute("aria-valuetext", `${day}: ${values}`);
}

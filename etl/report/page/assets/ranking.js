// The ranking, of any measure.

function link(row) {
  const from = row.querySelector("a");
  if (!from) return nameOf(row); // OUTPUTS left out the files of single series
  const to = document.createElement("a");
  to.href = from.getAttribute("href");
  to.textContent = nameOf(row);
  return to;
}

// as in view.py: what is of now, a country, and says something
function isRanked(row, column) {
  return !(row.matches(".stale, .silent, [data-apart]") || Number.isNaN(valueOf(row, column)) || hasFew(row, column));
}

function hasFew(row, column) {
  const cases = columnOf("cumulative_cases");
  return cases > 0 && valueOf(row, cases) < Number(headings[column].dataset.leastCases ?? 0);
}

function rank() {
  const chooser = byId("measure");
  const column = 1 + beside + Number(chooser.value);
  const body = byId("bars").tBodies[0];
  const ranked = rows
    .filter((row) => isRanked(row, column))
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
  byId("bars-measure").textContent = headings[column].title;
  const note = byId("least-cases");
  if (note) note.hidden = note.dataset.column !== headings[column].dataset.column;
}

// The table: sorted and filtered. Every other part reads the figures from its cells.

const table = byId("table");
const rows = [...table.tBodies[0].rows];
const beside = table.tHead.querySelectorAll(".within").length; // columns: what a place lies in
// with what it lies in: Clark, Ohio, United States
const nameOf = (row) =>
  [row.querySelector("a"), ...row.querySelectorAll(".within")]
    .map((part) => part.textContent)
    .filter(Boolean)
    .join(", ");
const rowOf = new Map(rows.map((row) => [row.dataset.key, row]));
const inOrder = new Intl.Collator("en");

function valueOf(row, column) {
  const text = row.cells[column].textContent.replace(/[,%]/g, "").replace("\u2212", "-");
  return text === "–" ? NaN : Number(text);
}

function sortBy(heading, column, ascending) {
  const sign = ascending ? 1 : -1;
  const named = column <= beside;
  const textOf = (row) => (column === 0 ? nameOf(row) : row.cells[column].textContent);
  const known = (row) => (named ? textOf(row) : valueOf(row, column));
  const compare = (a, b) => {
    if (named) return sign * inOrder.compare(a, b);
    // what is missing stands last, whichever way
    return Number.isNaN(a) - Number.isNaN(b) || sign * (a - b) || 0;
  };
  const keyed = rows.map((row) => [known(row), row]).sort((a, b) => compare(a[0], b[0]));
  table.tBodies[0].append(...keyed.map(([, row]) => row));
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
}

function makeSortable() {
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    if ("unsorted" in heading.dataset) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const now = heading.getAttribute("aria-sort");
      sortBy(heading, column, now ? now === "descending" : column <= beside);
    });
  });
}

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function filterTable() {
  const wanted = plain(byId("filter").value.trim());
  let shown = 0;
  for (const row of rows) {
    row.hidden = !`${plain(nameOf(row))}\n${(row.dataset.iso3 ?? "").toLowerCase()}`.includes(wanted);
    shown += !row.hidden;
  }
  const all = rows.length;
  const sayings = {
    countries: _("{shown} of {all} countries", { shown, all }),
    regions: _("{shown} of {all} regions", { shown, all }),
    places: _("{shown} of {all} places", { shown, all }),
  };
  byId("shown").textContent = sayings[table.dataset.level];
}

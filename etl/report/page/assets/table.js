// The table: sorted and filtered. Every other part reads the figures from its cells.

const table = byId("table");
const rows = [...table.tBodies[0].rows];
const headings = [...table.tHead.rows[0].cells];
const columnOf = (name) => headings.findIndex((heading) => heading.dataset.column === name);
const beside = table.tHead.querySelectorAll(".within").length; // columns: what a place lies in
// with what it lies in: Clark, Ohio, United States
const nameOf = (row) =>
  [row.querySelector("a"), ...row.querySelectorAll(".within")]
    .map((part) => part.textContent)
    .filter(Boolean)
    .join(", ");
const rowOf = new Map(rows.map((row) => [row.dataset.key, row]));

function valueOf(row, column) {
  const text = row.cells[column].textContent.replace(/[,%]/g, "").replace("\u2212", "-");
  return text === "–" ? NaN : Number(text);
}

function sortBy(column, ascending) {
  const textOf = (row) => (column === 0 ? nameOf(row) : row.cells[column].textContent);
  sortRows(rows, (row) => (column <= beside ? textOf(row) : valueOf(row, column)), ascending);
}

// as extract/countries.py normalises names
const plain = (text) =>
  text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[\u2018\u2019\u02bc\u02bb\u2032\u0060]/g, "\u0027")
    .toLowerCase();
const searched = new Map();

// any part of the name will do, and the beginning of a code, of another name, or of a word in it
function isCalled(row, wanted) {
  if (!searched.has(row)) {
    searched.set(row, [plain(nameOf(row)), ` ${(row.dataset.called ?? "").replace(/[|(]/g, " ")}`]);
  }
  const [name, others] = searched.get(row);
  const text = plain(wanted.trim());
  return name.includes(text) || others.includes(` ${text}`);
}

function filterTable() {
  const wanted = byId("filter").value;
  let shown = 0;
  for (const row of rows) {
    row.hidden = !isCalled(row, wanted);
    shown += !row.hidden;
  }
  const values = { shown: said(shown, 0), all: said(rows.length, 0) };
  const sayings = {
    countries: _("{shown} of {all} countries", values),
    regions: _("{shown} of {all} regions", values),
    places: _("{shown} of {all} places", values),
  };
  byId("shown").textContent = sayings[table.dataset.level];
}

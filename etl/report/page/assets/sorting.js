// Sort a table's rows by its columns; the monthly report sorts with this, too.

const inOrder = new Intl.Collator("en");

// Each heading becomes a button. `sort(column, ascending)` orders the rows; `ascends(column)`: so at first.
function makeSortable(headings, ascends, sort) {
  headings.forEach((heading, column) => {
    if ("unsorted" in heading.dataset) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const now = heading.getAttribute("aria-sort");
      const ascending = now ? now === "descending" : ascends(column);
      sort(column, ascending);
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    });
  });
}

// By a number or a text for each row. What is missing, NaN, stands last, whichever way.
function sortRows(rows, keyOf, ascending) {
  const sign = ascending ? 1 : -1;
  const order = (a, b) => (typeof a === "string" ? inOrder.compare(a, b) : a - b);
  const compare = (a, b) => Number.isNaN(a) - Number.isNaN(b) || sign * order(a, b) || 0;
  const keyed = rows.map((row) => [keyOf(row), row]).sort((a, b) => compare(a[0], b[0]));
  rows[0]?.parentElement.append(...keyed.map(([, row]) => row));
}

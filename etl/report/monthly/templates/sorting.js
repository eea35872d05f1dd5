// Makes each column of a table of the class "sortable" sort its rows.
{
{{ sorting | safe }}
  function valueOf(text) {
    const number = text.replace(/[,%+]|under /g, "").replace("\u2212", "-");
    return text === "\u2013" ? NaN : Number(number);
  }

  for (const table of document.querySelectorAll(".sortable")) {
    const rows = [...table.tBodies[0].rows];
    const headings = [...[...table.tHead.rows].at(-1).cells];
    const isNumber = (column) => headings[column].classList.contains("number");
    const keyOf = (text, column) => (isNumber(column) || text === "\u2013" ? valueOf(text) : text);
    makeSortable(
      headings,
      (column) => !isNumber(column),
      (column, ascending) => sortRows(rows, (row) => keyOf(row.cells[column].textContent, column), ascending),
    );
  }
}

// Makes each column of a table of the class "sortable" a button that sorts by it.
{
  const inOrder = new Intl.Collator("en");

  function valueOf(text) {
    const number = text.replace(/[,%+]|under /g, "").replace("\u2212", "-");
    return text === "\u2013" ? NaN : Number(number);
  }

  function sortBy(table, heading, column, ascending) {
    const body = table.tBodies[0], sign = ascending ? 1 : -1;
    const isNumber = heading.classList.contains("number");
    const keyed = [...body.rows].map((row) => {
      const text = row.cells[column].textContent;
      return [isNumber ? valueOf(text) : text, text === "\u2013", row];
    });
    const compare = (a, b) => (isNumber ? a - b : inOrder.compare(a, b));
    // unknown values come last in both directions
    keyed.sort(([a, aMissing], [b, bMissing]) => aMissing - bMissing || sign * compare(a, b));
    body.append(...keyed.map(([, , row]) => row));
    for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  }

  for (const table of document.querySelectorAll(".sortable")) {
    [...table.tHead.rows].at(-1).querySelectorAll("th").forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const now = heading.getAttribute("aria-sort");
        sortBy(table, heading, column, now ? now === "descending" : !heading.classList.contains("number"));
      });
    });
  }
}

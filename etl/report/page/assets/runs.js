// How old the figures are, and the strip of runs: newer than the page, where status.json is read.

function sayHowOld(days) {
  const notice = byId("stale");
  notice.hidden = !(days > Number(notice.dataset.after));
  notice.querySelector("span").textContent = said(days, 0);
}

function showStatus(status) {
  if (status.format !== 1) return;
  const element = (tag, within, text) => Object.assign(within.appendChild(document.createElement(tag)), { textContent: text });
  const [strip, without] = [byId("strip"), byId("without")];
  strip.replaceChildren();
  without.querySelector("ul").replaceChildren();
  for (const { slot, outcome, why } of status.slots) {
    const text = `${slot}: ${_(outcome)}${why ? `, ${_(why)}` : ""}`;
    const square = element("li", strip, "");
    [square.className, square.title] = [outcome, text];
    element("span", square, text).className = "unseen";
    if (!["published", "unchanged", "restored"].includes(outcome)) element("li", without.querySelector("ul"), text);
  }
  const count = without.querySelectorAll("li").length;
  without.querySelector("span").textContent = count;
  without.hidden = count === 0;
  byId("checked").dateTime = status.checked_at;
  byId("checked").textContent = `${status.checked_at.slice(0, 16).replace("T", " ")} UTC`;
  for (const [id, slot] of [["last-date-since", status.last_date_since], ["bytes-since", status.bytes_since]]) {
    if (byId(id) && slot) byId(id).textContent = slot;
  }
  if (status.days_behind !== null) sayHowOld(status.days_behind);
}

async function readStatus() {
  if (!location.protocol.startsWith("http")) return; // a page on a disk may not
  try {
    const answer = await fetch("status.json", { cache: "no-cache" });
    if (!answer.ok) return;
    const status = await answer.json();
    showStatus(status);
    await findReports(status.slots.at(-1)?.slot);
  } catch {
    // what was baked in stays
  }
}

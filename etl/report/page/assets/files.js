// The files: digests that can be copied, and the monthly reports made since this version.

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // over plain http there is no clipboard: an older way
    const area = document.body.appendChild(document.createElement("textarea"));
    area.value = text;
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

function makeCopyable() {
  for (const digest of document.querySelectorAll("td .digest")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = _("Copy");
    const file = digest.closest("tr").cells[0].textContent;
    button.setAttribute("aria-label", _("Copy the SHA-256 of {file}", { file }));
    digest.after(" ", button);
  }
  const said = document.body.appendChild(document.createElement("p"));
  said.className = "unseen";
  said.setAttribute("role", "status");
  document.addEventListener("click", async ({ target }) => {
    if (!target.matches?.("td .copy")) return;
    await copyText(target.parentElement.querySelector(".digest").textContent);
    target.textContent = said.textContent = _("Copied");
    setTimeout(() => (target.textContent = _("Copy")), 2000);
  });
}

// The worker makes a report after the first run of a month; a version may be older than that.
async function findReports(slot) {
  const item = byId("reports");
  if (!item.dataset.slot || !(slot?.slice(0, 7) > item.dataset.slot.slice(0, 7))) return;
  const answer = await fetch("reports/index.html");
  if (!answer.ok) return;
  const months = (await answer.text()).match(/\d{4}-\d{2}(?=\/final_report\.html)/g) ?? [];
  if (!months.length) return;
  const link = (file, textContent) => Object.assign(document.createElement("a"), { href: `reports/${file}`, textContent });
  const latest = [...new Set(months)].sort().reverse().slice(0, 12);
  const links = latest.flatMap((month) => [link(`${month}/final_report.html`, month), ", "]);
  item.querySelector("span").replaceChildren(...links, link("index.html", _("all of them")));
  item.hidden = false;
}

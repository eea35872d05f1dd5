// What all parts use: the page's elements, its colours, and how values are said.

const DAY = 86_400_000;
const byId = (id) => document.getElementById(id);
// A sentence in the page's language, its {blanks} filled. Whatever literal this is called with is
// translated with the page: assets.py looks for them.
const root = document.documentElement;
const kept = JSON.parse(byId("texts")?.textContent ?? "{}");
// The chart alone has the texts of all languages; its address names one.
const named = "rightToLeft" in root.dataset ? new URLSearchParams(location.hash.slice(1)).get("lang") : null;
if (Object.hasOwn(kept, named ?? "")) {
  root.lang = named;
  root.dir = root.dataset.rightToLeft.split(" ").includes(named) ? "rtl" : "ltr";
}
const texts = "rightToLeft" in root.dataset ? (kept[named] ?? {}) : kept;
const _ = (sentence, values = {}) =>
  (texts[sentence] ?? sentence).replace(/\{([a-z_]+)\}/g, (blank, name) => values[name] ?? blank);
const cssColour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
function said(value, places) {
  if (Number.isNaN(value)) return _("unknown");
  const text = value.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });
  return text.replace("-", /[1-9]/.test(text) ? "\u2212" : "");
}
const isoDay = (ms) => new Date(ms).toISOString().slice(0, 10);
const { lang } = root;
const calendar = `${lang === "en" ? "en-GB" : lang}-u-ca-gregory-nu-latn`;
const longDay = (ms) =>
  new Date(ms).toLocaleDateString(calendar, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

const missingScripts = () => _("The scripts beside this page, in assets/, could not be loaded.");

// Why there can be no chart; empty if there can.
function chartFault() {
  if (!("DecompressionStream" in window)) return _("This browser is too old for the charts: it lacks DecompressionStream.");
  return window.uPlot && window.packed?.series ? "" : missingScripts();
}

async function unpacked(name) {
  const bytes = Uint8Array.from(atob(window.packed[name]), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

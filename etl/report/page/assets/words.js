// What all parts use: the page's elements, its colours, and how values are said.

const DAY = 86_400_000;
const MEASURES = ["cases", "deaths"];
const byId = (id) => document.getElementById(id);
// A sentence in the page's language, its {blanks} filled. Whatever literal this is called with is
// translated with the page: assets.py looks for them.
const texts = JSON.parse(byId("texts")?.textContent ?? "{}");
const _ = (sentence, values = {}) =>
  (texts[sentence] ?? sentence).replace(/\{([a-z_]+)\}/g, (blank, name) => values[name] ?? blank);
const cssColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const said = (value, places) =>
  Number.isNaN(value)
    ? _("unknown")
    : value.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });
const isoDay = (ms) => new Date(ms).toISOString().slice(0, 10);
const { lang } = document.documentElement;
const calendar = `${lang === "en" ? "en-GB" : lang}-u-ca-gregory-nu-latn`;
const longDay = (ms) =>
  new Date(ms).toLocaleDateString(calendar, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

// What all parts use: the page's elements, its colours, and how values are said.

const DAY = 86_400_000;
const MEASURES = ["cases", "deaths"];
const byId = (id) => document.getElementById(id);
const cssColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const said = (value, places) =>
  Number.isNaN(value)
    ? "unknown"
    : value.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });
const isoDay = (ms) => new Date(ms).toISOString().slice(0, 10);
const longDay = (ms) =>
  new Date(ms).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

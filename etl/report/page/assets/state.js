// What is chosen, which is also the page's address: #chart=spain&with=italy&measure=case_fatality

// chosen: keys of countries; "" is the world, "@europe" a continent. per_head: per 100,000 people.
// from, to: ISO days, empty for all days. measure: a column.
const state = { chosen: [], measure: "", per_head: false, scale: "linear", from: "", to: "" };
const listeners = [];

const onChoice = (listener) => listeners.push(listener);

// Change a part of the state, tell every listener, and write the address.
function choose(patch) {
  Object.assign(state, patch);
  history.replaceState(null, "", addressOf(state));
  for (const listener of listeners) listener(state);
}

function addressOf({ chosen, measure, per_head, scale, from, to }) {
  const [first = "", ...others] = chosen;
  const parts = [["chart", first], ...others.map((key) => ["with", key])];
  if (measure) parts.push(["measure", measure]);
  if (per_head) parts.push(["per", "100000"]);
  if (scale !== "linear") parts.push(["scale", scale]);
  if (from) parts.push(["from", from]);
  if (to) parts.push(["to", to]);
  return `#${new URLSearchParams(parts)}`;
}

// What an address chooses: only what it names; null if it is not about the chart.
function chosenIn(hash) {
  const named = new URLSearchParams(hash.replace(/^#/, ""));
  if (!named.has("chart")) return null;
  const patch = { chosen: [...new Set([named.get("chart"), ...named.getAll("with")])] };
  if (named.has("measure")) patch.measure = named.get("measure");
  if (named.has("per")) patch.per_head = named.get("per") === "100000";
  if (named.has("scale")) patch.scale = named.get("scale") === "log" ? "log" : "linear";
  for (const end of ["from", "to"]) {
    if (/^\d{4}-\d\d-\d\d$/.test(named.get(end) ?? "")) patch[end] = named.get(end);
  }
  return patch;
}

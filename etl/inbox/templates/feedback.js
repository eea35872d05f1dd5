"use strict";
{
  const one = (selector) => document.querySelector(selector);
  const { ways, texts, until } = JSON.parse(one("#data").textContent);
  const form = one("form"), output = one("output"), button = one("form button");
  const fields = { remark: one("#remark"), picture: one("#picture") };
  const said = [...document.querySelectorAll("[data-say]")].map((place) => [place, place.textContent]);

  // A name that nobody can guess: who could would write over it. What is sent again keeps its own,
  // so that it comes once.
  const fresh = () =>
    [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  let name = fresh(), told = "";
  const arrived = new Set();

  const tell = (when) => {
    told = when;
    output.textContent = when && one(`[data-when=${when}]`).textContent;
    output.className = ["", "sending", "sent"].includes(when) ? "" : "notice";
  };

  const speak = (language) => {
    const known = texts[language] ?? {};
    for (const [place, sentence] of said) place.textContent = known[sentence] ?? sentence;
    document.title = one("h1").textContent;
    document.documentElement.lang = language;
    document.documentElement.dir = one(`option[value="${language}"]`)?.dataset.dir ?? "ltr";
    tell(told);
  };

  class Refused extends Error {}

  const send = async (kind, body) => {
    if (arrived.has(kind)) return;
    const { url, fields: signed } = ways[kind];
    const data = new FormData();
    for (const [field, value] of Object.entries(signed)) data.append(field, value);
    data.set("key", signed.key.replace("${filename}", `${name}-${kind}`));
    if (kind === "picture") data.set("Content-Type", body.type);
    data.append("file", body, kind); // S3 reads nothing behind the file
    const answer = await fetch(url, { method: "POST", body: data });
    if (!answer.ok) throw new Refused(String(answer.status));
    arrived.add(kind);
  };

  const fault = (remark, picture) => {
    if (!remark && !picture) return "nothing";
    if (picture && !["image/jpeg", "image/png"].includes(picture.type)) return "kind";
    if (picture && picture.size > ways.picture.most) return "large";
    return "";
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const remark = fields.remark.value.trim(), [picture] = fields.picture.files;
    const why = fault(remark, picture);
    if (why) return tell(why);
    button.disabled = true;
    tell("sending");
    try {
      if (remark) await send("remark", new Blob([remark], { type: "text/plain" }));
      if (picture) await send("picture", picture);
      form.reset();
      name = fresh();
      arrived.clear();
      tell("sent");
    } catch (error) {
      tell(error instanceof Refused ? "refused" : "unsure");
    }
    button.disabled = false;
  });
  for (const [kind, field] of Object.entries(fields)) field.addEventListener("input", () => arrived.delete(kind));

  const chooser = one("#language");
  if (chooser) {
    const codes = [...chooser.options].map((option) => option.value);
    const wanted = [location.hash.slice(1), ...navigator.languages.flatMap((code) => [code, code.split("-")[0]])];
    chooser.value = wanted.find((code) => codes.includes(code)) ?? codes[0];
    chooser.addEventListener("change", () => speak(chooser.value));
    speak(chooser.value);
    one("#speaks").hidden = false;
  }
  form.hidden = false;
  if (Date.now() > Date.parse(until)) tell("expired");
}

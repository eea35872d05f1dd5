"use strict";
// Draws each Bokeh document into the element whose id is its name. A browser cannot lay out a
// canvas anew for paper, so a picture of each chart is printed in its place.
const dark = matchMedia("(prefers-color-scheme: dark)");
let views = [];

async function draw() {
  const text = document.getElementById("documents").textContent;
  const { ink, light } = JSON.parse(text);
  const { charts } = JSON.parse(dark.matches ? text.replaceAll(ink, light) : text);
  const drawn = Object.entries(charts).map(async ([id, chart]) => {
    const place = document.getElementById(id);
    place.replaceChildren();
    return [place, [...(await Bokeh.embed.embed_item(chart, place))][0]];
  });
  views = await Promise.all(drawn);
}

function picture() {
  for (const [place, view] of views) {
    const image = place.querySelector("img") ?? new Image();
    image.alt = "";
    image.className = dark.matches ? "print inverted" : "print";
    image.src = view.export("png").canvas.toDataURL();
    place.append(image);
  }
}

async function start() {
  const bytes = Uint8Array.from(atob(window.packed.bokeh), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.head.append(script);
  Bokeh.set_log_level("warn");
  await draw();
  dark.addEventListener("change", draw);
  addEventListener("beforeprint", picture);
}

function giveUp() {
  for (const chart of document.querySelectorAll(".chart")) {
    chart.textContent = "The chart can't be drawn: its script, in the folder assets of the reports, could not be loaded.";
  }
}

document.addEventListener("DOMContentLoaded", () => start().catch(giveUp));

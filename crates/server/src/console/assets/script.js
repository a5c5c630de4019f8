// The console works without this script; with it, lists and pages follow what happens, pictures can be dragged and zoomed, and text is copied by a click.
"use strict";

// A part of the page with data-live="URL" is fetched again when the server says that something of its topic has changed.
function follow(part) {
  const topic = part.dataset.live;
  let waiting = false;
  const source = new EventSource("/console/live?topic=" + encodeURIComponent(topic));
  const refresh = async () => {
    if (waiting || document.hidden) return;
    waiting = true;
    try {
      const answer = await fetch(location.href, { headers: { "x-part": part.id } });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById(part.id);
        if (fresh) replace(part, fresh);
      }
    } finally {
      waiting = false;
    }
  };
  source.addEventListener("changed", refresh);
  source.addEventListener("ended", () => { refresh(); source.close(); });
  document.addEventListener("visibilitychange", refresh);
}

// Keeps what the reader has opened.
function replace(part, fresh) {
  const open = new Set([...part.querySelectorAll("details[open]")].map((details) => details.id));
  const known = new Set([...part.querySelectorAll("[data-id]")].map((row) => row.dataset.id));
  part.replaceChildren(...fresh.childNodes);
  part.querySelectorAll("details").forEach((details) => { if (open.has(details.id)) details.open = true; });
  part.querySelectorAll("[data-id]").forEach((row) => { if (known.size && !known.has(row.dataset.id)) row.classList.add("fresh"); });
  part.querySelectorAll(".picture").forEach(pan);
}

// Drag to move, Ctrl+wheel to zoom, double-click to fit.
function pan(frame) {
  const picture = frame.querySelector("svg");
  if (!picture || frame.dataset.pan) return;
  frame.dataset.pan = "yes";
  const width = picture.width.baseVal.value;
  const height = picture.height.baseVal.value;
  let zoom = Math.min(1, frame.clientWidth / width);
  const apply = () => { picture.setAttribute("width", width * zoom); picture.setAttribute("height", height * zoom); };
  apply();
  frame.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom = Math.min(3, Math.max(0.2, zoom * (event.deltaY < 0 ? 1.1 : 1 / 1.1)));
    apply();
  }, { passive: false });
  frame.addEventListener("dblclick", () => { zoom = Math.min(1, frame.clientWidth / width); apply(); });
  let from = null;
  frame.addEventListener("pointerdown", (event) => { from = { x: event.clientX + frame.scrollLeft, y: event.clientY + frame.scrollTop, moved: false }; });
  frame.addEventListener("pointermove", (event) => {
    if (!from || !(event.buttons & 1)) return;
    from.moved = true;
    frame.scrollLeft = from.x - event.clientX;
    frame.scrollTop = from.y - event.clientY;
  });
  frame.addEventListener("click", (event) => { if (from && from.moved) { event.preventDefault(); } from = null; }, true);
}

// A state in the picture opens its visit in the list.
function openTarget() {
  const id = decodeURIComponent(location.hash.slice(1));
  const target = id && document.getElementById(id);
  const details = target && target.querySelector("details");
  if (details) { details.open = true; target.scrollIntoView({ block: "nearest" }); }
}

document.querySelectorAll("[data-live]").forEach(follow);
document.querySelectorAll(".picture").forEach(pan);
document.querySelectorAll("[data-copy]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy).textContent;
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  });
});
document.querySelectorAll("select[data-submit]").forEach((select) => select.addEventListener("change", () => select.form.submit()));
// Picking an event type puts its sample into the payload box.
document.querySelectorAll("select[data-sample]").forEach((select) => select.addEventListener("change", () => {
  const option = select.selectedOptions[0];
  const sample = document.getElementById("sample-" + option.value);
  const box = document.getElementById(select.dataset.sample);
  if (sample && box) box.value = sample.textContent;
}));
window.addEventListener("hashchange", openTarget);
openTarget();

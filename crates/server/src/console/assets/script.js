// The console works without this script; with it, lists and pages follow what happens, pictures can be dragged and zoomed, and text is copied by a click.
"use strict";

// A part of the page with data-live="URL" is fetched again when the server says that something of its topic has changed.
function follow(part) {
  const source = new EventSource("/console/live?topic=" + encodeURIComponent(part.dataset.live));
  let busy = false;
  let again = false;
  // One look at a time; what happens meanwhile makes one more.
  const refresh = async () => {
    if (document.hidden) return;
    if (busy) { again = true; return; }
    busy = true;
    try {
      do {
        again = false;
        const answer = await fetch(location.href);
        if (!answer.ok || answer.redirected) break;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById(part.id);
        if (!fresh) break;
        replace(part, fresh);
        if (!fresh.dataset.live) source.close();
      } while (again);
    } catch { /* The server is away: the next event comes when it is back. */ } finally { busy = false; }
  };
  source.addEventListener("open", refresh);
  source.addEventListener("changed", refresh);
  source.addEventListener("ended", refresh);
  document.addEventListener("visibilitychange", refresh);
  window.addEventListener("pagehide", () => source.close());
}

// Names a details element across refreshes: its own id, or its title below the nearest id.
function nameOf(details) {
  const holder = details.parentElement.closest("[id]");
  return details.id || (holder ? holder.id : "") + "/" + details.querySelector("summary").textContent;
}

// Keeps what the reader has opened and selected, and where the picture stands.
function replace(part, fresh) {
  if (part.innerHTML === fresh.innerHTML) return;
  const seen = new Map([...part.querySelectorAll("details")].map((details) => [nameOf(details), details.open]));
  const checked = new Set([...part.querySelectorAll("input:checked")].map((box) => box.value));
  const known = new Set([...part.querySelectorAll("[data-id]")].map((row) => row.dataset.id));
  const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const frame = part.querySelector(".picture");
  const scroll = frame && [frame.scrollLeft, frame.scrollTop];
  part.replaceChildren(...fresh.childNodes);
  part.querySelectorAll("details").forEach((details) => { if (seen.has(nameOf(details))) details.open = seen.get(nameOf(details)) || details.open; });
  part.querySelectorAll("input[type=checkbox]").forEach((box) => { box.checked = checked.has(box.value); });
  part.querySelectorAll("[data-id]").forEach((row) => { if (!known.has(row.dataset.id)) row.classList.add("fresh"); });
  if (focused) [...part.querySelectorAll("a[href]")].find((link) => link.getAttribute("href") === focused)?.focus();
  enhance(part);
  const after = part.querySelector(".picture");
  if (after && scroll) [after.scrollLeft, after.scrollTop] = scroll;
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

// What works only with a script appears.
function enhance(root) {
  root.querySelectorAll(".picture").forEach(pan);
  root.querySelectorAll("[data-script]").forEach((part) => { part.hidden = false; });
  root.querySelectorAll("[data-copy]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = "Copied";
    });
  });
}

enhance(document);
document.querySelectorAll("[data-live]").forEach(follow);
document.querySelectorAll("select[data-submit]").forEach((select) => select.addEventListener("change", () => select.form.submit()));
// A chosen file is put into the text box.
document.querySelectorAll("input[data-file]").forEach((input) => input.addEventListener("change", async () => {
  if (input.files[0]) document.getElementById(input.dataset.file).value = await input.files[0].text();
}));
window.addEventListener("hashchange", openTarget);
openTarget();

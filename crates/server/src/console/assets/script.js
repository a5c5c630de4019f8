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
        if (!fresh.dataset.live) { source.close(); document.querySelectorAll(".live").forEach((mark) => { mark.hidden = true; }); }
      } while (again);
    } catch { /* The server is away: the next event comes when it is back. */ } finally { busy = false; }
  };
  const tell = (away) => document.querySelectorAll(".live").forEach((mark) => {
    mark.hidden = false;
    mark.classList.toggle("away", away);
    mark.lastChild.textContent = away ? "not connected" : "live";
  });
  source.addEventListener("open", () => { tell(false); refresh(); });
  source.addEventListener("error", () => tell(true));
  source.addEventListener("changed", refresh);
  source.addEventListener("ended", refresh);
  document.addEventListener("visibilitychange", refresh);
  window.addEventListener("pagehide", () => source.close());
}

// Says what has changed to those who don't see it.
function say(text) { document.getElementById("news").textContent = text; }

// Names a details element across refreshes: its own id, or its title below the nearest id.
function nameOf(details) {
  const holder = details.parentElement.closest("[id]");
  return details.id || (holder ? holder.id : "") + "/" + details.querySelector("summary").textContent;
}

// Each live part as the server wrote it, before this script changed it.
const written = new Map();

// Keeps what the reader has opened and selected, and where the picture stands.
function replace(part, fresh) {
  if (written.get(part) === fresh.innerHTML) return;
  written.set(part, fresh.innerHTML);
  const seen = new Map([...part.querySelectorAll("details")].map((details) => [nameOf(details), details.open]));
  const checked = new Set([...part.querySelectorAll("input:checked")].map((box) => box.value));
  const known = new Set([...part.querySelectorAll("[data-id]")].map((row) => row.dataset.id));
  const status = part.querySelector("h1 .tag")?.textContent;
  const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const frame = part.querySelector(".picture");
  const scroll = frame && [frame.scrollLeft, frame.scrollTop];
  part.replaceChildren(...fresh.childNodes);
  part.querySelectorAll("details").forEach((details) => { if (seen.has(nameOf(details))) details.open = seen.get(nameOf(details)) || details.open; });
  part.querySelectorAll("input[type=checkbox]").forEach((box) => { box.checked = checked.has(box.value); });
  const added = [...part.querySelectorAll("[data-id]")].filter((row) => !known.has(row.dataset.id));
  added.forEach((row) => row.classList.add("fresh"));
  const news = part.querySelector("h1 .tag")?.textContent;
  if (news !== status) say(news || ""); else if (added.length) say(added.length + " new");
  if (focused) [...part.querySelectorAll("a[href]")].find((link) => link.getAttribute("href") === focused)?.focus();
  enhance(part);
  const after = part.querySelector(".picture");
  if (after && scroll) [after.scrollLeft, after.scrollTop] = scroll;
}

// Drag to move, Ctrl+wheel or the buttons to zoom, double-click to fit. What failed, or else the first state, is in view.
function pan(frame) {
  const picture = frame.querySelector("svg");
  if (!picture || frame.dataset.pan) return;
  frame.dataset.pan = "yes";
  const width = picture.width.baseVal.value;
  const height = picture.height.baseVal.value;
  // Smaller than this, names can't be read: the picture is moved instead.
  const fit = () => Math.min(1, Math.max(0.7, frame.clientWidth / width));
  let zoom = fit();
  const apply = () => { picture.setAttribute("width", width * zoom); picture.setAttribute("height", height * zoom); };
  const by = (factor) => { zoom = Math.min(3, Math.max(0.1, zoom * factor)); apply(); };
  const whole = () => { zoom = Math.min(1, frame.clientWidth / width); apply(); };
  apply();
  const first = picture.querySelector(".state.failed") || picture.querySelector(".state.running") || picture.querySelector(".state.start");
  if (first) {
    const at = first.getBBox();
    frame.scrollLeft = (at.x + at.width / 2) * zoom - frame.clientWidth / 2;
    frame.scrollTop = (at.y + at.height / 2) * zoom - frame.clientHeight / 2;
  }
  const buttons = frame.parentElement.querySelector(".zoom");
  if (buttons) {
    buttons.hidden = false;
    const does = { in: () => by(1.25), out: () => by(0.8), fit: whole };
    buttons.addEventListener("click", (event) => does[event.target.dataset.zoom]?.());
  }
  frame.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    by(event.deltaY < 0 ? 1.1 : 1 / 1.1);
  }, { passive: false });
  frame.addEventListener("dblclick", whole);
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
    const of = button.dataset.copy ? document.getElementById(button.dataset.copy) : button.previousElementSibling;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(of.textContent);
      button.textContent = "Copied";
      say("Copied");
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  });
  root.querySelectorAll("input[data-all]").forEach((all) => {
    all.hidden = false;
    all.addEventListener("change", () => all.closest("table").querySelectorAll("tbody input[type=checkbox]").forEach((box) => { box.checked = all.checked; }));
  });
}

// What can't be undone is asked about before it is sent.
function confirmFirst(event) {
  const button = event.submitter;
  if (!button || !button.dataset.confirm || button.dataset.sure) return;
  event.preventDefault();
  const dialog = document.createElement("dialog");
  const question = document.createElement("p");
  question.textContent = button.dataset.confirm;
  const row = document.createElement("form");
  row.method = "dialog";
  row.className = "row";
  const [no, yes] = ["Cancel", button.textContent].map((text) => {
    const choice = document.createElement("button");
    choice.textContent = text;
    row.append(choice);
    return choice;
  });
  yes.className = "danger";
  yes.addEventListener("click", () => { button.dataset.sure = "yes"; button.form.requestSubmit(button); });
  dialog.setAttribute("aria-label", button.textContent);
  dialog.append(question, row);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  no.focus();
}

// A time under the pointer says how long ago it is, and what the clock here showed.
function timeTitle(event) {
  const time = event.target.closest?.("time[datetime]");
  if (!time) return;
  const at = new Date(time.dateTime);
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const seconds = (at - Date.now()) / 1000;
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) || units[3];
  const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(seconds / size), unit);
  time.title = time.dateTime + " · " + ago + " · " + at.toLocaleString() + " here";
}

document.querySelectorAll("[data-live]").forEach((part) => written.set(part, part.innerHTML));
enhance(document);
document.querySelectorAll("[data-live]").forEach(follow);
document.querySelectorAll("select[data-submit]").forEach((select) => select.addEventListener("change", () => select.form.submit()));
// A chosen file is put into the text box.
document.querySelectorAll("input[data-file]").forEach((input) => input.addEventListener("change", async () => {
  if (input.files[0]) document.getElementById(input.dataset.file).value = await input.files[0].text();
}));
document.addEventListener("submit", confirmFirst);
document.addEventListener("pointerover", timeTitle);
window.addEventListener("hashchange", openTarget);
openTarget();

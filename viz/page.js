"use strict";
// One drawing per level of detail; this moves over it, searches it and tells what is in a box.
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const stage = byId("stage"), panel = byId("panel");
const views = [...stage.querySelectorAll(".view")].map((view) => {
  const svg = view.querySelector("svg"), size = svg.viewBox.baseVal;
  const full = { x: size.x, y: size.y, w: size.width, h: size.height };
  const boxes = new Map([...svg.querySelectorAll("[data-box]")].map((g) => [g.dataset.box, g]));
  return { view, svg, full, boxes, place: null };
});
let level = data.start, chosen = null, hits = [], hit = -1;

// ---------------------------------------------------------------- zoom and pan
// A place is the centre of what is seen, and how many pixels a unit of the drawing takes; `whole` is
// there as long as nobody moved, so that another size of the window fits the drawing again.
function show(place) {
  const view = views[level];
  const w = stage.clientWidth / place.scale, h = stage.clientHeight / place.scale;
  view.place = place;
  view.svg.setAttribute("viewBox", `${place.x - w / 2} ${place.y - h / 2} ${w} ${h}`);
}
function fit(whole) {
  const { full } = views[level];
  const across = stage.clientWidth / full.w, down = stage.clientHeight / full.h;
  let scale = Math.min(across, down, 1.6), y = full.y + full.h / 2;
  if (!whole && scale < 0.7) { // too small to read: begin at the top, as wide as fits
    scale = Math.min(Math.max(scale, Math.min(across, 1)), 1);
    scale = Math.max(scale, 0.5);
    y = full.y + Math.min(full.h, stage.clientHeight / scale) / 2;
  }
  show({ x: full.x + full.w / 2, y, scale, whole });
}
function zoom(factor, event) {
  const { x, y, scale } = views[level].place, edge = stage.getBoundingClientRect();
  const next = Math.min(Math.max(scale * factor, 0.02), 20);
  const dx = event ? event.clientX - edge.left - edge.width / 2 : 0;
  const dy = event ? event.clientY - edge.top - edge.height / 2 : 0;
  show({ x: x + dx / scale - dx / next, y: y + dy / scale - dy / next, scale: next });
}
function pan(dx, dy) {
  const { x, y, scale } = views[level].place;
  show({ x: x - dx / scale, y: y - dy / scale, scale });
}
function reveal(g) { // only if it is not in sight
  const box = g.getBoundingClientRect(), edge = stage.getBoundingClientRect(), rim = 12;
  if (box.left >= edge.left + rim && box.right <= edge.right - rim
      && box.top >= edge.top + rim && box.bottom <= edge.bottom - rim) return;
  pan(edge.left + edge.width / 2 - (box.left + box.right) / 2,
      edge.top + edge.height / 2 - (box.top + box.bottom) / 2);
}

stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event);
}, { passive: false });
let drag = null;
stage.addEventListener("pointerdown", (event) => {
  if (event.button === 0) drag = { x: event.clientX, y: event.clientY, moved: false };
});
stage.addEventListener("pointermove", (event) => {
  if (!(event.buttons & 1)) drag = null; // let go of outside the window
  if (!drag) return;
  const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
  if (!drag.moved && Math.hypot(dx, dy) < 4) return; // a click that trembles
  if (!drag.moved) stage.setPointerCapture(event.pointerId);
  stage.classList.add("dragged");
  pan(dx, dy);
  drag = { x: event.clientX, y: event.clientY, moved: true };
});
stage.addEventListener("pointercancel", () => { drag = null; stage.classList.remove("dragged"); });
stage.addEventListener("pointerup", (event) => {
  const moved = drag === null || drag.moved;
  drag = null;
  stage.classList.remove("dragged");
  if (moved) return;
  const g = event.target.closest("[data-box]");
  choose(g ? g.dataset.box : null);
});
stage.addEventListener("dblclick", (event) => {
  const g = event.target.closest("[data-box]");
  if (g && data.levels[level].boxes[g.dataset.box].module) open(g.dataset.box, 1);
});
addEventListener("resize", () => {
  for (const one of views) if (one.place && "whole" in one.place && one !== views[level]) one.place = null;
  const { place } = views[level];
  if ("whole" in place) fit(place.whole); else show(place);
});
addEventListener("beforeprint", () => {
  const { svg, full } = views[level];
  svg.setAttribute("viewBox", `${full.x} ${full.y} ${full.w} ${full.h}`);
});
addEventListener("afterprint", () => show(views[level].place));

// ---------------------------------------------------------------- levels of detail
function go(to) {
  level = Math.min(Math.max(to, 0), views.length - 1);
  views.forEach((one, k) => { one.view.hidden = k !== level; });
  byId("level").value = data.levels[level].label;
  byId("less").disabled = level === 0;
  byId("more").disabled = level === views.length - 1;
  if (!views[level].place) fit(false);
  search(false);
}
// The box at another level that holds the one with this id: ids count in order of creation.
function holder(id, to) {
  const boxes = data.levels[to].boxes;
  if (id in boxes) return id;
  const number = Number(id.slice(1));
  const before = Object.keys(boxes).filter((key) => key[0] === "n" && Number(key.slice(1)) <= number);
  return before.sort((a, b) => a.slice(1) - b.slice(1)).pop() ?? null;
}
function open(id, step) {
  const to = level + step;
  if (to < 0 || to >= views.length) return;
  const inner = id === null ? null : holder(id, to);
  go(to);
  choose(inner);
}

// ---------------------------------------------------------------- search
function search(jump) {
  const sought = byId("search").value.trim().toLowerCase(), view = views[level];
  hits = [];
  for (const [id, g] of view.boxes) {
    const found = sought !== "" && data.levels[level].boxes[id].search.includes(sought);
    g.classList.toggle("hit", found);
    if (found) hits.push(id);
  }
  view.svg.classList.toggle("searched", sought !== "");
  hit = -1;
  byId("found").value = sought === "" ? "" : `${hits.length} found`;
  if (jump && hits.length) { hit = 0; reveal(view.boxes.get(hits[0])); }
}
function next(step) {
  if (!hits.length) return;
  if (hit < 0) hit = step < 0 ? hits.length - 1 : 0;
  else if (chosen === hits[hit]) hit = (hit + step + hits.length) % hits.length;
  choose(hits[hit]);
  byId("found").value = `${hit + 1} of ${hits.length}`;
}

// ---------------------------------------------------------------- details
function add(parent, tag, text) {
  const element = parent.appendChild(document.createElement(tag));
  element.textContent = text; // never markup: names are shown as they are spelt
  return element;
}
function choose(id) {
  const view = views[level], boxes = data.levels[level].boxes;
  for (const g of view.svg.querySelectorAll(".chosen, .near")) g.classList.remove("chosen", "near");
  chosen = id !== null && id in boxes ? id : null;
  history.replaceState(null, "", chosen === null ? "#" : `#box=${chosen}&level=${level}`);
  if (chosen === null) { hint(); return; }
  for (const g of view.svg.querySelectorAll("[data-ends]")) {
    g.classList.toggle("near", g.dataset.ends.split(" ").includes(chosen));
  }
  const g = view.boxes.get(chosen);
  g.classList.add("chosen");
  reveal(g);
  tell(boxes[chosen], boxes);
}
function tell(box, boxes) {
  panel.replaceChildren();
  add(panel, "h2", box.title);
  add(panel, "p", box.kind);
  const acts = add(panel, "div", "");
  acts.className = "acts";
  if (box.module && level < views.length - 1) {
    add(acts, "button", "Open").onclick = () => open(chosen, 1);
  }
  if (box.inside && level > 0) add(acts, "button", "Close its module").onclick = () => open(chosen, -1);
  const list = add(panel, "dl", "");
  for (const [name, value] of box.rows) { add(list, "dt", name); add(list, "dd", value); }
  for (const [word, ids] of [["takes", box.takes], ["feeds", box.feeds]]) {
    if (!ids.length) continue;
    add(list, "dt", word);
    const place = add(list, "dd", "");
    for (const id of ids) add(place, "button", boxes[id].title).onclick = () => choose(id);
  }
}
function hint() {
  panel.replaceChildren();
  add(panel, "h2", "Click a box for its details");
  const list = add(panel, "dl", "");
  for (const [keys, word] of data.keys) {
    const name = add(list, "dt", "");
    for (const key of keys) { add(name, "kbd", key); name.append(" "); }
    add(list, "dd", word);
  }
}

// ---------------------------------------------------------------- keys and buttons
const doing = {
  "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), "0": () => fit(true),
  "/": () => byId("search").select(), "Escape": () => { byId("search").value = ""; search(false); choose(null); },
  "ArrowLeft": () => pan(60, 0), "ArrowRight": () => pan(-60, 0),
  "ArrowUp": () => pan(0, 60), "ArrowDown": () => pan(0, -60),
  "[": () => open(chosen, -1), "]": () => open(chosen, 1), "n": () => next(1), "p": () => next(-1),
};
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target === byId("search");
  if (typing && event.key === "Enter") { next(event.shiftKey ? -1 : 1); return; }
  if (typing && event.key !== "Escape") return;
  const g = event.target.closest ? event.target.closest("[data-box]") : null;
  if (g && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    choose(g.dataset.box);
  } else if (event.key in doing) {
    event.preventDefault();
    doing[event.key]();
  }
});
stage.addEventListener("focusin", (event) => {
  if (event.target.dataset.box && event.target.matches(":focus-visible")) reveal(event.target);
});
byId("search").addEventListener("input", () => search(true));
byId("closer").onclick = () => zoom(1.25);
byId("farther").onclick = () => zoom(0.8);
byId("fit").onclick = () => fit(true);
byId("less").onclick = () => open(chosen, -1);
byId("more").onclick = () => open(chosen, 1);

// ---------------------------------------------------------------- what the address asks for
const asked = new URLSearchParams(location.hash.slice(1)), first = Number(asked.get("level") ?? data.start);
byId("detail").hidden = views.length === 1;
byId("search").value = asked.get("search") ?? "";
go(Number.isInteger(first) ? first : data.start);
if (byId("search").value) search(true);
const wanted = asked.get("box");
choose(wanted === null ? null : holder(wanted, level));

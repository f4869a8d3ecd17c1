// Moves over the drawing, folds and unfolds its modules, searches it and tells what is in a box.
const byId = (id) => document.getElementById(id);
const stage = byId("stage"), panel = byId("panel"), svg = byId("drawing"), top_ = "-1";
let chosen = null, hits = [], hit = -1, whole = null, seen = null;

// ---------------------------------------------------------------- zoom and pan
// What is seen: the centre, and how many pixels a unit of the drawing takes; `all` is there as long as
// nobody moved, so that another size of the window fits the drawing again.
function show(place) {
  const w = stage.clientWidth / place.scale, h = stage.clientHeight / place.scale;
  seen = place;
  svg.setAttribute("viewBox", `${place.x - w / 2} ${place.y - h / 2} ${w} ${h}`);
}
function fit(all) {
  const [width, height] = whole.size;
  const across = stage.clientWidth / width, down = stage.clientHeight / height;
  let scale = Math.min(across, down, 1.6), y = height / 2;
  if (!all && scale < 0.7) { // too small to read: begin at the top, as wide as fits
    scale = Math.min(Math.max(scale, Math.min(across, 1)), 1);
    scale = Math.max(scale, 0.5);
    y = Math.min(height, stage.clientHeight / scale) / 2;
  }
  show({ x: width / 2, y, scale, all });
}
function zoom(factor, event) {
  const { x, y, scale } = seen, edge = stage.getBoundingClientRect();
  const next = Math.min(Math.max(scale * factor, 0.02), 20);
  const dx = event ? event.clientX - edge.left - edge.width / 2 : 0;
  const dy = event ? event.clientY - edge.top - edge.height / 2 : 0;
  show({ x: x + dx / scale - dx / next, y: y + dy / scale - dy / next, scale: next });
}
function pan(dx, dy) {
  show({ x: seen.x - dx / seen.scale, y: seen.y - dy / seen.scale, scale: seen.scale });
}
function reveal(g) { // only if it is not in sight
  const box = g.getBoundingClientRect(), edge = stage.getBoundingClientRect(), rim = 12;
  const high = box.height > edge.height - 2 * rim; // of what is higher than the window, the top
  if (box.left >= edge.left + rim && box.right <= edge.right - rim && box.top >= edge.top + rim
      && (high ? box.top < edge.bottom - 60 : box.bottom <= edge.bottom - rim)) return;
  pan(edge.left + edge.width / 2 - (box.left + box.right) / 2,
      high ? edge.top + 40 - box.top : edge.top + edge.height / 2 - (box.top + box.bottom) / 2);
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
  const fold = event.target.closest("[data-fold]"), g = event.target.closest("[data-box]");
  if (fold) toggle(fold.dataset.fold); else choose(g ? g.dataset.box : null);
});
stage.addEventListener("dblclick", (event) => {
  const g = event.target.closest("[data-box]");
  if (g && isModule(g.dataset.box) && !event.target.closest("[data-fold]")) toggle(g.dataset.box);
});
addEventListener("resize", () => { if ("all" in seen) fit(seen.all); else show(seen); });
addEventListener("beforeprint", () => svg.setAttribute("viewBox", `0 0 ${whole.size.join(" ")}`));
addEventListener("afterprint", () => show(seen));

// ---------------------------------------------------------------- modules
// A module's box is n7 where its part is 7; the frame around its inside stands for it while it is open.
const isModule = (key) => key !== null && key.slice(1) in parts;
const around = (key) => (parts[homes[key]].parent === null ? null : `n${homes[key]}`);
const isOpen = (key) => opened.has(key.slice(1));
const element = (key) => (isModule(key) && isOpen(key)
  ? pieces.get(key.slice(1)).frames[0] : pieces.get(homes[key]).boxes.get(key));
const modules = Object.keys(parts).filter((id) => id !== top_).map((id) => `n${id}`);
function holders(key) { // the modules around a box, from the inside out
  const found = [];
  for (let one = around(key); one !== null; one = around(one)) found.push(one);
  return found;
}
const visible = (key) => holders(key).every(isOpen);
const depth = (key) => holders(key).length;

function arranged() {
  whole = arrange(top_);
  place(whole);
  const boxes = [...pieces].flatMap(([id, { boxes }]) => [...boxes.keys()].filter((key) =>
    /^n/.test(key) && !(isModule(key) && isOpen(key)) && visible(key)));
  byId("count").value = `${boxes.length.toLocaleString("en")} box${boxes.length === 1 ? "" : "es"}`;
  byId("less").disabled = !modules.some(isOpen);
  byId("more").disabled = modules.every(isOpen);
  search(false);
}
// What stands at one place of the screen stays there.
function keeping(key, change) {
  const before = element(key).getBoundingClientRect(), all = "all" in seen ? seen.all : null;
  change();
  arranged();
  const after = element(key).getBoundingClientRect();
  if (before.width && after.width) {
    pan((before.left + before.right - after.left - after.right) / 2, before.top - after.top);
  } else if (all !== null) fit(all);
}
function toggle(key) {
  const focused = document.activeElement && document.activeElement.closest("[data-fold]");
  keeping(key, () => { if (!opened.delete(key.slice(1))) opened.add(key.slice(1)); });
  if (chosen !== null && !visible(chosen)) choose(key); else choose(chosen);
  if (focused) foldOf(key).focus();
}
function uncover(key) { // open what is around a box
  const closed = holders(key).filter((one) => !isOpen(one));
  if (closed.length) keeping(closed.at(-1), () => closed.forEach((one) => opened.add(one.slice(1))));
}
function level(step) { // all modules of the outermost closed level, or of the innermost open one
  const some = modules.filter((key) => visible(key) && isOpen(key) === (step < 0));
  if (!some.length) return;
  const at = Math.max(...some.map((key) => -step * depth(key)));
  for (const key of some.filter((one) => -step * depth(one) === at)) {
    if (step < 0) opened.delete(key.slice(1)); else opened.add(key.slice(1));
  }
  arranged();
  fit(false);
  choose(chosen === null || visible(chosen) ? chosen : holders(chosen).find(visible));
}
function fold(step) { // what is chosen, or else a level
  const key = chosen === null || step > 0 ? chosen : isModule(chosen) && isOpen(chosen) ? chosen : around(chosen);
  if (key === null && chosen !== null) return;
  if (key === null) level(step);
  else if (isModule(key) && isOpen(key) === (step < 0)) toggle(key);
}

// A button at the corner of each module's box, and of each frame.
const foldOf = (key) => element(key).querySelector("[data-fold]");
function button(parent, key, text, at) {
  const make = (name, into) => into.appendChild(document.createElementNS("http://www.w3.org/2000/svg", name));
  const g = make("g", parent);
  g.dataset.fold = key;
  const name = `${text} ${data.boxes[key].title}`;
  for (const [k, v] of Object.entries({ class: "fold", tabindex: 0, role: "button", "aria-label": name })) {
    g.setAttribute(k, v);
  }
  make("title", g).textContent = name;
  make("circle", g).setAttribute("r", 7);
  make("path", g).setAttribute("d", text === "Fold" ? "M-3.5 0h7" : "M-3.5 0h7M0 -3.5v7");
  shift(g, ...at);
}
for (const key of modules) {
  const home = pieces.get(homes[key]), [x, y, width, height] = parts[homes[key]].places[key];
  const corner = minus([x + width / 2, y - height / 2], parts[homes[key]].origin);
  button(home.boxes.get(key), key, "Unfold", corner);
  const id = key.slice(1), frame = pieces.get(id).frames[0];
  frame.dataset.box = key;
  button(frame, key, "Fold", [0, 0]);
}

// ---------------------------------------------------------------- search
function search(jump) {
  const sought = byId("search").value.trim().toLowerCase();
  const order = [...pieces.values()].flatMap(({ boxes }) => [...boxes.keys()]);
  hits = sought === "" ? [] : order.filter((key) => data.boxes[key].search.includes(sought));
  hits.sort((a, b) => when(a) - when(b));
  const marked = new Set(hits); // a closed module is marked for what it holds
  for (const key of hits) for (const one of holders(key)) if (!isOpen(one)) marked.add(one);
  for (const key of order) element(key).classList.toggle("hit", marked.has(key));
  svg.classList.toggle("searched", sought !== "");
  hit = -1;
  byId("found").value = sought === "" ? "" : `${hits.length} found`;
  if (jump && hits.length) { hit = 0; reveal(element([hits[0], ...holders(hits[0])].find(visible))); }
}
const when = (key) => (key[0] === "o" ? Infinity : isModule(key) ? first(key) : Number(key.slice(1)));
const first = (key) => Math.min(...[...pieces.get(key.slice(1)).boxes.keys()].map(when)) - 0.5;
function next(step) {
  if (!hits.length) return;
  const list = hits, from = hit;
  let at = from < 0 ? (step < 0 ? list.length - 1 : 0) : chosen === list[from] ? (from + step + list.length) % list.length : from;
  choose(list[at]);
  hit = at;
  byId("found").value = `${at + 1} of ${list.length}`;
}

// ---------------------------------------------------------------- details
function add(parent, tag, text) {
  const element = parent.appendChild(document.createElement(tag));
  element.textContent = text; // never markup: names are shown as they are spelt
  return element;
}
function choose(key) {
  for (const g of svg.querySelectorAll(".chosen, .near")) g.classList.remove("chosen", "near");
  chosen = key !== null && key in data.boxes ? key : null;
  history.replaceState(null, "", chosen === null ? "#" : `#box=${chosen}`);
  if (chosen === null) { hint(); return; }
  uncover(chosen);
  for (const g of svg.querySelectorAll("[data-ends]")) {
    g.classList.toggle("near", g.dataset.ends.split(" ").includes(chosen));
  }
  element(chosen).classList.add("chosen");
  reveal(element(chosen));
  tell(data.boxes[chosen]);
}
function tell(box) {
  const key = chosen;
  panel.replaceChildren();
  add(panel, "h2", box.title);
  add(panel, "p", box.kind);
  const acts = add(panel, "div", "");
  acts.className = "acts";
  if (isModule(key)) add(acts, "button", isOpen(key) ? "Fold" : "Unfold").onclick = () => toggle(key);
  const outer = around(key);
  if (outer !== null) add(acts, "button", `Fold ${data.boxes[outer].title}`).onclick = () => toggle(outer);
  const list = add(panel, "dl", "");
  for (const [name, value] of box.rows) { add(list, "dt", name); add(list, "dd", value); }
  for (const [word, keys] of [["takes", box.takes], ["feeds", box.feeds]]) {
    if (!keys.length) continue;
    add(list, "dt", word);
    const place = add(list, "dd", "");
    for (const one of keys) add(place, "button", data.boxes[one].title).onclick = () => choose(one);
  }
}
function hint() {
  panel.replaceChildren();
  if (data.notes.length) {
    add(panel, "h2", data.notes[0]);
    const list = add(panel, "ul", "");
    for (const note of data.notes.slice(1)) add(list, "li", note);
  }
  add(panel, "h2", "Click a box for its details");
  if (modules.length) add(panel, "p", "+ and − at a corner unfold and fold a module; so does a double click.");
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
  "[": () => fold(-1), "]": () => fold(1), "n": () => next(1), "p": () => next(-1),
};
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target === byId("search");
  if (typing && event.key === "Enter") { next(event.shiftKey ? -1 : 1); return; }
  if (typing && event.key !== "Escape") return;
  const g = event.target instanceof Element ? event.target.closest("[data-fold], [data-box]") : null;
  if (g && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    if (g.dataset.fold) toggle(g.dataset.fold); else choose(g.dataset.box);
  } else if (event.key in doing) {
    event.preventDefault();
    doing[event.key]();
  }
});
stage.addEventListener("focusin", (event) => {
  if ((event.target.dataset.box || event.target.dataset.fold) && event.target.matches(":focus-visible")) reveal(event.target);
});
byId("search").addEventListener("input", () => search(true));
byId("closer").onclick = () => zoom(1.25);
byId("farther").onclick = () => zoom(0.8);
byId("fit").onclick = () => fit(true);
byId("less").onclick = () => level(-1);
byId("more").onclick = () => level(1);

// ---------------------------------------------------------------- what the address asks for
svg.append(pieces.get(top_).g);
const asked = new URLSearchParams(location.hash.slice(1));
byId("detail").hidden = !modules.length;
byId("search").value = asked.get("search") ?? "";
arranged();
fit(false);
if (byId("search").value) search(true);
choose(asked.get("box"));

// ---------------------------------------------------------------- as a file
// The whole drawing as it is folded now, with the look of the page.
function picture() {
  const copy = svg.cloneNode(true), [width, height] = whole.size;
  const look = document.createElementNS("http://www.w3.org/2000/svg", "style");
  look.textContent = document.querySelector("style").textContent;
  copy.prepend(look);
  copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
  copy.setAttribute("style", `width: ${width}pt; height: ${height}pt; background: #fff`); // stronger than the page's
  return new XMLSerializer().serializeToString(copy);
}
function save(blob, end) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${document.title.replace(/[^\w ·×-]+/g, "").trim() || "graph"}.${end}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
byId("save-svg").addEventListener("click", () => save(new Blob([picture()], { type: "image/svg+xml" }), "svg"));
byId("save-png").addEventListener("click", () => {
  const image = new Image(), [width, height] = whole.size;
  const scale = Math.min(8 / 3, 16000 / Math.max(width, height)); // 192 dots an inch; what browsers draw
  image.onload = () => {
    const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
    [canvas.width, canvas.height] = [Math.ceil(width * scale), Math.ceil(height * scale)];
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(blob, "png"));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(picture())}`;
});

"use strict";
// Where everything lies. The inside of each module is a drawing of its own, made for the page. Where a
// module is open its drawing stands in the place of its box, and the drawing around it makes room: a
// map along each axis moves the rest aside, so that nothing that was apart comes to overlap.
const data = JSON.parse(document.getElementById("data").textContent);
const parts = data.parts, opened = new Set(data.open.map(String));
const pieces = new Map([...document.querySelectorAll("[data-part]")].map((g) => [g.dataset.part, piece(g)]));
const homes = {}; // of each box the part that it is drawn in
for (const [id, part] of Object.entries(parts)) for (const key in part.places) homes[key] = id;

function piece(g) {
  const inner = g.firstElementChild, edges = [];
  for (const edge of inner.querySelectorAll("[data-edge]")) {
    const path = edge.querySelector("path"), [tail, head, tensors] = parts[g.dataset.part].edges[edge.dataset.edge];
    const numbers = path.getAttribute("d").match(/-?[\d.]+(?:e-?\d+)?/g).map(Number), points = [];
    for (let k = 0; k < numbers.length; k += 2) points.push([numbers[k], numbers[k + 1]]);
    const labels = [...edge.querySelectorAll("text")], tips = [...edge.querySelectorAll("polygon")];
    const peak = tips.length ? tipped(tips[0], points.at(-1)) : null;
    edges.push({ edge, path, tail, head, tensors, points, labels, tips, peak, more: [] });
  }
  const boxes = new Map([...inner.querySelectorAll("[data-box]")].map((box) => [box.dataset.box, box]));
  const frames = [...inner.querySelectorAll(".cluster")], under = inner.cloneNode(false);
  under.append(...frames); // below the drawings inside, which are below the arrows that enter them
  g.prepend(under);
  return { g, inner, boxes, edges, frames, label: inner.querySelector(".label") };
}

// Of an arrow's head: its point, how long it is, and how it was drawn.
function tipped(polygon, base) {
  const drawn = polygon.getAttribute("points"), corners = drawn.trim().split(/\s+/).map((p) => p.split(",").map(Number));
  const far = (p) => Math.hypot(p[0] - base[0], p[1] - base[1]);
  const point = corners.reduce((a, b) => (far(b) > far(a) ? b : a));
  return { drawn, point, length: far(point) };
}

// Along one axis: [centre, half, wanted half] of what needs more room; gives where each point goes.
function axis(length, rooms) {
  const at = [...new Set([0, length, ...rooms.flatMap(([c, half]) => [c - half, c, c + half])])];
  at.sort((a, b) => a - b);
  const to = [at[0]];
  for (let k = 1; k < at.length; k++) {
    let least = to[k - 1] + at[k] - at[k - 1];
    for (const [c, half, wanted] of rooms) {
      if (at[k] === c) least = Math.max(least, to[at.indexOf(c - half)] + wanted);
      if (at[k] === c + half) least = Math.max(least, to[at.indexOf(c)] + wanted);
    }
    to.push(least);
  }
  return (x) => {
    const k = Math.min(Math.max(at.findIndex((point) => point > x), 1), at.length - 1);
    if (x < at[0]) return to[0] + x - at[0];
    if (x >= at.at(-1)) return to.at(-1) + x - at.at(-1);
    return to[k - 1] + (x - at[k - 1]) / (at[k] - at[k - 1]) * (to[k] - to[k - 1]);
  };
}

// The size of a part as it is opened now, and the map of its points.
function arrange(id) {
  const part = parts[id], inside = new Map();
  for (const [key, child] of Object.entries(part.children)) {
    if (opened.has(child)) inside.set(key, arrange(child));
  }
  const [across, down] = [0, 1].map((k) => axis(part.size[k], [...inside].map(([key, one]) => {
    const place = part.places[key], half = place[2 + k] / 2;
    return [place[k], half, Math.max(half, one.size[k] / 2)];
  })));
  const move = ([x, y]) => [across(x), down(y)];
  return { id, part, inside, move, stubs: {}, size: move(part.size) };
}

// ---------------------------------------------------------------- drawing it
const shift = (element, x, y) => element.setAttribute("transform", `translate(${x} ${y})`);
const plus = (a, b) => [a[0] + b[0], a[1] + b[1]], minus = (a, b) => [a[0] - b[0], a[1] - b[1]];

function place(one) {
  const { part, inside, move } = one, own = pieces.get(one.id);
  for (const [key, box] of own.boxes) {
    const [x, y] = part.places[key], [dx, dy] = minus(move([x, y]), [x, y]);
    box.style.display = inside.has(key) ? "none" : "";
    shift(box, dx, dy);
  }
  for (const [key, inner] of inside) {
    const middle = move(part.places[key]), { g } = pieces.get(inner.id);
    inner.at = [middle[0] - inner.size[0] / 2, middle[1] - inner.size[1] / 2];
    shift(g, ...inner.at);
    own.inner.before(g);
  }
  for (const edge of own.edges) {
    line(one, edge.tail, edge.tensors, edge.points[0], "outs");
    line(one, edge.head, edge.tensors, edge.points.at(-1), "ins");
  }
  for (const inner of inside.values()) place(inner);
  for (const child of Object.values(part.children)) if (!opened.has(child)) pieces.get(child).g.remove();
  own.frames.forEach((frame, k) => grow(frame, part, part.frames[k], move));
  for (const edge of own.edges) draw(edge, one);
  const middle = [part.size[0] / 2, 0];
  if (own.label) shift(own.label, move(middle)[0] - middle[0], 0);
}

function grow(frame, part, [left, top, right, bottom], move) {
  let rect = frame.querySelector("rect");
  if (!rect) { // the path that the engine drew cannot be made longer
    const path = frame.querySelector("path, polygon");
    rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const name of ["fill", "stroke"]) rect.setAttribute(name, path.getAttribute(name));
    rect.setAttribute("rx", 10);
    rect.setAttribute("class", "border");
    path.replaceWith(rect);
  }
  const [from, to] = [move([left, top]), move([right, bottom])], [x, y] = minus(from, part.origin);
  for (const [name, value] of Object.entries({ x, y, width: to[0] - from[0], height: to[1] - from[1] })) {
    rect.setAttribute(name, value);
  }
  const moved = minus(from, [left, top]), fold = frame.querySelector(".fold");
  for (const text of frame.querySelectorAll("text")) shift(text, ...moved);
  if (fold) shift(fold, x + to[0] - from[0], y);
}

// A stub lies where the arrow outside comes to the border, so that the two make one line.
function line(one, key, tensors, point, side) {
  const inner = one.inside.get(key), k = data.across;
  if (!inner) return;
  const there = one.move(plus(point, one.part.origin))[k] - inner.at[k], { ins, outs, places, frames } = inner.part;
  const [low, high] = frames.length ? [frames[0][k], frames[0][k + 2]] : [0, inner.part.size[k]];
  const ends = [inner.move([low, low])[k] + 12, inner.move([high, high])[k] - 12];
  tensors.forEach((tensor, n) => {
    const stub = (side === "ins" ? ins : outs)[tensor];
    if (stub in inner.stubs) return;
    const spot = inner.move(places[stub]);
    spot[k] = Math.min(Math.max(there + 9 * (n - (tensors.length - 1) / 2), ends[0]), ends[1]);
    inner.stubs[stub] = spot;
  });
}
// How an end of an edge moves: with its box, or to the stub of its tensor where the box is an open module.
function ends(one, key, tensor, point, side) {
  const inner = one.inside.get(key), { part, move } = one;
  if (inner) return minus(plus(inner.at, inner.stubs[inner.part[side][tensor]]), plus(point, part.origin));
  return minus(one.stubs[key] ?? move(part.places[key]), part.places[key].slice(0, 2));
}

function draw(edge, one) {
  for (const path of edge.more) path.remove();
  const several = one.inside.has(edge.tail) || one.inside.has(edge.head) ? edge.tensors : edge.tensors.slice(0, 1);
  edge.more = several.slice(1).map(() => edge.path.parentNode.appendChild(edge.path.cloneNode()));
  [edge.path, ...edge.more].forEach((path, k) => {
    const points = bent(edge, one, several[k]);
    path.setAttribute("d", points.map((p, n) => (n === 0 ? "M" : n === 1 ? "C" : "") + p.join(",")).join(" "));
    if (k > 0) return;
    if (edge.labels.length) {
      const near = nearest(edge.points, edge.labels[0]), before = along(edge.points, near);
      const inside = one.inside.has(edge.tail) || one.inside.has(edge.head), origin = one.part.origin;
      // An arrow that goes on into a module keeps its label outside.
      const after = inside ? minus(one.move(plus(before, origin)), origin) : along(points, near);
      for (const text of edge.labels) shift(text, ...minus(after, before));
    }
  });
  const last = edge.points.at(-1);
  for (const tip of edge.tips) {
    tip.style.display = one.inside.has(edge.head) ? "none" : "";
    shift(tip, ...ends(one, edge.head, several[0], last, "ins"));
  }
}
function bent(edge, one, tensor) {
  const { points } = edge, origin = one.part.origin, last = points.length - 1, k = data.across;
  const first = ends(one, edge.tail, tensor, points[0], "outs");
  const final = ends(one, edge.head, tensor, points[last], "ins");
  const found = points.map((point, n) => {
    if (n < 2) return plus(point, first);
    if (n > last - 2) return plus(point, final);
    return minus(one.move(plus(point, origin)), origin);
  });
  const straight = Math.hypot(...minus(first, final)) > 0.5; // else as the engine drew it
  if (edge.peak) edge.tips[0].setAttribute("points", edge.peak.drawn);
  if (straight) { // leaves and arrives straight
    if (edge.peak && !one.inside.has(edge.head)) turn(edge, found, final, k);
    const half = (found[last][1 - k] - found[0][1 - k]) / 2;
    for (const [n, end, sign] of [[1, 0, 1], [last - 1, last, -1]]) {
      const far = last === 3 ? half : Math.min(Math.abs(half), 30) * Math.sign(half);
      found[n] = [...found[end]];
      found[n][1 - k] += sign * far;
    }
  }
  return found;
}
// The head of an arrow that arrives straight, where it touched the box before.
function turn(edge, found, moved, k) {
  const { point, length } = edge.peak, last = found.length - 1;
  const way = Math.sign(found[last][1 - k] - found[0][1 - k]) || 1;
  const corner = (side, back) => {
    const at = [...point];
    at[k] += side * 0.35 * length;
    at[1 - k] -= way * back;
    return at;
  };
  const corners = [corner(-1, length), point, corner(1, length)];
  edge.tips[0].setAttribute("points", corners.map((p) => p.join(",")).join(" "));
  found[last] = plus(corner(0, length), moved);
}
// A place along a curve, counted in its pieces, and the point there.
function along(points, t) {
  const k = Math.min(Math.floor(t), (points.length - 4) / 3), u = t - k, v = 1 - u;
  const weights = [v ** 3, 3 * u * v * v, 3 * u * u * v, u ** 3];
  return [0, 1].map((axis) => weights.reduce((sum, w, n) => sum + w * points[3 * k + n][axis], 0));
}
function nearest(points, text) {
  const label = [Number(text.getAttribute("x")), Number(text.getAttribute("y"))], most = 4 * (points.length - 1);
  let best = 0, least = Infinity;
  for (let k = 0; k <= most; k++) {
    const [dx, dy] = minus(along(points, k / 12), label), far = Math.hypot(dx, dy);
    if (far < least) [best, least] = [k / 12, far];
  }
  return best;
}

// A small CNN in the browser: it trains on small digits and on those that the reader draws, and shows what it sees.
import { layout } from "./graphs.js";
import { cell, ready, run, words } from "./python.js";

const find = (id) => document.querySelector(`#${id}`);
const state = find("live-state");
const canvas = find("drawing");
const pen = canvas.getContext("2d");
const size = 8, step = canvas.width / size;
const pixels = new Float32Array(size * size);
let trained = false, asked = false, busy = false;

const SETUP = `
import json
import numpy as np
import viz
from tinygrad_cnn import functional as F, manual_seed, nn, no_grad, optim

_ = manual_seed(0)
_rng = np.random.default_rng(0)
def _shapes():
    """Digits of 8 by 8 pixels, from strokes that are moved and worn: a set to start with."""
    rows = {
        0: "..####...#....#..#....#..#....#..#....#..#....#...####..........",
        1: "...##.....###.......##......##......##......##.....####.........",
        2: "..####...#....#.......#.....##.....#......#......######.........",
        3: "..####...#....#.......#....###........#..#....#...####..........",
        4: "....##.....#.#....#..#...#...#...######......#......#...........",
        5: ".######..#.......#####........#.......#..#....#...####..........",
        6: "..####...#.......#.......#####...#....#..#....#...####..........",
        7: ".######.......#......#......#......#......#......#..............",
        8: "..####...#....#..#....#...####...#....#..#....#...####..........",
        9: "..####...#....#..#....#...#####.......#.......#...####..........",
    }
    return np.array([[c == "#" for c in (rows[k] + "." * 64)[:64]] for k in range(10)], "float32").reshape(10, 8, 8)
def _batch(count):
    labels = _rng.integers(0, 10, count)
    x = np.zeros((count, 1, 8, 8), "float32")
    for place, label in enumerate(labels):
        moved = np.roll(_shapes()[label], (_rng.integers(0, 2), _rng.integers(-1, 2)), (0, 1))
        x[place, 0] = np.clip(moved * (_rng.random((8, 8)) > 0.06) + _rng.normal(0, 0.1, (8, 8)), 0, 1)
    return x, labels
_drawn = []
net = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 10))
optimizer = optim.Adam(net.parameters(), lr=0.01)
def _train(steps):
    for _ in range(steps):
        x, y = _batch(32)
        if _drawn:
            some = [_drawn[k] for k in _rng.integers(0, len(_drawn), 8)]
            x = np.concatenate([x, np.stack([d for d, _ in some])])
            y = np.concatenate([y, [label for _, label in some]])
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
    right = float((net(x).numpy().argmax(1) == y).mean())
    globals()["loss"] = loss
    print(json.dumps({"loss": loss.item(), "right": right, "dot": viz.graph(loss).source,
                      "filters": net[0].weight.numpy()[:, 0].tolist()}))
def _look(image):
    with no_grad():
        x = np.array(image, "float32").reshape(1, 1, 8, 8)
        maps = F.relu(net[0](x))
        p = F.softmax(net(x), dim=1).numpy()[0]
    print(json.dumps({"p": p.tolist(), "maps": maps.numpy()[0].tolist()}))
`;

function paint(context, rows, low, high) {
  const { width, height } = context.canvas;
  const w = width / rows[0].length, h = height / rows.length;
  rows.forEach((row, r) => row.forEach((v, c) => {
    const shade = Math.round(255 * (1 - (v - low) / (high - low || 1)));
    context.fillStyle = `rgb(${shade} ${shade} ${shade})`;
    context.fillRect(c * w, r * h, Math.ceil(w), Math.ceil(h));
  }));
}

function sheet(id, pictures) {
  const place = find(id);
  const low = Math.min(...pictures.flat(2)), high = Math.max(...pictures.flat(2));
  place.replaceChildren(...pictures.map((rows) => {
    const one = document.createElement("canvas");
    one.width = one.height = 48;
    paint(one.getContext("2d"), rows, low, high);
    return one;
  }));
}

const redraw = () => paint(pen, Array.from({ length: size }, (_, r) => [...pixels.slice(r * size, (r + 1) * size)]), 0, 1);

async function python(code) {
  const { status, text } = await run(code);
  if (status !== 0) throw new Error(text);
  return text ? JSON.parse(text.split("\n").pop()) : undefined;
}

async function look() {
  asked = true;
  if (busy || !trained) return;
  busy = true;
  while (asked) {
    asked = false;
    const { p, maps } = await python(`_look(${JSON.stringify([...pixels])})`);
    find("answer").textContent = p.map((v, k) => `${k} ${"█".repeat(Math.round(v * 20))} ${(100 * v).toFixed(0)} %`).join("\n");
    sheet("maps", maps);
  }
  busy = false;
}

async function train() {
  if (busy) return;
  busy = true;
  for (let round = 0; round < 5; round += 1) {
    const { loss, right, dot, filters } = await python("_train(10)");
    find("learning").textContent = `loss ${loss.toFixed(3)}, ${Math.round(100 * right)} % of the last batch right`;
    document.body.dataset.loss = loss;
    sheet("filters", filters);
    find("graph").replaceChildren(await layout(dot));
  }
  trained = true;
  busy = false;
  look();
}

function stroke(event) {
  if (event.buttons !== 1) return;
  const box = canvas.getBoundingClientRect();
  const c = Math.floor(((event.clientX - box.left) / box.width) * size);
  const r = Math.floor(((event.clientY - box.top) / box.height) * size);
  if (r < 0 || c < 0 || r >= size || c >= size) return;
  pixels[r * size + c] = 1;
  redraw();
  look();
}

canvas.addEventListener("pointerdown", stroke);
canvas.addEventListener("pointermove", stroke);
// By keys: arrows move a place, the space bar inks it.
let at = [0, 0];
canvas.addEventListener("keydown", (event) => {
  const ways = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  if (event.key in ways) at = at.map((v, k) => Math.min(size - 1, Math.max(0, v + ways[event.key][k])));
  else if (event.key === " ") pixels[at[0] * size + at[1]] = 1 - pixels[at[0] * size + at[1]];
  else return;
  event.preventDefault();
  redraw();
  pen.strokeStyle = "#c33";
  pen.strokeRect(at[1] * step + 1, at[0] * step + 1, step - 2, step - 2);
  look();
});
find("clear").addEventListener("click", () => { pixels.fill(0); redraw(); look(); });
find("train").addEventListener("click", train);
find("teach").addEventListener("click", async () => {
  await python(`_drawn.append((np.array(${JSON.stringify([...pixels])}, "float32").reshape(1, 8, 8), ${Number(find("label").value)}))`);
  train();
});

redraw();
ready.then(() => cell(SETUP)).then(({ status, text }) => {
  if (status !== 0) throw new Error(text);
  state.textContent = "Ready: train, then draw.";
  document.body.dataset.live = "ready";
}).catch((error) => { state.textContent = words(error); document.body.dataset.live = "failed"; });

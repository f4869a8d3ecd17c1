// One Python for a page: `run(code)` promises what it printed, and whether it ended well.
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const waiting = new Map();
let number = 0;

export const ready = new Promise((resolve, reject) => {
  worker.addEventListener("message", ({ data }) => {
    if (data.ready) resolve();
    else if (data.failed) reject(new Error(data.failed));
    else {
      waiting.get(data.id)(data);
      waiting.delete(data.id);
    }
  });
  worker.addEventListener("error", (event) => reject(new Error(event.message || "the worker does not start")));
});

export function run(code) {
  number += 1;
  const id = number;
  const answer = new Promise((resolve) => waiting.set(id, resolve));
  worker.postMessage({ id, code });
  return answer;
}

// A whole cell; each expression in it is printed, as at a prompt.
export const cell = (code) => run(`
import ast as _ast
for _node in _ast.parse(${JSON.stringify(code)}).body:
    exec(compile(_ast.Interactive([_node]), "cell", "single"), globals())
`);

// The DOT text of a value's graph, as docs/make_lesson.py draws it: with values, and gradients on red arrows.
export async function graph(name, chinese) {
  const { status, text } = await run(`
import json as _json
from chinese_labels import in_chinese as _in_chinese
_source = page_viz.graph(${name}, title="", recorder=page_recorder, values=True, gradients="arrows").source
print(_json.dumps(${chinese ? "_in_chinese(_source)" : "_source"}))
`);
  if (status !== 0) throw new Error(text);
  return JSON.parse(text.split("\n").pop());
}

// From now on operations are noted, for graph().
export const record = () => cell("import viz as page_viz\npage_block = page_viz.record()\npage_recorder = page_block.__enter__()");

export const words = (error) =>
  `Python does not start here: ${error.message}. The site must be built by make site-live, and shown by a server, such as make docs-serve.`;

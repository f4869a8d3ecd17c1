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

export const words = (error) =>
  `Python does not start here: ${error.message}. The site must be built by make site-live, and shown by a server, such as make docs-serve.`;

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

// A whole cell, whose last expression is printed as at a prompt.
export const cell = (code) => run(`
import ast as _ast
_tree = _ast.parse(${JSON.stringify(code)})
_last = _tree.body.pop() if _tree.body and isinstance(_tree.body[-1], _ast.Expr) else None
exec(compile(_tree, "cell", "exec"), globals())
if _last is not None:
    _value = eval(compile(_ast.Expression(_last.value), "cell", "eval"), globals())
    if _value is not None:
        print(repr(_value))
`);

export const words = (error) =>
  `Python does not start here: ${error.message}. The site must be built by make site-live, and shown by a server, such as make docs-serve.`;

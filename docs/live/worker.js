// Runs Python, compiled to WebAssembly, in a thread of its own; what one message leaves behind the next one finds.
import { ConsoleStdout, File, OpenFile, PreopenDirectory, WASI } from "./vendor/wasi/index.js";

const bytes = async (url) => new Uint8Array(await (await fetch(new URL(url, import.meta.url))).arrayBuffer());
// A drawing as the last line of a cell is printed as DOT text, on a line of its own: graphs.js lays it out.
const FIRST = `
import sys
sys.path.insert(0, "/own/tinygrad_cnn.zip")
import numpy as np, tinygrad_cnn
def _displayed(value, usual=sys.displayhook):
    if type(value).__name__ == "Picture":
        import json
        print(chr(30) + json.dumps(value.source))
    else:
        usual(value)
sys.displayhook = _displayed
`;
let said = [];
const lines = () => ConsoleStdout.lineBuffered((line) => said.push(line));

async function start() {
  const [module, library, own] = await Promise.all([
    WebAssembly.compileStreaming(fetch(new URL("./vendor/python.wasm", import.meta.url))),
    bytes("./vendor/python-stdlib.zip"),
    bytes("./vendor/tinygrad_cnn.zip"),
  ]);
  const { zip } = await (await fetch(new URL("./vendor/python.json", import.meta.url))).json();
  const files = [
    new OpenFile(new File([])),
    lines(),
    lines(),
    new PreopenDirectory("/usr/local/lib", [[zip, new File(library)]]),
    new PreopenDirectory("/own", [["tinygrad_cnn.zip", new File(own)]]),
    new PreopenDirectory("/tmp", []),
  ];
  const environment = ["HOME=/tmp", "TMPDIR=/tmp", "PYTHONTZPATH=", "NO_COLOR=1", "TINYGRAD_CNN_KERNELS=reference"];
  const wasi = new WASI(["/usr/local/bin/python.wasm"], environment, files, { debug: false });
  const imports = { wasi_snapshot_preview1: { ...wasi.wasiImport }, host: { call: () => -1 } };
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind === "function" && !(name in (imports[from] ??= {}))) imports[from][name] = () => 52; // not supported
  }
  const { exports } = await WebAssembly.instantiate(module, imports);
  wasi.inst = { exports };
  exports._initialize();
  return exports;
}

function turn(exports, code) {
  const data = new TextEncoder().encode(code);
  const place = exports.host_alloc(data.length) >>> 0;
  new Uint8Array(exports.memory.buffer, place, data.length).set(data);
  said = [];
  const status = exports.turn(place, data.length);
  return { status, text: said.join("\n") };
}

const ready = start().then((exports) => {
  const first = turn(exports, FIRST);
  if (first.status !== 0) throw new Error(first.text);
  return exports;
});
ready.then(() => postMessage({ ready: true }), (error) => postMessage({ failed: String(error) }));

onmessage = async ({ data: { id, code } }) => {
  try {
    postMessage({ id, ...turn(await ready, code) });
  } catch (error) {
    postMessage({ id, status: -1, text: String(error) });
  }
};

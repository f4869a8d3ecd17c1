// Cells of code that the reader changes and runs: the button, or Ctrl and Enter, or Shift and Enter.
import { show } from "./graphs.js";
import { cell, ready, words } from "./python.js";

const state = document.querySelector("#live-state");
ready.then(
  () => { state.textContent = "Python is ready."; document.body.dataset.live = "ready"; },
  (error) => { state.textContent = words(error); document.body.dataset.live = "failed"; },
);

for (const box of document.querySelectorAll(".live-cell")) {
  const code = box.querySelector("textarea");
  const output = box.querySelector("output");
  code.rows = code.value.split("\n").length;
  const go = async () => {
    output.textContent = "…";
    const { status, text } = await cell(code.value);
    await show(output, text);
    output.dataset.status = status;
  };
  box.querySelector("button").addEventListener("click", go);
  code.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.shiftKey)) {
      event.preventDefault();
      go();
    }
  });
}

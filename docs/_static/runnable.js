// Every example of a page can be changed and run, where the site has Python beside it: see live/present.js.
import { present } from "../live/present.js";

const source = (text) => {
  const lines = text.replace(/\n+$/, "").split("\n");
  if (!lines.some((line) => line.startsWith(">>> "))) return lines.join("\n");
  return lines.filter((line) => /^(>>>|\.\.\.)( |$)/.test(line)).map((line) => line.slice(4)).join("\n");
};

const blocks = present && document.body.querySelector(".live-cell, .playground") === null
  ? [...document.querySelectorAll(".highlight-python")] : [];
const done = new Set();

blocks.forEach((block, place) => {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Run" });
  const output = document.createElement("output");
  button.className = "runnable";
  output.className = "runnable";
  block.append(button, output);
  button.addEventListener("click", async () => {
    output.textContent = "…";
    const { cell, words } = await import("../live/python.js");
    try {
      for (let k = 0; k < place; k += 1) {
        if (!done.has(k)) await cell(codeOf(blocks[k])); // what this one needs from above
        done.add(k);
      }
      const { status, text } = await cell(codeOf(block));
      done.add(place);
      output.dataset.status = status;
      output.textContent = text;
    } catch (error) {
      output.dataset.status = "-1";
      output.textContent = words(error);
    }
  });
  block.querySelector("pre").addEventListener("dblclick", () => edit(block));
  block.querySelector("pre").title = "Double click, or Enter, to change it";
  block.querySelector("pre").tabIndex = 0;
  block.querySelector("pre").addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); edit(block); } });
});

function codeOf(block) {
  const changed = block.querySelector("textarea");
  return changed ? changed.value : source(block.querySelector("pre").textContent);
}

function edit(block) {
  const code = codeOf(block);
  const area = Object.assign(document.createElement("textarea"), { value: code, rows: code.split("\n").length + 1, spellcheck: false });
  area.setAttribute("aria-label", "Code");
  area.className = "runnable";
  block.querySelector(".highlight").replaceWith(area);
  area.focus();
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.shiftKey)) {
      event.preventDefault();
      block.querySelector("button.runnable").click();
    }
  });
}

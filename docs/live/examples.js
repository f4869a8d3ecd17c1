// Every example of a page can be changed and run.
import { layout, show } from "./graphs.js";

const source = (text) => {
  const lines = text.replace(/\n+$/, "").split("\n");
  if (!lines.some((line) => line.startsWith(">>> "))) return lines.join("\n");
  return lines.filter((line) => /^(>>>|\.\.\.)( |$)/.test(line)).map((line) => line.slice(4)).join("\n");
};

// What stands without prompts belongs to exercises, or shows code that is no program of its own.
const blocks = [...document.querySelectorAll(".highlight-python")]
  .filter((block) => location.pathname.includes("/exercises/") || /^>>> /m.test(block.textContent));
const done = new Set();
const chinese = location.pathname.includes("/zh/");

// The picture that stands below an example, if it shows one of its values: its text ends with the name.
const pictures = blocks.map((block) => {
  for (let next = block.nextElementSibling; next && !blocks.includes(next); next = next.nextElementSibling) {
    const shown = next.matches("img") ? next : next.querySelector("img");
    const name = shown?.alt.match(/^(The graph of |计算图：)(\w+)$/);
    if (name) return { shown, name: name[2], chinese: name[1] === "计算图：" };
  }
  return null;
});

blocks.forEach((block, place) => {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: chinese ? "运行" : "Run" });
  const output = document.createElement("output");
  button.className = "runnable";
  output.className = "runnable";
  block.append(button, output);
  button.addEventListener("click", async () => {
    output.textContent = "…";
    const { cell, graph, record, words } = await import("./python.js"); // which starts Python
    try {
      if (pictures.some(Boolean) && done.size === 0) await record();
      for (let k = 0; k < place; k += 1) {
        if (!done.has(k)) await cell(codeOf(blocks[k])); // what this one needs from above
        done.add(k);
      }
      const { status, text } = await cell(codeOf(block));
      done.add(place);
      output.dataset.status = status;
      await show(output, text);
      if (status === 0 && pictures[place]) await redraw(pictures[place], graph);
    } catch (error) {
      output.dataset.status = "-1";
      output.textContent = words(error);
    }
  });
  block.querySelector("pre").addEventListener("dblclick", () => edit(block));
  block.querySelector("pre").title = chinese ? "双击或按回车键修改" : "Double click, or Enter, to change it";
  block.querySelector("pre").tabIndex = 0;
  block.querySelector("pre").addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); edit(block); } });
});

document.body.dataset.examples = blocks.length;

// Where a value cannot be drawn any more, its picture stays as it is.
async function redraw(picture, graph) {
  const dot = await graph(picture.name, picture.chinese).catch(() => null);
  if (dot === null) return;
  const drawn = await layout(dot);
  picture.shown.replaceWith(drawn);
  picture.shown = drawn;
}

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

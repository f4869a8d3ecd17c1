// Graphs in the page: Graphviz for browsers lays out what Python describes.

export async function layout(dot) {
  const { Graphviz } = await import("./vendor/graphviz/index.js");
  // Graphviz knows the widths of Helvetica here; what the browser takes in its place may be wider.
  const known = dot.replace(/(fontname|face)="[^"]*"/gi, '$1="Helvetica"');
  const box = Object.assign(document.createElement("div"), { className: "laid-out" });
  box.innerHTML = (await Graphviz.load()).dot(known).replace(/^[^]*?<svg/, "<svg");
  for (const text of box.querySelectorAll("text")) text.setAttribute("font-size", 0.86 * Number(text.getAttribute("font-size")));
  return box;
}

// What a cell printed: text, and a graph for each line that holds one; worker.js marks those.
export async function show(output, text) {
  const parts = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("\u001e")) parts.push(await layout(JSON.parse(line.slice(1))));
    else if (typeof parts.at(-1) === "string") parts.push(`${parts.pop()}\n${line}`);
    else parts.push(line);
  }
  output.replaceChildren(...parts);
}

// Opens what runs Python on a page, or says there why nothing does. This is no module, as a browser loads none from a
// folder; the site works there without it.
{
  const holds = (kind) => document.querySelector(kind) !== null;
  const script = holds(".live-cell") ? "cells" : holds(".playground") ? "playground" : "examples";
  const none = (why) => {
    const state = document.querySelector("#live-state");
    if (state === null) return;
    state.textContent = why;
    for (const button of document.querySelectorAll(".live-cell button, .playground button")) button.disabled = true;
    document.body.dataset.live = "none";
  };
  if (location.protocol === "file:") none("Python runs here when a server shows the site, such as make docs-serve.");
  else {
    import("../live/present.js").then(({ present }) => {
      if (present) import(`../live/${script}.js`);
      else none("This site was built without Python; make site-live adds it.");
    });
  }
}

(places) => {
  // Each file that is chosen in a tab, and each time it is taken away, is a choice with a number. What is shown belongs to one
  // choice and is hidden from the next one on, whatever becomes of the requests that inform the server.
  const tabs = new Map(Object.entries(places).map(([button, { input, output }]) => [button, {
    button, input, output,
    number: 0,
    path: null,
    uploading: false,
    pressed: false,  // while uploading: the check starts when the file is there
    checking: null,  // the choice of which a check is on its way
    label: null,  // the button's own, while it says something else
    style: document.head.appendChild(document.createElement("style")),
  }]));

  const next = (tab) => {
    tab.number += 1;
    const panel = `[role="tabpanel"]:has(#${tab.input})`;
    const other = `[data-choice]:not([data-choice="${tab.number}"])`;
    tab.style.textContent = `
      #${tab.output} ${other} { display: none !important; }
      ${panel} ${other}, ${panel}:has(#${tab.output} ${other}) :is(.fc-share, .fc-of-result) { display: none !important; }`;
  };

  const update = (tab) => {
    const button = document.getElementById(tab.button);
    const line = document.querySelector(`.fc-uploading[data-button="${tab.button}"]`);
    if (!button || !line) return;
    // The text itself is changed and not its node, which Gradio keeps a hold of.
    const texts = document.createTreeWalker(button, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      if (tab.uploading && text.data.trim() && text.data !== line.dataset.label) {
        tab.label = text.data;
        text.data = line.dataset.label;
      } else if (!tab.uploading && tab.label !== null && text.data === line.dataset.label) {
        text.data = tab.label;
      }
    }
    button.toggleAttribute("data-uploading", tab.uploading);
    line.textContent = tab.uploading && tab.pressed ? line.dataset.sentence : "";
  };

  const arrived = (tab) => {
    tab.uploading = false;
    const pressed = tab.pressed;
    tab.pressed = false;
    update(tab);
    return pressed;
  };

  // Gradio says when an upload has ended well, but neither when it begins nor when it fails.
  const send = window.fetch;
  window.fetch = async (...given) => {
    const url = String(given[0]?.url ?? given[0]);
    const tab = url.includes("/gradio_api/upload") &&
      [...tabs.values()].find((each) => document.getElementById(each.input)?.offsetParent);
    if (!tab) return send(...given);
    tab.uploading = true;
    next(tab);
    update(tab);
    try {
      const answer = await send(...given);
      // An upload that was taken ends a moment later, when the page has the file (chosen).
      if (!answer.ok) arrived(tab);
      return answer;
    } catch (error) {
      arrived(tab);
      throw error;
    }
  };

  window.addEventListener("click", (event) => {
    const tab = tabs.get(event.target.closest?.("button")?.id);
    if (!tab) return;
    if (tab.uploading) {
      tab.pressed = true;
      update(tab);
    } else if (tab.checking !== tab.number) {
      tab.checking = tab.number;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  window.photoCheck = {
    number: (button) => tabs.get(button).number,
    ended: (button) => { tabs.get(button).checking = null; },
    chosen: (button, file) => {
      const tab = tabs.get(button);
      const path = file?.path ?? file?.video?.path ?? null;
      const another = path !== tab.path;
      tab.path = path;
      if (another) next(tab);
      if (path && arrived(tab)) document.getElementById(button).click();
      return another ? "" : undefined;
    },
  };
}

(table) => {
  // Gradio writes some words itself, whenever it likes: they are turned as they appear, and again when the language changes.
  const known = new Map(table.flatMap((each) => Object.values(each.told).map((text) => [text, each.told])));
  const beginnings = table.filter((each) => each.begins);
  const SPOKEN = ["aria-label", "title"];

  const turned = (text) => {
    const heard = text?.trim();
    if (!heard) return null;
    const told = known.get(heard) ?? beginnings.find((each) => heard.startsWith(each.begins))?.told;
    const said = told?.[document.documentElement.lang];
    return said && said !== heard ? text.replace(heard, () => said) : null;
  };
  const turn = (node) => {
    // A result is ours already, and may hold words of a file.
    if (node.parentElement?.closest(".fc-result")) return;
    if (node.nodeType === Node.TEXT_NODE) {
      const said = turned(node.data);
      if (said !== null) node.data = said;
    } else if (node.nodeType === Node.ELEMENT_NODE) {
      for (const name of SPOKEN) {
        const said = turned(node.getAttribute(name));
        if (said !== null) node.setAttribute(name, said);
      }
      node.childNodes.forEach(turn);
    }
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "childList") change.addedNodes.forEach(turn);
      else turn(change.target);
    }
  }).observe(document.body, {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: SPOKEN,
  });
  new MutationObserver(() => turn(document.body)).observe(document.documentElement, { attributeFilter: ["lang"] });
  turn(document.body);
}

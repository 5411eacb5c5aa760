(table) => {
  // Gradio writes some words itself, whenever it likes: they are translated as they appear, and again when the language changes.
  const known = new Map(table.flatMap((each) => Object.values(each.texts).map((text) => [text, each.texts])));
  const beginnings = table.filter((each) => each.begins);
  const ATTRIBUTES = ["aria-label", "title"];

  const translated = (text) => {
    const original = text?.trim();
    if (!original) return null;
    const texts = known.get(original) ?? beginnings.find((each) => original.startsWith(each.begins))?.texts;
    const translation = texts?.[document.documentElement.lang];
    return translation && translation !== original ? text.replace(original, () => translation) : null;
  };
  const translate = (node) => {
    // A result is ours already, and may hold words of a file.
    if (node.parentElement?.closest(".fc-result")) return;
    if (node.nodeType === Node.TEXT_NODE) {
      const translation = translated(node.data);
      if (translation !== null) node.data = translation;
    } else if (node.nodeType === Node.ELEMENT_NODE) {
      for (const name of ATTRIBUTES) {
        const translation = translated(node.getAttribute(name));
        if (translation !== null) node.setAttribute(name, translation);
      }
      node.childNodes.forEach(translate);
    }
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "childList") change.addedNodes.forEach(translate);
      else translate(change.target);
    }
  }).observe(document.body, {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES,
  });
  new MutationObserver(() => translate(document.body)).observe(document.documentElement, { attributeFilter: ["lang"] });
  translate(document.body);
}

(inputs) => {
  // A file that was not taken says so where its result would stand. The card is in the page already, once a cause, so that it
  // also shows where the line is lost, and in the language of the moment.
  const CAUSES = { 408: "slow", 413: "large", 429: "often", 507: "full" };
  const panelOf = (input) => document.getElementById(input)?.closest('[role="tabpanel"]');
  const shown = () => inputs.find((input) => document.getElementById(input)?.offsetParent);
  const TOAST_MS = 12000;  // for which Gradio shows its own word for it
  let hushed;

  const clear = (input) => {
    panelOf(input)?.removeAttribute("data-refused");
    // What is said from now on is of another file, and is shown.
    document.body.removeAttribute("data-refused");
  };
  const refuse = (input, cause, names) => {
    const panel = panelOf(input);
    if (!panel) return;
    panel.dataset.refused = cause;
    panel.dataset.refusedName = names.join(", ");
    name(panel);
    document.body.toggleAttribute("data-refused", true);
    clearTimeout(hushed);
    hushed = setTimeout(() => document.body.removeAttribute("data-refused"), TOAST_MS);
    const card = panel.querySelector(".fc-refused");
    card?.querySelector("h2").focus({ preventScroll: true });
    card?.scrollIntoView({ block: "nearest" });
  };
  const name = (panel) => {
    const place = panel.querySelector(".fc-refused .fc-file span");
    if (place && place.textContent !== panel.dataset.refusedName) place.textContent = panel.dataset.refusedName;
  };
  // The card is made anew when the language changes, and then lacks the name.
  new MutationObserver(() => document.querySelectorAll('[role="tabpanel"][data-refused]').forEach(name))
    .observe(document.body, { subtree: true, childList: true });

  window.photoCheckRefused = { refuse, clear };
  const fetched = window.fetch;
  window.fetch = async (...given) => {
    const input = shown();
    if (!input || !String(given[0]?.url ?? given[0]).includes("/gradio_api/upload?")) return fetched(...given);
    clear(input);
    const body = given[1]?.body;
    const names = body instanceof FormData ? body.getAll("files").map((file) => file.name) : [];
    try {
      const answer = await fetched(...given);
      if (!answer.ok) refuse(input, CAUSES[answer.status] ?? "broke", names);
      return answer;
    } catch (error) {
      if (error.name !== "AbortError") refuse(input, "lost", names);
      throw error;
    }
  };
}

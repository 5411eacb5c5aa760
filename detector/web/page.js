() => {
  // What a result does in the browser. Everything is found by class from the document, since results come and go.

  // Hold to see the bare face: by finger, mouse or keyboard.
  const bare = (target, on) => {
    const figure = target.closest?.(".fc-hold, .fc-heat")?.closest(".fc-crop");
    if (figure) figure.classList.toggle("fc-bare", on);
    return Boolean(figure);
  };
  const allBack = () => document.querySelectorAll(".fc-bare").forEach((each) => each.classList.remove("fc-bare"));
  document.addEventListener("pointerdown", (event) => bare(event.target, true));
  for (const name of ["pointerup", "pointercancel", "blur"]) window.addEventListener(name, allBack);
  document.addEventListener("contextmenu", (event) => {
    if (event.target.closest?.(".fc-bare")) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.key === " " || event.key === "Enter") && event.target.closest?.(".fc-hold")) {
      event.preventDefault();
      bare(event.target, true);
    }
  });
  document.addEventListener("keyup", allBack);
  document.addEventListener("focusout", allBack);

  // A dot of the timeline and a moment show their time in the video above the result.
  document.addEventListener("click", (event) => {
    const seek = event.target.closest?.(".fc-seek");
    if (!seek) return;
    const panel = seek.closest('[role="tabpanel"]') ?? document;
    const video = panel.querySelector(".fc-example-clip, #fc-clip-input video");
    if (!video) return;
    video.pause();
    video.currentTime = Number(seek.dataset.time);
    video.scrollIntoView({ block: "nearest", behavior: "smooth" });
  });

  // The card of the limit counts down.
  setInterval(() => {
    for (const card of document.querySelectorAll(".fc-limit")) {
      card.ends ??= Date.now() + 1000 * Number(card.dataset.seconds);
      const left = Math.max(0, Math.ceil((card.ends - Date.now()) / 1000));
      const shown = card.querySelector(".fc-countdown strong");
      if (shown.textContent !== String(left)) shown.textContent = left;
      card.querySelector(".fc-countdown").hidden = left === 0;
      card.querySelector(".fc-go-on").hidden = left > 0;
    }
  }, 500);

  // On paper nothing can be unfolded, and nothing is dark.
  let folded = [];
  let dark = [];
  window.addEventListener("beforeprint", () => {
    dark = [document.documentElement, document.body].filter((each) => each.classList.contains("dark"));
    dark.forEach((each) => each.classList.remove("dark"));
    folded = [...document.querySelectorAll(".fc-result details:not([open])")];
    folded.forEach((each) => { each.open = true; });
  });
  window.addEventListener("afterprint", () => {
    folded.forEach((each) => { each.open = false; });
    dark.forEach((each) => each.classList.add("dark"));
  });
}

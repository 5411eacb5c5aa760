() => {
  // The strength of the colour belongs to all heatmaps of one result; the pictures themselves stay as they are.
  document.addEventListener("input", (event) => {
    const slider = event.target.closest?.(".fc-opacity input");
    const result = slider?.closest(".fc-result");
    if (result) {
      result.style.setProperty("--fc-opacity", slider.value / 100);
      slider.setAttribute("aria-valuetext", `${slider.value} %`);
    }
  });
}

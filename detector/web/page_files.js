(places) => {
  // Where a file goes that is dropped, chosen or pasted: a video to the tab for videos, a photo to that for photos, and several
  // to theirs.
  const VIDEO = /^video\/|\.(mp4|m4v|mov|mkv|webm|avi|mpe?g|ts|m2ts|3gp|wmv|flv|ogv)$/i;
  const tabs = places.map(([input, kind, name]) => ({ input, kind, name }));
  const panelOf = (tab) => document.getElementById(tab.input)?.closest('[role="tabpanel"]');
  // Of a tab that was never opened nothing is in the page but its button.
  const open = (name) => document.getElementById(`${name}-button`)?.click();
  const shown = () => tabs.find((tab) => document.getElementById(tab.input)?.offsetParent);
  const wanted = (files) => {
    if (files.length > 1 || shown()?.kind === "several") return tabs.find((tab) => tab.kind === "several");
    const [file] = files;
    const kind = VIDEO.test(file.type || "") || VIDEO.test(file.name || "") ? "video" : "image";
    return tabs.find((tab) => tab.kind === kind);
  };

  const give = (tab, files, tries = 100) => {
    if (shown() !== tab) open(tab.name);
    const field = document.querySelector(`#${tab.input} input[type=file]`);
    if (field && shown() === tab) {
      const list = new DataTransfer();
      for (const file of files) list.items.add(file);
      field.files = list.files;
      field.dispatchEvent(new Event("change", { bubbles: true }));
      return;
    }
    // A file that is there already stands in the way of the next one.
    const clear = document.querySelector(`#${tab.input} :is([aria-label="Remove Image"], [aria-label="Clear"], .icon-button-wrapper button:last-child)`);
    if (!field && shown() === tab) clear?.click();
    if (tries) setTimeout(() => give(tab, files, tries - 1), 50);
  };

  // Before Gradio sees it, since it takes what is not its kind for a mistake.
  const moved = (list, event) => {
    const tab = shown();
    const files = [...(list ?? [])];
    if (!files.length || !tab || wanted(files) === tab) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.target.type === "file") event.target.value = "";
    give(wanted(files), files);
  };
  window.addEventListener("drop", (event) => {
    if (event.target.closest?.(tabs.map((tab) => `#${tab.input}`).join())) moved(event.dataTransfer?.files, event);
  }, true);
  window.addEventListener("change", (event) => {
    const field = event.target;
    if (field.type === "file" && tabs.some((tab) => field.closest(`#${tab.input}`))) moved(field.files, event);
  }, true);
  window.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || !shown() || event.target.closest?.("textarea, input[type=text]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    give(wanted(files), files);
  }, true);

  // A sample below the drop zone opens its example.
  window.addEventListener("click", (event) => {
    const sample = event.target.closest?.(".fc-samples button");
    if (!sample) return;
    open("fc-tab-examples");
    const press = (tries) => {
      const button = document.getElementById(`fc-example-${sample.dataset.example}`);
      if (button?.offsetParent) button.click();
      else if (tries) setTimeout(() => press(tries - 1), 50);
    };
    press(60);
  });

  // A file that this browser cannot show is no broken picture, and a camera that is blocked says so.
  const mark = (event, failed) => {
    const zone = tabs.map((tab) => document.getElementById(tab.input)).find((each) => each?.contains(event.target));
    if (zone && /^(IMG|VIDEO)$/.test(event.target.tagName)) {
      zone.closest('[role="tabpanel"]').classList.toggle("fc-unshown", failed);
    }
  };
  window.addEventListener("error", (event) => mark(event, true), true);
  for (const name of ["load", "loadeddata"]) window.addEventListener(name, (event) => mark(event, false), true);
  const devices = navigator.mediaDevices;
  if (devices?.getUserMedia) {
    const ask = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (...given) => {
      const panel = shown() && panelOf(shown());
      try {
        const stream = await ask(...given);
        panel?.classList.remove("fc-no-camera");
        return stream;
      } catch (error) {
        panel?.classList.add("fc-no-camera");
        throw error;
      }
    };
  }
}

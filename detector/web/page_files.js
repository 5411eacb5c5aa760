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

  // What would not be taken: the server has the same limit, and looks at the bytes of what has no kind by its name.
  const MOST_BYTES = 200 * 1024 ** 2;
  const KNOWN = /^(image|video)\/|\.(jpe?g|png|webp|hei[cf]s?|avif|tiff?|bmp|gif|mxf|y4m|ivf|rm(vb)?|dv|nut|h26[45]|hevc|m4v|vob|asf)$/i;
  const fault = (files) => {
    if (files.reduce((sum, file) => sum + file.size, 0) > MOST_BYTES) return "large";
    const strange = (file) => file.type && ![file.type, file.name].some((each) => KNOWN.test(each) || VIDEO.test(each));
    return files.length === 1 && shown()?.kind !== "several" && strange(files[0]) ? "kind" : null;
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
    const cause = tab && files.length ? fault(files) : null;
    if (!files.length || !tab || (!cause && wanted(files) === tab)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.target.type === "file") event.target.value = "";
    if (cause) window.photoCheckRefused?.refuse(tab.input, cause, files.map((file) => file.name));
    else give(wanted(files), files);
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
    moved(files, event);
    if (event.defaultPrevented) return;
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

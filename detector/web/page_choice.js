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
    share: 0,  // of the upload that has arrived
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
    const uploading = `${line.dataset.label} ${Math.floor(100 * tab.share)} %`;
    // The text itself is changed and not its node, which Gradio keeps a hold of.
    const texts = document.createTreeWalker(button, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      if (!text.data.trim()) continue;
      const ours = text.data.startsWith(line.dataset.label);
      if (tab.uploading && text.data !== uploading) {
        if (!ours) tab.label = text.data;
        text.data = uploading;
      } else if (!tab.uploading && tab.label !== null && ours) {
        text.data = tab.label;
      }
    }
    button.toggleAttribute("data-uploading", tab.uploading);
    // Without a file there is nothing to press for.
    button.disabled = !tab.uploading && tab.path === null;
    line.textContent = tab.uploading && tab.pressed ? line.dataset.sentence : "";
  };

  const arrived = (tab) => {
    tab.uploading = false;
    const pressed = tab.pressed;
    tab.pressed = false;
    update(tab);
    return pressed;
  };

  // What Gradio's upload sends, sent so that it can be told how much of it has arrived.
  const sendWithProgress = (url, options, told) => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    new Headers(options.headers ?? {}).forEach((value, name) => request.setRequestHeader(name, value));
    request.withCredentials = options.credentials === "include";
    request.upload.onprogress = (event) => { if (event.lengthComputable) told(event.loaded / event.total); };
    request.onload = () => resolve(new Response(request.responseText, {
      status: request.status, headers: { "content-type": request.getResponseHeader("content-type") ?? "text/plain" },
    }));
    request.onerror = () => reject(new TypeError("Failed to fetch"));
    request.onabort = () => reject(new DOMException("The upload was ended.", "AbortError"));
    options.signal?.addEventListener("abort", () => request.abort());
    request.send(options.body);
  });

  // Gradio says when an upload has ended well, but neither when it begins nor when it fails.
  const fetched = window.fetch;
  const send = async (...given) => {
    const answer = await fetched(...given);
    // Refused: the card that takes the result's place says for how long.
    if ([429, 502, 503].includes(answer.status) && String(given[0]?.url ?? given[0]).includes("/queue/join")) {
      const seconds = Number(answer.headers.get("retry-after")) || 60;
      window.photoCheck.wait = answer.status === 429 ? seconds : -seconds;
    }
    return answer;
  };
  window.fetch = async (...given) => {
    const url = String(given[0]?.url ?? given[0]);
    const tab = url.includes("/gradio_api/upload") &&
      [...tabs.values()].find((each) => document.getElementById(each.input)?.offsetParent);
    if (!tab) return send(...given);
    tab.uploading = true;
    tab.share = 0;
    next(tab);
    update(tab);
    try {
      const answer = given[1]?.body instanceof FormData
        ? await sendWithProgress(url, given[1], (share) => { tab.share = share; update(tab); })
        : await send(...given);
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
    ticket: () => {
      // Of this tab alone, and as long as it is open: by it the last result is found again after a reload.
      let ticket = sessionStorage.getItem("photo-check");
      if (!/^[0-9a-f]{32}$/.test(ticket ?? "")) {
        ticket = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        sessionStorage.setItem("photo-check", ticket);
      }
      return ticket;
    },
    wait: 0,  // seconds until the next check, as the server said when it refused one; negative where it was too busy
    waited: () => {
      const seconds = window.photoCheck.wait;
      window.photoCheck.wait = 0;
      return seconds;
    },
    chosen: (button, file) => {
      const tab = tabs.get(button);
      const path = file?.path ?? file?.video?.path ?? null;
      const another = path !== tab.path;
      tab.path = path;
      if (another) next(tab);
      if (path && arrived(tab)) document.getElementById(button).click();
      update(tab);
      return another ? "" : undefined;
    },
  };
  tabs.forEach(update);
  // Gradio makes the button when its tab is first opened, and sets it up anew when its label changes.
  new MutationObserver(() => tabs.forEach((tab) => {
    const button = document.getElementById(tab.button);
    if (button && button.disabled !== (!tab.uploading && tab.path === null)) update(tab);
  })).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["disabled"] });
}

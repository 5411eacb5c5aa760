(places) => {
  // A live check needs one press: Gradio's camera has three controls of its own, which are pressed here. It says nothing where
  // there is no camera, and leaves it on when the check is over.
  const CAUSES = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", OverconstrainedError: "none" };
  const LOOK_MS = 300;
  const part = () => document.getElementById(places.part);
  const camera = () => document.getElementById(places.camera);
  let stream = null;
  let watching = null;

  const say = (cause) => { if (part()) part().dataset.camera = cause; };
  const off = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    document.getElementById(places.stop)?.click();
  };

  window.addEventListener("click", (event) => {
    if (event.target.closest?.("button")?.id !== places.start) return;
    say("");
    if (navigator.mediaDevices?.getUserMedia) {
      watching ??= setInterval(watch, LOOK_MS);
      return;
    }
    say(window.isSecureContext ? "missing" : "insecure");
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  const pressed = new WeakSet();
  const press = (button) => {
    if (!button || pressed.has(button)) return;
    pressed.add(button);
    button.click();
  };
  const watch = () => {
    const place = camera();
    if (!place) {
      // Turned off, by whomever. Before the server has answered a start there is none yet either.
      if (stream) {
        stream.getTracks().forEach((track) => track.stop());
        stream = null;
        clearInterval(watching);
        watching = null;
      }
      return;
    }
    if (!place.offsetParent || document.hidden) {
      off();
      return;
    }
    press(place.querySelector('[title="grant webcam access"] button'));
    if (stream && place.querySelector("video")?.videoWidth) press(place.querySelector(".capture-button, .button-wrap > button"));
  };
  document.addEventListener("visibilitychange", () => { if (watching) watch(); });

  const devices = navigator.mediaDevices;
  if (!devices?.getUserMedia) return;
  const ask = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (...given) => {
    if (!camera()) return ask(...given);
    try {
      stream = await ask(...given);
      return stream;
    } catch (error) {
      say(CAUSES[error.name] ?? "busy");
      document.getElementById(places.stop)?.click();
      // Gradio has no answer to a refusal.
      return new Promise(() => {});
    }
  };
}

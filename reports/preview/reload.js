// Loads the page again after a save. Only the preview server adds this to a page; a built page asks for nothing.
"use strict";
(() => {
  const { page, since, run } = document.currentScript.dataset;
  const key = `preview-scroll ${location.pathname}`;
  const kept = sessionStorage.getItem(key);
  if (kept !== null) {
    sessionStorage.removeItem(key);
    history.scrollRestoration = "manual";
    const back = () => scrollTo({ top: Number(kept), behavior: "instant" });
    back(); // as soon as there is a page, and once more when all of it has its height
    addEventListener("load", () => { back(); history.scrollRestoration = "auto"; });
  }
  let stream = null;
  const stop = () => { stream?.close(); stream = null; };
  const listen = () => {
    if (stream || document.hidden) return;
    const asked = new URLSearchParams({ page, since, run });
    stream = new EventSource(`/~preview/events?${asked}`);
    stream.addEventListener("reload", () => {
      stop();
      sessionStorage.setItem(key, String(scrollY));
      location.reload();
    });
  };
  // A page that nobody sees holds no connection: browsers have six for one server.
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
  addEventListener("pagehide", stop);
  addEventListener("pageshow", listen);
  listen();
})();

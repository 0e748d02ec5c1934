// Live status of the start page. Everything works without this file: the tab that the button opens leads on.
"use strict";
(() => {
  const status = document.getElementById("status");
  const help = document.getElementById("help");
  const HELP_AFTER_MS = 10000;
  const ASK_EVERY_MS = 1000;
  // As long as the cookie lives. An attempt that is over is not the end: the other tab offers another try.
  const GIVE_UP_AFTER_MS = 30 * 60 * 1000;
  let asking = false;
  let waitingSince = 0;
  let helped = false;

  const show = (state) => {
    const text = document.getElementById("status-" + state);
    if (text && status.textContent !== text.content.textContent) {
      status.textContent = text.content.textContent;
      status.hidden = false;
    }
  };

  const ask = async () => {
    let answer;
    try {
      const response = await fetch("/sign-in/status/" + status.dataset.tag, { cache: "no-store" });
      answer = await response.json();
    } catch {
      setTimeout(ask, ASK_EVERY_MS);
      return;
    }
    if (answer.state === "completed") {
      show("completed");
      asking = false;
      // Into this tab: the service's sessionStorage lives here.
      location.assign(answer.next);
      return;
    }
    show(answer.state);
    if (answer.state === "waiting" && Date.now() - waitingSince > HELP_AFTER_MS && !helped) {
      // Once for each press: whoever closes it has read it.
      helped = true;
      help.open = true;
    }
    if (Date.now() - waitingSince > GIVE_UP_AFTER_MS) {
      asking = false;
      return;
    }
    setTimeout(ask, ASK_EVERY_MS);
  };

  document.addEventListener("submit", (event) => {
    if (event.target.target === "_blank") {
      waitingSince = Date.now();
      helped = false;
      if (!asking) {
        asking = true;
        setTimeout(ask, ASK_EVERY_MS);
      }
    }
  });
})();

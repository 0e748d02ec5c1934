// The tab that came back from the agent closes itself once the first tab has gone on. Where a browser does not allow
// that, the text on the page says that it may be closed.
"use strict";
(() => {
  const tag = document.getElementById("done").dataset.tag;
  const ask = async () => {
    try {
      const response = await fetch("/sign-in/status/" + tag, { cache: "no-store" });
      const answer = await response.json();
      if (answer.state !== "completed") {
        window.close();
        return;
      }
    } catch {
      // The gateway may be away for a moment; the next question tells.
    }
    setTimeout(ask, 1000);
  };
  setTimeout(ask, 1000);
})();

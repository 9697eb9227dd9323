/* What pages do better with a script; they work without it. Nothing is fetched from elsewhere. */
"use strict";
(() => {
  // Instants on the reader's own clocks; UTC stays in the title.
  const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const told = (seconds) => {
    const minutes = Math.floor(Math.abs(seconds) / 60);
    if (minutes < 1) return "less than a minute";
    if (minutes >= 2880) return `${Math.floor(minutes / 1440)} days`;
    const hours = Math.floor(minutes / 60), rest = minutes % 60;
    return !hours ? `${rest} min` : rest ? `${hours} h ${String(rest).padStart(2, "0")}` : `${hours} h`;
  };
  const began = Date.now();
  const shown = Date.parse(document.querySelector("footer time")?.dateTime ?? "") || began;
  const far = () => {
    // The hub's time goes on with ours; its clock and ours may differ.
    const now = shown + (Date.now() - began);
    for (const at of document.querySelectorAll("time[data-far]")) {
      const seconds = (Date.parse(at.dateTime) - now) / 1000;
      at.textContent = seconds > 0 ? `in ${told(seconds)}` : `${told(seconds)} ago`;
    }
  };
  for (const at of document.querySelectorAll("time:not([data-far]):not([data-fixed])")) {
    const instant = Date.parse(at.dateTime);
    if (!Number.isNaN(instant)) { at.title = at.textContent; at.textContent = clock.format(instant); }
  }
  setInterval(far, 30000);

  // Keys: / to the search, j and k along the rows and cards, ? says so.
  const rows = () => [...document.querySelectorAll("a.subject")];
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof Element && event.target.closest("input, textarea, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "/") {
      const field = document.getElementById("find");
      if (field) { event.preventDefault(); field.focus(); field.select(); }
    } else if (event.key === "j" || event.key === "k") {
      const all = rows(), here = all.indexOf(document.activeElement);
      const next = all[here < 0 ? 0 : here + (event.key === "j" ? 1 : -1)];
      if (next) { event.preventDefault(); next.focus(); next.scrollIntoView({ block: "nearest" }); }
    }
  });

  // What is to be pasted elsewhere; without a script it is selected by hand.
  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copies);
      field.focus(); field.select();
      try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); }
      button.textContent = "Copied";
    });
  }

  // A form that was sent is not sent twice, and filters act at once.
  document.addEventListener("submit", (event) => {
    for (const button of event.target.querySelectorAll("button")) setTimeout(() => { button.disabled = true; });
  });
  for (const field of document.querySelectorAll(".filters:not([method=post]) select, .filters input[type=checkbox]")) {
    field.addEventListener("change", () => field.form.requestSubmit());
  }
})();

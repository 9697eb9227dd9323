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
  let began = Date.now();
  let shown = Date.parse(document.querySelector("footer time")?.dateTime ?? "") || began;
  const far = () => {
    // The hub's time goes on with ours; its clock and ours may differ.
    const now = shown + (Date.now() - began);
    for (const at of document.querySelectorAll("time[data-far]")) {
      const seconds = (Date.parse(at.dateTime) - now) / 1000;
      at.textContent = seconds > 0 ? `in ${told(seconds)}` : `${told(seconds)} ago`;
    }
  };
  setInterval(far, 30000);

  // What a page is given once it is there, and again where it was made anew.
  const dress = (root) => {
    for (const at of root.querySelectorAll("time:not([data-far]):not([data-fixed])")) {
      const instant = Date.parse(at.dateTime);
      if (!Number.isNaN(instant)) { at.title = at.textContent; at.textContent = clock.format(instant); }
    }
    // What is to be pasted elsewhere; without a script it is selected by hand.
    for (const button of root.querySelectorAll("button.copy")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        const field = document.getElementById(button.dataset.copies);
        field.focus();
        field.select();
        try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); }
        button.textContent = "Copied";
      });
    }
    for (const field of root.querySelectorAll(
      ".filters:not([method=post]) select:not(.slow), .filters:not([method=post]) input[type=checkbox]")) {
      field.addEventListener("change", () => field.form.requestSubmit());
    }
  };
  dress(document);

  // Keys: / to the search, j and k along the rows and cards.
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

  // A form that was sent is not sent twice.
  let sent = false;
  document.addEventListener("submit", (event) => {
    sent = true;
    for (const button of event.target.querySelectorAll("button")) setTimeout(() => { button.disabled = true; });
  });

  // A page that says so is asked for again, and what changed is shown; nobody's typing is lost by it.
  const main = document.getElementById("content");
  let sign = main?.dataset.live;
  if (!sign) return;
  const note = document.createElement("p");
  note.className = "live";
  note.setAttribute("aria-live", "polite");
  main.before(note);
  const say = (text) => { if (note.textContent !== text) note.textContent = text; };
  const busy = () =>
    [...main.querySelectorAll("input:not([type=hidden]), textarea, select")].some((field) =>
      field === document.activeElement ||
      (field instanceof HTMLSelectElement
        ? [...field.options].some((one) => one.selected !== one.defaultSelected && one.index > 0)
        : field.value !== field.defaultValue || field.checked !== field.defaultChecked)) ||
    (getSelection()?.isCollapsed === false && main.contains(getSelection().anchorNode));
  const mark = (one) => one && (one.id ? `#${one.id}` : one.getAttribute("href") ?? one.textContent);
  const swap = (fresh) => {
    const open = new Set([...main.querySelectorAll("details[open] > summary")].map(mark));
    const across = [...main.querySelectorAll(".board, .scroll")].map((one) => [one.scrollLeft, one.scrollTop]);
    const held = main.contains(document.activeElement) ? mark(document.activeElement) : null;
    dress(fresh);
    main.replaceChildren(...[...fresh.childNodes].map((node) => document.adoptNode(node)));
    for (const one of main.querySelectorAll("details > summary")) if (open.has(mark(one))) one.parentElement.open = true;
    [...main.querySelectorAll(".board, .scroll")].forEach((one, at) => { [one.scrollLeft, one.scrollTop] = across[at] ?? [0, 0]; });
    if (held) [...main.querySelectorAll("a, button, summary")].find((one) => mark(one) === held)?.focus({ preventScroll: true });
  };
  const every = 10000;
  let failed = 0;
  const look = async () => {
    if (document.hidden || sent) return true;
    const headers = { "If-None-Match": `"${sign}"`, "X-Deskbridge-Live": "1" };
    const answer = await fetch(location.pathname + location.search, { headers, redirect: "manual", cache: "no-store" });
    if (answer.status === 304) { say(""); return true; }
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
      say("You are signed out: what you see is old. Load the page again.");
      return false;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = made.getElementById("content");
    if (!fresh?.dataset.live) return false;
    if (sent) return true;
    if (busy()) { say("Something changed. It is shown when you are done here, or when you load the page again."); return true; }
    swap(fresh);
    sign = fresh.dataset.live;
    const footer = made.querySelector("footer time");
    if (footer) { shown = Date.parse(footer.dateTime) || shown; began = Date.now(); }
    far();
    say(`Updated ${new Date().toLocaleTimeString(undefined, { timeStyle: "short" })}`);
    return true;
  };
  const again = async () => {
    let on = true;
    try { on = await look(); failed = 0; } catch {
      if (++failed > 1) say("The hub does not answer: what you see may be old.");
    }
    if (on) setTimeout(again, every * Math.min(6, 1 + failed));
  };
  setTimeout(again, every);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && !failed) look().catch(() => {}); });
})();

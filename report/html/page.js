"use strict";
{
  const root = document.documentElement;
  root.dataset.script = "";

  // A browser may refuse to keep anything for a file.
  const kept = {
    get() { try { return localStorage.getItem("codewarrant-theme") ?? ""; } catch { return ""; } },
    set(v) { try { localStorage.setItem("codewarrant-theme", v); } catch { /* it holds for this page */ } },
  };
  const paint = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  paint(kept.get());

  const start = () => {
    const $ = (id) => document.getElementById(id);
    const theme = $("theme");
    theme.value = root.dataset.theme ?? "";
    theme.addEventListener("change", () => { paint(theme.value); kept.set(theme.value); });

    const names = { repository: "repositories", exception: "exceptions", finding: "findings", file: "files" };
    const rows = Array.from(document.querySelectorAll("[data-row]"), (element) => ({
      element, kind: element.dataset.row, part: element.dataset.part,
      keys: (element.dataset.keys ?? "").split(" "),
      levels: element.dataset.levels?.split(" "), verdicts: element.dataset.verdicts?.split(" "), states: element.dataset.states?.split(" "), text: null,
    }));
    // Whoever looks for a repository finds all that is of it.
    const parts = new Map(Array.from($("by-part")?.options ?? [], (option) => [option.value, option.text]));
    const value = (id) => $(id)?.value ?? "";
    // The parts of files may be text until they are opened.
    const unpack = (file) => {
      const packed = file.querySelector(":scope > noscript");
      if (packed) packed.replaceWith(...new DOMParser().parseFromString(packed.textContent, "text/html").body.childNodes);
    };
    const marks = { lt: "<", gt: ">", amp: "&" };
    const mark = (_, name) => marks[name] ?? String.fromCharCode(name.slice(1));
    const textOf = (element) => {
      const packed = element.tagName === "DETAILS" && element.querySelector(":scope > noscript");
      if (!packed) return element.textContent;
      return element.firstElementChild.textContent + packed.textContent.replace(/<[^>]*>/g, "").replace(/&(lt|gt|amp|#[0-9]+);/g, mark);
    };

    // Levels are of findings and verdicts of claims: what has none stays.
    const passes = (row, by) => {
      if (by.part !== "" && row.part !== by.part) return false;
      if (by.key !== "" && !row.keys.includes(by.key)) return false;
      for (const of of ["levels", "verdicts", "states"]) if (by[of] !== "" && row[of] !== undefined && !row[of].includes(by[of])) return false;
      if (by.words.length === 0) return true;
      row.text ??= `${parts.get(row.part) ?? ""} ${textOf(row.element)}`.toLowerCase();
      return by.words.every((word) => row.text.includes(word));
    };
    const filter = () => {
      const by = {
        part: value("by-part"), key: value("by-key"), levels: value("by-level"), verdicts: value("by-verdict"), states: value("by-state"),
        words: value("search").toLowerCase().split(/\s+/).filter(Boolean),
      };
      const counts = new Map();
      for (const row of rows) {
        const show = passes(row, by);
        if (row.element.hidden === show) row.element.hidden = !show;
        const n = counts.get(row.kind) ?? { all: 0, shown: 0 };
        n.all++;
        if (show) n.shown++;
        counts.set(row.kind, n);
      }
      for (const group of document.querySelectorAll(".group, .report")) group.hidden = !group.querySelector("[data-row]:not([hidden])");
      for (const none of document.querySelectorAll(".none")) {
        const before = none.previousElementSibling;
        const within = before.matches(".scroll") ? before : none.parentElement;
        none.hidden = within.querySelector("[data-row]:not([hidden])") !== null;
      }
      $("shown").textContent = Object.entries(names).filter(([kind]) => counts.has(kind))
        .map(([kind, name]) => `${counts.get(kind).shown} of ${counts.get(kind).all} ${name}`).join(", ");
    };
    const form = $("filter");
    let waiting = 0;
    form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
    form.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
    form.addEventListener("reset", () => setTimeout(filter));
    filter(); // a browser may have kept what was chosen

    // A link leads to its row, whatever is filtered and folded.
    const arrive = () => {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      const row = target?.closest("[data-row]");
      if (!row) return;
      if (row.hidden) { form.reset(); filter(); }
      if (row.tagName === "DETAILS") { unpack(row); row.open = true; }
      target.scrollIntoView();
    };
    addEventListener("hashchange", arrive);
    arrive();

    const files = document.querySelectorAll("#files details[data-row]");
    const fold = (open) => {
      for (const file of files) {
        if (file.hidden) continue;
        if (open) unpack(file);
        file.open = open;
      }
    };
    $("files").addEventListener("toggle", (event) => { if (event.target.open) unpack(event.target); }, true);
    for (const file of files) if (file.open) unpack(file); // a browser may open what it goes back to
    const unpackAll = () => files.forEach(unpack);
    addEventListener("beforeprint", unpackAll);
    matchMedia("print").addEventListener("change", unpackAll);
    $("open")?.addEventListener("click", () => fold(true));
    $("close")?.addEventListener("click", () => fold(false));

    // Paper cannot be unfolded. Where the style can do it, nothing is left to do here.
    let folded = [];
    if (!CSS.supports("selector(::details-content)")) {
      addEventListener("beforeprint", () => { folded = Array.from(files).filter((file) => !file.open); fold(true); });
      addEventListener("afterprint", () => { for (const file of folded) file.open = false; });
    }
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
}

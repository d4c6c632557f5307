// Looks at pages of a folder in a real browser, and prints a line for each thing that is
// wrong, which begins with "problem: ". See browser_test.go.
import { createRequire } from "node:module";
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const tools = process.env.HTML_TOOLS;
const require = createRequire(path.join(tools, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const dir = process.argv[2];

const which = (...names) => {
  for (const name of names) {
    try { return execFileSync("/bin/sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim(); } catch { /* the next one */ }
  }
  throw new Error(`none of ${names} is there`);
};
const browser = await chromium.launch({
  executablePath: which("chromium", "google-chrome"),
  chromiumSandbox: process.getuid() !== 0, // which root has not
});

let where = "";
const problem = (what) => console.log(`problem: ${where}: ${what}`.replaceAll("\n", " "));
const equal = (what, got, want) => {
  if (JSON.stringify(got) !== JSON.stringify(want)) problem(`${what}: ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
};

// open opens a page in a context of its own, and tells of all that the browser has to say.
const open = async (name, options = {}, hash = "") => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const url = pathToFileURL(path.join(dir, `${name}.html`)).href;
  page.on("console", (m) => problem(`the console has ${m.type()}: ${m.text()}`));
  page.on("pageerror", (e) => problem(`an error: ${e.message}`));
  page.on("dialog", (d) => { problem(`a dialog: ${d.message()}`); d.dismiss(); });
  page.on("request", (r) => { if (r.url().split("#")[0] !== url) problem(`a request of ${r.url()}`); });
  await page.goto(url + hash);
  return page;
};

// unfold shows all that is folded or not laid out yet.
const unfold = (page) => page.evaluate(() => {
  const all = new CSSStyleSheet();
  all.replaceSync("section, .group { content-visibility: visible !important; }");
  document.adoptedStyleSheets = [all];
  for (const d of document.querySelectorAll("details")) d.open = true;
});

const audit = async (page) => {
  await unfold(page);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  for (const v of violations) problem(`axe: ${v.id}: ${v.help}: ${v.nodes.length} times, such as ${v.nodes[0].target}`);
};

// shown are the rows that can be seen, by kind.
const shown = (page) => page.evaluate(() => {
  const n = {};
  for (const row of document.querySelectorAll("[data-row]")) if (row.checkVisibility()) n[row.dataset.row] = (n[row.dataset.row] ?? 0) + 1;
  return n;
});
// wanted are the rows of which a function of an element holds.
const wanted = (page, test) => page.evaluate((text) => {
  const test = eval(text);
  const n = {};
  for (const row of document.querySelectorAll("[data-row]")) if (test(row)) n[row.dataset.row] = (n[row.dataset.row] ?? 0) + 1;
  return n;
}, test);
// settled waits until a filter has been applied.
const settled = (page) => page.waitForTimeout(300);

for (const name of ["clean", "acme", "hostile", "empty", "several", "merged"]) {
  for (const colorScheme of ["light", "dark"]) {
    where = `${name}, ${colorScheme}`;
    const page = await open(name, { colorScheme });
    if (process.env.HTML_PAGES) await page.screenshot({ path: path.join(dir, `${name}-${colorScheme}.png`), fullPage: true });
    await audit(page);
    await page.context().close();
  }
  where = `${name}, narrow`;
  const narrow = await open(name, { viewport: { width: 400, height: 800 } });
  await audit(narrow);
  equal("its width", await narrow.evaluate(() => document.documentElement.scrollWidth), 400);
  await narrow.context().close();

  where = `${name}, printed`;
  const printed = await open(name, { colorScheme: "dark", viewport: { width: 720, height: 1000 } }); // A4 within its margins
  await printed.emulateMedia({ media: "print" });
  equal("what is for the screen", await printed.locator(".bar").isVisible(), false);
  equal("parts that stay folded", await printed.evaluate(() => [...document.querySelectorAll(".file")].filter((e) => e.getBoundingClientRect().height < 10).length), 0);
  equal("its width", await printed.evaluate(() => document.documentElement.scrollWidth), 720);
  equal("the paper", await printed.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(253, 253, 252)");
  await printed.context().close();

  where = `${name}, without scripts`;
  const bare = await open(name, { javaScriptEnabled: false });
  equal("filters", await bare.locator("#filter").isVisible(), false);
  equal("rows that are hidden", await bare.locator("[data-row][hidden]").count(), 0);
  await bare.context().close();
}

{
  where = "several, filters";
  const page = await open("several");
  await unfold(page);
  const all = await shown(page);
  equal("all rows", all, await wanted(page, "() => true"));
  const filters = {
    "#by-part": ["2", (v) => `(r) => r.dataset.part === "${v}"`],
    "#by-key": ["1", (v) => `(r) => (r.dataset.keys ?? "").split(" ").includes("${v}")`],
    "#by-level": ["error", (v) => `(r) => r.dataset.levels === undefined || r.dataset.levels.split(" ").includes("${v}")`],
    "#by-verdict": ["unapproved", (v) => `(r) => r.dataset.verdicts === undefined || r.dataset.verdicts.split(" ").includes("${v}")`],
    "#by-state": ["expired", (v) => `(r) => r.dataset.states === undefined || r.dataset.states.split(" ").includes("${v}")`],
  };
  for (const [id, [value, test]] of Object.entries(filters)) {
    await page.selectOption(id, value);
    await settled(page);
    const want = await wanted(page, test(value));
    equal(`${id} ${value}`, await shown(page), want);
    if (Object.values(want).reduce((a, b) => a + b, 0) === 0) problem(`${id} ${value} leaves nothing`);
    const says = await page.locator("#shown").textContent();
    if (!says.startsWith(`${want.repository ?? 0} of ${all.repository} repositories, ${want.exception ?? 0} of ${all.exception} exceptions`)) problem(`${id}: it says ${says}`);
    await page.click("button[type=reset]");
    await settled(page);
    equal(`after ${id}`, await shown(page), all);
  }
  await page.fill("#search", "PLUG-INS  customers ");
  await settled(page);
  equal("a search", await shown(page), await wanted(page, `(r) => r.textContent.includes("Plug-ins of customers")`));
  await page.fill("#search", "editor-000");
  await settled(page);
  equal("a search for a repository", await shown(page), await wanted(page, `(r) => r.dataset.part === "0"`));
  await page.fill("#search", "no such thing <b>");
  await settled(page);
  equal("a search for nothing", await shown(page), {});
  equal("which is told", await page.locator(".none:visible").count(), 5);
  equal("names of repositories without files", await page.locator(".group h3:visible").count(), 0);
  await page.fill("#search", "");
  await settled(page);
  equal("after the search", await shown(page), all);

  where = "several, links";
  await page.selectOption("#by-part", "2");
  await settled(page);
  const id = await page.evaluate(() => document.querySelector('details[data-part="1"]').id);
  await page.evaluate((id) => { document.getElementById(id).open = false; location.hash = id; }, id);
  await settled(page);
  equal("the row that a link leads to", await page.evaluate((id) => { const d = document.getElementById(id); return [d.hidden, d.open]; }, id), [false, true]);
  const top = await page.evaluate((id) => document.getElementById(id).getBoundingClientRect().top, id);
  if (top < 0 || top > 900) problem(`the row that a link leads to is at ${top}`);
  await page.context().close();
  const direct = await open("several", {}, `#${id}`);
  equal("the row that an address leads to", await direct.evaluate((id) => document.getElementById(id).open, id), true);
  await direct.context().close();

  where = "several, colours";
  const painted = await open("several", { colorScheme: "light" });
  const paper = () => painted.evaluate(() => getComputedStyle(document.body).backgroundColor);
  equal("as the system has it", await paper(), "rgb(253, 253, 252)");
  await painted.selectOption("#theme", "dark");
  equal("dark", await paper(), "rgb(23, 23, 22)");
  await painted.reload();
  equal("dark, opened again", await paper(), "rgb(23, 23, 22)");
  await painted.selectOption("#theme", "");
  equal("as the system has it again", await paper(), "rgb(253, 253, 252)");

  where = "several, keys";
  await painted.keyboard.press("Tab");
  await painted.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
  await painted.reload();
  await painted.keyboard.press("Tab");
  equal("the first stop", await painted.evaluate(() => document.activeElement.className), "skip");
  await painted.keyboard.press("Enter");
  equal("where it leads", await painted.evaluate(() => document.activeElement.id), "main");
  await painted.context().close();
}

{
  where = "hostile";
  const page = await open("hostile");
  equal("scripts and styles", await page.evaluate(() => [document.scripts.length, document.styleSheets.length]), [1, 1]);
  page.removeAllListeners("console"); // the browser says what it refuses
  equal("a script that was let in", await page.evaluate(() => {
    const s = document.createElement("script");
    s.textContent = "window.ran = true";
    document.head.append(s);
    document.body.setAttribute("onclick", "window.ran = true");
    document.body.click();
    return window.ran === true;
  }), false);
  await page.context().close();
}

{
  where = "packed";
  const page = await open("packed");
  equal("images and scripts", await page.evaluate(() => [document.images.length, document.scripts.length]), [0, 1]);
  const packed = () => page.locator("#files noscript").count();
  const all = await packed();
  if (all < 500) problem(`${all} parts are packed`);
  const words = await page.evaluate(() => {
    const file = document.querySelectorAll("#files details")[7];
    file.open = true;
    return new Promise((done) => setTimeout(() => done(file.querySelector(".claims th").textContent), 200));
  });
  equal("parts that are packed after one was opened", await packed(), all - 1);
  for (const find of ["0011</noscript><img", words.slice(0, 60)]) {
    await page.fill("#search", find);
    await settled(page);
    const found = await page.evaluate(() => [...document.querySelectorAll("#files details[data-row]")].map((r) => !r.hidden));
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    equal("parts that are packed on paper", await packed(), 0);
    equal(`a search for ${find}`, found, await page.evaluate((find) =>
      [...document.querySelectorAll("#files details[data-row]")].map((r) => find.toLowerCase().split(/\s+/).every((w) => r.textContent.toLowerCase().includes(w))), find));
  }
  equal("images and scripts of what was opened", await page.evaluate(() => [document.images.length, document.scripts.length]), [0, 1]);
  await page.context().close();
  const bare = await open("packed", { javaScriptEnabled: false });
  equal("parts without scripts", await bare.evaluate(() => document.querySelectorAll("#files .file").length), all);
  await bare.context().close();
}

{
  where = "merged, contradictions";
  const page = await open("merged");
  await unfold(page);
  equal("rows", await page.locator('[data-row="conflict"]').count(), 2);
  equal("the result", await page.locator(".figures dd").first().textContent(), "conflict");
  const links = page.locator('[data-row="conflict"] td a');
  for (let i = 0; i < await links.count(); i++) {
    await page.evaluate((i) => { location.hash = document.querySelectorAll('[data-row="conflict"] td a')[i].hash; }, i);
    await settled(page);
    const top = await page.evaluate(() => document.querySelector(location.hash).getBoundingClientRect().top);
    if (top < 0 || top > 900) problem(`what link ${i} leads to is at ${top}`);
  }
  // Each row has an address, and each address a row.
  equal("rows without an address", await page.evaluate(() => [...document.querySelectorAll("[data-row]")].filter((r) => !r.querySelector(`a[href="#${r.id}"]`)).length), 0);
  await page.context().close();
}

{
  where = "organisation";
  const page = await open("clean"); // the browser has begun
  await page.context().close();
  const file = path.join(dir, "organisation.html");
  let big;
  for (let times = 0; times < 3; times++) {
    await big?.context().close();
    big = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
    const session = await big.context().newCDPSession(big);
    await session.send("Performance.enable");
    const begin = performance.now();
    await big.goto(pathToFileURL(file).href);
    await big.evaluate(() => new Promise((painted) => requestAnimationFrame(() => setTimeout(painted))));
    const wall = (performance.now() - begin) / 1000;
    const { metrics } = await session.send("Performance.getMetrics");
    const m = Object.fromEntries(metrics.map((x) => [x.name, x.value]));
    const facts = await big.evaluate(() => [document.querySelectorAll('#overview [data-row]').length, document.querySelectorAll("#files [data-row]").length]);
    console.log(`${facts[0]} repositories, ${facts[1]} files, ${(statSync(file).size / 1e6).toFixed(1)} MB, ${m.Nodes} nodes: painted after ${wall.toFixed(2)} s, ${m.ProcessTime.toFixed(2)} s of processor time`);
    // The time is told and not judged, since a machine may do other things; this is what it
    // comes from, and two seconds are enough for it where nothing else runs.
    if (m.Nodes > 500_000) problem(`${m.Nodes} nodes`);
  }
  for (const [id, value] of [["search", "editor-010"], ["search", ""], ["by-key", "3"], ["by-part", "7"], ["by-part", ""], ["by-key", ""]]) {
    const filtering = await big.evaluate(([id, value]) => {
      const begin = performance.now();
      document.getElementById(id).value = value;
      document.getElementById("filter").requestSubmit();
      document.body.getBoundingClientRect();
      return performance.now() - begin;
    }, [id, value]);
    console.log(`${id} "${value}" takes ${(filtering / 1000).toFixed(2)} s`);
  }
  // Whatever is not laid out yet is found.
  const last = await big.evaluate(() => {
    const file = [...document.querySelectorAll("#files [data-row]")].at(-1);
    location.hash = file.id;
    return new Promise((done) => setTimeout(() => done([...file.querySelectorAll(".claims th")].at(-1).firstChild.textContent + [...file.querySelectorAll(".claims th")].at(-1).childNodes[1].textContent), 300));
  });
  equal("a search for what a file claims", await big.evaluate((text) => {
    document.getElementById("search").value = text;
    document.getElementById("filter").requestSubmit();
    const found = [...document.querySelectorAll("#files [data-row]")].map((r) => !r.hidden);
    document.getElementById("open").click();
    document.getElementById("filter").reset();
    return new Promise((done) => setTimeout(() => {
      document.getElementById("open").click();
      const want = [...document.querySelectorAll("#files [data-row]")].map((r) => r.textContent.includes(text));
      done(want.includes(true) && want.every((w, i) => w === found[i]));
    }, 500));
  }, last), true);
  equal("parts that stay packed", await big.locator("#files noscript").count(), 0);
  if (process.env.HTML_PAGES) {
    await big.evaluate(() => document.getElementById("filter").reset());
    await settled(big);
    await big.screenshot({ path: path.join(dir, "organisation.png") });
  }
  await big.context().close();
}

await browser.close();
console.log("done");

// Draws the charts of a release and keeps them as the desk stores them. The KPI is the reader's choice;
// the charts can be held still; behind each of them stands its table.
import uPlot from "./vendor/uplot.js";
import * as plots from "./plots.js";
import { Series } from "./series.js";
import { tables } from "./tables.js";

const root = document.getElementById("charts");
if (root) start(root);

function readers(root) {
  const { language, zone, digits, calendar } = root.dataset;
  const written = digits === "persian" ? "arabext" : "latn";
  const tag = `${language}-u-nu-${written}`;
  const days = `${tag}-ca-${calendar === "jalali" ? "persian" : "gregory"}`;
  const number = new Intl.NumberFormat(tag, { maximumSignificantDigits: 3 });
  const count = new Intl.NumberFormat(tag, { maximumFractionDigits: 0 });
  const share = new Intl.NumberFormat(tag, { style: "percent", maximumSignificantDigits: 3 });
  const clock = new Intl.DateTimeFormat(tag, { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const fine = new Intl.DateTimeFormat(tag, { timeZone: zone, minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1 });
  const day = new Intl.DateTimeFormat(days, { timeZone: zone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  // A minus keeps its side of the number, and a unit its side of both, in words that run right to left.
  const rightToLeft = document.documentElement.dir === "rtl";
  const signed = (value) => (rightToLeft && value < 0 ? `\u2066${number.format(value)}\u2069` : number.format(value));
  return {
    long: false,
    short: false,
    number: (value) => (value === null ? "–" : signed(value)),
    measured(value, unit) {
      const text = `${this.number(value)} ${unit}`;
      return rightToLeft ? `\u2067${text}\u2069` : text;
    },
    count: (value) => count.format(value),
    share: (value) => (value === null ? "–" : share.format(value)),
    clock(at) { return (this.long ? day : this.short ? fine : clock).format(at * 1000); },
    milliseconds: (seconds) => number.format(seconds * 1000),
  };
}

function look(root, reader) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  return {
    ...reader,
    clock: (at) => reader.clock(at),
    ink: colour("--ink"), soft: colour("--soft"), hair: colour("--hair"), hairStrong: colour("--hair-strong"), paper: colour("--paper"),
    accent: colour("--accent"), harm: colour("--harm"), baseline: colour("--baseline"),
    band: `color-mix(in srgb, ${colour("--accent")} 16%, transparent)`,
    baselineBand: `color-mix(in srgb, ${colour("--baseline")} 18%, transparent)`,
    font: `12px ${getComputedStyle(root).fontFamily}`,
  };
}

function start(root) {
  const words = JSON.parse(root.dataset.words);
  const reader = readers(root);
  const series = new Series(root.dataset.address);
  const choice = root.querySelector("#chart-kpi");
  const hold = root.querySelector("#chart-hold");
  const boxes = [...root.querySelectorAll("[data-chart]")];
  const drawn = new Map();
  let held = false;
  let chosen = "";
  let picked = false;

  const captions = { difference: words.band, evidence: words.anytime, exposure: words.split, latency: words.ladder, raw: "" };
  for (const box of boxes) {
    const name = box.dataset.chart;
    box.querySelector("h3").textContent = words[name];
    box.querySelector("figcaption p").textContent = captions[name];
    box.querySelector("summary").textContent = words.table;
    box.querySelector("details").addEventListener("toggle", () => fill(box));
  }

  const kpi = () => series.data.kpis.find((each) => each.kpi === chosen) ?? series.data.kpis[0];

  function fill(box) {
    const details = box.querySelector("details");
    if (!details.open || !series.data?.total) return;
    details.querySelector("div").replaceChildren(tables[box.dataset.chart](series.data, kpi(), reader, words));
  }

  function offer() {
    const names = series.data.kpis.map((each) => each.kpi);
    if (names.join("\n") !== [...choice.options].map((each) => each.value).join("\n")) {
      choice.replaceChildren(...names.map((name) => new Option(name, name)));
      choice.hidden = names.length < 2;
    }
    // The KPI that decided comes first; before that, the one whose evidence is nearest to its limit. What
    // the reader chose stays, and so does what is shown until something decides.
    const decided = series.data.kpis.find((each) => each.tests.some((test) => test.crossed));
    const nearness = (each) => Math.max(...each.tests.map((test) => (test.evidence.at(-1) ?? -9) - test.threshold));
    if (!picked && decided) chosen = decided.kpi;
    chosen ||= [...series.data.kpis].sort((a, b) => nearness(b) - nearness(a))[0]?.kpi ?? "";
    choice.value = chosen;
  }

  function draw({ anew = false } = {}) {
    if (held || !series.data?.total || !series.data.kpis.length) return;
    root.hidden = false;
    offer();
    const { at } = series.data;
    reader.long = at.at(-1) - at[0] > 20 * 3600;
    // Within a few seconds one second would stand at several lines of the axis.
    reader.short = at.at(-1) - at[0] < 6;
    const shown = { ...look(root, reader), points: words.pointsShort };
    for (const box of boxes) {
      const made = plots[box.dataset.chart](series.data, kpi(), shown);
      box.hidden = made === null;
      if (made === null) continue;
      const [options, columns] = made;
      const place = box.querySelector(".chart");
      const top = box.querySelector("details").scrollTop;
      drawn.get(box)?.destroy();
      drawn.set(box, new uPlot({ ...options, width: Math.max(240, place.clientWidth) }, columns, place));
      place.setAttribute("role", "img");
      place.setAttribute("aria-label", `${words[box.dataset.chart]}: ${kpi().kpi}`);
      fill(box);
      box.querySelector("details").scrollTop = top;
    }
    if (anew) root.dataset.drawn = "";
  }

  // What comes several times a second is drawn once a second at most: a crosshair must stay readable.
  let waiting = false;
  const soon = () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => { waiting = false; draw(); }, 700);
  };

  choice.addEventListener("change", () => { chosen = choice.value; picked = true; draw(); });
  hold.addEventListener("click", async () => {
    held = !held;
    hold.setAttribute("aria-pressed", String(held));
    hold.textContent = held ? words.resumeLive : words.pauseLive;
    if (!held && (await series.whole())) draw();
  });
  document.addEventListener("gonogo:data", async (event) => {
    const { region, data } = event.detail ?? {};
    if (region !== `release-rollout:${root.dataset.release}` || !data) return;
    if (await series.grow(data)) soon();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
  let width = 0;
  new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    for (const [box, chart] of drawn) chart.setSize({ width: Math.max(240, box.querySelector(".chart").clientWidth), height: plots.HEIGHT });
  }).observe(root);
  series.whole().then((found) => found && draw({ anew: true }));
}

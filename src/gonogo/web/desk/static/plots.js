// The charts of a canary, each as options and columns for uPlot. Pure but for the canvas they draw on.
// One time axis and crosshair for all but the times to answer; gaps break lines and are hatched; stage
// changes and what people did are vertical lines.
import uPlot from "./vendor/uplot.js";

export const HEIGHT = 190;
const FIRST = 10; // events an arm needs before its share is shown: one event says 0 or 100 %

const stepped = uPlot.paths.stepped({ align: 1 });
const times = (values, factor) => values.map((value) => (value === null ? null : value * factor));
const shares = (counts) => counts.map((each) => (each && each[1] >= FIRST ? (100 * each[0]) / each[1] : null));
const span = (columns, ...more) => {
  const found = [...columns.flat(), ...more].filter((value) => Number.isFinite(value));
  return found.length ? [Math.min(...found), Math.max(...found)] : [0, 1];
};

function hatch(colour) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.strokeStyle = colour;
  pen.globalAlpha = 0.35;
  pen.beginPath();
  pen.moveTo(0, 8); pen.lineTo(8, 0);
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}

const inside = (u, draw) => {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx, bbox);
  ctx.restore();
};

const across = (u, ctx, bbox, y, colour, dash) => {
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash(dash.map((each) => each * devicePixelRatio));
  ctx.beginPath();
  ctx.moveTo(bbox.left, y); ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.setLineDash([]);
};

// What every chart over time has behind and above its lines.
function backdrop(data, look) {
  return (u) => inside(u, (ctx, bbox) => {
    ctx.fillStyle = hatch(look.soft);
    for (const [from, to] of data.gaps) {
      const left = u.valToPos(from, "x", true);
      ctx.fillRect(left, bbox.top, Math.max(2, u.valToPos(to, "x", true) - left), bbox.height);
    }
    for (const [at, kind] of data.marks ?? []) {
      const x = u.valToPos(at, "x", true);
      ctx.strokeStyle = kind === "judge" ? look.harm : kind === "person" ? look.accent : look.hairStrong;
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash(kind === "stage" ? [] : [4 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.setLineDash([]);
      if (kind !== "person") continue;
      ctx.fillStyle = look.accent;
      ctx.beginPath();
      ctx.arc(x, bbox.top + 5 * devicePixelRatio, 3 * devicePixelRatio, 0, 7);
      ctx.fill();
    }
  });
}

function overTime(data, look, options) {
  const axis = { stroke: look.soft, grid: { stroke: look.hair, width: 1 }, ticks: { stroke: look.hair, width: 1 }, font: look.font };
  return {
    width: 600, height: HEIGHT, legend: { show: false }, padding: [8, 26, 0, 0],
    cursor: { sync: { key: "release" }, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: false, range: (_, low, high) => (low === high ? [low - 1, high + 1] : [low, high + 0.03 * (high - low)]) }, y: { range: () => options.range } },
    axes: [
      { ...axis, values: (_, splits) => splits.map(look.clock), space: 70, size: 34 },
      { ...axis, values: (_, splits) => splits.map(options.write), size: 76 },
    ],
    series: [{}, ...options.series],
    bands: options.bands,
    hooks: { drawClear: [backdrop(data, look), ...(options.behind ?? [])], draw: options.above ?? [] },
  };
}

// Canary − baseline in points, with the band that holds at every look; beyond the dotted line is harm.
export function difference(data, kpi, look) {
  const columns = [times(kpi.low, 100), times(kpi.high, 100), times(kpi.estimate, 100), times(kpi.tolerated, 100)];
  const middle = [columns[2], columns[3]];
  const [least, most] = span(middle, 0);
  const [low, high] = span(columns.slice(0, 2), 0);
  const room = Math.max(1, (most - least) * 3);
  const range = [Math.max(low, least - room) - 0.05 * room, Math.min(high, most + room) + 0.05 * room];
  const harmful = (u) => inside(u, (ctx, bbox) => {
    ctx.fillStyle = hatch(look.harm);
    ctx.beginPath();
    let begun = false;
    u.data[4].forEach((value, index) => {
      if (value === null) return;
      const x = u.valToPos(u.data[0][index], "x", true);
      if (!begun) ctx.moveTo(x, bbox.top);
      begun = true;
      ctx.lineTo(x, Math.max(bbox.top, u.valToPos(value, "y", true)));
    });
    if (!begun) return;
    ctx.lineTo(u.valToPos(u.data[0].at(-1), "x", true), bbox.top);
    ctx.fill();
    across(u, ctx, bbox, u.valToPos(0, "y", true), look.hairStrong, []);
  });
  const options = overTime(data, look, {
    range, write: (value) => look.measured(value, look.points),
    series: [
      { stroke: look.accent, width: 0.5, points: { show: false } },
      { stroke: look.accent, width: 0.5, points: { show: false } },
      { stroke: look.accent, width: 2, points: { show: false } },
      { stroke: look.harm, width: 1.5, dash: [2, 4], points: { show: false }, paths: stepped },
    ],
    bands: [{ series: [2, 1], fill: look.band }],
    behind: [harmful],
  });
  return [options, [data.at, ...columns]];
}

// log10 e of each test with the line it must not reach; the first crossing keeps its mark.
export function evidence(data, kpi, look) {
  const columns = kpi.tests.map((test) => test.evidence);
  const limits = kpi.tests.map((test) => test.threshold);
  const tops = kpi.tests.map((test) => test.crossed?.[1] ?? 0);
  const [low, high] = span(columns, -0.5, 0, ...limits.map((limit) => limit * 1.2), ...tops);
  const above = (u) => inside(u, (ctx, bbox) => {
    kpi.tests.forEach((test) => {
      across(u, ctx, bbox, u.valToPos(test.threshold, "y", true), look.harm, [2, 4]);
      if (!test.crossed) return;
      const [x, y] = [u.valToPos(test.crossed[0], "x", true), u.valToPos(test.crossed[1], "y", true)];
      ctx.fillStyle = look.paper;
      ctx.beginPath(); ctx.arc(x, y, 7 * devicePixelRatio, 0, 7); ctx.fill();
      ctx.fillStyle = look.harm;
      ctx.beginPath(); ctx.arc(x, y, 4.5 * devicePixelRatio, 0, 7); ctx.fill();
    });
  });
  const options = overTime(data, look, {
    range: [low - 0.04 * (high - low), high], write: (value) => look.number(value), above: [above],
    series: kpi.tests.map((test) => ({ stroke: look.accent, width: 2, dash: test.test === "absolute" ? [6, 4] : [], points: { show: false }, paths: stepped })),
  });
  return [options, [data.at, ...columns]];
}

// Planned share as steps; observed share as bars within the band where it is expected.
export function exposure(data, _, look) {
  const planned = times(data.planned, 100);
  const [, high] = span([planned], ...data.exposure.flatMap((group) => [group[3] * 100, group[5] * 100]), 1);
  const groups = (u) => inside(u, (ctx) => {
    for (const [from, to, , observed, low, most] of data.exposure) {
      const [left, right] = [u.valToPos(from, "x", true), u.valToPos(to, "x", true)];
      const top = u.valToPos(most * 100, "y", true);
      ctx.fillStyle = look.band;
      ctx.fillRect(left, top, Math.max(1, right - left), u.valToPos(low * 100, "y", true) - top);
      ctx.strokeStyle = look.ink;
      ctx.lineWidth = 2 * devicePixelRatio;
      const y = u.valToPos(observed * 100, "y", true);
      ctx.beginPath(); ctx.moveTo(left, y); ctx.lineTo(right, y); ctx.stroke();
    }
  });
  const options = overTime(data, look, {
    range: [0, Math.min(100, high * 1.1)], write: (value) => look.share(value / 100), behind: [groups],
    series: [{ stroke: look.accent, width: 2, points: { show: false }, paths: stepped }],
  });
  return [options, [data.at, planned]];
}

// Both arms as they were counted.
export function raw(data, kpi, look) {
  const columns = [shares(kpi.canary), shares(kpi.baseline)];
  const [, high] = span(columns, 0.1);
  const options = overTime(data, look, {
    range: [0, Math.min(100, high * 1.15)], write: (value) => look.share(value / 100),
    series: [
      { stroke: look.accent, width: 2, points: { show: false } },
      { stroke: look.baseline, width: 2, dash: [6, 4], points: { show: false } },
    ],
  });
  return [options, [data.at, ...columns]];
}

// Share of requests answered within a time, on a logarithmic axis, with bands. Null before any was timed.
// A router tells whole milliseconds: 0 is "less than one", and a logarithmic axis has no place for it.
const FASTEST = 0.0005;

// 1, 2 and 5 of every power of ten: the library's own marks need an axis that begins at a power of ten.
function rungsBetween(_u, _axis, low, high) {
  const first = Math.floor(Math.log10(low));
  const found = [];
  for (let power = first; 10 ** power <= high; power += 1) {
    for (const each of [1, 2, 5]) {
      const at = Number(`${each}e${power}`);
      if (at >= low && at <= high) found.push(at);
    }
  }
  return found.length <= 8 ? found : found.filter((at) => String(at / 10 ** Math.floor(Math.log10(at) + 1e-9)).startsWith("1"));
}

export function latency(data, _, look) {
  const arms = ["canary", "baseline"].filter((arm) => data.latency?.[arm]?.rungs.length > 1);
  if (arms.length === 0) return null;
  const tables = arms.map((arm) => {
    const { rungs } = data.latency[arm];
    return [rungs.map((rung) => Math.max(rung[0], FASTEST)), ...[1, 2, 3].map((place) => rungs.map((rung) => (rung[place] === null ? null : rung[place] * 100)))];
  });
  const columns = uPlot.join(tables);
  const [low, high] = [columns[0][0], columns[0].at(-1)];
  const colours = { canary: look.accent, baseline: look.baseline };
  const axis = { stroke: look.soft, grid: { stroke: look.hair, width: 1 }, ticks: { show: false }, font: look.font };
  const line = (arm, width) => ({ stroke: colours[arm], width, dash: arm === "baseline" ? [6, 4] : [], points: { show: false }, spanGaps: true, paths: stepped });
  return [{
    width: 600, height: HEIGHT, legend: { show: false }, padding: [8, 26, 0, 0],
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: false, distr: 3, range: [low, high > low ? high : low * 10] }, y: { range: [0, 100] } },
    axes: [
      { ...axis, splits: rungsBetween, filter: (_u, splits) => splits, values: (_u, splits) => splits.map((each) => (each === null ? "" : look.milliseconds(each))), size: 34 },
      { ...axis, values: (_u, splits) => splits.map((each) => look.share(each / 100)), size: 76 },
    ],
    series: [{}, ...arms.flatMap((arm) => [line(arm, 2), line(arm, 0.5), line(arm, 0.5)])],
    bands: arms.map((arm, index) => ({ series: [3 * index + 3, 3 * index + 2], fill: arm === "canary" ? look.band : look.baselineBand })),
  }, columns];
}

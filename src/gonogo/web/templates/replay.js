"use strict";
// The replay and the shared crosshair of each chapter. Without it the page is whole but still.
for (const chapter of document.querySelectorAll("[data-replay]")) {
  const points = JSON.parse(chapter.querySelector("script[type='application/json']").textContent);
  const control = chapter.querySelector(".replay");
  if (points.length === 0 || !control) continue;
  const slider = control.querySelector("input");
  const button = control.querySelector("button");
  const cells = [...control.querySelectorAll("[data-cell]")];
  const rows = [...control.querySelectorAll("tbody tr")];
  const charts = [...chapter.querySelectorAll("svg.time")];
  const last = points.length - 1;
  let timer = null;

  const show = (index, veiled, crossed = true) => {
    const [x, time, share, verdict, kpis] = points[index];
    for (const chart of crossed ? charts : []) {
      const cross = chart.querySelector(".cross");
      cross.classList.add("on");
      cross.setAttribute("x1", x + "%");
      cross.setAttribute("x2", x + "%");
      chart.querySelector(".veil").setAttribute("x", (veiled ? x : 100) + "%");
    }
    [time, share, verdict].forEach((text, place) => { cells[place].textContent = text; });
    rows.forEach((row, place) => kpis[place].forEach((text, column) => {
      row.cells[column + 1].textContent = text;
    }));
    slider.value = index;
    slider.setAttribute("aria-valuetext", time + ", " + verdict);
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    button.textContent = "▶ Replay";
  };
  const nearest = (x) => {
    let low = 0;
    let high = last;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (points[middle][0] <= x) low = middle; else high = middle - 1;
    }
    return low;
  };

  slider.max = last;
  control.hidden = false;
  show(last, false, false);
  slider.addEventListener("input", () => { stop(); show(Number(slider.value), true); });
  button.addEventListener("click", () => {
    if (timer !== null) { stop(); return; }
    let index = Number(slider.value) >= last ? 0 : Number(slider.value);
    button.textContent = "‖ Pause";
    timer = setInterval(() => {
      show(index, index < last);
      if (index >= last) stop(); else index += 1;
    }, Math.max(25, 8000 / points.length));
  });
  for (const chart of charts) {
    chart.addEventListener("pointermove", (event) => {
      if (timer !== null) return;
      const place = chart.getBoundingClientRect();
      show(nearest((event.clientX - place.left) / place.width * 100), false);
    });
  }
}

// What one visitor sees differently of the board that all share: rows that wait for them come first, rows
// that their filter leaves out are hidden. The same rules stand in pages/board.py, for the first paint.
const form = document.getElementById("filters");
const roles = new Set(form.dataset.roles.split(" ").filter(Boolean));
const digits = document.documentElement.dataset.digits === "persian" ? "arabext" : "latn";
const numbers = new Intl.NumberFormat(document.documentElement.lang, { numberingSystem: digits });

const needsMe = (row) => (row.dataset.asks ?? "").split(" ").some((role) => roles.has(role));

function fits(row) {
  const { service, state, needs } = form.elements;
  if (!row.dataset.service.toLowerCase().includes(service.value.trim().toLowerCase())) return false;
  if (row.dataset.state === undefined) return true; // a service: only its name is asked for
  return (!state.value || row.dataset.state === state.value) && (!needs.checked || needsMe(row));
}

function arrange(content) {
  for (const list of content.querySelectorAll("[data-lifted]")) {
    const mine = [...list.children].filter(needsMe);
    if (mine.some((row, place) => list.children[place] !== row)) list.prepend(...mine);
  }
  for (const row of content.querySelectorAll("[data-row]")) {
    row.hidden = !fits(row);
    row.toggleAttribute("data-mine", needsMe(row));
  }
}

function count() {
  const rows = [...document.querySelectorAll("[data-row][data-state]")];
  const mine = rows.filter(needsMe).length;
  const link = document.getElementById("mine");
  link.hidden = mine === 0;
  link.querySelector("b").textContent = numbers.format(mine);
  document.getElementById("nothing-fits").hidden = rows.length === 0 || rows.some((row) => !row.hidden);
}

function filtered() {
  const chosen = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
  history.replaceState(null, "", chosen.size ? `/?${chosen}` : "/");
  arrange(document);
  count();
}

document.documentElement.classList.add("scripted");
document.addEventListener("gonogo:arrives", (event) => arrange(event.detail.content));
document.addEventListener("gonogo:shown", count);
form.addEventListener("input", filtered);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  filtered();
});
arrange(document); // a browser may have kept what was typed
count();

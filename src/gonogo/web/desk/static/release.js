// The release page as it changes: buttons follow the stage, links to a gate open what it is folded in,
// and a form that was refused keeps its text.
import "./forms.js";

function follow() {
  const state = document.getElementById("release-state");
  if (!state) return;
  const fitting = new Set(state.dataset.fitting.split(" "));
  let any = false;
  for (const act of document.querySelectorAll("[data-verb]")) {
    const fits = fitting.has(act.dataset.verb);
    // What somebody writes in is not taken from under their hands: sending it tells them why it is late.
    const busy = act.open && [...act.querySelectorAll("textarea, input[type=text]")].some((each) => each.value.trim());
    act.hidden = !fits && !busy;
    any ||= fits;
  }
  for (const field of document.querySelectorAll('[data-follows="seen"]')) {
    const act = field.closest("details");
    if (!act?.open) field.value = state.dataset.seen;
  }
  document.querySelector("[data-nothing]")?.toggleAttribute("hidden", any);
}

function reveal() {
  const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  const folded = target?.closest("details:not([open])");
  if (!folded) return;
  folded.open = true;
  target.scrollIntoView({ block: "center" });
}

const seen = new MutationObserver(follow);
const head = document.querySelector('[data-live^="release:"]');
if (head) seen.observe(head, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-seen", "data-fitting"] });
document.addEventListener("htmx:afterSettle", follow);
// Whoever opens a form has seen what the page shows at that moment, and answers for that.
document.addEventListener("toggle", (event) => {
  if (!event.target.matches?.("details.act")) return;
  if (event.target.open) {
    for (const other of document.querySelectorAll("details.act[open]")) if (other !== event.target) other.open = false;
    const state = document.getElementById("release-state");
    const field = event.target.querySelector('[data-follows="seen"]');
    if (state && field) field.value = state.dataset.seen;
    event.target.querySelector("textarea")?.focus({ preventScroll: true });
  } else follow();
}, true);
// Escape closes the form that one is in; what was typed stays in it.
document.addEventListener("keydown", (event) => {
  const act = event.key === "Escape" && !event.isComposing && event.target.closest?.("details.act[open]");
  if (!act) return;
  act.open = false;
  act.querySelector("summary")?.focus();
});
addEventListener("hashchange", reveal);
follow();
reveal();

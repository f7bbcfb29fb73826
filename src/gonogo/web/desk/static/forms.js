// Forms in place: a refusal is shown where the form stands; what is no page of ours (the session ended,
// the desk is away) is said beside the form, and nothing that was typed is lost.
const words = () => document.getElementById("form-words")?.dataset ?? {};

function tell(form, text) {
  let note = form.querySelector(".form-note");
  if (!note) {
    note = document.createElement("p");
    note.className = "form-note flash harm";
    note.setAttribute("role", "alert");
    form.prepend(note);
  }
  note.textContent = text;
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target, requestConfig } = event.detail;
  const form = requestConfig?.elt?.closest?.("form");
  if (!form || !target?.id) return;
  const there = new URL(xhr.responseURL, location.href);
  const elsewhere = xhr.status < 400 && there.pathname !== location.pathname;
  const ours = !elsewhere && xhr.responseText.includes(`id="${target.id}"`);
  event.detail.shouldSwap = ours;
  if (ours) event.detail.isError = false;
  else if (elsewhere) location.assign(there);
  else if (xhr.status === 401) location.reload(); // to the sign-in page, and back here with what was typed
  else tell(form, words().failed ?? "");
});
document.addEventListener("htmx:sendError", (event) => {
  const form = event.detail.elt?.closest?.("form");
  if (form) tell(form, words().away ?? "");
});

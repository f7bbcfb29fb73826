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
  const ours = xhr.responseText.includes(`id="${target.id}"`);
  event.detail.shouldSwap = ours;
  if (ours) event.detail.isError = false;
  else if (xhr.status === 401 || new URL(xhr.responseURL, location.href).pathname !== new URL(location.href).pathname) location.reload();
  else tell(form, words().failed ?? "");
});
document.addEventListener("htmx:sendError", (event) => {
  const form = event.detail.elt?.closest?.("form");
  if (form) tell(form, words().away ?? "");
});

// What is typed into a form stays in this browser's tab until it was sent: when the session ends or the
// page is closed in between, it is offered again after the next sign-in. Nothing secret is kept, and
// nothing that confirms (a typed version).
const PREFIX = "gonogo:draft:";
const LONGEST = 50_000;
const words = document.getElementById("form-words")?.dataset ?? {};

const place = (form) => `${PREFIX}${location.pathname}:${form.dataset.keeps}`;
const kept = (form) => [...form.elements].filter((each) =>
  each.name && each.name !== "typed" && !each.matches("[type=hidden], [type=password], [type=submit], button, fieldset"));

function remember(form) {
  const fields = {};
  for (const each of kept(form)) {
    if (each.matches("[type=checkbox], [type=radio]")) { if (each.checked) fields[each.name] = each.value; }
    else if (each.value !== each.defaultValue) fields[each.name] = each.value.slice(0, LONGEST);
  }
  try {
    if (Object.keys(fields).length) sessionStorage.setItem(place(form), JSON.stringify(fields));
    else sessionStorage.removeItem(place(form));
  } catch { /* a full or forbidden storage: the form itself still has what was typed */ }
}

function read(form) {
  try {
    return JSON.parse(sessionStorage.getItem(place(form)) ?? "null");
  } catch {
    return null;
  }
}

const differs = (form, fields) => kept(form).some((each) => each.name in fields
  && (each.matches("[type=checkbox], [type=radio]") ? each.value === fields[each.name] && !each.checked : each.value !== fields[each.name]));

function putBack(form, fields) {
  for (const each of kept(form)) {
    if (!(each.name in fields)) continue;
    if (each.matches("[type=checkbox], [type=radio]")) each.checked = each.value === fields[each.name];
    else each.value = fields[each.name];
  }
  form.closest("details")?.setAttribute("open", "");
}

function offer(form) {
  const fields = read(form);
  form.querySelector(".draft")?.remove();
  if (!fields || !differs(form, fields)) return;
  const note = document.createElement("p");
  note.className = "draft flash";
  note.append(words.offer ?? "", " ");
  for (const [label, act] of [[words.back, () => putBack(form, fields)], [words.forget, () => sessionStorage.removeItem(place(form))]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label ?? "";
    button.addEventListener("click", () => { act(); note.remove(); });
    note.append(button, " ");
  }
  form.prepend(note);
  form.closest("details")?.setAttribute("open", "");
}

const forget = (form) => sessionStorage.removeItem(place(form));
const offerAll = () => document.querySelectorAll("form[data-keeps]").forEach(offer);

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-keeps]");
  if (form) remember(form);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.requestConfig?.elt?.closest?.("form[data-keeps]");
  const { xhr } = event.detail;
  const here = xhr?.responseURL && new URL(xhr.responseURL, location.href).pathname === location.pathname;
  if (form && event.detail.successful && here) forget(form);
});
// Without htmx the page itself tells that a form was done: it names the receipt in its address.
const done = new URLSearchParams(location.search).get("done");
if (done) sessionStorage.removeItem(`${PREFIX}${location.pathname}:${done}`);
document.addEventListener("htmx:afterSettle", offerAll);
offerAll();

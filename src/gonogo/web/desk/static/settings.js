// How one reads is kept in the browser, so that a phone and a laptop may differ.
import { keep } from "./reader.js";

const form = document.getElementById("reading");
document.getElementById("zones").append(
  ...(Intl.supportedValuesOf?.("timeZone") ?? []).map((zone) => new Option(zone, zone)),
);
const before = form.elements.language.value;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const wanted = Object.fromEntries(new FormData(form));
  // Another language brings its own calendar and digits, unless these were changed too.
  if (wanted.language !== before) Object.assign(wanted, { calendar: "", digits: "" });
  keep(wanted);
  location.reload();
});

// Before anybody is known: choose a language, and tell the desk the browser's time zone.
import { keep, tellZone } from "./reader.js";

tellZone();

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    keep({ language: button.dataset.language, calendar: "", digits: "" });
    location.reload();
  });
}

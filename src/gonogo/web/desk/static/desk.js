// Loaded by every page: the CSRF token for htmx, the reader's time zone, dialogs, and the live connection.
import { watch } from "./live.js";
import { tellZone } from "./reader.js";

const csrf = document.querySelector('meta[name="csrf-token"]')?.content;
document.body.addEventListener("htmx:configRequest", (event) => {
  if (csrf) event.detail.headers["X-CSRF-Token"] = csrf;
});

tellZone();

// <button data-opens="id"> opens a <dialog>; <button data-closes> inside one closes it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  event.target.closest("[data-closes]")?.closest("dialog")?.close();
});

// On a phone the places may not all fit: the one that is shown does.
document.querySelector(".places [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

watch(document);

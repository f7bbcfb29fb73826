// Loaded by every page: the CSRF token for htmx, the reader's time zone, dialogs, and the live connection.
import { watch } from "./live.js";

const csrf = document.querySelector('meta[name="csrf-token"]')?.content;
document.body.addEventListener("htmx:configRequest", (event) => {
  if (csrf) event.detail.headers["X-CSRF-Token"] = csrf;
});

// The server renders times in the reader's zone; a browser that was never here says which that is.
const COOKIE = "gonogo_reader";
const kept = document.cookie.split("; ").find((each) => each.startsWith(`${COOKIE}=`));
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (!kept && zone && zone !== "UTC") {
  const value = encodeURIComponent(["", zone, "", "", ""].join("|"));
  document.cookie = `${COOKIE}=${value}; path=/; max-age=31536000; samesite=lax`;
  if (document.querySelector("time")) location.reload();
}

// <button data-opens="id"> opens a <dialog>; <button data-closes> inside one closes it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  event.target.closest("[data-closes]")?.closest("dialog")?.close();
});

watch(document);

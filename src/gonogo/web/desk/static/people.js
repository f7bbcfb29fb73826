// A link is shown whole, with the address that this browser knows the desk by.
for (const shown of document.querySelectorAll("[data-link]")) {
  shown.textContent = location.origin + shown.dataset.link;
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
  button.textContent = "✓";
});
document.addEventListener("submit", (event) => {
  const asks = event.submitter?.dataset.asks;
  if (asks && !confirm(asks)) event.preventDefault();
});

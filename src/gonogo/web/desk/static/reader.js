// How the reader reads, kept in a cookie that the desk renders by: language|zone|calendar|digits|theme.
const COOKIE = "gonogo_reader";
const NAMES = ["language", "zone", "calendar", "digits", "theme"];

export function kept() {
  const found = document.cookie.split("; ").find((each) => each.startsWith(`${COOKIE}=`));
  if (!found) return null;
  const values = decodeURIComponent(found.slice(COOKIE.length + 1)).split("|");
  return Object.fromEntries(NAMES.map((name, place) => [name, values[place] ?? ""]));
}

export function keep(changes) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  const all = { language: "", zone, calendar: "", digits: "", theme: "", ...kept(), ...changes };
  const value = encodeURIComponent(NAMES.map((name) => all[name]).join("|"));
  document.cookie = `${COOKIE}=${value}; path=/; max-age=31536000; samesite=lax`;
}

// The server renders times in the reader's zone; a browser that was never here says which that is.
export function tellZone() {
  if (kept()) return;
  keep({});
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const told = document.documentElement.dataset.zone;
  if (told && zone && zone !== told && kept()) location.reload();
}

// The live connection: keeps every `[data-live]` region of the page as the desk stores it.
// What pages can rely on stands in region.py; what is said over the wire in live.py.

const FIRST_RETRY = 500;
const LONGEST_RETRY = 8_000;
const POLL = 5_000;
const RETRY_WHILE_POLLING = 60_000;
const DROPPED = 3_000; // a connection that comes back sooner was never worth a banner
const CALM = 30_000; // a page that nobody looks at lets go of its connection after this
const PAUSED = "gonogo-live-paused";
const SIGNED_OUT = new Set([4401, 4403]);
const MISUNDERSTOOD = new Set([4400, 4404, 4413]); // another version of the desk: the page is too old

let socket = null;
let sequence = 0;
let beat = 10_000;
let heard = Date.now();
let dropped = 0; // since when there is no connection; 0: there is one
let failures = 0;
let retry = 0; // timers
let poll = 0;
let calm = 0;
let polled = false; // the last thing heard came by asking
let trouble = 0; // since when the desk cannot read what the page shows
let ended = ""; // the word for why nothing more will come
let believed = {}; // what the desk thinks the page has

export function watch(root) {
  const asked = watched();
  if (Object.keys(asked).length === 0 && !root.querySelector("#pause")) return;
  new MutationObserver(changed).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("visibilitychange", looked);
  window.addEventListener("online", () => connect());
  window.addEventListener("pagehide", () => socket?.close());
  window.addEventListener("pageshow", (event) => event.persisted && connect());
  document.getElementById("pause")?.addEventListener("click", () => (paused() ? resume() : pause()));
  setInterval(tell, 1_000);
  if (paused()) ask();
  else connect();
  tell();
}

// What the page shows: regions with the digest of what is there; "" where copies of one differ.
function watched() {
  const found = {};
  for (const region of document.querySelectorAll("[data-live]")) {
    const { live, seen = "" } = region.dataset;
    found[live] = live in found && found[live] !== seen ? "" : seen;
  }
  return found;
}

let looking = 0;
function changed() {
  looking ||= requestAnimationFrame(() => {
    looking = 0;
    const asked = watched();
    const names = Object.keys(asked);
    if (!socket && failures === 0) connect();
    const same = names.length === Object.keys(believed).length;
    if (!same || names.some((name) => asked[name] !== believed[name])) say(asked);
  });
}

function say(asked) {
  if (socket?.readyState !== WebSocket.OPEN) return;
  believed = asked;
  socket.send(JSON.stringify({ watch: asked, sequence }));
}

function connect() {
  clearTimeout(retry);
  if (socket || ended || paused() || Object.keys(watched()).length === 0) return;
  let answered = false;
  const opening = new WebSocket(`${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/live`);
  socket = opening;
  opening.addEventListener("open", () => say(watched()));
  opening.addEventListener("message", (event) => {
    answered = true;
    dropped = failures = 0;
    polled = false;
    clearTimeout(poll);
    hear(JSON.parse(event.data));
  });
  opening.addEventListener("close", (event) => {
    if (socket === opening) lost(event.code, answered);
  });
}

function lost(code, answered) {
  socket = null;
  dropped ||= Date.now();
  // A session gets a new secret now and then, which an open connection does not know: once more with it.
  if (SIGNED_OUT.has(code) && answered) return connect();
  if (SIGNED_OUT.has(code)) ended = "out";
  else if (MISUNDERSTOOD.has(code)) ended = "old";
  if (ended || paused() || document.hidden) return tell();
  failures += 1;
  // Many pages lose their desk at the same instant; they come back one by one.
  const longest = polled ? RETRY_WHILE_POLLING : Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** failures);
  retry = setTimeout(connect, longest * (0.5 + Math.random() / 2));
  if (failures === 3) ask();
}

// Where no WebSocket gets through: ask every few seconds for what differs.
async function ask() {
  clearTimeout(poll);
  const asked = Object.entries(watched()).map(([name, seen]) => ["watch", `${seen}~${name}`]);
  try {
    const answer = await fetch(`/live/regions?${new URLSearchParams(asked)}`, {
      headers: { "HX-Request": "true" }, // a part of a page: whoever is signed out is told so
      signal: AbortSignal.timeout(POLL * 2),
    });
    const signedOut = answer.status === 401 || answer.status === 403 || answer.redirected;
    if (signedOut) ended = "out";
    else if (!answer.ok) throw new Error(String(answer.status));
    else if (socket?.readyState !== WebSocket.OPEN) {
      const said = await answer.json();
      polled = true;
      hear(said);
      said.messages.forEach(hear);
    }
  } catch {
    polled = false;
  }
  tell();
  if (!ended && !paused() && !document.hidden && failures > 0) {
    poll = setTimeout(ask, POLL * (0.8 + Math.random() * 0.4));
  }
}

function hear(message) {
  heard = Date.now();
  if (message.sequence) sequence = Math.max(sequence, message.sequence);
  if (message.beat) beat = message.beat * 1_000;
  if ("trouble" in message) trouble = message.trouble ? trouble || heard : 0;
  if (message.region) show(message);
  tell();
}

function show(message) {
  believed[message.region] = message.seen ?? "";
  for (const region of document.querySelectorAll("[data-live]")) {
    if (region.dataset.live !== message.region) continue;
    if (message.gone) {
      region.dataset.gone = "";
      emit(region, "gonogo:gone", { region: message.region });
      continue;
    }
    if (region.dataset.seen !== message.seen) put(region, message);
    if (message.data !== null) {
      emit(region, "gonogo:data", { region: message.region, data: message.data, sequence: message.sequence });
    }
  }
}

function put(region, message) {
  const arrived = document.createElement("template");
  arrived.innerHTML = message.html;
  emit(region, "gonogo:arrives", { region: message.region, content: arrived.content });
  Idiomorph.morph(region, arrived.content, {
    morphStyle: "innerHTML",
    ignoreActiveValue: true,
    callbacks: {
      beforeAttributeUpdated: (name, node) => !(name === "open" && node.matches("details, dialog")),
      beforeNodeMorphed: (node) => !node.dataset || !("kept" in node.dataset),
    },
  });
  region.dataset.seen = message.seen;
  delete region.dataset.gone;
  window.htmx?.process(region);
  emit(region, "gonogo:shown", { region: message.region });
}

function emit(region, name, detail) {
  region.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}

// Somebody who reads slowly, or is made ill by movement, may stop the page; it says so until they go on.
function paused() {
  try {
    return Number(localStorage.getItem(PAUSED)) || 0;
  } catch {
    return 0;
  }
}

function pause() {
  localStorage.setItem(PAUSED, String(Date.now()));
  clearTimeout(retry);
  clearTimeout(poll);
  socket?.close();
  tell();
}

function resume() {
  localStorage.removeItem(PAUSED);
  awake();
}

function looked() {
  clearTimeout(calm);
  if (document.hidden) {
    calm = setTimeout(() => {
      clearTimeout(retry);
      clearTimeout(poll);
      socket?.close();
    }, CALM);
  } else awake();
}

function awake() {
  if (socket) return;
  if (ended === "out") ended = ""; // they may have signed in elsewhere
  failures = 0;
  dropped = Date.now();
  connect();
  tell();
}

// The banner and the heartbeat: one condition at a time, in words, with since when.
function condition() {
  const now = Date.now();
  if (ended) return [ended, heard];
  if (paused()) return ["paused", paused()];
  if (Object.keys(watched()).length === 0) return ["still", 0];
  if (polled && now - heard < POLL * 4) return trouble ? ["trouble", trouble] : ["polling", 0];
  if ((dropped && now - dropped > DROPPED) || now - heard > beat * 2.5) return ["lost", heard];
  if (trouble) return ["trouble", trouble];
  return ["live", 0];
}

function tell() {
  const [state, since] = condition();
  const banner = document.getElementById("stale");
  if (banner) {
    const word = banner.dataset[state] ?? "";
    const text = word && since ? `${word} ${banner.dataset.since.replace("{time}", clock(since))}` : word;
    if (banner.textContent !== text) banner.textContent = text;
    banner.hidden = text === "";
  }
  const pulse = document.getElementById("heartbeat");
  if (pulse) {
    pulse.dataset.state = state;
    const word = pulse.dataset[`${state}Word`] ?? "";
    const text = word && state === "live" ? `${word} · ${clock(heard)}` : word;
    if (pulse.textContent !== text) pulse.textContent = text;
  }
  const button = document.getElementById("pause");
  if (button) {
    const text = paused() ? button.dataset.resume : button.dataset.pause;
    if (button.textContent !== text) button.textContent = text;
    button.hidden = state === "still" || ended !== "";
  }
}

function clock(at) {
  const { zone, digits } = document.documentElement.dataset;
  return new Intl.DateTimeFormat(document.documentElement.lang || "en", {
    hour: "numeric", minute: "2-digit", second: "2-digit", hourCycle: "h23",
    timeZone: zone || "UTC", numberingSystem: digits === "persian" ? "arabext" : "latn",
  }).format(at);
}

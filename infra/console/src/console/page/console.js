// Script of the page. Names are untrusted input: they are set as text, never as markup, which the
// page's content security policy (Trusted Types) enforces.

const PAGE_SIZE = 6;
const SEARCH_AFTER = 150; // milliseconds without a keystroke
const RECONNECT_AFTER = 5000; // milliseconds
const CANARY_IS_OLD = 30; // seconds; it probes every ten
const PLACES = { "command-api": "MySQL", kafka: "Kafka", "query-api": "Redis", "search-api": "OpenSearch" };
const byId = (id) => document.getElementById(id);
const nameOf = (user) => `${user.first_name} ${user.last_name}`;
const announce = (text) => { byId("announcement").textContent = text; };

// --- requests -------------------------------------------------------------------------------------

/** Fetch; throws an Error whose message is the problem's title and detail. */
async function ask(path, options = {}) {
  const response = await fetch(path, options).catch(() => null);
  if (response === null) throw new Error("The console does not answer.");
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const said = [problem.title ?? `The console returned ${response.status}`, problem.detail].filter(Boolean);
  throw new Error(`${said.join(": ")}.`);
}

/** Yield the lines of a body as they arrive. */
async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    yield* parts;
  }
}

function tell(element, error) {
  element.textContent = error?.message ?? "";
  element.hidden = !error;
}

// --- a command and its propagation ----------------------------------------------------------------------

let newestJourney = 0;

/** Send a command; once command-api has accepted it, show its propagation. */
async function command(what, path, options) {
  const response = await ask(path, options);
  follow(what, response.body);
}

async function follow(what, body) {
  const number = ++newestJourney;
  const times = new Map();
  const update = (rest) => { if (number === newestJourney) showWay(what, times, rest); };
  update("waiting");
  try {
    for await (const line of lines(body)) {
      const stop = JSON.parse(line);
      times.set(stop.stop, stop);
      update("waiting");
      if (stop.stop === "query-api") loadList();
      if (stop.stop === "search-api") search();
    }
    update("no change");
  } catch {
    update("connection lost");
  }
  announce(`${what}. ${[...times.values()].map(spoken).join(", ")}.`);
}

/** Show the known stops, and `rest` for the others. */
function showWay(what, times, rest) {
  byId("journey-title").textContent = what;
  const longest = Math.max(...[...times.values()].map((stop) => stop.ms ?? 0));
  for (const item of byId("journey").children) {
    const stop = times.get(item.dataset.stop);
    const isPassed = stop?.ms !== undefined;
    item.dataset.state = isPassed ? "passed" : stop ? "missing" : rest === "waiting" ? "waiting" : "idle";
    item.querySelector(".time").textContent = isPassed ? `${stop.ms} ms` : stop ? `not seen: ${stop.missing}` : rest;
    item.querySelector(".bar").style.setProperty("--share", isPassed ? stop.ms / longest : 0);
  }
}

const spoken = ({ stop, ms }) => `${PLACES[stop]} ${ms === undefined ? "not seen" : `after ${ms} milliseconds`}`;

/** Handle a form's submission; ignore another one until the response has arrived. */
function onSend(form, problem, send) {
  let isBusy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    tell(problem);
    try {
      await send(Object.fromEntries(new FormData(form)));
    } catch (error) {
      tell(problem, error);
    }
    isBusy = false;
  });
}

// The key stays while the same form is sent again, so a retry after a timeout creates one user.
const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16)).join("");
const createForm = byId("create");
let key = newKey();
createForm.addEventListener("input", () => { key = newKey(); });

onSend(createForm, byId("create-problem"), async (names) => {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  await command(`Created ${nameOf(names)}`, "user", { method: "POST", headers, body: JSON.stringify(names) });
  createForm.reset();
  createForm.first_name.focus();
  key = newKey();
});

// --- rename and delete --------------------------------------------------------------------------

function open(dialog, user) {
  dialog.user = user;
  dialog.querySelector("bdi").textContent = nameOf(user);
  tell(dialog.querySelector(".problem"));
  for (const input of dialog.querySelectorAll("input")) input.value = user[input.name];
  dialog.showModal();
}

/** Set up a dialog that sends a command; `message` returns its title, and its body if any. */
function onConfirm(dialog, method, message) {
  dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
  onSend(dialog.querySelector("form"), dialog.querySelector(".problem"), async (names) => {
    const { user } = dialog;
    const headers = { "Content-Type": "application/json", "If-Match": `"${user.version}"` };
    const { what, body } = message(user, names);
    try {
      await command(what, `user/${user.id}`, { method, headers, body });
      dialog.close();
    } catch (error) {
      loadList(); // it may have another version by now
      search();
      throw error;
    }
  });
}

onConfirm(byId("rename"), "PATCH", (user, names) =>
  ({ what: `Renamed ${nameOf(user)} to ${nameOf(names)}`, body: JSON.stringify(names) }));
onConfirm(byId("delete"), "DELETE", (user) => ({ what: `Deleted ${nameOf(user)}` }));

// --- list and search ----------------------------------------------------------------------------

/** Show users; the focus stays on an item that stays, else moves to the heading. */
function showPeople(list, users, heading) {
  const focused = document.activeElement;
  const wasHere = list.contains(focused);
  const items = new Map([...list.children].map((item) => [item.dataset.id, item]));
  list.replaceChildren(...users.map((user) => person(items.get(user.id), user)));
  if (wasHere) (focused.isConnected ? focused : heading).focus();
}

function person(item, user) {
  const shown = item ?? byId("person").content.firstElementChild.cloneNode(true);
  shown.dataset.id = user.id;
  shown.querySelector("bdi").textContent = nameOf(user);
  const created = new Date(user.created_at).toLocaleString();
  shown.querySelector("small").textContent = `version ${user.version}, created ${created}`;
  for (const button of shown.querySelectorAll("button")) {
    button.ariaLabel = `${button.textContent} ${nameOf(user)}`;
    button.onclick = () => open(byId(button.dataset.deed), user);
  }
  return shown;
}

let listPath = `user?limit=${PAGE_SIZE}`;
let olderPath = null;

async function loadList() {
  try {
    const response = await ask(listPath);
    olderPath = /<\/([^>]+)>; rel="next"/.exec(response.headers.get("Link") ?? "")?.[1] ?? null;
    byId("older").disabled = olderPath === null;
    showPeople(byId("list"), await response.json(), byId("list-title"));
    tell(byId("list-problem"));
  } catch (error) {
    tell(byId("list-problem"), error);
  }
}

function turnTo(path) {
  listPath = path;
  loadList();
}

byId("older").addEventListener("click", () => turnTo(olderPath));
byId("newest").addEventListener("click", () => turnTo(`user?limit=${PAGE_SIZE}`));

let searching = new AbortController();

async function search() {
  searching.abort();
  searching = new AbortController();
  const { signal } = searching;
  const term = byId("search").q.value.trim();
  try {
    const found = term && await ask(`user/search?limit=${PAGE_SIZE}&q=${encodeURIComponent(term)}`, { signal });
    const users = found ? await found.json() : [];
    if (signal.aborted) return;
    const count = users.length < PAGE_SIZE ? users.length : `the best ${PAGE_SIZE}`;
    byId("search-count").textContent = term ? `${count} found` : "";
    showPeople(byId("results"), users, byId("search-title"));
    tell(byId("search-problem"));
  } catch (error) {
    if (!signal.aborted) tell(byId("search-problem"), error);
  }
}

let pause;
byId("search").addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(search, SEARCH_AFTER);
});
byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});

// --- status ------------------------------------------------------------------------------------

const rounded = (seconds) => seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;

/** Change the text only if it differs: a screen reader would announce it every two seconds. */
function figure(element, value, isGood = true) {
  const text = String(value);
  if (element.textContent !== text) element.textContent = text;
  element.dataset.state = isGood ? "good" : "bad";
}

function showFigures({ programs, projectors, connector, canary }) {
  for (const projector of projectors) {
    for (const cell of document.querySelectorAll(`[data-of="${projector.name}"]`)) {
      showCell(cell, projector);
    }
  }
  const parts = Object.entries(connector);
  const stopped = parts.filter(([, runs]) => !runs).map(([part]) => part);
  const state = stopped.length ? `stopped: ${stopped.join(", ")}` : parts.length ? "running" : "unknown";
  figure(byId("connector"), state, state === "running");
  const isFresh = canary !== null && canary < CANARY_IS_OLD;
  figure(byId("canary"), canary === null ? "unknown" : `succeeded ${Math.round(canary)} s ago`, isFresh);
  showPrograms(byId("programs"), programs);
}

function showCell(cell, { lag, dead_letters: letters, freshness }) {
  const { events = null, mean = null, within = null } = freshness ?? {};
  const value = { lag, letters, events, mean, within }[cell.dataset.figure];
  const isTime = cell.dataset.figure === "mean" || cell.dataset.figure === "within";
  if (value !== null) figure(cell, isTime ? rounded(value) : value, cell.dataset.figure !== "letters" || value === 0);
  else if (isTime && freshness) figure(cell, events ? "over 300 s" : "–", !events);
  else figure(cell, "unknown", false);
}

function showPrograms(list, programs) {
  while (list.children.length < programs.length) list.append(document.createElement("li"));
  programs.forEach(({ name, state, why }, place) => {
    figure(list.children[place], [`${name} ${state}`, why].filter(Boolean).join(": "), state === "ready");
  });
}

// A hidden page closes its stream: a browser opens only six connections to one origin.
let stream = null;

function watch() {
  stream?.close();
  stream = document.hidden ? null : new EventSource("figures");
  stream?.addEventListener("figures", (event) => {
    connected(true);
    showFigures(JSON.parse(event.data));
  });
  stream?.addEventListener("error", ({ target }) => {
    connected(false);
    // After an error response the browser does not reconnect by itself.
    if (target.readyState === EventSource.CLOSED) setTimeout(watch, RECONNECT_AFTER);
  });
}

function connected(isIt) {
  figure(byId("connection"), isIt ? "live" : "the console does not answer; reconnecting", isIt);
  byId("now").dataset.state = isIt ? "good" : "bad";
}

document.addEventListener("visibilitychange", watch);
watch();
loadList();

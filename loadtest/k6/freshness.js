// After the run: delay until a new user is in both views. A backlog left by the load shows here.
import { sleep } from "k6";
import { Trend } from "k6/metrics";
import { api } from "./api.js";

const GIVE_UP = 60_000; // ms
const freshness = new Trend("freshness_after_run", true);

export const FRESH = { freshness_after_run: ["max<2000"] };

const word = () => Array.from({ length: 20 }, () => String.fromCharCode(97 + Math.random() * 26)).join("");

/** Create a user with a unique name, and wait until search finds it. */
export function measureFreshness() {
  const last = word();
  const started = Date.now();
  const id = api.create("Fresh", last);
  api.visible(id);
  while (Date.now() - started < GIVE_UP && !(api.search(last, "fresh") || []).length) sleep(0.02);
  freshness.add(Date.now() - started);
}

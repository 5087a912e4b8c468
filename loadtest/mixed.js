// Mixed load for DURATION: RATE creates per second, twice as many searches, ten times as many reads of
// single users and of lists.
import { api, duration } from "./k6/api.js";
import { FRESH, measureFreshness } from "./k6/freshness.js";
import { names, term } from "./k6/users.js";

const rate = Number(__ENV.RATE || 20);

const every = (exec, times) => ({
  exec,
  executor: "constant-arrival-rate",
  rate: rate * times,
  duration: __ENV.DURATION || "60s",
  preAllocatedVUs: 50,
  maxVUs: 200,
});

export const options = {
  scenarios: {
    create: every("create", 1),
    search: every("search", 2),
    get: every("get", 10),
    list: every("list", 10),
  },
  thresholds: {
    checks: ["rate==1"],
    dropped_iterations: ["count==0"],
    [duration("create")]: ["p(95)<100"],
    [duration("search")]: ["p(95)<150"],
    [duration("get")]: ["p(95)<100"],
    [duration("list")]: ["p(95)<100"],
    ...FRESH,
  },
};

let id = null; // the newest user of this virtual user

export function create() {
  const created = api.create(...names());
  if (created !== null) api.visible(created);
}

export function get() {
  if (id === null) id = api.list(1)[0].id;
  api.get(id);
}

export function list() {
  api.list(50);
}

export function search() {
  api.search(term());
}

export const teardown = measureFreshness;

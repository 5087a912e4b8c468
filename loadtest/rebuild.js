// Load during a rebuild: 200 creates and 500 reads per second, of all kinds, until it is stopped.
import { api, duration } from "./k6/api.js";
import { anyOf, names, seeded, term } from "./k6/users.js";

const ids = seeded();

const every = (exec, rate) => ({
  exec,
  executor: "constant-arrival-rate",
  rate: Math.ceil(rate * Number(__ENV.SHARE || 1)),
  duration: __ENV.DURATION || "60s",
  preAllocatedVUs: 50,
  maxVUs: 200,
});

export const options = {
  scenarios: {
    create: every("create", 200),
    get: every("get", 350),
    list: every("list", 100),
    search: every("search", 50),
  },
  thresholds: {
    checks: ["rate==1"],
    [duration("create")]: ["p(99)<500"],
    [duration("get")]: ["p(99)<500"],
    [duration("list")]: ["p(99)<500"],
    [duration("search")]: ["p(99)<1000"],
  },
};

export function create() {
  api.create(...names());
}

export function get() {
  api.get(anyOf(ids));
}

export function list() {
  api.list(10);
}

export function search() {
  api.search(term());
}

// Creates at a steady rate (RATE per second for DURATION), each read back from query-api at its version;
// or, with RAMP_TO, at a rate that rises from RATE to RAMP_TO over DURATION, to find the saturation.
import { names } from "./k6/users.js";
import { api, duration } from "./k6/api.js";
import { FRESH, measureFreshness } from "./k6/freshness.js";

const rate = Number(__ENV.RATE || 50);
const time = __ENV.DURATION || "60s";
const callers = { preAllocatedVUs: 100, maxVUs: 400 };
const steady = { executor: "constant-arrival-rate", rate, duration: time, ...callers };
const ramp = {
  executor: "ramping-arrival-rate",
  startRate: rate,
  stages: [{ target: Number(__ENV.RAMP_TO), duration: time }],
  ...callers,
};

export const options = {
  scenarios: { create: __ENV.RAMP_TO ? ramp : steady },
  thresholds: {
    checks: ["rate==1"],
    dropped_iterations: ["count==0"],
    [duration("create")]: ["p(95)<100"],
    [duration("visible")]: ["p(95)<300"],
    ...FRESH,
  },
};

export default function () {
  const id = api.create(...names());
  if (id !== null) api.visible(id);
}

export const teardown = measureFreshness;

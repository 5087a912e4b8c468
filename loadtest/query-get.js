// Reads of single users, random ones of the file IDS, at a steady rate (RATE per second for DURATION).
import { api, duration } from "./k6/api.js";
import { anyOf, seeded } from "./k6/users.js";

const ids = seeded();

export const options = {
  scenarios: {
    get: {
      executor: "constant-arrival-rate",
      rate: Number(__ENV.RATE || 500),
      duration: __ENV.DURATION || "60s",
      preAllocatedVUs: 100,
      maxVUs: 400,
    },
  },
  thresholds: {
    checks: ["rate==1"],
    dropped_iterations: ["count==0"],
    [duration("get")]: ["p(95)<50"],
  },
};

export default function () {
  api.get(anyOf(ids));
}

// Realistic searches: names, prefixes, typing errors; at a steady rate (RATE per second for DURATION).
import { api, duration } from "./k6/api.js";
import { term } from "./k6/users.js";

export const options = {
  scenarios: {
    search: {
      executor: "constant-arrival-rate",
      rate: Number(__ENV.RATE || 50),
      duration: __ENV.DURATION || "60s",
      preAllocatedVUs: 50,
      maxVUs: 200,
    },
  },
  thresholds: {
    checks: ["rate==1"],
    dropped_iterations: ["count==0"],
    [duration("search")]: ["p(95)<100"],
  },
};

export default function () {
  api.search(term());
}

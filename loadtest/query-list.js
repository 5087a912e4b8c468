// Lists of the newest users, by clients that repeat their request at once: up to VUS (200) within half
// a minute, constant for DURATION, then down. The only closed model here: it is the peer's own test.
import { api, duration } from "./k6/api.js";

const vus = Number(__ENV.VUS || 200);
const limit = Number(__ENV.LIMIT || 10);

export const options = {
  scenarios: {
    list: {
      executor: "ramping-vus",
      stages: [
        { target: vus, duration: "30s" },
        { target: vus, duration: __ENV.DURATION || "60s" },
        { target: 0, duration: "10s" },
      ],
    },
  },
  thresholds: { checks: ["rate==1"], [duration("list")]: ["p(95)<250"] },
};

export default function () {
  api.list(limit);
}

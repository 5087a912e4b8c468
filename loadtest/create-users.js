// 50 creates a second for a minute (RATE, DURATION), each read back from query-api at its own version.
// A threshold that is not kept ends k6 with exit code 99.
import http from "k6/http";
import { check } from "k6";

const COMMAND = __ENV.COMMAND_API || "http://127.0.0.1:3000";
const QUERY = __ENV.QUERY_API || "http://127.0.0.1:3001";

export const options = {
  scenarios: {
    create: {
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
    "http_req_duration{name:create}": ["p(95)<100"],
    "http_req_duration{name:visible}": ["p(95)<300"],
  },
};

export default function () {
  const created = http.post(
    `${COMMAND}/user`,
    JSON.stringify({ first_name: "Load", last_name: "Test" }),
    { headers: { "Content-Type": "application/json" }, tags: { name: "create" } },
  );
  check(created, { "created": (answer) => answer.status === 201 });
  const visible = http.get(`${QUERY}/user/${created.json("id")}?min_version=1`, {
    tags: { name: "visible" },
  });
  check(visible, { "visible": (answer) => answer.status === 200 });
}

// HTTP and gRPC clients of the running system with one interface: TRANSPORT=http (default) or grpc.
// Each call returns its result, or null if the request failed; k6 counts failures.
import { check } from "k6";
import http from "k6/http";
import grpc from "k6/net/grpc";

const OFFSET = Number(__ENV.PORT_OFFSET || 0);
const address = (name, port) => __ENV[name] || `127.0.0.1:${port + OFFSET}`;
const HTTP = {
  command: address("COMMAND_API", 3000),
  query: address("QUERY_API", 3001),
  search: address("SEARCH_API", 3002),
};
const GRPC = {
  command: address("COMMAND_API_GRPC", 1234),
  query: address("QUERY_API_GRPC", 1235),
  search: address("SEARCH_API_GRPC", 1236),
};

const counted = (call, isRight) => check(null, { [call]: () => isRight });

// --- HTTP -----------------------------------------------------------------------------------------

const JSON_BODY = { "Content-Type": "application/json" };

function get(api, path, call) {
  const response = http.get(`http://${HTTP[api]}${path}`, { tags: { call, name: call } });
  return counted(call, response.status === 200) ? response.json() : null;
}

const overHttp = {
  create(first, last) {
    const response = http.post(
      `http://${HTTP.command}/user`,
      JSON.stringify({ first_name: first, last_name: last }),
      { headers: JSON_BODY, tags: { call: "create", name: "create" } },
    );
    return counted("create", response.status === 201) ? response.json("id") : null;
  },
  get: (id) => get("query", `/user/${id}`, "get"),
  visible: (id) => get("query", `/user/${id}?min_version=1`, "visible"),
  list: (limit) => get("query", `/user?limit=${limit}`, "list"),
  search: (term, call = "search") =>
    get("search", `/user/search?limit=10&q=${encodeURIComponent(term)}`, call),
};

// --- gRPC -----------------------------------------------------------------------------------------

const PROTO = import.meta.resolve("../../schemas/proto").replace("file://", "");
const clients = {};
const FILES = { command: "commands", query: "queries", search: "search" };
for (const [api, file] of Object.entries(FILES)) {
  clients[api] = new grpc.Client();
  clients[api].load([PROTO], `user/v1/${file}.proto`);
}
let isConnected = false; // of this virtual user

function invoke(api, method, request, call) {
  if (!isConnected) {
    for (const name of Object.keys(FILES)) clients[name].connect(GRPC[name], { plaintext: true });
    isConnected = true;
  }
  const response = clients[api].invoke(`user.v1.${method}`, request, { tags: { call } });
  return counted(call, response.status === grpc.StatusOK) ? response.message : null;
}

const overGrpc = {
  create(first, last) {
    const user = invoke(
      "command", "UserCommands/Create", { first_name: first, last_name: last }, "create",
    );
    return user && user.id;
  },
  get: (id) => invoke("query", "UserQueries/Get", { id }, "get"),
  visible: (id) => invoke("query", "UserQueries/Get", { id, min_version: 1 }, "visible"),
  list: (limit) => (invoke("query", "UserQueries/List", { limit }, "list") || {}).users,
  search: (term, call = "search") =>
    (invoke("search", "UserSearch/Search", { query: term, limit: 10 }, call) || {}).users,
};

const TRANSPORT = __ENV.TRANSPORT || "http";
if (TRANSPORT !== "http" && TRANSPORT !== "grpc") throw new Error("TRANSPORT is http or grpc");

export const api = TRANSPORT === "grpc" ? overGrpc : overHttp;

/** Return the name of the metric of a call's duration in milliseconds, as in thresholds. */
export const duration = (call) =>
  `${TRANSPORT === "grpc" ? "grpc_req_duration" : "http_req_duration"}{call:${call}}`;

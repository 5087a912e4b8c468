// Users that the scripts read. Seeded users (loadtest/seed.py) have names from these lists, too.
import { SharedArray } from "k6/data";

const NAMES = JSON.parse(open(import.meta.resolve("./names.json")));

const pick = (among) => among[Math.floor(Math.random() * among.length)];

export const names = () => [pick(NAMES.first), pick(NAMES.last)];

/** Return a search term: a name, a prefix, or a name with a typing error. */
export function term() {
  const name = pick(names());
  const kind = Math.random();
  if (kind < 0.5) return name;
  if (kind < 0.85) return name.slice(0, 3);
  return name.slice(0, 2) + name.slice(3);
}

/** Return the ids of existing users: those of the file IDS, which `make seed` writes. */
export const seeded = () => new SharedArray("ids", () => {
  try {
    return open(__ENV.IDS).trim().split("\n");
  } catch {
    throw new Error(`no file of ids (IDS=${__ENV.IDS || ""}): run make seed first`);
  }
});

export const anyOf = pick;

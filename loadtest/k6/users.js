// Whom the scripts ask for. Seeded users (loadtest/seed.py) are named from these lists, too.
import { SharedArray } from "k6/data";

const NAMES = JSON.parse(open(import.meta.resolve("./names.json")));

const pick = (among) => among[Math.floor(Math.random() * among.length)];

export const names = () => [pick(NAMES.first), pick(NAMES.last)];

/** What a person types: a name, its beginning, or a name with a typing error. */
export function term() {
  const name = pick(names());
  const kind = Math.random();
  if (kind < 0.5) return name;
  if (kind < 0.85) return name.slice(0, 3);
  return name.slice(0, 2) + name.slice(3);
}

/** Ids of users that are there: those of the file IDS, which `make seed` writes. */
export const seeded = () => new SharedArray("ids", () => {
  try {
    return open(__ENV.IDS).trim().split("\n");
  } catch {
    throw new Error(`there is no file of ids (IDS=${__ENV.IDS || ""}): run make seed first`);
  }
});

export const anyOf = pick;

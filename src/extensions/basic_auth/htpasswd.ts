import { type StoredPassword, storedPassword } from "../../kit/auth/password-hash.ts";

/**
 * The lines `name:password` of a file that `htpasswd` keeps, by name; the last of a name counts. Empty lines and those
 * that begin with `#` are left out. Throws where a line is none of these, with its number and nothing of what it holds.
 */
export function parseHtpasswd(text: string): ReadonlyMap<string, StoredPassword> {
  const byName = new Map<string, StoredPassword>();
  for (const [index, written] of text.split("\n").entries()) {
    const line = written.trim();
    if (line === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    if (colon < 1 || colon === line.length - 1) throw new Error(`line ${index + 1} is not name:password`);
    try {
      byName.set(line.slice(0, colon), storedPassword(line.slice(colon + 1)));
    } catch (error) {
      throw new Error(`line ${index + 1}: ${(error as Error).message}`, { cause: error });
    }
  }
  return byName;
}

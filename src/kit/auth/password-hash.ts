import { hash } from "node:crypto";

/**
 * Passwords as `htpasswd` and `openssl passwd` store them. What is stored says how: `$apr1$` and `$1$` (MD5-crypt),
 * `$5$` and `$6$` (https://www.akkadia.org/drepper/SHA-crypt.txt), `{SHA}`, or the password itself.
 */
export interface StoredPassword {
  /** What the password would be stored as, to be compared with `stored`. */
  readonly hashed: (password: string) => string;
  readonly stored: string;
}

/** More rounds than this would hold up everything else. 5000 are usual. */
const ROUNDS_MAX = 50_000;

/** Throws where it is of a kind that is not known here; never with what is stored in its message. */
export function storedPassword(stored: string): StoredPassword {
  const md5 = /^\$(apr1|1)\$([^$]{0,8})\$[./0-9A-Za-z]{22}$/.exec(stored);
  if (md5 !== null) {
    const [, kind, salt] = md5 as unknown as [string, string, string];
    return { stored, hashed: (password) => `$${kind}$${salt}$${md5Crypt(password, `$${kind}$`, salt)}` };
  }
  const sha = /^\$([56])\$(?:rounds=(\d+)\$)?([^$]{0,16})\$[./0-9A-Za-z]{43,86}$/.exec(stored);
  if (sha !== null) return shaPassword(stored, sha);
  if (/^\{SHA\}[A-Za-z0-9+/]{27}=$/.test(stored)) {
    return { stored, hashed: (password) => `{SHA}${hash("sha1", password, "base64")}` };
  }
  if (/^\$2[abxy]?\$/.test(stored)) throw new Error("bcrypt is not read here: openssl passwd -6 makes one that is");
  if (/^(\$[0-9a-z-]+\$|\{[A-Z0-9]+\})/i.test(stored)) throw new Error("the hash is of a kind that is not read here");
  return { stored, hashed: (password) => password };
}

function shaPassword(stored: string, parts: RegExpExecArray): StoredPassword {
  const [, kind, written, salt] = parts as unknown as [string, string, string | undefined, string];
  const algorithm = kind === "5" ? "sha256" : "sha512";
  const rounds = Math.max(written === undefined ? 5000 : Number(written), 1000);
  if (rounds > ROUNDS_MAX) throw new Error(`a hash of more than ${ROUNDS_MAX} rounds`);
  const prefix = `$${kind}$${written === undefined ? "" : `rounds=${rounds}$`}${salt}$`;
  return { stored, hashed: (password) => prefix + shaCrypt(password, { algorithm, rounds, salt }) };
}

function md5Crypt(text: string, magic: string, saltText: string): string {
  const [password, salt] = [Buffer.from(text), Buffer.from(saltText)];
  const md5 = (...parts: readonly Buffer[]) => hash("md5", Buffer.concat(parts), "buffer");
  const parts = [password, Buffer.from(magic), salt, filled(md5(password, salt, password), password.length)];
  for (let bits = password.length; bits > 0; bits >>= 1) parts.push((bits & 1) === 1 ? ZERO : password.subarray(0, 1));
  let digest = md5(...parts);
  for (let round = 0; round < 1000; round++) {
    const isOdd = (round & 1) === 1;
    digest = md5(
      isOdd ? password : digest,
      round % 3 === 0 ? NOTHING : salt,
      round % 7 === 0 ? NOTHING : password,
      isOdd ? digest : password,
    );
  }
  const groups = [0, 1, 2, 3, 4].map((first) => [first, first + 6, first === 4 ? 5 : first + 12]);
  return encoded(digest, [...groups, [11]]);
}

interface ShaOptions {
  readonly algorithm: "sha256" | "sha512";
  readonly rounds: number;
  readonly salt: string;
}

function shaCrypt(text: string, { algorithm, rounds, salt: saltText }: ShaOptions): string {
  const [password, salt] = [Buffer.from(text), Buffer.from(saltText)];
  const sha = (...parts: readonly Buffer[]) => hash(algorithm, Buffer.concat(parts), "buffer");
  const other = sha(password, salt, password);
  const parts = [password, salt, filled(other, password.length)];
  for (let bits = password.length; bits > 0; bits >>= 1) parts.push((bits & 1) === 1 ? other : password);
  let digest = sha(...parts);
  const passwords = filled(sha(...Array<Buffer>(password.length).fill(password)), password.length);
  const salts = filled(sha(...Array<Buffer>(16 + digest[0]!).fill(salt)), salt.length);
  for (let round = 0; round < rounds; round++) {
    const isOdd = (round & 1) === 1;
    digest = sha(
      isOdd ? passwords : digest,
      round % 3 === 0 ? NOTHING : salts,
      round % 7 === 0 ? NOTHING : passwords,
      isOdd ? digest : passwords,
    );
  }
  return encoded(digest, algorithm === "sha256" ? SHA256_GROUPS : SHA512_GROUPS);
}

const NOTHING = Buffer.alloc(0);
const ZERO = Buffer.alloc(1);

/** The digest again and again, until there are so many bytes. */
function filled(digest: Buffer, bytes: number): Buffer {
  return Buffer.alloc(bytes, digest);
}

const SHA256_GROUPS = [
  ...grouped([0, 10, 20], 10, ([first, second, third]) => [third + 1, first + 1, second + 1]),
  [31, 30],
];
const SHA512_GROUPS = [
  ...grouped([0, 21, 42], 21, ([first, second, third]) => [second + 1, third + 1, first + 1]),
  [63],
];

type Group = readonly [number, number, number];

function grouped(first: Group, count: number, next: (group: Group) => Group): readonly (readonly number[])[] {
  const groups = [first];
  while (groups.length < count) groups.push(next(groups.at(-1)!));
  return groups;
}

const LETTERS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Six bits a letter, the lowest first; the first byte of each group is its highest. */
function encoded(digest: Buffer, groups: readonly (readonly number[])[]): string {
  let text = "";
  for (const group of groups) {
    let bits = group.reduce((sum, index) => (sum << 8) | digest[index]!, 0);
    for (let letters = group.length + 1; letters > 0; letters--, bits >>= 6) text += LETTERS[bits & 63];
  }
  return text;
}

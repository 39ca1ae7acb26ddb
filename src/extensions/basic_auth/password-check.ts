import { hash, timingSafeEqual } from "node:crypto";
import type { Denial, ServerAuthenticator } from "../../component/capabilities.ts";
import type { StoredPassword } from "../../kit/auth/password-hash.ts";
import type { Clock } from "../../lib/clock.ts";

/** Hashing a password takes some milliseconds in which nothing else happens: so many may be wrong in a second. */
const GUESSES_PER_SECOND = 10;
/** Longer ones are wrong without being hashed. */
const PASSWORD_BYTES_MAX = 256;

/**
 * Lets in who presents a name and its password (RFC 7617). Passwords that were right are known again by a digest, so only
 * the first request of a sender has its password hashed; and who guesses cannot make everybody wait.
 */
export class PasswordCheck implements ServerAuthenticator {
  readonly #clock: Clock;
  /** Random, so that nobody can tell digests beforehand. */
  readonly #salt: string;
  #users: ReadonlyMap<string, StoredPassword> = new Map();
  #known = new Set<string>();
  #guesses = 0;
  #guessesSince = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, salt: string) {
    this.#clock = clock;
    this.#salt = salt;
  }

  /** These are let in from now on. */
  use(users: ReadonlyMap<string, StoredPassword>): void {
    this.#users = users;
    this.#known = new Set();
  }

  denies(header: (name: string) => string | undefined): Denial | undefined {
    const presented = basicOf(header("authorization"));
    if (presented === undefined) return NO_CREDENTIALS;
    const digest = hash("sha256", `${this.#salt}${presented}`);
    if (this.#known.has(digest)) return undefined;
    if (!this.#mayGuess()) return TOO_MANY_GUESSES;
    if (!this.#isRight(presented)) {
      this.#guesses++;
      return WRONG_CREDENTIALS;
    }
    this.#known.add(digest); // A name has one password, so there are never more than names.
    return undefined;
  }

  #mayGuess(): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#guessesSince >= 1000) {
      this.#guessesSince = now;
      this.#guesses = 0;
    }
    return this.#guesses < GUESSES_PER_SECOND;
  }

  #isRight(presented: string): boolean {
    const colon = presented.indexOf(":");
    const password = presented.slice(colon + 1);
    if (colon < 0 || Buffer.byteLength(password) > PASSWORD_BYTES_MAX) return false;
    const user = this.#users.get(presented.slice(0, colon));
    // Somebody's, so that it takes no less time to try a name that there is not.
    const { hashed, stored } = user ?? this.#users.values().next().value ?? NOBODY;
    const isEqual = timingSafeEqual(digestOf(hashed(password)), digestOf(stored));
    return isEqual && user !== undefined;
  }
}

const challenge = 'Basic realm="gostcol", charset="UTF-8"';
const NO_CREDENTIALS: Denial = { reason: "no_credentials", message: "a name and a password are asked for", challenge };
const WRONG_CREDENTIALS: Denial = {
  reason: "wrong_credentials",
  message: "the name or the password is wrong",
  challenge,
};
const TOO_MANY_GUESSES: Denial = { reason: "too_many_guesses", message: "too many wrong passwords: come again" };
const NOBODY: StoredPassword = { stored: "", hashed: (password) => password };

const digestOf = (text: string) => hash("sha256", text, "buffer");

/** `name:password` of an `Authorization: Basic …` header. */
function basicOf(authorization: string | undefined): string | undefined {
  const encoded = authorization === undefined ? undefined : /^basic +([A-Za-z0-9+/]+=*) *$/i.exec(authorization)?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8");
}

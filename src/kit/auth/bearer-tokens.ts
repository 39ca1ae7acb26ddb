import { hash } from "node:crypto";
import type { Secret } from "../../component/secret.ts";

/** Which of the configured tokens somebody presents. */
export interface BearerTokens<T> {
  /**
   * What belongs to the token, or undefined when it is none of ours. Takes the same time whichever matches, and whether
   * one does: that would tell a stranger how near a guess was.
   */
  match(presented: string | undefined): T | undefined;
}

/** One token and what its owner is allowed or is; where two are equal, the first counts. */
export interface TokenEntry<T> {
  readonly token: Secret;
  readonly value: T;
}

export function bearerTokens<T>(entries: readonly TokenEntry<T>[]): BearerTokens<T> {
  // Digests, for they all have one length; side by side, so that looking at all of them is one loop without branches.
  const digests = new Int32Array(entries.length * DIGEST_WORDS);
  for (const [index, { token }] of entries.entries()) digests.set(digestOf(token.reveal()), index * DIGEST_WORDS);

  return {
    match(presented) {
      const wanted = digestOf(presented ?? "");
      let found = 0;
      for (let entry = entries.length - 1; entry >= 0; entry--) {
        let difference = 0;
        for (let word = 0; word < DIGEST_WORDS; word++) {
          difference |= digests[entry * DIGEST_WORDS + word]! ^ wanted[word]!;
        }
        // All ones where the digests are equal, else zero.
        const equal = ((difference | -difference) >> 31) ^ -1;
        found = (equal & (entry + 1)) | (~equal & found);
      }
      return presented === undefined || presented === "" ? undefined : entries[found - 1]?.value;
    },
  };
}

/** The token of an `Authorization: Bearer …` header (RFC 6750, section 2.1; the scheme's case does not matter). */
export function bearerOf(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^bearer +(\S+) *$/i.exec(authorization)?.[1];
}

const DIGEST_WORDS = 8;

function digestOf(token: string): Int32Array {
  const bytes = hash("sha256", token, "buffer");
  const words = new Int32Array(DIGEST_WORDS);
  for (let word = 0; word < DIGEST_WORDS; word++) words[word] = bytes.readInt32LE(word * 4);
  return words;
}

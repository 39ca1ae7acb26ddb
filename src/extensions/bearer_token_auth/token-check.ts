import type { Denial, ServerAuthenticator } from "../../component/capabilities.ts";
import type { Secret } from "../../component/secret.ts";
import { type BearerTokens, bearerTokens } from "../../kit/auth/bearer-tokens.ts";

/** Lets in who presents one of the tokens, in this header and behind this scheme. */
export class TokenCheck implements ServerAuthenticator {
  readonly #header: string;
  /** In lower case, with the space behind it; empty where there is none. */
  readonly #scheme: string;
  readonly #challenge: string;
  #tokens: BearerTokens<true> = bearerTokens([]);

  constructor(header: string, scheme: string) {
    this.#header = header;
    this.#scheme = scheme === "" ? "" : `${scheme.toLowerCase()} `;
    this.#challenge = `${scheme || "Bearer"} realm="gostcol"`;
  }

  /** These are let in from now on. */
  use(tokens: readonly Secret[]): void {
    this.#tokens = bearerTokens(tokens.map((token) => ({ token, value: true as const })));
  }

  denies(header: (name: string) => string | undefined): Denial | undefined {
    const presented = this.#tokenOf(header(this.#header));
    if (this.#tokens.match(presented) !== undefined) return undefined;
    const challenge = this.#challenge;
    return presented === undefined
      ? { reason: "no_credentials", message: "a token is asked for", challenge }
      : { reason: "wrong_credentials", message: "the token is not one of those that are let in", challenge };
  }

  #tokenOf(value: string | undefined): string | undefined {
    // The scheme's case does not matter (RFC 9110, section 11.1).
    if (value?.slice(0, this.#scheme.length).toLowerCase() !== this.#scheme) return undefined;
    return value.slice(this.#scheme.length).trimStart() || undefined;
  }
}

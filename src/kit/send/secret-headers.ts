import { CLIENT_AUTHENTICATOR } from "../../component/capabilities.ts";
import type { Deps } from "../../component/component.ts";
import type { Secret } from "../../component/secret.ts";
import { SendError } from "./send-error.ts";
import type { PartialSuccess } from "./sender.ts";

/** Shorter words are in too many texts that have nothing to do with a secret. */
const SECRET_LENGTH_MIN = 4;

export interface SecretHeadersConfig {
  readonly headers: Readonly<Record<string, Secret>>;
  readonly auth?: { readonly authenticator: string } | undefined;
}

/** What a request says of who sends it, by lower-case name: the configured headers, and those of the authenticator. */
export function secretHeaders(
  { headers, auth }: SecretHeadersConfig,
  { extension }: Pick<Deps, "extension">,
): () => Promise<Readonly<Record<string, string>>> {
  const own = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.reveal()]));
  return async () =>
    auth === undefined ? own : { ...own, ...(await extension(auth.authenticator, CLIENT_AUTHENTICATOR).headers()) };
}

/**
 * Lets a backend's words through to logs and dead letters, without what it was sent in secret: some backends repeat the
 * token that they refuse.
 */
export async function discreet(
  attempt: Promise<PartialSuccess | undefined>,
  secrets: Readonly<Record<string, string>>,
): Promise<PartialSuccess | undefined> {
  try {
    const partial = await attempt;
    return partial && { ...partial, message: withoutSecrets(partial.message, secrets) };
  } catch (thrown) {
    const { kind, reason, message, retryAfterMs, isTooLarge, cause } = SendError.from(thrown);
    throw new SendError(kind, reason, withoutSecrets(message, secrets), { retryAfterMs, isTooLarge, cause });
  }
}

function withoutSecrets(text: string, secrets: Readonly<Record<string, string>>): string {
  return Object.values(secrets)
    .flatMap((value) => [value, ...value.split(/\s+/).slice(1)]) // `Bearer TOKEN` may come back without its first word.
    .filter((word) => word.length >= SECRET_LENGTH_MIN)
    .reduce((shown, word) => shown.replaceAll(word, "[REDACTED]"), text);
}

import { createHash, createHmac } from "node:crypto";
import type { Secret } from "../../component/secret.ts";

/**
 * Standard Webhooks (https://www.standardwebhooks.com): `webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over
 * `ID.TIMESTAMP.BODY`, with `webhook-id` and `webhook-timestamp` (seconds since the epoch) beside it.
 */
export type Sign = (body: Uint8Array, nowMs: number) => Readonly<Record<string, string>>;

const PREFIX = "whsec_";
const ID_CHARACTERS = 32;

/** The key that a secret stands for; undefined where what is behind `whsec_` is no base64. */
export function keyOf(secret: Secret): Buffer | undefined {
  const text = secret.reveal();
  if (!text.startsWith(PREFIX)) return Buffer.from(text);
  const base64 = text.slice(PREFIX.length);
  const key = Buffer.from(base64, "base64");
  return key.length > 0 && key.toString("base64").replace(/=+$/, "") === base64.replace(/=+$/, "") ? key : undefined;
}

/**
 * The headers of a request with this body, before its compression. The id is made of the body, so a repeat has the same
 * one, after a restart too, and whoever receives it can tell. Without a key there is no signature.
 */
export function signer(key: Buffer | undefined): Sign {
  return (body, nowMs) => {
    const id = `msg_${createHash("sha256").update(body).digest("hex").slice(0, ID_CHARACTERS)}`;
    const timestamp = String(Math.floor(nowMs / 1000));
    const names = { "webhook-id": id, "webhook-timestamp": timestamp };
    if (key === undefined) return names;
    return { ...names, "webhook-signature": signatureOf(key, { id, timestamp, body }) };
  };
}

export interface Signed {
  readonly id: string;
  readonly timestamp: string;
  readonly body: Uint8Array;
}

export function signatureOf(key: Buffer, { id, timestamp, body }: Signed): string {
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64")}`;
}

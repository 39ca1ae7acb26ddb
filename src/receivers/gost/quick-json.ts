import { viewOf } from "../../lib/view-of.ts";
import { COUNTS } from "./counts.ts";
import { Literal, literal } from "./literal.ts";
import type { Signature } from "./node.ts";

/** A report that was recognised: for each event who it is about, and its counts in the order of `COUNTS`. */
export interface QuickEvents {
  /** The report's bytes. */
  readonly view: DataView;
  readonly signatures: readonly Signature[];
  readonly counts: readonly (readonly number[])[];
}

/**
 * Reads a report of the one form in which GOST's encoder writes stats, in less than half the time of `JSON.parse` and
 * without an object for each event:
 *
 *     {"events":[{"kind":"handler","service":"S","client":"C","type":"stats","stats":{"totalConns":N,…,"totalErrs":N}},…]}
 *
 * What stands before `","type"` is an event's signature: names are read from it once, and it is recognised from then on.
 * Anything in a report that is not exactly of this form (another order of members, a space, a status event, a count of
 * more than 15 digits) gives undefined, and the whole report goes through `JSON.parse`; so for every body the two ways
 * say the same, which a property test holds them to.
 *
 * `known` are the signatures of the report's node by their hash; where `mayMeet` is false, a new one gives undefined.
 */
export function readQuickly(
  body: Uint8Array,
  known: ReadonlyMap<number, Signature>,
  mayMeet: boolean,
): QuickEvents | undefined {
  const view = viewOf(body);
  if (!OPENING.isAt(view, 0)) return undefined;
  const signatures: Signature[] = [];
  const counts: number[][] = [];
  let at = OPENING.length;
  /** The event before, if this one may be of the same service: then their signatures are the same up to the client. */
  let neighbour: Signature | undefined;
  for (;;) {
    // The signature: up to the first place where the fixed text behind it begins.
    const limit = Math.min(body.length, at + SIGNATURE_BYTES_MAX);
    let hash = neighbour === undefined ? body[at + KIND_AT]! : neighbour.clientHash;
    let end = at + (neighbour === undefined ? NAMES_AT : neighbour.clientAt);
    for (; end < limit; end++) {
      const byte = body[end]!;
      if (byte === QUOTE && body[end + 3] === LOWER_T && BEHIND_SIGNATURE.isAt(view, end)) break;
      hash = Math.imul(hash ^ byte, HASH_FACTOR);
    }
    let signature = end < limit ? known.get(hash) : undefined;
    if (signature === undefined || signature.text.length !== end - at || !signature.text.isAt(view, at)) {
      if (neighbour !== undefined) {
        neighbour = undefined; // It is of another service, or new.
        continue;
      }
      if (end >= limit) return undefined;
      signature = mayMeet ? readSignature(body.subarray(at, end), hash) : undefined;
      if (signature === undefined) return undefined;
    }
    signatures.push(signature);
    neighbour = signature;
    at = end + BEHIND_SIGNATURE.length;

    // The counts, as JSON has numbers: digits without a leading zero.
    const ofEvent = COUNT_LIST.slice();
    for (let index = 0; ; index++) {
      const start = at;
      let count = body[at++]! - ZERO;
      if (!(count >= 0 && count <= 9)) return undefined;
      if (count > 0) {
        for (; ; at++) {
          const digit = body[at]! - ZERO;
          if (!(digit >= 0 && digit <= 9)) break;
          count = count * 10 + digit;
        }
        if (at - start > EXACT_DIGITS_MAX) return undefined;
      }
      ofEvent[index] = count;
      if (index === SEPARATORS.length) break;
      const separator = SEPARATORS[index]!;
      if (!separator.isAt(view, at)) return undefined;
      at += separator.length;
    }
    counts.push(ofEvent);

    if (body[at] !== BRACE || body[at + 1] !== BRACE) return undefined;
    at += 2;
    if (body[at] === COMMA) at++;
    else if (body[at] === BRACKET && body[at + 1] === BRACE && at + 2 === body.length)
      return { view, signatures, counts };
    else return undefined;
  }
}

/**
 * What lists of counts are copied from: as fractions, it makes them lists of doubles, so that whoever reads them finds all
 * in one form; and a copy is no literal, which V8 would come to make in the old space (see `Row`).
 */
const COUNT_LIST = COUNTS.map(() => 0.1);

const OPENING = literal('{"events":[');
const BEHIND_SIGNATURE = literal('","type":"stats","stats":{"totalConns":');
const SEPARATORS = COUNTS.slice(1).map((name) => literal(`,"${name}":`));

/** Where a signature as GOST writes it says its kind and its service. Only what differs needs to be hashed. */
const KIND_AT = '{"kind":"'.length;
const NAMES_AT = '{"kind":"service","service":"'.length;
const HASH_FACTOR = 0x0100_0193;

/** Longer ones are not worth remembering. */
const SIGNATURE_BYTES_MAX = 2048;
/** Whole numbers of so many digits are all exact in a double. */
const EXACT_DIGITS_MAX = 15;

const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
const BRACKET = 0x5d;
const LOWER_T = 0x74;
const BRACE = 0x7d;

/**
 * Reads the names in a signature, undefined where it is none. What is a whole object once `"}` stands behind it, was cut
 * inside the text of a member of that object: so with `","type"…` behind it, it is the same object with more members.
 */
function readSignature(bytes: Uint8Array, hash: number): Signature | undefined {
  let names: { readonly kind?: unknown; readonly service?: unknown; readonly client?: unknown };
  try {
    names = JSON.parse(`${Buffer.from(bytes).toString("utf8")}"}`);
  } catch {
    return undefined;
  }
  const { kind, service, client = "" } = names;
  if ((kind !== "service" && kind !== "handler") || typeof service !== "string" || typeof client !== "string") {
    return undefined;
  }
  const clientAt = Math.max(NAMES_AT, Buffer.from(bytes).indexOf(CLIENT) + CLIENT.length);
  let clientHash = bytes[KIND_AT]!;
  for (let at = NAMES_AT; at < clientAt; at++) clientHash = Math.imul(clientHash ^ bytes[at]!, HASH_FACTOR);
  return { text: new Literal(bytes), hash, clientAt, clientHash, kind, service, client, emitter: undefined };
}

const CLIENT = '","client":"';

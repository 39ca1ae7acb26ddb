import { isInexact } from "./counts.ts";
import { eventTexts } from "./event-texts.ts";
import type { Malformed, ParsedReport } from "./report.ts";

/** Reads the body of an observer's HTTP request: `{"events":[Event, ...]}`. */
export function decodeJson(body: Uint8Array): ParsedReport | Malformed {
  const text = asBuffer(body).toString("utf8");
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return { reason: "not_json", message: `the body is not JSON: ${(error as Error).message}` };
  }
  const events = eventsOf(document);
  if (events === undefined) return whyNoReport(document);
  let texts: readonly string[] | undefined;
  return {
    events,
    exactly(index) {
      texts ??= eventTexts(text);
      return readExactly(texts[index]!);
    },
  };
}

function eventsOf(document: unknown): readonly unknown[] | undefined {
  if (typeof document !== "object" || document === null || !Object.hasOwn(document, "events")) return undefined;
  const { events } = document as { readonly events: unknown };
  return Array.isArray(events) ? events : undefined;
}

/** Large whole numbers come from their digits instead of a double. */
function readExactly(text: string): unknown {
  try {
    return JSON.parse(text, exactNumber);
  } catch {
    return undefined; // Nested deeper than a reviver can follow: no event of GOST's.
  }
}

function exactNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const digits = isInexact(value) ? context?.source : undefined;
  return digits !== undefined && /^\d+$/.test(digits) ? BigInt(digits) : value;
}

function whyNoReport(document: unknown): Malformed {
  if (looksLikeRecord(document)) {
    return {
      reason: "recorder_record",
      message: "this is a recorder's record; only observers' reports ({\"events\":[...]}) are received here",
    };
  }
  return { reason: "no_events", message: 'the body is not an observer\'s report: it has no list "events"' };
}

/** The record itself, or what GOST's HTTP plugin wraps it in. */
function looksLikeRecord(document: unknown): boolean {
  if (typeof document !== "object" || document === null) return false;
  return "sid" in document || "data" in document || ("service" in document && "time" in document);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

import type { ServerRequest } from "../../component/server.ts";
import type { Verdict } from "./answers.ts";
import { decodeJson } from "./decode-json.ts";
import { decodeProtobuf } from "./decode-protobuf.ts";
import type { KnownEmitters } from "./node-book.ts";
import { readQuickly } from "./quick-json.ts";
import { isMalformed, type Malformed, type Report } from "./report.ts";

const OBSERVE = "/proto.Observer/Observe";
const RECORD = "/proto.Recorder/Record";

/** The gRPC methods that are answered here, one of them with why it is not taken. */
export const GRPC_METHODS = [OBSERVE, RECORD] as const;

/** The report in a request, or what to say to a request without one. Over HTTP any path and any Content-Type will do. */
export function decode(request: ServerRequest, known: KnownEmitters): Report | Verdict {
  const { protocol, method, path, body } = request;
  if (protocol === "grpc" && path === RECORD) {
    return {
      outcome: "not_supported",
      reason: "recorder_record",
      message: `recorders are not received, only ${OBSERVE}`,
    };
  }
  if (protocol === "grpc" && path !== OBSERVE) {
    return { outcome: "not_supported", reason: "unknown_method", message: `unknown method ${path}: call ${OBSERVE}` };
  }
  if (method !== "POST") {
    return { outcome: "not_supported", reason: "wrong_method", message: "GOST's observers POST their reports here" };
  }
  const decoded = protocol === "grpc" ? decodeProtobuf(body) : decodeHttp(body, known);
  return isMalformed(decoded) ? { outcome: "malformed", ...decoded } : decoded;
}

function decodeHttp(body: Uint8Array, { signatures, mayGrow }: KnownEmitters): Report | Malformed {
  const events = readQuickly(body, signatures, mayGrow);
  if (events === undefined) return decodeJson(body);
  const parsed = () => {
    const report = decodeJson(body);
    if (isMalformed(report)) throw new Error(`BUG: a report was read that is none: ${report.message}`);
    return report;
  };
  const { view, counts } = events;
  return { view, signatures: events.signatures, counts, parsed };
}

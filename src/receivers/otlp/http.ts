import type { ServerAnswer, ServerRequest } from "../../component/server.ts";
import { decompress, isKnownCompression } from "../../kit/server/decompress.ts";
import { textAnswer } from "../../kit/server/http-answer.ts";
import type { Signal } from "../../model/signal.ts";
import { CONTENT_TYPES, type Encoding } from "./answers.ts";
import type { HttpConfig } from "./config.ts";
import type { ExportRequest } from "./export-request.ts";
import { type Failed, failed } from "./verdict.ts";

/** Not an export request at all: what to answer, in plain text, since there is no encoding to answer in. */
export interface Stray {
  readonly reason: string;
  readonly answer: ServerAnswer;
}

/** Tells export requests from their paths and headers, as the receiver's HTTP section has them. */
export function httpRequests(config: HttpConfig): (request: ServerRequest) => ExportRequest | Stray {
  const signals = new Map<string, Signal>([
    [config.metrics_url_path, "metrics"],
    [config.traces_url_path, "traces"],
    [config.logs_url_path, "logs"],
  ]);
  const paths = [...signals.keys()].join(", ");
  const taken = new Set<string>(config.compression_algorithms);
  const acceptEncoding = config.compression_algorithms.filter((name) => name !== "" && name !== "zlib").join(", ");

  return (request) => {
    const signal = signals.get(request.path);
    if (signal === undefined) return stray("unknown_path", 404, `OTLP is taken at ${paths}`);
    if (request.method !== "POST") return stray("wrong_method", 405, "export requests are POSTed", { Allow: "POST" });
    const encoding = encodingOf(request.header("content-type"));
    if (encoding === undefined) {
      return stray("wrong_content_type", 415, `the Content-Type is one of ${Object.values(CONTENT_TYPES).join(", ")}`);
    }
    const compression = (request.header("content-encoding") ?? "").trim().toLowerCase();
    if (!taken.has(compression === "identity" ? "" : compression)) {
      const text = `the compression ${compression || "none"} is not taken here`;
      return stray("bad_compression", 415, text, { "Accept-Encoding": acceptEncoding });
    }
    const plainBody = () => plain(request.body, compression, config.max_request_body_size);
    return { request, signal, encoding, plainBody };
  };
}

function plain(body: Uint8Array, encoding: string, bytesMax: number): Uint8Array | Failed {
  const compression = encoding === "zlib" ? "deflate" : encoding;
  // A body of no bytes is a request of no items, whatever its sender calls its compression.
  if (!isKnownCompression(compression) || body.length === 0) return body;
  const decompressed = decompress(body, compression, bytesMax);
  if (decompressed === "too_large") {
    return failed("too_large", "too_large", `the body has more than ${bytesMax} bytes when it is decompressed`);
  }
  if (decompressed === "damaged") return failed("malformed", "bad_compression", `the body is not ${compression}`);
  return decompressed;
}

function encodingOf(contentType: string | undefined): Encoding | undefined {
  const mediaType = contentType?.split(";", 1)[0]?.trim().toLowerCase();
  return (Object.keys(CONTENT_TYPES) as Encoding[]).find((encoding) => CONTENT_TYPES[encoding] === mediaType);
}

function stray(reason: string, status: number, text: string, headers: Readonly<Record<string, string>> = {}): Stray {
  const answer = textAnswer(status, text);
  return { reason, answer: { ...answer, headers: { ...answer.headers, ...headers } } };
}

import { TransportError } from "../../component/transport.ts";

/** What Node says of certificates and handshakes: https://nodejs.org/api/tls.html#x509-certificate-error-codes and OpenSSL's own. */
const TLS_CODES =
  /^(ERR_(TLS|SSL)_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|EPROTO$|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|CRL_|PATH_LENGTH)/;

/** Where Node's words say little to somebody who runs an agent, in other words. What they are found by is code and message. */
const TLS_WORDS: readonly (readonly [RegExp, string])[] = [
  [/^CERT_HAS_EXPIRED/, "its certificate has expired"],
  [/^CERT_NOT_YET_VALID/, "its certificate is not valid yet"],
  [/^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/, "its certificate is signed by no CA that is trusted here (tls.ca_file)"],
  [/certificate.required/i, "it wants a client certificate (tls.cert_file and tls.key_file)"],
  [/no.application.protocol/i, "it does not speak HTTP/2"],
  [/wrong.version.number|packet.length.too.long|record.layer.failure/i, "what answers there does not speak TLS"],
];
const OTHER_WORDS: readonly (readonly [RegExp, string])[] = [
  [/^ERR_HTTP2_ERROR Protocol error/, "what answers there does not speak HTTP/2"],
  [/^HPE_/, "what answers there does not speak HTTP"],
  [/^EPIPE|^ECONNRESET (read|write) /, "the connection was reset"],
  [/^ECONNRESET socket hang up/, "the connection ended before an answer came"],
  [/^ECONNRESET aborted/, "the connection ended in the middle of the answer"],
];
/** `...:error:0A00010B:SSL routines:the function:the reason:the/file.c:77:` */
const OPENSSL_REASON = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]*):/;

/** What a socket or Node's HTTP ended with, as an error that says whose fault it is. */
export function transportError(thrown: unknown, where: string): TransportError {
  if (thrown instanceof TransportError) return thrown;
  const { code = "FAILED", message } = thrown as NodeJS.ErrnoException;
  const isTls = TLS_CODES.test(code);
  const known = (isTls ? TLS_WORDS : OTHER_WORDS).find(([pattern]) => pattern.test(`${code} ${message}`))?.[1];
  const words = known ?? OPENSSL_REASON.exec(message)?.[1] ?? message;
  return isTls
    ? new TransportError("TLS", `TLS with ${where} failed: ${words} (${code})`, thrown)
    : new TransportError(code, `${where}: ${words}`, thrown);
}

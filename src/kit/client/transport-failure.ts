import { TransportError } from "../../component/transport.ts";

/** What Node says of certificates and handshakes: https://nodejs.org/api/tls.html#x509-certificate-error-codes and OpenSSL's own. */
const TLS_CODES =
  /^(ERR_(TLS|SSL)_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|EPROTO$|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|CRL_|PATH_LENGTH)/;

/** What a socket or Node's HTTP ended with, as an error that says whose fault it is. */
export function transportError(thrown: unknown, where: string): TransportError {
  if (thrown instanceof TransportError) return thrown;
  const { code = "FAILED", message } = thrown as NodeJS.ErrnoException;
  if (TLS_CODES.test(code)) return new TransportError("TLS", `TLS with ${where} failed: ${message} (${code})`, thrown);
  return new TransportError(code, `${where}: ${message}`, thrown);
}

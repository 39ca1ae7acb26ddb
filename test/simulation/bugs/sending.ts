import type { HttpClient } from "../../../src/component/transport.ts";

/** A client that hears nothing but success. */
export function content(real: HttpClient): HttpClient {
  return { ...real, request: async (request, signal) => ({ ...(await real.request(request, signal)), status: 200 }) };
}

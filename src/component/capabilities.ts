import type { Capability } from "./component.ts";
import type { StoreBackend } from "./store.ts";

/** What extensions can provide to the agent as a whole. */

/** Where every component's state is kept. It is usable once the extension has started; one extension at the most. */
export const STORE: Capability<StoreBackend> = { name: "store" };

/** Who puts credentials into the requests of exporters that name it. */
export interface ClientAuthenticator {
  /** The headers (metadata, for gRPC) of the next request, by lower-case name. */
  headers(): Promise<Readonly<Record<string, string>>>;
}

export const CLIENT_AUTHENTICATOR: Capability<ClientAuthenticator> = { name: "client_authenticator" };

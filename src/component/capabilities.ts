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

/** Who lets requests in to servers that name it. */
export interface ServerAuthenticator {
  /**
   * Why a request is not let in, undefined where it is. Takes the same time however near a guess was. `header` gives a
   * header (metadata, for gRPC) by its lower-case name.
   */
  denies(header: (name: string) => string | undefined): Denial | undefined;
}

export interface Denial {
  /** In snake_case, for counters. */
  readonly reason: string;
  /** What the sender is told: nothing that helps to guess. */
  readonly message: string;
  /** `WWW-Authenticate`; absent: nothing is wrong with what it presents, it shall come again. */
  readonly challenge?: string;
}

export const SERVER_AUTHENTICATOR: Capability<ServerAuthenticator> = { name: "server_authenticator" };

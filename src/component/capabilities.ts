import type { Capability } from "./component.ts";
import type { StoreBackend } from "./store.ts";

/** What extensions can provide to the agent as a whole. */

/** Where every component's state is kept. It is usable once the extension has started; one extension at the most. */
export const STORE: Capability<StoreBackend> = { name: "store" };

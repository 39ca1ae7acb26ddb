import * as z from "zod";
import { extensionId } from "../fields.ts";

/** The `auth` section of everything that sends, with the Collector's names for clients (its configauth). */
export function clientAuthConfig() {
  return z
    .strictObject({ authenticator: extensionId().describe("The id of an extension that authenticates clients.") })
    .optional()
    .describe("Who puts the credentials in.");
}

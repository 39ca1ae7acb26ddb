import * as z from "zod";

/** There is nothing to say. */
export const configSchema = z.strictObject({});

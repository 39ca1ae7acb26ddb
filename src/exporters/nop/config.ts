import * as z from "zod";

export const configSchema = z.strictObject({});

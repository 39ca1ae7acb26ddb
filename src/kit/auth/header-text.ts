import * as z from "zod";
import type { Secret } from "../../component/secret.ts";
import { refuse, secret } from "../fields.ts";

/** A secret that a header can carry: not empty, and no control characters or others that HTTP has no place for. */
export function headerSecret() {
  return secret().transform((value, context): Secret => {
    const text = value.reveal();
    if (text === "") return refuse(context, "empty_token", "it is empty", "a secret");
    if (!/^[\x20-\x7e]+$/.test(text)) {
      return refuse(context, "bad_format", "it holds what no header can carry", "printable ASCII characters");
    }
    return value;
  });
}

/** The name of a header, as HTTP has them. */
export const headerName = () => z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "not the name of a header");

import { expect, test } from "vitest";
import { storedPassword } from "./password-hash.ts";

const matches = (stored: string, password: string) => storedPassword(stored).hashed(password) === stored;

/** As `openssl passwd` and `htpasswd -s` write them. */
test.each([
  ["$apr1$abCD12xy$G8L6RGR4Hd7qnzRioSo7s1"],
  ["$1$abCD12xy$kazreZwZWH86BxzljemLM."],
  ["$5$abCD12xy$j4Ll6U7wm.LI7HtxthPuxh5t7i9NLRCTOQCSV1YlVn5"],
  ["$6$abCD12xy$s4RQ506RO7xbnRfw.YjkvqVNJRVL31j7WnW3L4fUJTdU3bFGp/Dl0Mx7ULijQWPiuS.HwUSzmesw4ve.AMz/U1"],
  ["$6$rounds=2000$abCD12xy$ioZ6M1Jg7AZ04HEKQvxW5NBBmDOb95MZTkGR61nnOgn/hh7q8Z6JZB/jz3JwbhdOtv7FWyQqCU4tpwSKnzsod."],
  ["{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="],
  ["secret"],
])("%s is what the password secret is stored as, and no other", (stored) => {
  expect(matches(stored, "secret")).toBe(true);
  for (const other of ["Secret", "secret ", "secre", ""]) expect(matches(stored, other)).toBe(false);
});

test("passwords may be longer than a digest, and hold any characters", () => {
  const password =
    "pässwörd-which is rather long so that it wraps over the digest's length of sixty four bytes and more";
  const stored = [
    "$apr1$q.Z/91$uUkpQaaQg6WMWEq12NTfR1",
    "$5$q.Z/91$0rgjmLx60Z2fHTeczrIYZqr.vu.5cmYGaJqt/nMz62C",
    "$6$q.Z/91$7bcQGBhHwYDg2ncJpNhwQc7PKjPDmMNj2gKeJeV4QCJA1at2TC39emVy.LP6RMZIoMDn8zHQJ6WYkEDi1f7rw1",
  ];
  for (const each of stored) expect(matches(each, password), each).toBe(true);
});

test.each([
  ["$2y$10$abcdefghijklmnopqrstuuQ6yqz1yqz1yqz1yqz1yqz1yqz1yqz1y", "bcrypt"],
  ["{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr", "kind"],
  ["$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", "kind"],
  [
    "$6$rounds=1000000$abc$s4RQ506RO7xbnRfw.YjkvqVNJRVL31j7WnW3L4fUJTdU3bFGp/Dl0Mx7ULijQWPiuS.HwUSzmesw4ve.AMz/U1",
    "rounds",
  ],
])("%s is not taken for a password in plain text", (stored, word) => {
  expect(() => storedPassword(stored)).toThrow(word);
});

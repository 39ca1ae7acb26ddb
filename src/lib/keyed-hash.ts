/**
 * HalfSipHash-1-3 of bytes, 32 bits: whoever does not know the key, two numbers of 32 bits, cannot make up many bytes of
 * one hash. It takes four bytes at a time, and so no longer than simpler hashes that take one.
 */
export function keyedHash(low: number, high: number, view: DataView, from: number, to: number): number {
  const wordsEnd = to - ((to - from) & 3);
  let last = (to - from) << 24;
  for (let at = wordsEnd, shift = 0; at < to; at++, shift += 8) last |= view.getUint8(at) << shift;
  let a = low | 0;
  let b = high | 0;
  let c = low ^ 0x6c796765;
  let d = high ^ 0x74656462;
  let word = 0;
  // Behind the words come the bytes that are left, with the length, and then three rounds of nothing.
  for (let at = from, rest = 4; rest > 0; at += 4) {
    if (at < wordsEnd) word = view.getInt32(at, true);
    else {
      word = rest === 4 ? last : 0;
      if (rest === 3) c ^= 0xff;
      rest--;
    }
    d ^= word;
    a = (a + b) | 0;
    b = ((b << 5) | (b >>> 27)) ^ a;
    a = (a << 16) | (a >>> 16);
    c = (c + d) | 0;
    d = ((d << 8) | (d >>> 24)) ^ c;
    a = (a + d) | 0;
    d = ((d << 7) | (d >>> 25)) ^ a;
    c = (c + b) | 0;
    b = ((b << 13) | (b >>> 19)) ^ c;
    c = (c << 16) | (c >>> 16);
    a ^= word;
  }
  return (b ^ d) >>> 0;
}

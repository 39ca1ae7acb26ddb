/** Snappy's block format read by its description, every bound checked: the other side of `src/lib/snappy.ts`. */
export function snappyDecompressed(bytes: Uint8Array): Buffer {
  let at = 0;
  const next = () => {
    if (at >= bytes.length) throw new Error("it ends within a piece");
    return bytes[at++]!;
  };
  const little = (count: number) => {
    let value = 0;
    for (let index = 0; index < count; index++) value += next() * 2 ** (8 * index);
    return value;
  };
  let length = 0;
  for (let scale = 1, byte = 0x80; byte >= 0x80; scale *= 0x80) {
    byte = next();
    length += (byte & 0x7f) * scale;
  }
  const output = Buffer.alloc(length);
  let written = 0;
  const room = (count: number) => {
    if (written + count > length) throw new Error("there is more than was announced");
  };
  while (at < bytes.length) {
    const tag = next();
    const high = tag >> 2;
    if ((tag & 3) === 0) {
      const count = (high < 60 ? high : little(high - 59)) + 1;
      room(count);
      for (let index = 0; index < count; index++) output[written++] = next();
      continue;
    }
    const isShort = (tag & 3) === 1;
    const count = isShort ? (high & 7) + 4 : high + 1;
    const distance = isShort ? (tag >> 5) * 256 + next() : little((tag & 3) === 2 ? 2 : 4);
    if (distance === 0 || distance > written) throw new Error(`a copy from ${distance} bytes back at ${written}`);
    room(count);
    for (let index = 0; index < count; index++, written++) output[written] = output[written - distance]!;
  }
  if (written !== length) throw new Error(`${written} bytes of ${length}`);
  return output;
}

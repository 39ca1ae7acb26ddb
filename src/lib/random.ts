/** Randomness as a value that is handed in: the machine's own, or one that a seed determines. */
export interface Random {
  /** Uniform in [0, 1). */
  float(): number;
  /** Uniform whole number in [0, bound). */
  integer(bound: number): number;
  /** Lower-case hexadecimal text of `bytes` random bytes. */
  hex(bytes: number): string;
}

/** A generator that gives the same sequence for the same seed (sfc32, 128 bits of state). Not for secrets. */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9 | 0;
  let b = 0x243f6a88 | 0;
  let c = 0xb7e15162 | 0;
  let counter = seed | 0;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let warmUp = 0; warmUp < 15; warmUp++) next();
  return fromUint32(next);
}

/** Builds the interface on top of any source of uniform 32-bit numbers. */
export function fromUint32(next: () => number): Random {
  const float = () => next() / 0x1_0000_0000;
  return {
    float,
    integer: (bound) => Math.floor(float() * bound),
    hex(bytes) {
      let text = "";
      for (let index = 0; index < bytes; index++) text += (next() & 0xff).toString(16).padStart(2, "0");
      return text;
    },
  };
}

/** In any order, each as likely as another; in place. */
export function shuffled<T>(items: T[], random: Pick<Random, "integer">): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = random.integer(last + 1);
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
  return items;
}

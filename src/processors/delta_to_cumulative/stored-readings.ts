import { ALWAYS, type Reading, type Readings, type Run } from "./readings.ts";

/** Readings as a row of numbers: lengths in front of what varies, all else by the number of members. */
export function numbersOfReadings(readings: Readings): readonly number[] {
  const { base, alive, complete, highest, emitters, instances, spread } = readings;
  const numbers = [emitters, instances, complete ? 1 : 0, alive.length, ...base, ...spread];
  for (const values of highest) numbers.push(values.length, ...values);
  for (const { ended, lineages } of alive) {
    numbers.push(lineages.length, ...ended);
    for (const { open, at, accepts, values } of lineages) numbers.push(open, at, accepts, ...values);
  }
  return numbers;
}

/** The readings that `next` gives the numbers of; older ones do not say what may still be accepted, so anything may. */
export function readingsOfNumbers(members: number, next: () => number, tellAccepts: boolean): Readings {
  const numbers = () => times(members, next);
  const [emitters, instances, complete, readings] = [next(), next(), next() === 1, next()];
  const [base, spread] = [numbers(), numbers()];
  const highest = times(members, () => times(next(), next));
  const alive = times(readings, (): Reading => {
    const lineages = next();
    return {
      ended: numbers(),
      lineages: times(
        lineages,
        (): Run => ({ open: next(), at: next(), accepts: tellAccepts ? next() : ALWAYS, values: numbers() }),
      ),
    };
  });
  return { base, alive, complete, highest, emitters, instances, spread };
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, () => make());
}

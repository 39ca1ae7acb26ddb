import { type Adjusted, type Adjustment, AdjustmentError, type StoredTotal } from "../../component/totals.ts";
import type { StoreReader } from "../../kit/store/store-reader.ts";
import type { CliContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { printable } from "../printable.ts";
import { type StoreOptions, withStore } from "../with-store.ts";
import { type AdjustmentPlace, keepAdjustment, NotKeptError } from "./keep-adjustment.ts";
import { keepersOfTotals } from "./read-totals.ts";
import { amountText, signedText, totalText } from "./total-text.ts";

export interface AdjustOptions extends StoreOptions {
  /** Needed where several nodes, or several states, have such a total. */
  readonly node?: string;
  readonly state?: string;
  readonly service: string;
  /** Without it the service's own total is meant. */
  readonly client?: string;
  readonly direction: string;
  readonly by: number;
  readonly reason: string;
}

interface Candidate extends AdjustmentPlace {
  readonly total: StoredTotal;
}

/** `gostcol totals adjust`: a correction of one total, through the running agent or into the store where none runs. */
export async function adjustCommand(context: CliContext, options: AdjustOptions): Promise<number> {
  return withStore(context, options, async (reader) => {
    const candidates = await candidatesIn(reader, context, options);
    reader.close();
    const [candidate] = candidates;
    if (candidate === undefined || candidates.length > 1) {
      context.printError(candidate === undefined ? NONE : severalText(candidates));
      return EXIT.usage;
    }
    const { owner, metric, direction } = candidate.total;
    const adjustment: Adjustment = {
      id: context.random.hex(16),
      total: { owner, metric, ...(direction === undefined ? {} : { direction }) },
      by: options.by,
      reason: options.reason,
      at: context.clock.now(),
    };
    try {
      context.print(adjustedText(candidate.total, adjustment, await keepAdjustment(context, candidate, adjustment)));
      return EXIT.ok;
    } catch (thrown) {
      if (!(thrown instanceof AdjustmentError || thrown instanceof NotKeptError)) throw thrown;
      context.printError(failureText(thrown));
      return EXIT.failure;
    }
  });
}

async function candidatesIn(
  reader: StoreReader,
  context: CliContext,
  options: AdjustOptions,
): Promise<readonly Candidate[]> {
  const { node, service, client, direction, state: wanted } = options;
  return (await keepersOfTotals(reader, context.registry))
    .filter(({ state }) => wanted === undefined || state === wanted)
    .flatMap(({ state, stored }) => {
      const totals = stored.read(
        reader.of(state),
        (owner) => (node === undefined || owner.node === node) && owner.service === service && owner.client === client,
      );
      return [...totals]
        .filter((total) => total.direction === direction)
        .map((total) => ({ folder: reader.folder, state, stored, total }));
    });
}

function adjustedText(total: StoredTotal, { by, reason }: Adjustment, { value, adjustment }: Adjusted): string {
  const { unit } = total;
  return [
    `${totalText(total)}: corrected by ${signedText(by, unit)} (${by}): ${printable(reason)}`,
    `counted ${amountText(value, unit)}, all corrections ${signedText(adjustment, unit)}, to bill ${amountText(value + adjustment, unit)}`,
    "",
  ].join("\n");
}

function failureText(thrown: AdjustmentError | NotKeptError): string {
  const message = `Not corrected: ${thrown.message}.\n`;
  if (thrown instanceof AdjustmentError || !thrown.unknown) return message;
  return `It is not known whether the correction was kept: ${thrown.message}.\ngostcol totals adjustments shows it if it was.\n`;
}

const NONE =
  "There is no such total: gostcol totals shows which there are. Without --client the service's own total is meant.\n";

function severalText(candidates: readonly Candidate[]): string {
  const lines = candidates.map(({ state, total }) => `  ${totalText(total)} --state ${state}`);
  return `Several totals fit; --node or --state says which is meant:\n${lines.join("\n")}\n`;
}

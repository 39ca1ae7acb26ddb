import type { Listen, ServerHandler, ServerRequest } from "../../../src/component/server.ts";
import type { Receipt, ReceiptState } from "../../../src/model/source-facts.ts";

/** How an agent misreads the evidence: what it takes for the state of a receipt. */
export type Misreading = (request: ServerRequest, truth: Receipt) => Receipt;

/** A server whose requests carry misread receipts. */
export function misread(listen: Listen, misreading: Misreading): Listen {
  return (options, handler, signal) => {
    const misled: ServerHandler = {
      ...handler,
      request(request) {
        const receipt = misreading(request, request.receipt);
        // A request has getters, so it is not copied.
        return handler.request(Object.create(request, { receipt: { value: receipt } }) as ServerRequest);
      },
    };
    return listen(options, misled, signal);
  };
}

/** A receipt that says something else than the truth, at each moment. */
export function saying(truth: Receipt, state: (truth: ReceiptState) => ReceiptState): Receipt {
  return {
    get state() {
      return state(truth.state);
    },
    aliveAt: truth.aliveAt,
    settled: (listener) => truth.settled((settled) => listener(state(settled))),
    ask: () => truth.ask(),
  };
}

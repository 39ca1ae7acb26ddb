import type { Registry } from "../../../src/component/registry.ts";
import type { StoreBackend } from "../../../src/component/store.ts";
import { settledReceipt } from "../../../src/model/source-facts.ts";
import { registry } from "../../../src/registry.ts";
import type { AgentEnvironment } from "../../../src/service/environment.ts";
import { Components } from "../agent/components.ts";
import type { LifeOptions } from "../life.ts";
import { forgettingUndo, hearing, lifeOf, withProcessor } from "./components.ts";
import { misread, saying } from "./receipts.ts";
import { content } from "./sending.ts";

/** A mistake that somebody could make, put in from outside: a component that was changed, or a seam that lies. */
interface Bug {
  readonly summary: string;
  readonly registry?: () => Registry;
  readonly environment?: (environment: AgentEnvironment) => AgentEnvironment;
}

/** How lives are lived with the real components, or with a bug put into them. */
export function worldWith(bug: string | undefined): LifeOptions {
  if (bug === undefined) return { components: new Components(registry) };
  const planted = BUGS[bug];
  if (planted === undefined) throw new Error(`there is no bug ${bug}; there are: ${Object.keys(BUGS).join(", ")}`);
  const { environment } = planted;
  return {
    components: new Components(planted.registry?.() ?? registry),
    ...(environment === undefined ? {} : { environment }),
  };
}

const withStore = (change: (store: StoreBackend) => Partial<StoreBackend>) => (environment: AgentEnvironment) => {
  const store = environment.store!;
  return { ...environment, store: { ...store, ...change(store) } };
};

export const BUGS: Readonly<Record<string, Bug>> = {
  answers_before_commit: {
    summary: "answers, and shows, while the commit is still under way",
    environment: withStore((store) => ({
      commit(changes, signal) {
        void Promise.resolve(store.commit(changes, signal)).catch(() => {});
      },
    })),
  },
  failure_taken_for_success: {
    summary: "shows the effects of a commit that failed",
    environment: withStore((store) => ({
      commit: (changes, signal) => store.commit(changes, signal)?.catch(() => {}),
    })),
  },
  forgets_unsure_answers: {
    summary: "does not know after a restart which answers were in doubt",
    environment: withStore((store) => ({
      load: (scope, signal) => (scope.name.includes("dedupe") ? Promise.resolve(new Map()) : store.load(scope, signal)),
    })),
  },
  dedupe_by_equality: {
    summary: "takes every equal report for a repeat",
    registry: () =>
      withProcessor("dedupe", (real) =>
        hearing(real, (batch) =>
          batch.source === undefined
            ? batch
            : { ...batch, source: { ...batch.source, receipt: settledReceipt("unread") } },
        ),
      ),
  },
  no_dedupe: {
    summary: "takes no report for a repeat",
    registry: () =>
      withProcessor("dedupe", (real) =>
        hearing(real, (batch) =>
          batch.source === undefined
            ? batch
            : { ...batch, source: { ...batch.source, receipt: settledReceipt("read") } },
        ),
      ),
  },
  closed_is_lost: {
    summary: "takes a connection that was closed after the answer for a lost answer",
    environment: (environment) => {
      const requests = new WeakMap<object, number>();
      return {
        ...environment,
        listen: misread(environment.listen, ({ connection }, truth) => {
          const own = (requests.get(connection) ?? 0) + 1;
          requests.set(connection, own);
          const wasLast = () => !connection.open && requests.get(connection) === own;
          return saying(truth, (state) => (state === "read" && wasLast() ? "unread" : state));
        }),
      };
    },
  },
  open_is_proof: {
    summary: "takes a connection that is still open for a proof",
    environment: (environment) => ({
      ...environment,
      listen: misread(environment.listen, (_, truth) => saying(truth, (state) => (state === "open" ? "read" : state))),
    }),
  },
  later_call_is_proof: {
    summary: "takes a later gRPC call on the connection for a proof",
    environment: (environment) => {
      const calls = new WeakMap<object, number>();
      return {
        ...environment,
        listen: misread(environment.listen, ({ protocol, connection }, truth) => {
          if (protocol !== "grpc") return truth;
          const own = (calls.get(connection) ?? 0) + 1;
          calls.set(connection, own);
          return saying(truth, (state) => (calls.get(connection)! > own ? "read" : state));
        }),
      };
    },
  },
  throws_at_first: {
    summary: "throws an exception at a report, and takes it when it is sent again",
    registry: () => {
      const seen = new Set<string>();
      return withProcessor("delta_to_cumulative", (real) =>
        hearing(real, (batch) => {
          const { key } = batch.source?.source ?? {};
          if (key === undefined || batch.rows.length === 0 || seen.has(key)) return batch;
          seen.add(key);
          throw new TypeError("planted");
        }),
      );
    },
  },
  one_lineage_only: {
    summary: "takes every name for one emitter",
    registry: () =>
      withProcessor("delta_to_cumulative", (real) =>
        hearing(real, (batch) =>
          batch.source === undefined
            ? batch
            : { ...batch, source: { ...batch.source, source: { ...batch.source.source, emitters: 1 } } },
        ),
      ),
  },
  running_ends_all: {
    summary: "takes `running` for the end of everything before it, after a reload too",
    registry: () =>
      withProcessor("delta_to_cumulative", (real) =>
        hearing(real, (batch) =>
          batch.source === undefined
            ? batch
            : {
                ...batch,
                source: { ...batch.source, life: batch.source.life.filter(({ type }) => type !== "closed") },
              },
        ),
      ),
  },
  not_restored: {
    summary: "does not show the stored totals after a start",
    registry: () => withProcessor("delta_to_cumulative", (real) => ({ ...lifeOf(real), restore: async () => {} })),
  },
  undo_forgotten: {
    summary: "keeps in memory what was taken back",
    registry: () => withProcessor("delta_to_cumulative", (real) => forgettingUndo(real)),
  },
  renamed_begins_anew: {
    summary: "does not go on with the state of a processor that has another name now",
    environment: withStore(() => ({ scopes: undefined })),
  },
  archive_is_not_looked_into: {
    summary: "begins anew with a total that is in the archive",
    environment: withStore((store) => ({
      find: (scope, keys, signal) =>
        scope.archived === true ? Promise.resolve(new Map()) : store.find(scope, keys, signal),
    })),
  },
  forgets_what_waits: {
    summary: "forgets with each process what waited to be sent",
    environment: withStore((store) => ({
      page: (scope, range, signal) =>
        scope.name.includes("otlp_http")
          ? Promise.resolve({ rows: [], last: undefined })
          : store.page(scope, range, signal),
    })),
  },
  refused_is_sent: {
    summary: "takes what a backend refused for sent",
    environment: (environment) => ({
      ...environment,
      transport: { ...environment.transport, http: (options) => content(environment.transport.http(options)) },
    }),
  },
  takes_from_the_dead: {
    summary: "takes reports whose senders were gone before they could be handled",
    environment: (environment) => ({
      ...environment,
      listen: misread(environment.listen, (_, truth) =>
        saying(truth, (state) => (state === "unread" ? "unknown" : state)),
      ),
    }),
  },
};

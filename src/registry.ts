import type { Registry } from "./component/define.ts";
import { countConnector } from "./connectors/count/index.ts";
import { forwardConnector } from "./connectors/forward/index.ts";
import { routingConnector } from "./connectors/routing/index.ts";
import { debugExporter } from "./exporters/debug/index.ts";
import { fileExporter } from "./exporters/file/index.ts";
import { nopExporter } from "./exporters/nop/index.ts";
import { otlpGrpcExporter } from "./exporters/otlp_grpc/index.ts";
import { otlpHttpExporter } from "./exporters/otlp_http/index.ts";
import { prometheusExporter } from "./exporters/prometheus/index.ts";
import { prometheusRemoteWriteExporter } from "./exporters/prometheus_remote_write/index.ts";
import { statsdExporter } from "./exporters/statsd/index.ts";
import { basicAuthExtension } from "./extensions/basic_auth/index.ts";
import { bearerTokenAuthExtension } from "./extensions/bearer_token_auth/index.ts";
import { fileStorageExtension } from "./extensions/file_storage/index.ts";
import { attributesProcessor } from "./processors/attributes/index.ts";
import { batchProcessor } from "./processors/batch/index.ts";
import { cumulativeToDeltaProcessor } from "./processors/cumulative_to_delta/index.ts";
import { dedupeProcessor } from "./processors/dedupe/index.ts";
import { deltaToCumulativeProcessor } from "./processors/delta_to_cumulative/index.ts";
import { filterProcessor } from "./processors/filter/index.ts";
import { resourceProcessor } from "./processors/resource/index.ts";
import { transformProcessor } from "./processors/transform/index.ts";
import { gostReceiver } from "./receivers/gost/index.ts";
import { otlpReceiver } from "./receivers/otlp/index.ts";

/** Every component that gostcol has. */
export const registry: Registry = {
  receivers: [gostReceiver, otlpReceiver],
  processors: [
    attributesProcessor,
    batchProcessor,
    cumulativeToDeltaProcessor,
    dedupeProcessor,
    deltaToCumulativeProcessor,
    filterProcessor,
    resourceProcessor,
    transformProcessor,
  ],
  exporters: [
    prometheusExporter,
    prometheusRemoteWriteExporter,
    otlpGrpcExporter,
    otlpHttpExporter,
    statsdExporter,
    fileExporter,
    debugExporter,
    nopExporter,
  ],
  connectors: [countConnector, forwardConnector, routingConnector],
  extensions: [fileStorageExtension, bearerTokenAuthExtension, basicAuthExtension],
};

/** What config/gostcol.yaml says. Generated from it by `npm run generate`: change it there. */
export const DEFAULT_CONFIG = `# The default configuration: a sidecar beside one GOST. It is what \`gostcol\` runs without --config.
#
# Point GOST at it (gost.yml):
#
#   services:
#     - name: proxy
#       addr: ":8080"
#       observer: gostcol                 # the service as a whole
#       metadata: { enableStats: true, observer.period: 5s, observer.resetTraffic: true }
#       handler:
#         type: http
#         observer: gostcol               # each client of it
#         metadata: { observer.period: 5s, observer.resetTraffic: true }
#       listener: { type: tcp }
#   observers:
#     - name: gostcol
#       plugin: { type: http, addr: "http://127.0.0.1:8000/observer?temporality=delta", timeout: 5s }
#
# Then the totals are at http://127.0.0.1:9464/metrics.
#
# \`gostcol explain gost\` lists every option of a component, \`gostcol validate\` checks a file. Values may come from the
# environment or from files: "\${env:NAME}", "\${env:NAME:-default}", "\${file:/path}"; a plain $ is written $$.

receivers:
  # What GOST's observers report, over HTTP and gRPC on one port.
  gost:
    endpoint: 127.0.0.1:8000 # this machine only; for other machines see examples/gateway.yaml

    # How a GOST process (a node) gets its name: the first of these that it has, else the default one.
    node:
      from: [token, query, path, peer] # its token's node; ?node=edge-1; /observer/edge-1; its address
      # default: edge-1 # without it, the name of this machine

    # Whether GOST sends what was moved since its last report (delta, \`observer.resetTraffic: true\`) or since its start
    # (cumulative). What the observer's URL says (?temporality=delta) comes first.
    temporality: auto

    max_request_body_size: 20MiB
    limits:
      series: 1000000
      series_per_node: 100000

processors:
  # Leaves out reports that GOST sent again because our answer was lost.
  dedupe:

  # Makes of GOST's counts, which begin at zero now and then, totals that never go back.
  delta_to_cumulative:

exporters:
  # Serves the totals for Prometheus to scrape.
  prometheus:
    endpoint: 127.0.0.1:9464
    without_scope_info: true # no otel_scope_* labels on every series

extensions:
  # Keeps the totals, so that they go on after a restart or a kill. Without it they end with the process.
  file_storage:
    directory: "\${env:STATE_DIRECTORY:-./data}" # systemd's StateDirectory=, else beside where gostcol is started
    create_directory: true

service:
  extensions: [file_storage]
  pipelines:
    metrics:
      receivers: [gost]
      processors: [dedupe, delta_to_cumulative] # in this order
      exporters: [prometheus]

  # What may be under way at a time. Beyond it requests are refused at once, and GOST sends its reports again.
  limits:
    max_requests_in_flight: 4096
    max_mib_in_flight: 256
    memory:
      limit_percentage: 90 # of Node's heap limit, and of what the machine or container has
      spike_limit_percentage: 15 # so from 75 % on requests are refused

  # What the agent says of itself.
  telemetry:
    logs:
      level: info # debug, info, warn, error
    metrics:
      readers:
        - pull:
            exporter:
              prometheus: { host: 127.0.0.1, port: 8888 }
`;

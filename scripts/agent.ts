/**
 * The bundled agent's entry: what nearly every start needs stands in one file with `main`, everything else that is
 * imported when something asks for it in files of its own.
 */
import "../src/cli/run.ts";
import "../src/exporters/prometheus/index.ts";
import "../src/extensions/file_storage/index.ts";
import "../src/processors/dedupe/index.ts";
import "../src/processors/delta_to_cumulative/index.ts";
import "../src/receivers/gost/index.ts";
import "../src/main.ts";

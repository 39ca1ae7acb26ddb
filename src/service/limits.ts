import type { LimitsConfig } from "../config/limits.ts";
import type { MemoryLimits } from "../kit/memory-limit.ts";
import type { AdmissionLimits } from "../pipeline/admission.ts";

const MIB = 1024 ** 2;

export function admissionLimits(config: LimitsConfig): Partial<AdmissionLimits> {
  return {
    deliveriesMax: config.max_requests_in_flight,
    bytesMax: config.max_mib_in_flight * MIB,
    stagedMax: config.max_changes_waiting,
  };
}

export function memoryLimits({ memory }: LimitsConfig): MemoryLimits {
  const { limit_percentage, spike_limit_percentage, limit_mib, spike_limit_mib } = memory;
  return {
    limitShare: limit_percentage / 100,
    spikeShare: spike_limit_percentage / 100,
    limitBytes: limit_mib === undefined ? undefined : limit_mib * MIB,
    spikeBytes: spike_limit_mib === undefined ? undefined : spike_limit_mib * MIB,
  };
}

/**
 * A campaign: hosts that stay up between trials, golden runs, trials one by one or a few at a time,
 * and nothing left behind at its end. See `Campaign` in types.ts.
 */
import { recordGolden, type Golden } from './golden.ts';
import { LocalHosts } from './local-hosts.ts';
import { resolvePlanned } from './planned-fault.ts';
import { makeRunDirectory, removeLeftovers, removeTree } from './run-directory.ts';
import { emptyRecord } from './trial-record.ts';
import { runTrial } from './trial.ts';
import type {
  Campaign,
  CampaignOptions,
  GoldenInfo,
  OpenCampaign,
  TrialRecord,
  TrialSpec,
} from './types.ts';
import { WorkloadRoom } from './workload-room.ts';

const REPLICAS = 3;

/** Rejects for hosts that there are not. */
export const openCampaign: OpenCampaign = async (options) => {
  const unknown = options.hosts.filter((name) => name !== 'local');
  if (unknown.length > 0) {
    throw new Error(
      `expected --hosts local, got ${unknown.join(', ')}: only local hosts are there yet`,
    );
  }
  return createLocalCampaign(options);
};

export function createLocalCampaign(options: CampaignOptions): Campaign {
  return new LocalCampaign(options);
}

class LocalCampaign implements Campaign {
  readonly #options: CampaignOptions;
  readonly #directory: string;
  readonly #hosts: LocalHosts;
  readonly #goldens = new Map<string, Golden>();
  readonly #disqualified = new Map<string, string>();
  /** Aborts what runs when the campaign is closed. */
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  readonly #atExit = (): void => removeTree(this.#directory);

  constructor(options: CampaignOptions) {
    this.#options = options;
    removeLeftovers();
    this.#directory = makeRunDirectory();
    this.#hosts = new LocalHosts({
      directory: this.#directory,
      replicas: REPLICAS,
      jobs: options.jobs,
    });
    // After that of the hosts, which ends what still works in the directory.
    process.once('exit', this.#atExit);
  }

  prepare(onLine: (line: string) => void, signal: AbortSignal): Promise<GoldenInfo[]> {
    return this.#track(signal, (both) => this.#prepare(onLine, both));
  }

  run(spec: TrialSpec, signal: AbortSignal): Promise<TrialRecord> {
    return this.#track(signal, (both) => this.#run(spec, both));
  }

  async close(): Promise<void> {
    this.#closing.abort(new DOMException('the campaign was closed', 'AbortError'));
    await Promise.allSettled(this.#running);
    await this.#hosts.close();
    removeTree(this.#directory);
    process.off('exit', this.#atExit);
  }

  async #prepare(onLine: (line: string) => void, signal: AbortSignal): Promise<GoldenInfo[]> {
    const infos: GoldenInfo[] = [];
    await this.#hosts.ready();
    for (const workload of this.#options.workloads) {
      const room = new WorkloadRoom(this.#directory, workload);
      const { info, golden } = await recordGolden(room, this.#hosts, this.#options, onLine, signal);
      if (golden !== null) this.#goldens.set(workload.name, golden);
      if (info.disqualified !== null) this.#disqualified.set(workload.name, info.disqualified);
      infos.push(info);
    }
    return infos;
  }

  /** A harness error is retried once on fresh hosts; the record tells of it. */
  async #run(spec: TrialSpec, signal: AbortSignal): Promise<TrialRecord> {
    const golden = this.#goldens.get(spec.workload);
    if (golden === undefined) return this.#withoutGolden(spec);
    const attempt = () => runTrial(spec, golden, this.#hosts, this.#options, signal);
    const first = await attempt();
    if (first.outcome !== 'harness-error') return first;
    // Hosts that others use are left alone; what died of itself is started again in any case.
    if (this.#options.jobs === 1) await this.#hosts.restart();
    const second = await attempt();
    const before = `first attempt: ${first.reason}`;
    return { ...second, reason: second.reason === null ? before : `${second.reason}; ${before}` };
  }

  #withoutGolden(spec: TrialSpec): TrialRecord {
    const why = this.#disqualified.get(spec.workload);
    const known = { startedAt: new Date().toISOString(), loadAverage: 0 };
    return {
      ...emptyRecord(spec, resolvePlanned(spec.fault, 2, spec.seed), {
        ...known,
        nativeRunNs: null,
        goldenRunNs: null,
      }),
      reason:
        why === undefined
          ? `workload '${spec.workload}' was not prepared`
          : `workload '${spec.workload}' is disqualified: ${why}`,
    };
  }

  /** Runs `work` until the caller or `close` aborts it. */
  async #track<Result>(
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const both = AbortSignal.any([signal, this.#closing.signal]);
    const promise = work(both);
    this.#running.add(promise);
    try {
      return await promise;
    } catch (error) {
      // A monitor that was killed leaves a session that only its hosts can end at once.
      if (both.aborted) await this.#hosts.restart();
      throw error;
    } finally {
      this.#running.delete(promise);
    }
  }
}

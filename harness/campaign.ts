/**
 * A campaign: hosts that stay up between trials, golden runs, trials one by one or a few at a time,
 * and nothing left behind at its end. See `Campaign` in types.ts.
 */
import { chownSync } from 'node:fs';
import { recordGolden, type Golden } from './golden.ts';
import type { Hosts } from './hosts.ts';
import { LocalHosts } from './local-hosts.ts';
import { makeRunDirectory, removeLeftovers, removeTree } from './run-directory.ts';
import { emptyRecord } from './trial-record.ts';
import { resolveFaults, runTrial } from './trial.ts';
import type {
  Campaign,
  CampaignOptions,
  GoldenInfo,
  HostsName,
  OpenCampaign,
  TrialRecord,
  TrialSpec,
} from './types.ts';
import { WorkloadRoom } from './workload-room.ts';

const REPLICAS = 3;

/** Rejects when hosts cannot be had: no engine, no image. */
export const openCampaign: OpenCampaign = async (options) => {
  const campaign = new HostsCampaign(options);
  try {
    await campaign.open();
    return campaign;
  } catch (error) {
    await campaign.close();
    throw error;
  }
};

class HostsCampaign implements Campaign {
  readonly #options: CampaignOptions;
  readonly #directory: string;
  readonly #hosts = new Map<HostsName, Hosts>();
  /** By hosts and workload. */
  readonly #goldens = new Map<string, Golden>();
  readonly #disqualified = new Map<string, string>();
  /** What the user is told once somebody listens. */
  readonly #lines: string[] = [];
  /** Aborts what runs when the campaign is closed. */
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  readonly #atExit = (): void => removeTree(this.#directory);

  constructor(options: CampaignOptions) {
    this.#options = options;
    removeLeftovers();
    this.#directory = makeRunDirectory();
  }

  async open(): Promise<void> {
    for (const name of this.#options.hosts) {
      this.#hosts.set(name, await openHosts(name, this.#directory, this.#options, this.#lines));
    }
    const owner = [...this.#hosts.values()].find((hosts) => hosts.owner !== null)?.owner;
    // Containers run as an ordinary user, who must get through.
    if (owner) chownSync(this.#directory, owner.uid, owner.gid);
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
    await Promise.all([...this.#hosts.values()].map((hosts) => hosts.close()));
    removeTree(this.#directory);
    process.off('exit', this.#atExit);
  }

  async describeHosts(): Promise<Record<string, unknown>> {
    const all = [...this.#hosts].map(async ([name, hosts]) => [name, await hosts.describe()]);
    return Object.fromEntries(await Promise.all(all)) as Record<string, unknown>;
  }

  async #prepare(onLine: (line: string) => void, signal: AbortSignal): Promise<GoldenInfo[]> {
    this.#lines.splice(0).forEach(onLine);
    const infos: GoldenInfo[] = [];
    for (const hosts of this.#hosts.values()) {
      await hosts.ready();
      for (const workload of this.#options.workloads) {
        const room = new WorkloadRoom(this.#directory, workload, hosts.owner);
        const { info, golden } = await recordGolden(room, hosts, this.#options, onLine, signal);
        const key = keyOf(hosts.name, workload.name);
        if (golden !== null) this.#goldens.set(key, golden);
        if (info.disqualified !== null) this.#disqualified.set(key, info.disqualified);
        infos.push(info);
      }
    }
    return infos;
  }

  /** A harness error is retried once on fresh hosts; the record tells of it. */
  async #run(spec: TrialSpec, signal: AbortSignal): Promise<TrialRecord> {
    const golden = this.#goldens.get(keyOf(spec.hosts, spec.workload));
    const hosts = this.#hosts.get(spec.hosts);
    if (golden === undefined || hosts === undefined) return this.#withoutGolden(spec);
    const attempt = () => runTrial(spec, golden, hosts, this.#options, signal);
    const first = await attempt();
    if (first.outcome !== 'harness-error') return first;
    // Hosts that others use are left alone; what died of itself is started again in any case.
    if (this.#options.jobs === 1) await hosts.restart();
    const second = await attempt();
    const before = `first attempt: ${first.reason}`;
    return { ...second, reason: second.reason === null ? before : `${second.reason}; ${before}` };
  }

  #withoutGolden(spec: TrialSpec): TrialRecord {
    const why = this.#disqualified.get(keyOf(spec.hosts, spec.workload));
    const known = { startedAt: new Date().toISOString(), loadAverage: 0 };
    return {
      ...emptyRecord(spec, resolveFaults(spec, 2), {
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
      if (both.aborted)
        await Promise.all([...this.#hosts.values()].map((hosts) => hosts.restart()));
      throw error;
    } finally {
      this.#running.delete(promise);
    }
  }
}

function keyOf(hosts: HostsName, workload: string): string {
  return `${hosts}/${workload}`;
}

/** What a kind of hosts needs is loaded only for it. */
async function openHosts(
  name: HostsName,
  directory: string,
  options: CampaignOptions,
  lines: string[],
): Promise<Hosts> {
  const { jobs, workloads, docker } = options;
  const common = { directory, replicas: REPLICAS, jobs };
  if (name === 'local') return new LocalHosts(common);
  if (docker === null) throw new Error('expected the options of docker hosts, got none');
  const { DockerHosts } = await import('./docker-hosts.ts');
  const programs = workloads.flatMap((workload) => workload.programs);
  // A program that is built for a workload lies on its volume.
  const onVolumes = workloads
    .filter(({ command }) => command[0]?.includes('/'))
    .flatMap((workload) => workload.programs);
  return DockerHosts.open(
    {
      ...common,
      docker,
      programs: programs.filter((program) => !onVolumes.includes(program)),
      onVolumes,
    },
    (line) => lines.push(line),
  );
}

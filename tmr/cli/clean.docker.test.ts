import { spawnSync } from 'node:child_process';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { ensureImage, imagePaths } from '../containers/image.ts';
import { removeContainer } from '../containers/container.ts';
import { OWNER_LABEL, thisProcess, type Owner } from '../containers/leftovers.ts';
import { describeWithEngine } from '../containers/testing/test-engine.ts';
import { runToEnd, tmrCommand } from './testing/under-test.ts';

describeWithEngine('tmr clean with an engine', (engine) => {
  let image: string;
  const undo: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    const options = { programs: [], include: [], baseImage: null };
    image = await ensureImage(engine, options, () => undefined);
  });
  afterEach(async () => {
    for (const remove of undo.splice(0).toReversed()) await remove().catch(() => undefined);
  });

  /** A paused container in a network, and a volume; names of all. */
  async function leave(owner: Owner, name: string): Promise<string[]> {
    const { docker } = engine;
    const Labels = { [OWNER_LABEL]: JSON.stringify(owner) };
    const network = await docker.createNetwork({ Name: name, Internal: true, Labels });
    undo.push(() => network.remove());
    await docker.createVolume({ Name: name, Labels });
    undo.push(() => docker.getVolume(name).remove());
    const container = await docker.createContainer({
      name,
      Image: image,
      Cmd: [imagePaths.node, '-e', 'setInterval(() => {}, 1000)'],
      Labels,
      HostConfig: { NetworkMode: name, Binds: [`${name}:/mnt`] },
    });
    undo.push(() => removeContainer(container));
    await container.start();
    await container.pause();
    return [`container ${name}`, `network ${name}`, `volume ${name}`];
  }

  it('removes what owners that are gone left, and nothing of others', async () => {
    const here = thisProcess();
    const dead = { ...here, pid: spawnSync('true').pid };
    const name = `tmr-test-clean-${process.pid}`;
    const gone = await leave(dead, `${name}-gone`);
    const kept = [
      ...(await leave(here, `${name}-alive`)),
      ...(await leave({ ...dead, machine: 'another' }, `${name}-elsewhere`)),
    ];
    const args = [tmrCommand, 'clean', '--engine', engine.url];
    const { status, stdout, stderr } = runToEnd(process.execPath, args, { cwd: '/' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.toString().split('\n');
    expect(lines).toEqual(expect.arrayContaining(gone.map((what) => `removed ${what}`)));
    expect(lines.filter((line) => kept.includes(line.replace('removed ', '')))).toEqual([]);
    for (const suffix of ['alive', 'elsewhere']) {
      const { State } = await engine.docker.getContainer(`${name}-${suffix}`).inspect();
      expect(State.Paused).toBe(true);
    }
  });
});

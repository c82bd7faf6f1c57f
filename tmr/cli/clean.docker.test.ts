import { spawnSync } from 'node:child_process';
import { pack } from 'tar-stream';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { ensureImage, IMAGE_LABEL, imagePaths } from '../containers/image.ts';
import { removeContainer } from '../containers/container.ts';
import { OWNER_LABEL, thisProcess, type Owner } from '../containers/leftovers.ts';
import { describeWithEngine } from '../containers/testing/test-engine.ts';
import { runToEnd, tmrCommand } from './testing/under-test.ts';

vi.setConfig({ testTimeout: 180_000 });

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

  /** An image with nothing in it but a file, made in a second of its own. */
  async function build(tag: string, file: string): Promise<void> {
    const context = pack();
    context.entry({ name: 'Dockerfile' }, 'FROM scratch\nCOPY file /file\n');
    context.entry({ name: 'file' }, file);
    context.finalize();
    const labels = { [IMAGE_LABEL]: 'test' };
    const body = context as unknown as NodeJS.ReadableStream;
    const stream = await engine.docker.buildImage(body, { t: tag, labels });
    await new Promise<void>((resolve, reject) => {
      engine.docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
    });
    undo.push(() => engine.docker.getImage(tag).remove());
    const madeMs = Date.parse((await engine.docker.getImage(tag).inspect()).Created);
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(madeMs + 1000), 3000);
  }

  it('removes old images of ours that no container uses, but for the two newest of a name', async () => {
    const name = `tmr-testbed-test${process.pid}`;
    const [named, used, old, newer, newest] = [1, 2, 3, 4, 5].map((n) => `${name}:${n}`) as Five;
    for (const tag of [named, used, old, newer, newest]) await build(tag, tag);
    const container = await engine.docker.createContainer({ Image: used, Cmd: ['/file'] });
    undo.push(() => removeContainer(container));
    // Somebody has given it a name of his own.
    const alias = `test${process.pid}`;
    await engine.docker.getImage(named).tag({ repo: alias, tag: 'mine' });
    undo.push(() => engine.docker.getImage(`${alias}:mine`).remove());

    const args = [tmrCommand, 'clean', '--engine', engine.url];
    const { stdout } = runToEnd(process.execPath, args, { cwd: '/' });
    const removed = stdout.toString().match(new RegExp(`${name}:\\d`, 'g')) ?? [];
    expect(removed.toSorted()).toEqual([named, old]);
    const all = await engine.docker.listImages();
    const left = all.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => /test/.test(tag));
    expect(left).toEqual(expect.arrayContaining([used, newer, newest, `${alias}:mine`]));
    expect(left).not.toContain(old);
    // That of the build that is here.
    await engine.docker.getImage(image).inspect();
  });
});

type Five = [string, string, string, string, string];

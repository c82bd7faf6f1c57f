import type { ContainerCreateOptions } from 'dockerode';
import { expect, it } from 'vitest';
import type { Engine } from './engine.ts';
import { giveVolumes } from './transfer.ts';

/** An engine that notes what containers are asked for; they end with this status. */
function engineNoting(status: number) {
  const asked: ContainerCreateOptions[] = [];
  const removed: object[] = [];
  const docker = {
    createContainer: (options: ContainerCreateOptions) => {
      asked.push(options);
      return Promise.resolve({
        start: () => Promise.resolve(),
        wait: () => Promise.resolve({ StatusCode: status }),
        remove: (how: object) => Promise.resolve(removed.push(how)),
      });
    },
  };
  return { engine: { docker, url: 'unix:///e' } as unknown as Engine, asked, removed };
}

const volumes = [{ path: '/srv/work', volume: 'tmr-1-0' }];
const user = { uid: 65_534, gid: 65_534 };

it('gives volumes to the user by a container that may do this alone, and removes it', async () => {
  const { engine, asked, removed } = engineNoting(0);
  await giveVolumes(engine, 'image', { label: 'x' }, volumes, user);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({ Image: 'image', Labels: { label: 'x' } });
  expect(asked[0]!.HostConfig).toEqual({
    CapDrop: ['ALL'],
    CapAdd: ['CHOWN'],
    SecurityOpt: ['no-new-privileges'],
    ReadonlyRootfs: true,
    NetworkMode: 'none',
    Mounts: [{ Type: 'volume', Source: 'tmr-1-0', Target: '/srv/work', ReadOnly: false }],
  });
  expect(removed).toEqual([{ force: true }]);
});

it('says so when that failed, and removes it all the same', async () => {
  const { engine, removed } = engineNoting(1);
  await expect(giveVolumes(engine, 'image', {}, volumes, user)).rejects.toThrow(
    'cannot prepare the volumes on unix:///e',
  );
  expect(removed).toEqual([{ force: true }]);
});

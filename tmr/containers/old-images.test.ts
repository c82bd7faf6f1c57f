import type { ImageInfo } from 'dockerode';
import { expect, it } from 'vitest';
import type { Engine } from './engine.ts';
import { BUILD_LABEL, IMAGE_LABEL } from './image.ts';
import { removeOldImages } from './old-images.ts';

interface FakeImage {
  tags: string[] | null;
  parent?: string;
  build?: string;
}

/** An engine with these images, each newer than the one before it. */
function engineWith(images: Record<string, FakeImage>, used: string[], refused: string[] = []) {
  const listed = Object.entries(images).map(([Id, { tags, build }], index) => ({
    Id,
    RepoTags: tags,
    Created: index,
    Labels: { [IMAGE_LABEL]: '0', ...(build === undefined ? {} : { [BUILD_LABEL]: build }) },
  }));
  const docker = {
    listImages: () => Promise.resolve(listed as unknown as ImageInfo[]),
    listContainers: () => Promise.resolve(used.map((ImageID) => ({ ImageID }))),
    getImage: (name: string) => ({
      inspect: () => Promise.resolve({ Parent: images[name]?.parent ?? '' }),
      remove: () => {
        const statusCode = refused.includes(name) ? 409 : 200;
        return statusCode === 200 ? Promise.resolve() : Promise.reject({ statusCode });
      },
    }),
  };
  return { docker } as unknown as Engine;
}

it('keeps what is used, current, among the two newest of its name, or beneath such an image', async () => {
  const images = {
    beneath: { tags: ['tmr-testbed-node:a'] },
    lone: { tags: ['tmr-testbed-node:b'] },
    node3: { tags: ['tmr-testbed-node:c'] },
    node4: { tags: ['tmr-testbed-node:d'] },
    used: { tags: ['tmr-testbed-host:1'], parent: 'between' },
    between: { tags: null, parent: 'beneath' },
    current: { tags: ['tmr-testbed-host:2'], build: 'now' },
    old: { tags: ['tmr-testbed-host:3', 'my-own:1'], build: 'before' },
    host4: { tags: ['tmr-testbed-host:4'] },
    host5: { tags: ['tmr-testbed-host:5'] },
  };
  const removed = await removeOldImages(engineWith(images, ['used']), new Set(['now']));
  expect(removed).toEqual(['image tmr-testbed-host:3', 'image tmr-testbed-node:b']);
});

it('leaves alone what somebody began to use meanwhile', async () => {
  const tags = [1, 2, 3, 4].map((n) => `tmr-testbed-host:${n}`);
  const images = Object.fromEntries(tags.map((tag) => [`image ${tag}`, { tags: [tag] }]));
  const engine = engineWith(images, [], ['tmr-testbed-host:1']);
  expect(await removeOldImages(engine, new Set())).toEqual(['image tmr-testbed-host:2']);
});

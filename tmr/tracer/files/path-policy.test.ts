import { describe, expect, it } from 'vitest';
import { PathPolicy } from './path-policy.ts';

const policy = new PathPolicy(['/home/u/work', '/', '/usr/local/data', '/tmp']);

function kindOf(path: string): string {
  const found = policy.deepest(path.split('/').filter((part) => part !== ''));
  return found === undefined
    ? 'nobody'
    : found.route.kind === 'volume'
      ? `volume ${found.route.volume}`
      : found.route.kind;
}

describe('path policy', () => {
  it.each([
    ['/usr/bin/ls', 'local'],
    ['/bin/sh', 'local'],
    ['/lib64/ld-linux-x86-64.so.2', 'local'],
    ['/etc/ld.so.cache', 'local'],
    ['/etc/ld.so.conf', 'local'],
    ['/etc/ld.so.conf.d/libc.conf', 'local'],
    ['/etc/ld.so.preload', 'local'],
    ['/etc/passwd', 'volume 1'],
    ['/etc', 'volume 1'],
    ['/libexec', 'volume 1'],
    ['/usrlocal', 'volume 1'],
    ['/dev/null', 'virtual'],
    ['/proc/self/exe', 'virtual'],
    ['/sys', 'virtual'],
    ['/home/u', 'volume 1'],
    ['/home/u/work', 'volume 0'],
    ['/home/u/work/usr/bin', 'volume 0'],
    ['/home/u/workshop', 'volume 1'],
    ['/usr/local/data/x', 'volume 2'],
    ['/usr/local/x', 'local'],
    ['/tmp/x', 'volume 3'],
  ])('%s is served by: %s', (path, kind) => {
    expect(kindOf(path)).toBe(kind);
  });

  it('leaves a path outside of all volumes to nobody when there is no system volume', () => {
    const small = new PathPolicy(['/work']);
    expect(small.deepest(['home'])).toBeUndefined();
    expect(small.deepest(['work', 'x'])?.consumed).toBe(1);
  });

  it('knows the volumes that lie directly in a directory', () => {
    expect(policy.volumesIn('/')).toEqual(['tmp']);
    expect(policy.volumesIn('/home/u')).toEqual(['work']);
    expect(policy.volumesIn('/home')).toEqual([]);
  });

  it('lets a volume at the path of a fixed entry win', () => {
    expect(new PathPolicy(['/usr']).startsAt('/usr')?.kind).toBe('volume');
  });
});

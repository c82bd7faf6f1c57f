import { describe, expect, it } from 'vitest';
import { NfsFileService } from './nfs-file-service.ts';
import { errno } from './errno.ts';
import { SyscallError } from '../syscall-error.ts';
import { MemoryTree, type Tree } from './testing/memory-tree.ts';
import type { Place } from './types.ts';
import type { WalkOptions } from './path-walk.ts';

const system: Tree = {
  bin: '->usr/bin',
  etc: { passwd: 'file', alternatives: { awk: '->/usr/bin/mawk' }, zone: '->../usr/share/zone' },
  home: { u: { work: {}, notes: 'file', shortcut: '->work/a', up: '->..' } },
  data: '->/home/u/work',
  null: '->/dev/null',
};
const work: Tree = {
  a: { b: { c: 'file' }, toRoot: '->/', dotdot: '->../a/b' },
  file: 'file',
  link: '->file',
  toDirectory: '->a',
  dangling: '->nothing',
  danglingSlash: '->nothing/',
  loop: '->loop',
  chain: '->link',
  outside: '->../notes',
  closed: { inner: 'file' },
  name255: 'file',
};

function service(uid = 0): { tree: MemoryTree; files: NfsFileService } {
  const tree = new MemoryTree({ '/': system, '/home/u/work': work }, { closed: 0o600 });
  const files = new NfsFileService({
    port: tree,
    volumes: [
      { subtree: '/w', path: '/home/u/work', access: 'rw', consistency: 'session' },
      { subtree: '/', path: '/', access: 'ro', consistency: 'close-to-open' },
    ],
    caches: false,
    credentials: { uid, gid: uid, groups: [] },
  });
  return { tree, files };
}

function resolve(path: string, options: WalkOptions = {}, cwd = '/home/u/work'): string {
  return show(() => service().files.resolve(Buffer.from(cwd), Buffer.from(path), options));
}

function show(run: () => Place): string {
  try {
    const place = run();
    if (place.kind === 'volume') {
      const last = place.last === undefined ? '' : ` (${place.last})`;
      return `${place.node.attributes.type} ${place.node.path.toString()}${last}`;
    }
    const slash = place.kind === 'missing' && place.slash ? ' (slash)' : '';
    return `${place.kind} ${place.path.toString()}${slash}`;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return Object.entries(errno).find(([, value]) => value === error.errno)?.[0] ?? String(error);
  }
}

describe('path walk', () => {
  it.each<[string, string, WalkOptions?]>([
    ['file', 'file /home/u/work/file'],
    ['/home/u/work/file', 'file /home/u/work/file'],
    ['./a//b/./c', 'file /home/u/work/a/b/c'],
    ['', 'ENOENT'],
    ['.', 'directory /home/u/work (dot)'],
    ['..', 'directory /home/u (dot-dot)'],
    ['a/b/..', 'directory /home/u/work/a (dot-dot)'],
    ['a/.', 'directory /home/u/work/a (dot)'],
    ['/', 'directory /'],
    ['/..', 'directory / (dot-dot)'],
    ['/../../etc/passwd', 'file /etc/passwd'],
    ['../notes', 'file /home/u/notes'],
    ['../work/file', 'file /home/u/work/file'],
    ['a/b/../../../work/link', 'file /home/u/work/file'],
    ['file/', 'ENOTDIR'],
    ['file/.', 'ENOTDIR'],
    ['file/..', 'ENOTDIR'],
    ['file/x', 'ENOTDIR'],
    ['a/', 'directory /home/u/work/a (slash)'],
    ['link', 'file /home/u/work/file'],
    ['link', 'symlink /home/u/work/link', { nofollow: true }],
    ['chain', 'file /home/u/work/file'],
    ['loop', 'ELOOP'],
    ['loop', 'symlink /home/u/work/loop', { nofollow: true }],
    ['toDirectory/b/c', 'file /home/u/work/a/b/c'],
    ['toDirectory/b/c', 'file /home/u/work/a/b/c', { nofollow: true }],
    ['toDirectory/..', 'directory /home/u/work (dot-dot)'],
    ['a/dotdot/c', 'file /home/u/work/a/b/c'],
    ['outside', 'file /home/u/notes'],
    ['a/toRoot/etc/passwd', 'file /etc/passwd'],
    ['/data/file', 'file /home/u/work/file'],
    ['/data', 'directory /home/u/work'],
    ['/data', 'symlink /data', { nofollow: true }],
    ['/home/u/shortcut/b', 'directory /home/u/work/a/b'],
    ['/home/u/up/u', 'directory /home/u'],
  ])('%s leads to: %s', (path, expected, options) => {
    expect(resolve(path, options)).toBe(expected);
  });

  it.each<[string, string, WalkOptions?]>([
    ['toDirectory/', 'directory /home/u/work/a (link-slash)', { nofollow: true }],
    [
      'toDirectory/',
      'symlink /home/u/work/toDirectory (link-slash)',
      { nofollow: true, mayBeMissing: true },
    ],
    ['link/', 'ENOTDIR', { nofollow: true }],
    ['link/', 'ENOTDIR'],
    ['toDirectory/', 'directory /home/u/work/a (slash)'],
  ])('a slash behind a symlink follows it: %s is %s', (path, expected, options) => {
    expect(resolve(path, options)).toBe(expected);
  });

  it.each<[string, string, WalkOptions?]>([
    ['new', 'ENOENT'],
    ['new', 'missing /home/u/work/new', { mayBeMissing: true }],
    ['new/x', 'ENOENT', { mayBeMissing: true }],
    ['new/.', 'ENOENT', { mayBeMissing: true }],
    ['a/new', 'missing /home/u/work/a/new', { mayBeMissing: true }],
    ['dangling', 'missing /home/u/work/nothing', { mayBeMissing: true }],
    ['danglingSlash', 'EISDIR', { mayBeMissing: true }],
    ['new/', 'missing /home/u/work/new (slash)', { nofollow: true, mayBeMissing: true }],
    ['file/', 'file /home/u/work/file (slash)', { nofollow: true, mayBeMissing: true }],
    ['file/', 'EISDIR', { mayBeMissing: true }],
    ['dangling', 'ENOENT'],
    ['dangling', 'symlink /home/u/work/dangling', { nofollow: true, mayBeMissing: true }],
    ['/new', 'missing /new', { mayBeMissing: true }],
  ])('a name that is not there: %s gives %s', (path, expected, options) => {
    expect(resolve(path, options)).toBe(expected);
  });

  it.each<[string, string, WalkOptions?]>([
    ['/bin/sh', 'local /bin/sh'],
    ['/usr/lib/x/../y/', 'local /usr/lib/y/'],
    ['/usr/../etc/passwd', 'file /etc/passwd'],
    ['/usr/../../home/u/work/a', 'directory /home/u/work/a'],
    ['/usr/../dev/null', 'virtual /dev/null'],
    ['/dev/../etc/../proc/self/exe', 'virtual /proc/self/exe'],
    ['/etc/alternatives/awk', 'local /usr/bin/mawk'],
    ['/etc/zone', 'local /usr/share/zone'],
    ['/etc/ld.so.cache', 'local /etc/ld.so.cache'],
    ['../../../etc/ld.so.conf.d/x', 'local /etc/ld.so.conf.d/x'],
    ['/null', 'virtual /dev/null'],
    ['/dev', 'virtual /dev'],
  ])(
    'local and virtual trees take the rest, ".." by the text: %s is %s',
    (path, expected, options) => {
      expect(resolve(path, options)).toBe(expected);
    },
  );

  it('refuses over-long names and paths', () => {
    expect(resolve('n'.repeat(256))).toBe('ENAMETOOLONG');
    expect(resolve('n'.repeat(255))).toBe('ENOENT');
    expect(resolve('./'.repeat(2047) + 'a')).toBe('directory /home/u/work/a');
    expect(resolve('./'.repeat(2047) + 'aa')).toBe('ENAMETOOLONG');
  });

  it('follows 40 symlinks and no more', () => {
    const links: Tree = { l0: 'file' };
    for (let i = 1; i <= 41; i++) links[`l${i}`] = `->l${i - 1}`;
    const files = new NfsFileService({
      port: new MemoryTree({ '/v': links }),
      volumes: [{ subtree: '/', path: '/v', access: 'rw', consistency: 'session' }],
      caches: false,
      credentials: { uid: 0, gid: 0, groups: [] },
    });
    const at = (path: string): string =>
      show(() => files.resolve(Buffer.from('/v'), Buffer.from(path), {}));
    expect(at('l40')).toBe('file /v/l0');
    expect(at('l41')).toBe('ELOOP');
    expect(at('/elsewhere')).toBe('ENOENT');
  });

  it('asks for search permission where no name is looked up', () => {
    const { files } = service(1000);
    const at = (path: string): string =>
      show(() => files.resolve(Buffer.from('/home/u/work'), Buffer.from(path), {}));
    expect(at('closed/..')).toBe('EACCES');
    expect(at('closed')).toBe('directory /home/u/work/closed');
  });

  it('starts at the deepest volume that the text of the path reaches', () => {
    const { tree, files } = service();
    files.resolve(Buffer.from('/home/u/work/a'), Buffer.from('b/c'), {});
    expect(tree.lookups).toEqual(['a', 'b', 'c']);
  });

  it('keeps bytes of names that are no UTF-8', () => {
    const { files } = service();
    const place = files.resolve(Buffer.from('/home/u/work'), Buffer.from([0xff, 0xfe]), {
      mayBeMissing: true,
    });
    expect(place.kind === 'missing' && place.name).toEqual(Buffer.from([0xff, 0xfe]));
  });
});

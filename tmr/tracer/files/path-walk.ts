/**
 * Path resolution in the replicas' view (path_resolution(7)): component by component through the
 * volumes, symlinks read over NFS. Where a path enters a local or virtual tree, the rest is given
 * back unread; ".." in it is taken lexically, so that it cannot leave that tree unseen.
 */
import { NAME_MAX } from '../../nfs/protocol/constants.ts';
import { getattr } from '../../nfs/protocol/file-procedures.ts';
import { SyscallError } from '../syscall-error.ts';
import { errno, refuse } from './errno.ts';
import type { PathPolicy } from './path-policy.ts';
import type { Place, VolumeNode } from './types.ts';
import { childPath, type VolumeTree } from './volume-tree.ts';

/** Longest path with its NUL, and symlinks in one walk (linux/limits.h, MAXSYMLINKS). */
const PATH_MAX = 4096;
const SYMLINKS_MAX = 40;

export interface WalkOptions {
  nofollow?: boolean;
  mayBeMissing?: boolean;
}

type VolumePlace = Extract<Place, { kind: 'volume' }>;

/** Where a walk stands: what is left to walk, and how the path ends. */
interface Walk {
  /** Components; absolute ones while `stack` is empty. */
  todo: string[];
  /** Next component in `todo`. */
  at: number;
  /** Directories from the volume's root to here; empty: `todo` starts at "/". */
  stack: VolumeNode[];
  links: number;
  /** The path ended in a slash: only a directory will do. */
  slash: boolean;
  last: VolumePlace['last'];
}

/** See FileService.resolve. */
export function walkPath(
  tree: VolumeTree,
  policy: PathPolicy,
  cwd: Buffer,
  path: Buffer,
  options: WalkOptions,
): Place {
  if (path.length === 0) refuse('ENOENT', 'empty path');
  if (path.length >= PATH_MAX) refuse('ENAMETOOLONG', `path of ${path.length} bytes`);
  try {
    return walkOnce(tree, policy, cwd, path, options);
  } catch (error) {
    if (!(error instanceof SyscallError) || error.errno !== errno.ESTALE) throw error;
    // Somebody else replaced a directory that is remembered.
    tree.forgetNames();
    return walkOnce(tree, policy, cwd, path, options);
  }
}

function walkOnce(
  tree: VolumeTree,
  policy: PathPolicy,
  cwd: Buffer,
  path: Buffer,
  options: WalkOptions,
): Place {
  const walk = startWalk(cwd.toString('latin1'), path.toString('latin1'));
  const mayBeMissing = options.mayBeMissing === true && walk.last === undefined;
  const nofollow = options.nofollow === true;
  for (;;) {
    if (walk.stack.length === 0) {
      const place = enter(tree, policy, walk);
      if (place !== undefined) return place;
    }
    if (walk.at === walk.todo.length) return directoryPlace(tree, walk);
    const name = walk.todo[walk.at++] ?? '';
    const here = top(walk);
    if (name === '..') {
      goUp(tree, walk, here);
      continue;
    }
    const childAt = childPath(here.path.toString('latin1'), name);
    if (policy.startsAt(childAt) !== undefined) {
      restart(walk, split(childAt));
      continue;
    }
    if (name.length > NAME_MAX) refuse('ENAMETOOLONG', `name of ${name.length} bytes`);
    const isLast = walk.at === walk.todo.length;
    const child = tree.lookup(here, name, isLast);
    // open(2) with O_CREAT makes no directory, so a slash behind its last name is wrong at once.
    if (isLast && walk.slash && mayBeMissing && !nofollow) refuse('EISDIR', childAt);
    if (child === undefined) {
      if (!isLast || !mayBeMissing) refuse('ENOENT', childAt);
      return missingPlace(walk, here, name);
    }
    const { type } = child.attributes;
    if (type === 'symlink' && !(isLast && nofollow && (!walk.slash || mayBeMissing))) {
      if (isLast && nofollow) walk.last ??= 'link-slash';
      follow(tree, walk, child);
      continue;
    }
    if (isLast && walk.slash) {
      // A call that makes a name finds what is in its way first, whatever that is.
      if (type !== 'directory' && !mayBeMissing) refuse('ENOTDIR', childAt);
      walk.last ??= type === 'symlink' ? 'link-slash' : 'slash';
    }
    if (!isLast && type !== 'directory') refuse('ENOTDIR', childAt);
    if (isLast) return placeOf(walk, child, here, name);
    walk.stack.push(child);
  }
}

/** Components of an absolute or relative path, empty ones and "." left out. */
export function split(path: string): string[] {
  return path.split('/').filter((component) => component !== '' && component !== '.');
}

/** Takes ".." out of absolute components, by the text alone. */
export function normalise(components: readonly string[]): string[] {
  const result: string[] = [];
  for (const component of components) {
    if (component === '..') result.pop();
    else result.push(component);
  }
  return result;
}

function startWalk(cwd: string, path: string): Walk {
  const components = split(path);
  const ending = path.slice(path.replace(/\/+$/, '').lastIndexOf('/') + 1).replace(/\/+$/, '');
  const last = ending === '.' ? 'dot' : ending === '..' ? 'dot-dot' : undefined;
  return {
    todo: path.startsWith('/') ? components : [...split(cwd), ...components],
    at: 0,
    stack: [],
    links: 0,
    slash: path.endsWith('/') || last !== undefined,
    last,
  };
}

/** From "/" to the root of the deepest volume on the way; or the place, when no volume serves it. */
function enter(tree: VolumeTree, policy: PathPolicy, walk: Walk): Place | undefined {
  while (walk.todo[0] === '..') walk.todo.shift();
  const up = walk.todo.indexOf('..');
  let found = policy.deepest(up < 0 ? walk.todo : walk.todo.slice(0, up));
  if (found !== undefined && found.route.kind !== 'volume') {
    walk.todo = normalise(walk.todo);
    found = policy.deepest(walk.todo);
  }
  if (found === undefined) return refuse('ENOENT', `/${walk.todo.join('/')}: in no volume`);
  const { route, consumed } = found;
  if (route.kind === 'volume') {
    walk.at = consumed;
    walk.stack = [tree.root(route.volume)];
    return undefined;
  }
  const path = `/${walk.todo.join('/')}`;
  if (route.kind === 'virtual') return { kind: 'virtual', path };
  return { kind: 'local', path: Buffer.from(walk.slash ? `${path}/` : path, 'latin1') };
}

function goUp(tree: VolumeTree, walk: Walk, here: VolumeNode): void {
  if (!tree.maySearch(here)) refuse('EACCES', here.path.toString());
  if (walk.stack.length > 1) walk.stack.pop();
  else restart(walk, split(here.path.toString('latin1')).slice(0, -1));
}

/** Goes on at "/" with these components before what is left. */
function restart(walk: Walk, components: string[]): void {
  walk.todo = [...components, ...walk.todo.slice(walk.at)];
  walk.at = 0;
  walk.stack = [];
}

function follow(tree: VolumeTree, walk: Walk, link: VolumeNode): void {
  if (++walk.links > SYMLINKS_MAX) refuse('ELOOP', link.path.toString());
  const target = tree.readlink(link).toString('latin1');
  if (target === '') refuse('ENOENT', 'empty symlink');
  const isLast = walk.at === walk.todo.length;
  if (isLast && /\/\.{0,2}$|^\.{1,2}$/.test(target)) walk.slash = true;
  const rest = [...split(target), ...walk.todo.slice(walk.at)];
  walk.todo = rest;
  walk.at = 0;
  if (target.startsWith('/')) walk.stack = [];
}

/** The walk ended on a directory it stands in: a volume's root, or after "..". */
function directoryPlace(tree: VolumeTree, walk: Walk): VolumePlace {
  let node = top(walk);
  if (walk.last === 'dot' && !tree.maySearch(node)) refuse('EACCES', node.path.toString());
  const volume = tree.volume(node.volume);
  const object = tree.object(node);
  // A root is reached without a LOOKUP, so nothing has told its attributes in this call.
  if (walk.stack.length === 1 && (!volume.cached || !object.valid)) {
    tree.observe(object, tree.client.do(getattr, { object: node.handle }).attributes);
    node = tree.node(object, node.path.toString('latin1'));
  }
  const name = split(node.path.toString('latin1')).at(-1) ?? '';
  return placeOf(walk, node, walk.stack.at(-2), name);
}

function missingPlace(walk: Walk, parent: VolumeNode, name: string): Place {
  return {
    kind: 'missing',
    parent,
    name: Buffer.from(name, 'latin1'),
    path: Buffer.from(childPath(parent.path.toString('latin1'), name), 'latin1'),
    slash: walk.slash,
  };
}

function placeOf(
  walk: Walk,
  node: VolumeNode,
  parent: VolumeNode | undefined,
  name: string,
): VolumePlace {
  const place: VolumePlace = { kind: 'volume', node, parent, name: Buffer.from(name, 'latin1') };
  if (walk.last !== undefined) place.last = walk.last;
  return place;
}

function top(walk: Walk): VolumeNode {
  const node = walk.stack.at(-1);
  if (node === undefined) throw new Error('expected a walk inside a volume');
  return node;
}

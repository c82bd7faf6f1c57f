/**
 * Images that nobody needs any more. Each change of the project makes one; what is in use, is of the current
 * build, or is among the newest stays, and so does what these are built on.
 */
import type { ImageInfo } from 'dockerode';
import type { Engine } from './engine.ts';
import { BUILD_LABEL, currentBuilds, IMAGE_LABEL, isOurTag } from './image.ts';

/** Of each name. */
const NEWEST_KEPT = 2;
/** 404: gone meanwhile; 409: in use since. */
const LEFT_ALONE = [404, 409];

/** Removes them, by our names alone. Returns what was removed, a phrase each. */
export async function removeOldImages(
  engine: Engine,
  builds: ReadonlySet<string> = currentBuilds(),
): Promise<string[]> {
  const { docker } = engine;
  const ours = await docker.listImages({ filters: { label: [IMAGE_LABEL] } });
  const kept = await keptImages(engine, ours, builds);
  const removed: string[] = [];
  // Newest first: what is built on another goes before it.
  for (const image of ours.toSorted((a, b) => b.Created - a.Created)) {
    if (kept.has(image.Id)) continue;
    for (const tag of tagsOf(image)) {
      try {
        await docker.getImage(tag).remove();
        removed.push(`image ${tag}`);
      } catch (error) {
        if (!LEFT_ALONE.includes((error as { statusCode?: number }).statusCode ?? 0)) throw error;
      }
    }
  }
  return removed;
}

/** Ids of images to keep, with all beneath them. */
async function keptImages(
  { docker }: Engine,
  ours: readonly ImageInfo[],
  builds: ReadonlySet<string>,
): Promise<Set<string>> {
  const used = new Set((await docker.listContainers({ all: true })).map(({ ImageID }) => ImageID));
  const newest = newestOfEachName(ours);
  const roots = ours.filter(
    (image) =>
      used.has(image.Id) || newest.has(image.Id) || builds.has(image.Labels[BUILD_LABEL] ?? ''),
  );
  const kept = new Set<string>();
  for (const { Id } of roots) {
    for (let id = Id; id !== '' && !kept.has(id);) {
      kept.add(id);
      id = (await docker.getImage(id).inspect()).Parent;
    }
  }
  return kept;
}

function newestOfEachName(ours: readonly ImageInfo[]): Set<string> {
  const byName = new Map<string, ImageInfo[]>();
  for (const image of ours) {
    for (const tag of tagsOf(image)) {
      const name = tag.replace(/:[^:]*$/, '');
      byName.set(name, [...(byName.get(name) ?? []), image]);
    }
  }
  const newest = [...byName.values()].flatMap((images) =>
    images.toSorted((a, b) => b.Created - a.Created).slice(0, NEWEST_KEPT),
  );
  return new Set(newest.map(({ Id }) => Id));
}

function tagsOf({ RepoTags }: ImageInfo): string[] {
  // Null for an image without a name.
  return (RepoTags ?? []).filter(isOurTag);
}

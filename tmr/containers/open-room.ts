/** From the words of the user to a room: engines found, image made on each of them. */
import { defaultEngine, openEngine, parseEngine } from './engine.ts';
import { ensureImage } from './image.ts';
import { removeContainerLeftovers } from './leftovers.ts';
import { ContainerRoom, type RoomOptions } from './room.ts';

export interface OpenRoomOptions extends Omit<RoomOptions, 'engines' | 'image' | 'onLine'> {
  /** As in `--engines`; empty: DOCKER_HOST or the default socket. */
  engines: readonly string[];
  baseImage: string | null;
  include: readonly string[];
  programs: readonly string[];
  onVolumes: readonly string[];
}

/**
 * Resolves with what makes the room; `onEvent` gets lines of the tracers' stderr. Removes what owners that
 * were killed left behind. Throws StartError with what is missing.
 */
export async function openRoom(
  options: OpenRoomOptions,
  onLine: (line: string) => void,
): Promise<(onEvent: (line: string) => void) => ContainerRoom> {
  const { engines: names, baseImage, include, programs, onVolumes, ...rest } = options;
  const locations = names.length === 0 ? [defaultEngine()] : names.map(parseEngine);
  const engines = await Promise.all(locations.map((location) => openEngine(location)));
  let image = '';
  for (const engine of engines) {
    await removeContainerLeftovers(engine);
    image = await ensureImage(engine, { programs, onVolumes, include, baseImage }, onLine);
  }
  return (onEvent) =>
    new ContainerRoom({ ...rest, engines, image, onLine: (_, line) => onEvent(line) });
}

/** From the words of the user to a room: engines found, image made on each of them. */
import { defaultEngine, openEngine, parseEngine } from './engine.ts';
import { ensureImage } from './image.ts';
import { removeContainerLeftovers } from './leftovers.ts';
import { limitsOn } from './limits.ts';
import { planPorts } from './port-plan.ts';
import type { ContainerLimits } from './privileges.ts';
import { ContainerRoom, type RoomOptions } from './room.ts';

export interface OpenRoomOptions extends Omit<
  RoomOptions,
  'engines' | 'image' | 'limits' | 'onLine'
> {
  /** As in `--engines`; empty: DOCKER_HOST or the default socket. */
  engines: readonly string[];
  baseImage: string | null;
  include: readonly string[];
  programs: readonly string[];
  onVolumes: readonly string[];
  limits?: Partial<ContainerLimits>;
}

/**
 * Resolves with what makes the room; `onEvent` gets lines of the tracers' stderr. Removes what owners that
 * were killed left behind. Throws StartError with what is missing, ConfigurationError before anything is made.
 */
export async function openRoom(
  options: OpenRoomOptions,
  onLine: (line: string) => void,
): Promise<(onEvent: (line: string) => void) => ContainerRoom> {
  const { engines: names, baseImage, include, programs, onVolumes, ...rest } = options;
  if (names.length > 1) planPorts(rest);
  const locations = names.length === 0 ? [defaultEngine()] : names.map(parseEngine);
  const engines = await Promise.all(locations.map((location) => openEngine(location)));
  const limits = await limitsOn(engines, rest.limits);
  let image = '';
  for (const engine of engines) {
    await removeContainerLeftovers(engine);
    image = await ensureImage(engine, { programs, onVolumes, include, baseImage }, onLine);
  }
  return (onEvent) =>
    new ContainerRoom({ ...rest, engines, image, limits, onLine: (_, line) => onEvent(line) });
}

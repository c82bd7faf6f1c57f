import { describe, expect, it, vi } from 'vitest';
import {
  ContainerInjector,
  type ContainerControl,
  type ContainerState,
} from './container-injector.ts';
import { parseEventLine, type FaultEvent } from './event-log.ts';
import { needsContainers } from './fault-spec.ts';
import { requireResolved } from './resolve.ts';
import { parseFault } from './text.ts';

/** Writes down what was done, and how the container would look after it. */
class RecordingControl implements ContainerControl {
  readonly acts: string[] = [];
  failure: Error | undefined;
  now: ContainerState = {
    running: true,
    paused: false,
    networks: 3,
    startedAt: 'first',
    cpuPercent: 200,
    memoryBytes: 2 ** 31,
  };

  readonly kill = (r: number) => this.#act(`kill ${r}`, { running: false });
  readonly pause = (r: number) => this.#act(`pause ${r}`, { paused: true });
  readonly unpause = (r: number) => this.#act(`unpause ${r}`, { paused: false });
  readonly restart = (r: number) => this.#act(`restart ${r}`, { startedAt: 'second' });
  readonly disconnect = (r: number) => this.#act(`disconnect ${r}`, { networks: 0 });
  readonly reconnect = (r: number) => this.#act(`reconnect ${r}`, { networks: 3 });
  readonly partition = (a: number, b: number) => this.#act(`partition ${a}-${b}`, { networks: 2 });
  readonly heal = (a: number, b: number) => this.#act(`heal ${a}-${b}`, { networks: 3 });
  readonly setCpuPercent = (r: number, percent: number | null) =>
    this.#act(`cpu ${r} ${percent}`, { cpuPercent: percent ?? 200 });
  readonly limitMemory = (r: number) => this.#act(`memory ${r}`, { memoryBytes: 1000 });
  readonly state = () => Promise.resolve(this.now);

  #act(name: string, change: Partial<ContainerState>): Promise<void> {
    this.acts.push(name);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.now = { ...this.now, ...change };
    return Promise.resolve();
  }
}

const reached = { type: 'reached', replica: 2, fault: 0, k: 7, tNs: 1 } as const;

function injectorOf(text: string, control = new RecordingControl()) {
  const fault = requireResolved(parseFault(`${text},at=rendezvous:7`));
  if (!needsContainers(fault)) throw new Error(`expected a fault of a container, got ${text}`);
  const events: FaultEvent[] = [];
  let tNs = 100;
  const injector = new ContainerInjector(
    fault,
    control,
    (event) => void events.push(event),
    () => tNs++,
  );
  return { injector, control, events, types: () => events.map(({ type }) => type) };
}

describe('a fault of a container', () => {
  it.each([
    ['container-kill:replica=2', ['kill 2']],
    ['container-restart:replica=2', ['restart 2']],
    ['memory-limit:replica=2', ['memory 2']],
    ['container-pause:replica=2,duration=1ms', ['pause 2', 'unpause 2']],
    ['network-disconnect:replica=2,duration=1ms', ['disconnect 2', 'reconnect 2']],
    ['cpu-quota:replica=2,percent=5,duration=1ms', ['cpu 2 5', 'cpu 2 null']],
    ['link-partition:link=1-2,duration=1ms', ['partition 1-2', 'heal 1-2']],
  ])('%s acts once, is read back, and heals', async (text, acts) => {
    const { injector, control, events } = injectorOf(text);
    injector.onEvent({ ...reached, type: 'activated' });
    expect(control.acts).toEqual([]);
    injector.onEvent(reached);
    injector.onEvent(reached);
    await vi.waitFor(() => expect(control.acts).toEqual(acts));
    await injector.end();
    expect(control.acts).toEqual(acts);
    expect(events[0]).toMatchObject({ type: 'injected', k: 7, harness: true });
    expect(events[1]).toMatchObject({ type: 'effective', effective: true });
  });

  it('heals at the end of the trial, however long it was to last', async () => {
    const { injector, control } = injectorOf('container-pause:replica=2,duration=1000s');
    injector.onEvent(reached);
    await vi.waitFor(() => expect(control.acts).toEqual(['pause 2']));
    await injector.end();
    expect(control.acts).toEqual(['pause 2', 'unpause 2']);
  });

  it('does nothing when its place is not reached, or only after the end', async () => {
    const { injector, control, types } = injectorOf('container-kill:replica=2');
    await injector.end();
    injector.onEvent(reached);
    await injector.end();
    expect([control.acts, types()]).toEqual([[], []]);
  });

  it('tells of an engine that refused, and heals all the same', async () => {
    const control = new RecordingControl();
    control.failure = new Error('no such container');
    const { injector, types, events } = injectorOf(
      'container-pause:replica=2,duration=1s',
      control,
    );
    injector.onEvent(reached);
    await injector.end();
    expect(types()).toEqual(['injected', 'failed']);
    expect(events[1]).toMatchObject({ error: 'no such container' });
    expect(control.acts).toEqual(['pause 2', 'unpause 2']);
  });

  it.each([
    ['link-partition:link=1-2,duration=1s', ['injected', 'effective', 'activated']],
    ['container-pause:replica=2,duration=1s', ['injected', 'effective']],
  ])('says of %s alone what no target can say itself', async (text, expected) => {
    const { injector, types } = injectorOf(text);
    injector.onEvent(reached);
    await injector.end();
    expect(types()).toEqual(expected);
  });

  it('is not effective where the state does not show it', async () => {
    const { injector, control, events } = injectorOf('container-kill:replica=2');
    Object.assign(control, {
      state: () => Promise.resolve({ ...control.now, running: true }),
    });
    injector.onEvent(reached);
    await injector.end();
    expect(events[1]).toMatchObject({ type: 'effective', effective: false });
  });
});

describe('a line of a container', () => {
  it('is an event with its tag, or nothing', () => {
    const text = JSON.stringify(reached);
    expect(parseEventLine(`tmr-event 12-0 ${text}`)).toEqual({ tag: '12-0', event: reached });
    expect(parseEventLine('tmr: something else')).toBeUndefined();
    expect(parseEventLine(`tmr-event ${text}`)).toBeUndefined();
  });

  it.each([
    'tmr-event 12-0 {"type":"injected","replica":1,"victim":{"pid":1,"startTime":"2"}',
    'tmr-event 12-0 {nonsense}',
    'tmr-event 12-0 {"type":"unheard-of","replica":1,"k":1,"tNs":1}',
  ])('that was cut off or garbled is nothing: %s', (line) => {
    expect(parseEventLine(line)).toBeUndefined();
  });
});
